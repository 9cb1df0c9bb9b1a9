"""Choosing work: which cells of a completed set are missing, by each program's own functions.

One cell in about a thousand is missing. Luigi and SQLMesh are handed the completed set in memory, in
the form that they keep it in; the incident's query and its filter run in SQLite over a row a cell.
Plimsoll plans in a process of its own, from its file, and says what it found.
"""

import json
import resource
import sqlite3
import subprocess
import time
from datetime import date, datetime, timedelta, timezone

EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000


def completed(path: str) -> tuple[int, list[int], dict[int, set[int]]]:
    """How many portfolios there are, the sessions, and by session who is missing."""
    with sqlite3.connect(path) as connection:
        portfolios = connection.execute("SELECT count(*) FROM portfolio").fetchone()[0]
        rows = connection.execute("SELECT day, ids FROM ledger WHERE phase = 3 ORDER BY day").fetchall()
    missing = {day: set(range(1, portfolios + 1)) - set(roaring(blob)) for day, blob in rows}
    return portfolios, sorted(missing), missing


def roaring(blob: bytes) -> list[int]:
    """The numbers of a bitmap in Roaring's portable format."""
    cookie = int.from_bytes(blob[:4], "little")
    has_runs = cookie & 0xFFFF == 12347
    if has_runs:
        containers, at = (cookie >> 16) + 1, 4
        runs = blob[at : at + (containers + 7) // 8]
        at += len(runs)
    else:
        containers, at = int.from_bytes(blob[4:8], "little"), 8
        runs = bytes((containers + 7) // 8)
    heads = [
        (int.from_bytes(blob[at + 4 * n : at + 4 * n + 2], "little"), int.from_bytes(blob[at + 4 * n + 2 : at + 4 * n + 4], "little") + 1)
        for n in range(containers)
    ]  # fmt: skip
    at += 4 * containers
    if not has_runs or containers >= 4:
        at += 4 * containers
    numbers: list[int] = []
    word = lambda place: int.from_bytes(blob[place : place + 2], "little")  # noqa: E731
    for number, (key, count) in enumerate(heads):
        high = key << 16
        if runs[number // 8] >> (number % 8) & 1:
            stretches = word(at)
            for stretch in range(stretches):
                start, more = word(at + 2 + 4 * stretch), word(at + 4 + 4 * stretch)
                numbers.extend(range(high + start, high + start + more + 1))
            at += 2 + 4 * stretches
        elif count <= 4096:
            numbers.extend(high + word(at + 2 * place) for place in range(count))
            at += 2 * count
        else:
            bits = int.from_bytes(blob[at : at + 8192], "little")
            numbers.extend(high + bit for bit in range(65536) if bits >> bit & 1)
            at += 8192
    return numbers


def timed(work) -> tuple[float, int]:
    """CPU seconds, and how many cells were found missing."""
    before = time.process_time()
    found = work()
    return time.process_time() - before, found


def plimsoll(program: str, path: str, now: str) -> tuple[float, int]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run(
        [program, "--json", "--db", path, "--now", now, "plan"], check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, json.loads(said.stdout)["cells"]


def luigi(portfolios: int, sessions: list[int], missing: dict[int, set[int]], most: int) -> tuple[float, int]:
    """`RangeDaily`, one a portfolio, over a task that knows what is complete in bulk."""
    from luigi import DateParameter, IntParameter, Task
    from luigi.tools.range import RangeDaily

    days = {day: EPOCH + timedelta(days=day) for day in sessions}
    every = set(days.values())
    gone: dict[int, set[date]] = {}
    for day, who in missing.items():
        for portfolio in who:
            gone.setdefault(portfolio, set()).add(days[day])

    class Cell(Task):
        portfolio = IntParameter()
        date = DateParameter()

    def one(portfolio: int) -> int:
        done = every - gone.get(portfolio, set())
        Cell.bulk_complete = classmethod(lambda cls, wanted: [day for day in wanted if day in done])
        ranged = RangeDaily(
            of=Cell, of_params={"portfolio": portfolio}, start=days[sessions[0]],
            stop=days[sessions[-1]] + timedelta(days=1), days_back=10_000, task_limit=10_000,
            now=int(datetime(2026, 1, 9, tzinfo=timezone.utc).timestamp()),
        )  # fmt: skip
        found = ranged.missing_datetimes([datetime(day.year, day.month, day.day) for day in every])
        return len(found)

    return timed(lambda: sum(one(portfolio) for portfolio in range(1, min(portfolios, most) + 1)))


def sqlmesh(portfolios: int, sessions: list[int], missing: dict[int, set[int]], most: int) -> tuple[float, int]:
    """`compute_missing_intervals`, one snapshot a portfolio, over merged intervals of days."""
    from sqlmesh.core.node import IntervalUnit
    from sqlmesh.core.snapshot.definition import compute_missing_intervals, merge_intervals

    who = {}
    for day, gone in missing.items():
        for portfolio in gone:
            who.setdefault(portfolio, set()).add(day)
    first, last = sessions[0], sessions[-1]
    known = set(sessions)
    intervals = {}
    for portfolio in range(1, min(portfolios, most) + 1):
        lacks = who.get(portfolio, set())
        days = [day for day in range(first, last + 1) if day not in lacks or day not in known]
        intervals[portfolio] = merge_intervals([(day * DAY_MS, (day + 1) * DAY_MS) for day in days])
    upper = (last + 1) * DAY_MS

    def one(portfolio: int) -> int:
        return len(
            compute_missing_intervals(
                IntervalUnit.DAY, tuple(intervals[portfolio]), first * DAY_MS, upper, 0, None
            )
        )

    return timed(lambda: sum(one(portfolio) for portfolio in intervals))


def incident(portfolios: int, sessions: list[int], missing: dict[int, set[int]], path: str) -> tuple[float, int]:
    """MIN of MAX, then per date who has no row, over a row a cell with the index that helps most."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE snapshot (portfolio INTEGER, day INTEGER, PRIMARY KEY (portfolio, day)) WITHOUT ROWID;"
        "CREATE TABLE portfolio (id INTEGER PRIMARY KEY);"
    )
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO portfolio SELECT i FROM n",
        [portfolios],
    )
    connection.execute(f"CREATE TEMP TABLE session AS SELECT column1 AS day FROM (VALUES {', '.join(f'({d})' for d in sessions)})")
    connection.execute("INSERT INTO snapshot SELECT id, day FROM portfolio CROSS JOIN session")
    holes = [(portfolio, day) for day, who in missing.items() for portfolio in who]
    connection.executemany("DELETE FROM snapshot WHERE portfolio = ? AND day = ?", holes)
    connection.execute("CREATE INDEX by_day ON snapshot (day, portfolio)")
    connection.commit()

    def choose() -> int:
        oldest = connection.execute(
            "SELECT min(newest) FROM (SELECT max(day) AS newest FROM snapshot GROUP BY portfolio)"
        ).fetchone()[0]
        found = 0
        for day in (day for day in sessions if day > oldest):
            found += connection.execute(
                "SELECT count(*) FROM portfolio WHERE id NOT IN (SELECT portfolio FROM snapshot WHERE day = ?)",
                [day],
            ).fetchone()[0]
        return found

    chosen = timed(choose)
    connection.close()
    return chosen
