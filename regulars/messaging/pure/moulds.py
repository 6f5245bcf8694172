"""Parts of letters as moulds: what all copies share is tracked and encoded once.

A copy is cast from fixed pieces, signed links, and the few stretches that differ from customer to
customer. It reads as if it had been rendered, tracked and encoded as a whole.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from regulars.messaging.pure.links import (
    Link,
    Signing,
    SignLink,
    add_pixel,
    body_end,
    html_parts,
    pixel_tag,
    text_parts,
    track_html,
    track_text,
)
from regulars.messaging.pure.rendering import Compiled, Data, Stretched
from regulars.messaging.pure.transfer import (
    Piece,
    finished,
    plain_piece,
    plain_token,
    raw_piece,
    raw_token,
)

# No tag reaches over such a place of HTML, and no address over one of a text.
_HTML_SEAM = re.compile(r"(?<=>)|(?=<)")
_TEXT_SEAM = re.compile(r"""(?<=[\s<>()\[\]"'])""")


class _Place(Enum):
    PIXEL = "the picture that tells of an opening"
    STRETCH = "what is rendered for each customer"


_Part = Piece | Link | _Place


@dataclass(frozen=True, slots=True)
class Mould:
    """A part of a letter read once.

    parts      in their order; a STRETCH stands for the next one that was rendered
    has_pixel  there is a place for the picture; else it is looked for in what was rendered
    """

    stretched: Stretched
    parts: tuple[_Part, ...]
    own_prefix: str
    is_html: bool
    is_base64: bool
    has_pixel: bool

    def cast(self, data: Data, sign: SignLink, *, pixel: str = "") -> tuple[Piece, tuple[str, ...]]:
        """The encoded part for one customer, and the names the data did not have.

        sign    gives the address to put in the place of the link with this number
        pixel   address of the picture, for HTML
        raises  TemplateInvalid
        """
        texts, missing = self.stretched.render(data)
        stretches, signing = iter(texts), Signing(sign)
        encode = raw_piece if self.is_base64 else plain_piece
        encode_token = raw_token if self.is_base64 else plain_token
        wires: list[bytes] = []
        canonicals: list[bytes] = []
        for part in self.parts:
            if isinstance(part, Link):
                address = signing.address(part.url)
                token = encode_token(html.escape(address) if self.is_html else address)
                wires.append(token)
                canonicals.append(token)
                continue
            if isinstance(part, Piece):
                piece = part
            elif part is _Place.PIXEL:
                piece = encode(pixel_tag(pixel))
            else:
                piece = encode(self._tracked(next(stretches), signing, pixel))
            wires.append(piece.wire)
            canonicals.append(piece.canonical)
        return finished(wires, canonicals, is_base64=self.is_base64), missing

    def _tracked(self, text: str, signing: Signing, pixel: str) -> str:
        if not self.is_html:
            return track_text(text, signing, self.own_prefix)
        tracked = track_html(text, signing, self.own_prefix)
        return tracked if self.has_pixel else add_pixel(tracked, pixel)


def html_mould(compiled: Compiled, *, own_prefix: str, is_base64: bool) -> Mould:
    """The HTML of a letter.

    own_prefix  links that begin so are ours and stay as they are
    """
    stretched = compiled.stretched(_HTML_SEAM)
    has_pixel = body_end(stretched.fixed[-1]) is not None
    if not has_pixel:
        # The body may end in a stretch; this is only known when that is rendered.
        stretched = compiled.stretched(_HTML_SEAM, is_whole=True)
    parts = tuple(_parts(stretched, own_prefix, is_html=True, is_base64=is_base64))
    return Mould(stretched, parts, own_prefix, True, is_base64, has_pixel)


def text_mould(compiled: Compiled, *, own_prefix: str, is_base64: bool) -> Mould:
    """The text of a letter; as html_mould."""
    stretched = compiled.stretched(_TEXT_SEAM)
    parts = tuple(_parts(stretched, own_prefix, is_html=False, is_base64=is_base64))
    return Mould(stretched, parts, own_prefix, False, is_base64, False)


def _parts(
    stretched: Stretched, own_prefix: str, *, is_html: bool, is_base64: bool
) -> Iterator[_Part]:
    encode = raw_piece if is_base64 else plain_piece
    last = len(stretched.fixed) - 1
    for number, text in enumerate(stretched.fixed):
        for part in _fixed_parts(text, own_prefix, is_html=is_html, is_last=number == last):
            if not isinstance(part, str):
                yield part
            elif part:
                yield encode(part)
        if number < last:
            yield _Place.STRETCH


def _fixed_parts(
    text: str, own_prefix: str, *, is_html: bool, is_last: bool
) -> Iterator[str | Link | _Place]:
    """What goes as it is, put together, with links and the picture's place between."""
    end = body_end(text) if is_html and is_last else None
    if end is not None:
        yield from _gathered(html_parts(text[:end], own_prefix))
        yield _Place.PIXEL
        text = text[end:]
    yield from _gathered((html_parts if is_html else text_parts)(text, own_prefix))


def _gathered(parts: Iterator[str | Link]) -> Iterator[str | Link]:
    words: list[str] = []
    for part in parts:
        if isinstance(part, str):
            words.append(part)
        else:
            yield "".join(words)
            words = []
            yield part
    yield "".join(words)
