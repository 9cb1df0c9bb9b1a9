"""Runs one contender on one copy of a database, in its own process. Prints JSON.

The time excludes starting Python and importing modules, and includes Plimsoll's whole process. The
memory is the peak of the process.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from . import sums
from .copies import copy_synced


def main(name: str, base: str, folder: str, program: str, now: str) -> None:
    path = copy_synced(base, str(Path(folder) / "copy.db"))
    out = Path(folder) / "out"
    out.mkdir()
    seconds, totals = CONTENDERS[name](path, str(out), program, now)
    peak = peak_of_children() if name.startswith("plimsoll") else peak_of_this_process()
    print(json.dumps({"seconds": seconds, "peak": peak, "totals": totals}))


def peak_of_this_process() -> int:
    """Returns the peak memory in bytes. `getrusage` would include the process that started this one."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def peak_of_children() -> int:
    # Linux reports kilobytes.
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def timed(work) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def plimsoll(path, out, program, now):
    command = [program, "--quiet", "--db", path, "--now", now, "run"]
    return timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)), sums.plimsoll(path)


def numpy(path, only_books=False, packed=True):
    from . import analyst

    return timed(lambda: analyst.run(path, only_books, packed)), analyst.totals(path, only_books)


def incident(path, out, program, now):
    from . import incident

    return timed(lambda: incident.run(path)), incident.totals(path)


def sql_alone(path, out, program, now):
    from . import sql_alone

    return timed(lambda: sql_alone.run(path)), sql_alone.totals(path)


def duck(path, out, program, now):
    from . import duck

    file = str(Path(out) / "books.duckdb")
    return timed(lambda: duck.run(path, file)), duck.totals(file)


def polars(path, out, program, now):
    from . import polar

    return timed(lambda: polar.run(path, out)), polar.totals(out)


CONTENDERS = {
    "plimsoll": plimsoll,
    "numpy, rows": lambda path, *_: numpy(path, packed=False),
    "numpy, packed": lambda path, *_: numpy(path),
    "incident": incident,
    "numpy, books": lambda path, *_: numpy(path, only_books=True),
    "SQL alone, books": sql_alone,
    "DuckDB, books": duck,
    "polars, books": polars,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
