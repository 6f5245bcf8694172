"""The commands `duplicates …`: what the page of duplicates does, for operators and programs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from regulars.customers import actions as customers
from regulars.customers import queries
from regulars.customers.actions import duplicates as actions
from regulars.customers.duplicates import tasks
from regulars.customers.queries import duplicates as found
from regulars.customers.records import PairState
from regulars.kernel.errors import Conflict, Invalid
from regulars.project.commands import drain, workspace_named
from regulars.store.scope import scope
from regulars.store.trail import COMMAND, acting

ACTOR = "command"
LISTED_MAX = 1_000


def search(options: argparse.Namespace) -> None:
    """Compare all customers now and print what was found."""
    workspace_id = workspace_named(options.workspace).id
    drain()
    with scope(workspace_id):
        run = actions.begin_search(workspace_id, actor=ACTOR)
    if run is None:
        raise Conflict("search_running", "A search is running already; wait for it.")
    tasks.search_in(workspace_id, run, _tell)
    with scope(workspace_id):
        _show(_last(workspace_id))


def listing(options: argparse.Namespace) -> None:
    """Print the surest pairs of a state, a JSON object a line."""
    workspace_id = workspace_named(options.workspace).id
    least = _share(options.percent)
    if not 0 < options.limit <= LISTED_MAX:
        raise Invalid("pairs_limit", f"List 1 to {LISTED_MAX} pairs.")
    with scope(workspace_id):
        pairs = found.pairs(workspace_id, options.state, least=least, limit=options.limit)
        ids = sorted({one for pair in pairs for one in (pair.one_id, pair.other_id)})
        people = queries.profiles(workspace_id, ids)
    for pair in pairs:
        two = [people[one] for one in (pair.one_id, pair.other_id)]
        told = {
            "one": two[0].public_id,
            "other": two[1].public_id,
            "names": [one.title for one in two],
            "probability": round(pair.probability, 4),
            "reasons": pair.reasons,
        }
        print(json.dumps(told, ensure_ascii=False, default=str))


def merge(options: argparse.Namespace) -> None:
    """Make two customers one; the written order says who stays."""
    workspace_id = workspace_named(options.workspace).id
    with acting(COMMAND), scope(workspace_id):
        ids = _ids(workspace_id, options)
        if len(set(queries.roots_of(workspace_id, ids).values())) == 1:
            raise Conflict("pair_merged", "These two are one customer already.")
        pair, _state = actions.propose_pair(workspace_id, *ids)
        if not options.confirm:
            actions.refuse_apart(workspace_id, *ids)
        verdict = actions.decide_pair(
            workspace_id, pair, PairState.MERGED, actor=ACTOR, is_confirmed=options.confirm
        )
        assert verdict is not None, "two roots that are not one yet are merged"
        names = dict(zip(ids, (options.one, options.other), strict=True))
    _show({"stays": names[verdict.winner], "merged": names[verdict.loser], "rule": verdict.rule})


def merge_sure(options: argparse.Namespace) -> None:
    """Merge every open pair of at least this probability; asked again how many there are."""
    workspace_id = workspace_named(options.workspace).id
    least = _share(options.percent)
    with scope(workspace_id):
        count = found.count_above(workspace_id, least)
    if count != options.count:
        raise Conflict("pairs_changed", f"There are {count} such pairs; repeat with this number.")
    done = 0
    with acting(COMMAND):
        while True:
            with scope(workspace_id):
                settled = actions.merge_some(workspace_id, least, actor=ACTOR)
            if not settled:
                break
            done += settled
    with scope(workspace_id):
        _show({"settled": done, "put_off": found.count_above(workspace_id, least, "later")})


def tell_apart(options: argparse.Namespace) -> None:
    """Say that two customers are two people, so that they are never proposed again."""
    workspace_id = workspace_named(options.workspace).id
    with acting(COMMAND), scope(workspace_id):
        pair, _state = actions.propose_pair(workspace_id, *_ids(workspace_id, options))
        actions.decide_pair(workspace_id, pair, PairState.DIFFERENT, actor=ACTOR)
    _show({"one": options.one, "other": options.other, "state": PairState.DIFFERENT.value})


def unmerge(options: argparse.Namespace) -> None:
    """Split a merged customer off again, with contacts, orders, consents and events."""
    workspace_id = workspace_named(options.workspace).id
    with acting(COMMAND), scope(workspace_id):
        customer_id = queries.own_id_of(workspace_id, options.customer)
        root = customers.unmerge(workspace_id, customer_id, actor=ACTOR)
        (profile,) = queries.profiles(workspace_id, [root]).values()
    _show({"split": options.customer, "from": profile.public_id})


def _ids(workspace_id: int, options: argparse.Namespace) -> tuple[int, int]:
    """The two as they are now. raises NotFound(customer_unknown)"""
    return (
        queries.customer_id_of(workspace_id, options.one),
        queries.customer_id_of(workspace_id, options.other),
    )


def _share(percent: int) -> float:
    if not 0 <= percent <= 100:
        raise Invalid("probability", "Give a probability between 0 and 100 percent.")
    return percent / 100


def _last(workspace_id: int) -> dict[str, Any]:
    run = found.last_search(workspace_id)
    assert run is not None
    return asdict(run)


def _tell(customers_read: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{customers_read} customers read", end="", file=sys.stderr, flush=True)


def _show(content: Any) -> None:
    print(json.dumps(content, indent=2, default=str))
