"""What this room's tables hold of a person, for their export and their erasure.

The books cannot be changed: they are sealed, and name members by number alone. What ties a member
to a person is the member's own row, and that is emptied; their points go with it, for a member of
nobody is blocked.
"""

from __future__ import annotations

from regulars.loyalty import photos
from regulars.store.persons import Fate, Trace, Traces

MINE = "customer_id = ANY(%(ids)s)"
MEMBERS = (
    "(SELECT m.id FROM loyalty_member m WHERE m.workspace_id = %(workspace)s"
    " AND m.customer_id = ANY(%(ids)s))"
)
MEMBER = f"member_id IN {MEMBERS}"
BOOKS = "The books are sealed and name members by number; whose number it was is forgotten."
CARDS = f"(SELECT c.id FROM loyalty_card c WHERE c.workspace_id = %(workspace)s AND c.{MEMBER})"

TRACES = Traces(
    before=(photos.forget,),
    # Once more, for what was sent since: the account stays open until the work is done.
    files=(photos.forget,),
    rows=(
        Trace("loyalty_standing", MINE, file="loyalty_standing"),
        Trace(
            "loyalty_txn",
            "id IN (SELECT e.txn_id FROM loyalty_entry e WHERE e.workspace_id = %(workspace)s"
            f" AND e.account LIKE 'member:%%' AND e.owner_id IN {MEMBERS})",
            file="points_transactions",
            hidden=("body_hash", "actor"),
            fate=Fate.KEEP,
            reason=BOOKS,
        ),
        Trace(
            "loyalty_entry",
            f"account LIKE 'member:%%' AND owner_id IN {MEMBERS}",
            file="points_entries",
            fate=Fate.KEEP,
            reason=BOOKS,
        ),
        Trace("loyalty_lot", MEMBER, file="points_lots", fate=Fate.KEEP, reason=BOOKS),
        Trace(
            "loyalty_balance", MEMBER, file="points_balances", fate=Fate.KEEP, reason=BOOKS
        ),
        Trace("loyalty_tierchange", MEMBER, file="tiers", fate=Fate.KEEP, reason=BOOKS),
        Trace("loyalty_turnover", MEMBER, file="tier_counts", fate=Fate.KEEP, reason=BOOKS),
        Trace(
            "loyalty_adjustment",
            MEMBER,
            file="points_by_hand",
            hidden=("body_hash", "key", "asked_by", "decided_by"),
            fate=Fate.EMPTY,
            # What a colleague wrote may name them.
            sets="reason = '…'",
        ),
        Trace("loyalty_burncode", MEMBER, reason="Made for ten minutes; its code stands nowhere."),
        Trace(
            "loyalty_purchase",
            f"{MINE} OR {MEMBER}",
            file="till_purchases",
            hidden=("body_hash",),
            fate=Fate.EMPTY,
            sets="customer_id = NULL, member_id = NULL",
        ),
        Trace("loyalty_offer", MEMBER, file="personal_offers", hidden=("key",)),
        Trace("loyalty_codeuse", MEMBER, file="codes_used", fate=Fate.EMPTY,
              sets="member_id = NULL"),
        Trace("loyalty_codecount", MEMBER, file="codes_counted"),
        Trace(
            "loyalty_code",
            MINE,
            file="codes",
            hidden=("issue_key",),
            fate=Fate.EMPTY,
            # Nobody else may use what was given to them.
            sets="customer_id = NULL, state = 'blocked'",
        ),
        Trace(
            "loyalty_giftcard",
            MINE,
            file="gift_certificates",
            hidden=("issue_key", "issue_hash", "issued_by"),
            fate=Fate.EMPTY,
            # Whoever holds the certificate may still pay with it.
            sets="customer_id = NULL, note = ''",
        ),
        Trace("loyalty_passdevice", f"card_id IN {CARDS}", reason="Tokens of the phone's maker."),
        Trace("loyalty_spentcode", f"card_id IN {CARDS}", reason="Kept for a day; names a card."),
        Trace("loyalty_card", MEMBER, file="cards", hidden=("secret", "issue_key")),
        Trace("loyalty_rewardorder", MEMBER, file="rewards_ordered"),
        Trace("loyalty_referralcode", MEMBER, file="invitations"),
        Trace(
            "loyalty_referral",
            f"inviter_id IN {MEMBERS} OR friend_id = ANY(%(ids)s)",
            file="referrals",
            hidden=("inviter_id", "friend_id", "device_hash"),
        ),
        Trace(
            "loyalty_entrance",
            # Once only: the moment it was forgotten stays.
            f"key <> public_id AND {MEMBER}",
            file="activities",
            hidden=("body_hash", "key"),
            fate=Fate.EMPTY,
            # A published list of tickets stays provable: tickets keep their names, nothing else.
            sets="said = '{}', outcome = '{}', reason = '', body_hash = '', key = public_id,"
            " decided_at = clock_timestamp(),"
            " state = CASE state WHEN 'accepted' THEN 'forgotten' ELSE 'rejected' END",
        ),
        Trace("loyalty_activitycount", MEMBER, file="activities_counted"),
        Trace(
            "loyalty_member",
            MINE,
            file="membership",
            fate=Fate.EMPTY,
            sets="customer_id = -id, state = 'blocked'",
        ),
    ),
    none={
        "loyalty_programme": "The rules of the shop.",
        "loyalty_programmeversion": "The rules of the shop.",
        "loyalty_replay": "Sums over receipts; it names nobody.",
        "loyalty_promotion": "The rules of the shop.",
        "loyalty_promotionversion": "The rules of the shop.",
        "loyalty_codeseries": "What codes are for.",
        "loyalty_codebatch": "Files of codes.",
        "loyalty_codereject": "Rows of files of codes.",
        "loyalty_giftuse": "What a certificate paid; the certificate names its owner.",
        "loyalty_till": "Tills of the shop.",
        "loyalty_return": "What came back of a purchase; the purchase names its owner.",
        "loyalty_answer": "What tills were answered; it names members by number.",
        "loyalty_usage": "How far limits are used; members stand in it by number.",
        "loyalty_seal": "Hashes of transactions.",
        "loyalty_sealhead": "The newest hash.",
        "loyalty_unsealed": "Numbers of transactions that wait for their hash.",
        "loyalty_night": "How far a night's work is.",
        "loyalty_wallet": "How passes look.",
        "loyalty_reward": "What can be had for points.",
        "loyalty_referralterms": "What an invitation gives.",
        "loyalty_activity": "What members can take part in.",
        "loyalty_draw": "Which numbers were drawn; they are members' numbers.",
        "loyalty_partner": "Partners of the shop.",
        "loyalty_partnershop": "Shops of partners.",
        "loyalty_settlement": "Sums between partners.",
        "loyalty_partnerlot": "Which partner gave which points.",
        "loyalty_partnerline": "Sums between partners.",
        "loyalty_coalitionplace": "How far settling is.",
    },
)  # fmt: skip
