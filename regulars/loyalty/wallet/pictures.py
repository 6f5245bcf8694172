"""Pictures of cards: codes as lines and squares of SVG, and the plain icons passes must have."""

from __future__ import annotations

import struct
import zlib

import barcode
import segno

QUIET_MODULES = 4


def qr_squares(text: str) -> tuple[int, str]:
    """The side of a QR code in modules and its dark ones as one SVG path."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    path = [
        f"M{x + QUIET_MODULES} {y + QUIET_MODULES}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    ]
    return len(rows) + 2 * QUIET_MODULES, "".join(path)


def bars(number: str) -> tuple[int, list[tuple[int, int]]]:
    """The width of a Code 128 in modules and its bars as (place, width)."""
    made: str = barcode.get("code128", number).build()[0]
    found: list[tuple[int, int]] = []
    place = 0
    while place < len(made):
        end = place
        while end < len(made) and made[end] == made[place]:
            end += 1
        if made[place] == "1":
            found.append((place + 10, end - place))
        place = end
    return len(made) + 20, found


def plain_png(colour: str, width: int, height: int) -> bytes:
    """A picture of one colour, written as #rrggbb."""
    pixel = bytes.fromhex(colour[1:])
    rows = (b"\x00" + pixel * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
