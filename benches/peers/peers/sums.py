"""What two ways to the same books must agree on: a sum over all cells for each figure."""

import math
import sqlite3

TOLERANCE = 1e-9

OURS = {
    "cells": "SELECT count(*) FROM snapshot",
    "cash": "SELECT sum(cash / 1e4) FROM snapshot",
    "nav": "SELECT sum(nav / 1e4) FROM snapshot",
    "pnl": "SELECT sum(pnl / 1e4) FROM snapshot",
    "return": "SELECT sum(session_return * session_return) FROM snapshot",
    "realized": "SELECT sum(realized / 1e4) FROM snapshot",
    "unrealized": "SELECT sum(unrealized / 1e4) FROM snapshot",
    "holdings": "SELECT sum(count) FROM position",
    "hhi": "SELECT sum(hhi) FROM exposure",
    "top_3": "SELECT sum(top_3) FROM exposure",
    "volatility_21": "SELECT sum(volatility_21) FROM risk",
    "volatility_252": "SELECT sum(volatility_252) FROM risk",
    "beta": "SELECT sum(beta) FROM risk",
    "r_squared": "SELECT sum(r_squared) FROM risk",
    "var_95": "SELECT sum(var_95) FROM risk",
    "cvar_95": "SELECT sum(cvar_95) FROM risk",
    "correlation": "SELECT sum(correlation) FROM risk",
    "effective_number": "SELECT sum(effective_number) FROM risk",
}


def ours(path: str) -> dict[str, float]:
    with sqlite3.connect(path) as connection:
        return {name: connection.execute(sql).fetchone()[0] for name, sql in OURS.items()}


def disagreement(ours: dict[str, float], theirs: dict[str, float]) -> str | None:
    """The first figure on which they disagree; a peer that leaves one out says nothing of it."""
    for name, figure in theirs.items():
        if not math.isclose(figure, ours[name], rel_tol=TOLERANCE):
            return f"{name}: {figure!r} where Plimsoll has {ours[name]!r}"
    return None
