"""Codes as text: reading what people type, check signs, lengths, files."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.kernel.errors import Invalid
from regulars.loyalty.pure import codes
from regulars.loyalty.pure.code_files import rows_of

bodies = st.text(codes.ALPHABET, min_size=2, max_size=27)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("spring-2026", "5PR1NG2026"),
        (" SPRING 2026 ", "5PR1NG2026"),
        ("Spr1ng–2O26", "5PR1NG2026"),
        ("ВЕСНА 10", "8ECHA10"),
        ("весна-10", "8ECHA10"),
        ("8есна10", "8ECHA10"),
        ("знижка", "З" + "H" + "ИЖ" + "KA"),
        ("ＡＢＣ", "A8C"),
        ("o0-il1", "00111"),
    ],
)
def test_a_code_is_read_however_it_was_typed(typed: str, meant: str) -> None:
    assert codes.normalised(typed) == meant
    assert codes.normalised(meant) == meant


@pytest.mark.parametrize("text", ["", "ab", "<script>", "a" * 65, "a\x00b", "one,two", "a" * 999])
def test_what_is_no_code_is_nothing(text: str) -> None:
    assert codes.normalised(text) == ""


def test_the_alphabet_has_no_sign_that_looks_like_another() -> None:
    assert len(codes.ALPHABET) == len(set(codes.ALPHABET)) == 29
    assert set("OILSZBU") & set(codes.ALPHABET) == set()
    assert codes.normalised(codes.ALPHABET) == codes.ALPHABET


@given(bodies, st.data())
def test_one_wrong_sign_never_passes(body: str, data: st.DataObject) -> None:
    whole = body + codes.check_sign(body)
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from([s for s in codes.ALPHABET if s != whole[place]]))
    wrong = whole[:place] + other + whole[place + 1 :]

    assert codes.check_sign(wrong[:-1]) != wrong[-1]


@given(bodies, st.data())
def test_two_swapped_signs_never_pass(body: str, data: st.DataObject) -> None:
    one, two = sorted(
        data.draw(st.lists(st.integers(0, len(body) - 1), min_size=2, max_size=2, unique=True))
    )
    swapped = list(body)
    swapped[one], swapped[two] = swapped[two], swapped[one]

    is_same = body[one] == body[two]
    assert (codes.check_sign("".join(swapped)) == codes.check_sign(body)) is is_same


def test_a_code_is_long_enough_for_how_many_there_are() -> None:
    assert [codes.random_signs(n) for n in (1, 1_000_000, 1_121_000, 1_123_000, 30_000_000)] == [
        12, 12, 12, 13, 13,
    ]  # fmt: skip
    a_year = 1_000_000 * codes.GUESSES_PER_S * codes.YEAR_S / 29**12
    assert round(a_year, 4) == 0.0089


@settings(max_examples=30)
@given(st.integers(1, 200), st.integers(12, 19), st.text(codes.ALPHABET, max_size=8))
def test_generated_codes_are_well_formed_and_differ(count: int, signs: int, prefix: str) -> None:
    chance = secrets.token_bytes(codes.bytes_needed(count, signs))

    made = codes.codes_of(chance, count, signs, prefix)

    assert len(made) == len(set(made)) == count
    assert all(code.startswith(prefix) and codes.is_well_formed(code) for code in made)
    assert all(len(code) == len(prefix) + signs + 1 for code in made)


def test_every_sign_is_equally_likely() -> None:
    every_byte = bytes(range(256)) * 29

    made = codes.codes_of(every_byte, 232 * 29 // 16, 16)

    counts = {s: sum(code[:-1].count(s) for code in made) for s in codes.ALPHABET}
    assert set(counts.values()) <= {231, 232} and sum(counts.values()) == 6720


def test_a_code_is_printed_in_groups() -> None:
    assert codes.grouped("MRQVEK7NC6T81") == "MRQV-EK7N-C6T81"
    assert codes.grouped("ABC") == "ABC"
    assert codes.normalised(codes.grouped("MRQVEK7NC6T81")) == "MRQVEK7NC6T81"


def test_a_file_is_read_with_reasons_for_bad_rows() -> None:
    raw = "name;Code\nfirst;ALPHA-1\nsecond;\n;ab\nthird;alpha 1\nlong;{}\n\nlast;BETA2\n".format(
        "x" * 70
    )

    rows = rows_of(raw.encode())

    assert [(row.row_no, row.code, row.fault) for row in rows] == [
        (2, "A1PHA1", ""),
        (3, "", "code_missing"),
        (4, "", "code_invalid"),
        (5, "A1PHA1", "code_twice"),
        (6, "", "code_too_long"),
        (8, "8ETA2", ""),
    ]


def test_a_file_without_a_heading_is_its_first_column() -> None:
    assert [row.code for row in rows_of(b"ONE\nTWO\n")] == ["0NE", "TW0"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [(b"", "upload_empty"), (b"\n\n", "upload_empty"), (b"code\n", "upload_empty"),
     (b"\xff\xfe\x00", "upload_unreadable")],
)  # fmt: skip
def test_what_is_no_file_of_codes_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Invalid) as told:
        rows_of(raw)

    assert told.value.code == code
