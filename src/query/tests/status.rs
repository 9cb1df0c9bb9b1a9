//! Tests of the status: watermark, cells, order of portfolios, lease and JSON.

use crate::domain::{IdSet, LifecycleStatus, Phase, PhaseSet, Scope};
use crate::query::concerns::ConcernInputs;
use crate::query::fixture::{Fixture, SESSIONS, filled, unfilled};
use crate::query::live::LeaseState;
use crate::query::reason::CellReason;
use crate::query::status::{CellTotals, Order, Status, StatusOptions, status};
use crate::store::RunState;

impl Fixture {
    pub(super) fn status(&self) -> Status {
        self.status_shown(StatusOptions::default())
    }

    fn status_shown(&self, shown: StatusOptions) -> Status {
        let scope = Scope::AllActive;
        status(
            &self.store,
            &self.settings,
            &self.environment,
            &scope,
            shown,
            &ConcernInputs::default(),
        )
        .unwrap()
    }
}

fn lines(status: &Status) -> Vec<String> {
    let rows = status.grid.rows.iter();
    let symbols = rows.map(|row| row.marks.iter().map(|mark| mark.symbol()).collect());
    symbols.collect()
}

/// The cells of Alpha and Beta. The inception of Beta is the eleventh session.
const CELLS: u64 = (SESSIONS + SESSIONS - 10) as u64;

#[test]
fn books_that_a_run_filled_are_complete_up_to_the_target() {
    let fixture = filled();
    let status = fixture.status();
    assert_eq!(status.watermark, Some(fixture.target()));
    assert_eq!(
        (status.target, status.held_by.clone()),
        (fixture.target(), None)
    );
    let complete = CellTotals {
        expected: CELLS,
        complete: CELLS,
        ..CellTotals::default()
    };
    assert_eq!(status.cells, complete);
    assert_eq!((status.active, status.behind, status.not_shown), (2, 0, 0));
    assert_eq!(lines(&status), ["==========", "==========", ".........."]);
    let run = status.last_run.unwrap();
    assert_eq!((run.state, run.progress.done), (RunState::Complete, CELLS));
    assert_eq!(status.lease, None);
}

#[test]
fn lists_all_portfolios_with_their_lifecycle_state() {
    let status = filled().status();
    let lifecycles: Vec<_> = status
        .portfolios
        .iter()
        .map(|portfolio| (&*portfolio.name, portfolio.lifecycle))
        .collect();
    let active = LifecycleStatus::Alive;
    assert_eq!(
        lifecycles,
        [
            ("Alpha", active),
            ("Beta", active),
            ("Gone", LifecycleStatus::Deleted)
        ]
    );
}

#[test]
fn books_without_a_run_have_no_watermark() {
    let fixture = unfilled();
    let status = fixture.status();
    assert_eq!((status.watermark, status.behind), (None, 2));
    assert_eq!((status.cells.open, status.cells.expected), (CELLS, CELLS));
    let holder = status.held_by.unwrap();
    assert_eq!((&*holder.name, holder.day), ("Alpha", fixture.days[0]));
    let alpha = &status.portfolios[0];
    assert_eq!((alpha.watermark, alpha.sessions_behind), (None, SESSIONS));
    assert_eq!(alpha.reason.as_ref().unwrap().to_string(), "missing");
}

#[test]
fn a_hole_holds_the_watermark_back_with_a_reason() {
    let fixture = filled();
    let hole = fixture.days[25];
    fixture.invalidate_alpha(hole, PhaseSet::from_phase(Phase::Risk));
    let status = fixture.status();
    assert_eq!(status.watermark, Some(fixture.days[24]));
    let alpha = &status.portfolios[0];
    assert_eq!(
        (alpha.watermark, alpha.held_back_by),
        (Some(fixture.days[24]), Some(hole))
    );
    assert_eq!(
        (alpha.sessions_behind, alpha.open_phases),
        (5, PhaseSet::from_phase(Phase::Risk))
    );
    assert_eq!(
        alpha.reason.as_ref().unwrap().to_string(),
        "stale: it looks wrong"
    );
    assert_eq!(lines(&status)[0], "=====~====");
    assert_eq!((status.cells.open, status.cells.complete), (1, CELLS - 1));
}

#[test]
fn a_cell_of_an_unpriced_session_is_blocked_and_names_the_counts() {
    let fixture = filled();
    fixture.advance_one_day();
    let status = fixture.status();
    assert_eq!(
        (status.cells.blocked, status.cells.expected),
        (2, CELLS + 2)
    );
    let reason = status.portfolios[0].reason.as_ref().unwrap();
    assert!(matches!(reason, CellReason::Blocked { .. }), "{reason:?}");
    assert_eq!(
        reason.to_string(),
        "blocked: unpriced session, 3 of 3 securities have no close"
    );
    assert!(lines(&status)[0].ends_with("=u"));
}

#[test]
fn a_quarantined_cell_names_the_failed_phase() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.target(), PhaseSet::CELL_PHASES);
    for phase in Phase::CELL_PHASES {
        fixture.quarantine_alpha(fixture.target(), phase);
    }
    let status = fixture.status();
    let reason = status.portfolios[0].reason.as_ref().unwrap();
    assert_eq!(
        reason.to_string(),
        "quarantined: snapshot failed 3 times, no luck"
    );
    assert_eq!(status.cells.quarantined, 1);
    assert!(lines(&status)[0].ends_with("=q"));
}

#[test]
fn portfolios_behind_are_listed_first() {
    let fixture = filled();
    let id = fixture.portfolios[0].id.0;
    let day = fixture.target();
    fixture
        .store
        .writer()
        .unwrap()
        .write(|writing| {
            writing
                .ledger()
                .set_done(day, Phase::Risk, &IdSet::from([id]))
        })
        .unwrap();
    let status = fixture.status_shown(StatusOptions {
        sessions: 3,
        portfolios: 1,
        ..StatusOptions::default()
    });
    assert_eq!(status.portfolios.len(), 1);
    assert_eq!((&*status.portfolios[0].name, status.not_shown), ("Beta", 2));
    assert_eq!(lines(&status), ["==~"]);
}

#[test]
fn pages_list_each_portfolio_once() {
    let fixture = filled();
    let (day, alpha) = (fixture.target(), IdSet::from([fixture.portfolios[0].id.0]));
    let mut writer = fixture.store.writer().unwrap();
    writer
        .write(|writing| writing.ledger().set_done(day, Phase::Risk, &alpha))
        .unwrap();
    for (order, expected) in [
        (Order::MostBehind, ["Beta", "Alpha", "Gone"]),
        (Order::Id, ["Alpha", "Beta", "Gone"]),
    ] {
        let mut seen = Vec::new();
        for skip in 0..4 {
            let status = fixture.status_shown(StatusOptions {
                portfolios: 1,
                skip,
                order,
                ..StatusOptions::default()
            });
            let shown = status.portfolios.into_iter();
            seen.extend(shown.map(|portfolio| portfolio.name));
        }
        assert_eq!(seen, expected, "{order:?}");
    }
}

#[test]
fn distinguishes_a_live_lease_from_an_expired_one() {
    let fixture = filled();
    let now = fixture.environment.wall_clock.now().timestamp_micros();
    let insert = "INSERT INTO lease VALUES (1, 1, 'token', 'nowhere', 1, 0, 0, ";
    fixture.damage(&format!("{insert}{}, NULL)", now + 1));
    assert_eq!(fixture.status().lease.unwrap().state, LeaseState::Live);
    fixture.damage(&format!("UPDATE lease SET expires = {now}"));
    assert_eq!(
        fixture.status().lease.unwrap().state,
        LeaseState::LeftBehind
    );
}

#[test]
fn a_status_serializes_with_days_as_text_and_phases_as_names() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.target(), PhaseSet::from_phase(Phase::Risk));
    let json = serde_json::to_value(fixture.status()).unwrap();
    assert_eq!(json["target"], "2026-01-07");
    assert_eq!(json["held-by"]["open"], serde_json::json!(["risk"]));
    assert_eq!(json["portfolios"][0]["why"]["reason"], "step");
    assert_eq!(json["grid"]["rows"][0]["marks"][9], "some");
    assert_eq!(json["last-run"]["state"], "complete");
}
