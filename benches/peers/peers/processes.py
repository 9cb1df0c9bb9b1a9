"""Measures whole processes that have little to do, as a shell sees them.

Cold means that the system dropped the database's pages from its cache just before, and kept those of
the program. `true` shows the time of starting any process on this machine.
"""

import os
import statistics
import subprocess
import time
from pathlib import Path

TIMES = 15
PORTFOLIOS = 1_000_000


def measure(program: str, now: str, folder: str, make, progress) -> dict[str, dict]:
    demo, million = str(Path(folder) / "demo.db"), str(Path(folder) / "million.db")
    quiet(program, "--db", demo, "demo")
    progress(f"{PORTFOLIOS:,} complete portfolios")
    make(million, PORTFOLIOS, 60, 30, coverage="everything")
    idle = [program, "--db", million, "--now", now, "run"]
    quiet(*idle)
    measured = {}
    for name, command, cold in [
        ("true", ["true"], None),
        ("--version", [program, "--version"], None),
        ("status, the demo", [program, "--db", demo, "status"], None),
        ("run, all done, warm", idle, None),
        ("run, all done, cold", idle, million),
    ]:
        progress(name)
        measured[name] = {"seconds": statistics.median(seconds(command, cold) for _ in range(TIMES))}
    return measured


def seconds(command: list[str], cold: str | None) -> float:
    """Returns the seconds of one process. Drops the file `cold` from the cache first."""
    if cold:
        drop_from_cache(cold)
    before = time.perf_counter()
    quiet(*command)
    return time.perf_counter() - before


def quiet(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def drop_from_cache(path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    # Only pages that are on disk can be dropped.
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)
