"""One part of `membership` in a process of its own: PART FOLDER OPTIONS-AS-JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks import membership

if __name__ == "__main__":
    part, folder, options = sys.argv[1:]
    {"full": membership.full, "change": membership.change}[part](Path(folder), json.loads(options))
