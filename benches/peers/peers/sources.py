"""Reads all sources of a database into arrays.

Synthetic sources have whole cents and whole units only, so amounts are exact in 64-bit integers and in
floats.
"""

import json
import sqlite3
from dataclasses import dataclass

import numpy as np

PRICE_UNITS_PER_CENT = 1_000_000
MONEY_UNITS_PER_CENT = 100
QUANTITY_UNITS = 100_000_000


@dataclass
class Sources:
    days: np.ndarray
    """All sessions with closes, ascending, as days since 1970-01-01."""
    first: int
    """The index of the first session with an active portfolio."""
    closes: np.ndarray
    """Cents, by session and security, both from 0."""
    sectors: list[str]
    """The sector of each security."""
    names: list[str]
    """The distinct sectors, sorted."""
    portfolios: int
    entries: list[tuple]
    """Portfolio, session, kind, security or None, quantity, price, amount and fee, in booking order."""
    benchmark: int
    factors: list[int]
    shocks: list[dict]


def read(connection: sqlite3.Connection) -> Sources:
    prices = np.array(
        connection.execute("SELECT day, security, close FROM price ORDER BY day, security").fetchall(),
        dtype=np.int64,
    )
    days, row = np.unique(prices[:, 0], return_inverse=True)
    securities = connection.execute("SELECT symbol, sector FROM security ORDER BY id").fetchall()
    closes = np.zeros((len(days), len(securities)), dtype=np.int64)
    closes[row, prices[:, 1] - 1] = prices[:, 2] // PRICE_UNITS_PER_CENT
    session = {int(day): at for at, day in enumerate(days)}
    rows = connection.execute(
        "SELECT portfolio, day, kind, security, quantity, price, amount, fee FROM entry"
        " ORDER BY portfolio, day, kind = 'sell', reference"
    )
    entries = [
        (
            portfolio - 1,
            session[day],
            kind,
            None if security is None else security - 1,
            quantity // QUANTITY_UNITS,
            0 if price is None else price // PRICE_UNITS_PER_CENT,
            0 if amount is None else amount // MONEY_UNITS_PER_CENT,
            fee // MONEY_UNITS_PER_CENT,
        )
        for portfolio, day, kind, security, quantity, price, amount, fee in rows
    ]
    model = json.loads(connection.execute("SELECT document FROM risk_model ORDER BY id DESC").fetchone()[0])
    symbols = {symbol: at for at, (symbol, _) in enumerate(securities)}
    return Sources(
        days=days,
        first=min(entry[1] for entry in entries),
        closes=closes,
        sectors=[sector for _, sector in securities],
        names=sorted({sector for _, sector in securities}),
        portfolios=connection.execute("SELECT count(*) FROM portfolio").fetchone()[0],
        entries=entries,
        benchmark=symbols[model["benchmark"]],
        factors=[symbols[factor["symbol"]] for factor in model["factor"]],
        shocks=model["shock"],
    )


@dataclass
class Moves:
    """The changes of each entry, with lots closed first in, first out."""

    portfolio: np.ndarray
    session: np.ndarray
    security: np.ndarray
    """-1 for cash only."""
    quantity: np.ndarray
    cost: np.ndarray
    realized: np.ndarray
    cash: np.ndarray
    flow: np.ndarray


def book(sources: Sources) -> Moves:
    """Books all entries. Synthetic sources have no short positions, and this code supports none."""
    lots: dict[tuple[int, int], list[list[int]]] = {}
    moves = []
    for portfolio, session, kind, security, quantity, price, amount, fee in sources.entries:
        if kind == "deposit":
            moves.append((portfolio, session, -1, 0, 0, 0, amount - fee, amount))
            continue
        held = lots.setdefault((portfolio, security), [])
        if kind == "buy":
            held.append([quantity, price])
            moves.append((portfolio, session, security, quantity, quantity * price, 0, -quantity * price - fee, 0))
        elif kind == "sell":
            left, cost = quantity, 0
            while left:
                units = min(left, held[0][0])
                cost += units * held[0][1]
                held[0][0] -= units
                left -= units
                if not held[0][0]:
                    held.pop(0)
            proceeds = quantity * price
            moves.append((portfolio, session, security, -quantity, -cost, proceeds - cost, proceeds - fee, 0))
        else:
            raise ValueError(f"unsupported entry kind `{kind}`")
    return Moves(*np.array(moves, dtype=np.int64).T)
