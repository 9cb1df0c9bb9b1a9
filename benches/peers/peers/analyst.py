"""numpy, as a careful analyst would use it: vectorised, one session at a time, with bulk inserts.

Computes all that Plimsoll computes for a cell (books, holdings, weights, risk with factors and
shocks) and for a security. There are two contenders: one stores a row for each holding, which SQL
can query; the other packs the holdings of a cell into one row, as Plimsoll does. Neither keeps a
ledger or survives a crash, and both compute all cells again in each run.
"""

import sqlite3

import numpy as np

from . import sources as reading
from .sources import Moves, Sources

WINDOWS = (21, 63, 252)
YEAR = 252
ROOT_OF_YEAR = np.sqrt(252.0)
CELLS_PER_COMMIT = 10_000

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
    """The books of all portfolios, a row each, rolled forward one session at a time."""

    def __init__(self, sources: Sources, moves: Moves):
        pairs = np.unique(np.stack([moves.portfolio, moves.security], axis=1), axis=0)
        pairs = pairs[pairs[:, 1] >= 0]
        self.count = np.bincount(pairs[:, 0], minlength=sources.portfolios)
        starts = np.concatenate([[0], np.cumsum(self.count)[:-1]])
        self.width = int(self.count.max())
        self.held = np.zeros((sources.portfolios, self.width), dtype=np.int64)
        column = np.arange(len(pairs)) - starts[pairs[:, 0]]
        self.held[pairs[:, 0], column] = pairs[:, 1]
        columns = {(int(p), int(s)): int(c) for (p, s), c in zip(pairs, column)}
        self.column = np.array(
            [columns.get(pair, 0) for pair in zip(moves.portfolio.tolist(), moves.security.tolist())]
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
        """Books the moves of a session, and returns the figures of each portfolio at its end."""
        moves, booked = self.moves, self.by_session[session]
        portfolio = moves.portfolio[booked]
        at = (portfolio, self.column[booked])
        np.add.at(self.quantity, at, moves.quantity[booked])
        np.add.at(self.cost, at, moves.cost[booked])
        np.add.at(self.cash, portfolio, moves.cash[booked])
        np.add.at(self.realized, portfolio, moves.realized[booked])
        flow = np.bincount(portfolio, moves.flow[booked], len(self.cash)).astype(np.int64)
        price = closes[self.held]
        value = self.quantity * price
        long, short = value.clip(min=0).sum(1), value.clip(max=0).sum(1)
        nav = self.cash + long + short
        base = self.nav + flow.clip(min=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            returns = np.where(base > 0, (nav - base) / base, np.nan)
        books = {
            "cash": self.cash, "long": long, "short": short, "nav": nav, "flow": flow,
            "pnl": nav - self.nav - flow, "return": returns, "realized": self.realized,
            "unrealized": (value - self.cost).sum(1), "value": value, "price": price,
        }  # fmt: skip
        self.nav = nav
        return books


class Market:
    """Statistics of all securities on a session."""

    def __init__(self, sources: Sources):
        self.sources = sources
        closes = sources.closes.astype(float)
        self.returns = np.vstack([np.zeros(closes.shape[1]), closes[1:] / closes[:-1] - 1.0]).T.copy()
        self.sector = np.array([sources.names.index(name) for name in sources.sectors])
        self.one_hot = np.eye(len(sources.names))[self.sector]

    def statistics(self, session: int) -> dict[str, np.ndarray]:
        window = self.returns[:, session + 1 - YEAR : session + 1]
        benchmark = window[self.sources.benchmark]
        deviations = window - window.mean(1, keepdims=True)
        benchmark_deviations = benchmark - benchmark.mean()
        squares = (deviations * deviations).sum(1)
        covariances = deviations @ benchmark_deviations
        beta = covariances / (benchmark_deviations @ benchmark_deviations)
        factors = deviations[self.sources.factors]
        betas = np.linalg.solve(factors @ factors.T, factors @ deviations.T).T
        return {
            "window": window,
            "benchmark": benchmark,
            "return": window[:, -1],
            "volatility": [window[:, -days:].std(1, ddof=1) * ROOT_OF_YEAR for days in WINDOWS],
            "beta": beta,
            "r_squared": beta * covariances / squares,
            "betas": betas,
            "shocks": np.stack([self.shock(shock, beta) for shock in self.sources.shocks], axis=1),
            "standardize": 1.0 / np.sqrt(squares),
        }

    def shock(self, shock: dict, beta: np.ndarray) -> np.ndarray:
        """Returns the move of each security under a shock."""
        move = beta * shock.get("market", 0.0) + shock.get("classes", {}).get("equity", 0.0)
        sectors = shock.get("sectors", {})
        return move + np.array([sectors.get(name, 0.0) for name in self.sources.names])[self.sector]


def exposures(books: dict, market: Market, weights: np.ndarray) -> dict[str, np.ndarray]:
    size = np.abs(books["value"])
    gross = size.sum(1, keepdims=True)
    share = np.sort(size / gross, axis=1)[:, ::-1]
    hhi = (share * share).sum(1)
    return {
        "hhi": hhi,
        "effective": 1.0 / hhi,
        "top_3": share[:, :3].sum(1),
        "top_10": share[:, :10].sum(1),
        "sectors": weights @ market.one_hot,
    }


def risk(statistics: dict, weights: np.ndarray) -> dict[str, np.ndarray]:
    returns = weights @ statistics["window"]
    deviations = returns - returns.mean(1, keepdims=True)
    benchmark_deviations = statistics["benchmark"] - statistics["benchmark"].mean()
    covariances = deviations @ benchmark_deviations
    benchmark_squares, squares = benchmark_deviations @ benchmark_deviations, (deviations * deviations).sum(1)
    rank = 0.05 * (YEAR - 1)
    below = int(rank)
    lowest = np.sort(np.partition(returns, below + 1, axis=1)[:, : below + 2], axis=1)
    # The variance of a sum of standardized returns holds every pair's correlation: one product
    # instead of a matrix for each portfolio.
    standardized = np.where(weights != 0.0, statistics["standardize"], 0.0) @ statistics["window"]
    standardized -= standardized.mean(1, keepdims=True)
    held = (weights != 0.0).sum(1)
    correlation = ((standardized * standardized).sum(1) - held) / (held * (held - 1.0))
    return {
        "volatility": [returns[:, -days:].std(1, ddof=1) * ROOT_OF_YEAR for days in WINDOWS],
        "beta": covariances / benchmark_squares,
        "r_squared": covariances * covariances / (benchmark_squares * squares),
        "var_95": lowest[:, below] + (lowest[:, below + 1] - lowest[:, below]) * (rank - below),
        "cvar_95": lowest[:, : below + 1].mean(1),
        "correlation": correlation,
        "effective": held / (1.0 + (held - 1.0) * correlation),
        "detail": np.hstack([weights @ statistics["betas"], weights @ statistics["shocks"]]),
    }


def blobs(table: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in table]


def insert(connection: sqlite3.Connection, table: str, *columns) -> None:
    values = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
    marks = ", ".join("?" * len(values))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*values))


def run(path: str, only_books: bool = False, packed: bool = True) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {TABLES}")
    sources = reading.read(connection)
    books, market = Books(sources, reading.book(sources)), Market(sources)
    sessions_per_commit = max(1, CELLS_PER_COMMIT // sources.portfolios)
    weights = np.zeros((sources.portfolios, sources.closes.shape[1]))
    connection.execute("BEGIN IMMEDIATE")
    for session in range(sources.first, len(sources.days)):
        figures = books.advance(session, sources.closes[session])
        cells = (int(sources.days[session]) << 32) + np.arange(1, sources.portfolios + 1)
        write_books(connection, cells, books, figures, packed)
        if not only_books:
            weights[:] = 0.0
            weights[books.rows, books.held] = figures["value"] / figures["nav"][:, None]
            write_risk(connection, cells, int(sources.days[session]), figures, market, market.statistics(session), weights)
        if (session - sources.first + 1) % sessions_per_commit == 0:
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    connection.close()


def totals(path: str, only_books: bool) -> dict[str, float]:
    queries = SUMS if only_books else SUMS | RISK_SUMS
    with sqlite3.connect(path) as connection:
        return {name: connection.execute(sql).fetchone()[0] for name, sql in queries.items()}


def write_books(connection: sqlite3.Connection, cells: np.ndarray, books: Books, figures: dict, packed: bool) -> None:
    # An undefined return is NaN in numpy and NULL in SQL.
    returns = [None if value != value else value for value in figures["return"].tolist()]
    insert(
        connection, "a_snapshot", cells, figures["cash"], figures["long"], figures["short"],
        figures["nav"], figures["flow"], figures["pnl"], returns, figures["realized"],
        figures["unrealized"],
    )  # fmt: skip
    columns = [books.held, books.quantity, figures["price"], figures["value"], books.cost]
    if packed:
        count = (books.quantity != 0).sum(1)
        insert(connection, "a_position", cells, count, blobs(np.stack(columns, axis=2)))
    else:
        insert(connection, "a_holding", np.repeat(cells, books.width), *(column.ravel() for column in columns))


def write_risk(connection, cells, day, books, market, statistics, weights) -> None:
    exposure = exposures(books, market, weights)
    insert(
        connection, "a_exposure", cells, exposure["hhi"], exposure["effective"], exposure["top_3"],
        exposure["top_10"], blobs(exposure["sectors"]),
    )  # fmt: skip
    figures = risk(statistics, weights)
    insert(
        connection, "a_risk", cells, *figures["volatility"], figures["beta"], figures["r_squared"],
        figures["var_95"], figures["cvar_95"], figures["correlation"], figures["effective"],
        blobs(figures["detail"]),
    )  # fmt: skip
    held = np.flatnonzero((weights != 0.0).any(0))
    insert(
        connection, "a_security", (day << 32) + held, statistics["return"][held],
        *(volatility[held] for volatility in statistics["volatility"]), statistics["beta"][held],
        statistics["r_squared"][held], blobs(statistics["betas"][held]),
    )  # fmt: skip
