//! Deleting, restoring and closing a portfolio: row, roster and revision stay of one mind.

use plimsoll::domain::{Day, PortfolioKey};
use plimsoll::import::apply::{FileKind, LifecycleChangeError, close, delete, restore};
use plimsoll::plan::LifecycleIndex;
use plimsoll::store::{StoreError, Writer};

use crate::books::{Books, day};
use crate::sketch::{HEADER, Sketch};

fn books() -> Books {
    let mut sketch = Sketch::of_sessions(5);
    sketch.closes.insert((0, sketch.sessions[0]), 10_000);
    let books = sketch.books();
    let text = format!("{HEADER}x,P1,2026-01-07,deposit,,,,5\n");
    books.take(FileKind::Transactions, &text);
    books
}

fn p1() -> PortfolioKey {
    PortfolioKey::from_name("P1")
}

/// The roster says what the rows say.
fn assert_of_one_mind(books: &Books) {
    let mut roster = LifecycleIndex::new();
    for portfolio in books.read(|reading| reading.portfolios()) {
        roster.add(portfolio.id, &portfolio.lifecycle);
    }
    assert_eq!(books.read(|reading| reading.lifecycle_index()), roster);
}

/// Does something that changes a life, and once more to no avail.
fn changes<T>(
    books: &Books,
    change: impl Fn(&mut Writer) -> Result<T, LifecycleChangeError>,
) -> Option<LifecycleChangeError> {
    let mut writer = books.store.writer().unwrap();
    let revision = books.read(|reading| reading.revision());
    change(&mut writer).unwrap_or_else(|error| panic!("{error}"));
    assert_ne!(books.read(|reading| reading.revision()), revision);
    assert_of_one_mind(books);
    let before = books.everything();
    let again = change(&mut writer);
    assert_eq!(books.everything(), before);
    again.err()
}

#[test]
fn what_is_deleted_can_be_restored_and_neither_twice() {
    let books = books();
    books.run();
    let ledger = books.ledger();
    let now = books.environment.clock.now();
    let again = changes(&books, |writer| delete(writer, p1(), now));
    assert!(matches!(again, Some(LifecycleChangeError::AlreadyDeleted { at, .. }) if at == now));
    let again = changes(&books, |writer| restore(writer, p1()));
    assert!(matches!(
        again,
        Some(LifecycleChangeError::NotDeleted { .. })
    ));
    assert_eq!(books.ledger(), ledger);
    assert!(books.run().plan.is_empty(), "nothing changed meanwhile");
}

#[test]
fn a_price_that_is_corrected_while_a_portfolio_is_deleted_is_not_forgotten() {
    let books = books();
    let text = format!("{HEADER}y,P1,2026-01-05,buy,AAA,1,100,\n");
    books.take(FileKind::Transactions, &text);
    books.run();
    let mut writer = books.store.writer().unwrap();
    delete(&mut writer, p1(), books.environment.clock.now()).unwrap();
    books.take(FileKind::Prices, "symbol,date,close\nAAA,2026-01-07,90\n");
    assert!(books.run().plan.is_empty());
    restore(&mut writer, p1()).unwrap();
    assert_eq!(books.run().progress.done, 3);
}

#[test]
fn a_portfolio_is_closed_after_its_last_day_and_opened_again() {
    let books = books();
    let last: Day = day("2026-01-08");
    let again = changes(&books, |writer| close(writer, p1(), Some(last)));
    assert!(again.is_none(), "the same day says nothing new");
    assert!(changes(&books, |writer| close(writer, p1(), None)).is_none());
}

#[test]
fn a_life_never_leaves_its_transactions_behind() {
    let books = books();
    let mut writer = books.store.writer().unwrap();
    let before = books.everything();
    let mut closing = |text: &str| close(&mut writer, p1(), Some(day(text))).unwrap_err();
    assert!(matches!(
        closing("2026-01-06"),
        LifecycleChangeError::TransactionsAfterClose { .. }
    ));
    assert!(matches!(
        closing("2026-01-02"),
        LifecycleChangeError::Lifecycle(_)
    ));
    let unknown = restore(&mut writer, PortfolioKey::from_name("nobody")).unwrap_err();
    assert!(matches!(
        unknown,
        LifecycleChangeError::Store(StoreError::UnknownPortfolio(_))
    ));
    assert_eq!(books.everything(), before);
}
