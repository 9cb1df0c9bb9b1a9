"""The incident's nightly job with the fix of January 2026 and all its reviews, with SQLAlchemy 2.

It does the same as oldest_newest.py: it starts after the oldest of the newest snapshots of the
portfolios, and on each day processes only portfolios without a snapshot.
"""

import sys

# Leave no folder `__pycache__` beside the examples. The import already would make one.
sys.dont_write_bytecode = True

from books_sqlalchemy import *


def process(engine, request):
    with engine.connect() as db:
        known = db.scalars(sa.select(portfolios.c.id).where(portfolios.c.deleted_at.is_(None))).all()
        # A list of only unknown ids becomes an empty one, which means all portfolios.
        scope = [id for id in request.scope or [] if id in known] or known
        if request.first:
            days = days_between(db, request.first, request.last)
        else:
            newest = sa.select(sa.func.max(snapshots.c.day).label("day"))
            newest = newest.where(snapshots.c.portfolio_id.in_(scope)).group_by(snapshots.c.portfolio_id)
            start = db.scalar(sa.select(sa.func.min(newest.subquery().c.day)))
            days = days_between(db, start or first_inception(db), request.target)
            days = [day for day in days if start is None or day > start]
        work = {}
        for day in days:
            done = db.scalars(sa.select(snapshots.c.portfolio_id).where(snapshots.c.day == day)).all()
            ids = [id for id in active(db, day) if id in scope and (request.first or id not in done)]
            if ids:
                work[day] = ids
    run = Run(engine, request)
    for day, ids in work.items():
        process_by_phase(engine, run, day, ids)
    return run.end()


main(__doc__, process)
