//! Defines the outputs of the phases: the books of a cell, its holdings, weights and risk, and the
//! statistics of a security.

pub use super::aged_move::{AgedMove, PriceInput};
use super::amount::Money;
use super::cell::Cell;
use super::day::Day;
use super::figure::Figure;
use super::fine_amount::{Price, Quantity};
use super::ids::SecurityId;
use super::phase::{Phase, PhaseSet};
use super::quality::{PriceQuality, Quality};
use super::sectors::SectorWeights;
use super::security::{AssetClass, Currency};

/// Output of phase 2: one security on one session.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityStatistics {
    /// The security that is measured.
    pub security: SecurityId,
    /// Return since the session before, adjusted for splits and not for dividends.
    pub session_return: Figure,
    /// Annualised volatility over windows of 21, 63 and 252 sessions.
    pub volatility: [Figure; 3],
    /// Beta against the benchmark over 252 sessions.
    pub beta: Figure,
    /// R² of that regression, 0 to 1.
    pub r_squared: Figure,
    /// Beta to each factor of the risk model, in its order, from one joint regression.
    pub factor_betas: Vec<Figure>,
}

/// Output of phase 3: the books of a cell at the end of its session, in the portfolio's currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Cash, with the value of the balances in foreign currencies; negative is borrowed.
    pub cash: Money,
    /// Value of the long holdings, zero or more.
    pub long: Money,
    /// Value of the short holdings, zero or less.
    pub short: Money,
    /// Gross value of the holdings: `long − short`.
    pub gross: Money,
    /// Net value of the holdings: `long + short`.
    pub net: Money,
    /// Net asset value: `cash + net`.
    pub nav: Money,
    /// Deposits and transfers in since the session before, less withdrawals and transfers out.
    pub flow: Money,
    /// Profit and loss of the session: `nav − nav of the session before − flow`.
    pub pnl: Money,
    /// Return since the session before: `(nav + outflow) ÷ (nav before + inflow) − 1`.
    pub session_return: Figure,
    /// Realized profit since inception, by first in, first out.
    pub realized: Money,
    /// Unrealized profit: value of the holdings less their cost.
    pub unrealized: Money,
    /// Numbers of holdings, of foreign cash balances other than zero, and of
    /// [`Self::moved_inputs`], by kind of price.
    pub quality: Quality,
    /// The balances in currencies other than the portfolio's, by currency: of each that any
    /// transaction has used, also if it is zero now.
    pub foreign_cash: Vec<ForeignCash>,
    /// The prices and rates that were not of the session on which they valued an amount: of this
    /// session, and of each the oldest of the sessions before on whose value these books depend.
    /// Ascending by price or rate and session.
    pub aged_moves: Vec<AgedMove>,
}

/// The balance of cash in a foreign currency, a part of the output of phase 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignCash {
    /// The currency of the balance.
    pub currency: Currency,
    /// The balance in that currency; negative is borrowed.
    pub balance: Money,
    /// Value in the portfolio's currency.
    pub value: Money,
    /// Average cost of the balance in the portfolio's currency.
    pub cost: Money,
    /// Age of the exchange rate in sessions.
    pub quality: PriceQuality,
    /// Exchange gain of the session: value − value of the session before − what was paid in and out
    /// since.
    pub fx_gain: Money,
    /// Exchange gain realized since inception by paying out of the balance.
    pub fx_realized: Money,
}

impl ForeignCash {
    /// Returns whether the balance is not zero.
    pub const fn is_held(&self) -> bool {
        !self.balance.is_zero()
    }

    /// Returns the exchange gain of what is held: value − cost. `None` if it does not fit.
    pub const fn fx_unrealized(&self) -> Option<Money> {
        self.value.minus(self.cost)
    }
}

impl Snapshot {
    /// Returns the foreign cash with a balance other than zero.
    pub fn held_cash(&self) -> impl Iterator<Item = &ForeignCash> {
        self.foreign_cash.iter().filter(|cash| cash.is_held())
    }

    /// Returns the aged prices and rates at which amounts of `day`, the session of the books, were
    /// moved, without those of a security among `positions` or of a balance other than zero, whose
    /// age shows there.
    pub fn moved_inputs<'s>(
        &'s self,
        day: Day,
        positions: &'s [Position],
    ) -> impl Iterator<Item = &'s AgedMove> {
        let is_held = |input| match input {
            PriceInput::Price(security) => positions.iter().any(|held| held.security == security),
            PriceInput::Rate(currency) => self.held_cash().any(|held| held.currency == currency),
        };
        let of_day = self.aged_moves.iter().filter(move |of| of.day == day);
        of_day.filter(move |of| !is_held(of.input))
    }

    /// Returns the amounts with their names, in the order in which answers list them.
    pub fn amounts(&self) -> [(&'static str, Money); 10] {
        [
            ("cash", self.cash),
            ("long", self.long),
            ("short", self.short),
            ("gross", self.gross),
            ("net", self.net),
            ("nav", self.nav),
            ("flow", self.flow),
            ("pnl", self.pnl),
            ("realized", self.realized),
            ("unrealized", self.unrealized),
        ]
    }

    /// Returns the exchange gain of the session on all foreign cash; `None` if it does not fit.
    pub fn fx_gain(&self) -> Option<Money> {
        let mut gains = self.foreign_cash.iter();
        gains.try_fold(Money::ZERO, |sum, of| sum.plus(of.fx_gain))
    }

    /// Returns the cash in the portfolio's own currency; `None` if it does not fit.
    pub fn own_cash(&self) -> Option<Money> {
        let mut foreign = self.foreign_cash.iter();
        foreign.try_fold(self.cash, |cash, of| cash.minus(of.value))
    }
}

/// Output of phase 4: one holding of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The security that is held.
    pub security: SecurityId,
    /// The quantity held; negative is short.
    pub quantity: Quantity,
    /// Price of one unit in the security's currency; zero if there is none.
    pub price: Price,
    /// Origin of the price, and its age in sessions.
    pub quality: PriceQuality,
    /// Value in the portfolio's currency.
    pub value: Money,
    /// Cost of what is still held, in the portfolio's currency; negative for a short.
    pub cost: Money,
    /// Unrealized profit: `value − cost`.
    pub unrealized: Money,
}

/// Output of phase 5: weights and concentration of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposures {
    /// Value per sector as a share of NAV, signed, ordered by the bytes of the sector's name.
    pub sectors: SectorWeights,
    /// Value per asset class as a share of NAV, signed, in the order of the classes.
    pub classes: Vec<(AssetClass, f64)>,
    /// The sum of weights, or the reason the two lists above are empty.
    pub weights: Figure,
    /// Herfindahl–Hirschman index of the holdings' shares of gross value, 0 to 1.
    pub hhi: Figure,
    /// `1 ÷ hhi`, the number of equal holdings with the same concentration.
    pub effective_number: Figure,
    /// Share of gross value in the three largest holdings.
    pub top_3: Figure,
    /// Share of gross value in the ten largest holdings.
    pub top_10: Figure,
}

/// Output of phase 6: the risk of a cell, from the returns of the day's holdings at the day's
/// weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Annualised volatility over windows of 21, 63 and 252 sessions.
    pub volatility: [Figure; 3],
    /// Beta against the benchmark.
    pub beta: Figure,
    /// R² of that regression, 0 to 1.
    pub r_squared: Figure,
    /// Historical value at risk: the 5 % quantile of session returns, a ratio, negative for a loss.
    pub var_95: Figure,
    /// Mean of the returns at or below that quantile.
    pub cvar_95: Figure,
    /// Mean of the pairwise correlations of the holdings.
    pub correlation: Figure,
    /// Number of independent holdings with the same diversification:
    /// `n ÷ (1 + (n − 1) × mean correlation)`.
    pub effective_number: Figure,
    /// Share of gross value whose securities have the history that the figures need, 0 to 1.
    pub covered_share: Figure,
    /// Exposure to each factor of the risk model, in its order: Σ weight × beta.
    pub factors: Vec<FactorExposure>,
    /// Result of each named shock of the risk model, in its order, as a share of NAV.
    pub stress: Vec<Figure>,
}

/// Exposure to one factor of the risk model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FactorExposure {
    /// Σ weight × beta over the holdings, signed.
    pub exposure: Figure,
    /// Share of gross value that has a beta to this factor, 0 to 1.
    pub covered_share: f64,
}

/// The outputs of a cell's phases. Phases that did not run are `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct CellOutput {
    /// The cell that the outputs belong to.
    pub cell: Cell,
    /// Output of phase 3, the books.
    pub snapshot: Option<Snapshot>,
    /// Output of phase 4, ordered by security id.
    pub positions: Option<Vec<Position>>,
    /// Output of phase 5, weights and concentration.
    pub exposures: Option<Exposures>,
    /// Output of phase 6, the risk figures.
    pub risk: Option<Risk>,
}

impl CellOutput {
    /// Creates an output in which no phase has run.
    pub const fn empty(cell: Cell) -> Self {
        Self {
            cell,
            snapshot: None,
            positions: None,
            exposures: None,
            risk: None,
        }
    }

    /// Moves the output of one phase into a value of its own. It is empty for a phase that is not
    /// of a cell.
    pub fn take(&mut self, phase: Phase) -> Self {
        let mut part = Self::empty(self.cell);
        match phase {
            Phase::Snapshot => part.snapshot = self.snapshot.take(),
            Phase::Positions => part.positions = self.positions.take(),
            Phase::Exposures => part.exposures = self.exposures.take(),
            Phase::Risk => part.risk = self.risk.take(),
            Phase::Prices | Phase::Securities => {}
        }
        part
    }

    /// Returns the phases whose output is present.
    pub fn phases(&self) -> PhaseSet {
        let outputs = [
            (Phase::Snapshot, self.snapshot.is_some()),
            (Phase::Positions, self.positions.is_some()),
            (Phase::Exposures, self.exposures.is_some()),
            (Phase::Risk, self.risk.is_some()),
        ];
        outputs
            .into_iter()
            .filter_map(|(phase, present)| present.then_some(phase))
            .collect()
    }
}
