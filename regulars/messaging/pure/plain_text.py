"""The text part of a letter, for readers and filters that do not look at HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SILENT_TAGS = frozenset({"head", "script", "style", "title"})
BLOCK_TAGS = frozenset(
    {"address", "article", "blockquote", "br", "div", "footer", "h1", "h2", "h3", "h4", "h5", "h6"}
    | {"header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "tr", "ul"}
)


def text_from_html(html: str) -> str:
    """Words of the HTML with the addresses of its links after them; Liquid tags are kept.

    It runs once for a version: the result is itself a Liquid template, rendered for each customer.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = re.sub(r"[ \t\xa0]+", " ", "".join(reader.parts))
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent_depth = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in SILENT_TAGS:
            self.silent_depth += 1
        elif tag == "a":
            self.links.append((named.get("href") or "", len(self.parts)))
        elif tag == "img" and not self.silent_depth:
            self.parts.append(named.get("alt") or "")
        elif tag in BLOCK_TAGS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT_TAGS:
            self.silent_depth = max(0, self.silent_depth - 1)
        elif tag == "a" and self.links:
            self._end_link(*self.links.pop())
        elif tag in BLOCK_TAGS:
            self.parts.append("\n")

    def _end_link(self, address: str, start: int) -> None:
        words = "".join(self.parts[start:]).strip()
        if address and not address.startswith("#") and address != words:
            self.parts.append(f" ({address})" if words else address)

    def handle_data(self, data: str) -> None:
        if not self.silent_depth:
            self.parts.append(re.sub(r"\s+", " ", data))
