"""The recipe's requests are sent as they stand in it, and its answers come."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.loyalty.actions import members, points
from regulars.loyalty.point_records import Grant
from regulars.loyalty.tests.counter import Shop, at, shop
from regulars.store.scope import scope
from regulars.workspaces.actions import create_key
from regulars.workspaces.records import KeyScope

RECIPE = Path(__file__).parents[3] / "docs" / "recipes" / "till.md"
BLOCK = re.compile(r"^```json (call|answer)=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SCRIPT = re.compile(r"^```js\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STUB = """
var sent = [];
function ActiveXObject() {
  this.SetTimeouts = this.SetRequestHeader = function () {};
  this.Open = function (method, url) { this.url = url; };
  this.Send = function (text) {
    sent.push(text);
    if (sent.length === 1) throw new Error("no line");
    this.Status = 200; this.ResponseText = "{}";
  };
}
"""
ASK = """
var cart = regularsCart("id-1", "2026-11-22T10:00:00Z", "+380671234567",
  [{line: "1", code: "TEA", name: 'Tea "Green"', quantity: "2", price: 10000}]);
var told = regularsCall("hold", cart);
console.log(JSON.stringify({told: told, sent: sent, cart: JSON.parse(cart)}));
"""


@pytest.fixture
def bakery(db: None) -> Shop:
    made = shop()
    with scope(made.workspace.id):
        (mira,) = customers.identify_many(
            made.workspace.id, [Identity(external_id="mira", phone="+380671234567")]
        )
        (member_id,) = members.enrol(made.workspace.id, [mira])
        points.grant(made.workspace.id, Grant(member_id, "points", 50_00, key="start"))
    return made


def missing(wanted: Any, told: Any, path: str = "") -> list[str]:
    """What of the recipe's answer was not told."""
    if isinstance(wanted, dict):
        return [
            fault
            for key, value in wanted.items()
            for fault in missing(value, told.get(key), f"{path}.{key}")
        ]
    if isinstance(wanted, list):
        if len(wanted) != len(told):
            return [f"{path}: {len(told)} of {len(wanted)}"]
        return [f for n, one in enumerate(wanted) for f in missing(one, told[n], f"{path}[{n}]")]
    return [] if wanted == told else [f"{path}: {told!r} is not {wanted!r}"]


def test_every_request_of_the_recipe_is_answered_as_it_says(bakery: Shop) -> None:
    blocks = BLOCK.findall(RECIPE.read_text())
    assert len(blocks) == 18
    with scope(bakery.workspace.id):
        api = create_key(bakery.workspace.id, KeyScope.API)
    told: tuple[int, dict[str, Any]] = (0, {})
    for kind, name, text in blocks:
        if kind == "call":
            plain = text.replace('"NOW"', json.dumps(at()))
            plain = plain.replace('"YESTERDAY"', json.dumps(at(days=1)))
            told = bakery.call(name, json.loads(plain), key=api if name == "simulate" else "")
        else:
            assert told[0] == int(name), told
            assert missing(json.loads(text), told[1]) == []


def test_the_script_asks_twice_with_the_same_body() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    (script,) = SCRIPT.findall(RECIPE.read_text())

    done = subprocess.run(
        [node, "-e", STUB + script + ASK], capture_output=True, text=True, check=True
    )

    told = json.loads(done.stdout)
    assert told["told"] == {"status": 200, "answer": "{}"}
    assert len(told["sent"]) == 2 and len(set(told["sent"])) == 1
    assert told["cart"]["lines"] == [
        {"line_id": "1", "sku": "TEA", "name": 'Tea "Green"', "qty": "2", "price": 10_000}
    ]
