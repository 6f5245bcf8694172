from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes

import dkim
import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from regulars.kernel.errors import Invalid, Outside
from regulars.messaging import actions, queries
from regulars.messaging.adapters import dns as adapter
from regulars.messaging.records import DkimState, Signing
from regulars.messaging.tests.peers import StrictPeer
from regulars.messaging.tests.sending import plan, ready_town, running, sending, states, wait_for
from regulars.store.scope import scope

pytestmark = pytest.mark.usefixtures("as_engine")


@dataclass
class NameServer:
    """A DNS server on this machine that answers TXT questions."""

    texts: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def serve(self, udp: socket.socket, is_over: threading.Event) -> None:
        while not is_over.is_set():
            try:
                wire, address = udp.recvfrom(4096)
            except TimeoutError:
                continue
            question = dns.message.from_wire(wire)
            answer = dns.message.make_response(question)
            name = str(question.question[0].name).rstrip(".")
            if name in self.texts:
                text = self.texts[name]
                pieces = " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", pieces))
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            udp.sendto(answer.to_wire(), address)


@contextmanager
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    made, is_over = NameServer(), threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.05)
        made.port = udp.getsockname()[1]
        thread = threading.Thread(target=made.serve, args=(udp, is_over))
        thread.start()

        own = resolver_at(made.port)
        monkeypatch.setattr(adapter.dns.resolver, "Resolver", lambda: own)
        try:
            yield made
        finally:
            is_over.set()
            thread.join()


def resolver_at(port: int) -> dns.resolver.Resolver:
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = ["127.0.0.1"], port
    return made


def test_a_key_is_used_once_its_record_stands_in_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port)
        workspace_id = town.bakery.id
        with scope(workspace_id):
            assert queries.signing(workspace_id) is None
            with pytest.raises(Invalid):
                actions.check_dkim(workspace_id)
            made = actions.make_dkim_key(workspace_id)
            assert queries.account(workspace_id).signers == ()

        with monkeypatch.context() as patch, name_server(patch) as server, scope(workspace_id):
            assert actions.check_dkim(workspace_id) is DkimState.ABSENT
            server.texts[made.record_name] = "v=DKIM1; k=rsa; p=AAAA"
            assert actions.check_dkim(workspace_id) is DkimState.DIFFERENT
            assert queries.account(workspace_id).signers == ()
            server.texts[made.record_name] = made.record.replace("; ", ";")
            assert actions.check_dkim(workspace_id) is DkimState.PUBLISHED
            used = queries.signing(workspace_id)

        plan(workspace_id, version, [town.mira])
        with sending():
            wait_for(lambda: states(workspace_id) == {town.mira: "accepted"})

    assert used == Signing("bakery.example", made.selector, made.record_name, made.record, False)
    (letter,) = peer.letters
    assert dkim.verify(letter, dnsfunc=lambda _name, timeout=5: made.record.encode())
    signed = message_from_bytes(letter)["DKIM-Signature"].replace(" ", "").replace("\r\n", "")
    names = signed.split("h=")[1].split(";")[0].split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post", "from", "to", "subject"} <= set(names)


def test_the_old_key_signs_until_the_new_one_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    town, _version = ready_town(2525)
    workspace_id = town.bakery.id
    with scope(workspace_id), monkeypatch.context() as patch, name_server(patch) as server:
        first = actions.make_dkim_key(workspace_id)
        server.texts[first.record_name] = first.record
        actions.check_dkim(workspace_id)
        second = actions.make_dkim_key(workspace_id)

        (used,) = queries.account(workspace_id).signers
        waiting = queries.signing(workspace_id)

    assert second.record != first.record
    assert used.selector == first.selector
    assert waiting == second and waiting.is_waiting


def test_silence_of_dns_is_a_passing_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    town, _version = ready_town(2525)
    monkeypatch.setattr(adapter, "LIFETIME_S", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, scope(town.bakery.id):
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(Outside) as failure:
            adapter.text_records("x.example", resolver_at(silent.getsockname()[1]))
    assert failure.value.code == "dns_unavailable"
    assert not failure.value.is_permanent
