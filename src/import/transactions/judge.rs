//! Transactions against what is known: whose, of what, within which life, and new or not.

use super::read::TransactionRow;
use crate::domain::{Day, Portfolio, Security, Transaction};
use crate::import::verdict::Heard;
use crate::import::{Change, Flaw, Judged, Known, Reason, Rows, Verdict};

/// What a file of transactions changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionChanges {
    /// The new ones, in the file's order.
    pub added: Vec<Transaction>,
}

/// Judges a file of transactions. `known` holds all portfolios and securities, and the
/// transactions that have an id of the file.
pub fn judge_transactions(
    rows: &Rows<TransactionRow>,
    known: &Known,
) -> Judged<TransactionChanges> {
    let mut heard = Heard::nothing();
    Judged::row_by_row(rows, |line, row, changes: &mut TransactionChanges| {
        let transaction = meant(row, known)?;
        let earlier = heard.note(row.id.clone(), line, &transaction);
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
        let reason = Reason::DuplicateId { id, line, differs };
        Err(vec![Flaw::at("id", &row.id, reason)])
    })
}

/// The transaction that a row means, with its portfolio and security found.
fn meant(row: &TransactionRow, known: &Known) -> Result<Transaction, Vec<Flaw>> {
    let mut flaws = Vec::new();
    let portfolio = known
        .portfolio(&row.portfolio)
        .map_err(|reason| flaws.push(Flaw::at("portfolio", &row.portfolio, reason)));
    let security = row
        .symbol
        .as_deref()
        .map(|symbol| (symbol, known.security(symbol)))
        .map(|(symbol, found)| {
            found.map_err(|reason| flaws.push(Flaw::at("symbol", symbol, reason)))
        });
    if let Ok(portfolio) = portfolio {
        flaws.extend(outside_of_life(row.day, portfolio));
    }
    let (Ok(portfolio), Ok(security), true) = (portfolio, security.transpose(), flaws.is_empty())
    else {
        return Err(flaws);
    };
    Ok(transaction(row, portfolio, security))
}

fn outside_of_life(day: Day, portfolio: &Portfolio) -> Option<Flaw> {
    let (life, name) = (portfolio.lifecycle, || portfolio.name.clone());
    let reason = match life.closing_day() {
        _ if day < life.inception() => Reason::BeforeInception {
            day,
            portfolio: name(),
            inception: life.inception(),
        },
        Some(closed) if closed < day => Reason::AfterClose {
            day,
            portfolio: name(),
            closed,
        },
        _ => return None,
    };
    Some(Flaw::at("date", day, reason))
}

fn transaction(
    row: &TransactionRow,
    portfolio: &Portfolio,
    security: Option<&Security>,
) -> Transaction {
    Transaction {
        portfolio: portfolio.id,
        day: row.day,
        kind: row.kind,
        security: security.map(|security| security.id),
        quantity: row.quantity,
        price: row.price,
        amount: row.amount,
        fee: row.fee,
        reference: row.id.clone(),
    }
}

fn differences(was: &Transaction, now: &Transaction, known: &Known) -> Vec<Change> {
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
        Change::of("date", &was.day, &now.day),
        Change::of("kind", &was.kind, &now.kind),
        other,
        Change::of("quantity", &was.quantity, &now.quantity),
        Change::of_optional("price", &was.price, &now.price),
        Change::of_optional("amount", &was.amount, &now.amount),
        Change::of("fee", &was.fee, &now.fee),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::sample::{self, portfolio, security};
    use crate::import::{DateOrder, read_transactions};

    const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n";
    const TWO: &str = "1,Alpha,2026-01-05,deposit,,,,1000,\n2,Alpha,2026-01-06,buy,AAPL,5,100,,1\n";

    fn known() -> Known {
        let beta = portfolio(2, "Beta", "2026-01-07");
        let closed = beta
            .lifecycle
            .with_closing_day(Some(sample::day("2026-01-30")));
        let beta = Portfolio {
            lifecycle: closed.unwrap(),
            ..beta
        };
        Known::default()
            .with_portfolios([portfolio(1, "Alpha", "2026-01-05"), beta])
            .with_securities([security(1, "AAPL"), security(2, "MSFT")])
    }

    fn judged(rows: &str, known: &Known) -> Judged<TransactionChanges> {
        let text = format!("{HEADER}{rows}");
        let rows = read_transactions("t.csv", text.as_bytes(), None::<DateOrder>).unwrap();
        judge_transactions(&rows, known)
    }

    fn reason(row: &str) -> Reason {
        let mut judged = judged(row, &known());
        match judged.verdicts.remove(0).verdict {
            Verdict::Invalid(mut flaws) => flaws.remove(0).reason,
            verdict => panic!("{verdict:?}"),
        }
    }

    #[test]
    fn a_second_import_is_all_the_same() {
        let first = judged(TWO, &known());
        assert_eq!(first.counts.added, 2);
        let known = known().with_transactions(first.changes.unwrap().added);
        let second = judged(TWO, &known);
        assert_eq!(second.counts.same, 2);
        assert_eq!(second.changes, Some(TransactionChanges::default()));
    }

    #[test]
    fn the_same_id_with_other_content_is_refused_with_both_values() {
        let books = known().with_transactions(judged(TWO, &known()).changes.unwrap().added);
        let other = judged("2,Alpha,2026-01-06,buy,MSFT,5,101,,1\n", &books);
        let Verdict::Invalid(flaws) = &other.verdicts[0].verdict else {
            panic!("{:?}", other.verdicts);
        };
        assert_eq!(
            flaws[0].to_string(),
            "column `id`: duplicate id `2` with other content: symbol `AAPL` → `MSFT`, price `100` → `101`"
        );
        assert!(other.is_refused());
    }

    #[test]
    fn one_file_may_repeat_itself_and_not_contradict_itself() {
        let row = "1,Alpha,2026-01-05,deposit,,,,1000,\n";
        let twice = judged(&format!("{row}{row}"), &known());
        assert_eq!((twice.counts.added, twice.counts.same), (1, 1));
        assert_eq!(twice.changes.unwrap().added.len(), 1);
        let two = format!("{row}1,Alpha,2026-01-05,deposit,,,,2000,\n");
        let judged = judged(&two, &known());
        let Verdict::Invalid(flaws) = &judged.verdicts[1].verdict else {
            panic!("{:?}", judged.verdicts);
        };
        assert!(matches!(
            flaws[0].reason,
            Reason::DuplicateId { line: Some(2), .. }
        ));
    }

    #[test]
    fn a_day_outside_of_the_portfolios_life_is_refused() {
        let early = reason("1,Beta,2026-01-06,deposit,,,,1,\n");
        assert!(matches!(early, Reason::BeforeInception { .. }));
        let late = reason("1,Beta,2026-02-02,deposit,,,,1,\n");
        assert!(matches!(late, Reason::AfterClose { .. }));
        assert!(!judged("1,Beta,2026-01-30,deposit,,,,1,\n", &known()).is_refused());
    }

    #[test]
    fn strangers_are_refused_with_their_nearest_names() {
        let symbol = reason("1,Alpha,2026-01-05,buy,APPL,1,1,,\n");
        assert!(
            matches!(symbol, Reason::UnknownSymbol { nearest: Some(near), .. } if near == "AAPL")
        );
        let portfolio = reason("1,Alhpa,2026-01-05,deposit,,,,1,\n");
        assert!(
            matches!(portfolio, Reason::UnknownPortfolio { nearest: Some(near), .. } if near == "Alpha")
        );
    }

    #[test]
    fn one_invalid_row_holds_back_the_file() {
        let judged = judged(&format!("{TWO}3,Nobody,2026-01-05,fee,,,,1,\n"), &known());
        assert_eq!((judged.counts.added, judged.counts.invalid), (2, 1));
        assert_eq!(judged.changes, None);
    }
}
