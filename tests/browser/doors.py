"""Sites and forms made by their pages, and a shop of another origin that carries them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
FORM = re.compile(r"/f/([\w-]+)")
KEY = re.compile(r"/s/(rg_site_[\w-]+)\.js")


def submit(client: httpx.Client, path: str, to: str = "", **fields: str) -> httpx.Response:
    """Fill in a form of the product as a browser would; it goes to its own page or elsewhere."""
    found = TOKEN.search(client.get(path).text)
    assert found is not None, path
    values = {"csrfmiddlewaretoken": found.group(1), **fields}
    return client.post(to or path, data=values, headers={"referer": f"{client.base_url}{path}"})


def make_site(
    client: httpx.Client, *, consent_mode: str, name: str = "Shop", domains: str = "127.0.0.1"
) -> tuple[str, str]:
    """The path of the site's page, and its public key."""
    page = submit(
        client, "/data/sites/new", name=name, domains=domains, consent_mode=consent_mode
    )  # fmt: skip
    found = KEY.search(page.text)
    assert found is not None, page.text[-3000:]
    return page.url.path, found.group(1)


def make_form(client: httpx.Client, *, name: str = "Ask us") -> str:
    """The public id of a form for leads that asks for an e-mail address."""
    page = submit(
        client, "/data/forms/new", name=name, kind="lead", language="en",
        label_0="E-mail", type_0="email", name_0="email", required_0="1",
    )  # fmt: skip
    found = FORM.search(page.text)
    assert found is not None, page.text[-3000:]
    return found.group(1)


@contextmanager
def shop(site_url: str, key: str) -> Iterator[str]:
    """The address of a shop under a strict policy, with the line of the site in its page."""
    line = f'<script async src="{site_url}/s/{key}.js"></script>'
    policy = (
        f"default-src 'none'; script-src 'self' {site_url}; connect-src {site_url};"
        f" frame-src {site_url}; form-action {site_url}"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            kind, body = "text/html", f"<!doctype html><title>{path}</title><h1>Tea</h1>{line}"
            if path == "/before.js":
                # The stub analytics.js makes of itself, and calls that come before the script.
                kind, body = "text/javascript", (
                    "window.analytics = [];"
                    "analytics.push(['track', 'Early', {n: 1}]);"
                    "analytics.push(['ready', function () { document.title = 'ready'; }]);"
                )  # fmt: skip
            if path.startswith("/forms/"):
                form = f"{site_url}/f/{path.removeprefix('/forms/')}"
                body += (
                    f'<iframe id="frame" src="{form}"></iframe><a id="link" href="{form}">Ask</a>'
                    f'<form id="plain" method="post" action="{form}"><input name="email">'
                    '<input name="name"><button>Send</button></form>'
                )
            if path == "/early":
                body = body.replace("<h1>", '<script src="/before.js"></script><h1>')
            if path == "/favicon.ico":
                kind, body = "image/png", ""
            self.send_response(200)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-security-policy", policy)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
