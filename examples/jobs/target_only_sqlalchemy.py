"""A rewrite of the incident's nightly job that looks at the target day only, with SQLAlchemy 2.

It does the same as target_only.py: it writes snapshots and analytics together, and never makes up for
a night on which it did not run.
"""

import sys

# Leave no folder `__pycache__` beside the examples. The import already would make one.
sys.dont_write_bytecode = True

from books_sqlalchemy import *


def process(engine, request):
    with engine.connect() as db:
        days = days_between(db, request.first or request.target, request.last)
    run = Run(engine, request)
    for day in days:
        with engine.begin() as db:
            # Two runs at once would find the same work.
            lock(db)
            done = db.scalars(sa.select(risk.c.portfolio_id).where(risk.c.day == day)).all()
            ids = [id for id in active(db, day) if request.scope is None or id in request.scope]
            ids = [id for id in ids if request.first or id not in done]
            write_snapshots(db, ids, day)
            write_analytics(db, ids, day)
            run.progress(db, day, len(ids))
    return run.end()


main(__doc__, process)
