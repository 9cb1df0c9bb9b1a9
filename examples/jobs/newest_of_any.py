"""The incident's nightly job, before the fix.

It starts after the newest snapshot of any portfolio. One portfolio that is ahead hides the missing
days of all others, and the job reports that all are caught up.
"""

import sys

# Leave no folder `__pycache__` beside the examples. The import already would make one.
sys.dont_write_bytecode = True

from books import *

arguments = parse_arguments(__doc__)
db = connect(arguments)

if arguments.scope is not None:
    known = column(db, "SELECT id FROM portfolios")
    unknown = [id for id in arguments.scope if id not in known]
    if unknown:
        print(f"unknown portfolio: {unknown[0]}", file=sys.stderr)
        sys.exit(2)

if arguments.first:
    days = trading_days(db, arguments.first, arguments.last or arguments.target)
else:
    # The newest day of any portfolio, also for a run of few portfolios.
    newest = db.execute("SELECT max(day) FROM snapshots").fetchone()[0]
    days = trading_days(db, newest or first_inception(db), arguments.target)
    days = [day for day in days if newest is None or day > newest]

run = Run(db, arguments)
for day in days:
    ids = [id for id in active(db, day) if arguments.scope is None or id in arguments.scope]
    process_by_phase(db, run, day, ids)
run.end()
