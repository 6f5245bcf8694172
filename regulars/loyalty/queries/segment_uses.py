"""Who of the programme asks about a segment or a list, so that neither is taken away under it."""

from __future__ import annotations

from regulars.segments.records import Use, Used
from regulars.store.scope import cursor

# A condition names one, a multiplier several; a rule about members may stand in either.
_NAMED = {
    "segment": "$.**.segment ? (@ == $slug)",
    "list": "$.**.list ? (@ == $slug)",
}
_NAMED_AMONG = {"segment": "$.**.segments[*] ? (@ == $slug)", "list": "$.**.list ? (@ == $slug)"}
_USES = """
SELECT kind, slug, name FROM (
  SELECT 'promotion' AS kind, slug, name, definition AS said FROM loyalty_promotion
  WHERE workspace_id = %(workspace)s AND state <> 'ended'
  UNION ALL
  SELECT 'programme', '', 'Programme', settings FROM loyalty_programme
  WHERE workspace_id = %(workspace)s) AS rules
WHERE jsonb_path_exists(said, %(named)s::jsonpath, jsonb_build_object('slug', %(slug)s::text))
   OR jsonb_path_exists(said, %(among)s::jsonpath, jsonb_build_object('slug', %(slug)s::text))
ORDER BY kind DESC, name, slug"""


def uses_of_segment(workspace_id: int, used: Used) -> list[Use]:
    """Promotions that are not over, and the programme, when they name the segment or the list."""
    raw = cursor()
    raw.execute(
        _USES,
        {
            "workspace": workspace_id, "slug": used.slug,
            "named": _NAMED[used.kind], "among": _NAMED_AMONG[used.kind],
        },
    )  # fmt: skip
    return [Use(*row) for row in raw.fetchall()]
