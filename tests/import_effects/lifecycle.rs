//! Deletes, restores and closes portfolios: row, lifecycle index and revision stay consistent.

use plimsoll::domain::{Day, LifecycleIndex, PortfolioKey, RiskModel};
use plimsoll::import::apply::{FileKind, Mode};
use plimsoll::invalidation::lifecycle::{LifecycleChangeError, close, delete, restore};
use plimsoll::store::{StoreError, Writer};

use crate::books::{Books, day};
use crate::sources::{HEADER, TestSources};

fn books() -> Books {
    let mut sources = TestSources::with_sessions(5);
    sources.closes.insert((0, sources.sessions[0]), 10_000);
    let books = sources.books();
    let text = format!("{HEADER}x,P1,2026-01-07,deposit,,,,5\n");
    books.import(FileKind::Transactions, &text);
    books
}

fn portfolio_key() -> PortfolioKey {
    PortfolioKey::from_name("P1")
}

/// Asserts that the lifecycle index matches the portfolios.
fn assert_index_matches_rows(books: &Books) {
    let mut expected = LifecycleIndex::new();
    for portfolio in books.read(|reading| reading.portfolios().all()) {
        expected.add(portfolio.id, &portfolio.lifecycle);
    }
    assert_eq!(
        books.read(|reading| reading.portfolios().lifecycle_index()),
        expected
    );
}

/// Makes a change twice: the first must change the lifecycle, the second must change nothing.
/// Returns the error of the second change, if any.
fn assert_changes_once<T>(
    books: &Books,
    change: impl Fn(&mut Writer) -> Result<T, LifecycleChangeError>,
) -> Option<LifecycleChangeError> {
    let mut writer = books.store.writer().unwrap();
    let revision = books.read(|reading| reading.revision());
    change(&mut writer).unwrap_or_else(|error| panic!("{error}"));
    assert_ne!(books.read(|reading| reading.revision()), revision);
    assert_index_matches_rows(books);
    let before = books.all_rows();
    let again = change(&mut writer);
    assert_eq!(books.all_rows(), before);
    again.err()
}

#[test]
fn delete_and_restore_work_once_each() {
    let books = books();
    books.run();
    let ledger = books.ledger();
    let now = books.environment.clock.now();
    let again = assert_changes_once(&books, |writer| delete(writer, portfolio_key(), now));
    assert!(matches!(again, Some(LifecycleChangeError::AlreadyDeleted { at, .. }) if at == now));
    let again = assert_changes_once(&books, |writer| restore(writer, portfolio_key()));
    assert!(matches!(
        again,
        Some(LifecycleChangeError::NotDeleted { .. })
    ));
    assert_eq!(books.ledger(), ledger);
    assert!(
        books.run().plan.is_empty(),
        "no source changed since the deletion"
    );
}

#[test]
fn a_close_corrected_during_deletion_still_invalidates() {
    let books = books();
    let text = format!("{HEADER}y,P1,2026-01-05,buy,AAA,1,100,\n");
    books.import(FileKind::Transactions, &text);
    books.run();
    let mut writer = books.store.writer().unwrap();
    delete(&mut writer, portfolio_key(), books.environment.clock.now()).unwrap();
    books.import(FileKind::Prices, "symbol,date,close\nAAA,2026-01-07,90\n");
    assert!(books.run().plan.is_empty());
    restore(&mut writer, portfolio_key()).unwrap();
    assert_eq!(books.run().progress.done, 3);
}

#[test]
fn a_portfolio_can_be_closed_and_reopened() {
    let books = books();
    let last: Day = day("2026-01-08");
    let again = assert_changes_once(&books, |writer| close(writer, portfolio_key(), Some(last)));
    assert!(again.is_none(), "closing on the same day is not an error");
    assert!(assert_changes_once(&books, |writer| close(writer, portfolio_key(), None)).is_none());
}

#[test]
fn a_close_before_the_last_transaction_is_refused() {
    let books = books();
    let mut writer = books.store.writer().unwrap();
    let before = books.all_rows();
    let mut closing =
        |text: &str| close(&mut writer, portfolio_key(), Some(day(text))).unwrap_err();
    assert!(matches!(
        closing("2026-01-06"),
        LifecycleChangeError::TransactionsAfterClose { .. }
    ));
    assert!(matches!(
        closing("2026-01-02"),
        LifecycleChangeError::Lifecycle(_)
    ));
    let unknown = restore(&mut writer, PortfolioKey::from_name("unknown")).unwrap_err();
    assert!(matches!(
        unknown,
        LifecycleChangeError::Store(StoreError::UnknownPortfolio(_))
    ));
    assert_eq!(books.all_rows(), before);
}

#[test]
fn a_currency_in_which_an_exchange_pays_what_it_receives_is_refused() {
    let books = Books::on("2026-01-09".parse().unwrap(), RiskModel::default());
    books.import(
        FileKind::Portfolios,
        "name,currency,inception\nA,USD,2026-01-05\n",
    );
    books.import(
        FileKind::Transactions,
        "id,portfolio,date,kind,amount,currency,from_amount,from_currency\n\
         1,A,2026-01-05,deposit,1000,,,\n2,A,2026-01-05,exchange,100,EUR,110,\n",
    );
    let portfolios = |currency: &str| {
        let text = format!("name,currency,inception\nA,{currency},2026-01-05\n");
        let result = books.try_import(FileKind::Portfolios, &text, Mode::DryRun);
        result.unwrap()
    };
    let refused = portfolios("EUR");
    assert_eq!(refused.counts.invalid, 1);
    let reason = refused.first_error().unwrap().1.to_string();
    assert!(
        reason.contains("the exchange `2` would then pay EUR for EUR"),
        "{reason}"
    );
    assert_eq!(portfolios("CHF").counts.corrected, 1);
}
