//! Tests the verdicts and warnings of transactions.

use super::*;
use crate::domain::{PortfolioId, SecurityId, Split};
use crate::import::life_error::LifeRowError;
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
    validate_transactions(&rows, known, Day::MAX, &Corrections::Refused)
}

fn added(validated: Validated<TransactionChanges>) -> Vec<Transaction> {
    let edits = validated.changes.unwrap().edits;
    edits
        .iter()
        .filter_map(|edit| edit.now().cloned())
        .collect()
}

fn corrected(rows: &str, known: &ExistingRecords) -> Validated<TransactionChanges> {
    let text = format!("{HEADER}{rows}");
    let rows = read_transactions("t.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
    let by = Corrections::By("anna".to_owned());
    validate_transactions(&rows, known, Day::MAX, &by)
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
    let known = known().with_transactions(added(first));
    let second = validated(TWO, &known);
    assert_eq!(second.counts.same, 2);
    assert_eq!(second.changes, Some(TransactionChanges::default()));
}

#[test]
fn the_same_id_with_other_content_is_refused_with_both_values() {
    let books = known().with_transactions(added(validated(TWO, &known())));
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
    assert_eq!(added(twice).len(), 1);
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
    assert!(matches!(
        early,
        RowErrorKind::Life(LifeRowError::BeforeInception { .. })
    ));
    let late = reason("1,Beta,2026-02-02,deposit,,,,1,\n");
    assert!(matches!(
        late,
        RowErrorKind::Life(LifeRowError::AfterClose { .. })
    ));
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
    let result = validate_transactions(&rows, known, today, &Corrections::Refused);
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
    let held = added(validated(bought, &known()));
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
    let all = held.into_iter().chain(added(short)).collect();
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

#[test]
fn a_correction_replaces_a_known_transaction_and_repeats_stay_the_same() {
    let books = known().with_transactions(added(validated(TWO, &known())));
    let other = "2,Alpha,2026-01-07,buy,MSFT,5,101,,1\n";
    let result = corrected(TWO, &books);
    assert_eq!((result.counts.same, result.counts.corrected), (2, 0));
    let result = corrected(other, &books);
    let Verdict::Corrected(changes) = &result.verdicts[0].verdict else {
        panic!("{:?}", result.verdicts);
    };
    let columns: Vec<_> = changes.iter().map(|change| change.column).collect();
    assert_eq!(columns, ["date", "symbol", "price"]);
    let edits = result.changes.unwrap().edits;
    assert!(matches!(&edits[..], [TransactionEdit::Corrected(_)]));
    // Two rows of one file still must agree.
    let twice = format!("{other}2,Alpha,2026-01-07,buy,MSFT,6,101,,1\n");
    assert!(corrected(&twice, &books).is_refused());
}

#[test]
fn a_voided_transaction_comes_back_only_as_a_correction() {
    let was = added(validated(TWO, &known())).remove(1);
    let voided = known().with_voided([TransactionChange {
        reference: "2".to_owned(),
        kind: crate::domain::RecordedEdit::Voided,
        at: chrono::DateTime::UNIX_EPOCH,
        attribution: crate::domain::Attribution {
            by: "anna".to_owned(),
            reason: "booked twice".to_owned(),
        },
        was: Some(was),
    }]);
    let again = validated(TWO, &voided);
    assert_eq!((again.counts.added, again.counts.voided), (1, 1));
    assert_eq!(
        again.verdicts[1].warnings[0].to_string(),
        "voided by anna: booked twice; `--correct` imports it again"
    );
    assert_eq!(added(again).len(), 1);
    let other = validated("2,Alpha,2026-01-06,buy,AAPL,6,100,,1\n", &voided);
    assert!(other.is_refused());
    let back = corrected(TWO, &voided);
    assert_eq!(back.counts.added, 2);
    assert_eq!(back.changes.unwrap().restored.len(), 1);
}

#[test]
fn a_correction_that_leaves_a_known_sale_without_holdings_is_questioned() {
    let rows = "1,Alpha,2026-01-06,buy,AAPL,10,100,,\n2,Alpha,2026-01-07,sell,AAPL,10,100,,\n";
    let entries = added(validated(rows, &known()));
    let books =
        (known().with_transactions(entries.clone())).with_histories([(PortfolioId(1), entries)]);
    let result = corrected("1,Alpha,2026-01-06,buy,AAPL,9,100,,\n", &books);
    assert_eq!(
        result.verdicts[0].warnings[0].to_string(),
        "transaction `2` then takes 10 AAPL of 9 held"
    );
    assert!(
        corrected("1,Alpha,2026-01-06,buy,AAPL,11,100,,\n", &books).verdicts[0]
            .warnings
            .is_empty()
    );
}

#[test]
fn an_added_sale_that_leaves_a_later_one_without_holdings_is_questioned() {
    let rows = "1,Alpha,2026-01-06,buy,AAPL,10,100,,\n2,Alpha,2026-01-08,sell,AAPL,10,100,,\n";
    let history = known().with_histories([(PortfolioId(1), added(validated(rows, &known())))]);
    assert_eq!(
        warnings("3,Alpha,2026-01-07,sell,AAPL,4,100,,\n", &history),
        ["transaction `2` then takes 10 AAPL of 6 held"]
    );
}

#[test]
fn a_reversal_of_a_dividend_that_was_not_paid_is_questioned() {
    let bought = "1,Alpha,2026-01-06,buy,AAPL,10,100,,\n";
    let paid = "2,Alpha,2026-01-07,dividend,AAPL,,,5,\n";
    let back = |amount: &str| format!("3,Alpha,2026-01-08,dividend,AAPL,,,{amount},\n");
    assert!(warnings(&format!("{bought}{paid}{}", back("-5")), &known()).is_empty());
    assert_eq!(
        warnings(&format!("{bought}{paid}{}", back("-6")), &known()),
        ["takes back -6 of AAPL, which paid 5 so far"]
    );
    let short = "0,Alpha,2026-01-06,sell,AAPL,1,100,,\n";
    let lines = warnings(&format!("{short}{}", back("-6")), &known());
    assert_eq!(
        lines,
        ["takes 1 AAPL of 0 held, which opens a short position"]
    );
}

#[test]
fn currencies_are_kept_and_compared() {
    let header = HEADER.replace("fee", "fee,currency,fee_currency,from_amount,from_currency");
    let validated = |row: &str, known: &ExistingRecords| {
        let text = format!("{header}{row}\n");
        let rows = read_transactions("t.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        validate_transactions(&rows, known, Day::MAX, &Corrections::Refused)
    };
    let euros = "1,Alpha,2026-01-05,exchange,,,,100,2,EUR,GBP,120,";
    let books = known().with_transactions(added(validated(euros, &known())));
    assert_eq!(validated(euros, &books).counts.same, 1);
    for (changed, column) in [
        (",CHF,GBP,120,", "currency"),
        (",EUR,CHF,120,", "fee_currency"),
        (",EUR,GBP,121,", "from_amount"),
        (",EUR,GBP,120,CHF", "from_currency"),
    ] {
        let row = euros.replace(",EUR,GBP,120,", changed);
        let differs = match &validated(&row, &books).verdicts[0].verdict {
            Verdict::Invalid(errors) => match &errors[0].kind {
                RowErrorKind::DuplicateId { differs, .. } => differs.clone(),
                other => panic!("{other}"),
            },
            other => panic!("{other:?}"),
        };
        let columns: Vec<_> = differs.iter().map(|change| change.column).collect();
        assert_eq!(columns, [column]);
    }
    let same = validated("1,Alpha,2026-01-05,exchange,,,,100,,USD,,120,", &known());
    let Verdict::Invalid(errors) = &same.verdicts[0].verdict else {
        panic!("{:?}", same.verdicts);
    };
    assert_eq!(
        errors[0].to_string(),
        "column `from_currency`: an exchange pays USD for USD"
    );
}

#[test]
fn cash_without_any_currency_pair_is_questioned() {
    let header = HEADER.replace("fee", "fee,currency");
    let warnings = |known: &ExistingRecords| {
        let text = format!("{header}1,Alpha,2026-01-05,deposit,,,,100,,EUR\n");
        let rows = read_transactions("t.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        let validated = validate_transactions(&rows, known, Day::MAX, &Corrections::Refused);
        validated.verdicts[0].warnings.clone()
    };
    assert_eq!(
        warnings(&known()),
        [Warning::NoRate("EUR".parse().unwrap())]
    );
    for pair in ["EURUSD", "CHFEUR"] {
        assert_eq!(warnings(&known().with_securities([security(3, pair)])), []);
    }
}

#[test]
fn a_transfer_of_more_than_is_held_is_questioned_as_unbookable() {
    let bought = "1,Alpha,2026-01-06,buy,AAPL,10,100,,\n";
    let out = "2,Alpha,2026-01-07,transfer-out,AAPL,11,,,\n";
    let text =
        "transfers out 11 AAPL of 10 held, and no books are computed from that day on without more";
    assert_eq!(warnings(&format!("{bought}{out}"), &known()), [text]);
    // A portfolio that sells short cannot transfer out more either.
    let short = "0,Alpha,2026-01-06,sell,AAPL,11,100,,\n";
    let lines = warnings(&format!("{short}{bought}{out}"), &known());
    assert!(
        lines.iter().any(|line| line.starts_with("transfers out")),
        "{lines:?}"
    );
}
