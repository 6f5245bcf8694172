"""A file in the Online Retail layout, as if the shop had closed its books today."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from regulars.intake.importers import read, stage
from regulars.intake.importers.pure import columns
from regulars.intake.importers.records import ImportKind, Layout
from regulars.kernel.errors import Invalid

ZONE = "Europe/London"
CURRENCY = "GBP"
REGION = "GB"
LATEST = datetime(9999, 1, 1)  # noqa: DTZ001 - times of the file are taken as they stand
TEXT = "%Y-%m-%d %H:%M:%S"


def check(path: Path) -> None:
    """Nothing when the file has the columns of Online Retail.

    raises  Invalid(file_missing | file_unreadable | demo_layout …)
    """
    found = columns.recognise(ImportKind.ORDERS, read.open_file(path).headings)
    if found.layout is not Layout.ONLINE_RETAIL:
        wanted = ", ".join(names[0] for _, names in columns.ONLINE_RETAIL)
        raise Invalid("demo_layout", f"{path.name} lacks a column; the demo needs {wanted}.")


def shift(path: Path, target: Path, end: datetime) -> timedelta:
    """Write the file to `target` with its times moved so that the last is on the day of `end`.

    end      an instant; nothing lies after it
    returns  by how much the times were moved
    raises   Invalid(demo_dates) when no time can be read
    """
    source = read.open_file(path)
    chosen = columns.recognise(ImportKind.ORDERS, source.headings)
    # Times are read as of UTC and written without a zone: clocks in the shop stay as they were.
    with stage.opened(target.parent, chosen, "UTC", LATEST) as laid:
        laid.load(source, lambda *_: None)
        time = laid.time("placed_at")
        row = laid.con.execute(f"SELECT max({time}) FROM raw").fetchone()
        if row is None or row[0] is None:
            raise Invalid("demo_dates", f"No date in {path.name} can be read.")
        by = offset(row[0], end.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None))
        place = laid.place["placed_at"]
        cells = ", ".join(
            f"coalesce(strftime({time} + to_seconds({by.total_seconds():.0f}), '{TEXT}'), {cell})"
            f" AS {_quoted(heading)}"
            if cell == place
            else f"{cell} AS {_quoted(heading)}"
            for cell, heading in ((f"c{n}", name) for n, name in enumerate(source.headings))
        )
        laid.con.execute(
            f"COPY (SELECT {cells} FROM raw ORDER BY row_no)"
            f" TO '{str(target).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)"
        )
    return by


def offset(last: datetime, now: datetime) -> timedelta:
    """Whole days from the last time to today, less the hours by which that would lie ahead."""
    by = timedelta(days=(now.date() - last.date()).days)
    ahead = last + by - now
    if ahead <= timedelta(0):
        return by
    return by - timedelta(hours=-(-ahead // timedelta(hours=1)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
