//! Reads all sources of a database, for a capture with sources.

use std::collections::BTreeMap;

use super::error::CaptureError;
use crate::domain::{
    CorporateAction, Day, DayRange, Price, RiskModel, Security, SecurityId, Split, Transaction,
};
use crate::store::ReadTransaction;

/// The stored securities, closes, transactions, splits and risk model.
#[derive(Debug)]
pub(super) struct GivenSources {
    /// Securities in the order of their symbols.
    pub(super) securities: Vec<Security>,
    /// Raw closes by security and day.
    pub(super) closes: BTreeMap<SecurityId, BTreeMap<Day, Price>>,
    /// Splits in the order of security and day.
    pub(super) splits: Vec<Split>,
    /// Other corporate actions in the order of security and day.
    pub(super) actions: Vec<CorporateAction>,
    /// Transactions by portfolio, in booking order.
    pub(super) transactions: BTreeMap<u32, Vec<Transaction>>,
    pub(super) model: RiskModel,
}

/// Joins the split and the stock dividend of one security and day, of which a world has one. Ratios too
/// large for one stay apart.
fn splits_of_days(splits: Vec<Split>) -> Vec<Split> {
    let mut joined: Vec<Split> = Vec::with_capacity(splits.len());
    for split in splits {
        let same = |last: &&mut Split| (last.security, last.day) == (split.security, split.day);
        if let Some(last) = joined.last_mut().filter(same)
            && let Some((new, old)) = last.ratio_with(&split)
        {
            (last.new, last.old) = (new, old);
            continue;
        }
        joined.push(split);
    }
    joined
}

impl GivenSources {
    pub(super) fn read(reading: &ReadTransaction<'_>) -> Result<Self, CaptureError> {
        let mut securities = reading.securities().all()?;
        securities.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        let mut closes: BTreeMap<SecurityId, BTreeMap<Day, Price>> = BTreeMap::new();
        reading
            .closes()
            .for_each(DayRange::ALL, |security, day, close| {
                closes.entry(security).or_default().insert(day, close);
            })?;
        let mut transactions: BTreeMap<u32, Vec<Transaction>> = BTreeMap::new();
        reading.entries().for_each(|entry| {
            transactions
                .entry(entry.portfolio.0)
                .or_default()
                .push(entry)
        })?;
        Ok(Self {
            securities,
            closes,
            splits: splits_of_days(reading.splits().all()?),
            actions: reading.corporate_actions().all()?,
            transactions,
            model: reading.risk_models().in_force()?.1,
        })
    }
}
