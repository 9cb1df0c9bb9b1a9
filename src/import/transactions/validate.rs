//! Validates transactions against the existing records: portfolio and security must exist, the day
//! must be in the portfolio's lifecycle, and the id must be new or repeat an equal transaction.

use std::collections::BTreeMap;

use super::doubts::{amount_differs, future, opened_shorts};
use super::read::TransactionRow;
use crate::domain::{Change, Day, Portfolio, Security, Transaction};
use crate::import::existing::ExistingRecords;
use crate::import::row_error::{RowError, RowErrorKind};
use crate::import::row_reader::Rows;
use crate::import::verdict::{SeenRows, Validated, Verdict};

/// Changes that a file of transactions makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionChanges {
    /// New transactions, in the file's order.
    pub added: Vec<Transaction>,
}

/// Validates a file of transactions. `known` must hold all portfolios and securities, and the
/// transactions with an id of the file. A file with an invalid row is refused: books with half of the
/// transactions would be wrong. Days after `today` are questionable.
pub fn validate_transactions(
    rows: &Rows<TransactionRow>,
    known: &ExistingRecords,
    today: Day,
) -> Validated<TransactionChanges> {
    let mut seen = SeenRows::new();
    let validated = Validated::from_rows(rows, |line, row, changes: &mut TransactionChanges| {
        let transaction = resolve(row, known)?;
        let earlier = seen.insert(row.id.clone(), line, &transaction);
        let earlier = match &earlier {
            Some((line, earlier)) => Some((Some(*line), earlier)),
            None => known.transaction(&row.id).map(|was| (None, was)),
        };
        let Some((line, earlier)) = earlier else {
            changes.added.push(transaction);
            return Ok(Verdict::Added);
        };
        let differs = differences(earlier, &transaction, known);
        if differs.is_empty() {
            return Ok(Verdict::Same);
        }
        let id = row.id.clone();
        let reason = RowErrorKind::DuplicateId { id, line, differs };
        Err(vec![RowError::in_column("id", &row.id, reason)])
    });
    with_warnings(validated.all_or_nothing(), known, today)
}

/// Adds the warnings about transactions that the file adds.
fn with_warnings(
    validated: Validated<TransactionChanges>,
    known: &ExistingRecords,
    today: Day,
) -> Validated<TransactionChanges> {
    let added = match &validated.changes {
        Some(changes) => changes.added.clone(),
        None => return validated,
    };
    // A file without invalid rows makes its changes in the order of its added rows.
    let rows = validated.verdicts.iter().enumerate();
    let rows = rows
        .filter(|(_, line)| line.is_change())
        .map(|(row, _)| row);
    let of_row: BTreeMap<usize, usize> = rows.zip(0..).collect();
    let shorts = opened_shorts(&added, known);
    validated.with_warnings(|row| {
        let Some(index) = of_row.get(&row) else {
            return Vec::new();
        };
        let transaction = &added[*index];
        let security = transaction
            .security
            .and_then(|id| known.security_with_id(id));
        let portfolio = known.portfolio_with_id(transaction.portfolio);
        let amount = portfolio
            .zip(security)
            .and_then(|(portfolio, security)| amount_differs(transaction, portfolio, security));
        [
            future(transaction.day, today),
            shorts.get(index).cloned(),
            amount,
        ]
        .into_iter()
        .flatten()
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
        .map(|symbol| (symbol, known.require_security(symbol)))
        .map(|(symbol, found)| {
            found.map_err(|reason| errors.push(RowError::in_column("symbol", symbol, reason)))
        });
    if let Ok(portfolio) = portfolio {
        errors.extend(outside_lifecycle(row.day, portfolio));
    }
    let (Ok(portfolio), Ok(security), true) = (portfolio, security.transpose(), errors.is_empty())
    else {
        return Err(errors);
    };
    Ok(to_transaction(row, portfolio, security))
}

fn outside_lifecycle(day: Day, portfolio: &Portfolio) -> Option<RowError> {
    let (lifecycle, name) = (portfolio.lifecycle, || portfolio.name.clone());
    let reason = match lifecycle.closing_day() {
        _ if day < lifecycle.inception() => RowErrorKind::BeforeInception {
            day,
            portfolio: name(),
            inception: lifecycle.inception(),
        },
        Some(closed) if closed < day => RowErrorKind::AfterClose {
            day,
            portfolio: name(),
            closed,
        },
        _ => return None,
    };
    Some(RowError::in_column("date", day, reason))
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
        reference: row.id.clone(),
    }
}

fn differences(was: &Transaction, now: &Transaction, known: &ExistingRecords) -> Vec<Change> {
    let moved = (was.portfolio != now.portfolio).then(|| Change {
        column: "portfolio",
        was: known.name_of(was.portfolio),
        now: known.name_of(now.portfolio),
    });
    let symbol = |of: &Transaction| of.security.map_or(String::new(), |id| known.symbol_of(id));
    let other = (was.security != now.security).then(|| Change {
        column: "symbol",
        was: symbol(was),
        now: symbol(now),
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
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PortfolioId, SecurityId, Split};
    use crate::import::options::ImportOptions;
    use crate::import::sample::{self, portfolio, security};
    use crate::import::transactions::read::read_transactions;

    const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n";
    const TWO: &str = "1,Alpha,2026-01-05,deposit,,,,1000,\n2,Alpha,2026-01-06,buy,AAPL,5,100,,1\n";

    fn known() -> ExistingRecords {
        let beta = portfolio(2, "Beta", "2026-01-07");
        let closed = beta
            .lifecycle
            .with_closing_day(Some(sample::day("2026-01-30")));
        let beta = Portfolio {
            lifecycle: closed.unwrap(),
            ..beta
        };
        ExistingRecords::default()
            .with_portfolios([portfolio(1, "Alpha", "2026-01-05"), beta])
            .with_securities([security(1, "AAPL"), security(2, "MSFT")])
    }

    fn validated(rows: &str, known: &ExistingRecords) -> Validated<TransactionChanges> {
        let text = format!("{HEADER}{rows}");
        let rows = read_transactions("t.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        validate_transactions(&rows, known, Day::MAX)
    }

    fn reason(row: &str) -> RowErrorKind {
        let mut result = validated(row, &known());
        match result.verdicts.remove(0).verdict {
            Verdict::Invalid(mut errors) => errors.remove(0).kind,
            verdict => panic!("{verdict:?}"),
        }
    }

    #[test]
    fn a_second_import_changes_nothing() {
        let first = validated(TWO, &known());
        assert_eq!(first.counts.added, 2);
        let known = known().with_transactions(first.changes.unwrap().added);
        let second = validated(TWO, &known);
        assert_eq!(second.counts.same, 2);
        assert_eq!(second.changes, Some(TransactionChanges::default()));
    }

    #[test]
    fn the_same_id_with_other_content_is_refused_with_both_values() {
        let books = known().with_transactions(validated(TWO, &known()).changes.unwrap().added);
        let other = validated("2,Alpha,2026-01-06,buy,MSFT,5,101,,1\n", &books);
        let Verdict::Invalid(errors) = &other.verdicts[0].verdict else {
            panic!("{:?}", other.verdicts);
        };
        assert_eq!(
            errors[0].to_string(),
            "column `id`: duplicate id `2` with other content: symbol `AAPL` → `MSFT`, price `100` → `101`"
        );
        assert!(other.is_refused());
    }

    #[test]
    fn repeated_rows_must_agree() {
        let row = "1,Alpha,2026-01-05,deposit,,,,1000,\n";
        let twice = validated(&format!("{row}{row}"), &known());
        assert_eq!((twice.counts.added, twice.counts.same), (1, 1));
        assert_eq!(twice.changes.unwrap().added.len(), 1);
        let two = format!("{row}1,Alpha,2026-01-05,deposit,,,,2000,\n");
        let result = validated(&two, &known());
        let Verdict::Invalid(errors) = &result.verdicts[1].verdict else {
            panic!("{:?}", result.verdicts);
        };
        assert!(matches!(
            errors[0].kind,
            RowErrorKind::DuplicateId { line: Some(2), .. }
        ));
    }

    #[test]
    fn a_day_outside_the_portfolio_lifecycle_is_refused() {
        let early = reason("1,Beta,2026-01-06,deposit,,,,1,\n");
        assert!(matches!(early, RowErrorKind::BeforeInception { .. }));
        let late = reason("1,Beta,2026-02-02,deposit,,,,1,\n");
        assert!(matches!(late, RowErrorKind::AfterClose { .. }));
        assert!(!validated("1,Beta,2026-01-30,deposit,,,,1,\n", &known()).is_refused());
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest_known_name() {
        let symbol = reason("1,Alpha,2026-01-05,buy,APPL,1,1,,\n");
        assert!(
            matches!(symbol, RowErrorKind::UnknownSymbol { nearest: Some(near), .. } if near == "AAPL")
        );
        let portfolio = reason("1,Alhpa,2026-01-05,deposit,,,,1,\n");
        assert!(
            matches!(portfolio, RowErrorKind::UnknownPortfolio { nearest: Some(near), .. } if near == "Alpha")
        );
    }

    fn warnings(rows: &str, known: &ExistingRecords) -> Vec<String> {
        let text = format!("{HEADER}{rows}");
        let rows = read_transactions("t.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        let today = sample::day("2026-01-20");
        let result = validate_transactions(&rows, known, today);
        let lines = result.verdicts.iter().flat_map(|line| &line.warnings);
        lines.map(ToString::to_string).collect()
    }

    #[test]
    fn a_day_in_the_future_is_questioned() {
        let row = "1,Alpha,2026-01-20,deposit,,,,1,\n2,Alpha,2026-01-21,deposit,,,,1,\n";
        assert_eq!(
            warnings(row, &known()),
            ["`2026-01-21` is in the future (today: 2026-01-20)"]
        );
    }

    #[test]
    fn a_sale_of_more_than_is_held_is_questioned_unless_the_portfolio_was_short() {
        let bought = "1,Alpha,2026-01-06,buy,AAPL,10,100,,\n";
        let sold = "2,Alpha,2026-01-07,sell,AAPL,11,100,,\n";
        assert_eq!(
            warnings(&format!("{sold}{bought}"), &known()),
            ["takes 11 AAPL of 10 held, which opens a short position"]
        );
        let held = validated(bought, &known()).changes.unwrap().added;
        let history = known().with_histories([(PortfolioId(1), held.clone())]);
        assert_eq!(warnings(sold, &history).len(), 1);
        let exact = "2,Alpha,2026-01-06,sell,AAPL,10,100,,\n";
        assert!(warnings(exact, &history).is_empty());
        let split = Split {
            security: SecurityId(1),
            day: sample::day("2026-01-07"),
            new: 2,
            old: 1,
        };
        assert!(warnings(sold, &history.clone().with_splits([split])).is_empty());
        let short = validated("3,Alpha,2026-01-06,sell,MSFT,1,100,,\n", &known());
        let all = held
            .into_iter()
            .chain(short.changes.unwrap().added)
            .collect();
        let history = known().with_histories([(PortfolioId(1), all)]);
        assert!(warnings(sold, &history).is_empty());
    }

    #[test]
    fn an_amount_beyond_rounding_is_questioned() {
        let row = |amount: &str| format!("1,Alpha,2026-01-06,buy,AAPL,3,33.33,{amount},\n");
        assert!(warnings(&row("99.99"), &known()).is_empty());
        assert!(warnings(&row("100"), &known()).is_empty());
        assert_eq!(
            warnings(&row("109.99"), &known()),
            ["amount 109.99 is not quantity × price, 99.99"]
        );
    }

    #[test]
    fn one_invalid_row_refuses_the_file() {
        let result = validated(&format!("{TWO}3,Unknown,2026-01-05,fee,,,,1,\n"), &known());
        assert_eq!((result.counts.added, result.counts.invalid), (2, 1));
        assert_eq!(result.changes, None);
    }
}
