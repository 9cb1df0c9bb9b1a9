"""The incident's table: 13 portfolios of which none, one, eleven or all lack the last session.

Plimsoll and the incident's job each start from books that are complete but for that: once they do
what is missing, and once they process everyone on every day from the first that anybody lacks. The
last state is that of the incident itself: one portfolio lacks a day, one lacks two, and eleven three.
Plimsoll's time is that of its whole process, the incident's without starting Python.
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
from .copies import copied

STATES = {
    "all current": {},
    "1 of 13 behind": {13: 1},
    "11 of 13 behind": dict.fromkeys(range(3, 14), 1),
    "everybody behind": dict.fromkeys(range(1, 14), 1),
    "1, 2 and 3 days behind": {1: 1, 2: 2, **dict.fromkeys(range(3, 14), 3)},
}
"""How many of the last sessions each portfolio lacks, where it lacks any."""


class Complete:
    """Complete books of both, from which a state takes away what it lacks."""

    def __init__(self, program: str, now: str, base: str, folder: str):
        self.program, self.now, self.base = program, now, base
        self.theirs = str(Path(folder) / "incident.db")
        shutil.copy(base, self.theirs)
        incident.run(self.theirs)
        settle(self.theirs)
        with sqlite3.connect(self.theirs) as connection:
            rows = connection.execute("SELECT DISTINCT day FROM i_snapshot ORDER BY day DESC LIMIT 4")
            self.last = [day for (day,) in rows]
            self.names = dict(connection.execute("SELECT id, name FROM portfolio"))

    def measure(self, state: str, rounds: int, folder: str, tell) -> dict[str, dict]:
        """Seconds, a median of rounds in turn, and how many cells were done."""
        ours, theirs = self.ours(state, folder), self.incidents(state, folder)
        seconds: dict[str, list[float]] = {}
        cells: dict[str, int] = {}
        for round in range(rounds):
            for everyone in (False, True):
                for name, base, work in [("plimsoll", ours, self.run), ("incident", theirs, catch_up)]:
                    name = f"{name}, everyone" if everyone else name
                    tell(f"{state}, round {round + 1} of {rounds}: {name}")
                    days = max(STATES[state].values(), default=0) if everyone else 0
                    with tempfile.TemporaryDirectory(dir=folder) as apart:
                        copy = copied(base, apart)
                        before = time.perf_counter()
                        cells[name] = work(copy, days)
                        seconds.setdefault(name, []).append(time.perf_counter() - before)
        return {
            name: {"seconds": statistics.median(of), "cells": cells[name]} for name, of in seconds.items()
        }

    def ours(self, state: str, folder: str) -> str:
        """Plimsoll's books of a state: each portfolio run up to where it stands."""
        path = str(Path(folder) / f"ours, {state}.db")
        shutil.copy(self.base, path)
        lacks = STATES[state]
        for days in sorted({0, *lacks.values()}):
            who = [name for id, name in self.names.items() if lacks.get(id, 0) == days]
            asked = [part for name in who for part in ("-p", name)]
            if who:
                self.plimsoll(path, *asked, "--to", iso(self.last[days]))
        settle(path)
        return path

    def incidents(self, state: str, folder: str) -> str:
        """The incident's books of a state."""
        path = str(Path(folder) / f"theirs, {state}.db")
        shutil.copy(self.theirs, path)
        for portfolio, days in STATES[state].items():
            incident.fall_behind(path, portfolio, self.last[:days])
        settle(path)
        return path

    def run(self, path: str, days: int) -> int:
        """What is missing; with days, these again for everyone."""
        everyone = ["--force", "--from", iso(self.last[days - 1]), "--to", iso(self.last[0])]
        return self.plimsoll(path, *(everyone if days else []))

    def plimsoll(self, path: str, *asked: str) -> int:
        command = [self.program, "--quiet", "--json", "--db", path, "--now", self.now, "run", *asked]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["progress"]["done"]


def catch_up(path: str, days: int) -> int:
    return incident.catch_up(incident.engine_of(path), everyone=days > 0)


def settle(path: str) -> None:
    """Moves the log into the file, so that the file alone is a copy."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def iso(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
