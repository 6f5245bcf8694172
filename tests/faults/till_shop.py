"""Fills a server's database with a shop for tills; run as a process beside the server.

Prints as JSON the key of its tills and what each member begins with.
"""

from __future__ import annotations

import json
import os
import sys

MEMBERS = 6
POINTS = 2_000_00
CODE_LIMIT = 40
SETTINGS = {
    "currencies": [{"slug": "points", "name": "Points", "is_main": True, "minor_per_point": 100}],
    "earning": [{"id": "tenth", "trigger": "cart", "share": "10"}],
}


def main() -> None:
    os.environ["REGULARS_ROLE"] = "engine"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    import django

    django.setup()
    from regulars.customers import actions as customers
    from regulars.customers.records import Identity
    from regulars.loyalty.actions import members, points, programme, promotions, series, tills
    from regulars.loyalty.point_records import Grant
    from regulars.project import start
    from regulars.store.scope import scope
    from regulars.workspaces import actions

    start.wire()
    shop = actions.create_workspace("till-kills", currency="UAH", region="UA")
    names = [f"m{n}" for n in range(MEMBERS)]
    with scope(shop.id):
        programme.save_settings(shop.id, SETTINGS)
        programme.set_open(shop.id, True)
        off = {"trigger": "code", "effects": [{"type": "percent_off", "value": "10"}]}
        promotions.create_promotion(shop.id, name="ten", slug="ten", definition=off)
        promotions.set_state(shop.id, "ten", "live")
        terms = series.Terms(name="Ten", promotion_slug="ten", uses_per_code=CODE_LIMIT)
        made = series.create_series(shop.id, terms, kind="shared")
        series.add_code(shop.id, made.public_id, "TEN")
        ids = customers.identify_many(shop.id, [Identity(external_id=name) for name in names])
        for name, member_id in zip(names, members.enrol(shop.id, ids), strict=True):
            points.grant(shop.id, Grant(member_id, "points", POINTS, key=f"start:{name}"))
        _, key = tills.open_till(shop.id, "Till")
    json.dump({"key": key, "members": dict.fromkeys(names, POINTS)}, sys.stdout)


if __name__ == "__main__":
    main()
