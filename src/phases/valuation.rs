//! Phases 3 and 4: values an account on a session. Formulas: `docs/numbers.md`, books.

use super::account::{Account, Holding};
use super::error::PhaseError;
use super::market::Market;
use crate::domain::output::{ForeignCash, Position, Snapshot};
use crate::domain::{Absence, Day, Figure, Money, Price, PriceQuality, Quality};

/// The books of a cell: totals and holdings.
#[derive(Debug, Clone, PartialEq)]
pub struct Valuation {
    /// Totals of the cell (phase 3).
    pub snapshot: Snapshot,
    /// Holdings, ascending by symbol (phase 4).
    pub positions: Vec<Position>,
}

impl Holding {
    /// Values the holding at the price as of a session; at cost before the first close, and at
    /// nothing if there is no cost either.
    // Inlined: the inner loop of books, run for every holding of every cell.
    #[inline(always)]
    fn position(&self, market: &Market, session: usize) -> Result<Position, PhaseError> {
        let (quantity, cost) = (self.lots.quantity(), self.lots.cost());
        let instrument = &self.instrument;
        let (price, quality, value) = match instrument.as_of(market, session) {
            Some(as_of) => {
                let value = instrument.value(market, session, as_of.price, quantity)?;
                // A value is as old as the older of its price and its exchange rate.
                (as_of.price, as_of.quality.max(value.rate), value.money)
            }
            None => {
                instrument.ensure_never_priced(market, session)?;
                match cost.is_zero() {
                    true => (Price::ZERO, PriceQuality::None, Money::ZERO),
                    // Cost is in the portfolio's currency already, so it is not converted.
                    false => (Price::ZERO, PriceQuality::Cost, cost),
                }
            }
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
    /// Returns the net asset value on a session, without building positions.
    pub(super) fn nav(&self, market: &Market, session: usize) -> Result<Money, PhaseError> {
        let mut nav = i128::from(self.cash.units());
        for holding in &self.holdings {
            nav += i128::from(holding.position(market, session)?.value.units());
        }
        nav += self.foreign_value_on(market, session)?;
        to_money(nav, market.sessions()[session])
    }

    /// Computes the books on a session, given the NAV of the previous session.
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
        let mut totals = Totals::from_positions(&positions);
        let foreign_cash = self.foreign_cash_on(market, session)?;
        totals.add_cash(self.cash, &foreign_cash);
        let day = market.sessions()[session];
        let mut snapshot = self.snapshot(&totals, foreign_cash, nav_before, day)?;
        let mut quality = snapshot.quality;
        for moved in snapshot.moved_inputs(day, &positions) {
            quality.count(moved.quality);
        }
        snapshot.quality = quality;
        Ok(Valuation {
            snapshot,
            positions,
        })
    }

    fn snapshot(
        &self,
        totals: &Totals,
        foreign_cash: Vec<ForeignCash>,
        nav_before: Money,
        day: Day,
    ) -> Result<Snapshot, PhaseError> {
        let units = |money: Money| i128::from(money.units());
        let (inflow, outflow) = (units(self.inflow), units(self.outflow));
        let (before, flow) = (units(nav_before), inflow - outflow);
        // All of these fit 128 bits; each is checked once, when it becomes money.
        let (short, nav) = (totals.net - totals.long, totals.cash + totals.net);
        Ok(Snapshot {
            cash: to_money(totals.cash, day)?,
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
            foreign_cash,
            aged_moves: self.aged_moves.to_list(),
        })
    }
}

/// Sums over holdings, in units of money. 128 bits hold the sum of any list of 64-bit values.
#[derive(Default)]
struct Totals {
    /// Sum of the values above zero.
    long: i128,
    /// Sum of all values.
    net: i128,
    cost: i128,
    /// Cash with the value of the foreign balances.
    cash: i128,
    quality: Quality,
}

impl Totals {
    fn from_positions(positions: &[Position]) -> Self {
        // A separate loop: fused with the valuation it ran out of registers, and a cell took
        // 12 % longer.
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

    fn add_cash(&mut self, own: Money, foreign_cash: &[ForeignCash]) {
        self.cash = own.units().into();
        for foreign in foreign_cash {
            self.cash += i128::from(foreign.value.units());
            if foreign.is_held() {
                self.quality.count(foreign.quality);
            }
        }
    }
}

/// Returns `end ÷ base − 1`. The difference is taken in integers, where it loses no digits. Without
/// a base above zero there is no return.
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
