//! What the phases put out, as values: the books of a cell, its holdings, weights and risk, and
//! the statistics of a security.

use super::{
    Cell, Figure, Money, Phase, PhaseSet, Price, PriceQuality, Quality, Quantity, SectorWeights,
    SecurityId,
};

/// Phase 2: one security on one session.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityStatistics {
    /// Whose.
    pub security: SecurityId,
    /// Return of this session over the one before, splits undone, dividends left out.
    pub session_return: Figure,
    /// Annualised volatility over windows of 21, 63 and 252 sessions.
    pub volatility: [Figure; 3],
    /// Beta against the benchmark over 252 sessions.
    pub beta: Figure,
    /// R² of that regression.
    pub r_squared: Figure,
    /// Beta to each factor of the risk model, in its order, from one joint regression.
    pub factor_betas: Vec<Figure>,
}

/// Phase 3: the books of a cell at the end of its session, in the portfolio's currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Cash; negative is borrowed.
    pub cash: Money,
    /// Value of the long holdings, zero or more.
    pub long: Money,
    /// Value of the short holdings, zero or less.
    pub short: Money,
    /// `long − short`.
    pub gross: Money,
    /// `long + short`.
    pub net: Money,
    /// Net asset value: `cash + net`.
    pub nav: Money,
    /// What came in from outside since the session before, less what went out.
    pub flow: Money,
    /// `nav − nav of the session before − flow`.
    pub pnl: Money,
    /// Return since the session before: `(nav + outflow) ÷ (nav before + inflow) − 1`.
    pub session_return: Figure,
    /// Realized profit since inception, by first in, first out.
    pub realized: Money,
    /// Value of the holdings less their cost.
    pub unrealized: Money,
    /// How the holdings are priced.
    pub quality: Quality,
}

/// Phase 4: one holding of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// What is held.
    pub security: SecurityId,
    /// How much; negative is short.
    pub quantity: Quantity,
    /// Price of one unit in the security's currency; zero where there is none.
    pub price: Price,
    /// Where the price comes from and how old it is, in sessions.
    pub quality: PriceQuality,
    /// Value in the portfolio's currency.
    pub value: Money,
    /// Cost of what is still held, in the portfolio's currency; negative for a short.
    pub cost: Money,
    /// `value − cost`.
    pub unrealized: Money,
}

/// Phase 5: how a cell's value is spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposures {
    /// Value per sector as a share of NAV, signed, by sector's name in byte order.
    pub sectors: SectorWeights,
    /// Value per asset class as a share of NAV, signed, in the order of the classes.
    pub classes: Vec<(super::AssetClass, f64)>,
    /// Why the two lists above are empty, where weights mean nothing.
    pub weights: Figure,
    /// Herfindahl–Hirschman index of the holdings' shares of gross value, 0 to 1.
    pub hhi: Figure,
    /// `1 ÷ hhi`: how many equal holdings would be as concentrated.
    pub effective_number: Figure,
    /// Share of gross value in the three largest holdings.
    pub top_3: Figure,
    /// Share of gross value in the ten largest holdings.
    pub top_10: Figure,
}

/// Phase 6: the risk of a cell, from the returns of the day's holdings at the day's weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Annualised volatility over windows of 21, 63 and 252 sessions.
    pub volatility: [Figure; 3],
    /// Beta against the benchmark.
    pub beta: Figure,
    /// R² of that regression.
    pub r_squared: Figure,
    /// Historical value at risk: the 5 % quantile of session returns, a negative ratio.
    pub var_95: Figure,
    /// Mean of the returns at or below that quantile.
    pub cvar_95: Figure,
    /// Mean of the pairwise correlations of the holdings.
    pub correlation: Figure,
    /// Number of independent holdings that would spread risk as well:
    /// `n ÷ (1 + (n − 1) × mean correlation)`.
    pub effective_number: Figure,
    /// Share of gross value whose securities had the history that the figures need.
    pub covered_share: Figure,
    /// Exposure to each factor of the risk model, in its order: Σ weight × beta.
    pub factors: Vec<FactorExposure>,
    /// Result of each named shock of the risk model, in its order, as a share of NAV.
    pub stress: Vec<Figure>,
}

/// Exposure to one factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FactorExposure {
    /// Σ weight × beta, signed.
    pub exposure: Figure,
    /// Share of gross value that has a beta to this factor.
    pub covered_share: f64,
}

/// What a cell's phases put out; what was not asked for is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct CellOutput {
    /// Which cell.
    pub cell: Cell,
    /// Phase 3.
    pub snapshot: Option<Snapshot>,
    /// Phase 4, by security id.
    pub positions: Option<Vec<Position>>,
    /// Phase 5.
    pub exposures: Option<Exposures>,
    /// Phase 6.
    pub risk: Option<Risk>,
}

impl CellOutput {
    /// The output of nothing yet.
    pub const fn empty(cell: Cell) -> Self {
        Self {
            cell,
            snapshot: None,
            positions: None,
            exposures: None,
            risk: None,
        }
    }

    /// Takes one phase's output out of it.
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

    /// The phases of which it holds the output.
    pub fn phases(&self) -> PhaseSet {
        let held = [
            (Phase::Snapshot, self.snapshot.is_some()),
            (Phase::Positions, self.positions.is_some()),
            (Phase::Exposures, self.exposures.is_some()),
            (Phase::Risk, self.risk.is_some()),
        ];
        held.into_iter()
            .filter_map(|(phase, there)| there.then_some(phase))
            .collect()
    }
}
