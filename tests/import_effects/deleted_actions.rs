//! Deleted splits and other corporate actions: the next run gives the outputs of a database that never
//! knew them.

use plimsoll::domain::Attribution;
use plimsoll::import::apply::{ActionToDelete, WithdrawError, delete_action};
use proptest::prelude::*;

use crate::books::{Books, Cells, difference};
use crate::properties::{SMALL, any_acted_sources, any_action, any_split, assert_same_cells};
use crate::sources::{Change, SYMBOLS, TestAction, TestSources, TradeKind};
use crate::withdrawals::{assert_equal_to_clean, buy, two_holders};

fn delete(books: &Books, symbol: &str, day: &str, kind: &str) -> Result<Cells, WithdrawError> {
    let action = ActionToDelete {
        symbol: symbol.to_owned(),
        day: day.parse().unwrap(),
        kind: kind.parse().unwrap(),
        received: None,
    };
    let author = Attribution {
        by: "anna".to_owned(),
        reason: "never happened".to_owned(),
    };
    let mut writer = books.store.writer().unwrap();
    let deleted = delete_action(&mut writer, &action, &author, &books.import_context());
    deleted.map(|deleted| deleted.invalidated_cells)
}

/// Adds a change to filled books and deletes it from others. Both affect the same cells, and after the
/// deletion the books equal those that never knew the change.
fn assert_deletion_undoes(right: &TestSources, change: &Change, key: (&str, &str, &str)) {
    let added = right.books();
    added.run();
    let added = change.import_into(right, &added).invalidated_cells;
    let books = change.apply_to(right).books();
    books.run();
    let filled = books.ledger();
    let deleted = delete(&books, key.0, key.1, key.2).unwrap();
    assert_same_cells(&deleted, &difference(&filled, &books.ledger()));
    assert_same_cells(&deleted, &added);
    assert_equal_to_clean(&books, right);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_deleted_split_leaves_no_trace_in_the_books(
        right in any_acted_sources(),
        split in any_split(SMALL),
    ) {
        let mut known = right.splits.iter();
        prop_assume!(!known.any(|known| (known.security, known.day) == (split.security, split.day)));
        let (symbol, day) = (SYMBOLS[split.security], split.day.to_string());
        assert_deletion_undoes(&right, &Change::Splits(vec![split]), (symbol, &day, "split"));
    }

    #[test]
    fn a_deleted_action_leaves_no_trace_in_the_books(
        right in any_acted_sources(),
        action in any_action(SMALL),
    ) {
        let key = action.key();
        prop_assume!(right.actions.iter().map(TestAction::key).all(|known| known != key));
        let words: Vec<&str> = key.split(',').collect();
        let key = (words[0], words[1], words[2]);
        assert_deletion_undoes(&right, &Change::Actions(vec![action]), key);
    }
}

#[test]
fn a_split_is_not_deleted_under_a_transfer_that_needs_it() {
    let mut sources = two_holders();
    let on = sources.sessions[3].to_string();
    sources.splits.push(crate::sources::TestSplit {
        security: 0,
        day: sources.sessions[3],
        new: 2,
        old: 1,
    });
    let mut transfer = buy(&sources, 0, 5);
    transfer.kind = TradeKind::TransferOut;
    transfer.quantity = 20;
    sources.transactions.push(transfer);
    let books = sources.books();
    books.run();
    let before = books.all_rows();
    let refused = delete(&books, "AAA", &on, "split");
    assert_eq!(
        refused.unwrap_err().to_string(),
        "transaction `m2` would then transfer out 20 AAA of 10 held"
    );
    assert_eq!(books.all_rows(), before);
    let unknown = delete(&books, "AAA", &on, "delisting");
    assert_eq!(
        unknown.unwrap_err().to_string(),
        format!("AAA has no delisting on {on}")
    );
}

#[test]
fn an_action_is_not_deleted_under_a_transfer_of_the_units_received() {
    let mut sources = two_holders();
    let day = sources.sessions[3];
    let spin_off = TestAction {
        security: 0,
        day,
        terms: 1,
    };
    let mut transfer = buy(&sources, 0, 5);
    transfer.kind = TradeKind::TransferOut;
    transfer.security = 1;
    transfer.quantity = 2;
    sources.transactions.push(transfer);
    sources.actions.push(spin_off);
    let books = sources.books();
    books.run();
    let before = books.all_rows();
    let refused = delete(&books, SYMBOLS[0], &day.to_string(), "spin-off");
    assert_eq!(
        refused.unwrap_err().to_string(),
        format!(
            "transaction `m2` would then transfer out 2 {} of 0 held",
            SYMBOLS[1]
        )
    );
    assert_eq!(books.all_rows(), before);
}
