"""The incident's nightly job with the fix of January 2026 and all its reviews.

It starts after the oldest of the newest snapshots of the portfolios (MIN over a grouped MAX), and on
each day processes only portfolios without a snapshot. Deleted portfolios do not count, a run of few
portfolios uses their newest snapshots, unknown ids are skipped, and progress counts work only. It
lists its work before it writes, so two runs at once do the same work.

It still cannot see a hole below the newest day of each portfolio, the missing start of a portfolio
without snapshots, or a snapshot without analytics, which a crash between the phases leaves behind.
A list of only unknown ids becomes an empty list, which means all portfolios.
"""

import sys

# Leave no folder `__pycache__` beside the examples. The import already would make one.
sys.dont_write_bytecode = True

from books import *

arguments = parse_arguments(__doc__)
db = connect(arguments)

scope = arguments.scope or []
known = column(db, "SELECT id FROM portfolios WHERE deleted_at IS NULL")
for id in scope:
    if id not in known:
        print(f"skipped unknown portfolio: {id}", file=sys.stderr)
scope = [id for id in scope if id in known] or known

if arguments.first:
    days = trading_days(db, arguments.first, arguments.last or arguments.target)
else:
    marks = ",".join("?" * len(scope))
    start = db.execute(
        "SELECT min(newest) FROM (SELECT max(day) AS newest FROM snapshots"
        f" WHERE portfolio_id IN ({marks}) GROUP BY portfolio_id)",
        scope,
    ).fetchone()[0]
    days = trading_days(db, start or first_inception(db), arguments.target)
    days = [day for day in days if start is None or day > start]

work = []
for day in days:
    ids = [id for id in active(db, day) if id in scope]
    if not arguments.first:
        done = column(db, "SELECT portfolio_id FROM snapshots WHERE day = ?", (day,))
        ids = [id for id in ids if id not in done]
    if ids:
        work.append((day, ids))

run = Run(db, arguments)
for day, ids in work:
    process_by_phase(db, run, day, ids)
run.end()
