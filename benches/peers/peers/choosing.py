"""Measures how long each program takes to find the missing cells, with its own functions.

About one cell in a thousand is missing. Luigi and SQLMesh get the completed cells in memory, in their
own form. The incident's query and filter run in SQLite, over a row for each cell. Plimsoll runs
`plan` on its file, as a process.
"""

import json
import resource
import sqlite3
import subprocess
import time
from datetime import date, datetime, timedelta, timezone

EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000


def coverage(path: str) -> tuple[int, list[int], dict[int, set[int]]]:
    """Returns the number of portfolios, the sessions, and the missing portfolios by session."""
    with sqlite3.connect(path) as connection:
        portfolios = connection.execute("SELECT count(*) FROM portfolio").fetchone()[0]
        rows = connection.execute("SELECT day, ids FROM ledger WHERE phase = 3 ORDER BY day").fetchall()
    missing = {day: set(range(1, portfolios + 1)) - set(roaring(blob)) for day, blob in rows}
    return portfolios, sorted(missing), missing


def roaring(blob: bytes) -> list[int]:
    """Decodes a bitmap in Roaring's portable format."""
    cookie = int.from_bytes(blob[:4], "little")
    has_runs = cookie & 0xFFFF == 12347
    if has_runs:
        containers, at = (cookie >> 16) + 1, 4
        runs = blob[at : at + (containers + 7) // 8]
        at += len(runs)
    else:
        containers, at = int.from_bytes(blob[4:8], "little"), 8
        runs = bytes((containers + 7) // 8)
    headers = [
        (int.from_bytes(blob[at + 4 * n : at + 4 * n + 2], "little"), int.from_bytes(blob[at + 4 * n + 2 : at + 4 * n + 4], "little") + 1)
        for n in range(containers)
    ]  # fmt: skip
    at += 4 * containers
    # Offsets of containers, which are left out of small bitmaps with runs.
    if not has_runs or containers >= 4:
        at += 4 * containers
    numbers: list[int] = []
    word = lambda place: int.from_bytes(blob[place : place + 2], "little")  # noqa: E731
    for number, (key, count) in enumerate(headers):
        high = key << 16
        if runs[number // 8] >> (number % 8) & 1:
            intervals = word(at)
            for interval in range(intervals):
                start, more = word(at + 2 + 4 * interval), word(at + 4 + 4 * interval)
                numbers.extend(range(high + start, high + start + more + 1))
            at += 2 + 4 * intervals
        elif count <= 4096:
            numbers.extend(high + word(at + 2 * place) for place in range(count))
            at += 2 * count
        else:
            bits = int.from_bytes(blob[at : at + 8192], "little")
            numbers.extend(high + bit for bit in range(65536) if bits >> bit & 1)
            at += 8192
    return numbers


def timed(work) -> tuple[float, int]:
    """Returns CPU seconds and the number of missing cells."""
    before = time.process_time()
    found = work()
    return time.process_time() - before, found


def plimsoll(program: str, path: str, now: str) -> tuple[float, int]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [program, "--json", "--db", path, "--now", now, "plan"], check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, json.loads(result.stdout)["cells"]


def luigi(portfolios: int, sessions: list[int], missing: dict[int, set[int]], sample: int) -> tuple[float, int]:
    """Runs one `RangeDaily` for each portfolio, over a task with `bulk_complete`."""
    from luigi import DateParameter, IntParameter, Task
    from luigi.tools.range import RangeDaily

    days = {day: EPOCH + timedelta(days=day) for day in sessions}
    all_days = set(days.values())
    missing_days: dict[int, set[date]] = {}
    for day, missing_portfolios in missing.items():
        for portfolio in missing_portfolios:
            missing_days.setdefault(portfolio, set()).add(days[day])

    class Cell(Task):
        portfolio = IntParameter()
        date = DateParameter()

    def count_missing(portfolio: int) -> int:
        done = all_days - missing_days.get(portfolio, set())
        Cell.bulk_complete = classmethod(lambda cls, dates: [day for day in dates if day in done])
        task = RangeDaily(
            of=Cell, of_params={"portfolio": portfolio}, start=days[sessions[0]],
            stop=days[sessions[-1]] + timedelta(days=1), days_back=10_000, task_limit=10_000,
            now=int(datetime(2026, 1, 9, tzinfo=timezone.utc).timestamp()),
        )  # fmt: skip
        found = task.missing_datetimes([datetime(day.year, day.month, day.day) for day in all_days])
        return len(found)

    return timed(lambda: sum(count_missing(portfolio) for portfolio in range(1, min(portfolios, sample) + 1)))


def sqlmesh(portfolios: int, sessions: list[int], missing: dict[int, set[int]], sample: int) -> tuple[float, int]:
    """Runs `compute_missing_intervals` for each portfolio, over merged intervals of days."""
    from sqlmesh.core.node import IntervalUnit
    from sqlmesh.core.snapshot.definition import compute_missing_intervals, merge_intervals

    missing_days: dict[int, set[int]] = {}
    for day, missing_portfolios in missing.items():
        for portfolio in missing_portfolios:
            missing_days.setdefault(portfolio, set()).add(day)
    first, last = sessions[0], sessions[-1]
    all_days = set(sessions)
    intervals = {}
    for portfolio in range(1, min(portfolios, sample) + 1):
        lacks = missing_days.get(portfolio, set())
        # SQLMesh counts calendar days, so days without a session are complete.
        days = [day for day in range(first, last + 1) if day not in lacks or day not in all_days]
        intervals[portfolio] = merge_intervals([(day * DAY_MS, (day + 1) * DAY_MS) for day in days])
    upper = (last + 1) * DAY_MS

    def count_missing(portfolio: int) -> int:
        return len(
            compute_missing_intervals(
                IntervalUnit.DAY, tuple(intervals[portfolio]), first * DAY_MS, upper, 0, None
            )
        )

    return timed(lambda: sum(count_missing(portfolio) for portfolio in intervals))


def incident(portfolios: int, sessions: list[int], missing: dict[int, set[int]], path: str) -> tuple[float, int]:
    """Runs MIN of MAX, then for each date the filter for portfolios without a row. The table has a row
    for each cell, and the most useful index."""
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
    holes = [(portfolio, day) for day, missing_portfolios in missing.items() for portfolio in missing_portfolios]
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

    result = timed(choose)
    connection.close()
    return result
