"""How a text file is written: its encoding and what stands between its cells."""

from __future__ import annotations

import codecs
import csv
from itertools import pairwise

from regulars.kernel.errors import Invalid

SAMPLE_BYTES = 1 << 20
DELIMITERS = ",;\t|"
# Fewer broken bytes than this are damage in a UTF-8 file; more mean another encoding.
DAMAGE_SHARE_MAX = 0.01
ENCODINGS = ("utf-8", "utf-16", "cp1251", "cp1252", "latin-1")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(sample: bytes) -> str:
    """The encoding of a file that begins so.

    A mark at the start decides; then UTF-8, for other text is hardly ever valid UTF-8 by
    chance; then Cyrillic or Western by which letters the high bytes would be.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    if sample[:200].count(0) > len(sample[:200]) // 4:
        return "utf-16-le" if sample[1:200:2].count(0) > sample[0:200:2].count(0) else "utf-16-be"
    high = sum(byte > 0x7F for byte in sample)
    broken = _broken_bytes(sample)
    if not high or broken <= high * DAMAGE_SHARE_MAX:
        return "utf-8"
    return "cp1251" if _looks_cyrillic(sample) else "cp1252"


def _broken_bytes(sample: bytes) -> int:
    # The sample may end inside a letter, and that is no damage.
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    return sum("\udc80" <= letter <= "\udcff" for letter in decoder.decode(sample))


def _looks_cyrillic(sample: bytes) -> bool:
    """Whether high bytes stand in runs: Cyrillic words are made of them, Western ones dotted."""
    high = runs = 0
    for before, byte in pairwise(sample):
        if byte >= 0xC0 or byte in (0xB3, 0xB2, 0xBF, 0xAF, 0xBA, 0xAA):
            high += 1
            runs += before >= 0xC0 or before in (0xB3, 0xB2, 0xBF, 0xAF, 0xBA, 0xAA)
    return high > 0 and runs > high / 2


def detect_delimiter(sample: str) -> str:
    """What parts the cells: the mark that most lines have most evenly.

    raises  Invalid(file_empty)
    """
    lines = [line for line in sample.splitlines()[:50] if line.strip()]
    if not lines:
        raise Invalid("file_empty", "The file is empty.")
    # The last line of a sample may be cut.
    lines = lines[:-1] if len(lines) > 2 else lines
    return max(DELIMITERS, key=lambda mark: _evenness(lines, mark))


def _evenness(lines: list[str], mark: str) -> tuple[int, int]:
    widths = [len(row) for row in csv.reader(lines, delimiter=mark)]
    heading = widths[0] if widths else 0
    if heading < 2:
        return (0, 0)
    return (sum(width == heading for width in widths), heading)


def check_encoding(name: str) -> str:
    """The encoding asked for by name. raises Invalid(file_encoding)"""
    if name.lower() not in ENCODINGS:
        raise Invalid("file_encoding", f"Encodings known are {', '.join(ENCODINGS)}.")
    return name.lower()


def check_delimiter(mark: str) -> str:
    """The mark asked for between cells. raises Invalid(file_delimiter)"""
    if len(mark) != 1 or mark in '"\r\n\x00':
        raise Invalid("file_delimiter", "What parts the cells is one character, as , or ; or tab.")
    return mark
