"""SQL only, in the database with the sources: INSERT … SELECT for the books of all cells."""

import sqlite3

from . import queries

TABLES = """
DROP TABLE IF EXISTS position_out; DROP TABLE IF EXISTS snapshot_out;
CREATE TABLE position_out (day, portfolio, security, quantity, price, value, cost,
    PRIMARY KEY (day, portfolio, security)) WITHOUT ROWID;
CREATE TABLE snapshot_out (day, portfolio, cash, long, short, nav, flow, pnl, session_return,
    realized, unrealized, PRIMARY KEY (day, portfolio)) WITHOUT ROWID;
"""


def run(path: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {TABLES}")
    connection.execute("PRAGMA cache_size = -65536")
    # In key order: in another order the same rows took twenty times as long.
    for statement in queries.steps("/", "min", "max", "INSERT INTO {} ", "temp."):
        connection.execute(statement)
    connection.close()


def totals(path: str) -> dict[str, float]:
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        return dict(connection.execute(queries.SUMS).fetchone())
