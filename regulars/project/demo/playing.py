"""What members of a demo shop do for points: prizes, activities, a draw, friends they invited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from regulars.kernel import clock
from regulars.loyalty.actions import activities, referrals, rewards
from regulars.loyalty.actions import series as code_series
from regulars.loyalty.actions.activities import ActivityTerms
from regulars.loyalty.actions.rewards import RewardTerms
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.queries import activities as activity_queries
from regulars.loyalty.queries import referrals as referral_queries
from regulars.loyalty.reward_records import ReferralTermsRecord
from regulars.store.scope import cursor
from regulars.workspaces.records import WorkspaceRecord

CURRENCY = "points"
PRIZES = (
    ("Tasting spoon", 90_00, 40, "Steel, made in Lviv"),
    ("Tin of Assam", 250_00, 4, "A hundred grams, this year's harvest"),
    ("Teapot for two", 1_200_00, None, "Glass, with a filter"),
    ("Evening at the roastery", 2_500_00, 0, "For two, with a tasting"),
)
QUIZ: dict[str, Any] = {
    "questions": [
        {"text": "Which of these is not oxidised at all?", "right": 1,
         "options": ["Oolong", "Green tea", "Black tea"]},
        {"text": "Where does Assam grow?", "right": 0, "options": ["India", "Kenya", "Japan"]},
        {"text": "How hot may water for green tea be?", "right": 2,
         "options": ["100 °C", "95 °C", "80 °C"]},
    ],
    "pass": 2,
}  # fmt: skip
WHEEL: dict[str, Any] = {
    "prizes": [
        {"name": "Five leaves", "points": 5_00, "weight": 6},
        {"name": "Twenty leaves", "points": 20_00, "weight": 3},
        {"name": "A hundred leaves", "points": 100_00, "weight": 1},
    ]
}
LIDS = ("LEAF-2611", "LEAF-4402", "LEAF-7734", "LEAF-9158")
PLAYERS = 12
# Known, and nothing bought yet: whom a friend may have invited.
NEWCOMERS = """
SELECT c.id FROM customers_customer c
WHERE c.workspace_id = %(workspace)s AND c.merged_into IS NULL AND NOT EXISTS (
  SELECT FROM orders_order o WHERE o.workspace_id = c.workspace_id AND o.customer_id = c.id)
ORDER BY c.id LIMIT 3
"""


def ensure_playing(workspace: WorkspaceRecord, member_ids: Sequence[int], one: int) -> None:
    """Prizes, activities and invitations; done again it changes nothing.

    one  a whole unit of the shop's currency, in minor ones
    """
    _prizes(workspace.id)
    players = list(member_ids[:PLAYERS])
    _activities(workspace.id, players, one)
    if not referral_queries.terms(workspace.id).is_open:
        referrals.save_terms(
            workspace.id,
            ReferralTermsRecord(
                is_open=True, currency=CURRENCY, inviter_points=100_00, friend_points=50_00,
                cheque_minor_min=300 * one, wait_days=14, invited_max=10, period="month",
            ),
        )  # fmt: skip
        _friends(workspace.id, players[:1], 400 * one)


def _friends(workspace_id: int, inviters: Sequence[int], amount_minor: int) -> None:
    raw = cursor()
    raw.execute(NEWCOMERS, {"workspace": workspace_id})
    newcomers = [row[0] for row in raw.fetchall()]
    for inviter in inviters:
        code = referrals.invite_code(workspace_id, inviter)
        for customer_id in newcomers:
            referrals.invite(workspace_id, code, customer_id)
    for customer_id in newcomers[:1]:
        referrals.take_purchase(workspace_id, customer_id, "demo", amount_minor, clock.now())


def _prizes(workspace_id: int) -> None:
    for name, points, stock, description in PRIZES:
        terms = RewardTerms(
            name=name, points=points, currency=CURRENCY, stock=stock, description=description
        )
        made = rewards.create_reward(workspace_id, terms, key=f"demo:{name}", actor="demo")
        rewards.show_reward(workspace_id, made.public_id, is_shown=True)


def _activities(workspace_id: int, players: Sequence[int], one: int) -> None:
    if activity_queries.activities(workspace_id):
        return
    lids = code_series.create_series(
        workspace_id, Terms(name="Codes under the lid"), kind="unique", slug="lids", key="lids"
    )
    for text in LIDS:
        code_series.add_code(workspace_id, lids.public_id, text)
    now = clock.now()
    soon = now + timedelta(days=21)
    receipts = {"points_per_100": 5, "amount_minor_min": 50 * one, "registers": []}
    made = {
        kind: activities.create_activity(
            workspace_id,
            ActivityTerms(name=name, currency=CURRENCY, points=points, settings=settings,
                          per_member_max=most, period=period, ends_at=soon),
            kind=kind, key=f"demo:{kind}", actor="demo",
        ).public_id
        for kind, name, points, settings, most, period in (
            ("quiz", "How well do you know tea?", 30_00, QUIZ, 1, "all"),
            ("receipts", "Receipts of the market stall", 0, receipts, 3, "day"),
            ("lid", "Look under the lid", 15_00, {"series": "lids"}, None, "all"),
            ("contest", "My cup of the day", 10_00, {"jury": False}, 1, "day"),
            ("game", "Wheel of leaves", 0, WHEEL, 1, "day"),
        )
    }  # fmt: skip
    for public_id in made.values():
        activities.set_activity(workspace_id, public_id, "open")
    for place, member_id in enumerate(players):
        said = {"text": "Morning, rain, Assam with milk."}
        activities.take_part(
            workspace_id, made["contest"], member_id, said, key=f"demo:contest:{place}"
        )
        answers = {"answers": [1, 0, place % 3]}
        activities.take_part(
            workspace_id, made["quiz"], member_id, answers, key=f"demo:quiz:{place}"
        )
    activities.commit_draw(
        workspace_id, made["contest"], prizes=3, closes_at=soon, key="demo", actor="demo"
    )
