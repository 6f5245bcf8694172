"""A Spark cluster of this machine's own, on the loopback: one master and some workers.

For trying and testing; `docs/operations` tells how a real cluster is set up.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from regulars.kernel.errors import Outside
from regulars.lake.spark import java

HOST = "127.0.0.1"
START_S = 180.0
STOP_S = 10.0
POLL_S = 0.1
WORKERS = 2
CORES_EACH = 1
MEMORY_EACH = "1g"

_MASTER = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED = "Successfully registered with master"


@contextmanager
def cluster(
    folder: Path, *, workers: int = WORKERS, cores: int = CORES_EACH, memory: str = MEMORY_EACH
) -> Iterator[str]:
    """The address of the master, spark://127.0.0.1:port; everything is stopped at the end.

    folder  for logs and the workers' own files
    raises  Outside(spark_missing | java_missing | spark_unreachable)
    """
    with ExitStack() as stack:
        log = folder / "master.log"
        words = ["master.Master", "--host", HOST, "--port", "0", "--webui-port", "0"]
        stack.enter_context(_process(words, log))
        address = _told(log, _MASTER)[1]
        logs = []
        for number in range(1, workers + 1):
            log = folder / f"worker-{number}.log"
            words = [
                "worker.Worker", "--host", HOST, "--webui-port", "0", "--cores", str(cores),
                "--memory", memory, "--work-dir", str(folder / f"worker-{number}"), address,
            ]  # fmt: skip
            stack.enter_context(_process(words, log))
            logs.append(log)
        for log in logs:
            _told(log, re.compile(_REGISTERED))
        yield address


@contextmanager
def _process(words: Sequence[str], log: Path) -> Iterator[None]:
    try:
        import pyspark
    except ImportError as error:
        problem = 'Spark is not installed: pip install "regulars[spark]".'
        raise Outside("spark_missing", problem, is_permanent=True) from error
    home = Path(pyspark.__file__).parent
    program = home / "bin" / "spark-class"
    environment = {
        **os.environ,
        "JAVA_HOME": java.home(),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_NO_DAEMONIZE": "1",
    }
    command = [str(program), f"org.apache.spark.deploy.{words[0]}", *words[1:]]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _told(log: Path, wanted: re.Pattern[str]) -> re.Match[str]:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        found = wanted.search(log.read_text(encoding="utf-8", errors="replace"))
        if found is not None:
            return found
        time.sleep(POLL_S)
    raise Outside("spark_unreachable", f"Spark did not start; see {log}.")
