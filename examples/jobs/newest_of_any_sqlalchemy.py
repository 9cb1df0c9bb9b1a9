"""The incident's nightly job, before the fix, on PostgreSQL with SQLAlchemy 2.

It does the same as newest_of_any.py. With --serve it stays up, and makes a run for each line of JSON
on its standard input, so that SQLAlchemy is loaded once.
"""

import argparse
import json
import os
import sys

import sqlalchemy as sa

ANALYTICS = ("positions", "exposures", "risk")

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--serve", action="store_true", help="make a run for each line of JSON")
parser.add_argument("--target", help="last day to process")
parser.add_argument("--from", help="first day to process again, done or not")
parser.add_argument("--to", help="last day to process again")
parser.add_argument("--portfolios", help="ids separated by commas; all by default")
parser.add_argument("--now", help="time of the run")


def run(url, request):
    """Makes a run, and returns its exit code and its output."""
    # The password is in the variable PGPASSWORD, which libpq reads.
    engine = sa.create_engine(sa.make_url(url), poolclass=sa.NullPool)
    scope, target = request["portfolios"], request["target"]
    with engine.connect() as db:
        rows = lambda sql, **values: db.scalars(sa.text(sql), values).all()
        if scope is not None:
            known = rows("SELECT id FROM portfolios")
            unknown = [id for id in scope if id not in known]
            if unknown:
                return 2, f"unknown portfolio: {unknown[0]}"
        if request["from"]:
            first, last = request["from"], request["to"] or target
        else:
            # The newest day of any portfolio, also for a run of few portfolios.
            newest = rows("SELECT coalesce(max(day) + 1, '0001-01-01') FROM snapshots")[0]
            first, last = newest, target
        days = rows(
            "SELECT day FROM trading_days WHERE day BETWEEN :first AND :last"
            " AND day >= (SELECT min(inception) FROM portfolios WHERE deleted_at IS NULL) ORDER BY day",
            first=first,
            last=last,
        )
        work = {}
        for day in days:
            ids = rows(
                "SELECT id FROM portfolios WHERE deleted_at IS NULL AND inception <= :day"
                " AND (closed_on IS NULL OR closed_on >= :day) ORDER BY id",
                day=day,
            )
            work[day] = [id for id in ids if scope is None or id in scope]
    processed = 0
    with engine.begin() as db:
        id = db.scalar(
            sa.text("INSERT INTO runs (started_at, status, target)"
                    " VALUES (:now, 'running', :target) RETURNING id"),
            {"now": request["now"], "target": target},
        )
    for day, ids in work.items():
        cells = [{"id": id, "day": day, "value": 100 * day.toordinal()} for id in ids]
        # Each phase commits on its own.
        with engine.begin() as db:
            if cells:
                db.execute(
                    sa.text("INSERT INTO snapshots (portfolio_id, day, nav) VALUES (:id, :day, :value)"
                            " ON CONFLICT (portfolio_id, day) DO UPDATE"
                            " SET nav = excluded.nav, is_complete = true"),
                    cells,
                )
            db.execute(
                sa.text("INSERT INTO progress VALUES (:run, :day, :processed)"),
                {"run": id, "day": day, "processed": len(cells)},
            )
        processed += len(cells)
        with engine.begin() as db:
            for table in ANALYTICS if cells else ():
                db.execute(
                    sa.text(f"INSERT INTO {table} (portfolio_id, day, value) VALUES (:id, :day, :value)"
                            " ON CONFLICT (portfolio_id, day) DO UPDATE SET value = excluded.value"),
                    cells,
                )
    with engine.begin() as db:
        db.execute(
            sa.text("UPDATE runs SET ended_at = :now, status = 'completed', processed = :processed"
                    " WHERE id = :run"),
            {"now": request["now"], "processed": processed, "run": id},
        )
    return 0, f"{processed} snapshots written" if processed else "all caught up"


arguments = vars(parser.parse_args())
if arguments["serve"]:
    for line in sys.stdin:
        request = json.loads(line)
        if request["command"] != "force":
            request["from"] = request["to"] = None
        if request["command"] == "run":
            request["portfolios"] = None
        code, output = run(request["url"], request)
        print(json.dumps({"exit": code, "output": output}), flush=True)
else:
    if arguments["portfolios"] is not None:
        arguments["portfolios"] = [id for id in arguments["portfolios"].split(",") if id]
    code, output = run(os.environ["DATABASE_URL"], arguments)
    print(output)
    sys.exit(code)
