"""polars: the books as expressions on data frames, written as Parquet."""

import sqlite3
from pathlib import Path

import polars as pl


def run(path: str, out: str) -> None:
    with sqlite3.connect(path) as connection:
        entry = frame(connection, "SELECT * FROM entry", reference=pl.String, kind=pl.String)
        price = frame(connection, "SELECT day, security, close FROM price")
    first = entry["day"].min()
    sessions = price.filter(pl.col("day") >= first).select("day").unique().sort("day")
    trades, sales = trades_and_sales(entry)
    moves = pl.concat(
        [
            trades.filter(pl.col("kind") == "buy").select(
                "portfolio", "security", "day", "quantity", cost=pl.col("quantity") * pl.col("price")
            ),
            sales.select("portfolio", "security", "day", -pl.col("quantity"), cost=-pl.col("cost")),
        ]
    )
    moves = moves.group_by("portfolio", "security", "day").agg(pl.col("quantity", "cost").sum())
    held = (
        moves.select("portfolio", "security").unique().sort("portfolio", "security")
        .join(sessions, how="cross")
        .join(moves, on=["portfolio", "security", "day"], how="left", maintain_order="left")
        .with_columns(pl.col("quantity", "cost").fill_null(0).cum_sum().over("portfolio", "security"))
        .join(price.with_columns(close=pl.col("close") // 1_000_000), on=["day", "security"])
        .with_columns(value=pl.col("quantity") * pl.col("close"))
    )  # fmt: skip
    held.write_parquet(Path(out) / "position.parquet")
    snapshots(held, cash_of(entry, trades, sales)).write_parquet(Path(out) / "snapshot.parquet")


def frame(connection: sqlite3.Connection, sql: str, **types) -> pl.DataFrame:
    rows = connection.execute(sql)
    names = [column[0] for column in rows.description]
    schema = {name: types.get(name, pl.Int64) for name in names}
    return pl.DataFrame(rows.fetchall(), schema=schema, orient="row")


def trades_and_sales(entry: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Returns trades with the units traded before them, and sales with their cost, first in, first out."""
    trades = (
        entry.filter(pl.col("kind").is_in(["buy", "sell"]))
        .with_columns(
            quantity=pl.col("quantity") // 100_000_000,
            price=pl.col("price") // 1_000_000,
            fee=pl.col("fee") // 100,
        )
        .sort("day", "reference")
        .with_columns(
            before=pl.col("quantity").cum_sum().over("portfolio", "security", "kind") - pl.col("quantity")
        )
    )
    sold, bought = (trades.filter(pl.col("kind") == kind) for kind in ("sell", "buy"))
    overlap = (
        pl.min_horizontal(pl.col("before_bought") + pl.col("quantity_bought"), pl.col("before") + pl.col("quantity"))
        - pl.max_horizontal("before_bought", "before")
    ).clip(lower_bound=0)
    sales = (
        sold.join(bought, on=["portfolio", "security"], suffix="_bought")
        .group_by("reference")
        .agg(
            pl.col("portfolio", "security", "day", "quantity", "price").first(),
            cost=(overlap * pl.col("price_bought")).sum(),
        )
    )
    return trades, sales


def cash_of(entry: pl.DataFrame, trades: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    deposits = entry.filter(pl.col("kind") == "deposit").select(
        "portfolio",
        "day",
        cash=(pl.col("amount") - pl.col("fee")) // 100,
        realized=pl.lit(0, pl.Int64),
        flow=pl.col("amount") // 100,
    )
    sign = pl.when(pl.col("kind") == "buy").then(-1).otherwise(1)
    traded = trades.select(
        "portfolio",
        "day",
        cash=sign * pl.col("quantity") * pl.col("price") - pl.col("fee"),
        realized=pl.lit(0, pl.Int64),
        flow=pl.lit(0, pl.Int64),
    )
    gains = sales.select(
        "portfolio",
        "day",
        cash=pl.lit(0, pl.Int64),
        realized=pl.col("quantity") * pl.col("price") - pl.col("cost"),
        flow=pl.lit(0, pl.Int64),
    )
    return pl.concat([deposits, traded, gains]).group_by("portfolio", "day").agg(pl.all().sum())


def snapshots(held: pl.DataFrame, cash: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    base = pl.col("before") + pl.col("flow")
    return (
        held.group_by("portfolio", "day")
        .agg(
            long=value.clip(lower_bound=0).sum(),
            short=value.clip(upper_bound=0).sum(),
            unrealized=(value - pl.col("cost")).sum(),
        )
        .sort("portfolio", "day")
        .join(cash, on=["portfolio", "day"], how="left", maintain_order="left")
        .with_columns(pl.col("cash", "realized", "flow").fill_null(0))
        .with_columns(pl.col("cash", "realized").cum_sum().over("portfolio"))
        .with_columns(nav=pl.col("cash") + pl.col("long") + pl.col("short"))
        .with_columns(before=pl.col("nav").shift(1).over("portfolio").fill_null(0))
        .with_columns(
            pnl=pl.col("nav") - base,
            session_return=pl.when(base > 0).then((pl.col("nav") - base) / base),
        )
    )


def totals(out: str) -> dict[str, float]:
    books = pl.read_parquet(Path(out) / "snapshot.parquet")
    positions = pl.read_parquet(Path(out) / "position.parquet")
    money = {name: books[name].sum() / 100 for name in ("cash", "nav", "pnl", "realized", "unrealized")}
    returns = books["session_return"]
    return money | {
        "cells": len(books),
        "return": (returns * returns).sum(),
        "holdings": positions.filter(pl.col("quantity") != 0).height,
    }
