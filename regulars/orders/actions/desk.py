"""What staff write beside an order: who is responsible, where it goes, what to remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.orders.actions.locks import lock_goods_of, lock_orders, lock_values_of
from regulars.orders.actions.payments import is_web_address
from regulars.orders.actions.stages import move
from regulars.orders.pure.meaning import check_time
from regulars.orders.queries.books import order, order_by_id
from regulars.orders.queries.desk import PLACES_MAX, place
from regulars.orders.records import OrderKind, Stage
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

COMMENT_LENGTH_MAX = 5_000
KEY_LENGTH_MAX = 100
BULK_MAX = 500
SUBJECTS = frozenset({"order", "lead"})
LENGTHS = {
    "method": 100, "address": 500, "branch": 200, "carrier": 40, "tracking_number": 60,
    "tracking_url": 2_000,
}  # fmt: skip
# A parcel that no carrier has brought by then is looked for by people.
POLLED_FOR = timedelta(days=30)
POLLED = frozenset({"nova_poshta", "cdek"})
POLL_JOB = "orders.poll"
EMPTY_DELIVERY = """
INSERT INTO orders_delivery
  (workspace_id, order_id, method, address, branch, carrier, tracking_number, tracking_url,
   carrier_code, is_code_unknown, fault, updated_at)
VALUES (%s, %s, '', '', '', '', '', '', '', false, '', %s)
ON CONFLICT (workspace_id, order_id) DO NOTHING
"""


class Unsaid:
    """Stands for a field that the caller says nothing about."""


UNSAID = Unsaid()


@dataclass(frozen=True, slots=True)
class Moved:
    """What a bulk change did with one order; code and message when it was refused."""

    public_id: str
    number: str
    is_moved: bool
    code: str = ""
    message: str = ""


def move_many(
    workspace_id: int,
    public_ids: Sequence[str],
    stage: Stage,
    *,
    actor_id: int | None = None,
    reason: str = "",
) -> list[Moved]:
    """Move each of the orders that may be moved, and tell why the others stay.

    raises  Invalid(bulk_size)
    """
    asked = list(dict.fromkeys(public_ids))
    if not 0 < len(asked) <= BULK_MAX:
        raise Invalid("bulk_size", f"Choose 1 to {BULK_MAX} orders at once.")
    raw = cursor()
    raw.execute(
        "SELECT id, public_id, number FROM orders_order WHERE workspace_id = %s"
        " AND public_id = ANY(%s) ORDER BY id",
        [workspace_id, asked],
    )
    known = {row[1]: row for row in raw.fetchall()}
    ids = [row[0] for row in known.values()]
    # All that any of them will change, before the first is changed: two who move many at once wait.
    lock_orders(workspace_id, ids)
    lock_goods_of(workspace_id, ids)
    lock_values_of(workspace_id, ids)
    done = {
        public_id: _moved(workspace_id, row, stage, actor_id, reason)
        for public_id, row in known.items()
    }
    unknown = NotFound("order_unknown", "There is no such order.")
    return [
        done.get(public_id) or Moved(public_id, "", False, unknown.code, unknown.message)
        for public_id in asked
    ]


def _moved(
    workspace_id: int, row: tuple[int, str, str], stage: Stage, actor_id: int | None, reason: str
) -> Moved:
    order_id, public_id, number = row
    try:
        with transaction.atomic():
            move(workspace_id, order_id, stage, actor_id=actor_id, reason=reason, is_asked=True)
    except Refused as error:
        return Moved(public_id, number, False, error.code, error.message)
    return Moved(public_id, number, True)


def check_member(workspace_id: int, user_id: int | None) -> None:
    """Nothing when the user works in this workspace. raises Invalid(responsible_unknown)"""
    if user_id is None:
        return
    if all(member.user_id != user_id for member in workspaces.members(workspace_id)):
        raise Invalid("responsible_unknown", "This person does not work in the workspace.")


def assign(
    workspace_id: int,
    public_id: str,
    *,
    responsible_id: int | Unsaid | None = UNSAID,
    place_public_id: str | Unsaid = UNSAID,
) -> None:
    """Say who is responsible for the order and which place it goes out from.

    Goods that are promised already stay where they are promised.
    raises  NotFound(order_unknown | place_unknown), Invalid(responsible_unknown)
    """
    found = order_by_id(workspace_id, order(workspace_id, public_id).id, is_locked=True)
    keeper = found.responsible_id if isinstance(responsible_id, Unsaid) else responsible_id
    if keeper != found.responsible_id:
        check_member(workspace_id, keeper)
    place_id = found.place_id
    if not isinstance(place_public_id, Unsaid):
        place_id = place(workspace_id, place_public_id).id if place_public_id else None
    cursor().execute(
        "UPDATE orders_order SET responsible_id = %s, place_id = %s, updated_at = %s"
        " WHERE workspace_id = %s AND id = %s",
        [keeper, place_id, clock.now(), workspace_id, found.id],
    )


def add_comment(
    workspace_id: int,
    subject: str,
    subject_id: int,
    *,
    text: str,
    key: str,
    actor_id: int | None = None,
) -> bool:
    """Write a comment that stays, once for a key; false for a repeat.

    raises  Invalid(comment_text | comment_key), Conflict(idempotency_mismatch)
    """
    assert subject in SUBJECTS
    words = text.strip()
    if not 0 < len(words) <= COMMENT_LENGTH_MAX or "\x00" in words:
        raise Invalid("comment_text", f"Write 1 to {COMMENT_LENGTH_MAX} characters.")
    if not 0 < len(key) <= KEY_LENGTH_MAX or not key.isprintable():
        raise Invalid("comment_key", f"Give the comment a key of 1 to {KEY_LENGTH_MAX} characters.")
    raw = cursor()
    raw.execute(
        "INSERT INTO orders_comment (workspace_id, subject, subject_id, key, actor_id, text, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (workspace_id, subject, subject_id, key) DO NOTHING",
        [workspace_id, subject, subject_id, key, actor_id, words, clock.now()],
    )
    if raw.rowcount:
        return True
    raw.execute(
        "SELECT text FROM orders_comment WHERE workspace_id = %s AND subject = %s"
        " AND subject_id = %s AND key = %s",
        [workspace_id, subject, subject_id, key],
    )
    row = raw.fetchone()
    if row is None or row[0] != words:
        raise Conflict("idempotency_mismatch", "This key came before with another comment.")
    return False


def set_delivery(workspace_id: int, public_id: str, said: Mapping[str, Any]) -> None:
    """Change what is said of how the order travels; fields not named stay.

    said    method, address, branch, carrier, tracking_number, tracking_url (texts), eta_at
    raises  NotFound, Refused(order_not_sale), Invalid(delivery_field | delivery_text |
            delivery_url | order_time)
    """
    texts = _delivery_texts(said)
    found = order_by_id(workspace_id, order(workspace_id, public_id).id, is_locked=True)
    if found.kind != OrderKind.SALE:
        raise Refused("order_not_sale", "A return or a correction does not travel.")
    now = clock.now()
    if "eta_at" in said:
        _set_eta(workspace_id, found.id, said["eta_at"], now)
    if not texts:
        return
    raw = cursor()
    raw.execute(EMPTY_DELIVERY, [workspace_id, found.id, now])
    changes = ", ".join(f"{name} = %s" for name in texts)
    raw.execute(
        f"UPDATE orders_delivery SET {changes}, updated_at = %s WHERE workspace_id = %s"
        " AND order_id = %s RETURNING carrier, tracking_number",
        [*texts.values(), now, workspace_id, found.id],
    )
    row = raw.fetchone()
    assert row is not None
    if "carrier" in texts or "tracking_number" in texts:
        _follow(workspace_id, found.id, *row)


def _set_eta(workspace_id: int, order_id: int, eta_at: datetime | None, now: datetime) -> None:
    if eta_at is not None:
        check_time(eta_at)
    cursor().execute(
        "UPDATE orders_order SET eta_at = %s, updated_at = %s WHERE workspace_id = %s AND id = %s",
        [eta_at, now, workspace_id, order_id],
    )


def _delivery_texts(said: Mapping[str, Any]) -> dict[str, str]:
    unknown = set(said) - set(LENGTHS) - {"eta_at"}
    if unknown:
        raise Invalid("delivery_field", f"A delivery has no {min(unknown)}.")
    texts = {name: str(value or "").strip() for name, value in said.items() if name in LENGTHS}
    for name, text in texts.items():
        if len(text) > LENGTHS[name] or not text.replace("\n", "").isprintable():
            raise Invalid("delivery_text", f"{name} has at most {LENGTHS[name]} plain characters.")
    if texts.get("tracking_url") and not is_web_address(texts["tracking_url"]):
        raise Invalid("delivery_url", "A tracking link begins with https:// and names a host.")
    return texts


def _follow(workspace_id: int, order_id: int, carrier: str, number: str) -> None:
    """Ask the carrier from now on, if it can be asked; a new number begins anew."""
    now = clock.now()
    is_polled = bool(number) and carrier in POLLED
    cursor().execute(
        "UPDATE orders_delivery SET carrier_code = '', is_code_unknown = false, fault = '',"
        " poll_at = %s, poll_until = %s WHERE workspace_id = %s AND order_id = %s",
        [
            now if is_polled else None, now + POLLED_FOR if is_polled else None, workspace_id,
            order_id,
        ],
    )  # fmt: skip
    if is_polled:
        wake_poll(workspace_id, carrier)


def wake_poll(workspace_id: int, carrier: str) -> None:
    """Set the asking of a carrier going, or make it look sooner."""
    job_id = jobs.enqueue_anew(
        workspace_id, POLL_JOB, {"carrier": carrier}, carrier, every=timedelta(0)
    )
    cursor().execute(
        "UPDATE jobs_job SET due_at = least(due_at, %s) WHERE workspace_id = %s AND id = %s"
        " AND state = 'waiting'",
        [clock.now(), workspace_id, job_id],
    )


def save_place(
    workspace_id: int,
    *,
    name: str,
    address: str = "",
    phone: str = "",
    is_open: bool = True,
    public_id: str = "",
) -> str:
    """Enter or change a shop or store room; its public id.

    raises  Invalid(place_name | place_limit), Conflict(place_taken), NotFound(place_unknown)
    """
    said = {"name": name.strip(), "address": address.strip(), "phone": phone.strip()}
    if not said["name"] or any(len(t) > 200 or not t.isprintable() for t in said.values()):
        raise Invalid("place_name", "A place needs a name; each field has at most 200 characters.")
    raw = cursor()
    raw.execute(
        "SELECT public_id FROM orders_place WHERE workspace_id = %s AND name = %s",
        [workspace_id, said["name"]],
    )
    row = raw.fetchone()
    if row is not None and row[0] != public_id:
        raise Conflict("place_taken", "There is a place of this name already.")
    if public_id:
        found = place(workspace_id, public_id)
        raw.execute(
            "UPDATE orders_place SET name = %s, address = %s, phone = %s, is_open = %s"
            " WHERE workspace_id = %s AND id = %s",
            [*said.values(), is_open, workspace_id, found.id],
        )
        return public_id
    raw.execute("SELECT count(*) FROM orders_place WHERE workspace_id = %s", [workspace_id])
    if (raw.fetchone() or (0,))[0] >= PLACES_MAX:
        raise Invalid("place_limit", f"A workspace has at most {PLACES_MAX} places.")
    made = new_public_id()
    raw.execute(
        "INSERT INTO orders_place (workspace_id, public_id, name, address, phone, is_open,"
        " created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (workspace_id, name) DO NOTHING",
        [workspace_id, made, *said.values(), is_open, clock.now()],
    )
    if not raw.rowcount:
        raise Conflict("place_taken", "There is a place of this name already.")
    return made


def save_support(workspace_id: int, *, phone: str, email: str, url: str) -> None:
    """Whom customers may ask about an order. raises Invalid(support_contact)"""
    said = [phone.strip(), email.strip(), url.strip()]
    if any(len(text) > 254 or not text.isprintable() for text in said):
        raise Invalid("support_contact", "A contact has at most 254 plain characters.")
    if said[1] and ("@" not in said[1] or " " in said[1]):
        raise Invalid("support_contact", "The e-mail address cannot be read.")
    if said[2] and not is_web_address(said[2]):
        raise Invalid("support_contact", "The address of the help page begins with https://.")
    cursor().execute(
        "INSERT INTO orders_support (workspace_id, phone, email, url) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (workspace_id) DO UPDATE SET phone = excluded.phone,"
        " email = excluded.email, url = excluded.url",
        [workspace_id, *said],
    )
