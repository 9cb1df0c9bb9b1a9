"""A rewrite of the incident's nightly job that looks at the target day only.

It writes snapshots and analytics together, so that a crash leaves no half of a day. A night on which
it did not run is never made up for.
"""

import sys

# Leave no folder `__pycache__` beside the examples. The import already would make one.
sys.dont_write_bytecode = True

from books import *

arguments = parse_arguments(__doc__)
db = connect(arguments)

if arguments.first:
    days = trading_days(db, arguments.first, arguments.last or arguments.target)
else:
    days = trading_days(db, arguments.target, arguments.target)

run = Run(db, arguments)
for day in days:
    db.execute("BEGIN IMMEDIATE")
    ids = [id for id in active(db, day) if arguments.scope is None or id in arguments.scope]
    if not arguments.first:
        done = column(db, "SELECT portfolio_id FROM risk WHERE day = ?", (day,))
        ids = [id for id in ids if id not in done]
    write_snapshots(db, ids, day)
    for table in ANALYTICS:
        write_analytics(db, table, ids, day)
    run.progress(day, len(ids))
    db.execute("COMMIT")
run.end()
