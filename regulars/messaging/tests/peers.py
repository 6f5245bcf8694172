"""Mail servers for tests: a strict one that does as its script says, and aiosmtpd."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from regulars.kernel import clock
from regulars.messaging.adapters.smtp.client import Peer, Security, Timeouts

QUICK = Timeouts(connect_s=5, greeting_s=5, command_s=5, data_s=5, final_s=5)
DROP = "drop"
HANG = "hang"
PIPELINING = ("PIPELINING", "SIZE 1000000", "8BITMIME")


@dataclass
class StrictPeer:
    """A scripted server.

    script  stage → reply line, DROP or HANG. Stages: greeting, ehlo, mail, rcpt, data, final and
            stored (the letter is kept first, then the action is done); with ":2" for the second
    """

    script: Mapping[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = PIPELINING
    letters: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    groups: list[bytes] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    errors: list[str] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> StrictPeer:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    def peer(self, **options: Any) -> Peer:
        options = {"security": Security.NONE, "timeouts": QUICK, **options}
        return Peer(host="localhost", port=self.port, connect_to="127.0.0.1", **options)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.session(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except AssertionError as error:
            self.errors.append(str(error))
        finally:
            writer.close()

    async def answer(self, writer: asyncio.StreamWriter, stage: str, usual: str) -> int:
        self.counts[stage] = self.counts.get(stage, 0) + 1
        line = self.script.get(f"{stage}:{self.counts[stage]}", self.script.get(stage, usual))
        if line == DROP:
            raise ConnectionError
        if line == HANG:
            await asyncio.Event().wait()
        writer.write(line.encode() + b"\r\n")
        await writer.drain()
        if line.startswith("421"):
            raise ConnectionError
        return int(line[:3])

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.answer(writer, "greeting", "220 strict.example ESMTP")
        has_sender = has_recipient = False
        while True:
            line = await reader.readuntil(b"\r\n")
            command = line.decode().rstrip("\r\n")
            verb = command.split(" ")[0].upper()
            self.commands.append(command)
            if verb == "EHLO":
                lines = ["strict.example", *self.extensions]
                usual = "\r\n".join(f"250-{x}" for x in lines[:-1]) + f"\r\n250 {lines[-1]}"
                usual = usual.lstrip("\r\n")
                await self.answer(writer, "ehlo", usual)
            elif verb == "HELO":
                await self.answer(writer, "helo", "250 strict.example")
            elif verb == "MAIL":
                assert not has_sender, "MAIL inside a transaction"
                has_sender = await self.answer(writer, "mail", "250 2.1.0 ok") < 300
            elif verb == "RCPT" and has_sender:
                self.recipients.append(command[len("RCPT TO:<") : -1])
                has_recipient = await self.answer(writer, "rcpt", "250 2.1.5 ok") < 300
            elif verb == "DATA" and (has_recipient or ("data" in self.script and has_sender)):
                if await self.answer(writer, "data", "354 go") == 354:
                    await self.take(reader, writer, has_recipient=has_recipient)
                    has_sender = has_recipient = False
            elif verb == "RSET":
                has_sender = has_recipient = False
                await self.answer(writer, "rset", "250 ok")
            elif verb == "AUTH":
                await self.answer(writer, "auth", "235 2.7.0 welcome")
            elif verb == "QUIT":
                await self.answer(writer, "quit", "221 bye")
                return
            else:
                await self.answer(writer, "bad", "503 5.5.1 bad sequence")

    async def take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, has_recipient: bool
    ) -> None:
        lines: list[bytes] = []
        while (line := await reader.readuntil(b"\n")) != b".\r\n":
            assert line.endswith(b"\r\n") and b"\r" not in line[:-2], "bare line break"
            lines.append(line[1:] if line.startswith(b".") else line)
        if not has_recipient:
            await self.answer(writer, "empty", "554 5.5.1 no valid recipients")
            return
        if (
            "final" not in self.script
            and f"final:{self.counts.get('final', 0) + 1}" not in self.script
        ):
            self.letters.append(b"".join(lines))
        await self.answer(
            writer, "stored" if "stored" in self.script else "final", "250 2.0.0 kept"
        )


class Sink:
    """aiosmtpd's handler that keeps what it gets."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.letters.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 kept"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def aiosmtpd_peer(**options: Any) -> Iterator[tuple[Sink, Controller]]:
    """A real aiosmtpd in its own thread."""
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield sink, controller
    finally:
        controller.stop()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS for a server called localhost, and a client's context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = clock.now()
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))
