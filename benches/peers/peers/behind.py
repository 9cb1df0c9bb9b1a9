"""The incident's table: 13 portfolios, of which none, one, eleven or all lack the last session.

Plimsoll and the incident's job start from the same state, and are measured twice: when they process
the missing cells only, and when they process all portfolios on each session from the first gap. The
last state is that of the incident: one portfolio lacks a session, one lacks two, and eleven lack
three. Plimsoll's time is that of its process; the job's time excludes starting Python.
"""

import json
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from . import incident
from .copies import copy_synced

STATES = {
    "all current": {},
    "1 of 13 behind": {13: 1},
    "11 of 13 behind": dict.fromkeys(range(3, 14), 1),
    "all behind": dict.fromkeys(range(1, 14), 1),
    "1, 2 and 3 days behind": {1: 1, 2: 2, **dict.fromkeys(range(3, 14), 3)},
}
"""The number of last sessions that each portfolio lacks. Portfolios that lack none are left out."""


class CompleteBooks:
    """The complete books of Plimsoll and of the job. Each state removes cells from a copy."""

    def __init__(self, program: str, now: str, base: str, folder: str):
        self.program, self.now, self.base = program, now, base
        self.job_db = str(Path(folder) / "incident.db")
        shutil.copy(base, self.job_db)
        incident.run(self.job_db)
        checkpoint(self.job_db)
        with sqlite3.connect(self.job_db) as connection:
            rows = connection.execute("SELECT DISTINCT day FROM i_snapshot ORDER BY day DESC LIMIT 4")
            self.last = [day for (day,) in rows]
            self.names = dict(connection.execute("SELECT id, name FROM portfolio"))

    def measure(self, state: str, rounds: int, folder: str, progress) -> dict[str, dict]:
        """Returns the median seconds of all rounds and the number of processed cells, by contender."""
        plimsoll_db, job_db = self.plimsoll_state(state, folder), self.job_state(state, folder)
        seconds: dict[str, list[float]] = {}
        cells: dict[str, int] = {}
        for round in range(rounds):
            for process_all in (False, True):
                for name, base, work in [("plimsoll", plimsoll_db, self.run), ("incident", job_db, catch_up)]:
                    name = f"{name}, all" if process_all else name
                    progress(f"{state}, round {round + 1} of {rounds}: {name}")
                    days = max(STATES[state].values(), default=0) if process_all else 0
                    with tempfile.TemporaryDirectory(dir=folder) as copies:
                        copy = copy_synced(base, copies)
                        before = time.perf_counter()
                        cells[name] = work(copy, days)
                        seconds.setdefault(name, []).append(time.perf_counter() - before)
        return {
            name: {"seconds": statistics.median(times), "cells": cells[name]} for name, times in seconds.items()
        }

    def plimsoll_state(self, state: str, folder: str) -> str:
        """Creates Plimsoll's books of a state by running each portfolio up to its last session."""
        path = str(Path(folder) / f"plimsoll, {state}.db")
        shutil.copy(self.base, path)
        lacks = STATES[state]
        for days in sorted({0, *lacks.values()}):
            names = [name for id, name in self.names.items() if lacks.get(id, 0) == days]
            scope = [argument for name in names for argument in ("-p", name)]
            # Without a scope, `run` would process all portfolios.
            if names:
                self.plimsoll(path, *scope, "--to", iso(self.last[days]))
        checkpoint(path)
        return path

    def job_state(self, state: str, folder: str) -> str:
        """Creates the job's books of a state by removing the missing sessions."""
        path = str(Path(folder) / f"incident, {state}.db")
        shutil.copy(self.job_db, path)
        for portfolio, days in STATES[state].items():
            incident.remove_sessions(path, portfolio, self.last[:days])
        checkpoint(path)
        return path

    def run(self, path: str, days: int) -> int:
        """Runs the missing cells, or with `days` the last sessions of all portfolios."""
        force = ["--force", "--from", iso(self.last[days - 1]), "--to", iso(self.last[0])]
        return self.plimsoll(path, *(force if days else []))

    def plimsoll(self, path: str, *arguments: str) -> int:
        """Runs Plimsoll and returns the number of cells that it completed."""
        command = [self.program, "--quiet", "--json", "--db", path, "--now", self.now, "run", *arguments]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["progress"]["done"]


def catch_up(path: str, days: int) -> int:
    return incident.catch_up(incident.engine_of(path), process_all=days > 0)


def checkpoint(path: str) -> None:
    """Moves the log into the database file, so that the file can be copied alone."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def iso(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
