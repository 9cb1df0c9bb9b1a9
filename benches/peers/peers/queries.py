"""The books in SQL with window functions: all cells at once, without a loop outside.

Amounts are whole cents. Sales close purchases first in, first out. Purchases and sales of a security
each number their units from 0, so the units that a sale takes from a purchase are the overlap of two
intervals.
"""

TRADES = """
SELECT portfolio, security, day, reference, kind, quantity {div} 100000000 AS quantity,
    price {div} 1000000 AS price, fee {div} 100 AS fee,
    SUM(quantity {div} 100000000) OVER (
        PARTITION BY portfolio, security, kind ORDER BY day, reference
    ) - quantity {div} 100000000 AS before
FROM entry WHERE kind IN ('buy', 'sell')
"""

SALES = """
SELECT sold.portfolio, sold.security, sold.day, sold.reference, sold.quantity,
    SUM(bought.price * ({least}(bought.before + bought.quantity, sold.before + sold.quantity)
        - {greatest}(bought.before, sold.before))) AS cost
FROM trade AS sold JOIN trade AS bought
    ON bought.portfolio = sold.portfolio AND bought.security = sold.security
    AND bought.kind = 'buy' AND sold.kind = 'sell'
    AND bought.before < sold.before + sold.quantity
    AND bought.before + bought.quantity > sold.before
GROUP BY sold.portfolio, sold.security, sold.day, sold.reference, sold.quantity
"""

MOVES = """
SELECT portfolio, security, day, SUM(quantity) AS quantity, SUM(cost) AS cost FROM (
    SELECT portfolio, security, day, quantity, quantity * price AS cost FROM trade WHERE kind = 'buy'
    UNION ALL SELECT portfolio, security, day, -quantity, -cost FROM sale
) GROUP BY portfolio, security, day
"""

CASH = """
SELECT portfolio, day, SUM(cash) AS cash, SUM(realized) AS realized, SUM(flow) AS flow FROM (
    SELECT portfolio, day, amount {div} 100 - fee {div} 100 AS cash, 0 AS realized,
        amount {div} 100 AS flow
    FROM entry WHERE kind = 'deposit'
    UNION ALL
    SELECT portfolio, day, -quantity * price - fee, 0, 0 FROM trade WHERE kind = 'buy'
    UNION ALL
    SELECT trade.portfolio, trade.day, trade.quantity * trade.price - trade.fee,
        trade.quantity * trade.price - sale.cost, 0
    FROM trade JOIN sale USING (reference)
) GROUP BY portfolio, day
"""

POSITIONS = """
SELECT day, portfolio, security, quantity, price, quantity * price AS value, cost FROM (
    SELECT session.day, pair.portfolio, pair.security, price.close {div} 1000000 AS price,
        SUM(COALESCE(move.quantity, 0)) OVER held AS quantity,
        SUM(COALESCE(move.cost, 0)) OVER held AS cost
    FROM (SELECT DISTINCT portfolio, security FROM move) AS pair
    CROSS JOIN session
    JOIN price ON price.day = session.day AND price.security = pair.security
    LEFT JOIN move ON move.portfolio = pair.portfolio AND move.security = pair.security
        AND move.day = session.day
    WINDOW held AS (PARTITION BY pair.portfolio, pair.security ORDER BY session.day)
) AS held
"""

SNAPSHOTS = """
SELECT day, portfolio, cash, long, short, nav, flow, nav - nav_before - flow AS pnl,
    CASE WHEN nav_before + flow > 0
        THEN (nav - nav_before - flow) * 1.0 / (nav_before + flow) END AS session_return,
    realized, unrealized
FROM (
    SELECT *, COALESCE(LAG(nav) OVER (PARTITION BY portfolio ORDER BY day), 0) AS nav_before FROM (
        SELECT total.day, total.portfolio, long, short, unrealized,
            COALESCE(cash.flow, 0) AS flow,
            SUM(COALESCE(cash.cash, 0)) OVER so_far AS cash,
            SUM(COALESCE(cash.realized, 0)) OVER so_far AS realized,
            SUM(COALESCE(cash.cash, 0)) OVER so_far + long + short AS nav
        FROM (
            SELECT day, portfolio, SUM(CASE WHEN value > 0 THEN value ELSE 0 END) AS long,
                SUM(CASE WHEN value < 0 THEN value ELSE 0 END) AS short,
                SUM(value - cost) AS unrealized
            FROM position_out GROUP BY day, portfolio
        ) AS total
        LEFT JOIN cash ON cash.portfolio = total.portfolio AND cash.day = total.day
        WINDOW so_far AS (PARTITION BY total.portfolio ORDER BY total.day)
    ) AS valued
) AS chained
"""

SESSIONS = "SELECT DISTINCT day FROM price WHERE day >= (SELECT MIN(day) FROM entry)"

SUMS = """
SELECT COUNT(*) AS cells, SUM(cash) / 100.0 AS cash, SUM(nav) / 100.0 AS nav,
    SUM(pnl) / 100.0 AS pnl, SUM(session_return * session_return) AS "return",
    SUM(realized) / 100.0 AS realized, SUM(unrealized) / 100.0 AS unrealized,
    (SELECT COUNT(*) FROM position_out WHERE quantity <> 0) AS holdings
FROM snapshot_out
"""


KEYS = {"trade": "portfolio, security", "sale": "reference", "move": "portfolio, security, day", "cash": "portfolio, day"}


def steps(div: str, least: str, greatest: str, stored: str, indexes: str | None = None) -> list[str]:
    """Returns the statements in order. `stored` begins the statements that store positions and snapshots;
    `indexes` is the schema prefix of indexes, or None for no indexes."""
    functions = {"div": div, "least": least, "greatest": greatest}
    tables = [("trade", TRADES), ("sale", SALES), ("move", MOVES), ("cash", CASH), ("session", SESSIONS)]
    statements = []
    for name, sql in tables:
        statements.append(f"CREATE TEMP TABLE {name} AS {sql.format(**functions)}")
        if name in KEYS and indexes is not None:
            statements.append(f"CREATE INDEX {indexes}by_{name} ON {name} ({KEYS[name]})")
    order = " ORDER BY day, portfolio"
    statements.append(stored.format("position_out") + POSITIONS.format(**functions) + order + ", security")
    statements.append(stored.format("snapshot_out") + SNAPSHOTS.format(**functions) + order)
    return statements
