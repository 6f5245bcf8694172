"""Which role Django's connection of the tests is, and where the public data sets lie.

Not in conftest.py: pytest forgets that module when it loads another of the name, and whoever
imports it then runs it a second time, with a second folder and no database.
"""

from __future__ import annotations

import os
from pathlib import Path

from regulars.store.roles import Role

ROOT = Path(__file__).parent.parent
DATASETS = Path(os.environ.get("REGULARS_DATASETS") or ROOT.parent / "shared" / "data")


def point_django_at(role: Role) -> None:
    """Let Django's connection be this role's from now on."""
    from django.db import connections

    from regulars.store import place

    connections.close_all()
    connections.settings["default"].update(place.django_database(role))
    connections["default"].settings_dict.update(place.django_database(role))
