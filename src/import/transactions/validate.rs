//! Validates transactions against the existing records: portfolio and security must exist, the day
//! must be in the portfolio's lifecycle, and the id must be new or repeat an equal transaction, or
//! the user has asked for corrections.

use std::collections::{BTreeMap, BTreeSet};

use super::doubts::{amount_differs, opened_shorts, unpaid_reversals, without_rate};
use super::links::missing_references;
use super::read::TransactionRow;
use super::unbookable::unbookable;
use crate::domain::{
    Change, CloseSigns, Correction, Day, Portfolio, Security, Transaction, TransactionChange,
    TransactionEdit,
};
use crate::import::currency::check_price_currency;
use crate::import::existing::ExistingRecords;
use crate::import::life_error::LifeRowError;
use crate::import::options::Corrections;
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::Rows;
use crate::import::unbookable_error::UnbookableError;
use crate::import::verdict::{SeenRows, Validated, Verdict};
use crate::import::warning::Warning;

/// Changes that a file of transactions makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionChanges {
    /// New and corrected transactions, in the file's order.
    pub edits: Vec<TransactionEdit>,
    /// The ids of those that were voided before.
    pub restored: BTreeSet<String>,
}

/// Validates a file of transactions. `known` must hold all portfolios and securities, and the
/// transactions with an id of the file. A file with an invalid row is refused: books with half of the
/// transactions would be wrong. Days after `today` are questionable.
pub fn validate_transactions(
    rows: &Rows<TransactionRow>,
    known: &ExistingRecords,
    today: Day,
    corrections: &Corrections,
) -> Validated<TransactionChanges> {
    let is_correction = matches!(corrections, Corrections::By(_));
    let mut seen = SeenRows::new();
    let validated = Validated::from_rows(rows, |line, row, changes: &mut TransactionChanges| {
        let transaction = resolve(row, known)?;
        let earlier = seen.insert(row.id.clone(), line, &transaction);
        let earlier = match &earlier {
            Some((line, earlier)) => Some((Some(*line), earlier)),
            None => known.transaction(&row.id).map(|was| (None, was)),
        };
        let Some((line, earlier)) = earlier else {
            if let Some(voided) = known.voided(&row.id) {
                if !is_correction {
                    return validate_voided(voided, &transaction, known);
                }
                changes.restored.insert(row.id.clone());
            }
            changes.edits.push(TransactionEdit::Added(transaction));
            return Ok(Verdict::Added);
        };
        let differs = differences(earlier, &transaction, known);
        if differs.is_empty() {
            return Ok(Verdict::Same);
        }
        if line.is_none() && is_correction {
            changes.edits.push(TransactionEdit::Corrected(Correction {
                was: earlier.clone(),
                now: transaction,
            }));
            return Ok(Verdict::Corrected(differs));
        }
        let id = row.id.clone();
        let reason = RowErrorKind::DuplicateId { id, line, differs };
        Err(vec![RowError::in_column("id", &row.id, reason)])
    });
    let validated = with_errors(validated, known).all_or_nothing();
    with_warnings(validated, rows, known, today)
}

/// Refuses the rows that make books impossible. A file with another invalid row is refused anyway.
fn with_errors(
    validated: Validated<TransactionChanges>,
    known: &ExistingRecords,
) -> Validated<TransactionChanges> {
    let edits = match &validated.changes {
        Some(changes) if validated.counts.invalid == 0 => &changes.edits,
        _ => return validated,
    };
    let errors = unbookable(edits, known);
    let rows = changed_rows(&validated);
    let errors = errors
        .into_iter()
        .filter_map(|(index, error)| Some((*rows.get(index)?, error)));
    let errors: Vec<_> = errors.collect();
    validated.with_errors(errors)
}

/// Returns the rows that change something. A file without invalid rows makes its changes in their
/// order.
fn changed_rows(validated: &Validated<TransactionChanges>) -> Vec<usize> {
    let changed = validated.verdicts.iter().enumerate();
    let changed = changed.filter(|(_, line)| line.is_change());
    changed.map(|(row, _)| row).collect()
}

/// Returns the verdict on a row with the id of a voided transaction, which it does not bring back.
fn validate_voided(
    voided: &TransactionChange,
    row: &Transaction,
    known: &ExistingRecords,
) -> Result<Verdict, Vec<RowError>> {
    let differs = match &voided.was {
        Some(was) => differences(was, row, known),
        None => Vec::new(),
    };
    if differs.is_empty() {
        return Ok(Verdict::Voided);
    }
    let id = row.reference.clone();
    let reason = RowErrorKind::VoidedId { id, differs };
    Err(vec![RowError::in_column("id", &row.reference, reason)])
}

/// Adds the warnings about transactions that the file adds or corrects, or that stay voided.
fn with_warnings(
    validated: Validated<TransactionChanges>,
    rows: &Rows<TransactionRow>,
    known: &ExistingRecords,
    today: Day,
) -> Validated<TransactionChanges> {
    let edits = match &validated.changes {
        Some(changes) => changes.edits.clone(),
        None => return validated,
    };
    let of_row: BTreeMap<usize, usize> = changed_rows(&validated).into_iter().zip(0..).collect();
    let mut doubts = opened_shorts(&edits, known);
    for (index, warning) in unpaid_reversals(&edits, known) {
        doubts.entry(index).or_default().push(warning);
    }
    for (index, warnings) in missing_references(&edits, known) {
        doubts.entry(index).or_default().extend(warnings);
    }
    let with_pairs = known.currencies_of_pairs();
    validated.with_warnings(|row| {
        let Some(index) = of_row.get(&row) else {
            let line = rows.lines[row].row.as_ref().ok();
            let voided = line.and_then(|row| known.voided(&row.id));
            let voided = voided.map(|change| Warning::Voided(change.attribution.clone()));
            return voided.into_iter().collect();
        };
        let Some(transaction) = edits[*index].now() else {
            return Vec::new();
        };
        let security = transaction
            .security
            .and_then(|id| known.security_with_id(id));
        let portfolio = known.portfolio_with_id(transaction.portfolio);
        let amount = portfolio
            .zip(security)
            .and_then(|(portfolio, security)| amount_differs(transaction, portfolio, security));
        let doubts = doubts.get(index).cloned().unwrap_or_default();
        let rates = portfolio.map(|of| without_rate(transaction, of.currency, &with_pairs));
        (Warning::future(transaction.day, today).into_iter())
            .chain(doubts)
            .chain(amount)
            .chain(rates.into_iter().flatten())
            .collect()
    })
}

/// Looks up the portfolio and the security of a row; reports all errors of the row together.
fn resolve(row: &TransactionRow, known: &ExistingRecords) -> Result<Transaction, Vec<RowError>> {
    let mut errors = Vec::new();
    let portfolio = known
        .require_portfolio(&row.portfolio)
        .map_err(|reason| errors.push(RowError::in_column("portfolio", &row.portfolio, reason)));
    let security = row
        .symbol
        .as_deref()
        .map(|symbol| (symbol, known.require_in_history(symbol, row.day)))
        .map(|(symbol, found)| {
            found.map_err(|reason| errors.push(RowError::in_column("symbol", symbol, reason)))
        });
    if let Ok(portfolio) = portfolio {
        errors.extend(outside_lifecycle(row.day, portfolio));
        errors.extend(contradicting_currencies(row, portfolio));
    }
    let counterpart = row.counterpart.as_deref().and_then(|name| {
        let found = known
            .require_portfolio(name)
            .and_then(|found| match portfolio {
                Ok(own) if own.id == found.id => Err(UnbookableError::OwnCounterpart.into()),
                _ => Ok(found.id),
            });
        found
            .map_err(|reason| errors.push(RowError::in_column("counterpart", name, reason)))
            .ok()
    });
    if let (Some(Ok(security)), Some(price)) = (&security, row.price)
        && price.is_negative()
        && security.class_on(row.day).closes() != CloseSigns::Any
    {
        let class = security.class_on(row.day);
        let reason = RowErrorKind::CloseSign { price, class };
        errors.push(RowError::in_column("price", price, reason));
    }
    if let (Some(Ok(security)), Some(currency)) = (&security, &row.price_currency)
        && let Err(reason) = check_price_currency(currency, security, row.day)
    {
        errors.push(RowError::in_column("price_currency", currency, reason));
    }
    let (Ok(portfolio), Ok(security), true) = (portfolio, security.transpose(), errors.is_empty())
    else {
        return Err(errors);
    };
    Ok(Transaction {
        counterpart,
        ..to_transaction(row, portfolio, security)
    })
}

fn outside_lifecycle(day: Day, portfolio: &Portfolio) -> Option<RowError> {
    let (lifecycle, name) = (portfolio.lifecycle, || portfolio.name.clone());
    let reason = match lifecycle.closing_day() {
        _ if day < lifecycle.inception() => LifeRowError::BeforeInception {
            day,
            portfolio: name(),
            inception: lifecycle.inception(),
        },
        Some(closed) if closed < day => LifeRowError::AfterClose {
            day,
            portfolio: name(),
            closed,
        },
        _ => return None,
    };
    Some(RowError::in_column("date", day, reason))
}

/// Returns the error of an exchange of one currency for itself. The other rules depend on the kind
/// alone, and were checked when the row was read.
fn contradicting_currencies(row: &TransactionRow, portfolio: &Portfolio) -> Option<RowError> {
    let own = portfolio.currency;
    let checked = row.cash.check(row.kind, row.amount, own);
    let reason = RowErrorKind::Cash(checked.err()?);
    let from = row.cash.from_currency_or(own);
    Some(RowError::in_column("from_currency", from, reason))
}

fn to_transaction(
    row: &TransactionRow,
    portfolio: &Portfolio,
    security: Option<&Security>,
) -> Transaction {
    Transaction {
        portfolio: portfolio.id,
        day: row.day,
        time: row.time,
        kind: row.kind,
        security: security.map(|security| security.id),
        quantity: row.quantity,
        price: row.price,
        amount: row.amount,
        fee: row.fee,
        cash: row.cash,
        counterpart: None,
        lots: row.lots.clone(),
        reference: row.id.clone(),
    }
}

fn differences(was: &Transaction, now: &Transaction, known: &ExistingRecords) -> Vec<Change> {
    let moved = (was.portfolio != now.portfolio).then(|| Change {
        column: "portfolio",
        was: known.name_of(was.portfolio),
        now: known.name_of(now.portfolio),
        from: None,
    });
    let symbol = |of: &Transaction| of.security.map_or(String::new(), |id| known.symbol_of(id));
    let other = (was.security != now.security).then(|| Change {
        column: "symbol",
        was: symbol(was),
        now: symbol(now),
        from: None,
    });
    let name = |of: &Transaction| of.counterpart.map_or(String::new(), |id| known.name_of(id));
    let counterpart = (was.counterpart != now.counterpart).then(|| Change {
        column: "counterpart",
        was: name(was),
        now: name(now),
        from: None,
    });
    [
        moved,
        Change::between("date", &was.day, &now.day),
        Change::between_optional("time", &was.time, &now.time),
        Change::between("kind", &was.kind, &now.kind),
        other,
        Change::between("quantity", &was.quantity, &now.quantity),
        Change::between_optional("price", &was.price, &now.price),
        Change::between_optional("amount", &was.amount, &now.amount),
        Change::between("fee", &was.fee, &now.fee),
        Change::between_optional("currency", &was.cash.currency, &now.cash.currency),
        Change::between_optional(
            "fee_currency",
            &was.cash.fee_currency,
            &now.cash.fee_currency,
        ),
        Change::between_optional("from_amount", &was.cash.from_amount, &now.cash.from_amount),
        Change::between_optional(
            "from_currency",
            &was.cash.from_currency,
            &now.cash.from_currency,
        ),
        counterpart,
        Change::between_optional("lots", &was.lots, &now.lots),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
