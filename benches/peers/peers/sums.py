"""Compares contenders by the sum of each figure over all cells."""

import math
import sqlite3

TOLERANCE = 1e-9

SUMS = {
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


def plimsoll(path: str) -> dict[str, float]:
    """Returns the sums of Plimsoll's figures."""
    with sqlite3.connect(path) as connection:
        return {name: connection.execute(sql).fetchone()[0] for name, sql in SUMS.items()}


def disagreement(expected: dict[str, float], actual: dict[str, float]) -> str | None:
    """Returns the first figure that differs, as text. Figures that a contender leaves out are not
    compared."""
    for name, figure in actual.items():
        if not math.isclose(figure, expected[name], rel_tol=TOLERANCE):
            return f"{name}: {figure!r}, Plimsoll has {expected[name]!r}"
    return None
