"""Letters rendered, signed, handed over and durably recorded, against a bare aiosmtplib loop.

The real server sends to a sink in a process of its own on the same cores. The rival gives the same
sink one ready letter again and again over as many connections, with the machine to itself.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import aiosmtplib
import psutil
import psycopg

from benchmarks.common import Report
from tests.faults.server import Server
from tests.faults.sink import Sink

LETTERS = 5_000
CONNECTIONS = 32
WAIT_S = 300.0
SIGNATURES = 500
WORKSPACE = "letters"
PRODUCTS = 8
# About 27 kB in MJML, as an author writes it: eight products with pictures and words, a few
# placeholders, 17 links to sign in each letter.
PRODUCT = """
<mj-section background-color="#ffffff"><mj-column>
<mj-image width="240px" src="https://shop.example/i/{n}.jpg" alt="Tea number {n}"
  href="https://shop.example/p/{n}"></mj-image>
<mj-text font-size="15px" line-height="22px"><a href="https://shop.example/p/{n}">Tea number {n}</a>
Picked in the hills in spring, dried slowly, and packed here by hand for you.</mj-text>
</mj-column></mj-section>"""
SOURCE = """<mjml><mj-body background-color="#f5f2ec"><mj-section><mj-column>
<mj-text>Hi {{ customer.first_name | default: "friend" }} from {{ customer.city }},</mj-text>
{% if customer.language == "uk" %}<mj-text>Вітаємо</mj-text>{% endif %}
</mj-column></mj-section>PRODUCTS<mj-section><mj-column><mj-text font-size="12px">
{{ workspace.name }}, {{ now | date: "%d.%m.%Y" }} ·
<a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text></mj-column></mj-section>
</mj-body></mjml>""".replace(
    "PRODUCTS", "".join(PRODUCT.format(n=number) for number in range(PRODUCTS))
)


def _serve(pipe: Connection) -> None:
    sink = Sink()
    pipe.send(sink.port)
    while True:
        pipe.recv()
        pipe.send((sink.count, sink.newest.removesuffix(b".\r\n")))


@dataclass(frozen=True, slots=True)
class Peer:
    """The peer's port, and what it has taken."""

    port: int
    pipe: Connection

    def taken(self) -> tuple[int, bytes]:
        """How many letters, and the newest."""
        self.pipe.send("")
        count, newest = self.pipe.recv()
        return int(count), bytes(newest)


@contextmanager
def peer_process() -> Iterator[Peer]:
    """A peer in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Peer(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def arrange(server: Server, url: str, port: int, letters: int) -> None:
    """Customers who agreed, a sender with a signing key, and a letter planned for each."""
    os.environ.update({**server.environment, "DATABASE_URL": url,
                       "REGULARS_ROLE": "engine", "REGULARS_ALLOW_PRIVATE_HOSTS": "1",
                       "DJANGO_SETTINGS_MODULE": "regulars.project.settings"})  # fmt: skip
    import django

    django.setup()
    from regulars.kernel import clock
    from regulars.messaging import actions
    from regulars.store.scope import cursor, scope
    from regulars.workspaces import queries as workspaces

    shop = workspaces.workspace_by_slug(WORKSPACE)
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT id FROM customers_customer WHERE workspace_id = %s", [shop.id])
        customers = [row[0] for row in raw.fetchall()]
        assert len(customers) == letters
        actions.save_sender(
            shop.id,
            actions.NewSender(
                from_address="shop@letters.example", from_name="Letters", host="127.0.0.1",
                port=port, security="none", connections_max=CONNECTIONS, messages_max=letters,
                dkim_domain="letters.example", dkim_selector="bench", dkim_key=_key(),
                bounce_domain="bounce.letters.example",
            ),
        )  # fmt: skip
        version = actions.create_template(
            shop.id, name="News", subject="News for {{ customer.first_name }}", source=SOURCE
        ).version
    with scope(shop.id):
        actions.plan_messages(
            shop.id, occurrence="bench", campaign_id=1, customer_ids=customers,
            template_version_id=version.id, due_at=clock.now(), is_marketing=True,
        )  # fmt: skip


def rsa_ms() -> float:
    """Processor milliseconds of one DKIM signature's RSA, with nothing around it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    start = time.process_time()
    for _ in range(SIGNATURES):
        key.sign(b"x" * 500, padding.PKCS1v15(), hashes.SHA256())
    return (time.process_time() - start) / SIGNATURES * 1_000


def _key() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor seconds, by who spent them."""

    by_whom: dict[str, float]

    @staticmethod
    def of(server: Server) -> Spent:
        """What the server's processes, its database and the peer have spent so far."""
        spent = dict.fromkeys(("worker", "writer", "postgres", "peer", "web"), 0.0)
        for process in psutil.process_iter(["cmdline", "environ"]):
            whose = _whose(process, server)
            if whose:
                with suppress(psutil.NoSuchProcess):
                    spent[whose] += sum(process.cpu_times()[:2])
        return Spent(spent)


def _whose(process: psutil.Process, server: Server) -> str:
    words = " ".join(process.info["cmdline"] or [])
    if process.ppid() == os.getpid() and "multiprocessing" in words:
        return "peer"
    has_folder = (process.info["environ"] or {}).get("REGULARS_DATA") == str(server.folder)
    if not has_folder and str(server.folder) not in words:
        parent = process.parent()
        is_backend = parent is not None and str(server.folder) in " ".join(parent.cmdline())
        return "postgres" if is_backend else ""
    marks = {"sender.scribe": "writer", "project.worker": "worker", "postgres": "postgres"}
    return next((whose for mark, whose in marks.items() if mark in words), "web")


def seconds_to_send(url: str, letters: int) -> float:
    """How long it takes until every planned letter is recorded as accepted."""
    start = time.perf_counter()
    question = "SELECT count(*) FROM messaging_message WHERE state = 'accepted'"
    with psycopg.connect(url, autocommit=True) as connection:
        while time.perf_counter() - start < WAIT_S:
            if connection.execute(question).fetchone() == (letters,):
                return time.perf_counter() - start
            time.sleep(0.05)
    raise SystemExit("the letters do not leave")


async def bare_loop(port: int, letter: bytes, letters: int) -> float:
    """Seconds for aiosmtplib to hand over a ready letter as often, over as many connections."""

    async def carry(count: int) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, use_tls=False)
        await client.connect()
        for number in range(count):
            await client.sendmail("shop@letters.example", [f"c{number}@people.example"], letter)
        await client.quit()

    start = time.perf_counter()
    await asyncio.gather(*(carry(letters // CONNECTIONS) for _ in range(CONNECTIONS)))
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=LETTERS)
    letters = parser.parse_args().letters
    letters -= letters % CONNECTIONS
    report = Report("send")
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder, peer_process() as peer:
        server = Server(Path(folder) / "data", REGULARS_ALLOW_PRIVATE_HOSTS="1")
        people = Path(folder) / "people.csv"
        rows = (f"c{n},c{n}@people.example,Name{n},Kyiv,yes\n" for n in range(letters))
        people.write_text("external_id,email,first_name,city,consent_email\n" + "".join(rows))
        bring = ("import", "customers", str(people), "--workspace", WORKSPACE)
        server.command(*bring, "--basis", "consent")
        server.start()
        try:
            url = server.database_url
            arrange(server, url, peer.port, letters)
            before = Spent.of(server)
            rate = letters / seconds_to_send(url, letters)
            after = Spent.of(server)
        finally:
            server.stop()
        count, letter = peer.taken()
        assert count == letters, f"the peer took {count} letters"
        bare = letters / asyncio.run(bare_loop(peer.port, letter, letters))
    note = f"{len(letter):,} bytes, {CONNECTIONS} connections"
    report.add("letters_a_second", rate, bar=300, note=note)
    report.add("letters_against_bare_loop", rate / bare, bar=0.5, note=f"{bare:.0f}/s")
    for whose, seconds in after.by_whom.items():
        spent_ms = (seconds - before.by_whom[whose]) / letters * 1_000
        report.add(f"processor_ms_a_letter_{whose}", spent_ms)
    report.add("processor_ms_a_letter_rsa_alone", rsa_ms(), note="2,048 bits, one signature")
    report.print()


if __name__ == "__main__":
    main()
