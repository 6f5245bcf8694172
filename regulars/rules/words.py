"""Text as rules compare it: without case, by Python's str.lower, with one kind of Greek sigma."""

from __future__ import annotations

FINAL_SIGMA, SIGMA = "ς", "σ"


def folded(text: str) -> str:
    """The text in lower case.

    Python lowers a capital sigma by its place in the word and DuckDB does not, so both
    sigmas count as one; no other letter is compared differently from str.lower.
    """
    return text.lower().replace(FINAL_SIGMA, SIGMA)
