"""DuckDB: the SQL of `queries` on columns, stored in a DuckDB file."""

import sqlite3
from pathlib import Path

import duckdb
import pandas as pd

from . import queries


def run(path: str, out: str) -> None:
    Path(out).unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        entry = pd.read_sql("SELECT * FROM entry", connection)
        price = pd.read_sql("SELECT * FROM price", connection)
    for column in ("price", "amount", "security"):
        entry[column] = entry[column].astype("Int64")
    with duckdb.connect(out) as connection:
        connection.register("entry", entry)
        connection.register("price", price)
        # DuckDB joins by hash, so it needs no index.
        for statement in queries.steps("//", "least", "greatest", "CREATE TABLE {} AS "):
            connection.execute(statement)
        connection.execute("CHECKPOINT")


def totals(out: str) -> dict[str, float]:
    with duckdb.connect(out, read_only=True) as connection:
        row = connection.execute(queries.SUMS)
        names = [column[0] for column in row.description]
        return {name: float(value) for name, value in zip(names, row.fetchone())}
