//! Defines a benchmark, a factor, or an exchange rate of one, without a recent close.

use serde::Serialize;

use crate::domain::Day;

/// A benchmark, a factor, or an exchange rate of one, whose last close is older than allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StaleRiskInput {
    /// The part of the risk model that it is.
    pub role: RiskRole,
    /// The symbol of the security; for a rate that never was, that of the direct currency pair.
    pub symbol: String,
    /// The day of its last close up to the judged day, if it ever had one.
    pub last_close: Option<Day>,
    /// Age of that close in sessions on which the security is not closed.
    pub sessions_old: Option<usize>,
}

/// A part of the risk model that is made from closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RiskRole {
    /// The security that betas are relative to.
    Benchmark,
    /// A security whose exposure is measured.
    Factor,
    /// A currency pair that converts the benchmark or a factor to the currency of a portfolio.
    ExchangeRate,
}

impl RiskRole {
    /// Returns the name in text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Benchmark => "benchmark",
            Self::Factor => "factor",
            Self::ExchangeRate => "exchange rate",
        }
    }
}
