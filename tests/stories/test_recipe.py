"""The commands of the recipe are run as they stand in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.faults.server import free_port

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "docs" / "recipes" / "winback.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.long
@pytest.mark.real_data
def test_the_win_back_recipe_does_what_it_says(online_retail: Path, tmp_path: Path) -> None:
    blocks = BLOCK.findall(RECIPE.read_text())
    script = "set -euo pipefail\n" + "".join(f"echo '=== {n}'\n{b}" for n, b in enumerate(blocks))
    keep = {key: value for key, value in os.environ.items() if not key.startswith("REGULARS_")}
    keep.pop("DATABASE_URL", None)

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env={
            **keep,
            "REGULARS_DATA": str(tmp_path / "data"),
            "REGULARS_CATCHER_PORT": str(free_port()),
            "DATA": str(online_retail / "online_retail.parquet"),
            "PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    parts = dict(re.findall(r"^=== (\d+)\n(.*?)(?=^=== |\Z)", done.stdout, re.M | re.S))
    assert json.loads(parts["1"])["taken"] == 541_909
    assert '"at_risk": 701' in parts["2"]
    assert parts["3"].strip() == "701"
    reach = json.loads(parts["6"])
    assert reach["audience"] == 701
    assert reach["audience"] == reach["contacted"] + reach["control"] + sum(
        reach["excluded"].values()
    )
    (told,) = json.JSONDecoder().raw_decode(parts["8"])[0]["campaigns"]
    assert told["sent"] == told["delivered"] == reach["contacted"]
    report = json.loads(parts["8"].strip().splitlines()[-1])
    assert report["sent"] == told["sent"]
    assert report["lift"]["control"]["customers"] == reach["control"]
