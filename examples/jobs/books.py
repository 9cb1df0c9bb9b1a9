"""Shared by the example jobs: arguments, the tables of schema.sql, and the writes of a day."""

import argparse
import datetime
import sqlite3

ANALYTICS = ("positions", "exposures", "risk")


def parse_arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--db", required=True, help="SQLite file with the tables of schema.sql")
    parser.add_argument("--target", required=True, help="last day to process")
    parser.add_argument("--from", dest="first", help="first day to process again, done or not")
    parser.add_argument("--to", dest="last", help="last day to process again")
    parser.add_argument("--portfolios", help="ids separated by commas; all by default")
    parser.add_argument("--now", help="time of the run; that of the system by default")
    arguments = parser.parse_args()
    arguments.scope = None
    if arguments.portfolios is not None:
        arguments.scope = [id for id in arguments.portfolios.split(",") if id]
    arguments.now = arguments.now or datetime.datetime.now(datetime.timezone.utc).isoformat()
    return arguments


def connect(arguments):
    # Transactions are begun and committed by the statements of the job.
    return sqlite3.connect(arguments.db, timeout=30, isolation_level=None)


def column(db, sql, parameters=()):
    """Returns the first column of a query as a list."""
    return [row[0] for row in db.execute(sql, parameters)]


def active(db, day):
    """Returns the ids of the portfolios that need a snapshot of the day."""
    return column(
        db,
        "SELECT id FROM portfolios WHERE deleted_at IS NULL AND inception <= ?"
        " AND (closed_on IS NULL OR closed_on >= ?) ORDER BY id",
        (day, day),
    )


def trading_days(db, first, last):
    return column(
        db, "SELECT day FROM trading_days WHERE day BETWEEN ? AND ? ORDER BY day", (first, last)
    )


def first_inception(db):
    return db.execute("SELECT min(inception) FROM portfolios WHERE deleted_at IS NULL").fetchone()[0]


def value(id, day):
    """Stands for a valuation: a function of the portfolio and the day."""
    return 100 * datetime.date.fromisoformat(day).toordinal() + len(id)


def write_snapshots(db, ids, day):
    db.executemany(
        "INSERT INTO snapshots (portfolio_id, day, nav) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET nav = excluded.nav, is_complete = 1",
        [(id, day, value(id, day)) for id in ids],
    )


def write_analytics(db, table, ids, day):
    db.executemany(
        f"INSERT INTO {table} (portfolio_id, day, value) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET value = excluded.value",
        [(id, day, value(id, day)) for id in ids],
    )


class Run:
    """A row of the table runs, and the progress of its days."""

    def __init__(self, db, arguments):
        self.db, self.now, self.processed = db, arguments.now, 0
        self.id = db.execute(
            "INSERT INTO runs (started_at, status, target) VALUES (?, 'running', ?)",
            (self.now, arguments.target),
        ).lastrowid

    def progress(self, day, processed):
        self.processed += processed
        self.db.execute("INSERT INTO progress VALUES (?, ?, ?)", (self.id, day, processed))

    def end(self):
        self.db.execute(
            "UPDATE runs SET ended_at = ?, status = 'completed', processed = ? WHERE id = ?",
            (self.now, self.processed, self.id),
        )
        print(f"{self.processed} snapshots written" if self.processed else "all caught up")


def process_by_phase(db, run, day, ids):
    """Writes the snapshots of a day, then its analytics. Each phase commits on its own."""
    db.execute("BEGIN")
    write_snapshots(db, ids, day)
    run.progress(day, len(ids))
    db.execute("COMMIT")
    db.execute("BEGIN")
    for table in ANALYTICS:
        write_analytics(db, table, ids, day)
    db.execute("COMMIT")
