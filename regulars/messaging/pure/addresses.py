"""E-mail addresses as an envelope and a header may carry them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from functools import lru_cache

from regulars.kernel.errors import Invalid

ADDRESS_CHARS_MAX = 254
LOCAL_CHARS_MAX = 64
NAME_CHARS_MAX = 200
# A base of customers has few domains, and IDNA takes its time.
DOMAINS_KEPT = 2_000

_ATOM = r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,\".]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class AddressInvalid(Invalid):
    """The text is not an address that mail can be sent to."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A checked address: the domain is ASCII (IDNA), the local part may be Unicode."""

    local: str
    domain: str
    name: str = ""

    @property
    def address(self) -> str:
        """local@domain, as it stands in the envelope."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """True when only servers with SMTPUTF8 can take it."""
        return not self.local.isascii()

    def header(self) -> Address:
        """The object the header policy writes."""
        return Address(self.name, self.local, self.domain)


def mailbox(address: str, name: str = "") -> Mailbox:
    """The address checked for the envelope and the headers.

    raises  AddressInvalid for line breaks, blanks, missing parts and over-long addresses
    """
    if _CONTROL.search(address) or _CONTROL.search(name):
        message = "The e-mail address or name has characters that mail does not allow."
        raise AddressInvalid("address_invalid", message)
    local, at, domain = address.rpartition("@")
    is_long = len(address) > ADDRESS_CHARS_MAX or len(local.encode()) > LOCAL_CHARS_MAX
    if not at or is_long or _LOCAL.match(local) is None:
        raise AddressInvalid("address_invalid", "The e-mail address is not complete or too long.")
    return Mailbox(local, _ascii_domain(domain), name[:NAME_CHARS_MAX].strip())


@lru_cache(maxsize=DOMAINS_KEPT)
def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = domain.encode("idna").decode().lower()
    except UnicodeError as error:
        raise AddressInvalid("address_invalid", "The domain of the address is wrong.") from error
    labels = ascii_domain.split(".")
    if len(ascii_domain) > 253 or not all(_LABEL.match(label) for label in labels):
        raise AddressInvalid("address_invalid", "The domain of the address is wrong.")
    return ascii_domain
