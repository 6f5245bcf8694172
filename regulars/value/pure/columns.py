"""The columns of a score that are counted, with their types in the database."""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "orders": "int", "money_minor": "bigint", "first_on": "date", "last_on": "date",
    "recency_fifth": "smallint", "frequency_fifth": "smallint", "money_fifth": "smallint",
    "rfm_class": "text", "gap_days": "float8", "stage": "text", "stage_since": "date",
    "cooling_on": "date", "lost_on": "date", "returns_share": "float8", "top_category": "text",
}  # fmt: skip
