//! Corrected and voided transactions, and deleted closes: the next run gives the outputs of a
//! database that never knew the wrong rows.

use std::collections::BTreeSet;

use plimsoll::domain::{Attribution, DayRange, InvalidationCause, Phase};
use plimsoll::import::ImportOptions;
use plimsoll::import::apply::{
    FileKind, ImportResult, Mode, WithdrawError, delete_closes, void_transactions,
};
use plimsoll::import::{Corrections, Restatements};
use proptest::prelude::*;
use proptest::sample::Index;
use rusqlite::types::Value;

use crate::books::{Books, Cells, Row, day, difference};
use crate::properties::{
    SMALL, any_close_change, any_sources, any_transaction, assert_outputs_correct,
    assert_same_cells, holds_much, intersection,
};
use crate::reference::ReferenceModel;
use crate::sources::{
    Change, HEADER, SYMBOLS, TestSources, TestTransaction, TradeKind, write_transaction,
};

fn author() -> Attribution {
    Attribution {
        by: "anna".to_owned(),
        reason: "typed wrong".to_owned(),
    }
}

fn void(books: &Books, ids: &[String]) -> Result<Cells, WithdrawError> {
    let mut writer = books.store.writer().unwrap();
    let voided = void_transactions(&mut writer, ids, &author(), &books.import_context());
    voided.map(|voided| voided.invalidated_cells)
}

fn correct(books: &Books, rows: &str) -> ImportResult {
    let options = ImportOptions {
        corrections: Corrections::By("anna".to_owned()),
        restatements: Restatements::Allowed,
        ..ImportOptions::default()
    };
    let text = format!("{HEADER}{rows}");
    let result = books.import_with(FileKind::Transactions, &text, Mode::Apply, &options);
    let result = result.unwrap();
    assert_eq!(result.counts.invalid, 0, "{:?}", result.first_error());
    result
}

/// Returns the stored transactions without their row ids, by reference.
fn entries(books: &Books) -> Vec<Row> {
    let mut rows = books.all_rows().remove("entry").unwrap();
    for row in &mut rows {
        row.remove(0);
    }
    let reference = |row: &Row| match &row[0] {
        Value::Text(reference) => reference.clone(),
        other => panic!("{other:?}"),
    };
    rows.sort_by_key(reference);
    rows
}

fn union(a: Cells, b: Cells) -> Cells {
    let mut all = a;
    for (at, ids) in b {
        *all.entry(at).or_default() |= ids;
    }
    all
}

/// Makes a transfer out a transfer in where it could take more than is held.
fn bookable(mut transaction: TestTransaction) -> TestTransaction {
    let holds_enough = holds_much(transaction.portfolio, transaction.security);
    if transaction.kind == TradeKind::TransferOut && !holds_enough {
        transaction.kind = TradeKind::TransferIn;
    }
    transaction
}

/// Compares books that were corrected with those of a clean import of the same sources.
pub(crate) fn assert_equal_to_clean(books: &Books, right: &TestSources) {
    let clean = right.books();
    clean.run();
    assert_eq!(entries(books), entries(&clean));
    let expected = clean.outputs();
    assert_outputs_correct(&books.outputs(), &expected);
    books.run();
    let outputs = books.outputs();
    assert_outputs_correct(&outputs, &expected);
    let missing: Vec<_> = expected
        .keys()
        .filter(|at| !outputs.contains_key(at))
        .collect();
    assert!(missing.is_empty(), "not done again: {missing:?}");
    assert!(
        books
            .read(|reading| reading.invalidations().open())
            .is_empty()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn corrected_and_voided_transactions_leave_no_trace_in_the_books(
        right in any_sources(SMALL, 3),
        added in prop::collection::vec(any_transaction(SMALL), 1..4),
        replaced in prop::collection::vec((any::<Index>(), any_transaction(SMALL)), 0..4),
        void_first in any::<bool>(),
    ) {
        let mut wrong = right.clone();
        // The opening transactions at the end keep the other ones bookable.
        let random = SMALL.transactions;
        let mut rows = String::new();
        let mut seen = BTreeSet::new();
        for (index, other) in &replaced {
            let at = index.index(random);
            if seen.insert(at) {
                wrong.transactions[at] = bookable(*other);
                write_transaction(&mut rows, &format!("m{at}"), &right.transactions[at]);
            }
        }
        let first = wrong.transactions.len();
        wrong.transactions.extend(added.iter().copied().map(bookable));
        let ids: Vec<_> = (first..wrong.transactions.len()).map(|at| format!("m{at}")).collect();

        let books = wrong.books();
        books.run();
        let filled = books.ledger();
        let mut invalidated = Cells::new();
        if void_first {
            invalidated = void(&books, &ids).unwrap();
        }
        if !rows.is_empty() {
            let result = correct(&books, &rows);
            invalidated = union(invalidated, result.invalidated_cells);
        }
        if !void_first {
            invalidated = union(invalidated, void(&books, &ids).unwrap());
        }
        assert_same_cells(&invalidated, &difference(&filled, &books.ledger()));
        assert_equal_to_clean(&books, &right);
    }

    #[test]
    fn a_deleted_close_invalidates_exactly_the_affected_cells(
        right in any_sources(SMALL, 5),
        change in any_close_change(SMALL),
    ) {
        let Change::Closes(closes) = &change else { unreachable!() };
        let added: BTreeSet<_> = closes.keys().filter(|at| !right.closes.contains_key(at)).collect();
        prop_assume!(!added.is_empty());
        let mut wrong = right.clone();
        wrong.closes.extend(added.iter().map(|at| (**at, closes[*at])));
        let books = wrong.books();
        books.run();
        let filled = books.ledger();
        for (security, on) in &added {
            let symbol = SYMBOLS[*security];
            let mut writer = books.store.writer().unwrap();
            let context = books.import_context();
            let days = DayRange::single(*on);
            delete_closes(&mut writer, symbol, days, &author(), &context).unwrap();
        }
        let removed = difference(&filled, &books.ledger());
        // A deletion affects the cells that adding the close would affect.
        let affected = ReferenceModel {
            after: &wrong,
            changed_closes: added.into_iter().copied().collect(),
        }
        .affected();
        assert_same_cells(&removed, &intersection(&affected, &filled));
        assert_equal_to_clean(&books, &right);
    }
}

/// Two portfolios with a purchase each, on the first of ten sessions.
pub(crate) fn two_holders() -> TestSources {
    let mut sources = TestSources::with_sessions(10);
    for (at, day) in (0_i64..).zip(sources.sessions.clone()) {
        for security in 0..SYMBOLS.len() {
            sources.closes.insert((security, day), 10_000 + 100 * at);
        }
    }
    sources.transactions = [0, 1].map(|portfolio| buy(&sources, portfolio, 0)).into();
    sources
}

pub(crate) fn buy(sources: &TestSources, portfolio: usize, session: usize) -> TestTransaction {
    TestTransaction {
        portfolio,
        day: sources.sessions[session],
        kind: TradeKind::Buy,
        security: 0,
        quantity: 10,
        price: Some(100),
        amount: None,
    }
}

#[test]
fn a_transaction_that_moves_affects_both_portfolios_from_their_days_on() {
    let right = two_holders();
    let mut wrong = right.clone();
    wrong.transactions.push(buy(&right, 0, 4));
    let books = wrong.books();
    books.run();
    let mut rows = String::new();
    write_transaction(&mut rows, "m2", &buy(&right, 2, 7));
    let corrected = correct(&books, &rows);
    assert_eq!(corrected.counts.corrected, 1);
    for (session, day) in right.sessions.iter().enumerate() {
        let ids = corrected.invalidated_cells.get(&(*day, Phase::Snapshot));
        let ids: Vec<u32> = ids.map_or(Vec::new(), |ids| ids.iter().collect());
        let expected: &[u32] = match session {
            0..4 => &[],
            4..7 => &[1],
            _ => &[1, 3],
        };
        assert_eq!(ids, expected, "session {session}");
    }
    let open = books.read(|reading| reading.invalidations().open());
    let reasons: Vec<_> = open.iter().map(|open| open.reason.as_str()).collect();
    let (from, to) = (right.sessions[4], right.sessions[7]);
    assert_eq!(
        reasons,
        [
            format!("transaction m2 of P0 corrected, from {from} on"),
            format!("transaction m2 of P2 corrected, from {to} on"),
        ]
    );
    let mut after = right.clone();
    after.transactions.push(buy(&right, 2, 7));
    assert_equal_to_clean(&books, &after);
}

#[test]
fn a_voided_transaction_stays_voided_until_it_is_corrected() {
    let right = two_holders();
    let mut wrong = right.clone();
    wrong.transactions.push(buy(&right, 0, 4));
    let books = wrong.books();
    books.run();
    void(&books, &["m2".to_owned()]).unwrap();
    let open = books.read(|reading| reading.invalidations().open());
    assert_eq!(open[0].cause, InvalidationCause::Transaction);
    assert_eq!(
        open[0].reason,
        format!("transaction m2 of P0 on {} voided", right.sessions[4])
    );
    let mut rows = String::new();
    write_transaction(&mut rows, "m2", &buy(&right, 0, 4));
    let again = books.import(FileKind::Transactions, &format!("{HEADER}{rows}"));
    assert_eq!((again.counts.added, again.counts.voided), (0, 1));
    assert_equal_to_clean(&books, &right);
    assert!(matches!(
        void(&books, &["m2".to_owned()]),
        Err(WithdrawError::AlreadyVoided { .. })
    ));
    assert!(matches!(
        void(&books, &["m1".to_owned(), "m9".to_owned()]),
        Err(WithdrawError::UnknownTransaction(id)) if id == "m9"
    ));
    assert_eq!(correct(&books, &rows).counts.added, 1);
    assert_equal_to_clean(&books, &wrong);
    let changes = books.read(|reading| reading.transaction_changes().of_transaction("m2"));
    let kinds: Vec<_> = changes.iter().map(|change| change.kind.name()).collect();
    assert_eq!(kinds, ["voided", "restored"]);
    assert_eq!(changes[0].was.as_ref().unwrap().day, right.sessions[4]);
    assert_eq!(changes[0].attribution, author());
}

#[test]
fn a_purchase_is_not_voided_under_a_transfer_that_needs_it() {
    let mut sources = two_holders();
    sources.transactions.push(TestTransaction {
        kind: TradeKind::TransferOut,
        ..buy(&sources, 0, 5)
    });
    sources.transactions.push(TestTransaction {
        kind: TradeKind::Sell,
        ..buy(&sources, 1, 5)
    });
    let books = sources.books();
    books.run();
    let before = books.all_rows();
    let refused = void(&books, &["m0".to_owned()]);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "transaction `m2` would then transfer out 10 AAA of 0 held"
    );
    assert_eq!(books.all_rows(), before);
    void(&books, &["m0".to_owned(), "m2".to_owned()]).unwrap();
    let mut writer = books.store.writer().unwrap();
    let ids = ["m1".to_owned()];
    let voided = void_transactions(&mut writer, &ids, &author(), &books.import_context());
    let warnings = voided.unwrap().warnings;
    assert_eq!(
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["transaction `m3` then takes 10 AAA of 0 held"]
    );
}

#[test]
fn a_deletion_names_an_unknown_symbol_and_an_empty_range() {
    let books = two_holders().books();
    let mut writer = books.store.writer().unwrap();
    let context = books.import_context();
    let mut delete = |symbol: &str, on: &str| {
        let days = DayRange::single(day(on));
        delete_closes(&mut writer, symbol, days, &author(), &context)
    };
    assert!(matches!(
        delete("AAB", "2026-01-05"),
        Err(WithdrawError::UnknownSymbol { nearest: Some(nearest), .. }) if nearest == "AAA"
    ));
    assert!(matches!(
        delete("AAA", "2025-01-05"),
        Err(WithdrawError::NoCloses { .. })
    ));
    assert_eq!(delete("AAA", "2026-01-05").unwrap().closes.len(), 1);
}
