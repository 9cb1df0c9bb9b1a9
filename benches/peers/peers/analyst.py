"""A careful analyst's way: everything in numpy, a session at a time, and bulk inserts.

It does all that Plimsoll does for a cell (books, holdings, weights, risk with factors and shocks)
and for a security. Holdings are stored twice over, as two contenders: a row for each, which people
can ask for with SQL; or packed into one row a cell, as Plimsoll does. It keeps no ledger, survives
no crash, and does everything anew.
"""

import sqlite3

import numpy as np

from . import sources as reading
from .sources import Moves, Sources

WINDOWS = (21, 63, 252)
YEAR = 252
ROOT_OF_YEAR = np.sqrt(252.0)
CELLS_TO_A_COMMIT = 10_000

TABLES = """
DROP TABLE IF EXISTS a_snapshot; DROP TABLE IF EXISTS a_position;
DROP TABLE IF EXISTS a_exposure; DROP TABLE IF EXISTS a_risk; DROP TABLE IF EXISTS a_security;
CREATE TABLE a_snapshot (cell INTEGER PRIMARY KEY, cash, long, short, nav, flow, pnl,
    session_return, realized, unrealized);
CREATE TABLE a_position (cell INTEGER PRIMARY KEY, count, holdings);
DROP TABLE IF EXISTS a_holding;
CREATE TABLE a_holding (cell, security, quantity, price, value, cost, PRIMARY KEY (cell, security))
    WITHOUT ROWID;
CREATE TABLE a_exposure (cell INTEGER PRIMARY KEY, hhi, effective_number, top_3, top_10, detail);
CREATE TABLE a_risk (cell INTEGER PRIMARY KEY, volatility_21, volatility_63, volatility_252, beta,
    r_squared, var_95, cvar_95, correlation, effective_number, detail);
CREATE TABLE a_security (cell INTEGER PRIMARY KEY, session_return, volatility_21, volatility_63,
    volatility_252, beta, r_squared, detail);
"""
SUMS = {
    "cells": "SELECT count(*) FROM a_snapshot",
    "cash": "SELECT sum(cash / 1e2) FROM a_snapshot",
    "nav": "SELECT sum(nav / 1e2) FROM a_snapshot",
    "pnl": "SELECT sum(pnl / 1e2) FROM a_snapshot",
    "return": "SELECT sum(session_return * session_return) FROM a_snapshot",
    "realized": "SELECT sum(realized / 1e2) FROM a_snapshot",
    "unrealized": "SELECT sum(unrealized / 1e2) FROM a_snapshot",
    "holdings": "SELECT (SELECT ifnull(sum(count), 0) FROM a_position)"
    " + (SELECT count(*) FROM a_holding WHERE quantity <> 0)",
}
RISK_SUMS = {
    name: f"SELECT sum({name}) FROM {table}"
    for table, names in {
        "a_exposure": ("hhi", "top_3"),
        "a_risk": (
            "volatility_21", "volatility_252", "beta", "r_squared", "var_95", "cvar_95",
            "correlation", "effective_number",
        ),
    }.items()
    for name in names
}  # fmt: skip


class Books:
    """Portfolios side by side, rolled forward a session at a time."""

    def __init__(self, sources: Sources, moves: Moves):
        pairs = np.unique(np.stack([moves.portfolio, moves.security], axis=1), axis=0)
        pairs = pairs[pairs[:, 1] >= 0]
        self.count = np.bincount(pairs[:, 0], minlength=sources.portfolios)
        starts = np.concatenate([[0], np.cumsum(self.count)[:-1]])
        self.width = int(self.count.max())
        self.held = np.zeros((sources.portfolios, self.width), dtype=np.int64)
        column = np.arange(len(pairs)) - starts[pairs[:, 0]]
        self.held[pairs[:, 0], column] = pairs[:, 1]
        place = {(int(p), int(s)): int(c) for (p, s), c in zip(pairs, column)}
        self.column = np.array(
            [place.get(pair, 0) for pair in zip(moves.portfolio.tolist(), moves.security.tolist())]
        )
        self.moves = moves
        order = np.argsort(moves.session, kind="stable")
        self.by_session = np.split(
            order, np.searchsorted(moves.session[order], np.arange(1, len(sources.days)))
        )
        self.quantity = np.zeros_like(self.held)
        self.cost = np.zeros_like(self.held)
        self.cash = np.zeros(sources.portfolios, dtype=np.int64)
        self.realized = np.zeros_like(self.cash)
        self.nav = np.zeros_like(self.cash)
        self.rows = np.arange(sources.portfolios)[:, None]

    def advance(self, session: int, closes: np.ndarray) -> dict[str, np.ndarray]:
        moves, now = self.moves, self.by_session[session]
        portfolio = moves.portfolio[now]
        at = (portfolio, self.column[now])
        np.add.at(self.quantity, at, moves.quantity[now])
        np.add.at(self.cost, at, moves.cost[now])
        np.add.at(self.cash, portfolio, moves.cash[now])
        np.add.at(self.realized, portfolio, moves.realized[now])
        flow = np.bincount(portfolio, moves.flow[now], len(self.cash)).astype(np.int64)
        price = closes[self.held]
        value = self.quantity * price
        long, short = value.clip(min=0).sum(1), value.clip(max=0).sum(1)
        nav = self.cash + long + short
        base = self.nav + flow.clip(min=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            returned = np.where(base > 0, (nav - base) / base, np.nan)
        books = {
            "cash": self.cash, "long": long, "short": short, "nav": nav, "flow": flow,
            "pnl": nav - self.nav - flow, "return": returned, "realized": self.realized,
            "unrealized": (value - self.cost).sum(1), "value": value, "price": price,
        }  # fmt: skip
        self.nav = nav
        return books


class Market:
    """What is known of securities on a session."""

    def __init__(self, sources: Sources):
        self.sources = sources
        closes = sources.closes.astype(float)
        self.returns = np.vstack([np.zeros(closes.shape[1]), closes[1:] / closes[:-1] - 1.0]).T.copy()
        self.sector = np.array([sources.names.index(name) for name in sources.sectors])
        self.one_hot = np.eye(len(sources.names))[self.sector]

    def on(self, session: int) -> dict[str, np.ndarray]:
        window = self.returns[:, session + 1 - YEAR : session + 1]
        benchmark = window[self.sources.benchmark]
        away = window - window.mean(1, keepdims=True)
        against = benchmark - benchmark.mean()
        squares, own = (away * away).sum(1), against @ against
        beta = away @ against / own
        factors = away[self.sources.factors]
        betas = np.linalg.solve(factors @ factors.T, factors @ away.T).T
        return {
            "window": window,
            "benchmark": benchmark,
            "return": window[:, -1],
            "volatility": [window[:, -days:].std(1, ddof=1) * ROOT_OF_YEAR for days in WINDOWS],
            "beta": beta,
            "r_squared": beta * (away @ against) / squares,
            "betas": betas,
            "moves": np.stack([self.shock(shock, beta) for shock in self.sources.shocks], axis=1),
            "evened": 1.0 / np.sqrt(squares),
        }

    def shock(self, shock: dict, beta: np.ndarray) -> np.ndarray:
        moved = beta * shock.get("market", 0.0) + shock.get("classes", {}).get("equity", 0.0)
        by_name = shock.get("sectors", {})
        return moved + np.array([by_name.get(name, 0.0) for name in self.sources.names])[self.sector]


def spread(books: dict, market: Market, dense: np.ndarray) -> dict[str, np.ndarray]:
    size = np.abs(books["value"])
    gross = size.sum(1, keepdims=True)
    share = np.sort(size / gross, axis=1)[:, ::-1]
    hhi = (share * share).sum(1)
    return {
        "hhi": hhi,
        "effective": 1.0 / hhi,
        "top_3": share[:, :3].sum(1),
        "top_10": share[:, :10].sum(1),
        "sectors": dense @ market.one_hot,
    }


def risk(books: dict, known: dict, dense: np.ndarray) -> dict[str, np.ndarray]:
    returns = dense @ known["window"]
    away = returns - returns.mean(1, keepdims=True)
    against = known["benchmark"] - known["benchmark"].mean()
    together, own, squares = away @ against, against @ against, (away * away).sum(1)
    rank = 0.05 * (YEAR - 1)
    below = int(rank)
    lowest = np.sort(np.partition(returns, below + 1, axis=1)[:, : below + 2], axis=1)
    evened = np.where(dense != 0.0, known["evened"], 0.0) @ known["window"]
    evened -= evened.mean(1, keepdims=True)
    held = (dense != 0.0).sum(1)
    correlation = ((evened * evened).sum(1) - held) / (held * (held - 1.0))
    return {
        "volatility": [returns[:, -days:].std(1, ddof=1) * ROOT_OF_YEAR for days in WINDOWS],
        "beta": together / own,
        "r_squared": together * together / (own * squares),
        "var_95": lowest[:, below] + (lowest[:, below + 1] - lowest[:, below]) * (rank - below),
        "cvar_95": lowest[:, : below + 1].mean(1),
        "correlation": correlation,
        "effective": held / (1.0 + (held - 1.0) * correlation),
        "detail": np.hstack([dense @ known["betas"], dense @ known["moves"]]),
    }


def blobs(table: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in table]


def insert(connection: sqlite3.Connection, table: str, *columns) -> None:
    lists = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
    marks = ", ".join("?" * len(lists))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*lists))


def run(path: str, only_books: bool = False, packed: bool = True) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {TABLES}")
    sources = reading.read(connection)
    books, market = Books(sources, reading.book(sources)), Market(sources)
    every = max(1, CELLS_TO_A_COMMIT // sources.portfolios)
    dense = np.zeros((sources.portfolios, sources.closes.shape[1]))
    connection.execute("BEGIN IMMEDIATE")
    for session in range(sources.first, len(sources.days)):
        now = books.advance(session, sources.closes[session])
        cells = (int(sources.days[session]) << 32) + np.arange(1, sources.portfolios + 1)
        write_books(connection, cells, books, now, packed)
        if not only_books:
            dense[:] = 0.0
            dense[books.rows, books.held] = now["value"] / now["nav"][:, None]
            write_risk(connection, cells, int(sources.days[session]), now, market, market.on(session), dense)
        if (session - sources.first + 1) % every == 0:
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    connection.close()


def totals(path: str, only_books: bool) -> dict[str, float]:
    wanted = SUMS if only_books else SUMS | RISK_SUMS
    with sqlite3.connect(path) as connection:
        return {name: connection.execute(sql).fetchone()[0] for name, sql in wanted.items()}


def write_books(connection: sqlite3.Connection, cells: np.ndarray, books: Books, now: dict, packed: bool) -> None:
    returned = [None if value != value else value for value in now["return"].tolist()]
    insert(
        connection, "a_snapshot", cells, now["cash"], now["long"], now["short"], now["nav"],
        now["flow"], now["pnl"], returned, now["realized"], now["unrealized"],
    )  # fmt: skip
    columns = [books.held, books.quantity, now["price"], now["value"], books.cost]
    if packed:
        count = (books.quantity != 0).sum(1)
        insert(connection, "a_position", cells, count, blobs(np.stack(columns, axis=2)))
    else:
        insert(connection, "a_holding", np.repeat(cells, books.width), *(column.ravel() for column in columns))


def write_risk(connection, cells, day, now, market, known, dense) -> None:
    weights = spread(now, market, dense)
    insert(
        connection, "a_exposure", cells, weights["hhi"], weights["effective"], weights["top_3"],
        weights["top_10"], blobs(weights["sectors"]),
    )  # fmt: skip
    figures = risk(now, known, dense)
    insert(
        connection, "a_risk", cells, *figures["volatility"], figures["beta"], figures["r_squared"],
        figures["var_95"], figures["cvar_95"], figures["correlation"], figures["effective"],
        blobs(figures["detail"]),
    )  # fmt: skip
    held = np.flatnonzero((dense != 0.0).any(0))
    insert(
        connection, "a_security", (day << 32) + held, known["return"][held],
        *(volatility[held] for volatility in known["volatility"]), known["beta"][held],
        known["r_squared"][held], blobs(known["betas"][held]),
    )  # fmt: skip
