//! Single changes whose reach a person can count on their fingers.

use plimsoll::domain::{Day, IdSet, Phase};
use plimsoll::import::apply::{FileKind, ImportResult};
use plimsoll::plan::InvalidationCause;

use crate::books::Books;
use crate::sources::{HEADER, SYMBOLS, TestSources, TestTransaction, TradeKind};

/// Ten sessions with a close of everything on each. The first portfolio holds `AAA` all along, the
/// second sells it on the third session, the third on the fifth, the fourth never has any.
fn sketch() -> TestSources {
    let mut sketch = TestSources::with_sessions(10);
    for (at, day) in (0_i64..).zip(sketch.sessions.clone()) {
        for security in 0..SYMBOLS.len() {
            sketch.closes.insert((security, day), 10_000 + 100 * at);
        }
    }
    let trade = |portfolio, session: usize, act| TestTransaction {
        portfolio,
        day: sketch.sessions[session],
        kind: act,
        security: 0,
        quantity: 10,
        price: Some(100),
        amount: None,
    };
    sketch.transactions = vec![
        trade(0, 0, TradeKind::Buy),
        trade(1, 0, TradeKind::Buy),
        trade(1, 2, TradeKind::Sell),
        trade(2, 0, TradeKind::Buy),
        trade(2, 4, TradeKind::Sell),
    ];
    sketch
}

fn filled() -> (TestSources, Books) {
    let sketch = sketch();
    let books = sketch.books();
    assert!(books.run().certificate.is_complete());
    (sketch, books)
}

fn import_close(books: &Books, day: Day, close: &str) -> ImportResult {
    let text = format!("symbol,date,close\nAAA,{day},{close}\n");
    books.import(FileKind::Prices, &text)
}

/// The portfolios of which a phase was taken out, session by session.
fn invalidated_portfolios(taken: &ImportResult, phase: Phase, sessions: &[Day]) -> Vec<Vec<u32>> {
    let of = |day: &Day| taken.invalidated_cells.get(&(*day, phase));
    let list = |day| of(day).map_or(Vec::new(), |who: &IdSet| who.iter().collect());
    sessions.iter().map(list).collect()
}

fn open_reasons(books: &Books) -> Vec<(InvalidationCause, String)> {
    let open = books.read(|reading| reading.open_invalidations());
    open.into_iter()
        .map(|one| (one.cause, one.reason))
        .collect()
}

#[test]
fn a_corrected_close_invalidates_its_session_the_next_pnl_and_later_risk() {
    let (sketch, books) = filled();
    let corrected = import_close(&books, sketch.sessions[3], "104.5");
    assert_eq!(corrected.counts.corrected, 1);
    let of = |phase| invalidated_portfolios(&corrected, phase, &sketch.sessions[2..7]);
    let none = Vec::new;
    let (both, first) = (vec![1, 3], vec![1]);
    assert_eq!(
        of(Phase::Snapshot),
        [none(), both.clone(), both.clone(), none(), none()]
    );
    assert_eq!(
        of(Phase::Positions),
        [none(), both.clone(), none(), none(), none()]
    );
    assert_eq!(of(Phase::Exposures), of(Phase::Positions));
    let risk = [none(), both, first.clone(), first.clone(), first.clone()];
    assert_eq!(of(Phase::Risk), risk);
    assert_eq!(
        of(Phase::Securities),
        [none(), first.clone(), first.clone(), first.clone(), first]
    );
    assert_eq!(corrected.invalidated_count(), 4 + 2 + 2 + 2 + 6);
    let said = "close of AAA on 2026-01-08 corrected from 103 to 104.5";
    assert_eq!(
        open_reasons(&books),
        [(InvalidationCause::Price, said.to_owned())]
    );
}

#[test]
fn invalidated_cells_are_redone_and_the_reason_is_closed() {
    let (sketch, books) = filled();
    let gone = import_close(&books, sketch.sessions[3], "104.5").invalidated_cells;
    let cells: IdSet = gone
        .iter()
        .filter(|((_, phase), _)| *phase != Phase::Securities)
        .fold(IdSet::new(), |all, (_, who)| all | who);
    assert_eq!(cells, IdSet::from([1, 3]));
    let again = books.run();
    assert_eq!(again.progress.done, 2 + 1 + 1 + 5);
    assert!(open_reasons(&books).is_empty());
    assert!(books.run().plan.is_empty());
}

#[test]
fn closes_after_the_last_session_invalidate_nothing() {
    let (sketch, books) = filled();
    let next = sketch.sessions[9].next();
    let revision = books.read(|reading| reading.revision());
    let taken = import_close(&books, next, "111");
    assert!(taken.invalidated_cells.is_empty() && open_reasons(&books).is_empty());
    assert_ne!(books.read(|reading| reading.revision()), revision);
}

#[test]
fn a_weekend_close_is_stored_and_invalidates_nothing() {
    let (_, books) = filled();
    let saturday = "2026-01-10".parse().unwrap();
    let taken = import_close(&books, saturday, "111");
    assert_eq!(taken.counts.added, 1);
    assert!(taken.invalidated_cells.is_empty());
}

#[test]
fn a_back_dated_transaction_invalidates_all_later_cells_of_its_portfolio() {
    let (sketch, books) = filled();
    let day = sketch.sessions[7];
    let text = format!(
        "{HEADER}x,P3,{},deposit,,,,5\ny,P3,{day},deposit,,,,5\nz,P1,2026-03-02,deposit,,,,5\n",
        day.next()
    );
    let late = books.import(FileKind::Transactions, &text);
    for phase in Phase::CELL_PHASES {
        let of = invalidated_portfolios(&late, phase, &sketch.sessions[6..]);
        assert_eq!(of, [vec![], vec![4], vec![4], vec![4]], "{phase}");
    }
    let said = format!("2 transactions of P3 from {day} on");
    assert_eq!(
        open_reasons(&books),
        [(InvalidationCause::Transaction, said)]
    );
}

#[test]
fn a_file_gives_one_reason_per_security() {
    let (sketch, books) = filled();
    let (first, last) = (sketch.sessions[3], sketch.sessions[5]);
    let text = format!("symbol,date,close\nAAA,{first},110\nAAA,{last},110\nBBB,{first},110\n");
    books.import(FileKind::Prices, &text);
    let said = format!("2 closes of AAA, {first} to {last}, corrected");
    // Nobody holds `BBB`, so nothing of it is done.
    assert_eq!(open_reasons(&books), [(InvalidationCause::Price, said)]);
}

#[test]
fn a_sector_change_invalidates_exposures_and_risk_and_a_name_nothing() {
    let (sketch, books) = filled();
    let named = books.import(
        FileKind::Securities,
        "symbol,name,inactive_from\nAAA,Aardvark,2026-01-09\n",
    );
    assert_eq!(named.counts.corrected, 1);
    assert!(named.invalidated_cells.is_empty());
    let moved = books.import(FileKind::Securities, "symbol,sector\nAAA,Media\n");
    assert_eq!(moved.invalidated_count(), 2 * (10 + 2 + 4));
    assert!(
        invalidated_portfolios(&moved, Phase::Snapshot, &sketch.sessions)
            .concat()
            .is_empty()
    );
    let said = "AAA: sector `Tech` → `Media`".to_owned();
    assert_eq!(open_reasons(&books), [(InvalidationCause::Attribute, said)]);
}
