"""Fills a workspace; a process of its own, for it works as the engine and the server must not."""

from __future__ import annotations

import os
import sys

from regulars.kernel.errors import RegularsError
from regulars.store import place
from regulars.store.roles import Role


def main(slug: str) -> int:
    """Fill the shop that the note names; going on where an earlier run was stopped."""
    os.environ["REGULARS_ROLE"] = Role.ENGINE.value
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    import django

    django.setup()
    from regulars.project import start
    from regulars.project.demo import filling

    start.wire()
    try:
        filling.fill(place.data_folder(), slug)
    except RegularsError as error:
        print(f"regulars: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
