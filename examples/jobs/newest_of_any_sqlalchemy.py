"""The incident's nightly job, before the fix, with SQLAlchemy 2.

It does the same as newest_of_any.py: it starts after the newest snapshot of any portfolio.
"""

import sys

# Leave no folder `__pycache__` beside the examples. The import already would make one.
sys.dont_write_bytecode = True

from books_sqlalchemy import *


def process(engine, request):
    with engine.connect() as db:
        if request.scope is not None:
            known = db.scalars(sa.select(portfolios.c.id)).all()
            unknown = [id for id in request.scope if id not in known]
            if unknown:
                raise Refused(f"unknown portfolio: {unknown[0]}")
        if request.first:
            days = days_between(db, request.first, request.last)
        else:
            # The newest day of any portfolio, also for a run of few portfolios.
            newest = db.scalar(sa.select(sa.func.max(snapshots.c.day)))
            days = days_between(db, newest or first_inception(db), request.target)
            days = [day for day in days if newest is None or day > newest]
        work = {day: active(db, day) for day in days}
    run = Run(engine, request)
    for day, ids in work.items():
        ids = [id for id in ids if request.scope is None or id in request.scope]
        process_by_phase(engine, run, day, ids)
    return run.end()


main(__doc__, process)
