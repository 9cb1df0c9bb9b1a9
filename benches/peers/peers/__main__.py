"""Runs every contender in turn, round after round, and prints ratios of medians.

    python -m peers PROGRAM [--parts catch-up,behind,choosing,processes] [--sizes S,M] [--rounds 5]
"""

import argparse
import importlib.metadata
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from . import behind, choosing, processes, sums

PARTS = "catch-up,behind,choosing,processes"
NOW = "2026-01-08T23:00:00Z"
SIZES = {"S": (13, 250, 30), "M": (1_000, 250, 30), "L": (20_000, 60, 30)}
IN_FULL = ["plimsoll", "numpy, rows", "numpy, packed", "incident"]
BOOKS = ["numpy, books", "SQL alone, books", "DuckDB, books", "polars, books"]
ONCE = {"incident", "SQL alone, books"}
"""What takes minutes runs in the first round alone."""
ONLY_SMALL = {"incident"}
PACKAGES = ("numpy", "pandas", "SQLAlchemy", "duckdb", "polars", "luigi", "sqlmesh")


def main() -> int:
    asked = arguments()
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    said = subprocess.run([asked.program, "--version"], check=True, capture_output=True, text=True)
    print(said.stdout.strip() + "; " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    results, wrong = {}, 0
    if "catch-up" in asked.parts:
        for size in asked.sizes.split(","):
            results[size], bad = catch_up(asked.program, size, asked.rounds)
            wrong += bad
    if "behind" in asked.parts:
        results["behind"] = fall_behind(asked.program, asked.rounds)
    if "choosing" in asked.parts:
        results["choosing"] = choose(asked.program, asked.choosing)
    if "processes" in asked.parts:
        results["processes"] = start(asked.program)
    if asked.json:
        Path(asked.json).write_text(json.dumps({"versions": versions, "results": results}, indent=1))
    return 1 if wrong else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="peers", description=__doc__.splitlines()[0])
    parser.add_argument("program", help="plimsoll, built for release")
    parser.add_argument("--parts", default=PARTS, type=parts, help=f"of {PARTS}")
    parser.add_argument("--sizes", default="S,M", help="of S, M and L, with commas")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--choosing", type=int, default=100_000, help="portfolios to choose work for")
    parser.add_argument("--json", help="a file for the figures")
    return parser.parse_args()


def parts(asked: str) -> list[str]:
    unknown = set(asked.split(",")) - set(PARTS.split(","))
    if unknown:
        raise argparse.ArgumentTypeError(f"no part is called {', '.join(sorted(unknown))}; there are {PARTS}")
    return asked.split(",")


def catch_up(program: str, size: str, rounds: int) -> tuple[dict, int]:
    portfolios, sessions, holdings = SIZES[size]
    cells = portfolios * sessions
    found: dict[str, list[dict]] = {}
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "base.db")
        make(program, base, portfolios, sessions, holdings)
        for round in range(rounds):
            for name in ["plimsoll, books", *IN_FULL, *BOOKS]:
                if (name in ONCE and round) or (name in ONLY_SMALL and size != "S"):
                    continue
                progress(f"{size}, round {round + 1} of {rounds}: {name}")
                found.setdefault(name, []).append(one(program, base, name, SIZES[size]))
    progress("")
    return table(f"{size}: {portfolios:,} × {sessions} × {holdings}, {cells:,} cells", cells, found)


def make(program: str, path: str, portfolios: int, sessions: int, holdings: int, past: str = "nothing") -> None:
    size = ["--portfolios", portfolios, "--sessions", sessions, "--holdings", holdings, "--past", past]
    command = [program, "--quiet", "bench", *map(str, size), "--make", path]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def one(program: str, base: str, name: str, size: tuple[int, int, int]) -> dict:
    if name == "plimsoll, books":
        return books_alone(program, size)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "peers.contender", name, base, folder, program, NOW]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(said.stdout)


def books_alone(program: str, size: tuple[int, int, int]) -> dict:
    """Only the bench does books without the rest; it makes the same sources from the same seed."""
    names = ("--portfolios", "--sessions", "--holdings")
    sizes = [str(part) for pair in zip(names, size) for part in pair]
    command = [program, "--json", "bench", "--books", "--nights", "1", *sizes]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    whole = dict(said["microseconds"])["whole"] / 1e6
    return {"seconds": whole, "peak": said["peak-memory"], "totals": {"cells": said["cells"]}}


def table(title: str, cells: int, found: dict[str, list[dict]]) -> tuple[dict, int]:
    ours = found["plimsoll"][0]["totals"]
    print(f"\n{title}\n")
    print(f"{'':18} {'rounds':>6} {'seconds':>9} {'cells/s':>9} {'times ours':>10} {'peak MB':>8}  sums")
    medians, wrong = {}, 0
    for name, rounds in found.items():
        seconds = statistics.median(one["seconds"] for one in rounds)
        peak = statistics.median(one["peak"] for one in rounds)
        fair = "plimsoll, books" if name in BOOKS else "plimsoll"
        base = statistics.median(one["seconds"] for one in found[fair])
        difference = next(filter(None, (sums.disagreement(ours, one["totals"]) for one in rounds)), None)
        wrong += difference is not None
        print(
            f"{name:18} {len(rounds):6} {seconds:9.3f} {cells / seconds:9,.0f} {seconds / base:10.1f}"
            f" {peak / 1e6:8,.0f}  {difference or 'agree'}"
        )
        medians[name] = {"seconds": seconds, "peak": peak, "times": seconds / base}
    return medians, wrong


def fall_behind(program: str, rounds: int) -> dict:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "base.db")
        make(program, base, *SIZES["S"])
        progress("complete books, both ways")
        complete = behind.Complete(program, NOW, base, folder)
        for state in behind.STATES:
            found[state] = complete.measure(state, rounds, folder, progress)
    progress("")
    print("\n13 portfolios × 250 sessions, of which the last are missing, ms\n")
    print(f"{'':23} {'cells':>6} {'plimsoll':>9} {'everyone':>9} {'incident':>9} {'times':>6} {'everyone':>9} {'times':>6}")
    for state, of in found.items():
        ours, ours_all, theirs, theirs_all = (
            of[name]["seconds"] * 1e3
            for name in ("plimsoll", "plimsoll, everyone", "incident", "incident, everyone")
        )
        print(
            f"{state:23} {of['plimsoll']['cells']:6} {ours:9.1f} {ours_all:9.1f} {theirs:9.1f} {theirs / ours:6.1f}"
            f" {theirs_all:9.1f} {theirs_all / ours:6.1f}"
        )
    return found


def start(program: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        found = processes.measure(program, NOW, folder, make, progress)
    progress("")
    print(f"\nwhole processes, medians of {processes.TIMES}; run over {processes.PORTFOLIOS:,} portfolios × 60 sessions\n")
    for name, of in found.items():
        print(f"{name:20} {of['seconds'] * 1e3:7.1f} ms")
    return found


def choose(program: str, portfolios: int) -> dict:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "base.db")
        make(program, base, portfolios, 60, 30, past="holes")
        _, sessions, missing = choosing.completed(base)
        cells = portfolios * len(sessions)
        most = min(portfolios, 2_000)
        for name, work, asked in [
            ("plimsoll", lambda: choosing.plimsoll(program, base, NOW), cells),
            ("incident", lambda: choosing.incident(portfolios, sessions, missing, str(Path(folder) / "rows.db")), cells),
            ("Luigi", lambda: choosing.luigi(portfolios, sessions, missing, most), most * len(sessions)),
            ("SQLMesh", lambda: choosing.sqlmesh(portfolios, sessions, missing, most), most * len(sessions)),
        ]:
            progress(f"choosing work: {name}")
            seconds, cells_found = work()
            found[name] = {"seconds": seconds, "asked": asked, "found": cells_found}
    progress("")
    print(f"\nchoosing work: {portfolios:,} portfolios × {len(sessions)} sessions, one cell in a thousand missing\n")
    print(f"{'':10} {'cells':>12} {'missing':>9} {'CPU s':>9} {'ns/cell':>9} {'times ours':>10}")
    ours = found["plimsoll"]["seconds"] / found["plimsoll"]["asked"]
    for name, of in found.items():
        each = of["seconds"] / of["asked"]
        print(f"{name:10} {of['asked']:12,} {of['found']:9,} {of['seconds']:9.3f} {each * 1e9:9,.1f} {each / ours:10,.0f}")
    return found


def progress(said: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{said}", end="", file=sys.stderr, flush=True)
    elif said:
        print(said, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
