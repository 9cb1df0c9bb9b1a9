//! What an account is worth on a session: phases 3 and 4. Formulas: `docs/numbers.md`, books.

use super::account::{Account, Holding};
use super::error::PhaseError;
use super::market::Market;
use crate::domain::output::{Position, Snapshot};
use crate::domain::{Absence, Day, Figure, Money, Price, PriceQuality, Quality};

/// A cell's books: its totals and its holdings.
#[derive(Debug, Clone, PartialEq)]
pub struct Valuation {
    /// The totals (phase 3).
    pub snapshot: Snapshot,
    /// The holdings, by security id (phase 4).
    pub positions: Vec<Position>,
}

impl Holding {
    /// The holding at the price as of a session; at cost where it never had one, and worth
    /// nothing where there is no cost either.
    #[inline(always)]
    fn position(&self, market: &Market, session: usize) -> Result<Position, PhaseError> {
        let (quantity, cost) = (self.lots.quantity(), self.lots.cost());
        let instrument = &self.instrument;
        let (price, quality, value) = match instrument.as_of(market, session) {
            Some(as_of) => {
                let value = instrument.value(market, session, as_of.price, quantity)?;
                (as_of.price, as_of.quality, value)
            }
            None if cost.is_zero() => (Price::ZERO, PriceQuality::None, Money::ZERO),
            None => (Price::ZERO, PriceQuality::Cost, cost),
        };
        let Some(unrealized) = value.minus(cost) else {
            return Err(instrument.out_of_range(market, session));
        };
        Ok(Position {
            security: instrument.security,
            quantity,
            price,
            quality,
            value,
            cost,
            unrealized,
        })
    }
}

impl Account {
    /// Net asset value on a session, and nothing else.
    pub(super) fn nav(&self, market: &Market, session: usize) -> Result<Money, PhaseError> {
        let mut nav = i128::from(self.cash.units());
        for holding in &self.holdings {
            nav += i128::from(holding.position(market, session)?.value.units());
        }
        to_money(nav, market.sessions()[session])
    }

    /// The books on a session, with the NAV of the session before.
    pub(super) fn value(
        &self,
        market: &Market,
        session: usize,
        nav_before: Money,
    ) -> Result<Valuation, PhaseError> {
        let mut positions = Vec::with_capacity(self.holdings.len());
        for holding in &self.holdings {
            positions.push(holding.position(market, session)?);
        }
        let totals = Totals::from_positions(&positions);
        let snapshot = self.snapshot(&totals, nav_before, market.sessions()[session])?;
        Ok(Valuation {
            snapshot,
            positions,
        })
    }

    fn snapshot(
        &self,
        totals: &Totals,
        nav_before: Money,
        day: Day,
    ) -> Result<Snapshot, PhaseError> {
        let units = |money: Money| i128::from(money.units());
        let (inflow, outflow) = (units(self.inflow), units(self.outflow));
        let (before, flow) = (units(nav_before), inflow - outflow);
        let (short, nav) = (totals.net - totals.long, units(self.cash) + totals.net);
        Ok(Snapshot {
            cash: self.cash,
            long: to_money(totals.long, day)?,
            short: to_money(short, day)?,
            gross: to_money(totals.long - short, day)?,
            net: to_money(totals.net, day)?,
            nav: to_money(nav, day)?,
            flow: to_money(flow, day)?,
            pnl: to_money(nav - before - flow, day)?,
            session_return: session_return(nav + outflow, before + inflow),
            realized: self.realized,
            unrealized: to_money(totals.net - totals.cost, day)?,
            quality: totals.quality,
        })
    }
}

/// Sums over holdings, in units of money. In 128 bits no number of holdings overflows them.
#[derive(Default)]
struct Totals {
    /// Of the values above zero.
    long: i128,
    /// Of all values.
    net: i128,
    cost: i128,
    quality: Quality,
}

impl Totals {
    /// In a loop of its own: together with the valuation there are too few registers.
    fn from_positions(positions: &[Position]) -> Self {
        let mut totals = Self::default();
        for position in positions {
            let value = position.value.units();
            totals.long += i128::from(value.max(0));
            totals.net += i128::from(value);
            totals.cost += i128::from(position.cost.units());
            totals.quality.count(position.quality);
        }
        totals
    }
}

/// `end ÷ base − 1`, with the difference taken before anything is rounded.
fn session_return(end: i128, base: i128) -> Figure {
    if base > 0 {
        Figure::new((end - base) as f64 / base as f64, 1)
    } else {
        Figure::absent(Absence::NoBase, 0)
    }
}

fn to_money(units: i128, day: Day) -> Result<Money, PhaseError> {
    i64::try_from(units)
        .map(Money::from_units)
        .map_err(|_| PhaseError::TotalOutOfRange { day })
}
