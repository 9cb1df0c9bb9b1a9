//! Tests of explanations of cells.

use crate::domain::{Day, InvalidationCause, Phase, PhaseSet, Portfolio};
use crate::plan::PolicyName;
use crate::query::concerns::ConcernLimits;
use crate::query::explain::explain;
use crate::query::explanation::{Expectation, Explanation, Presence};
use crate::query::fixture::{Fixture, filled, unfilled};
use crate::query::reason::CellReason;

impl Fixture {
    fn explain(&self, portfolio: &Portfolio, day: Day) -> Explanation {
        explain(
            &self.store,
            &self.settings,
            &self.environment,
            &ConcernLimits::default(),
            (portfolio, day),
        )
        .unwrap()
    }

    fn explain_alpha(&self, day: Day) -> Explanation {
        self.explain(self.alpha(), day)
    }
}

/// The next commands as text.
fn lines(explanation: &Explanation) -> Vec<String> {
    explanation.next.iter().map(ToString::to_string).collect()
}

/// The decision of each policy on a cell, as text.
fn policies(explanation: &Explanation) -> Vec<(PolicyName, String)> {
    let views = explanation.policies.iter();
    views
        .map(|view| (view.policy, view.decision.to_string()))
        .collect()
}

#[test]
fn a_complete_cell_has_all_phases_and_their_outputs() {
    let fixture = filled();
    let explanation = fixture.explain_alpha(fixture.days[8]);
    assert_eq!(explanation.expectation, Expectation::Expected);
    assert_eq!(explanation.decision.to_string(), "complete");
    assert_eq!(explanation.phases.len(), 4);
    for state in &explanation.phases {
        assert_eq!(
            (state.ledger, state.output),
            (Presence::Present, Presence::Present)
        );
    }
    let securities = explanation.securities.as_ref().unwrap();
    assert_eq!((securities.holdings, securities.covered), (3, 3));
    assert_eq!(lines(&explanation), ["plimsoll show Alpha"]);
}

#[test]
fn a_security_whose_closes_stopped_is_not_covered() {
    let fixture = unfilled();
    let first = fixture.days[0].number();
    fixture.damage(&format!(
        "DELETE FROM price WHERE security = 1 AND day > {first}"
    ));
    fixture.run();
    let securities = fixture.explain_alpha(fixture.target()).securities.unwrap();
    assert_eq!((securities.holdings, securities.covered), (3, 2));
    assert_eq!(securities.missing, ["ACME"]);
}

#[test]
fn a_non_session_day_names_its_neighbours() {
    let fixture = filled();
    let saturday = "2026-01-03".parse().unwrap();
    let explanation = fixture.explain_alpha(saturday);
    assert_eq!(
        explanation.expectation,
        Expectation::NoSession {
            calendar: fixture.settings.calendar.name().to_owned(),
            before: Some("2026-01-02".parse().unwrap()),
            after: Some("2026-01-05".parse().unwrap()),
        }
    );
    assert_eq!(explanation.decision, CellReason::OutOfPlan);
    assert_eq!(lines(&explanation), ["plimsoll explain Alpha 2026-01-02"]);
}

#[test]
fn a_cell_outside_the_lifecycle_is_not_expected() {
    let fixture = filled();
    let [_, beta, gone] = &fixture.portfolios[..] else {
        panic!("there are three portfolios");
    };
    let early = fixture.explain(beta, fixture.days[9]);
    assert_eq!(
        early.expectation,
        Expectation::BeforeInception {
            inception: fixture.days[10]
        }
    );
    assert_eq!(early.decision.to_string(), "before-inception");
    let deleted = fixture.explain(gone, fixture.days[9]);
    assert!(matches!(deleted.expectation, Expectation::Deleted { .. }));
    assert_eq!(deleted.decision.to_string(), "deleted");
    let target = fixture.target();
    let late = fixture.explain_alpha(target.next());
    assert_eq!(late.expectation, Expectation::BeyondTarget { target });
    assert_eq!(late.decision.to_string(), "beyond-target");
}

#[test]
fn explains_a_day_before_the_first_inception() {
    let fixture = filled();
    let explanation = fixture.explain_alpha(fixture.days[0].saturating_add(-7));
    assert_eq!(explanation.decision, CellReason::OutOfPlan);
    assert!(matches!(
        explanation.expectation,
        Expectation::BeforeInception { .. }
    ));
}

#[test]
fn a_hole_is_found_only_by_the_per_cell_policy() {
    let fixture = filled();
    let hole = fixture.days[25];
    fixture.invalidate_alpha(hole, PhaseSet::from_phase(Phase::Risk));
    let explanation = fixture.explain_alpha(hole);
    let hidden = || "hidden-by-watermark".to_owned();
    assert_eq!(
        policies(&explanation),
        [
            (PolicyName::GlobalMax, hidden()),
            (PolicyName::MinOfMax, hidden()),
            (PolicyName::TargetOnly, hidden()),
            (PolicyName::PerCell, "stale: it looks wrong".to_owned()),
        ]
    );
    let risk = explanation.phases.last().unwrap();
    assert_eq!(
        (risk.ledger, risk.output),
        (Presence::Absent, Presence::Present)
    );
    let [invalidation] = &explanation.invalidations[..] else {
        panic!("{:?}", explanation.invalidations);
    };
    assert_eq!(
        (invalidation.cause, &*invalidation.reason),
        (InvalidationCause::Request, "it looks wrong")
    );
    assert_eq!(invalidation.phases, PhaseSet::from_phase(Phase::Risk));
    assert_eq!(lines(&explanation), ["plimsoll run"]);
}

#[test]
fn policies_are_planned_for_all_active_portfolios() {
    let fixture = filled();
    fixture.damage("DELETE FROM ledger");
    fixture.damage("DELETE FROM snapshot WHERE cell & 0xffffffff = 1");
    let explanation = fixture.explain_alpha(fixture.days[20]);
    assert_eq!(policies(&explanation)[1].1, "hidden-by-watermark");
}

#[test]
fn a_blocked_cell_names_the_import_command() {
    let fixture = filled();
    fixture.advance_one_day();
    let explanation = fixture.explain_alpha(fixture.target().next());
    assert!(matches!(explanation.decision, CellReason::Blocked { .. }));
    assert_eq!(
        lines(&explanation),
        [
            "plimsoll import prices PRICES.csv",
            "plimsoll accept-prices --from 2026-01-08 --to 2026-01-08 --reason REASON",
            "plimsoll run"
        ]
    );
    assert_eq!(explanation.securities, None);
}

#[test]
fn a_quarantined_phase_reports_failures_and_the_retry_command() {
    let fixture = filled();
    let day = fixture.days[4];
    fixture.invalidate_alpha(day, PhaseSet::from_phase(Phase::Risk));
    fixture.quarantine_alpha(day, Phase::Risk);
    let explanation = fixture.explain_alpha(day);
    assert!(matches!(
        explanation.decision,
        CellReason::Quarantined { .. }
    ));
    let risk = explanation.phases.last().unwrap();
    assert_eq!(risk.quarantine, Presence::Present);
    assert_eq!(risk.failure.as_ref().unwrap().times, 3);
    assert_eq!(
        lines(&explanation),
        ["plimsoll retry Alpha", "plimsoll run"]
    );
}

#[test]
fn missing_statistics_are_named() {
    let fixture = filled();
    let day = fixture.days[4];
    fixture.damage(&format!(
        "DELETE FROM ledger WHERE phase = 2 AND day = {}",
        day.number()
    ));
    let securities = fixture.explain_alpha(day).securities.unwrap();
    assert_eq!(securities.covered, 0);
    assert_eq!(securities.missing, ["ACME", "BOLT", "CORE"]);
}

#[test]
fn a_name_with_spaces_or_quotes_is_quoted_for_the_shell() {
    let fixture = unfilled();
    let portfolio = Portfolio {
        name: "O'Hara & Sons".to_owned(),
        ..fixture.alpha().clone()
    };
    let explanation = fixture.explain(&portfolio, "2026-01-03".parse().unwrap());
    assert_eq!(
        lines(&explanation),
        [r"plimsoll explain 'O'\''Hara & Sons' 2026-01-02"]
    );
}
