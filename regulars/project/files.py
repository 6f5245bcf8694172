"""Files a release needs before it serves: compiled translations and collected static files."""

from __future__ import annotations

import os


def prepare() -> None:
    """Compile and collect; what is up to date is left alone."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from regulars.web.translations import compile_all

    compile_all()
    # The extensions of htmx import modules that the package does not ship.
    call_command(
        "collectstatic", interactive=False, verbosity=0, ignore_patterns=["django_htmx/ext/*"]
    )


if __name__ == "__main__":
    prepare()
