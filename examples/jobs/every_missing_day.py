"""A correct nightly job: it processes each portfolio and day whose rows are not all there.

It derives the work from what is missing, not from a newest day. Each day is one transaction, which
locks the database before it looks, so that two runs at once never do the same work.
"""

import sys

# Leave no folder `__pycache__` beside the examples. The import already would make one.
sys.dont_write_bytecode = True

from books import *

TABLES = {"snapshots": " AND r.is_complete"} | {table: "" for table in ANALYTICS}

# A day of a portfolio is done when its snapshot is complete and all its analytics are there.
IS_DONE = " AND ".join(
    f"EXISTS (SELECT 1 FROM {table} r WHERE r.portfolio_id = p.id AND r.day = d.day{condition})"
    for table, condition in TABLES.items()
)

OPEN = f"""
    SELECT p.id, d.day FROM portfolios p
    JOIN trading_days d ON d.day >= p.inception AND (p.closed_on IS NULL OR d.day <= p.closed_on)
    WHERE p.deleted_at IS NULL AND d.day BETWEEN :first AND :last AND (:force OR NOT ({IS_DONE}))
    ORDER BY d.day, p.id"""


def open_days(db, first, last, force, scope):
    """Returns the ids of the portfolios to process, by day."""
    days = {}
    for id, day in db.execute(OPEN, {"first": first, "last": last, "force": force}):
        if scope is None or id in scope:
            days.setdefault(day, []).append(id)
    return days


def missing(db, table, ids, day, force):
    done = column(db, f"SELECT portfolio_id FROM {table} r WHERE day = ?{TABLES[table]}", (day,))
    return [id for id in ids if force or id not in done]


arguments = parse_arguments(__doc__)
db = connect(arguments)

scope = arguments.scope
if scope is not None:
    known = column(db, "SELECT id FROM portfolios")
    for id in scope:
        if id not in known:
            print(f"skipped unknown portfolio: {id}", file=sys.stderr)
    scope = [id for id in scope if id in known]
    if not scope:
        print("none of the portfolios is known: nothing was processed", file=sys.stderr)
        sys.exit(2)

force = arguments.first is not None
first = arguments.first or "0001-01-01"
last = min(arguments.last or arguments.target, arguments.target)

run = Run(db, arguments)
for day in open_days(db, first, last, force, scope):
    db.execute("BEGIN IMMEDIATE")
    # Another run may have done some of the day since the list was made.
    ids = open_days(db, day, day, force, scope).get(day, [])
    write_snapshots(db, missing(db, "snapshots", ids, day, force), day)
    for table in ANALYTICS:
        write_analytics(db, table, missing(db, table, ids, day, force), day)
    if ids:
        run.progress(day, len(ids))
    db.execute("COMMIT")
run.end()
