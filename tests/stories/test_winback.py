"""The main job on real input: a shop's history comes in, a campaign goes out, money is counted.

The product runs as its users run it: commands, a server, HTTP. What it reports is compared with
a count made here from the file, from the letters that a mail server received, and from what
this test itself did with them.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.faults.server import Server
from tests.stories import peer as peers
from tests.stories import plain
from tests.stories.peer import Letter, Peer

pytestmark = pytest.mark.real_data

SHARE = 0.1
WAIT_S = 60.0
# Clicks that come sooner after the hand-over are taken for a scanner's.
READING_S = 2.5
PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
PROXY = {"user-agent": "Mozilla/5.0"}
SCANNER = {"user-agent": "BarracudaCentral scan"}
TABLES = ("customers_customer", "orders_order", "orders_line", "orders_product", "events_event")
# The server beside the import goes on telling what follows from it, by its own clock.
DERIVED = ("value.stage_changed", "segment.entered", "segment.left")
SOURCE = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ customer.first_name | default: "friend" }}, we miss you.
<a href="https://gifts.example/back?from=letter">Come back</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""


@dataclass
class Replay:
    """What this test did with the letters; money in pence."""

    opened: set[str] = field(default_factory=set)
    opened_by_person: set[str] = field(default_factory=set)
    clicked: set[str] = field(default_factory=set)
    unsubscribed: set[str] = field(default_factory=set)
    spent: dict[str, list[int]] = field(default_factory=dict)
    spent_after_click: dict[str, list[int]] = field(default_factory=dict)


@dataclass
class Story:
    """Everything that was seen on the way."""

    retail: plain.Retail
    first: dict[str, Any]
    rows_first: dict[str, tuple[int, str]]
    second: dict[str, Any]
    rows_second: dict[str, tuple[int, str]]
    orders: dict[str, int]
    base: dict[str, Any]
    rfm: dict[str, Any]
    cohorts: dict[str, Any]
    counted_by_command: int
    counted_by_api: int
    willing: set[str]
    refused: dict[str, int]
    reach: dict[str, Any]
    letters: list[Letter]
    replay: Replay
    report: dict[str, Any]
    relaunched: dict[str, Any]
    letters_at_the_end: int


@pytest.fixture(scope="module")
def story(online_retail: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The whole way, once for all tests of this module."""
    folder = tmp_path_factory.mktemp("winback")
    retail = plain.read(online_retail)
    server = Server(folder / "data", REGULARS_ALLOW_PRIVATE_HOSTS="1")
    with peers.running() as peer:
        try:
            yield tell(server, peer, retail, online_retail, folder)
        finally:
            server.stop()


def tell(server: Server, peer: Peer, retail: plain.Retail, data: Path, folder: Path) -> Story:
    """Import twice, report, find the segment, send, replay, report again."""
    source = str(data / "online_retail.parquet")
    words = ("import", "orders", source, "--workspace", "retail", "--currency", "GBP")
    server.start()
    first = json.loads(server.command(*words))
    rows_first, orders = rows_of(server), orders_of(server)
    second = json.loads(server.command(*words))
    rows_second = rows_of(server)
    reports = {
        name: json.loads(
            server.command("report", name, "--workspace", "retail", "--at", "2011-12-10")
        )
        for name in ("base", "rfm", "cohorts")
    }
    people = plain.at_risk(retail)
    rule = plain.rule_of(people)
    rule_file = folder / "at-risk.json"
    rule_file.write_text(json.dumps(rule))
    counted = int(
        server.command("segment", "count", "--workspace", "retail", "--rule", str(rule_file))
    )
    contacts = write_contacts(folder / "contacts.csv", retail)
    server.command("import", "customers", str(folder / "contacts.csv"), "--workspace", "retail",
                   "--basis", "consent")  # fmt: skip
    server.command(
        "sender", "set", "--workspace", "retail", "--from", "hello@gifts.example",
        "--host", "127.0.0.1", "--port", str(peer.port), "--security", "none",
    )  # fmt: skip
    key = server.command("key", "create", "--workspace", "retail", "--scope", "api")
    with httpx.Client(
        base_url=f"{server.url}/api/v1", headers={"authorization": f"Bearer {key}"}, timeout=30
    ) as api:
        campaign = Campaign(api, server, peer, people.index.tolist(), contacts)
        counted_by_api = campaign.count(rule)
        campaign.send(rule)
        campaign.read_letters()
        campaign.buy()
        report = campaign.settled_report()
        relaunched = campaign.launch().json()
    return Story(
        retail=retail,
        first=first,
        rows_first=rows_first,
        second=second,
        rows_second=rows_second,
        orders=orders,
        base=reports["base"],
        rfm=reports["rfm"],
        cohorts=reports["cohorts"],
        counted_by_command=counted,
        counted_by_api=counted_by_api,
        willing=campaign.willing,
        refused=campaign.refused,
        reach=campaign.reach,
        letters=campaign.letters,
        replay=campaign.replay,
        report=report,
        relaunched=relaunched,
        letters_at_the_end=len(peer.letters),
    )


def rows_of(server: Server) -> dict[str, tuple[int, str]]:
    """How many rows each table has, and a hash of their content; no events that are derived."""
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        found = {}
        for table in TABLES:
            row = connection.execute(
                f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text"
                f" FROM {table} t" + (" WHERE kind <> ALL(%s)" if table == "events_event" else ""),
                [list(DERIVED)] if table == "events_event" else [],
            ).fetchone()
            assert row is not None
            found[table] = (int(row[0]), str(row[1]))
        return found


def orders_of(server: Server) -> dict[str, int]:
    """What the books hold after the import."""
    asked = {
        "customers": "SELECT count(*) FROM customers_customer",
        "guest_lines": "SELECT count(*) FROM orders_line WHERE customer_id IS NULL",
        "guest_orders": "SELECT count(*) FROM orders_order WHERE customer_id IS NULL",
        "orders": "SELECT count(*) FROM orders_order",
        "lines": "SELECT count(*) FROM orders_line",
        "other_origins": "SELECT count(*) FROM events_event WHERE origin <> 'import'",
        "messages": "SELECT count(*) FROM messaging_message",
        **{
            kind: "SELECT count(*) FROM orders_line l JOIN orders_order o ON o.id = l.order_id"
            f" WHERE o.kind = '{kind}'"
            for kind in ("sale", "return", "adjustment")
        },
    }
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        counts = {}
        for name, sql in asked.items():
            row = connection.execute(sql).fetchone()
            assert row is not None
            counts[name] = int(row[0])
        return counts


def write_contacts(path: Path, retail: plain.Retail) -> dict[str, str]:
    """A file of addresses and consents; tells who is of which sort, by the last digits."""
    numbers = sorted({plain.number_of(n) for n in retail.lines["CustomerID"].dropna()})
    sorts = {number: sort_of(number) for number in numbers}
    with path.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["external_id", "email", "first_name", "consent_email"])
        for number, sort in sorts.items():
            address = "" if sort == "address_missing" else f"c{number}@people.example"
            consent = {"consent_withdrawn": "unsubscribed", "consent_missing": ""}.get(sort, "yes")
            writer.writerow([number, address, f"Customer {number}", consent])
    return sorts


def sort_of(number: str) -> str:
    """Willing, or why not."""
    rest = int(number) % 20
    return {0: "address_missing", 1: "consent_missing", 2: "consent_withdrawn"}.get(rest, "willing")


class Campaign:
    """One win-back campaign over HTTP, its letters, and what its receivers do with them."""

    def __init__(
        self,
        api: httpx.Client,
        server: Server,
        peer: Peer,
        audience: list[str],
        sorts: dict[str, str],
    ) -> None:
        self.api, self.server, self.peer = api, server, peer
        self.willing = {number for number in audience if sorts[number] == "willing"}
        self.refused: dict[str, int] = {}
        for number in audience:
            if sorts[number] != "willing":
                self.refused[sorts[number]] = self.refused.get(sorts[number], 0) + 1
        self.replay = Replay()
        self.letters: list[Letter] = []
        self.reach: dict[str, Any] = {}
        self.id = ""

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """An answer of the API that is not an error."""
        answer = self.api.request(method, path, **options)
        assert answer.status_code < 300, answer.text
        return answer

    def count(self, rule: dict[str, Any]) -> int:
        """What the product counts for the rule."""
        found = self.ask("POST", "/segments/count", json={"rule": rule}).json()
        return int(found["count"])

    def send(self, rule: dict[str, Any]) -> None:
        """Write the campaign, look at its reach, launch it twice, wait for its end."""
        segment = self.ask("POST", "/segments", json={"name": "At risk", "rule": rule}).json()
        body = {
            "name": "We miss you", "segment": segment["id"], "source": SOURCE,
            "subject": "{{ customer.first_name }}, come back",
        }  # fmt: skip
        self.id = self.ask("POST", "/campaigns", json=body).json()["id"]
        self.reach = self.ask("GET", f"/campaigns/{self.id}/reach").json()
        self.launch()
        self.launch()
        self.wait(lambda: self.now()["state"] == "sent", "the campaign is not sent")
        self.letters = sorted(self.peer.letters, key=lambda letter: letter.receiver)

    def launch(self) -> httpx.Response:
        """Ask for the launch, always with the same key."""
        path = f"/campaigns/{self.id}/launch"
        return self.ask("POST", path, headers={"idempotency-key": "win back, once"})

    def now(self) -> dict[str, Any]:
        """The campaign as the product tells it."""
        found: dict[str, Any] = self.ask("GET", f"/campaigns/{self.id}").json()
        return found

    def wait(self, condition: Any, problem: str) -> None:
        """Until it holds."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.2)
        raise AssertionError(f"{problem}: {self.server.log()}")

    def read_letters(self) -> None:
        """Open, click and unsubscribe through the addresses that stand in the letters."""
        time.sleep(READING_S)
        with httpx.Client(timeout=30) as web:
            for place, letter in enumerate(self.letters):
                self.read(web, place, letter, letter.receiver.split("@")[0][1:])
        self.server.wait_until_drained()

    def read(self, web: httpx.Client, place: int, letter: Letter, number: str) -> None:
        """What the reader of this letter does, decided by its place in the pile."""
        done = self.replay
        if place % 2 == 0:
            # Twice within the hour is once.
            for _ in range(2):
                assert web.get(letter.pixel, headers=PERSON).status_code == 200
            done.opened |= {number}
            done.opened_by_person |= {number}
        if place % 7 == 1:
            assert web.get(letter.pixel, headers=PROXY).status_code == 200
            done.opened |= {number}
        if place % 5 == 0:
            answer = web.get(letter.link, headers=PERSON)
            assert answer.status_code == 302
            assert answer.headers["location"] == "https://gifts.example/back?from=letter"
            done.clicked |= {number}
        elif place % 11 == 3:
            assert web.get(letter.link, headers=SCANNER).status_code == 302
            assert web.head(letter.link, headers=PERSON).status_code == 302
        if place % 40 == 7:
            answer = web.post(letter.unsubscribe, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
            done.unsubscribed |= {number}

    def buy(self) -> None:
        """Orders of clickers, of others who got the letter, and of those who were held back."""
        contacted = [letter.receiver.split("@")[0][1:] for letter in self.letters]
        held_back = sorted(self.willing - set(contacted))
        launched_at = datetime.fromisoformat(self.now()["launched_at"])
        for place, number in enumerate(contacted):
            if place % 10 == 0:
                self.order(number, f"back-{number}", 1_990 + place, after_click=True)
            if place % 30 == 0:
                self.order(number, f"again-{number}", 745 + place, after_click=True)
            if place % 9 == 4:
                self.order(number, f"anyway-{number}", 1_200 + 7 * place)
            if place % 50 == 3:
                earlier = launched_at - timedelta(hours=1)
                self.order(number, f"before-{number}", 9_999, at=earlier)
        for place, number in enumerate(held_back):
            if place % 6 == 0:
                self.order(number, f"alone-{number}", 1_100 + 13 * place)

    def order(
        self,
        number: str,
        name: str,
        pence: int,
        *,
        after_click: bool = False,
        at: datetime | None = None,
    ) -> None:
        """An order in the shop; those with a time of their own came before the launch."""
        body = {
            "number": name, "placed_at": (at or datetime.now(UTC)).isoformat(), "currency": "GBP",
            "customer": {"external_id": number},
            "lines": [{"sku": "22423", "quantity": "1", "unit_price": f"{pence / 100:.2f}"}],
        }  # fmt: skip
        # The shop sends everything twice.
        assert self.ask("POST", "/orders", json=body).status_code == 201
        assert self.ask("POST", "/orders", json=body).status_code == 200
        if at is None:
            self.replay.spent.setdefault(number, []).append(pence)
        # The clickers' orders follow their clicks; everyone else's money is not the letter's.
        if at is None and number in self.replay.clicked:
            self.replay.spent_after_click.setdefault(number, []).append(pence)
        assert not after_click or number in self.replay.clicked

    def settled_report(self) -> dict[str, Any]:
        """The report once everything has come through the log to the lake."""
        orders = sum(len(pence) for pence in self.replay.spent.values())

        def told() -> dict[str, Any]:
            found: dict[str, Any] = self.ask("GET", f"/campaigns/{self.id}/report").json()
            return found

        def is_there() -> bool:
            lift = told()["lift"]
            return bool(lift["contacted"]["orders"] + lift["control"]["orders"] == orders)

        self.wait(is_there, "the orders do not arrive in the report")
        return told()


def test_every_line_of_the_file_is_taken(story: Story) -> None:
    assert (story.first["rows"], story.first["taken"], story.first["rejected"]) == (
        541_909, 541_909, 0,
    )  # fmt: skip
    assert story.orders["lines"] == len(story.retail.lines) == 541_909
    assert story.orders["customers"] == story.retail.lines["CustomerID"].nunique() == 4_372
    assert story.orders["orders"] == story.retail.lines["InvoiceNo"].nunique() == 25_900


def test_guests_returns_and_bookings_are_what_they_are(story: Story) -> None:
    guests = story.retail.lines[story.retail.lines["CustomerID"].isna()]
    assert story.orders["guest_lines"] == len(guests) == 135_080
    assert story.orders["guest_orders"] == guests["InvoiceNo"].nunique()
    kinds = plain.kinds(story.retail)
    assert {kind: story.orders[kind] for kind in kinds} == kinds
    assert kinds["return"] == 9_288


def test_history_is_marked_as_import_and_sends_nothing(story: Story) -> None:
    assert (story.orders["other_origins"], story.orders["messages"]) == (0, 0)


def test_a_second_import_changes_nothing(story: Story) -> None:
    assert (story.second["taken"], story.second["repeated"]) == (0, 541_909)
    assert story.rows_second == story.rows_first


def test_the_clean_base_comes_out_exactly(story: Story) -> None:
    told = {name: story.base[name] for name in ("clean_lines", "customers", "invoices", "revenue")}

    assert told == plain.base(story.retail)
    assert told == {
        "clean_lines": 397_884, "customers": 4_338, "invoices": 18_532, "revenue": "8911407.90",
    }  # fmt: skip


def test_the_rfm_classes_come_out_exactly(story: Story) -> None:
    assert story.rfm["classes"] == {
        "champions": 604, "loyal": 688, "potential_loyalists": 484, "new": 67, "promising": 169,
        "need_attention": 304, "about_to_sleep": 295, "at_risk": 701, "cant_lose": 64,
        "hibernating": 962,
    }  # fmt: skip


def test_the_cohort_table_comes_out_exactly(story: Story) -> None:
    told = {row["cohort"]: row["customers"] for row in story.cohorts["cohort_rows"]}

    assert told == plain.cohorts(story.retail)
    assert told["2010-12"] == [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
    assert told["2011-12"] == [41]
    assert story.cohorts["last_month_is_partial"] is True


def test_the_segment_at_risk_has_701_customers(story: Story) -> None:
    assert len(plain.at_risk(story.retail)) == 701
    assert (story.counted_by_command, story.counted_by_api) == (701, 701)


def contacted_of(story: Story) -> set[str]:
    """Who got a letter, from the letters."""
    return {letter.receiver.split("@")[0][1:] for letter in story.letters}


def test_each_willing_customer_gets_one_letter_or_is_held_back(story: Story) -> None:
    contacted = contacted_of(story)

    assert len(story.letters) == len(contacted) == story.letters_at_the_end
    assert contacted <= story.willing
    campaign = story.report["campaign"]
    assert campaign["audience"] == 701
    assert campaign["contacted"] == len(contacted)
    assert campaign["control"] == len(story.willing - contacted)
    assert story.report["excluded"] == story.refused
    assert campaign["excluded"] == sum(story.refused.values()) == 701 - len(story.willing)
    assert plain.split_p(len(contacted), len(story.willing - contacted), SHARE) > 0.001


def test_the_reach_told_before_is_what_came(story: Story) -> None:
    contacted = contacted_of(story)
    assert story.reach == {
        "audience": 701, "contacted": len(contacted),
        "control": len(story.willing - contacted), "excluded": story.refused,
        "codes_free": None,
    }  # fmt: skip


def test_letters_are_personal_and_can_be_unsubscribed_with_one_click(story: Story) -> None:
    for letter in story.letters:
        number = letter.receiver.split("@")[0][1:]
        assert letter.message["Subject"] == f"Customer {number}, come back"
        assert f"Hello Customer {number}, we miss you." in letter.html
        assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len({letter.message["Message-ID"] for letter in story.letters}) == len(story.letters)


def test_the_way_from_letter_to_money_is_counted_as_it_happened(story: Story) -> None:
    replay, contacted = story.replay, contacted_of(story)
    brought = {n: pence for n, pence in replay.spent_after_click.items() if n in contacted}

    expected = {
        "planned": len(contacted),
        "refused": 0,
        "unknown": 0,
        "sent": len(contacted),
        "bounced": 0,
        "delivered": len(contacted),
        "opened": len(replay.opened),
        "opened_confirmed": len(replay.opened_by_person),
        "clicked": len(replay.clicked),
        "ordered": len(brought),
        "orders": sum(len(pence) for pence in brought.values()),
        "revenue": f"{sum(sum(pence) for pence in brought.values()) / 100:.2f}",
        "unsubscribed": len(replay.unsubscribed),
        "complained": 0,
        "states": {"accepted": len(contacted)},
        "is_window_open": True,
    }
    assert {name: story.report[name] for name in expected} == expected
    assert 0 < len(brought) < len(replay.clicked) < len(replay.opened_by_person)
    assert len(replay.opened_by_person) < len(replay.opened) < len(contacted)


def test_the_lift_equals_an_independent_count(story: Story) -> None:
    lift, contacted = story.report["lift"], contacted_of(story)
    spent = {number: sum(pence) for number, pence in story.replay.spent.items()}
    arms = {
        "contacted": [spent.get(number, 0) for number in sorted(contacted)],
        "control": [spent.get(number, 0) for number in sorted(story.willing - contacted)],
    }
    for name, arm in arms.items():
        people = contacted if name == "contacted" else story.willing - contacted
        assert lift[name] == {
            "customers": len(arm),
            "buyers": sum(pence > 0 for pence in arm),
            "orders": sum(len(story.replay.spent.get(number, [])) for number in people),
            "revenue": f"{sum(arm) / 100:.2f}",
        }
    difference, low, high, p_value = plain.welch(arms["contacted"], arms["control"])
    pence = pytest.approx
    assert float(lift["money_per_contacted"]) * 100 == pence(difference, abs=0.5)
    assert [float(x) * 100 for x in lift["money_per_contacted_interval"]] == pence(
        [low, high], abs=0.5
    )
    size = len(contacted)
    assert float(lift["extra_revenue"]) * 100 == pence(difference * size, abs=0.5)
    assert [float(x) * 100 for x in lift["extra_revenue_interval"]] == pence(
        [low * size, high * size], abs=0.5
    )
    assert lift["p_value"] == pytest.approx(p_value, rel=1e-6)
    shares = plain.newcombe(
        lift["contacted"]["buyers"], size, lift["control"]["buyers"], len(arms["control"])
    )
    assert lift["buyer_share_interval"] == pytest.approx(list(shares), rel=1e-9)
    assert lift["split_p_value"] == pytest.approx(
        plain.split_p(size, len(arms["control"]), SHARE), rel=1e-9
    )
    assert lift["is_split_broken"] is False


def test_launching_again_with_the_same_key_sends_nothing(story: Story) -> None:
    assert story.relaunched["state"] == "sent"
    assert story.letters_at_the_end == len(story.letters)
