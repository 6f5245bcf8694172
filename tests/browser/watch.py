"""What a browser complains about while a page is open."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

# Told by the page itself, so that a violation is seen even where the console is silent.
LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


# What htmx says of a request that was cut off because the reader went to another page; one that
# fails otherwise is told by the browser itself too.
CUT_OFF = re.compile(r"htmx:(afterRequest|sendError|sendAbort), \[object")


class Watch:
    """Complaints of all pages of a context: console, scripts, policy, answers of 500."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        context.add_init_script(LISTEN)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._note("script", str(error.error)))
        context.on("response", self._on_response)

    def _note(self, kind: str, text: str) -> None:
        self.complaints.append(f"{kind}: {text}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # An answer of 4xx to a form is the product's word, not a fault; 500 is seen below.
        is_refusal = "the server responded with a status of 4" in message.text
        is_cut_off = CUT_OFF.match(message.text)
        if message.type in ("error", "warning") and not is_refusal and not is_cut_off:
            where = message.page.url if message.page else ""
            self._note("console", f"{where} {message.text}")

    def _on_response(self, response: Response) -> None:
        is_missing = response.status == 404 and "/static/" in response.url
        if response.status >= 500 or is_missing:
            self._note("answer", f"{response.status} {response.url}")

    def look(self, page: Page) -> list[str]:
        """Complaints so far, with the policy's of this page; forgets them."""
        told: list[Any] = page.evaluate("window.violations ?? []")
        found = [*self.complaints, *(f"policy: {page.url} {text}" for text in told)]
        self.complaints.clear()
        return found
