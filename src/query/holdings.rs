//! Reads positions, exposures and risk of a cell, with the names of securities and factors.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::QueryError;
use super::serialize;
use crate::domain::output::{Exposures, FactorExposure, Position, Risk, Snapshot};
use crate::domain::{
    AssetClass, Cell, Currency, Day, Figure, Money, Phase, Price, PriceQuality, Quality, Quantity,
    Security, SecurityId,
};
use crate::invalidation::PendingInvalidations;
use crate::store::ReadTransaction;

/// The outputs of phases 4 to 6 of a cell, each absent where there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Holdings {
    /// Number of holdings by price quality.
    #[serde(serialize_with = "serialize::quality")]
    pub quality: Quality,
    /// The positions, by symbol.
    pub positions: Option<PositionsView>,
    /// Weights by sector and class, and concentration.
    pub exposures: Option<ExposuresView>,
    /// Volatility, beta, value at risk, factors and shocks.
    pub risk: Option<RiskView>,
}

/// Validity of a stored output according to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validity {
    /// The ledger holds the phase of the cell.
    Valid,
    /// The phase is to be done again; the old output is kept until then.
    Stale,
}

/// The positions of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PositionsView {
    /// Validity of the positions according to the ledger.
    pub validity: Validity,
    /// One row for each holding, by symbol.
    pub rows: Vec<PositionView>,
}

/// One holding of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PositionView {
    /// The symbol of the security.
    pub symbol: String,
    /// The name of the security.
    pub name: String,
    /// The asset class of the security.
    pub class: AssetClass,
    /// The sector of the security; empty where it has none.
    pub sector: String,
    /// Number of units; negative is short.
    #[serde(serialize_with = "serialize::text")]
    pub quantity: Quantity,
    /// Price of one unit, in the security's currency.
    #[serde(serialize_with = "serialize::text")]
    pub price: Price,
    /// The age or source of the price.
    #[serde(serialize_with = "serialize::text")]
    pub quality: PriceQuality,
    /// Value in the portfolio's currency.
    #[serde(serialize_with = "serialize::text")]
    pub value: Money,
    /// Cost of the units that are held, in the portfolio's currency.
    #[serde(serialize_with = "serialize::text")]
    pub cost: Money,
    /// Unrealized profit, `value − cost`.
    #[serde(serialize_with = "serialize::text")]
    pub unrealized: Money,
    /// Value as a share of NAV, signed; absent where NAV is not positive.
    pub weight: Option<f64>,
}

/// Weights and concentration of a cell's holdings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExposuresView {
    /// Validity of the exposures according to the ledger.
    pub validity: Validity,
    /// Share of NAV by sector, signed.
    #[serde(serialize_with = "serialize::named_ratios")]
    pub sectors: Vec<(String, f64)>,
    /// Share of NAV by asset class, signed.
    #[serde(serialize_with = "serialize::named_ratios")]
    pub classes: Vec<(AssetClass, f64)>,
    /// Share of NAV by currency, of holdings and cash; only of portfolios with foreign cash.
    #[serde(
        serialize_with = "serialize::named_ratios",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub currencies: Vec<(Currency, f64)>,
    /// The sum of the weights, or the reason `sectors` and `classes` are empty.
    #[serde(serialize_with = "serialize::figure")]
    pub weights: Figure,
    /// Herfindahl–Hirschman index of the holdings.
    #[serde(serialize_with = "serialize::figure")]
    pub hhi: Figure,
    /// Effective number of holdings, `1 ÷ hhi`.
    #[serde(serialize_with = "serialize::figure")]
    pub effective_number: Figure,
    /// Share of gross value in the three largest holdings.
    #[serde(serialize_with = "serialize::figure")]
    pub top_3: Figure,
    /// Share of gross value in the ten largest holdings.
    #[serde(serialize_with = "serialize::figure")]
    pub top_10: Figure,
}

/// The risk figures of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RiskView {
    /// Validity of the risk figures according to the ledger.
    pub validity: Validity,
    /// Annualised volatility over 21, 63 and 252 sessions.
    #[serde(serialize_with = "serialize::figures")]
    pub volatility: [Figure; 3],
    /// Beta against the benchmark.
    #[serde(serialize_with = "serialize::figure")]
    pub beta: Figure,
    /// R² of the regression on the benchmark.
    #[serde(serialize_with = "serialize::figure")]
    pub r_squared: Figure,
    /// Historical value at risk at 95 %: the 5 % quantile of the session returns.
    #[serde(serialize_with = "serialize::figure")]
    pub var_95: Figure,
    /// Mean of the returns beyond the value at risk.
    #[serde(serialize_with = "serialize::figure")]
    pub cvar_95: Figure,
    /// Mean pairwise correlation of the holdings.
    #[serde(serialize_with = "serialize::figure")]
    pub correlation: Figure,
    /// Number of independent holdings with the same diversification.
    #[serde(serialize_with = "serialize::figure")]
    pub effective_number: Figure,
    /// Share of gross value with enough history for the figures.
    #[serde(serialize_with = "serialize::figure")]
    pub covered: Figure,
    /// Name of each factor and exposure to it, in the order of the model.
    #[serde(serialize_with = "serialize::factors")]
    pub factors: Vec<(String, FactorExposure)>,
    /// Name of each shock and its result as a share of NAV, in the order of the model.
    #[serde(serialize_with = "serialize::named_figures")]
    pub stress: Vec<(String, Figure)>,
}

impl Validity {
    /// Reads whether the ledger holds `phase` of `cell`, and the next run will not invalidate it.
    pub(super) fn read(
        reading: &ReadTransaction<'_>,
        pending: &PendingInvalidations,
        cell: Cell,
        phase: Phase,
    ) -> Result<Self, QueryError> {
        let done = reading.ledger().done(cell.day, phase)?;
        Ok(
            match done.contains(cell.portfolio.0) && !pending.contains(cell, phase) {
                true => Self::Valid,
                false => Self::Stale,
            },
        )
    }

    /// Returns the name that is shown and serialized.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Stale => "stale",
        }
    }
}

impl Holdings {
    /// Reads the outputs of a cell. `known` holds all securities.
    pub(super) fn read(
        reading: &ReadTransaction<'_>,
        pending: &PendingInvalidations,
        known: &BTreeMap<SecurityId, Security>,
        cell: Cell,
    ) -> Result<Self, QueryError> {
        let snapshot = reading.outputs().snapshot(cell)?;
        let validity = |phase| Validity::read(reading, pending, cell, phase);
        let held = reading.outputs().positions(cell)?;
        let currencies = match &snapshot {
            Some(books) => {
                currency_weights(reading, known, cell, held.as_deref().unwrap_or(&[]), books)?
            }
            None => Vec::new(),
        };
        let positions = match held {
            None => None,
            Some(rows) => Some(PositionsView {
                validity: validity(Phase::Positions)?,
                rows: name_positions(known, cell.day, &rows, snapshot.as_ref()),
            }),
        };
        let exposures = match reading.outputs().exposures(cell)? {
            None => None,
            Some(spread) => Some(ExposuresView::from_output(
                spread,
                currencies,
                validity(Phase::Exposures)?,
            )),
        };
        let risk = match reading.outputs().risk(cell)? {
            None => None,
            Some((number, risk)) => {
                let model = reading.risk_models().numbered(number)?;
                let factors = model.factors.into_iter().map(|factor| factor.name);
                let shocks = model.shocks.into_iter().map(|shock| shock.name);
                let validity = validity(Phase::Risk)?;
                Some(RiskView::from_output(risk, factors, shocks, validity))
            }
        };
        Ok(Self {
            quality: snapshot.map(|books| books.quality).unwrap_or_default(),
            positions,
            exposures,
            risk,
        })
    }
}

/// Returns the share of NAV in each currency, by its code: holdings by the currency of the security,
/// and cash. None without foreign cash or without positive NAV.
fn currency_weights(
    reading: &ReadTransaction<'_>,
    known: &BTreeMap<SecurityId, Security>,
    cell: Cell,
    positions: &[Position],
    books: &Snapshot,
) -> Result<Vec<(Currency, f64)>, QueryError> {
    if books.foreign_cash.is_empty() || books.nav <= Money::ZERO {
        return Ok(Vec::new());
    }
    let portfolio = reading.portfolios().get(cell.portfolio)?;
    let own = portfolio.map(|portfolio| portfolio.currency);
    let (Some(own), Some(own_cash)) = (own, books.own_cash()) else {
        return Ok(Vec::new());
    };
    let mut units = BTreeMap::from([(own, i128::from(own_cash.units()))]);
    for cash in &books.foreign_cash {
        *units.entry(cash.currency).or_default() += i128::from(cash.value.units());
    }
    for position in positions {
        if let Some(security) = known.get(&position.security) {
            *units.entry(security.currency).or_default() += i128::from(position.value.units());
        }
    }
    let nav = books.nav.units() as f64;
    let weights = units.into_iter().filter(|(_, units)| *units != 0);
    Ok(weights
        .map(|(currency, units)| (currency, units as f64 / nav))
        .collect())
}

/// Returns the positions of a day with the names of their securities.
pub(super) fn name_positions(
    known: &BTreeMap<SecurityId, Security>,
    day: Day,
    positions: &[Position],
    books: Option<&Snapshot>,
) -> Vec<PositionView> {
    let nav = books
        .map(|books| books.nav.to_f64())
        .filter(|nav| *nav > 0.0);
    let named = positions.iter().filter_map(|position| {
        let security = known.get(&position.security)?;
        Some(PositionView {
            symbol: security.symbol_on(day).to_owned(),
            name: security.name.clone(),
            class: security.class_on(day),
            sector: security.sector_on(day).to_owned(),
            quantity: position.quantity,
            price: position.price,
            quality: position.quality,
            value: position.value,
            cost: position.cost,
            unrealized: position.unrealized,
            weight: nav.map(|nav| position.value.to_f64() / nav),
        })
    });
    named.collect()
}

impl ExposuresView {
    fn from_output(
        spread: Exposures,
        currencies: Vec<(Currency, f64)>,
        validity: Validity,
    ) -> Self {
        Self {
            validity,
            sectors: (spread.sectors.iter())
                .map(|(sector, weight)| (sector.to_owned(), weight))
                .collect(),
            classes: spread.classes,
            currencies,
            weights: spread.weights,
            hhi: spread.hhi,
            effective_number: spread.effective_number,
            top_3: spread.top_3,
            top_10: spread.top_10,
        }
    }
}

impl RiskView {
    fn from_output(
        risk: Risk,
        factors: impl Iterator<Item = String>,
        shocks: impl Iterator<Item = String>,
        validity: Validity,
    ) -> Self {
        Self {
            validity,
            volatility: risk.volatility,
            beta: risk.beta,
            r_squared: risk.r_squared,
            var_95: risk.var_95,
            cvar_95: risk.cvar_95,
            correlation: risk.correlation,
            effective_number: risk.effective_number,
            covered: risk.covered_share,
            factors: factors.zip(risk.factors).collect(),
            stress: shocks.zip(risk.stress).collect(),
        }
    }
}

impl PositionsView {
    /// The column headings of [`PositionsView::plain_rows`].
    pub const HEADINGS: [&'static str; 12] = [
        "validity",
        "symbol",
        "name",
        "class",
        "sector",
        "quantity",
        "price",
        "quality",
        "value",
        "cost",
        "unrealized",
        "weight",
    ];

    /// Returns the positions as rows of text for a file. Absent values are empty.
    pub fn plain_rows(&self) -> impl Iterator<Item = [String; 12]> {
        self.rows.iter().map(|row| {
            [
                self.validity.name().to_owned(),
                row.symbol.clone(),
                row.name.clone(),
                row.class.to_string(),
                row.sector.clone(),
                row.quantity.to_string(),
                row.price.to_string(),
                row.quality.to_string(),
                row.value.to_string(),
                row.cost.to_string(),
                row.unrealized.to_string(),
                row.weight
                    .map(|weight| weight.to_string())
                    .unwrap_or_default(),
            ]
        })
    }
}
