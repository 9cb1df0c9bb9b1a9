//! Calendars of the user's own that securities and portfolios name, and their replacement.

use std::fmt::Write as _;

use plimsoll::domain::calendar::Definition;
use plimsoll::domain::{Phase, count_ids};
use plimsoll::engine::{EngineError, OwnCalendarError, Registration};
use plimsoll::engine::{register_own_calendar, remove_own_calendar};
use plimsoll::import::apply::FileKind;
use proptest::prelude::*;

use crate::books::{Books, Cells, Outputs};
use crate::properties::{SMALL, any_sources};
use crate::sources::{PORTFOLIOS, SYMBOLS, TestSources, start};

/// The securities and portfolios that name calendars, by index.
#[derive(Debug, Clone)]
struct Named {
    securities: Vec<bool>,
    portfolios: Vec<bool>,
}

fn any_named() -> impl Strategy<Value = Named> {
    let some = |count: usize| prop::collection::vec(any::<bool>(), count);
    (some(SYMBOLS.len()), some(PORTFOLIOS.len())).prop_map(|(securities, portfolios)| Named {
        securities,
        portfolios,
    })
}

/// Makes the days on which a calendar is closed, by their distance from the first session.
fn any_holidays() -> impl Strategy<Value = Vec<i32>> {
    prop::sample::subsequence((1..14).collect::<Vec<_>>(), 0..5)
}

fn definition(name: &str, holidays: &[i32]) -> Definition {
    let mut text = format!(
        "name = \"{name}\"\nzone = \"UTC\"\nbased-on = \"weekdays\"\nclose = \"16:00\"\n\
         years = {{ first = 2024, last = 2027 }}\n"
    );
    for after in holidays {
        let day = start().saturating_add(*after);
        writeln!(text, "[[closed]]\nday = {day}\nname = \"holiday {after}\"").unwrap();
    }
    Definition::from_toml(&text).unwrap()
}

fn register(books: &Books, own: &Definition) -> Result<Registration, EngineError> {
    let (calendar, environment) = (&books.settings.calendar, &books.environment);
    let mut writer = books.store.writer().unwrap();
    writer.write(|writing| register_own_calendar(writing, own, calendar, environment))
}

/// Gives the calendar of this name to the securities and portfolios.
fn give(books: &Books, named: &Named, name: &str) {
    let mut securities = "symbol,calendar\n".to_owned();
    for at in (0..SYMBOLS.len()).filter(|at| named.securities[*at]) {
        writeln!(securities, "{},{name}", SYMBOLS[at]).unwrap();
    }
    if named.securities.contains(&true) {
        books.import(FileKind::Securities, &securities);
    }
    let mut portfolios = "name,currency,inception,calendar\n".to_owned();
    for at in (0..PORTFOLIOS.len()).filter(|at| named.portfolios[*at]) {
        writeln!(portfolios, "P{at},{},{},{name}", PORTFOLIOS[at], start()).unwrap();
    }
    if named.portfolios.contains(&true) {
        books.import(FileKind::Portfolios, &portfolios);
    }
}

/// Returns books that were done with the first calendar, under the name `first`; the second one has
/// the name `second`.
fn books_with(sources: &TestSources, named: &Named, first: &Definition) -> Books {
    let books = TestSources {
        calendars: [""; 4],
        ..sources.clone()
    }
    .books();
    assert_eq!(register(&books, first).unwrap(), Registration::Added);
    give(&books, named, first.name());
    books.run();
    books
}

/// Returns books with one close, and no run.
fn small_books() -> Books {
    let sources = TestSources::with_sessions(5);
    TestSources {
        closes: [((0, start()), 1_000)].into(),
        ..sources
    }
    .books()
}

fn taken_out(before: &Cells, books: &Books) -> Cells {
    let after = books.ledger();
    let cells = before.iter().map(|(at, ids)| {
        let left = after.get(at).cloned().unwrap_or_default();
        (*at, ids - left)
    });
    cells.filter(|(_, ids)| !ids.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_replaced_calendar_gives_the_books_that_never_knew_the_first_one(
        sources in any_sources(SMALL, 3),
        named in any_named(),
        (was, now) in (any_holidays(), any_holidays()),
    ) {
        let books = books_with(&sources, &named, &definition("own", &was));
        let before = books.ledger();
        let replaced = register(&books, &definition("own", &now)).unwrap();
        let open = books.read(|reading| reading.invalidations().open());
        for invalidation in open {
            let reason = invalidation.reason;
            prop_assert!(reason.starts_with("the calendar own changed on "), "{}", reason);
        }
        let taken = taken_out(&before, &books);
        let count: u64 = taken.values().map(|ids| ids.len()).sum();
        match replaced {
            Registration::Replaced { removed, .. } => prop_assert_eq!(count_ids(&removed), count),
            Registration::Unchanged => prop_assert_eq!(was, now.clone()),
            Registration::Added => prop_assert!(false, "the name was known"),
        }
        let expected = books_with(&sources, &named, &definition("own", &now)).outputs();
        // Statistics of a session that no holder has any more stay, and stay right.
        let outputs = || -> Outputs {
            let outputs = books.outputs().into_iter();
            let needed = |key: &(Phase, i64)| key.0 != Phase::Securities || expected.contains_key(key);
            outputs.filter(|(key, _)| needed(key)).collect()
        };
        // A cell that stays in the ledger is not computed again.
        for (key, row) in outputs() {
            prop_assert_eq!(Some(&row), expected.get(&key), "{:?}", key);
        }
        books.run();
        prop_assert_eq!(outputs(), expected.clone());
    }

    #[test]
    fn a_replaced_calendar_takes_out_the_cells_that_another_name_takes_out(
        sources in any_sources(SMALL, 3),
        named in any_named(),
        of_securities in any::<bool>(),
        (was, now) in (any_holidays(), any_holidays()),
    ) {
        // Two files change one kind after the other, so that one kind is compared at a time.
        let none = |all: &[bool]| vec![false; all.len()];
        let named = match of_securities {
            true => Named { portfolios: none(&named.portfolios), ..named },
            false => Named { securities: none(&named.securities), ..named },
        };
        let (first, second) = (definition("own", &was), definition("other", &now));
        let books = books_with(&sources, &named, &first);
        let before = books.ledger();
        register(&books, &definition("own", &now)).unwrap();
        let others = books_with(&sources, &named, &first);
        register(&others, &second).unwrap();
        give(&others, &named, "other");
        prop_assert_eq!(taken_out(&before, &books), taken_out(&before, &others));
    }
}

#[test]
fn a_name_is_known_until_its_calendar_is_removed() {
    let books = small_books();
    let own = definition("own", &[2]);
    assert_eq!(register(&books, &own).unwrap(), Registration::Added);
    assert_eq!(register(&books, &own).unwrap(), Registration::Unchanged);
    let named = Named {
        securities: vec![true, true, false, false, false, false],
        portfolios: vec![false, true, false, false],
    };
    give(&books, &named, "own");
    let remove = |name: &str| {
        let mut writer = books.store.writer().unwrap();
        let calendar = &books.settings.calendar;
        writer.write(|writing| remove_own_calendar(writing, name, calendar))
    };
    let used = remove("own").unwrap_err().to_string();
    assert_eq!(
        used,
        "the calendar `own` is that of the security `AAA` and 1 more, the portfolio `P1`"
    );
    give(&books, &named, "");
    remove("own").unwrap();
    let unknown = remove("owm").unwrap_err();
    assert_eq!(unknown.to_string(), "unknown calendar `owm`");
    assert_eq!(register(&books, &own).unwrap(), Registration::Added);
    let nearest = OwnCalendarError::Unknown {
        name: "owm".to_owned(),
        nearest: Some("own".to_owned()),
    };
    let misspelt = remove("owm").unwrap_err();
    assert!(matches!(misspelt, EngineError::OwnCalendar(error) if error == nearest));
}

#[test]
fn the_names_of_other_calendars_are_refused() {
    let books = small_books();
    let refused = |name: &str| {
        let error = register(&books, &definition(name, &[])).unwrap_err();
        error.to_string()
    };
    assert_eq!(refused("XTSE"), "`XTSE` is the name of a built-in calendar");
    assert_eq!(refused("24/7"), "`24/7` is the name of a built-in calendar");
}
