"""What this room's tables hold of a person, for their export and their erasure."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.customers import batches
from regulars.customers.actions import suppress
from regulars.customers.pure.addresses import keyed_hash
from regulars.kernel import clock
from regulars.store.persons import Fate, Person, Trace, Traces
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

MINE = "customer_id = ANY(%(ids)s)"
# By which kind of identifier each channel reaches somebody.
CHANNELS = {
    "email": "email",
    "sms": "phone",
    "call": "phone",
    "telegram": "telegram",
    "viber": "viber",
    "push": "push",
}
ERASED = "erased"
# What was to be done keeps its shape and loses its words.
BLANKED = (
    "CASE WHEN act = 'export' THEN given ELSE"
    " (SELECT coalesce(jsonb_object_agg(k, ''), '{}') FROM jsonb_object_keys(given) AS k) END"
)


def forbid_contact(person: Person) -> Mapping[str, int]:
    """Nothing is sent to their addresses from now on; only keyed hashes of them are kept."""
    count = 0
    for channel, kind in CHANNELS.items():
        for address in person.known_by(kind):
            suppress(person.workspace_id, channel=channel, reason=ERASED, address=address)
            count += 1
    return {"forbidden_addresses": count}


def keep_proof(person: Person) -> Mapping[str, int]:
    """What they agreed to and refused, under a keyed hash of the address instead of the person."""
    secret = workspaces.workspace(person.workspace_id).secret
    hashes = [
        (channel, keyed_hash(secret, channel, address))
        for channel, kind in CHANNELS.items()
        for address in person.known_by(kind)
    ]
    raw = cursor()
    raw.execute(
        "INSERT INTO privacy_proof (workspace_id, address_hash, channel, purpose, state, at,"
        " text_version, basis, kept_at)"
        " SELECT c.workspace_id, h.hash, c.channel, c.purpose, c.state, c.at, c.text_version,"
        " c.basis, %(now)s FROM customers_consent c"
        " JOIN unnest(%(channels)s::text[], %(hashes)s::bytea[]) AS h (channel, hash)"
        "   ON h.channel = c.channel"
        " WHERE c.workspace_id = %(workspace)s AND c.customer_id = ANY(%(ids)s)"
        " ON CONFLICT DO NOTHING",
        {
            **person.values,
            "now": clock.now(),
            "channels": [channel for channel, _ in hashes],
            "hashes": [one for _, one in hashes],
        },
    )
    return {"privacy_proof": raw.rowcount}


def forget_lists(person: Person) -> Mapping[str, int]:
    """Remove exported lists of the workspace, kept for a day: they may hold the person.

    The folder is looked through, whatever rows say of their files. Twice: an unfinished one may
    get its last name while we look.
    """
    raw = cursor()
    raw.execute(
        "SELECT public_id FROM customers_batch WHERE workspace_id = %s AND act = 'export'",
        [person.workspace_id],
    )
    public_ids = {row[0] for row in raw.fetchall()}
    count = 0
    for path in (*batches.files_of(public_ids), *batches.files_of(public_ids)):
        count += path.exists()
        path.unlink(missing_ok=True)
    raw.execute(
        "UPDATE customers_batch SET state = 'gone' WHERE workspace_id = %s AND act = 'export'",
        [person.workspace_id],
    )
    return {"list_files": count}


TRACES = Traces(
    before=(forbid_contact, keep_proof),
    files=(keep_proof, forget_lists),
    late=(forget_lists,),
    rows=(
        Trace("customers_consent", MINE, file="consents"),
        Trace("customers_consentstate", MINE, file="consents_now", hidden=("is_gone",)),
        Trace("customers_preference", MINE, file="preferences"),
        Trace("customers_stop", MINE, file="stops", hidden=("is_gone",)),
        Trace("customers_erasurerequest", MINE, file="erasure_requests", hidden=("settled_by",),
              fate=Fate.EMPTY, sets="customer_id = -id, state = 'done', note = '',"
              " settled_by = '', settled_at = coalesce(settled_at, now())",
              reason="When somebody asked and when it was answered."),
        Trace("customers_contactflag", MINE, file="doubts_about_contacts", hidden=("settled_by",)),
        Trace("customers_note", MINE, file="notes", hidden=("author_id", "key")),
        Trace("customers_task", MINE, file="tasks", hidden=("assignee_id", "key")),
        Trace(
            "customers_share",
            "customer_id = ANY(%(ids)s) OR holder_id = ANY(%(ids)s)",
            file="shared_contacts",
            hidden=("customer_id", "holder_id"),
        ),
        Trace(
            "customers_duplicate",
            "one_id = ANY(%(ids)s) OR other_id = ANY(%(ids)s)",
            reason="A guess about two customers; the other one's data are not the person's.",
        ),
        Trace(
            "customers_suppression",
            MINE,
            file="suppressions",
            hidden=("address_hash", "lifted_by"),
            fate=Fate.EMPTY,
            sets="customer_id = NULL, lift_note = ''",
            reason="The hash of the address outlives its owner, so that nothing is sent again.",
        ),
        # A company nobody else belongs to is the person under another name.
        Trace(
            "customers_company",
            "id IN (SELECT company_id FROM customers_membership m"
            " WHERE m.workspace_id = %(workspace)s AND m.customer_id = ANY(%(ids)s))"
            " AND NOT EXISTS (SELECT FROM customers_membership o"
            " WHERE o.company_id = customers_company.id AND NOT o.customer_id = ANY(%(ids)s))",
            file="companies",
        ),
        Trace("customers_membership", MINE, file="memberships"),
        Trace(
            "customers_view",
            text="query",
            reason="A filter a member of the team saved; not given, for it is about the list.",
        ),
        Trace(
            "customers_batch",
            "chosen @> ANY(SELECT to_jsonb(one) FROM unnest(%(ids)s::bigint[]) AS one)"
            " OR chosen @> ANY(SELECT to_jsonb(one) FROM unnest(%(public_ids)s::text[]) AS one)",
            fate=Fate.EMPTY,
            sets="chosen = '[]', query = ''",
            reason="What the team did to many at once; it names the person by number only.",
        ),
        Trace("customers_batch", text="concat_ws(' ', query, given::text, reason)",
              fate=Fate.EMPTY, sets=f"query = '', reason = '', given = {BLANKED}",
              reason="A filter of the team that names the person."),
    ),
    last=(
        Trace(
            "customers_mergeentry",
            "loser_id = ANY(%(ids)s) OR into_id = ANY(%(ids)s)",
            file="merges_log",
            hidden=("actor", "key"),
        ),
        Trace(
            "customers_merge",
            "loser_id = ANY(%(ids)s) OR root_id = ANY(%(ids)s)",
            file="merges",
        ),
        Trace("customers_identifier", MINE, file="identifiers"),
        Trace(
            "customers_customer",
            "id = ANY(%(ids)s)",
            file="profile",
            hidden=("trigrams", "sort_name"),
        ),
    ),
    none={
        "customers_topic": "What letters may be about.",
        "customers_consenttext": "Words of the shop.",
        "customers_contactcheck": "How far a chore got.",
        "customers_maildomain": "Domains, not addresses.",
        "customers_identitysetting": "A setting.",
        "customers_duplicaterun": "Counts of a search.",
        "customers_listtaste": "How a member of the team likes the list.",
    },
)  # fmt: skip
