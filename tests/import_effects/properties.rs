//! Properties of random changes: no wrong cell stays in the ledger, a price change invalidates no
//! correct cell, and the next run gives the same outputs as a clean run.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::domain::{Cell, Day, Phase, PortfolioId};
use plimsoll::phases::LONGEST_WINDOW;
use proptest::prelude::*;
use proptest::sample::select;

use crate::books::{Books, Cells, Outputs, difference};
use crate::reference::ReferenceModel;
use crate::sources::{
    ACTION_TERMS, CALENDARS, Change, PORTFOLIOS, RATE, SYMBOLS, TRADED, TestAction, TestSources,
    TestSplit, TestTransaction, TradeKind, any_calendars, start,
};

/// Number of sessions and of transactions of random sources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    sessions: usize,
    pub(crate) transactions: usize,
}

pub(crate) const SMALL: Size = Size {
    sessions: 12,
    transactions: 24,
};

/// Longer than the longest risk window, so that some cells after a change are not affected.
const LONG: Size = Size {
    sessions: 300,
    transactions: 10,
};

fn any_day(size: Size) -> impl Strategy<Value = Day> {
    let calendar_days = (size.sessions as i32 - 1) * 7 / 5;
    (0..calendar_days).prop_map(|after| start().saturating_add(after))
}

pub(crate) fn any_transaction(size: Size) -> impl Strategy<Value = TestTransaction> {
    let kind = prop_oneof![
        2 => Just(TradeKind::Buy),
        2 => Just(TradeKind::Sell),
        2 => Just(TradeKind::TransferIn),
        2 => Just(TradeKind::TransferOut),
    ];
    let terms = (1_i64..4, prop::option::of(5_000_i64..15_000), any::<bool>());
    let holding = (0..PORTFOLIOS.len(), 0..TRADED);
    (holding, any_day(size), kind, terms).prop_map(|((portfolio, security), day, kind, terms)| {
        let (quantity, price, paid) = terms;
        let trade = matches!(kind, TradeKind::Buy | TradeKind::Sell);
        TestTransaction {
            portfolio,
            day,
            kind,
            security,
            quantity,
            price: price.map(|cents| cents / 100).or(trade.then_some(100)),
            amount: (trade && paid).then_some(90 * quantity),
        }
    })
}

pub(crate) fn any_split(size: Size) -> impl Strategy<Value = TestSplit> {
    let ratio = prop_oneof![Just((2, 1)), Just((3, 2)), Just((1, 2))];
    (0..TRADED, any_day(size), ratio).prop_map(|(security, day, (new, old))| TestSplit {
        security,
        day,
        new,
        old,
    })
}

/// Makes closes of all securities on most sessions, and always an exchange rate on the first session.
fn any_closes(size: Size, gaps: u32) -> impl Strategy<Value = BTreeMap<(usize, Day), i64>> {
    let sessions = TestSources::with_sessions(size.sessions).sessions;
    let close = prop_oneof![
        10 - gaps => (5_000_i64..15_000).prop_map(Some),
        gaps => Just(None)
    ];
    let closes = prop::collection::vec(close, SYMBOLS.len() * size.sessions);
    closes.prop_map(move |numbers| {
        let mut closes = BTreeMap::new();
        for (at, number) in numbers.into_iter().enumerate() {
            let (security, session) = (at % SYMBOLS.len(), at / SYMBOLS.len());
            let number = number.or((security == RATE && session == 0).then_some(9_900));
            if let Some(cents) = number {
                closes.insert((security, sessions[session]), cents);
            }
        }
        closes
    })
}

pub(crate) fn any_sources(size: Size, gaps: u32) -> impl Strategy<Value = TestSources> {
    (
        any_closes(size, gaps),
        prop::collection::vec(any_transaction(size), size.transactions),
        prop::collection::vec(any_split(size), 0..3),
        any_calendars(),
    )
        .prop_map(move |(closes, moves, splits, calendars)| {
            let mut sources = TestSources {
                closes,
                transactions: moves,
                calendars,
                ..TestSources::with_sessions(size.sessions)
            };
            // A transfer out needs a large enough holding.
            for transaction in &mut sources.transactions {
                let holds_enough = holds_much(transaction.portfolio, transaction.security);
                if transaction.kind == TradeKind::TransferOut && !holds_enough {
                    transaction.kind = TradeKind::TransferIn;
                }
            }
            for portfolio in 0..PORTFOLIOS.len() {
                for security in 0..TRADED {
                    sources
                        .transactions
                        .push(opening_transaction(portfolio, security));
                }
            }
            distinct_splits(splits).apply_to(&sources)
        })
}

/// Makes a transaction on the first day that gives some portfolios a large holding, and others a
/// small one.
fn opening_transaction(portfolio: usize, security: usize) -> TestTransaction {
    let much = holds_much(portfolio, security);
    TestTransaction {
        portfolio,
        day: start(),
        kind: if much {
            TradeKind::TransferIn
        } else {
            TradeKind::Buy
        },
        security,
        quantity: if much { 200 } else { 1 },
        price: Some(100),
        amount: None,
    }
}

pub(crate) fn holds_much(portfolio: usize, security: usize) -> bool {
    (portfolio + security).is_multiple_of(2)
}

pub(crate) fn any_close_change(size: Size) -> impl Strategy<Value = Change> {
    let security = prop_oneof![
        3 => 0..TRADED,
        2 => TRADED..SYMBOLS.len(),
    ];
    let set = prop::collection::btree_map(any_day(size), 5_000_i64..15_000, 1..6);
    (security, set).prop_map(|(security, set)| {
        let closes = set.into_iter();
        Change::Closes(
            closes
                .map(|(day, cents)| ((security, day), cents))
                .collect(),
        )
    })
}

fn any_change(size: Size) -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any_close_change(size),
        2 => prop::collection::vec(any_transaction(size), 1..3).prop_map(Change::Transactions),
        2 => prop::collection::vec(any_split(size), 1..3).prop_map(distinct_splits),
        1 => (0..TRADED).prop_map(Change::Sector),
        1 => (0..TRADED).prop_map(Change::Multiplier),
        1 => (0..PORTFOLIOS.len()).prop_map(Change::Currency),
        2 => (0..PORTFOLIOS.len(), select(&CALENDARS[..]))
            .prop_map(|(portfolio, name)| Change::Calendar(portfolio, name)),
    ]
}

/// Keeps one split for each security and day, since a file must not conflict with itself.
fn distinct_splits(splits: Vec<TestSplit>) -> Change {
    let mut days = BTreeSet::new();
    let is_first = |split: &TestSplit| days.insert((split.security, split.day));
    Change::Splits(splits.into_iter().filter(is_first).collect())
}

/// Fills books, changes a source, and compares the outputs with those of a clean run.
fn assert_matches_clean_run(before: &TestSources, change: &Change) {
    let books = before.books();
    books.run();
    let filled = books.ledger();
    assert!(filled.len() > before.sessions.len());
    let result = change.import_into(before, &books);
    let removed = difference(&filled, &books.ledger());
    assert_eq!(
        result.invalidated_cells, removed,
        "the result must list the removed cells"
    );

    let after = change.apply_to(before);
    let clean = after.books();
    clean.run();
    let expected = clean.outputs();
    assert_outputs_correct(&books.outputs(), &expected);
    // The reference model does not know the holdings that actions deliver.
    if let Change::Closes(closes) = change
        && before.actions.is_empty()
    {
        let set = closes.keys().copied().collect();
        let affected = ReferenceModel {
            after: &after,
            changed_closes: set,
        }
        .affected();
        assert_same_cells(&removed, &intersection(&affected, &filled));
    }
    books.run();
    let outputs = books.outputs();
    assert_outputs_correct(&outputs, &expected);
    let missing: Vec<_> = expected
        .keys()
        .filter(|at| !outputs.contains_key(at))
        .collect();
    assert!(missing.is_empty(), "not done again: {missing:?}");
}

/// Asserts that covered outputs equal those of a clean run on the same sources. The exception are
/// statistics of a security that is not held any more, which a clean run does not compute.
pub(crate) fn assert_outputs_correct(outputs: &Outputs, expected: &Outputs) {
    for (at, row) in outputs {
        let expected = expected.get(at);
        if expected.is_some() || at.0 != Phase::Securities {
            assert_eq!(Some(row), expected, "{} is wrong", label(*at));
        }
    }
}

pub(crate) fn intersection(a: &Cells, b: &Cells) -> Cells {
    let mut both = Cells::new();
    for (at, ids) in a {
        let ids = b.get(at).map(|other| ids & other).unwrap_or_default();
        if !ids.is_empty() {
            both.insert(*at, ids);
        }
    }
    both
}

pub(crate) fn assert_same_cells(actual: &Cells, expected: &Cells) {
    let (extra, missing) = (difference(actual, expected), difference(expected, actual));
    assert!(
        extra.is_empty() && missing.is_empty(),
        "extra: {extra:?}\nmissing: {missing:?}"
    );
}

fn label((phase, key): (Phase, i64)) -> String {
    match Cell::from_key(key) {
        Some(Cell { day, portfolio }) if phase == Phase::Securities => {
            let PortfolioId(id) = portfolio;
            format!("{phase} of {} on {day}", SYMBOLS[id as usize - 1])
        }
        Some(cell) => format!("{phase} of {cell}"),
        None => format!("{phase} of {key}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_change_invalidates_affected_cells_and_the_next_run_is_correct(
        world in any_sources(SMALL, 3),
        change in any_change(SMALL),
    ) {
        assert_matches_clean_run(&world, &change);
    }

    #[test]
    fn a_corrected_price_invalidates_exactly_the_affected_cells(
        world in any_sources(SMALL, 5),
        change in any_close_change(SMALL),
    ) {
        assert_matches_clean_run(&world, &change);
    }
}

prop_compose! {
    /// Makes sources with corporate actions. Nothing is transferred out, because a holding may have
    /// ended.
    pub(crate) fn any_acted_sources()(
        sources in any_sources(SMALL, 3),
        actions in prop::collection::vec(any_action(SMALL), 1..4),
    ) -> TestSources {
        let mut sources = distinct_actions(actions).apply_to(&sources);
        sources.transactions.iter_mut().for_each(sell_instead);
        sources
    }
}

pub(crate) fn any_action(size: Size) -> impl Strategy<Value = TestAction> {
    (0..TRADED, any_day(size), 0..ACTION_TERMS.len()).prop_map(|(security, day, terms)| {
        TestAction {
            security,
            day,
            terms,
        }
    })
}

/// Keeps one action for each security and day.
fn distinct_actions(actions: Vec<TestAction>) -> Change {
    let mut days = BTreeSet::new();
    let is_first = |action: &TestAction| days.insert((action.security, action.day));
    Change::Actions(actions.into_iter().filter(is_first).collect())
}

fn sell_instead(transaction: &mut TestTransaction) {
    if transaction.kind == TradeKind::TransferOut {
        transaction.kind = TradeKind::Sell;
        transaction.price = Some(100);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_late_action_invalidates_affected_cells_and_the_next_run_is_correct(
        world in any_acted_sources(),
        actions in prop::collection::vec(any_action(SMALL), 1..3),
    ) {
        assert_matches_clean_run(&world, &distinct_actions(actions));
    }

    #[test]
    fn a_change_beside_corporate_actions_invalidates_affected_cells(
        world in any_acted_sources(),
        change in any_change(SMALL),
    ) {
        let mut change = change;
        if let Change::Transactions(transactions) = &mut change {
            transactions.iter_mut().for_each(sell_instead);
        }
        assert_matches_clean_run(&world, &change);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, ..ProptestConfig::default() })]

    #[test]
    fn a_change_affects_no_session_beyond_the_longest_window(
        world in any_sources(LONG, 1),
        change in any_change(LONG),
    ) {
        assert_matches_clean_run(&world, &change);
    }
}

/// Every session has a close of every security, and an early close is corrected.
#[test]
fn a_corrected_close_leaves_risk_after_its_window() {
    let mut world = TestSources::with_sessions(LONG.sessions);
    for (at, day) in (0_i64..).zip(world.sessions.clone()) {
        for security in 0..SYMBOLS.len() {
            let wave = (at * (security as i64 + 3)) % 17;
            world.closes.insert((security, day), 10_000 + 100 * wave);
        }
    }
    world.transactions = (0..TRADED)
        .map(|security| opening_transaction(0, security))
        .collect();
    let corrected = 5;
    let change = Change::Closes([((0, world.sessions[corrected]), 12_345)].into());
    assert_matches_clean_run(&world, &change);

    let risk = |books: &Books, session: usize| {
        let cell = Cell::new(world.sessions[session], PortfolioId(1));
        books
            .read(|reading| reading.outputs().risk(cell))
            .unwrap()
            .1
    };
    let (before, after) = (world.books(), change.apply_to(&world).books());
    before.run();
    after.run();
    let next_close = corrected + 1;
    let last = next_close + LONGEST_WINDOW - 1;
    assert_ne!(
        risk(&before, last),
        risk(&after, last),
        "the correction must affect the last session of the window"
    );
    assert_eq!(risk(&before, last + 1), risk(&after, last + 1));
}
