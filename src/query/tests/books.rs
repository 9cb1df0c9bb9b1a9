//! Tests of books: series, totals, holdings and their JSON.

use crate::domain::{Absence, Cell, Day, Figure, Money, PhaseSet};
use crate::query::books::{Books, books};
use crate::query::fixture::{Fixture, SESSIONS, filled, unfilled};
use crate::query::holdings::Validity;
use crate::query::months::MonthReturn;

impl Fixture {
    fn books(&self, as_of: Option<Day>, sessions: Option<usize>) -> Books {
        books(&self.store, &self.settings, self.alpha(), as_of, sessions).unwrap()
    }
}

#[test]
fn the_series_has_every_session_with_books() {
    let fixture = filled();
    let books = fixture.books(None, None);
    let days: Vec<_> = books.series.iter().map(|session| session.day).collect();
    assert_eq!(days, fixture.days);
    assert_eq!((books.as_of, books.gaps.len()), (Some(fixture.target()), 0));
    assert!(
        books
            .series
            .iter()
            .all(|session| session.validity == Validity::Valid)
    );
}

#[test]
fn as_of_and_a_number_of_sessions_cut_the_series() {
    let fixture = filled();
    let sunday = "2026-01-04".parse().unwrap();
    let books = fixture.books(Some(sunday), Some(5));
    assert_eq!(books.as_of, Some("2026-01-02".parse().unwrap()));
    assert_eq!(books.series.len(), 5);
    let before = fixture.books(Some(fixture.days[0].previous()), None);
    assert_eq!((before.as_of, before.holdings), (None, None));
}

#[test]
fn without_books_the_totals_are_absent() {
    let books = unfilled().books(None, None);
    assert!(books.series.is_empty());
    assert_eq!(
        books.totals.period_return.as_result(),
        Err(Absence::TooFewObservations)
    );
}

#[test]
fn returns_compound_to_the_period_and_flows_do_not_move_it() {
    let fixture = filled();
    let books = fixture.books(None, None);
    let [first, .., last] = &books.series[..] else {
        panic!("a series has two ends");
    };
    // The only flow is the deposit on the first session, which has a return of its own.
    let since = last.snapshot.nav.to_f64() / first.snapshot.nav.to_f64();
    let start = 1.0 + first.snapshot.session_return.value().unwrap();
    let period = books.totals.period_return.value().unwrap();
    assert!((period - (start * since - 1.0)).abs() < 1e-12);
    assert!(period != 0.0);
}

#[test]
fn the_deepest_drawdown_is_that_of_the_series() {
    let books = filled().books(None, None);
    let drawdowns: Vec<f64> = (books.series.iter())
        .filter_map(|session| session.drawdown)
        .collect();
    assert_eq!(drawdowns.len(), SESSIONS);
    let deepest = drawdowns.iter().copied().fold(0.0, f64::min);
    assert!(deepest < 0.0);
    assert_eq!(books.totals.max_drawdown.value(), Some(deepest));
}

#[test]
fn a_gap_leaves_the_totals_absent() {
    let fixture = filled();
    let hole = fixture.days[12];
    let key = Cell::new(hole, fixture.alpha().id).key();
    fixture.damage(&format!("DELETE FROM snapshot WHERE cell = {key}"));
    let books = fixture.books(None, None);
    assert_eq!(books.gaps, [hole]);
    assert_eq!(books.totals.period_return.value(), None);
    assert_eq!(books.totals.max_drawdown.value(), None);
    assert!(books.series[11].drawdown.is_some());
    assert!(books.series[12].drawdown.is_none());
}

#[test]
fn invalidated_books_are_stale() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.target(), PhaseSet::CELL_PHASES);
    let books = fixture.books(None, None);
    assert_eq!(books.series.last().unwrap().validity, Validity::Stale);
    // Its return is to be computed again, so nothing is compounded through it.
    assert_eq!(books.series.last().unwrap().drawdown, None);
    assert_eq!(books.totals.period_return.value(), None);
    assert_eq!(books.months().last().unwrap().value, None);
    let holdings = books.holdings.unwrap();
    assert_eq!(holdings.positions.unwrap().validity, Validity::Stale);
    assert_eq!(holdings.exposures.unwrap().validity, Validity::Stale);
    assert_eq!(holdings.risk.unwrap().validity, Validity::Stale);
}

#[test]
fn holdings_have_names_and_weights_that_sum_to_net_over_nav() {
    let books = filled().books(None, None);
    let last = books.series.last().unwrap().snapshot.clone();
    let rows = books.holdings.unwrap().positions.unwrap().rows;
    let symbols: Vec<_> = rows.iter().map(|row| &*row.symbol).collect();
    assert_eq!(symbols, ["ACME", "BOLT", "CORE"]);
    let weights: f64 = rows.iter().filter_map(|row| row.weight).sum();
    assert!((weights - last.net.to_f64() / last.nav.to_f64()).abs() < 1e-12);
    // Thirty were bought and forty sold.
    assert!(rows[2].quantity.is_negative());
    assert!(rows[2].weight.unwrap() < 0.0);
}

#[test]
fn factors_and_shocks_have_the_names_of_their_model() {
    let risk = filled().books(None, None).holdings.unwrap().risk.unwrap();
    let factors: Vec<_> = risk.factors.iter().map(|(name, _)| &**name).collect();
    let shocks: Vec<_> = risk.stress.iter().map(|(name, _)| &**name).collect();
    assert_eq!((factors, shocks), (vec!["value"], vec!["crash"]));
}

#[test]
fn plain_rows_match_the_headings_and_amounts() {
    let books = filled().books(None, None);
    let last = books.series_rows().last().unwrap();
    let nav = Books::SERIES_HEADINGS
        .iter()
        .position(|heading| *heading == "nav");
    assert_eq!(
        last[nav.unwrap()],
        books.series.last().unwrap().snapshot.nav.to_string()
    );
    let positions = books.holdings.as_ref().unwrap().positions.as_ref().unwrap();
    assert_eq!(positions.plain_rows().count(), 3);
}

#[test]
fn amounts_serialize_as_text_and_ratios_as_numbers() {
    let books = filled().books(None, None);
    let json = serde_json::to_value(&books).unwrap();
    let last = &json["series"][SESSIONS - 1];
    assert_eq!(
        last["nav"],
        books.series[SESSIONS - 1].snapshot.nav.to_string()
    );
    assert!(last["session-return"]["value"].is_f64());
    assert_eq!(last["validity"], "valid");
    let risk = &json["held"]["risk"];
    assert_eq!(risk["beta"]["absent"], "too little of the value is covered");
    assert_eq!(risk["factors"][0]["name"], "value");
    assert!(json["held"]["exposures"]["sectors"]["Technology"].is_f64());
}

#[test]
fn months_compound_to_the_period_and_a_gap_empties_its_month() {
    let fixture = filled();
    let books = fixture.books(None, None);
    let months = books.months();
    assert!(months.len() > 1, "{months:?}");
    let wealth: f64 = months
        .iter()
        .map(|month| 1.0 + month.value.unwrap())
        .product();
    let period = books.totals.period_return.value().unwrap();
    assert!((wealth - 1.0 - period).abs() < 1e-12);
    let hole = Cell::new(fixture.days[SESSIONS - 2], fixture.alpha().id);
    fixture.damage(&format!("DELETE FROM snapshot WHERE cell = {}", hole.key()));
    let months = fixture.books(None, None).months();
    assert_eq!(months.last().unwrap().value, None);
    assert!(months[0].value.is_some());
}

#[test]
fn a_month_without_books_is_listed_without_a_return() {
    let fixture = filled();
    let month = |day: Day| day.to_string()[..7].to_owned();
    let hole = month(fixture.days[SESSIONS / 2]);
    for day in fixture.days.iter().filter(|day| month(**day) == hole) {
        let key = Cell::new(*day, fixture.alpha().id).key();
        fixture.damage(&format!("DELETE FROM snapshot WHERE cell = {key}"));
    }
    let months = fixture.books(None, None).months();
    let named = |month: &MonthReturn| format!("{}-{:02}", month.year, month.month) == hole;
    let found = months.iter().find(|month| named(month)).unwrap();
    assert_eq!(found.value, None);
}

#[test]
fn a_session_before_the_first_deposit_counts_as_zero_in_its_month() {
    let mut books = filled().books(None, None);
    let first = &mut books.series[0].snapshot;
    first.nav = Money::ZERO;
    for session in &mut books.series[..2] {
        session.snapshot.session_return = Figure::absent(Absence::NoBase, 0);
    }
    let months = books.months();
    assert!(months[0].value.is_some(), "{months:?}");
    books.series[0].snapshot.nav = Money::whole(1);
    assert_eq!(books.months()[0].value, None);
}
