from __future__ import annotations

import io
import logging

import psycopg
import pytest

from regulars.kernel.errors import Invalid
from regulars.project.logs import Formatter
from regulars.store.scope import cursor, scope
from tests.town import workspace


@pytest.fixture
def log() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("regulars.test.logs")
    logger.handlers, logger.propagate = [handler], False
    return logger, stream


def test_the_words_of_an_error_stay_out_of_the_log(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = log
    address = "mira@example.com"
    try:
        try:
            int(address)
        except ValueError as error:
            raise Invalid("number", address + " is no number") from error
    except Invalid:
        logger.exception("row 7 failed")

    text = stream.getvalue()
    assert "mira" not in text
    assert text.startswith("ERROR row 7 failed\n")
    assert "regulars.kernel.errors.Invalid (number)\ncaused by:\n" in text
    assert text.endswith("builtins.ValueError\n")
    assert "test_logs.py" in text


def test_a_row_that_the_database_names_stays_out_of_the_log(
    db: None, log: tuple[logging.Logger, io.StringIO]
) -> None:
    logger, stream = log
    bakery, address = workspace(), "zoe@example.com"
    try:
        with scope(bakery.id):
            cursor().execute("SELECT %s::integer", [address])
    except psycopg.Error:
        logger.exception("a statement failed")

    text = stream.getvalue()
    assert "zoe" not in text
    assert text.endswith("psycopg.errors.InvalidTextRepresentation (22P02)\n")
