//! Whatever changes: nothing that is wrong stays in the ledger, of prices nothing that is right
//! leaves it, and the next run makes the books that a clean run would have made.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::domain::{Cell, Day, Phase, PortfolioId};
use plimsoll::phases::LONGEST_WINDOW;
use proptest::prelude::*;

use crate::books::{Books, Cells, Outputs, difference};
use crate::naive::Rule;
use crate::sketch::{
    Act, Change, Move, PORTFOLIOS, RATE, SYMBOLS, Sketch, Splitting, TRADED, start,
};

/// How long a world is, and how many random numbers stand behind its closes.
#[derive(Debug, Clone, Copy)]
struct Size {
    sessions: usize,
    moves: usize,
}

const SMALL: Size = Size {
    sessions: 12,
    moves: 24,
};

/// Longer than the longest window, so that what a change reaches has an end.
const LONG: Size = Size {
    sessions: 300,
    moves: 10,
};

fn day_of(size: Size) -> impl Strategy<Value = Day> {
    let calendar_days = (size.sessions as i32 - 1) * 7 / 5;
    (0..calendar_days).prop_map(|after| start().saturating_add(after))
}

fn a_move(size: Size) -> impl Strategy<Value = Move> {
    let act = prop_oneof![
        2 => Just(Act::Buy),
        2 => Just(Act::Sell),
        2 => Just(Act::In),
        2 => Just(Act::Out),
    ];
    let terms = (1_i64..4, prop::option::of(5_000_i64..15_000), any::<bool>());
    let who = (0..PORTFOLIOS.len(), 0..TRADED);
    (who, day_of(size), act, terms).prop_map(|((portfolio, security), day, act, terms)| {
        let (quantity, price, paid) = terms;
        let trade = matches!(act, Act::Buy | Act::Sell);
        Move {
            portfolio,
            day,
            act,
            security,
            quantity,
            price: price.map(|cents| cents / 100).or(trade.then_some(100)),
            amount: (trade && paid).then_some(90 * quantity),
        }
    })
}

fn a_split(size: Size) -> impl Strategy<Value = Splitting> {
    let ratio = prop_oneof![Just((2, 1)), Just((3, 2)), Just((1, 2))];
    (0..TRADED, day_of(size), ratio).prop_map(|(security, day, (new, old))| Splitting {
        security,
        day,
        new,
        old,
    })
}

/// Closes on most sessions of all securities, and on every first session a rate.
fn closes(size: Size, gaps: u32) -> impl Strategy<Value = BTreeMap<(usize, Day), i64>> {
    let sessions = Sketch::of_sessions(size.sessions).sessions;
    let one = prop_oneof![
        10 - gaps => (5_000_i64..15_000).prop_map(Some),
        gaps => Just(None)
    ];
    let all = prop::collection::vec(one, SYMBOLS.len() * size.sessions);
    all.prop_map(move |numbers| {
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

fn a_world(size: Size, gaps: u32) -> impl Strategy<Value = Sketch> {
    (
        closes(size, gaps),
        prop::collection::vec(a_move(size), size.moves),
        prop::collection::vec(a_split(size), 0..3),
    )
        .prop_map(move |(closes, moves, splits)| {
            let mut sketch = Sketch {
                closes,
                moves,
                ..Sketch::of_sessions(size.sessions)
            };
            // Nobody can transfer out what is not held.
            for one in &mut sketch.moves {
                if one.act == Act::Out && !has_much(one.portfolio, one.security) {
                    one.act = Act::In;
                }
            }
            for portfolio in 0..PORTFOLIOS.len() {
                for security in 0..TRADED {
                    sketch.moves.push(opening(portfolio, security));
                }
            }
            distinct(splits).upon(&sketch)
        })
}

/// Some hold much of a security from the first day, and some a little.
fn opening(portfolio: usize, security: usize) -> Move {
    let much = has_much(portfolio, security);
    Move {
        portfolio,
        day: start(),
        act: if much { Act::In } else { Act::Buy },
        security,
        quantity: if much { 200 } else { 1 },
        price: Some(100),
        amount: None,
    }
}

fn has_much(portfolio: usize, security: usize) -> bool {
    (portfolio + security).is_multiple_of(2)
}

fn set_closes(size: Size) -> impl Strategy<Value = Change> {
    let security = prop_oneof![
        3 => 0..TRADED,
        2 => TRADED..SYMBOLS.len(),
    ];
    let set = prop::collection::btree_map(day_of(size), 5_000_i64..15_000, 1..6);
    (security, set).prop_map(|(security, set)| {
        let closes = set.into_iter();
        Change::Closes(
            closes
                .map(|(day, cents)| ((security, day), cents))
                .collect(),
        )
    })
}

fn a_change(size: Size) -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => set_closes(size),
        2 => prop::collection::vec(a_move(size), 1..3).prop_map(Change::Moves),
        2 => prop::collection::vec(a_split(size), 1..3).prop_map(distinct),
        1 => (0..TRADED).prop_map(Change::Sector),
        1 => (0..TRADED).prop_map(Change::Multiplier),
        1 => (0..PORTFOLIOS.len()).prop_map(Change::Currency),
    ]
}

/// A file says one thing of one day.
fn distinct(splits: Vec<Splitting>) -> Change {
    let mut days = BTreeSet::new();
    let fresh = |one: &Splitting| days.insert((one.security, one.day));
    Change::Splits(splits.into_iter().filter(fresh).collect())
}

/// Fills books, changes a source, and holds what follows against books that were made anew.
fn hold_against_a_clean_run(before: &Sketch, change: &Change) {
    let books = before.books();
    books.run();
    let filled = books.ledger();
    assert!(filled.len() > before.sessions.len());
    let taken = change.take_in(before, &books);
    let left = books.ledger();
    let gone = difference(&filled, &left);
    assert_eq!(
        taken.invalidated_cells, gone,
        "what is told is what is gone"
    );

    let after = change.upon(before);
    let clean = after.books();
    clean.run();
    let right = clean.outputs();
    assert_right(&books.outputs(), &right);
    if let Change::Closes(closes) = change {
        let set = closes.keys().copied().collect();
        let touched = Rule { after: &after, set }.touched();
        assert_same(&gone, &both(&touched, &filled));
    }
    books.run();
    let outputs = books.outputs();
    assert_right(&outputs, &right);
    let missing: Vec<_> = right
        .keys()
        .filter(|at| !outputs.contains_key(at))
        .collect();
    assert!(missing.is_empty(), "not done again: {missing:?}");
}

/// Whatever the ledger vouches for is what a clean run makes of the same sources. Only the
/// statistics of a security that nobody holds any more stand alone: a clean run makes none.
fn assert_right(outputs: &Outputs, right: &Outputs) {
    for (at, row) in outputs {
        let should = right.get(at);
        if should.is_some() || at.0 != Phase::Securities {
            assert_eq!(Some(row), should, "{} is wrong", name(*at));
        }
    }
}

fn both(one: &Cells, other: &Cells) -> Cells {
    let mut both = Cells::new();
    for (at, who) in one {
        let who = other.get(at).map(|other| who & other).unwrap_or_default();
        if !who.is_empty() {
            both.insert(*at, who);
        }
    }
    both
}

fn assert_same(gone: &Cells, should: &Cells) {
    let (more, fewer) = (difference(gone, should), difference(should, gone));
    assert!(
        more.is_empty() && fewer.is_empty(),
        "too many: {more:?}\ntoo few: {fewer:?}"
    );
}

fn name((phase, key): (Phase, i64)) -> String {
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
    fn a_change_takes_out_what_it_touches_and_the_next_run_is_right(
        world in a_world(SMALL, 3),
        change in a_change(SMALL),
    ) {
        hold_against_a_clean_run(&world, &change);
    }

    #[test]
    fn a_corrected_price_takes_out_exactly_what_it_touches(
        world in a_world(SMALL, 5),
        change in set_closes(SMALL),
    ) {
        hold_against_a_clean_run(&world, &change);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, ..ProptestConfig::default() })]

    #[test]
    fn what_a_change_reaches_has_an_end(
        world in a_world(LONG, 1),
        change in a_change(LONG),
    ) {
        hold_against_a_clean_run(&world, &change);
    }
}

/// Every session has a close of everything, and one of long ago is corrected.
#[test]
fn a_close_is_forgotten_when_its_window_has_passed() {
    let mut world = Sketch::of_sessions(LONG.sessions);
    for (at, day) in (0_i64..).zip(world.sessions.clone()) {
        for security in 0..SYMBOLS.len() {
            let wave = (at * (security as i64 + 3)) % 17;
            world.closes.insert((security, day), 10_000 + 100 * wave);
        }
    }
    world.moves = (0..TRADED).map(|security| opening(0, security)).collect();
    let corrected = 5;
    let change = Change::Closes([((0, world.sessions[corrected]), 12_345)].into());
    hold_against_a_clean_run(&world, &change);

    let risk = |books: &Books, session: usize| {
        let cell = Cell::new(world.sessions[session], PortfolioId(1));
        books.read(|reading| reading.risk(cell)).unwrap().1
    };
    let (before, after) = (world.books(), change.upon(&world).books());
    before.run();
    after.run();
    let next_close = corrected + 1;
    let last = next_close + LONGEST_WINDOW - 1;
    assert_ne!(
        risk(&before, last),
        risk(&after, last),
        "the reach is no longer than it must be"
    );
    assert_eq!(risk(&before, last + 1), risk(&after, last + 1));
}
