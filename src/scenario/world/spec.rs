//! The keys of a world, with serde. Only shape and spelling are checked here; names, defaults and
//! contradictions are handled in `read`.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use super::lenient::{CauseName, CellPhase, FailureCounts, Instant, Lenient, OneOrMany, Span};
use crate::domain::calendar::Amendments;
use crate::domain::{
    AmountError, AssetClass, Currency, Day, Money, Price, Quantity, RiskModel, TransactionKind,
};
use crate::scenario::market::Style;
use crate::store::RunState;

/// The top-level keys of a world.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct WorldSpec {
    pub(in crate::scenario) description: Option<String>,
    pub(in crate::scenario) now: Option<Lenient<Instant>>,
    pub(in crate::scenario) calendar: Option<CalendarSpec>,
    pub(in crate::scenario) calendar_amendments: Option<Amendments>,
    pub(in crate::scenario) seed: Option<u64>,
    pub(in crate::scenario) sources: Option<SourcesSpec>,
    pub(in crate::scenario) risk: Option<RiskModel>,
    #[serde(default)]
    pub(in crate::scenario) market: MarketSpec,
    #[serde(default)]
    pub(in crate::scenario) securities: BTreeMap<String, SecuritySpec>,
    #[serde(default)]
    pub(in crate::scenario) prices: BTreeMap<String, BTreeMap<Day, Lenient<CloseSpec>>>,
    #[serde(default)]
    pub(in crate::scenario) portfolios: PortfolioSpecs,
    #[serde(default, rename = "transaction")]
    pub(in crate::scenario) transactions: Vec<TransactionSpec>,
    #[serde(default, rename = "split")]
    pub(in crate::scenario) splits: Vec<SplitSpec>,
    #[serde(default, rename = "correction")]
    pub(in crate::scenario) corrections: Vec<CorrectionSpec>,
    #[serde(default, rename = "invalidation")]
    pub(in crate::scenario) invalidations: Vec<InvalidationSpec>,
    #[serde(default, rename = "run")]
    pub(in crate::scenario) runs: Vec<PastRunSpec>,
    pub(in crate::scenario) run_left_running: Option<RunLeftRunningSpec>,
}

/// `[portfolios]`: entries by name or range, each with its place in the file.
pub(in crate::scenario) type PortfolioSpecs = BTreeMap<Spanned<String>, PortfolioSpec>;

/// The calendar of trading days.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::scenario) enum CalendarSpec {
    #[default]
    NewYork,
    Weekdays,
    EveryDay,
}

/// The origin of sources that a world does not list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::scenario) enum SourcesSpec {
    /// The seed generates a market, and transactions of the portfolios.
    #[default]
    MadeUp,
    /// There are none: the file lists all sources.
    Given,
}

/// `[market]`: the generated market.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::scenario) struct MarketSpec {
    pub(in crate::scenario) shares: Option<usize>,
    pub(in crate::scenario) sectors: Vec<String>,
    pub(in crate::scenario) from: Option<Day>,
    pub(in crate::scenario) last: Option<Day>,
}

/// `[securities.SYM]`: a new security, or changes to a generated one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::scenario) struct SecuritySpec {
    pub(in crate::scenario) name: Option<String>,
    pub(in crate::scenario) class: Option<AssetClass>,
    pub(in crate::scenario) sector: Option<String>,
    pub(in crate::scenario) currency: Option<Lenient<Currency>>,
    pub(in crate::scenario) multiplier: Option<Lenient<Quantity>>,
    pub(in crate::scenario) inactive_from: Option<Day>,
}

/// `[portfolios.NAME]`: a portfolio, its completed days and its sources.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::scenario) struct PortfolioSpec {
    pub(in crate::scenario) id: Option<String>,
    pub(in crate::scenario) name: Option<String>,
    pub(in crate::scenario) like: Option<String>,
    pub(in crate::scenario) inception: Option<Day>,
    pub(in crate::scenario) closed: Option<Day>,
    pub(in crate::scenario) deleted_at: Option<Lenient<Instant>>,
    pub(in crate::scenario) restored_at: Option<Lenient<Instant>>,
    pub(in crate::scenario) complete: Option<OneOrMany<Span>>,
    pub(in crate::scenario) holes: Option<OneOrMany<Span>>,
    pub(in crate::scenario) phases: BTreeMap<Span, OneOrMany<CellPhase>>,
    pub(in crate::scenario) failed: BTreeMap<Span, FailureCounts>,
    pub(in crate::scenario) quarantined: BTreeMap<Span, OneOrMany<CellPhase>>,
    pub(in crate::scenario) rows: Option<OneOrMany<Span>>,
    pub(in crate::scenario) blocked: Option<OneOrMany<Span>>,
    pub(in crate::scenario) currency: Option<Lenient<Currency>>,
    pub(in crate::scenario) style: Option<Lenient<Style>>,
    pub(in crate::scenario) capital: Option<Lenient<Money>>,
    pub(in crate::scenario) cash: Option<Lenient<Money>>,
    pub(in crate::scenario) holdings: BTreeMap<String, Lenient<Quantity>>,
}

/// `[[transaction]]`: a transaction of one portfolio, or of each in a range.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct TransactionSpec {
    pub(in crate::scenario) portfolio: String,
    pub(in crate::scenario) day: Day,
    pub(in crate::scenario) kind: Lenient<TransactionKind>,
    pub(in crate::scenario) symbol: Option<String>,
    pub(in crate::scenario) quantity: Option<Lenient<Quantity>>,
    pub(in crate::scenario) price: Option<Lenient<Price>>,
    pub(in crate::scenario) amount: Option<Lenient<Money>>,
    pub(in crate::scenario) fee: Option<Lenient<Money>>,
    pub(in crate::scenario) reference: Option<String>,
}

/// `[[split]]`: old units become new ones on a day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct SplitSpec {
    pub(in crate::scenario) symbol: String,
    pub(in crate::scenario) day: Day,
    pub(in crate::scenario) new: u32,
    pub(in crate::scenario) old: u32,
}

/// `[[correction]]`: a close that was corrected after the completed days were computed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct CorrectionSpec {
    pub(in crate::scenario) symbol: String,
    pub(in crate::scenario) day: Day,
    pub(in crate::scenario) close: Lenient<Price>,
}

/// `[[invalidation]]`: cells that were invalidated after they were done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct InvalidationSpec {
    pub(in crate::scenario) cause: Lenient<CauseName>,
    #[serde(alias = "why")]
    pub(in crate::scenario) reason: Option<String>,
    pub(in crate::scenario) portfolios: OneOrMany<String>,
    pub(in crate::scenario) days: OneOrMany<Span>,
    pub(in crate::scenario) phases: Option<OneOrMany<CellPhase>>,
}

/// `[[run]]`: a finished run of the past.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct PastRunSpec {
    pub(in crate::scenario) started: Lenient<Instant>,
    pub(in crate::scenario) ended: Option<Lenient<Instant>>,
    pub(in crate::scenario) state: RunState,
    pub(in crate::scenario) policy: Option<String>,
    pub(in crate::scenario) scope: Option<String>,
    pub(in crate::scenario) target: Option<Day>,
    #[serde(default)]
    pub(in crate::scenario) planned: u64,
    #[serde(default)]
    pub(in crate::scenario) done: u64,
    #[serde(default)]
    pub(in crate::scenario) failed: u64,
    #[serde(default)]
    pub(in crate::scenario) blocked: u64,
}

/// `[run-left-running]`: a run that never ended.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct RunLeftRunningSpec {
    pub(in crate::scenario) lease: Lease,
    pub(in crate::scenario) started: Option<Lenient<Instant>>,
    pub(in crate::scenario) target: Option<Day>,
}

/// The lease of a run left running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lease {
    /// It is still held: no other run can start.
    Live,
    /// It has expired: the next run takes over.
    Expired,
}

/// A close, or the word `missing` for a day without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum CloseSpec {
    At(Price),
    Missing,
}

impl FromStr for CloseSpec {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        match text {
            "missing" => Ok(Self::Missing),
            price => price.parse().map(Self::At),
        }
    }
}
