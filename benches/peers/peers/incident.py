"""The job of the incident, with the 2026-01 fix: an object-relational mapper, one portfolio and day
at a time.

The first day is the oldest of each portfolio's newest day (MIN of MAX). On each day, the portfolios
without a snapshot are processed, one transaction each. Snapshot and analytics query their own inputs,
and pandas computes the figures. The job stores the same as Plimsoll, without factors and shocks.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import ForeignKey, create_engine, delete, event, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

EPOCH = date(1970, 1, 1)
WINDOW = 252


class Base(DeclarativeBase):
    pass


class Portfolio(Base):
    __tablename__ = "portfolio"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Security(Base):
    __tablename__ = "security"
    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str]
    sector: Mapped[str]


class Price(Base):
    __tablename__ = "price"
    day: Mapped[int] = mapped_column(primary_key=True)
    security: Mapped[int] = mapped_column(primary_key=True)
    close: Mapped[int]


class Entry(Base):
    __tablename__ = "entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str]
    portfolio: Mapped[int] = mapped_column(ForeignKey("portfolio.id"))
    day: Mapped[int]
    kind: Mapped[str]
    security: Mapped[int | None]
    quantity: Mapped[int]
    price: Mapped[int | None]
    amount: Mapped[int | None]
    fee: Mapped[int]


class Snapshot(Base):
    __tablename__ = "i_snapshot"
    id: Mapped[int] = mapped_column(primary_key=True)
    portfolio: Mapped[int] = mapped_column(index=True)
    day: Mapped[int] = mapped_column(index=True)
    cash: Mapped[float]
    nav: Mapped[float]
    pnl: Mapped[float]
    session_return: Mapped[float | None]
    realized: Mapped[float]
    unrealized: Mapped[float]


class Position(Base):
    __tablename__ = "i_position"
    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot: Mapped[int] = mapped_column(ForeignKey("i_snapshot.id"), index=True)
    security: Mapped[int]
    quantity: Mapped[float]
    price: Mapped[float]
    value: Mapped[float]
    cost: Mapped[float]


class Analytics(Base):
    __tablename__ = "i_analytics"
    snapshot: Mapped[int] = mapped_column(ForeignKey("i_snapshot.id"), primary_key=True)
    hhi: Mapped[float]
    top_3: Mapped[float]
    volatility_21: Mapped[float]
    volatility_252: Mapped[float]
    beta: Mapped[float]
    r_squared: Mapped[float]
    var_95: Mapped[float]
    cvar_95: Mapped[float]
    correlation: Mapped[float]
    effective_number: Mapped[float]


def engine_of(path: str):
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def pragmas(connection, _):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return engine


def run(path: str, most_cells: int | None = None) -> int:
    """Processes all cells into new tables, or the first `most_cells`. Returns the number of processed cells."""
    engine = engine_of(path)
    tables = [model.__table__ for model in (Analytics, Position, Snapshot)]
    Base.metadata.drop_all(engine, tables=tables)
    Base.metadata.create_all(engine, tables=tables[::-1])
    return catch_up(engine, most_cells)


def catch_up(engine, most_cells: int | None = None, process_all: bool = False) -> int:
    """Runs the nightly job. With `process_all`, it also processes portfolios that have a snapshot of the
    day. Returns the number of processed cells."""
    done = 0
    with Session(engine) as session:
        benchmark = session.scalar(select(Security.id).where(Security.symbol == "MKT"))
        last = session.scalar(select(func.max(Price.day)))
        for day in sessions(session, watermark(session), last):
            # The list of active portfolios is read again for every date, as the incident's job did.
            for portfolio in session.scalars(select(Portfolio.id).order_by(Portfolio.id)).all():
                if process_all:
                    delete_outputs(session, portfolio, day)
                elif has_snapshot(session, portfolio, day):
                    continue
                process(session, portfolio, day, benchmark)
                session.commit()
                session.expunge_all()
                done += 1
                if done == most_cells:
                    return done
    engine.dispose()
    return done


def delete_outputs(session: Session, portfolio: int, day: int) -> None:
    """Deletes the outputs of a portfolio on a day, so that it can be processed again."""
    for snapshot in session.scalars(
        select(Snapshot.id).where(Snapshot.portfolio == portfolio, Snapshot.day == day)
    ).all():
        session.execute(delete(Analytics).where(Analytics.snapshot == snapshot))
        session.execute(delete(Position).where(Position.snapshot == snapshot))
        session.execute(delete(Snapshot).where(Snapshot.id == snapshot))


def remove_sessions(path: str, portfolio: int, days: list[int]) -> None:
    """Deletes the outputs of a portfolio on some days, so that it is behind."""
    with Session(engine_of(path)) as session:
        for day in days:
            delete_outputs(session, portfolio, day)
        session.commit()


def watermark(session: Session) -> int:
    """Returns the day before the first needed one: the oldest of each portfolio's newest day."""
    newest = select(func.max(Snapshot.day).label("day")).group_by(Snapshot.portfolio).subquery()
    oldest = session.scalar(select(func.min(newest.c.day)))
    if oldest is not None:
        return oldest
    return session.scalar(select(func.min(Entry.day))) - 1


def sessions(session: Session, after: int, last: int) -> list[int]:
    """Returns the weekdays with prices after `after`, up to `last`."""
    weekdays = (after + ahead for ahead in range(1, last - after + 1))
    weekdays = [day for day in weekdays if (EPOCH + timedelta(days=day)).weekday() < 5]
    priced = set(session.scalars(select(Price.day).where(Price.day > after).distinct()))
    return [day for day in weekdays if day in priced]


def has_snapshot(session: Session, portfolio: int, day: int) -> bool:
    found = select(Snapshot.id).where(Snapshot.portfolio == portfolio, Snapshot.day == day)
    return session.scalar(found) is not None


def process(session: Session, portfolio: int, day: int, benchmark: int) -> None:
    snapshot, positions = snapshot_of(session, portfolio, day)
    session.add(snapshot)
    session.flush()
    for position in positions:
        position.snapshot = snapshot.id
    session.add_all(positions)
    analytics = analytics_of(session, positions, day, benchmark, snapshot.nav)
    analytics.snapshot = snapshot.id
    session.add(analytics)


def snapshot_of(session: Session, portfolio: int, day: int) -> tuple[Snapshot, list[Position]]:
    cash = realized = flow = 0.0
    lots: dict[int, list[list[float]]] = {}
    entries = session.scalars(
        select(Entry)
        .where(Entry.portfolio == portfolio, Entry.day <= day)
        .order_by(Entry.day, Entry.kind == "sell", Entry.reference)
    )
    for entry in entries:
        quantity, fee = entry.quantity / 1e8, entry.fee / 1e4
        cash -= fee
        if entry.kind == "deposit":
            cash += entry.amount / 1e4
            flow += entry.amount / 1e4 if entry.day == day else 0.0
            continue
        price = entry.price / 1e8
        held = lots.setdefault(entry.security, [])
        if entry.kind == "buy":
            cash -= quantity * price
            held.append([quantity, price])
            continue
        cash += quantity * price
        while quantity > 0:
            units = min(quantity, held[0][0])
            realized += units * (price - held[0][1])
            held[0][0] -= units
            quantity -= units
            if held[0][0] == 0:
                held.pop(0)
    prices = session.scalars(select(Price).where(Price.day == day, Price.security.in_(list(lots))))
    closes = {price.security: price.close / 1e8 for price in prices}
    positions = [
        Position(
            security=security,
            quantity=(quantity := sum(lot[0] for lot in held)),
            price=closes[security],
            value=quantity * closes[security],
            cost=sum(lot[0] * lot[1] for lot in held),
        )
        for security, held in sorted(lots.items())
    ]
    before = session.scalar(
        select(Snapshot.nav)
        .where(Snapshot.portfolio == portfolio, Snapshot.day < day)
        .order_by(Snapshot.day.desc())
        .limit(1)
    )
    nav = cash + sum(position.value for position in positions)
    base = (before or 0.0) + flow
    snapshot = Snapshot(
        portfolio=portfolio,
        day=day,
        cash=cash,
        nav=nav,
        pnl=nav - base,
        session_return=(nav - base) / base if base > 0 else None,
        realized=realized,
        unrealized=sum(position.value - position.cost for position in positions),
    )
    return snapshot, positions


def analytics_of(session, positions, day, benchmark, nav) -> Analytics:
    securities = [position.security for position in positions] + [benchmark]
    days = session.scalars(
        select(Price.day).where(Price.day <= day).distinct().order_by(Price.day.desc()).limit(WINDOW + 1)
    ).all()
    rows = session.execute(
        select(Price.day, Price.security, Price.close).where(
            Price.day.between(days[-1], day), Price.security.in_(securities)
        )
    )
    frame = pd.DataFrame(rows.all(), columns=["day", "security", "close"])
    closes = frame.pivot(index="day", columns="security", values="close").sort_index()
    returns = closes.pct_change().iloc[1:]
    weights = pd.Series({position.security: position.value / nav for position in positions})
    held = returns[weights.index]
    portfolio_returns = (held * weights).sum(axis=1)
    benchmark_returns = returns[benchmark]
    beta = portfolio_returns.cov(benchmark_returns) / benchmark_returns.var()
    shares = (weights.abs() / weights.abs().sum()).sort_values(ascending=False)
    count = len(weights)
    pairs = held.corr().to_numpy()
    correlation = (pairs.sum() - count) / (count * (count - 1))
    below = int(0.05 * (len(portfolio_returns) - 1))
    return Analytics(
        hhi=float((shares**2).sum()),
        top_3=float(shares.iloc[:3].sum()),
        volatility_21=float(portfolio_returns.iloc[-21:].std() * np.sqrt(252)),
        volatility_252=float(portfolio_returns.std() * np.sqrt(252)),
        beta=float(beta),
        r_squared=float(portfolio_returns.corr(benchmark_returns) ** 2),
        var_95=float(portfolio_returns.quantile(0.05)),
        cvar_95=float(np.sort(portfolio_returns)[: below + 1].mean()),
        correlation=float(correlation),
        effective_number=float(count / (1 + (count - 1) * correlation)),
    )


def totals(path: str) -> dict[str, float]:
    with Session(engine_of(path)) as session:
        columns = {
            **{name: getattr(Snapshot, name) for name in ("cash", "nav", "pnl", "realized", "unrealized")},
            **{
                name: getattr(Analytics, name)
                for name in Analytics.__table__.columns.keys()
                if name != "snapshot"
            },
        }
        sums = {name: session.scalar(select(func.sum(column))) for name, column in columns.items()}
        sums["return"] = session.scalar(select(func.sum(Snapshot.session_return * Snapshot.session_return)))
        sums["cells"] = session.scalar(select(func.count(Snapshot.id)))
        sums["holdings"] = session.scalar(select(func.count(Position.id)))
        return sums
