//! Defines the risk model: benchmark, factors and named shocks.
//!
//! The model is configured and stored with the database. It is an input of the risk figures like
//! prices are, so a change of it invalidates cells.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::SecurityId;
use super::security::{AssetClass, Security};

/// Benchmark, factors and shocks. A symbol names the security whose closes make the series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RiskModel {
    /// Symbol of the benchmark; betas are absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<String>,
    /// The factors, in the order in which exposures are listed.
    #[serde(rename = "factor", skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
    /// The shocks, in the order in which stress results are listed.
    #[serde(rename = "shock", skip_serializing_if = "Vec::is_empty")]
    pub shocks: Vec<Shock>,
}

impl RiskModel {
    /// Returns the symbols that the model names: those of the benchmark and the factors.
    pub fn symbols(&self) -> impl Iterator<Item = &String> {
        let factors = self.factors.iter().map(|factor| &factor.symbol);
        self.benchmark.iter().chain(factors)
    }

    /// Returns the securities that the model names, among `securities`.
    pub fn securities<'s>(
        &self,
        securities: impl IntoIterator<Item = &'s Security> + Clone,
    ) -> BTreeSet<SecurityId> {
        let named = |symbol| Security::with_symbol(securities.clone(), symbol);
        self.symbols()
            .filter_map(|symbol| Some(named(symbol)?.id))
            .collect()
    }

    /// Returns whether both models have the same figures: they differ at most in the symbols by which
    /// they name the same securities.
    pub fn is_equivalent<'s>(
        &self,
        other: &Self,
        securities: impl IntoIterator<Item = &'s Security> + Clone,
    ) -> bool {
        let names_same = |own: &String, other: &String| {
            let named = |symbol| Security::with_symbol(securities.clone(), symbol);
            let (one, two) = (named(own), named(other));
            own == other || one.zip(two).is_some_and(|(one, two)| one.id == two.id)
        };
        let mut renamed = other.clone();
        if let (Some(own), Some(benchmark)) = (&self.benchmark, &mut renamed.benchmark)
            && names_same(own, benchmark)
        {
            benchmark.clone_from(own);
        }
        for (own, factor) in self.factors.iter().zip(&mut renamed.factors) {
            if names_same(&own.symbol, &factor.symbol) {
                factor.symbol.clone_from(&own.symbol);
            }
        }
        *self == renamed
    }
}

/// A factor: a name, and the symbol of the security whose returns it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Factor {
    /// Name shown beside the exposure.
    pub name: String,
    /// Symbol of the security whose returns are the factor's.
    pub symbol: String,
}

/// A named shock. A holding moves by its beta times the market's move, plus the move of its
/// class, plus the move of its sector. Moves are ratios: −0.2 is a fall of 20 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shock {
    /// Name shown beside the stress result.
    pub name: String,
    /// Move of the benchmark, multiplied by each holding's beta.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub market: f64,
    /// Moves by asset class; absent is a move of zero.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<AssetClass, f64>,
    /// Moves by sector name; absent is a move of zero.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sectors: BTreeMap<String, f64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}
