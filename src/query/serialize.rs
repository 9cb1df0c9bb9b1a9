//! Serializers of domain values for `serialize_with`, so that all answers show them alike.

use std::fmt::Display;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::domain::output::{FactorExposure, ForeignCash, Snapshot};
use crate::domain::{Figure, Money, PhaseSet, Quality};

/// Serializes the value as its `Display` text.
pub(super) fn text<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// Serializes the values as a list of their `Display` texts.
pub(super) fn texts<T: Display, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(ToString::to_string))
}

/// Serializes the set as a list of phase names.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(super) fn phases<S: Serializer>(set: &PhaseSet, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(set.iter())
}

/// Serializes the figure as `value` or the reason in `absent`, and its number of observations.
pub(super) fn figure<S: Serializer>(figure: &Figure, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(2))?;
    match figure.as_result() {
        Ok(value) => map.serialize_entry("value", &value)?,
        Err(absence) => map.serialize_entry("absent", &absence.to_string())?,
    }
    map.serialize_entry("observations", &figure.observations())?;
    map.end()
}

/// Wraps a figure that is nested in another value.
pub(super) struct SerializedFigure<'f>(pub(super) &'f Figure);

impl Serialize for SerializedFigure<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        figure(self.0, to)
    }
}

/// Serializes the figures as a list.
pub(super) fn figures<S: Serializer>(figures: &[Figure], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(figures.iter().map(SerializedFigure))
}

/// Serializes the pairs as a map from names to figures, in order.
pub(super) fn named_figures<S: Serializer>(
    named: &[(String, Figure)],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(
        named
            .iter()
            .map(|(name, figure)| (name, SerializedFigure(figure))),
    )
}

/// Serializes the pairs as a map from names to ratios, in order.
pub(super) fn named_ratios<N: Display, S: Serializer>(
    named: &[(N, f64)],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(named.iter().map(|(name, ratio)| (name.to_string(), ratio)))
}

/// Serializes the exposures as a list, each with the name of its factor.
pub(super) fn factors<S: Serializer>(
    factors: &[(String, FactorExposure)],
    to: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Factor<'f> {
        name: &'f str,
        exposure: SerializedFigure<'f>,
        covered: f64,
    }
    let mut list = to.serialize_seq(Some(factors.len()))?;
    for (name, factor) in factors {
        list.serialize_element(&Factor {
            name,
            exposure: SerializedFigure(&factor.exposure),
            covered: factor.covered_share,
        })?;
    }
    list.end()
}

/// Serializes the number of holdings by price quality.
pub(super) fn quality<S: Serializer>(quality: &Quality, to: S) -> Result<S::Ok, S::Error> {
    let counts = [
        ("fresh", quality.fresh),
        ("stale", quality.stale),
        ("cost", quality.cost),
        ("none", quality.none),
    ];
    to.collect_map(counts)
}

/// The cash in one foreign currency.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct CashView {
    currency: String,
    balance: String,
    value: String,
    cost: String,
    quality: String,
    fx_gain: String,
    fx_realized: String,
    fx_unrealized: Option<String>,
}

impl CashView {
    fn new(cash: &ForeignCash) -> Self {
        Self {
            currency: cash.currency.to_string(),
            balance: cash.balance.to_string(),
            value: cash.value.to_string(),
            cost: cash.cost.to_string(),
            quality: cash.quality.to_string(),
            fx_gain: cash.fx_gain.to_string(),
            fx_realized: cash.fx_realized.to_string(),
            fx_unrealized: cash.fx_unrealized().map(|amount| amount.to_string()),
        }
    }
}

/// Serializes a snapshot as a map of its amounts, its return and its price quality.
pub(super) fn snapshot<S: Serializer>(books: &Snapshot, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Counted<'q>(#[serde(serialize_with = "quality")] &'q Quality);
    let mut map = to.serialize_map(None)?;
    for (name, amount) in books.amounts() {
        map.serialize_entry(name, &amount.to_string())?;
    }
    map.serialize_entry("session-return", &SerializedFigure(&books.session_return))?;
    map.serialize_entry("quality", &Counted(&books.quality))?;
    // Only portfolios that have used foreign cash have these.
    if !books.foreign_cash.is_empty() {
        let text = |amount: Option<Money>| amount.map(|amount| amount.to_string());
        map.serialize_entry("own-cash", &text(books.own_cash()))?;
        map.serialize_entry("fx-gain", &text(books.fx_gain()))?;
        let cash: Vec<_> = books.foreign_cash.iter().map(CashView::new).collect();
        map.serialize_entry("foreign-cash", &cash)?;
    }
    map.end()
}
