"""What whole processes take in which there is little to do: the shell's view of a command.

Cold means that the database's pages were given up by the system's cache just before; those of the
program were not. `true` is what starting any process takes here.
"""

import os
import statistics
import subprocess
import time
from pathlib import Path

TIMES = 15
PORTFOLIOS = 1_000_000


def measure(program: str, now: str, folder: str, make, tell) -> dict[str, dict]:
    demo, million = str(Path(folder) / "demo.db"), str(Path(folder) / "million.db")
    quiet(program, "--db", demo, "demo")
    tell(f"{PORTFOLIOS:,} complete portfolios")
    make(program, million, PORTFOLIOS, 60, 30, past="everything")
    idle = [program, "--db", million, "--now", now, "run"]
    quiet(*idle)
    found = {}
    for name, command, cold in [
        ("true", ["true"], None),
        ("--version", [program, "--version"], None),
        ("status, the demo", [program, "--db", demo, "status"], None),
        ("run, all done, warm", idle, None),
        ("run, all done, cold", idle, million),
    ]:
        tell(name)
        found[name] = {"seconds": statistics.median(once(command, cold) for _ in range(TIMES))}
    return found


def once(command: list[str], cold: str | None) -> float:
    if cold:
        give_up(cold)
    before = time.perf_counter()
    quiet(*command)
    return time.perf_counter() - before


def quiet(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def give_up(path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)
