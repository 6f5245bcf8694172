"""Libraries of npm in a folder beside the virtual environment, and a proxy that makes trouble."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
INSTALL_WAIT_S = 300
RUN_WAIT_S = 60
# Of the connection, not of the message: a proxy writes its own.
HOP_HEADERS = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding"}
BACK_HEADERS = {"content-length", "connection", "transfer-encoding", "server", "date"}
Trouble = tuple[int, dict[str, str]]


def modules() -> Path:
    """The folder with the libraries package.json names, installed once; else a skip."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no npm here: Segment's libraries for JavaScript are not run")
    wanted = (HERE / "package.json").read_bytes()
    mark = hashlib.sha256(wanted).hexdigest()[:12]
    roof = Path(sys.prefix) if sys.prefix != sys.base_prefix else Path(tempfile.gettempdir())
    folder = roof / "peers" / mark
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_bytes(wanted)
        words = ["install", "--no-audit", "--no-fund", "--package-lock=false", "--ignore-scripts"]
        done = subprocess.run(
            [npm, *words], cwd=folder, capture_output=True, text=True, timeout=INSTALL_WAIT_S,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"npm cannot install the libraries: {done.stderr[-300:]}")
        (folder / "done").touch()
    return folder / "node_modules"


def run_node(script: str, job: dict[str, Any]) -> dict[str, Any]:
    """What the script answers to the job, as JSON."""
    folder = modules().parent
    target = folder / script
    target.write_bytes((HERE / script).read_bytes())
    done = subprocess.run(
        ["node", str(target)], input=json.dumps(job), capture_output=True, text=True,
        timeout=RUN_WAIT_S, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class Proxy:
    """Stands before the real server; answers with the troubles it was given, then lets through."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.troubles: list[Trouble] = []
        self.statuses: list[int] = []
        self.bodies: list[bytes] = []
        self.client = httpx.Client(base_url=target, timeout=30)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.client.close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        """The server's answer, or a trouble in its place."""
        if method == "POST":
            self.bodies.append(body)
            if self.troubles:
                status, more = self.troubles.pop(0)
                self.statuses.append(status)
                return status, {"access-control-allow-origin": "*", **more}, b'{"code": "trouble"}'
        kept = {k: v for k, v in headers.items() if k.lower() not in HOP_HEADERS}
        # The address people see is the proxy's.
        kept["host"] = self.url.removeprefix("http://")
        found = self.client.request(method, path, headers=kept, content=body)
        if method == "POST":
            self.statuses.append(found.status_code)
        back = {
            k: v for k, v in found.headers.items()
            if k.lower() not in BACK_HEADERS | {"content-encoding"}
        }  # fmt: skip
        return found.status_code, back, found.content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, headers, content = proxy.answer(
                    self.command, self.path, dict(self.headers), body
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_OPTIONS = _do  # noqa: N815 - the library calls them so

            def log_message(self, *_: object) -> None:
                return

        return Handler
