"""Writes of workspaces, members and keys."""

from __future__ import annotations

import hashlib
import re
import secrets
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store import trail
from regulars.store.scope import scope
from regulars.workspaces import queries
from regulars.workspaces.models import ApiKey, Membership, User, Workspace
from regulars.workspaces.records import KeyScope, Role, WorkspaceRecord

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]?\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
KEY_BYTES = 32
KEY_HINT_CHARACTERS = 6
_NO_OWNER = gettext_noop("A workspace needs an owner: name another one first.")


def create_workspace(
    slug: str,
    *,
    name: str = "",
    currency: str = "GBP",
    time_zone: str = "UTC",
    language: str = "en",
    region: str = "GB",
) -> WorkspaceRecord:
    """A new workspace.

    raises  Invalid(workspace_slug | workspace_currency | workspace_time_zone), Conflict
    """
    _check(slug, currency, time_zone)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('workspaces_workspace', 'id'))")
            workspace_id = int(cursor.fetchone()[0])
        with scope(workspace_id):
            try:
                with transaction.atomic():
                    Workspace.objects.create(
                        id=workspace_id,
                        public_id=new_public_id(),
                        slug=slug,
                        name=name or slug.replace("-", " ").capitalize(),
                        currency=currency,
                        time_zone=time_zone,
                        language=language,
                        region=region,
                        secret=secrets.token_urlsafe(KEY_BYTES),
                        created_at=clock.now(),
                    )
            except IntegrityError as error:
                raise Conflict("workspace_exists", f"The name {slug} is taken.") from error
            return queries.workspace(workspace_id)


def _check(slug: str, currency: str, time_zone: str) -> None:
    if not SLUG.match(slug):
        raise Invalid(
            "workspace_slug", "Use small Latin letters, digits and hyphens, 60 characters at most."
        )
    if not CURRENCY.match(currency):
        raise Invalid(
            "workspace_currency", gettext_noop("Give the currency as three letters, such as UAH.")
        )
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(
            "workspace_time_zone", gettext_noop("Give a zone such as Europe/Kyiv.")
        ) from error


def update_workspace(
    workspace_id: int, *, name: str, currency: str, time_zone: str, language: str, region: str
) -> WorkspaceRecord:
    """The workspace with its settings changed; the same errors as on creation."""
    _check("x", currency, time_zone)
    if not name.strip():
        raise Invalid("workspace_name", gettext_noop("Give the workspace a name."))
    before = queries.workspace(workspace_id)
    given = {"name": name.strip()[:120], "currency": currency, "time_zone": time_zone,
             "language": language, "region": region}  # fmt: skip
    fields = [one for one, value in given.items() if getattr(before, one) != value]
    trail.note(workspace_id, "workspace.changed", "workspace", before.public_id, fields=fields)
    Workspace.objects.filter(id=workspace_id).update(
        name=name.strip()[:120],
        currency=currency,
        time_zone=time_zone,
        language=language,
        region=region,
    )
    return queries.workspace(workspace_id)


def ensure_user(email: str, password: str | None, *, name: str = "") -> int:
    """The id of the user with this address, made when new; a password given replaces the old."""
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        return User.objects.create_user(email, password, name=name).id
    if password:
        user.set_password(password)
        user.save(update_fields=["password"])
    return user.id


def choose_language_of(user_id: int, language: str) -> None:
    """Let the interface speak this language to the user, on every device."""
    User.objects.filter(id=user_id).update(language=language)


def add_member(workspace_id: int, user_id: int, role: Role) -> None:
    """Give the user this role in the workspace, whatever role they had.

    raises  Invalid(member_last_owner) when nobody would be left to own the workspace
    """
    if role is not Role.OWNER:
        _keep_an_owner(workspace_id, user_id)
    Membership.objects.update_or_create(
        workspace_id=workspace_id,
        user_id=user_id,
        defaults={"role": role.value, "created_at": clock.now()},
    )
    trail.note(workspace_id, "member.changed", "member", str(user_id), fields=[role.value])


def remove_member(workspace_id: int, user_id: int) -> None:
    """Take the user's membership away; the last owner stays.

    raises  NotFound, Invalid(member_last_owner)
    """
    _keep_an_owner(workspace_id, user_id)
    deleted, _ = Membership.objects.filter(workspace_id=workspace_id, user_id=user_id).delete()
    if not deleted:
        raise NotFound("member_unknown", gettext_noop("This person is not a member."))
    trail.note(workspace_id, "member.removed", "member", str(user_id))


def _keep_an_owner(workspace_id: int, leaving_id: int) -> None:
    owners = list(
        Membership.objects.select_for_update()
        .filter(workspace_id=workspace_id, role=Role.OWNER)
        .order_by("id")
        .values_list("user_id", flat=True)
    )
    if owners == [leaving_id]:
        raise Invalid("member_last_owner", _NO_OWNER)


def create_key(workspace_id: int, key_scope: KeyScope, *, name: str = "") -> str:
    """A new key, readable this once; only its hash is kept."""
    key = f"rg_{key_scope.value}_{secrets.token_urlsafe(KEY_BYTES)}"
    made = ApiKey.objects.create(
        workspace_id=workspace_id,
        name=name or key_scope.value,
        scope=key_scope.value,
        hint=key[-KEY_HINT_CHARACTERS:],
        key_hash=hash_of_key(key),
        created_at=clock.now(),
    )
    trail.note(workspace_id, "key.created", "key", str(made.id), fields=[key_scope.value])
    return key


def revoke_key(workspace_id: int, key_id: int) -> None:
    """Close the key from now on. raises NotFound"""
    changed = ApiKey.objects.filter(
        workspace_id=workspace_id, id=key_id, revoked_at__isnull=True
    ).update(revoked_at=clock.now())
    if not changed:
        raise NotFound("key_unknown", gettext_noop("There is no such open key."))
    trail.note(workspace_id, "key.revoked", "key", str(key_id))


def hash_of_key(key: str) -> str:
    """What is kept of a key; keys are long and random, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()
