"""What travels through the sender: a claimed message, and how its hand-over ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from regulars.customers.records import Profile
from regulars.messaging.letters import Account
from regulars.messaging.records import MessageState
from regulars.messaging.sender.scribe import Answer
from regulars.messaging.writing import Address, Reading


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours until `claimed_until`; the token proves it.

    customer_id   who receives it: of a letter about an order the person its customer is by now
    planned_for   the customer it was planned for, who may be merged since
    address_hash  stands for the address the letter is written to, once that is known
    occurrence    what this sending is
    """

    workspace_id: int
    id: int
    token: int
    public_id: str
    campaign_id: int | None
    customer_id: int
    template_version_id: int
    is_marketing: bool
    attempts: int
    claimed_until: datetime
    planned_for: int
    address_hash: bytes | None = None
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A claimed message with all it takes to write the letter.

    values  what other rooms say of the customer
    answer  the letter, or the reason for which there is none, once it was written elsewhere
    """

    claim: Claim
    account: Account
    reading: Reading
    profile: Profile
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    answer: Answer | None = None

    def address(self, now: datetime) -> Address:
        """Which message the letter is, as it is written now."""
        return Address(self.claim.public_id, self.claim.campaign_id, now, values=self.values)


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be stored of a message that was ours.

    state    PLANNED gives it back at once when it was only not got round to; DEFERRED lets it
             wait until `due_at` because the peer put it off
    is_gone  the server said that the address will never take mail
    """

    claim: Claim
    state: MessageState
    at: datetime
    reason: str = ""
    due_at: datetime | None = None
    was_tried: bool = False
    is_gone: bool = False
