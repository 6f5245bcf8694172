from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from regulars.experiments import actions, queries
from regulars.experiments.records import ArmName, Arms, ArmSizes, experiment_of_campaign
from regulars.kernel.errors import Invalid
from regulars.kernel.shares import share_of
from regulars.store.scope import scope
from tests.town import workspace

AT = datetime(2025, 6, 1, 9, 0, tzinfo=UTC)
CROWD = range(1, 2_001)


def assign(workspace_id, customer_ids, *, share=0.1, salt="spring", experiment="campaign:1"):
    with scope(workspace_id):
        return actions.assign(workspace_id, experiment, customer_ids, share=share, salt=salt, at=AT)


def test_it_holds_back_the_customers_whose_share_is_low(db):
    bakery = workspace()

    arms = assign(bakery.id, CROWD)

    held_back = tuple(i for i in CROWD if share_of(i, "spring") < 0.1)
    assert arms.control == held_back
    assert arms.contacted == tuple(i for i in CROWD if i not in set(held_back))
    with scope(bakery.id):
        assert queries.arm_sizes(bakery.id, "campaign:1") == ArmSizes(
            contacted=2_000 - len(held_back), control=len(held_back)
        )


def test_asking_again_changes_nothing_even_with_another_share(db):
    bakery = workspace()
    first = assign(bakery.id, CROWD)

    again = assign(bakery.id, CROWD, share=0.5, salt="autumn")

    assert again == first


def test_a_customer_named_twice_is_assigned_once(db):
    bakery = workspace()

    arms = assign(bakery.id, [7, 9, 7], share=0.0)

    assert arms == Arms(contacted=(7, 9), control=())
    with scope(bakery.id):
        assert queries.arm_sizes(bakery.id, "campaign:1") == ArmSizes(contacted=2, control=0)


def test_experiments_do_not_touch_each_other(db):
    bakery = workspace()
    assign(bakery.id, [7], share=0.0, experiment="campaign:1")
    assign(bakery.id, [7], share=0.999999, experiment="campaign:2")

    with scope(bakery.id):
        mine = queries.experiments_of(bakery.id, 7)

    assert mine == [("campaign:2", ArmName.CONTROL), ("campaign:1", ArmName.CONTACTED)]


def test_another_workspace_sees_nothing_of_it(db):
    bakery, florist = workspace("bakery"), workspace("florist")
    assign(bakery.id, [7, 8], share=0.0)

    with scope(florist.id):
        seen = queries.arms_of(bakery.id, "campaign:1", [7, 8])
        sizes = queries.arm_sizes(florist.id, "campaign:1")

    assert (seen, sizes) == ({}, ArmSizes(contacted=0, control=0))


def test_the_customers_of_an_arm_come_page_by_page(db):
    bakery, florist = workspace("bakery"), workspace("florist")
    arms = assign(bakery.id, CROWD)
    assign(florist.id, [7], share=0.999999)

    found, after = [], 0
    with scope(bakery.id):
        while rows := queries.customers_of_arm(
            bakery.id, "campaign:1", ArmName.CONTROL, after_id=after, limit=37
        ):
            assert len(rows) <= 37
            assert {at for _, _, at in rows} == {AT}
            found += [customer_id for _, customer_id, _ in rows]
            after = rows[-1][0]

    assert tuple(found) == arms.control


@pytest.mark.parametrize("share", [-0.1, 1.0, 1.5])
def test_a_share_outside_its_bounds_writes_nothing(db, share):
    bakery = workspace()

    with pytest.raises(Invalid) as caught:
        assign(bakery.id, [7], share=share)

    assert caught.value.code == "control_share_invalid"
    with scope(bakery.id):
        assert queries.arm_sizes(bakery.id, "campaign:1") == ArmSizes(contacted=0, control=0)


def test_a_batch_has_a_limit(db):
    bakery = workspace()

    with pytest.raises(Invalid) as caught:
        assign(bakery.id, range(actions.ASSIGN_CUSTOMERS_MAX + 1))

    assert caught.value.code == "assignment_too_large"


def test_the_table_knows_only_two_arms(db):
    bakery = workspace()

    with scope(bakery.id), connection.cursor() as cursor, pytest.raises(Exception, match="arm"):
        cursor.execute(
            "INSERT INTO experiments_assignment (workspace_id, experiment, customer_id, arm, at)"
            " VALUES (%s, 'campaign:1', 7, 'third', now())",
            [bakery.id],
        )


def test_a_campaign_names_its_experiment():
    assert experiment_of_campaign(42) == "campaign:42"
