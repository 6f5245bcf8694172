"""A million unique codes made by the worker's own task, each chunk durable, beside a bare COPY.

The rival copies the same texts into a table with one unique index and no fence.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from benchmarks.common import Report, once_s

CODES = 1_000_000
SECONDS_MAX = 60.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=CODES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        _prepare(Path(folder))
        report = Report("loyalty_codes")
        made_s, texts = _generate(options.codes)
        rival_s = _copy(texts)
    bar = SECONDS_MAX * options.codes / CODES
    report.add(f"{options.codes:,} codes generated, s", made_s, bar, is_at_most=True)
    report.add("the same by a bare COPY, s", rival_s, note="a table with one unique index")
    report.add("different codes", float(len(set(texts))), float(options.codes))
    report.print()


def _prepare(folder: Path) -> None:
    os.environ["REGULARS_DATA"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    from regulars.store import embedded

    os.environ["DATABASE_URL"] = embedded.start(folder).url
    os.environ["REGULARS_ROLE"] = "engine"
    import django

    from regulars.project import database, start

    database.migrate_if_needed()
    django.setup()
    start.wire()


def _generate(count: int) -> tuple[float, list[str]]:
    from regulars.jobs import actions as jobs
    from regulars.loyalty import code_tasks
    from regulars.loyalty.actions import series as actions
    from regulars.loyalty.actions.series import Terms
    from regulars.store.scope import cursor, scope
    from regulars.workspaces import actions as workspaces

    shop = workspaces.create_workspace("shop", currency="UAH", time_zone="Europe/Kyiv")
    with scope(shop.id):
        one = actions.create_series(shop.id, Terms(name="Pool"), kind="unique")
        actions.generate_codes(shop.id, one.public_id, count, key="bench")
    with scope(shop.id):
        job = jobs.claim()
        assert job is not None
    start = time.perf_counter()
    code_tasks.run(job)
    seconds = time.perf_counter() - start
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT code FROM loyalty_code WHERE workspace_id = %s", [shop.id])
        return seconds, [row[0] for row in raw.fetchall()]


def _copy(texts: list[str]) -> float:
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE rival (id bigserial PRIMARY KEY, code text UNIQUE)")

        def fill() -> None:
            with connection.cursor().copy("COPY rival (code) FROM STDIN") as copy:
                copy.write("\n".join(texts) + "\n")

        return once_s(fill)


if __name__ == "__main__":
    main()
