"""Static files with content hashes in their names, so that browsers keep them for ever."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """The compressed manifest, with imports between our modules rewritten as well."""

    support_js_module_import_aggregation = True
    # A page may name a file that was not collected yet (tests, a first start): plain name then.
    manifest_strict = False
