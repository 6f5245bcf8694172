"""Tables point down: a row of a lower floor never depends on one of an upper floor."""

from __future__ import annotations

import psycopg
from django.apps import apps

from tests.house import house

FOREIGN_KEYS = """
SELECT conname, conrelid::regclass::text, confrelid::regclass::text
FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 ORDER BY 1
"""


def _room(table: str) -> str | None:
    room = table.split("_", 1)[0]
    return room if room in house.rooms() else None


def points_up(lower: str, upper: str) -> bool:
    """Whether a key from a table of the first room to one of the second climbs."""
    return house.floor_of(upper) < house.floor_of(lower)


def test_models_point_down() -> None:
    found = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("regulars.")
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is not None
        if field.related_model._meta.app_label in house.rooms()
        and points_up(model._meta.app_label, field.related_model._meta.app_label)
    ]

    assert found == []


def test_tables_point_down(database: str) -> None:
    with psycopg.connect(database) as connection:
        keys = connection.execute(FOREIGN_KEYS).fetchall()

    ours = [(n, a, b) for n, a, b in keys if (_room(a) and _room(b))]
    assert [n for n, a, b in ours if points_up(str(_room(a)), str(_room(b)))] == []


def test_a_key_that_climbs_is_noticed() -> None:
    assert points_up("customers", "orders") is True
    assert points_up("orders", "customers") is False
    assert points_up("orders", "orders") is False
