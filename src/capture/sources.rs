//! What the books of a database are made from, exactly: for somebody who asks for it.

use std::collections::BTreeMap;

use super::CaptureError;
use crate::domain::{Day, DayRange, Price, RiskModel, Security, SecurityId, Split, Transaction};
use crate::store::ReadTransaction;

/// Securities, closes, transactions, splits and the risk model, as they are on file.
#[derive(Debug)]
pub(super) struct GivenSources {
    /// The securities, in the order of their symbols.
    pub(super) securities: Vec<Security>,
    /// Raw closes, by security.
    pub(super) closes: BTreeMap<SecurityId, BTreeMap<Day, Price>>,
    /// Splits, by security and day.
    pub(super) splits: Vec<Split>,
    /// Transactions by portfolio, each in the order in which they count.
    pub(super) transactions: BTreeMap<u32, Vec<Transaction>>,
    /// Against what risk is measured.
    pub(super) model: RiskModel,
}

impl GivenSources {
    /// All that is on file.
    pub(super) fn read(reading: &ReadTransaction<'_>) -> Result<Self, CaptureError> {
        let mut securities = reading.securities()?;
        securities.sort_by(|one, other| one.symbol.cmp(&other.symbol));
        let mut closes: BTreeMap<SecurityId, BTreeMap<Day, Price>> = BTreeMap::new();
        reading.for_each_close(DayRange::ALL, |security, day, close| {
            closes.entry(security).or_default().insert(day, close);
        })?;
        let mut transactions: BTreeMap<u32, Vec<Transaction>> = BTreeMap::new();
        reading.for_each_entry(|entry| {
            transactions
                .entry(entry.portfolio.0)
                .or_default()
                .push(entry)
        })?;
        Ok(Self {
            securities,
            closes,
            splits: reading.splits()?,
            transactions,
            model: reading.risk_model()?.1,
        })
    }
}
