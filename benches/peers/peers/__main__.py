"""Runs the contenders in rounds, each in turn, and prints ratios of medians.

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
FULL = ["plimsoll", "numpy, rows", "numpy, packed", "incident"]
BOOKS = ["numpy, books", "SQL alone, books", "DuckDB, books", "polars, books"]
ONCE = {"incident", "SQL alone, books"}
"""Contenders that take minutes run in the first round only."""
ONLY_SMALL = {"incident"}
RUN_STAGES = ["cargo", "bench", "--quiet", "--locked", "--bench", "run_stages", "--"]
"""Cargo runs a bench in the root of the repository, so paths must be absolute."""
PACKAGES = ("numpy", "pandas", "SQLAlchemy", "duckdb", "polars", "luigi", "sqlmesh")


def main() -> int:
    args = arguments()
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    result = subprocess.run([args.program, "--version"], check=True, capture_output=True, text=True)
    print(result.stdout.strip() + "; " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    results, disagreements = {}, 0
    if "catch-up" in args.parts:
        for size in args.sizes.split(","):
            results[size], count = catch_up(args.program, size, args.rounds)
            disagreements += count
    if "behind" in args.parts:
        results["behind"] = measure_behind(args.program, args.rounds)
    if "choosing" in args.parts:
        results["choosing"] = measure_choosing(args.program, args.choosing)
    if "processes" in args.parts:
        results["processes"] = measure_processes(args.program)
    if args.json:
        Path(args.json).write_text(json.dumps({"versions": versions, "results": results}, indent=1))
    return 1 if disagreements else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="peers", description=__doc__.splitlines()[0])
    parser.add_argument("program", help="a release build of plimsoll")
    parser.add_argument("--parts", default=PARTS, type=parts, help=f"parts to run, separated by commas, from {PARTS}")
    parser.add_argument("--sizes", default="S,M", help="sizes to run, separated by commas, from S,M,L")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    parser.add_argument("--choosing", type=int, default=100_000, help="number of portfolios in the part `choosing`")
    parser.add_argument("--json", help="file to write the results to")
    return parser.parse_args()


def parts(text: str) -> list[str]:
    unknown = set(text.split(",")) - set(PARTS.split(","))
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown part {', '.join(sorted(unknown))}; the parts are {PARTS}")
    return text.split(",")


def catch_up(program: str, size: str, rounds: int) -> tuple[dict, int]:
    portfolios, sessions, holdings = SIZES[size]
    cells = portfolios * sessions
    measured: dict[str, list[dict]] = {}
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "base.db")
        make(base, portfolios, sessions, holdings)
        for round in range(rounds):
            for name in ["plimsoll, books", *FULL, *BOOKS]:
                if (name in ONCE and round) or (name in ONLY_SMALL and size != "S"):
                    continue
                progress(f"{size}, round {round + 1} of {rounds}: {name}")
                measured.setdefault(name, []).append(measure(program, base, name, SIZES[size]))
    progress("")
    return table(f"{size}: {portfolios:,} × {sessions} × {holdings}, {cells:,} cells", cells, measured)


def make(path: str, portfolios: int, sessions: int, holdings: int, coverage: str = "nothing") -> None:
    size = ["--portfolios", portfolios, "--sessions", sessions, "--holdings", holdings]
    command = [*RUN_STAGES, *map(str, size), "--coverage", coverage, "--make", path]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure(program: str, base: str, name: str, size: tuple[int, int, int]) -> dict:
    """Runs one contender once. Returns seconds, peak memory in bytes, and sums of figures."""
    if name == "plimsoll, books":
        return books_only(size)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "peers.contender", name, base, folder, program, NOW]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(result.stdout)


def books_only(size: tuple[int, int, int]) -> dict:
    """Measures Plimsoll's books without exposures and risk, which `run` cannot leave out. The bench
    generates the same sources from the same seed."""
    names = ("--portfolios", "--sessions", "--holdings")
    sizes = [str(part) for pair in zip(names, size) for part in pair]
    command = [*RUN_STAGES, "--json", "--books", "--nights", "1", *sizes]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    # The first stage is the total.
    _, total = report["microseconds"][0]
    return {"seconds": total / 1e6, "peak": report["peak-memory"], "totals": {"cells": report["cells"]}}


def table(title: str, cells: int, measured: dict[str, list[dict]]) -> tuple[dict, int]:
    """Prints the medians of each contender. Returns them, and the number of contenders whose sums
    disagree with Plimsoll's."""
    expected = measured["plimsoll"][0]["totals"]
    print(f"\n{title}\n")
    print(f"{'':18} {'rounds':>6} {'seconds':>9} {'cells/s':>9} {'ratio':>10} {'peak MB':>8}  sums")
    medians, disagreements = {}, 0
    for name, rounds in measured.items():
        seconds = statistics.median(result["seconds"] for result in rounds)
        peak = statistics.median(result["peak"] for result in rounds)
        reference = "plimsoll, books" if name in BOOKS else "plimsoll"
        base = statistics.median(result["seconds"] for result in measured[reference])
        differences = (sums.disagreement(expected, result["totals"]) for result in rounds)
        difference = next(filter(None, differences), None)
        disagreements += difference is not None
        print(
            f"{name:18} {len(rounds):6} {seconds:9.3f} {cells / seconds:9,.0f} {seconds / base:10.1f}"
            f" {peak / 1e6:8,.0f}  {difference or 'agree'}"
        )
        medians[name] = {"seconds": seconds, "peak": peak, "ratio": seconds / base}
    return medians, disagreements


def measure_behind(program: str, rounds: int) -> dict:
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "base.db")
        make(base, *SIZES["S"])
        progress("complete books, in both databases")
        complete = behind.CompleteBooks(program, NOW, base, folder)
        for state in behind.STATES:
            measured[state] = complete.measure(state, rounds, folder, progress)
    progress("")
    print("\n13 portfolios × 250 sessions, of which the last are missing, ms\n")
    print(f"{'':23} {'cells':>6} {'plimsoll':>9} {'all':>9} {'incident':>9} {'ratio':>6} {'all':>9} {'ratio':>6}")
    for state, results in measured.items():
        plimsoll, plimsoll_all, incident, incident_all = (
            results[name]["seconds"] * 1e3
            for name in ("plimsoll", "plimsoll, all", "incident", "incident, all")
        )
        print(
            f"{state:23} {results['plimsoll']['cells']:6} {plimsoll:9.1f} {plimsoll_all:9.1f}"
            f" {incident:9.1f} {incident / plimsoll:6.1f} {incident_all:9.1f} {incident_all / plimsoll_all:6.1f}"
        )
    return measured


def measure_processes(program: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        measured = processes.measure(program, NOW, folder, make, progress)
    progress("")
    print(f"\nprocesses, medians of {processes.TIMES}; run over {processes.PORTFOLIOS:,} portfolios × 60 sessions\n")
    for name, result in measured.items():
        print(f"{name:20} {result['seconds'] * 1e3:7.1f} ms")
    return measured


def measure_choosing(program: str, portfolios: int) -> dict:
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "base.db")
        make(base, portfolios, 60, 30, coverage="holes")
        _, sessions, missing = choosing.coverage(base)
        cells = portfolios * len(sessions)
        # Luigi and SQLMesh get at most this many portfolios.
        sample = min(portfolios, 2_000)
        for name, work, count in [
            ("plimsoll", lambda: choosing.plimsoll(program, base, NOW), cells),
            ("incident", lambda: choosing.incident(portfolios, sessions, missing, str(Path(folder) / "rows.db")), cells),
            ("Luigi", lambda: choosing.luigi(portfolios, sessions, missing, sample), sample * len(sessions)),
            ("SQLMesh", lambda: choosing.sqlmesh(portfolios, sessions, missing, sample), sample * len(sessions)),
        ]:
            progress(f"choosing work: {name}")
            seconds, found = work()
            measured[name] = {"seconds": seconds, "cells": count, "missing": found}
    progress("")
    print(f"\nchoosing work: {portfolios:,} portfolios × {len(sessions)} sessions, one cell in a thousand missing\n")
    print(f"{'':10} {'cells':>12} {'missing':>9} {'CPU s':>9} {'ns/cell':>9} {'ratio':>10}")
    base_time = measured["plimsoll"]["seconds"] / measured["plimsoll"]["cells"]
    for name, result in measured.items():
        cell_time = result["seconds"] / result["cells"]
        print(
            f"{name:10} {result['cells']:12,} {result['missing']:9,} {result['seconds']:9.3f}"
            f" {cell_time * 1e9:9,.1f} {cell_time / base_time:10,.0f}"
        )
    return measured


def progress(message: str) -> None:
    """Shows what is measured now, on standard error. An empty message clears the line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{message}", end="", file=sys.stderr, flush=True)
    elif message:
        print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
