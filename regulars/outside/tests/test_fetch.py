"""Addresses are fetched as people write them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from regulars.outside.fetch import fetch

PRICES = "/%D0%BF%D1%80%D0%B0%D0%B9%D1%81.csv?%D0%BC%D0%BE%D0%B2%D0%B0=uk&a=%20b"


class Peer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_moved = self.path == "/moved"
        self.send_response(301 if is_moved else 200 if self.path == PRICES else 404)
        if is_moved:
            # As servers do that know of no rule: the bytes of UTF-8.
            self.send_header("Location", "/прайс.csv?мова=uk&a=%20b".encode().decode("latin-1"))
        self.send_header("Content-Length", "0" if is_moved else "3")
        self.end_headers()
        self.wfile.write(b"" if is_moved else b"tea")

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(settings, "ALLOW_PRIVATE_HOSTS", True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["/прайс.csv?мова=uk&a=%20b", PRICES, "/moved"])
def test_letters_of_another_alphabet_are_written_as_bytes(
    peer: str, tmp_path: Path, path: str
) -> None:
    found = fetch(peer + path, tmp_path / "file", headers={}, bytes_max=100)

    assert (found.status, (tmp_path / "file").read_bytes()) == (200, b"tea")
