//! Single changes with few affected cells, which the tests list by hand.

use plimsoll::domain::{Day, IdSet, InvalidationCause, Phase};
use plimsoll::import::apply::{FileKind, ImportResult};

use crate::books::Books;
use crate::sources::{HEADER, SYMBOLS, TestSources, TestTransaction, TradeKind};

/// Makes ten sessions with a close of every security on each. The first portfolio always holds
/// `AAA`, the second sells it on the third session, the third on the fifth, the fourth never holds it.
fn sources() -> TestSources {
    let mut sources = TestSources::with_sessions(10);
    for (at, day) in (0_i64..).zip(sources.sessions.clone()) {
        for security in 0..SYMBOLS.len() {
            sources.closes.insert((security, day), 10_000 + 100 * at);
        }
    }
    let trade = |portfolio, session: usize, kind| TestTransaction {
        portfolio,
        day: sources.sessions[session],
        kind,
        security: 0,
        quantity: 10,
        price: Some(100),
        amount: None,
    };
    sources.transactions = vec![
        trade(0, 0, TradeKind::Buy),
        trade(1, 0, TradeKind::Buy),
        trade(1, 2, TradeKind::Sell),
        trade(2, 0, TradeKind::Buy),
        trade(2, 4, TradeKind::Sell),
    ];
    sources
}

fn filled() -> (TestSources, Books) {
    let sources = sources();
    let books = sources.books();
    assert!(books.run().certificate.is_complete());
    (sources, books)
}

fn import_close(books: &Books, day: Day, close: &str) -> ImportResult {
    let text = format!("symbol,date,close\nAAA,{day},{close}\n");
    books.import(FileKind::Prices, &text)
}

/// Returns the portfolios whose cells of a phase were invalidated, for each session.
fn invalidated_portfolios(result: &ImportResult, phase: Phase, sessions: &[Day]) -> Vec<Vec<u32>> {
    let cells = |day: &Day| result.invalidated_cells.get(&(*day, phase));
    let list = |day| cells(day).map_or(Vec::new(), |ids: &IdSet| ids.iter().collect());
    sessions.iter().map(list).collect()
}

fn open_reasons(books: &Books) -> Vec<(InvalidationCause, String)> {
    let open = books.read(|reading| reading.invalidations().open());
    open.into_iter()
        .map(|invalidation| (invalidation.cause, invalidation.reason))
        .collect()
}

#[test]
fn a_corrected_close_invalidates_its_session_the_next_pnl_and_later_risk() {
    let (sources, books) = filled();
    let corrected = import_close(&books, sources.sessions[3], "104.5");
    assert_eq!(corrected.counts.corrected, 1);
    let portfolios = |phase| invalidated_portfolios(&corrected, phase, &sources.sessions[2..7]);
    let none = Vec::new;
    let (both, first) = (vec![1, 3], vec![1]);
    assert_eq!(
        portfolios(Phase::Snapshot),
        [none(), both.clone(), both.clone(), none(), none()]
    );
    assert_eq!(
        portfolios(Phase::Positions),
        [none(), both.clone(), none(), none(), none()]
    );
    assert_eq!(portfolios(Phase::Exposures), portfolios(Phase::Positions));
    let risk = [none(), both, first.clone(), first.clone(), first.clone()];
    assert_eq!(portfolios(Phase::Risk), risk);
    assert_eq!(
        portfolios(Phase::Securities),
        [none(), first.clone(), first.clone(), first.clone(), first]
    );
    assert_eq!(corrected.invalidated_count(), 4 + 2 + 2 + 2 + 6);
    let reason = "close of AAA on 2026-01-08 corrected from 103 to 104.5";
    assert_eq!(
        open_reasons(&books),
        [(InvalidationCause::Price, reason.to_owned())]
    );
}

#[test]
fn invalidated_cells_are_redone_and_the_reason_is_closed() {
    let (sources, books) = filled();
    let invalidated = import_close(&books, sources.sessions[3], "104.5").invalidated_cells;
    let portfolios: IdSet = invalidated
        .iter()
        .filter(|((_, phase), _)| *phase != Phase::Securities)
        .fold(IdSet::new(), |union, (_, ids)| union | ids);
    assert_eq!(portfolios, IdSet::from([1, 3]));
    let again = books.run();
    assert_eq!(again.progress.done, 2 + 1 + 1 + 5);
    assert!(open_reasons(&books).is_empty());
    assert!(books.run().plan.is_empty());
}

#[test]
fn closes_after_the_last_session_invalidate_nothing() {
    let (sources, books) = filled();
    let next = sources.sessions[9].next();
    let revision = books.read(|reading| reading.revision());
    let result = import_close(&books, next, "111");
    assert!(result.invalidated_cells.is_empty() && open_reasons(&books).is_empty());
    assert_ne!(books.read(|reading| reading.revision()), revision);
}

#[test]
fn a_weekend_close_is_stored_and_invalidates_nothing() {
    let (_, books) = filled();
    let saturday = "2026-01-10".parse().unwrap();
    let result = import_close(&books, saturday, "111");
    assert_eq!(result.counts.added, 1);
    assert!(result.invalidated_cells.is_empty());
}

#[test]
fn a_back_dated_transaction_invalidates_all_later_cells_of_its_portfolio() {
    let (sources, books) = filled();
    let day = sources.sessions[7];
    let text = format!(
        "{HEADER}x,P3,{},deposit,,,,5\ny,P3,{day},deposit,,,,5\nz,P1,2026-03-02,deposit,,,,5\n",
        day.next()
    );
    let late = books.import(FileKind::Transactions, &text);
    for phase in Phase::CELL_PHASES {
        let portfolios = invalidated_portfolios(&late, phase, &sources.sessions[6..]);
        assert_eq!(portfolios, [vec![], vec![4], vec![4], vec![4]], "{phase}");
    }
    let reason = format!("2 transactions of P3 from {day} on");
    assert_eq!(
        open_reasons(&books),
        [(InvalidationCause::Transaction, reason)]
    );
}

#[test]
fn a_file_gives_one_reason_per_security() {
    let (sources, books) = filled();
    let (first, last) = (sources.sessions[3], sources.sessions[5]);
    let text = format!("symbol,date,close\nAAA,{first},110\nAAA,{last},110\nBBB,{first},110\n");
    books.import(FileKind::Prices, &text);
    let reason = format!("2 closes of AAA, {first} to {last}, corrected");
    // No portfolio holds `BBB`, so nothing depends on its closes.
    assert_eq!(open_reasons(&books), [(InvalidationCause::Price, reason)]);
}

#[test]
fn a_sector_change_invalidates_exposures_and_risk_and_a_name_nothing() {
    let (sources, books) = filled();
    let named = books.import(
        FileKind::Securities,
        "symbol,name,inactive_from\nAAA,Aardvark,2026-01-09\n",
    );
    assert_eq!(named.counts.corrected, 1);
    assert!(named.invalidated_cells.is_empty());
    let moved = books.import(FileKind::Securities, "symbol,sector\nAAA,Media\n");
    assert_eq!(moved.invalidated_count(), 2 * (10 + 2 + 4));
    assert!(
        invalidated_portfolios(&moved, Phase::Snapshot, &sources.sessions)
            .concat()
            .is_empty()
    );
    let reason = "AAA: sector `Tech` → `Media`".to_owned();
    assert_eq!(
        open_reasons(&books),
        [(InvalidationCause::Attribute, reason)]
    );
}
