"""Shared by the example jobs with SQLAlchemy 2: arguments, tables, and the writes of a day.

The jobs run on SQLite and on PostgreSQL. With --serve they stay up and make a run for each line of
JSON on their standard input, so that SQLAlchemy is loaded once.
"""

import argparse
import datetime
import json
import sys

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def cell_table(name, *columns):
    """Defines a table with a row for each portfolio and day."""
    key = [sa.Column("portfolio_id", sa.Text, primary_key=True), sa.Column("day", sa.Date, primary_key=True)]
    return sa.Table(name, metadata, *key, *columns)


metadata = sa.MetaData()
portfolios = sa.Table(
    "portfolios",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("inception", sa.Date),
    sa.Column("closed_on", sa.Date),
    sa.Column("deleted_at", sa.DateTime(timezone=True)),
)
trading_days = sa.Table("trading_days", metadata, sa.Column("day", sa.Date, primary_key=True))
snapshots = cell_table("snapshots", sa.Column("nav", sa.Integer), sa.Column("is_complete", sa.Boolean))
positions = cell_table("positions", sa.Column("value", sa.Integer))
exposures = cell_table("exposures", sa.Column("value", sa.Integer))
risk = cell_table("risk", sa.Column("value", sa.Integer))
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("status", sa.Text),
    sa.Column("target", sa.Date),
    sa.Column("processed", sa.Integer),
)
progress = sa.Table(
    "progress",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("processed", sa.Integer),
)


class Refused(Exception):
    """The request names portfolios that the job does not process."""


class Request:
    """The values of a run; those that are left out are None."""

    def __init__(self, target, now=None, portfolios=None, first=None, last=None):
        day = datetime.date.fromisoformat
        self.target = day(target)
        self.now = datetime.datetime.fromisoformat(now) if now else datetime.datetime.now(datetime.timezone.utc)
        self.scope = portfolios
        self.first = day(first) if first else None
        self.last = day(last) if last else self.target


def connect(url):
    # PostgreSQL finds the password in the variable PGPASSWORD. SQLite waits for another run.
    options = {"connect_args": {"timeout": 30}} if url.startswith("sqlite") else {}
    return sa.create_engine(url, poolclass=sa.NullPool, **options)


def active(db, day):
    """Returns the ids of the portfolios that need a snapshot of the day."""
    of_day = sa.select(portfolios.c.id).where(
        portfolios.c.deleted_at.is_(None),
        portfolios.c.inception <= day,
        sa.or_(portfolios.c.closed_on.is_(None), portfolios.c.closed_on >= day),
    )
    return db.scalars(of_day.order_by(portfolios.c.id)).all()


def days_between(db, first, last):
    day = trading_days.c.day
    return db.scalars(sa.select(day).where(day.between(first, last)).order_by(day)).all()


def first_inception(db):
    of_active = sa.select(sa.func.min(portfolios.c.inception)).where(portfolios.c.deleted_at.is_(None))
    return db.scalar(of_active)


def lock(db):
    """Keeps other runs from writing until the transaction ends."""
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        db.exec_driver_sql("LOCK TABLE snapshots IN EXCLUSIVE MODE")


def value(id, day):
    """Stands for a valuation: a function of the portfolio and the day."""
    return 100 * day.toordinal() + len(id)


def write(db, table, rows):
    """Inserts rows of cells, or updates those that are there."""
    if rows:
        dialect = sqlite if db.dialect.name == "sqlite" else postgresql
        insert = dialect.insert(table)
        values = {name: insert.excluded[name] for name in rows[0] if name not in table.primary_key}
        db.execute(insert.on_conflict_do_update(index_elements=["portfolio_id", "day"], set_=values), rows)


def write_snapshots(db, ids, day):
    write(db, snapshots, [
        {"portfolio_id": id, "day": day, "nav": value(id, day), "is_complete": True} for id in ids
    ])


def write_analytics(db, ids, day):
    for table in (positions, exposures, risk):
        write(db, table, [{"portfolio_id": id, "day": day, "value": value(id, day)} for id in ids])


class Run:
    """A row of the table runs, and the progress of its days."""

    def __init__(self, engine, request):
        self.engine, self.now, self.processed = engine, request.now, 0
        row = {"started_at": self.now, "status": "running", "target": request.target, "processed": 0}
        with engine.begin() as db:
            self.id = db.execute(sa.insert(runs).values(row)).inserted_primary_key[0]

    def progress(self, db, day, processed):
        self.processed += processed
        db.execute(sa.insert(progress).values(run_id=self.id, day=day, processed=processed))

    def end(self):
        with self.engine.begin() as db:
            ended = {"ended_at": self.now, "status": "completed", "processed": self.processed}
            db.execute(sa.update(runs).where(runs.c.id == self.id).values(ended))
        return f"{self.processed} snapshots written" if self.processed else "all caught up"


def process_by_phase(engine, run, day, ids):
    """Writes the snapshots of a day, then its analytics. Each phase commits on its own."""
    with engine.begin() as db:
        write_snapshots(db, ids, day)
        run.progress(db, day, len(ids))
    with engine.begin() as db:
        write_analytics(db, ids, day)


def answer(process, url, request):
    """Makes a run, and returns its exit code and its output."""
    try:
        return 0, process(connect(url), request)
    except Refused as refused:
        return 2, str(refused)


def serve(process):
    for line in sys.stdin:
        asked = json.loads(line)
        request = Request(asked["target"], asked["now"])
        if asked["command"] == "scope":
            request.scope = asked["portfolios"]
        if asked["command"] == "force":
            request = Request(asked["target"], asked["now"], None, asked["from"], asked["to"])
        code, output = answer(process, asked["url"], request)
        print(json.dumps({"exit": code, "output": output}), flush=True)


def main(description, process):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--serve", action="store_true", help="make a run for each line of JSON")
    parser.add_argument("--url", help="database, such as sqlite:///books.db")
    parser.add_argument("--target", help="last day to process")
    parser.add_argument("--from", dest="first", help="first day to process again, done or not")
    parser.add_argument("--to", dest="last", help="last day to process again")
    parser.add_argument("--portfolios", help="ids separated by commas; all by default")
    parser.add_argument("--now", help="time of the run; that of the system by default")
    given = parser.parse_args()
    if given.serve:
        return serve(process)
    if not (given.url and given.target):
        parser.error("--url and --target are needed")
    scope = given.portfolios
    scope = [id for id in scope.split(",") if id] if scope is not None else None
    code, output = answer(process, given.url, Request(given.target, given.now, scope, given.first, given.last))
    print(output)
    sys.exit(code)
