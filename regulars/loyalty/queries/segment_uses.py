"""Who of the programme asks about a segment or a list, so that neither is taken away under it."""

from __future__ import annotations

from regulars.segments.records import Use, Used
from regulars.store.scope import cursor

_PROMOTIONS = """
SELECT slug, name FROM loyalty_promotion
WHERE workspace_id = %s AND state <> 'ended' AND ({holds})
ORDER BY name, id"""
_PROGRAMME = """
SELECT 1 FROM loyalty_programme WHERE workspace_id = %s AND ({holds})"""
# A condition names one, a multiplier several; a rule about members may stand in either.
PATHS = {
    "segment": ("$.**.segment ? (@ == $slug)", "$.**.segments[*] ? (@ == $slug)"),
    "list": ("$.**.list ? (@ == $slug)",),
}


def uses_of_segment(workspace_id: int, used: Used) -> list[Use]:
    """Promotions that are not over, and the programme, when they name the segment or the list."""
    paths = PATHS[used.kind]
    raw = cursor()
    raw.execute(
        _PROMOTIONS.format(holds=_holds("definition", len(paths))),
        [workspace_id, *_given(paths, used.slug)],
    )
    found = [Use("promotion", slug, name) for slug, name in raw.fetchall()]
    raw.execute(
        _PROGRAMME.format(holds=_holds("settings", len(paths))),
        [workspace_id, *_given(paths, used.slug)],
    )
    if raw.fetchone() is not None:
        found.append(Use("programme", "", "Programme"))
    return found


def _holds(column: str, paths: int) -> str:
    asked = f"jsonb_path_exists({column}, %s::jsonpath, jsonb_build_object('slug', %s::text))"
    return " OR ".join([asked] * paths)


def _given(paths: tuple[str, ...], slug: str) -> list[str]:
    return [value for path in paths for value in (path, slug)]
