"""Empty notices to phones that hold a pass, over HTTP/2 with the pass type's own certificate.

The name is resolved and judged by the egress module and the connection goes to the judged address.
"""

from __future__ import annotations

import socket
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError

from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.loyalty.wallet.apple import Signer
from regulars.outside.egress import checked_address

HOST_URL = "https://api.push.apple.com:443"
CONNECT_S, WHOLE_S = 10.0, 30.0
PIECE_BYTES = 64 << 10
TOKENS_AT_ONCE_MAX = 100
# The phone has thrown the pass away, or never had it.
GONE = 410


def push(signer: Signer, tokens: Sequence[str], *, url: str = HOST_URL) -> dict[str, int]:
    """Tell each device that the pass has changed; the status it answered, by push token.

    One connection, one stream a token. What got no answer is left out and may be told again.
    raises  Outside(push_unreachable | host_unknown | host_private)
    """
    assert len(tokens) <= TOKENS_AT_ONCE_MAX
    parts = urlsplit(url)
    assert parts.hostname is not None
    port = parts.port or 443
    address = checked_address(parts.hostname, port)
    try:
        with _connected(signer, address, port, parts.hostname) as made:
            return _talk(made, parts.hostname, signer.pass_type, tokens)
    except (OSError, ssl.SSLError, ProtocolError) as error:
        raise Outside("push_unreachable", "The notice service cannot be reached.") from error


def _connected(signer: Signer, address: str, port: int, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    if settings.ALLOW_PRIVATE_HOSTS and signer.authority.strip():
        # A peer of one's own answers with a certificate of one's own authority.
        context.load_verify_locations(cadata=signer.authority)
    context.set_alpn_protocols(["h2"])
    with tempfile.TemporaryDirectory(prefix="regulars-pass-") as folder:
        # The standard library takes a client's certificate from a file only.
        path = Path(folder) / "pair.pem"
        path.touch(mode=0o600)
        path.write_text(f"{signer.key.strip()}\n{signer.certificate.strip()}\n")
        context.load_cert_chain(path)
    plain = socket.create_connection((address, port), timeout=CONNECT_S)
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _talk(made: ssl.SSLSocket, host: str, topic: str, tokens: Sequence[str]) -> dict[str, int]:
    made.settimeout(CONNECT_S)
    spoken = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    spoken.initiate_connection()
    streams = {_ask(spoken, host, topic, token): token for token in tokens}
    made.sendall(spoken.data_to_send())
    said: dict[str, int] = {}
    waiting = set(streams)
    ends_s = clock.monotonic_s() + WHOLE_S
    while waiting and clock.monotonic_s() < ends_s:
        piece = made.recv(PIECE_BYTES)
        if not piece:
            break
        for event in spoken.receive_data(piece):
            if isinstance(event, ResponseReceived) and event.stream_id in streams:
                said[streams[event.stream_id]] = _status(event)
            elif isinstance(event, DataReceived):
                spoken.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded | StreamReset):
                waiting.discard(event.stream_id)
            elif isinstance(event, ConnectionTerminated):
                return said
        made.sendall(spoken.data_to_send())
    return said


def _status(event: ResponseReceived) -> int:
    """Names of headers come as text or as bytes, as the library was told."""
    said = {_text(name): _text(value) for name, value in event.headers or ()}
    return int(said[":status"])


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")


def _ask(spoken: H2Connection, host: str, topic: str, token: str) -> int:
    stream = spoken.get_next_available_stream_id()
    body = b"{}"
    headers = [
        (":method", "POST"), (":scheme", "https"), (":path", f"/3/device/{token}"),
        (":authority", host), ("apns-topic", topic), ("apns-push-type", "background"),
        ("content-length", str(len(body))),
    ]  # fmt: skip
    spoken.send_headers(stream, headers)
    spoken.send_data(stream, body, end_stream=True)
    return stream
