//! Against what risk is measured: benchmark, factors and named shocks. Configured, stored with
//! the database, and part of what a number is a function of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::AssetClass;

/// Benchmark, factors and shocks. Symbols are those of securities whose prices are the series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RiskModel {
    /// Symbol of the benchmark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<String>,
    /// The factors, by name; the order is the order in which exposures are put out.
    #[serde(rename = "factor", skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
    /// The shocks; the order is the order in which results are put out.
    #[serde(rename = "shock", skip_serializing_if = "Vec::is_empty")]
    pub shocks: Vec<Shock>,
}

/// A factor: a name, and the symbol whose returns are the factor's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Factor {
    /// What people call it.
    pub name: String,
    /// The symbol whose returns it is.
    pub symbol: String,
}

/// A named shock. A holding moves by its beta times the market's move, plus the move of its
/// class, plus the move of its sector. Moves are ratios: −0.2 is a fall by 20 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shock {
    /// What people call it.
    pub name: String,
    /// Move of the benchmark, passed on by each holding's beta.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub market: f64,
    /// Moves by asset class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<AssetClass, f64>,
    /// Moves by sector.
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
