//! The file as it is written, key by key. What it means is found out elsewhere; here only shape
//! and spelling are checked.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use super::said::{Failed, Instant, OfCell, Said, Several, Span};
use crate::domain::calendar::Amendments;
use crate::domain::{
    AmountError, AssetClass, Currency, Day, Money, Price, Quantity, TransactionKind,
};
use crate::scenario::market::Style;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Written {
    #[serde(default)]
    pub(super) description: String,
    pub(super) now: Said<Instant>,
    #[serde(default)]
    pub(super) calendar: WrittenCalendar,
    #[serde(default)]
    pub(super) calendar_amendments: Amendments,
    #[serde(default)]
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) market: WrittenMarket,
    #[serde(default)]
    pub(super) securities: BTreeMap<String, WrittenSecurity>,
    #[serde(default)]
    pub(super) prices: BTreeMap<String, BTreeMap<Day, Said<WrittenClose>>>,
    #[serde(default)]
    pub(super) portfolios: BTreeMap<Spanned<String>, WrittenPortfolio>,
    #[serde(default, rename = "transaction")]
    pub(super) transactions: Vec<WrittenTransaction>,
    #[serde(default, rename = "split")]
    pub(super) splits: Vec<WrittenSplit>,
    #[serde(default, rename = "correction")]
    pub(super) corrections: Vec<WrittenCorrection>,
    pub(super) run_left_running: Option<WrittenRun>,
}

/// By whose trading days.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WrittenCalendar {
    #[default]
    NewYork,
    Weekdays,
    EveryDay,
}

/// `[market]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenMarket {
    pub(super) shares: Option<usize>,
    pub(super) sectors: Vec<String>,
    pub(super) from: Option<Day>,
    pub(super) last: Option<Day>,
}

/// `[securities.SYM]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenSecurity {
    pub(super) name: Option<String>,
    pub(super) class: Option<AssetClass>,
    pub(super) sector: Option<String>,
    pub(super) currency: Option<Said<Currency>>,
    pub(super) multiplier: Option<Said<Quantity>>,
    pub(super) inactive_from: Option<Day>,
}

/// `[portfolios.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenPortfolio {
    pub(super) inception: Option<Day>,
    pub(super) closed: Option<Day>,
    pub(super) deleted_at: Option<Said<Instant>>,
    pub(super) restored_at: Option<Said<Instant>>,
    pub(super) complete: Several<Span>,
    pub(super) holes: Several<Span>,
    pub(super) phases: BTreeMap<Day, Several<OfCell>>,
    pub(super) failed: BTreeMap<Day, Failed>,
    pub(super) quarantined: BTreeMap<Day, Several<OfCell>>,
    pub(super) currency: Option<Said<Currency>>,
    pub(super) style: Option<Said<Style>>,
    pub(super) capital: Option<Said<Money>>,
    pub(super) cash: Option<Said<Money>>,
    pub(super) holdings: BTreeMap<String, Said<Quantity>>,
}

/// `[[transaction]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenTransaction {
    pub(super) portfolio: String,
    pub(super) day: Day,
    pub(super) kind: Said<TransactionKind>,
    pub(super) symbol: Option<String>,
    pub(super) quantity: Option<Said<Quantity>>,
    pub(super) price: Option<Said<Price>>,
    pub(super) amount: Option<Said<Money>>,
    pub(super) fee: Option<Said<Money>>,
    pub(super) reference: Option<String>,
}

/// `[[split]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenSplit {
    pub(super) symbol: String,
    pub(super) day: Day,
    pub(super) new: u32,
    pub(super) old: u32,
}

/// `[[correction]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenCorrection {
    pub(super) symbol: String,
    pub(super) day: Day,
    pub(super) close: Said<Price>,
}

/// `[run-left-running]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenRun {
    pub(super) lease: Lease,
    pub(super) started: Option<Said<Instant>>,
    pub(super) target: Option<Day>,
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
pub(super) enum WrittenClose {
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
