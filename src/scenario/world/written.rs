//! The file as it is written, key by key. What it means is found out elsewhere; here only shape
//! and spelling are checked.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use super::said::{CauseWord, Failed, Instant, OfCell, Said, Several, Span};
use crate::domain::calendar::Amendments;
use crate::domain::{
    AmountError, AssetClass, Currency, Day, Money, Price, Quantity, RiskModel, TransactionKind,
};
use crate::scenario::market::Style;
use crate::store::RunState;

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct Written {
    pub(in crate::scenario) description: Option<String>,
    pub(in crate::scenario) now: Option<Said<Instant>>,
    pub(in crate::scenario) calendar: Option<WrittenCalendar>,
    pub(in crate::scenario) calendar_amendments: Option<Amendments>,
    pub(in crate::scenario) seed: Option<u64>,
    pub(in crate::scenario) sources: Option<WrittenSources>,
    pub(in crate::scenario) risk: Option<RiskModel>,
    #[serde(default)]
    pub(in crate::scenario) market: WrittenMarket,
    #[serde(default)]
    pub(in crate::scenario) securities: BTreeMap<String, WrittenSecurity>,
    #[serde(default)]
    pub(in crate::scenario) prices: BTreeMap<String, BTreeMap<Day, Said<WrittenClose>>>,
    #[serde(default)]
    pub(in crate::scenario) portfolios: WrittenPortfolios,
    #[serde(default, rename = "transaction")]
    pub(in crate::scenario) transactions: Vec<WrittenTransaction>,
    #[serde(default, rename = "split")]
    pub(in crate::scenario) splits: Vec<WrittenSplit>,
    #[serde(default, rename = "correction")]
    pub(in crate::scenario) corrections: Vec<WrittenCorrection>,
    #[serde(default, rename = "invalidation")]
    pub(in crate::scenario) invalidations: Vec<WrittenInvalidation>,
    #[serde(default, rename = "run")]
    pub(in crate::scenario) runs: Vec<WrittenPastRun>,
    pub(in crate::scenario) run_left_running: Option<WrittenRun>,
}

/// `[portfolios]`: what is said of whom, each key with its place in the file.
pub(in crate::scenario) type WrittenPortfolios = BTreeMap<Spanned<String>, WrittenPortfolio>;

/// By whose trading days.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::scenario) enum WrittenCalendar {
    #[default]
    NewYork,
    Weekdays,
    EveryDay,
}

/// Whether a seed makes up what a world does not say of its sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::scenario) enum WrittenSources {
    /// It does: a market, and histories of transactions.
    #[default]
    MadeUp,
    /// It does not: there is what the file says and nothing else.
    Given,
}

/// `[market]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::scenario) struct WrittenMarket {
    pub(in crate::scenario) shares: Option<usize>,
    pub(in crate::scenario) sectors: Vec<String>,
    pub(in crate::scenario) from: Option<Day>,
    pub(in crate::scenario) last: Option<Day>,
}

/// `[securities.SYM]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::scenario) struct WrittenSecurity {
    pub(in crate::scenario) name: Option<String>,
    pub(in crate::scenario) class: Option<AssetClass>,
    pub(in crate::scenario) sector: Option<String>,
    pub(in crate::scenario) currency: Option<Said<Currency>>,
    pub(in crate::scenario) multiplier: Option<Said<Quantity>>,
    pub(in crate::scenario) inactive_from: Option<Day>,
}

/// `[portfolios.NAME]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::scenario) struct WrittenPortfolio {
    pub(in crate::scenario) id: Option<String>,
    pub(in crate::scenario) name: Option<String>,
    pub(in crate::scenario) like: Option<String>,
    pub(in crate::scenario) inception: Option<Day>,
    pub(in crate::scenario) closed: Option<Day>,
    pub(in crate::scenario) deleted_at: Option<Said<Instant>>,
    pub(in crate::scenario) restored_at: Option<Said<Instant>>,
    pub(in crate::scenario) complete: Option<Several<Span>>,
    pub(in crate::scenario) holes: Option<Several<Span>>,
    pub(in crate::scenario) phases: BTreeMap<Span, Several<OfCell>>,
    pub(in crate::scenario) failed: BTreeMap<Span, Failed>,
    pub(in crate::scenario) quarantined: BTreeMap<Span, Several<OfCell>>,
    pub(in crate::scenario) rows: Option<Several<Span>>,
    pub(in crate::scenario) blocked: Option<Several<Span>>,
    pub(in crate::scenario) currency: Option<Said<Currency>>,
    pub(in crate::scenario) style: Option<Said<Style>>,
    pub(in crate::scenario) capital: Option<Said<Money>>,
    pub(in crate::scenario) cash: Option<Said<Money>>,
    pub(in crate::scenario) holdings: BTreeMap<String, Said<Quantity>>,
}

/// `[[transaction]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct WrittenTransaction {
    pub(in crate::scenario) portfolio: String,
    pub(in crate::scenario) day: Day,
    pub(in crate::scenario) kind: Said<TransactionKind>,
    pub(in crate::scenario) symbol: Option<String>,
    pub(in crate::scenario) quantity: Option<Said<Quantity>>,
    pub(in crate::scenario) price: Option<Said<Price>>,
    pub(in crate::scenario) amount: Option<Said<Money>>,
    pub(in crate::scenario) fee: Option<Said<Money>>,
    pub(in crate::scenario) reference: Option<String>,
}

/// `[[split]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct WrittenSplit {
    pub(in crate::scenario) symbol: String,
    pub(in crate::scenario) day: Day,
    pub(in crate::scenario) new: u32,
    pub(in crate::scenario) old: u32,
}

/// `[[correction]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct WrittenCorrection {
    pub(in crate::scenario) symbol: String,
    pub(in crate::scenario) day: Day,
    pub(in crate::scenario) close: Said<Price>,
}

/// `[[invalidation]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct WrittenInvalidation {
    pub(in crate::scenario) cause: Said<CauseWord>,
    pub(in crate::scenario) why: Option<String>,
    pub(in crate::scenario) portfolios: Several<String>,
    pub(in crate::scenario) days: Several<Span>,
    pub(in crate::scenario) phases: Option<Several<OfCell>>,
}

/// `[[run]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct WrittenPastRun {
    pub(in crate::scenario) started: Said<Instant>,
    pub(in crate::scenario) ended: Option<Said<Instant>>,
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

/// `[run-left-running]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct WrittenRun {
    pub(in crate::scenario) lease: Lease,
    pub(in crate::scenario) started: Option<Said<Instant>>,
    pub(in crate::scenario) target: Option<Day>,
}

/// Whether a run that was left running still holds its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lease {
    /// It does: nobody else may start.
    Live,
    /// It does not: the next run takes over.
    Expired,
}

/// A close, or the word for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum WrittenClose {
    At(Price),
    Missing,
}

impl FromStr for WrittenClose {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        match text {
            "missing" => Ok(Self::Missing),
            price => price.parse().map(Self::At),
        }
    }
}
