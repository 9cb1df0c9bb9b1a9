//! Writes portfolios, closes, transactions and accepted prices as tables.

use std::collections::{BTreeMap, BTreeSet};

use chrono::SecondsFormat;

use super::error::ExportError;
use super::script::Script;
use super::table_file::{ExportedTable, TableFile, optional};
use super::target::Target;
use crate::domain::{
    DayRange, Portfolio, PortfolioId, PortfolioKey, Security, SecurityId, Transaction,
};
use crate::import::{PORTFOLIO_COLUMNS, TRANSACTION_COLUMNS};
use crate::store::ReadTransaction;

pub(super) fn portfolios(
    target: Target<'_>,
    portfolios: &[Portfolio],
    script: &mut Script,
) -> Result<ExportedTable, ExportError> {
    let mut table = TableFile::begin(target, "portfolios", PORTFOLIO_COLUMNS)?;
    for portfolio in portfolios {
        let lifecycle = portfolio.lifecycle;
        let deleted_at = lifecycle.deleted_at();
        table.add([
            portfolio.key.to_string(),
            portfolio.name.clone(),
            portfolio.currency.to_string(),
            lifecycle.inception().to_string(),
            optional(lifecycle.closing_day()),
            optional(deleted_at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
            portfolio.cost_basis.method.to_string(),
            portfolio.cost_basis.fees.to_string(),
            optional(portfolio.calendar.as_deref()),
        ])?;
    }
    let table = table.finish()?;
    script.import("portfolios", &table, &[]);
    Ok(table)
}

pub(super) fn prices(
    reading: &ReadTransaction<'_>,
    target: Target<'_>,
    securities: &[Security],
    script: &mut Script,
) -> Result<ExportedTable, ExportError> {
    let securities = by_id(securities);
    let mut table = TableFile::begin(target, "prices", ["symbol", "date", "close"])?;
    let mut written = Ok(());
    reading.closes().for_each(DayRange::ALL, |id, day, close| {
        if written.is_ok()
            && let Some(security) = securities.get(&id)
        {
            let symbol = security.symbol_on(day);
            written = table.add([symbol, &day.to_string(), &close.to_string()]);
        }
    })?;
    written?;
    let table = table.finish()?;
    // They were accepted before.
    script.import("prices", &table, &["--allow-jumps", "--allow-restatement"]);
    Ok(table)
}

pub(super) fn transactions(
    reading: &ReadTransaction<'_>,
    target: Target<'_>,
    portfolios: &[Portfolio],
    securities: &[Security],
    script: &mut Script,
) -> Result<ExportedTable, ExportError> {
    // The price is in the currency of the security.
    let columns = TRANSACTION_COLUMNS.into_iter();
    let columns = columns.filter(|column| *column != "price_currency");
    let (securities, names) = (by_id(securities), unambiguous_names(portfolios));
    let mut table = TableFile::begin(target, "transactions", columns)?;
    let mut written = Ok(());
    reading.entries().for_each(|transaction| {
        if written.is_ok() {
            written = table.add(transaction_row(&transaction, &names, &securities));
        }
    })?;
    written?;
    let table = table.finish()?;
    script.import("transactions", &table, &[]);
    Ok(table)
}

fn transaction_row(
    transaction: &Transaction,
    names: &BTreeMap<PortfolioId, String>,
    securities: &BTreeMap<SecurityId, &Security>,
) -> [String; 16] {
    let name = |id| names.get(&id).cloned().unwrap_or_default();
    let security = transaction.security.and_then(|id| securities.get(&id));
    let (quantity, fee) = (transaction.quantity, transaction.fee);
    let cash = &transaction.cash;
    [
        transaction.reference.clone(),
        name(transaction.portfolio),
        transaction.day.to_string(),
        optional(transaction.time),
        transaction.kind.to_string(),
        optional(security.map(|security| security.symbol_on(transaction.day))),
        optional(Some(quantity).filter(|quantity| !quantity.is_zero())),
        optional(transaction.price),
        optional(transaction.amount),
        optional(Some(fee).filter(|fee| !fee.is_zero())),
        transaction.counterpart.map(name).unwrap_or_default(),
        optional(transaction.lots.as_ref()),
        optional(cash.currency),
        optional(cash.fee_currency),
        optional(cash.from_amount),
        optional(cash.from_currency),
    ]
}

pub(super) fn accepted_prices(
    reading: &ReadTransaction<'_>,
    target: Target<'_>,
    script: &mut Script,
) -> Result<ExportedTable, ExportError> {
    let columns = ["from", "to", "by", "reason", "at"];
    let mut table = TableFile::begin(target, "accepted-prices", columns)?;
    for accepted in reading.accepted_prices().in_force()? {
        let (decision, at) = (&accepted.decision, accepted.at);
        table.add([
            decision.days.first().to_string(),
            decision.days.last().to_string(),
            decision.by.clone(),
            decision.reason.clone(),
            at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        ])?;
        script.accept_prices(decision);
    }
    table.finish()
}

/// Returns the name by which a file finds each portfolio: its own, or its id if others have the name.
pub(super) fn unambiguous_names(portfolios: &[Portfolio]) -> BTreeMap<PortfolioId, String> {
    let keys: BTreeSet<PortfolioKey> = portfolios.iter().map(|known| known.key).collect();
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    for portfolio in portfolios {
        *by_name.entry(&portfolio.name).or_default() += 1;
    }
    let name = |portfolio: &Portfolio| {
        let seeded = PortfolioKey::from_name(&portfolio.name);
        let is_id_of_other = seeded != portfolio.key && keys.contains(&seeded);
        match by_name[portfolio.name.as_str()] == 1 && !is_id_of_other {
            true => portfolio.name.clone(),
            false => portfolio.key.to_string(),
        }
    };
    let named = portfolios.iter();
    named
        .map(|portfolio| (portfolio.id, name(portfolio)))
        .collect()
}

/// Returns the securities by their ids.
pub(super) fn by_id(securities: &[Security]) -> BTreeMap<SecurityId, &Security> {
    let securities = securities.iter();
    securities.map(|security| (security.id, security)).collect()
}
