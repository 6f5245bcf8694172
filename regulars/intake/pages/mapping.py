"""What the columns of a file mean: the form that asks, and the map it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from regulars.customers.records import Basis
from regulars.intake import words
from regulars.intake.importers.pure import columns
from regulars.intake.importers.records import DateOrder, DecimalMark, ImportKind, Layout
from regulars.intake.records import ImportRecord
from regulars.workspaces.records import WorkspaceRecord

KEEP = "keep"
DEFAULTS = {"basis": Basis.CONSENT.value}
SETTINGS = ("date_order", "decimal", "time_zone", "encoding", "delimiter", "source", "basis")
SETTING_LENGTH_MAX = 60


def read_map(kind: ImportKind, headings: tuple[str, ...], given: QueryDict) -> dict[str, Any]:
    """The map as the form tells it; the settings left to us are absent."""
    (prefix,) = columns.KEPT_PREFIXES.get(kind, ("",))
    chosen = {}
    for place, heading in enumerate(headings):
        target = given.get(f"column-{place}", "")
        if target == KEEP and prefix:
            target = prefix + heading
        if target:
            chosen[heading] = target
    settings = {name: given.get(name, "")[:SETTING_LENGTH_MAX] for name in SETTINGS}
    told: dict[str, Any] = {"columns": chosen}
    told |= {name: value for name, value in settings.items() if value}
    if given.get("layout") == Layout.ONLINE_RETAIL and "as_known" in given:
        told["layout"] = Layout.ONLINE_RETAIL.value
    return told


def mapping_context(
    workspace: WorkspaceRecord, record: ImportRecord, given: QueryDict | None
) -> dict[str, Any]:
    """The form as it was sent, else as it was kept."""
    kind = ImportKind(record.kind)
    headings = record.headings
    mapping = read_map(kind, headings, given) if given is not None else record.mapping
    chosen: Mapping[str, str] = mapping.get("columns", {})
    return {
        "columns": [
            {
                "place": place,
                "heading": heading,
                "target": _target(chosen.get(heading, "")),
                "samples": [row[place] for row in record.sample_rows if row[place]][:3],
            }
            for place, heading in enumerate(headings)
        ],
        "fields": [(name, words.field(name)) for name in columns.fields_of(kind)],
        "kept_label": _kept_label(kind),
        "bases": [("", _("Choose when the file has consents")), *words.BASES.items()]
        if kind is ImportKind.CUSTOMERS
        else [],
        "keep": KEEP,
        # A column that says who agreed is a consent, unless the shop knows of another ground.
        "settings": {name: mapping.get(name, DEFAULTS.get(name, "")) for name in SETTINGS},
        "zone": workspace.time_zone,
        "layout": mapping.get("layout", "plain"),
        "date_orders": [
            ("", _("Decide from the file")),
            (DateOrder.DAY_FIRST.value, _("31/12: day first")),
            (DateOrder.MONTH_FIRST.value, _("12/31: month first")),
        ],
        "decimals": [
            ("", _("Decide from the file")),
            (DecimalMark.DOT.value, "1,234.56"),
            (DecimalMark.COMMA.value, "1.234,56"),
        ],
        "encodings": [
            ("", _("Decide from the file")),
            ("utf-8", "UTF-8"),
            ("cp1251", "Windows-1251"),
            ("cp1252", "Windows-1252"),
            ("utf-16", "UTF-16"),
        ],
        "delimiters": [
            ("", _("Decide from the file")),
            (",", _("comma")),
            (";", _("semicolon")),
            ("\t", _("tab")),
            ("|", "|"),
        ],
    }


def _target(target: str) -> str:
    return KEEP if target.startswith(("prop.", "attr.")) else target


def _kept_label(kind: ImportKind) -> str:
    if kind is ImportKind.EVENTS:
        return _("Keep as a property of the event")
    return _("Keep as an attribute of the customer") if kind is ImportKind.CUSTOMERS else ""
