//! Tests of queries after a change of the configuration that no run has put in force yet: they
//! show the ledger as the next run will see it.

use std::collections::BTreeSet;

use crate::domain::{Cell, Day, Phase, PhaseSet, PriceQuality, RiskModel, Scope, SecurityId};
use crate::engine::{EngineError, RunObserver, RunRequest, pending_invalidations, preview, run};
use crate::plan::Request;
use crate::query::books::books;
use crate::query::concerns::ConcernInputs;
use crate::query::explain::explain;
use crate::query::explanation::CellState;
use crate::query::fixture::{Fixture, SESSIONS, filled};
use crate::query::holdings::Validity;
use crate::query::reason::CellReason;
use crate::query::sessions_behind::lag;
use crate::store::StoreError;

fn with_other_model() -> Fixture {
    let mut fixture = filled();
    fixture.settings.model = Some(RiskModel {
        benchmark: Some("ACME".to_owned()),
        ..RiskModel::default()
    });
    fixture
}

fn with_other_calendar() -> Fixture {
    let mut fixture = filled();
    fixture.settings.calendar = fixture.without_session(20);
    fixture
}

/// Runs the plan that a preview shows, under its id, and returns the number of its cells.
fn run_previewed(fixture: &Fixture) -> u64 {
    let now = fixture.environment.clock.now();
    let mut request = RunRequest::new(Request::new(Scope::AllActive), "all active");
    let (surveyed, plan) = (fixture.store)
        .read(|reading| preview(reading, &request, &fixture.settings, now))
        .unwrap();
    assert!(!surveyed.pending.is_empty());
    request.expected_plan = Some(plan.id().to_string());
    let cancel = std::sync::atomic::AtomicBool::new(false);
    let observer = RunObserver::unobserved(&cancel);
    let (settings, environment) = (&fixture.settings, &fixture.environment);
    let outcome = run(&fixture.store, &request, settings, environment, &observer).unwrap();
    assert_eq!(outcome.progress.done, plan.step_count());
    plan.step_count()
}

#[test]
fn a_changed_model_opens_the_risk_of_all_cells() {
    let fixture = with_other_model();
    let (store, settings, environment) = (&fixture.store, &fixture.settings, &fixture.environment);
    let scope = Scope::AllActive;
    let shown = fixture.status();
    assert_eq!((shown.behind, shown.cells.complete), (2, 0));
    let risk = PhaseSet::from_phase(Phase::Risk);
    assert_eq!(shown.portfolios[0].open_phases, risk);
    let inputs = ConcernInputs::default();
    let lag = lag(store, settings, environment, &scope, &inputs).unwrap();
    assert!(!lag.is_good());

    let explained = explain(
        store,
        settings,
        environment,
        &inputs.limits,
        (fixture.alpha(), fixture.days[3]),
    );
    let explained = explained.unwrap();
    let CellState::Open(CellReason::Step { .. }) = explained.state() else {
        panic!("{explained:#?}");
    };
    assert_eq!(explained.securities.unwrap().covered, 0);

    let books = books(store, settings, fixture.alpha(), None, None).unwrap();
    let holdings = books.holdings.unwrap();
    assert_eq!(books.series[0].validity, Validity::Valid);
    assert_eq!(holdings.positions.unwrap().validity, Validity::Valid);
    assert_eq!(holdings.risk.unwrap().validity, Validity::Stale);

    assert_eq!(run_previewed(&fixture), (SESSIONS + SESSIONS - 10) as u64);
    let shown = fixture.status();
    assert_eq!(shown.behind, 0);
}

#[test]
fn a_changed_calendar_opens_the_cells_from_the_first_changed_day_on() {
    let fixture = with_other_calendar();
    let shown = fixture.status();
    assert_eq!(shown.watermark, Some(fixture.days[19]));
    let books = books(
        &fixture.store,
        &fixture.settings,
        fixture.alpha(),
        None,
        None,
    )
    .unwrap();
    let stale = books
        .series
        .iter()
        .filter(|session| session.validity == Validity::Stale);
    assert_eq!(stale.count(), SESSIONS - 21);
    assert_eq!(run_previewed(&fixture), 2 * (SESSIONS - 21) as u64);
}

#[test]
fn a_change_of_both_is_planned_as_it_is_run() {
    let mut fixture = with_other_model();
    fixture.settings.calendar = fixture.without_session(20);
    run_previewed(&fixture);
}

#[test]
fn other_sessions_of_the_calendar_of_a_security_open_the_cells_whose_ages_change() {
    let fixture = filled();
    let christmas: Day = "2025-12-25".parse().unwrap();
    fixture.damage("UPDATE security SET calendar = 'new-york' WHERE id = 1");
    fixture.damage(&format!(
        "DELETE FROM price WHERE security = 1 AND day = {}",
        christmas.number()
    ));
    // As a version would have stored it that knew no holiday of New York.
    let weekdays = fixture.settings.calendar.clone();
    let mut writer = fixture.store.writer().unwrap();
    let stored: Result<(), StoreError> =
        writer.write(|writing| writing.security_calendars().set("new-york", &weekdays));
    stored.unwrap();
    drop(writer);
    let pending = (fixture.store)
        .read(|reading| pending_invalidations(reading, &fixture.settings))
        .unwrap();
    let pending: Vec<_> = pending.iter().collect();
    assert_eq!(
        pending[0].reason,
        "the calendar new-york changed on 2025-12-25, 2026-01-01"
    );
    let days: BTreeSet<Day> = pending[0].cells.keys().map(|(day, _)| *day).collect();
    // Of the three days only Christmas has no close, and the day after starts from its books.
    assert_eq!(days, BTreeSet::from([christmas, christmas.next()]));

    run_previewed(&fixture);
    let cell = Cell::new(christmas, fixture.alpha().id);
    let positions = fixture.store.read(|reading| {
        let positions = reading.outputs().positions(cell)?;
        let left = pending_invalidations(reading, &fixture.settings)?;
        Ok::<_, EngineError>((positions.unwrap(), left.is_empty()))
    });
    let (positions, nothing_left) = positions.unwrap();
    assert!(nothing_left);
    let closed = positions
        .iter()
        .filter(|position| position.quality == PriceQuality::Closed);
    let closed: Vec<_> = closed.map(|position| position.security).collect();
    assert_eq!(closed, [SecurityId(1)]);
}
