"""`make bench`: every bar against its rival, one process each; `ONLY=name` runs one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NOT_BARS = {
    "__init__", "__main__", "common", "load", "varied", "membership_parts", "membership_rival",
    "membership_shop", "till_load", "till_shop",
}  # fmt: skip


def main(names: list[str]) -> int:
    """0 when every benchmark ran; whether a bar was met is in what each prints."""
    here = Path(__file__).parent
    known = sorted(p.stem for p in here.glob("*.py") if p.stem not in NOT_BARS)
    wrong = [name for name in names if name not in known]
    if wrong:
        print(f"There is no benchmark {', '.join(wrong)}; known: {', '.join(known)}.")
        return 2
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
        for name in names or known
    ]
    return max(codes, default=0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
