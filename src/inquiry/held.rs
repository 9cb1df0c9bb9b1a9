//! What a cell holds, how it is spread and what it risks, with the names of things.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{InquiryError, Validity, words};
use crate::domain::output::{Exposures, FactorExposure, Position, Risk, Snapshot};
use crate::domain::{
    AssetClass, Cell, Figure, Money, Phase, Price, PriceQuality, Quality, Quantity, Security,
    SecurityId,
};
use crate::store::ReadTransaction;

/// Phases 4 to 6 of a cell, each as far as there is output of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Held {
    /// How the holdings are priced.
    #[serde(serialize_with = "words::quality")]
    pub quality: Quality,
    /// The holdings, by security id.
    pub positions: Option<HeldPositions>,
    /// How they are spread.
    pub exposures: Option<HeldExposures>,
    /// What they risk.
    pub risk: Option<HeldRisk>,
}

/// The holdings of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldPositions {
    /// Whether they are proven done.
    pub validity: Validity,
    /// One for each holding, by security id.
    pub rows: Vec<HeldPosition>,
}

/// A holding.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldPosition {
    /// The symbol.
    pub symbol: String,
    /// What people call it.
    pub name: String,
    /// What kind of thing it is.
    pub class: AssetClass,
    /// Its sector; empty where it has none.
    pub sector: String,
    /// How much is held; negative is short.
    #[serde(serialize_with = "words::text")]
    pub quantity: Quantity,
    /// Price of one unit, in the security's currency.
    #[serde(serialize_with = "words::text")]
    pub price: Price,
    /// Where the price comes from.
    #[serde(serialize_with = "words::text")]
    pub quality: PriceQuality,
    /// Value in the portfolio's currency.
    #[serde(serialize_with = "words::text")]
    pub value: Money,
    /// Cost of what is held.
    #[serde(serialize_with = "words::text")]
    pub cost: Money,
    /// `value − cost`.
    #[serde(serialize_with = "words::text")]
    pub unrealized: Money,
    /// Value as a share of NAV, signed; nothing where NAV is not positive.
    pub weight: Option<f64>,
}

/// How a cell's value is spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldExposures {
    /// Whether that is proven done.
    pub validity: Validity,
    /// Share of NAV by sector, signed.
    #[serde(serialize_with = "words::named_ratios")]
    pub sectors: Vec<(String, f64)>,
    /// Share of NAV by asset class, signed.
    #[serde(serialize_with = "words::named_ratios")]
    pub classes: Vec<(AssetClass, f64)>,
    /// Why the two are empty, where they are.
    #[serde(serialize_with = "words::figure")]
    pub weights: Figure,
    /// Herfindahl–Hirschman index.
    #[serde(serialize_with = "words::figure")]
    pub hhi: Figure,
    /// `1 ÷ hhi`.
    #[serde(serialize_with = "words::figure")]
    pub effective_number: Figure,
    /// Share of gross value in the three largest holdings.
    #[serde(serialize_with = "words::figure")]
    pub top_3: Figure,
    /// Share of gross value in the ten largest holdings.
    #[serde(serialize_with = "words::figure")]
    pub top_10: Figure,
}

/// What a cell risks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldRisk {
    /// Whether that is proven done.
    pub validity: Validity,
    /// Annualised volatility over 21, 63 and 252 sessions.
    #[serde(serialize_with = "words::figures")]
    pub volatility: [Figure; 3],
    /// Beta against the benchmark.
    #[serde(serialize_with = "words::figure")]
    pub beta: Figure,
    /// R² of that regression.
    #[serde(serialize_with = "words::figure")]
    pub r_squared: Figure,
    /// Historical value at risk, 95 %.
    #[serde(serialize_with = "words::figure")]
    pub var_95: Figure,
    /// Mean of the returns beyond it.
    #[serde(serialize_with = "words::figure")]
    pub cvar_95: Figure,
    /// Mean pairwise correlation of the holdings.
    #[serde(serialize_with = "words::figure")]
    pub correlation: Figure,
    /// Number of independent holdings that would spread risk as well.
    #[serde(serialize_with = "words::figure")]
    pub effective_number: Figure,
    /// Share of gross value with the history that the figures need.
    #[serde(serialize_with = "words::figure")]
    pub covered: Figure,
    /// Exposure to each factor of the model, by name.
    #[serde(serialize_with = "words::factors")]
    pub factors: Vec<(String, FactorExposure)>,
    /// Result of each shock of the model as a share of NAV, by name.
    #[serde(serialize_with = "words::named_figures")]
    pub stress: Vec<(String, Figure)>,
}

impl Held {
    pub(super) fn read(reading: &ReadTransaction<'_>, cell: Cell) -> Result<Self, InquiryError> {
        let snapshot = reading.snapshot(cell)?;
        let validity = |phase| Validity::of(reading, cell, phase);
        let positions = match reading.positions(cell)? {
            None => None,
            Some(rows) => Some(HeldPositions {
                validity: validity(Phase::Positions)?,
                rows: named(reading, &rows, snapshot.as_ref())?,
            }),
        };
        let exposures = match reading.exposures(cell)? {
            None => None,
            Some(spread) => Some(HeldExposures::of(spread, validity(Phase::Exposures)?)),
        };
        let risk = match reading.risk(cell)? {
            None => None,
            Some((number, risk)) => {
                let model = reading.risk_model_numbered(number)?;
                let factors = model.factors.into_iter().map(|factor| factor.name);
                let shocks = model.shocks.into_iter().map(|shock| shock.name);
                let validity = validity(Phase::Risk)?;
                Some(HeldRisk::of(risk, factors, shocks, validity))
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

fn named(
    reading: &ReadTransaction<'_>,
    positions: &[Position],
    books: Option<&Snapshot>,
) -> Result<Vec<HeldPosition>, InquiryError> {
    let known: BTreeMap<SecurityId, Security> = reading
        .securities()?
        .into_iter()
        .map(|one| (one.id, one))
        .collect();
    let nav = books
        .map(|books| books.nav.to_f64())
        .filter(|nav| *nav > 0.0);
    let named = positions.iter().filter_map(|position| {
        let security = known.get(&position.security)?;
        Some(HeldPosition {
            symbol: security.symbol.clone(),
            name: security.name.clone(),
            class: security.class,
            sector: security.sector.clone(),
            quantity: position.quantity,
            price: position.price,
            quality: position.quality,
            value: position.value,
            cost: position.cost,
            unrealized: position.unrealized,
            weight: nav.map(|nav| position.value.to_f64() / nav),
        })
    });
    Ok(named.collect())
}

impl HeldExposures {
    fn of(spread: Exposures, validity: Validity) -> Self {
        Self {
            validity,
            sectors: (spread.sectors.iter())
                .map(|(sector, weight)| (sector.to_owned(), weight))
                .collect(),
            classes: spread.classes,
            weights: spread.weights,
            hhi: spread.hhi,
            effective_number: spread.effective_number,
            top_3: spread.top_3,
            top_10: spread.top_10,
        }
    }
}

impl HeldRisk {
    fn of(
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

impl HeldPositions {
    /// The headings of [`HeldPositions::plain_rows`].
    pub const HEADINGS: [&'static str; 11] = [
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

    /// The holdings as plain rows, for a file. What is absent is empty.
    pub fn plain_rows(&self) -> impl Iterator<Item = [String; 11]> {
        self.rows.iter().map(|row| {
            [
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
