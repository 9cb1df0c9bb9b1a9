//! Tests of the quality of inputs.

use crate::domain::{Day, Phase};
use crate::query::PriceState;
use crate::query::concerns::ConcernInputs;
use crate::query::explanation::Presence;
use crate::query::fixture::{Fixture, filled};
use crate::query::health::{Health, health};

impl Fixture {
    fn health(&self) -> Health {
        health(
            &self.store,
            &self.settings,
            &self.environment,
            &ConcernInputs::default(),
        )
        .unwrap()
    }
}

#[test]
fn complete_prices_report_no_problems() {
    let health = filled().health();
    assert!(health.held_securities > 0);
    assert_eq!(
        (health.unpriced, health.blocked.len(), health.failing.len()),
        (vec![], 0, 0)
    );
}

#[test]
fn distinguishes_late_dead_never_priced_and_inactive() {
    let fixture = filled();
    let target = fixture.target();
    let delete = |from: Day| {
        format!(
            "DELETE FROM price WHERE security = 1 AND day >= {}",
            from.number()
        )
    };
    let state = |fixture: &Fixture| {
        let health = fixture.health();
        assert_eq!(health.unpriced.len(), 1, "{:?}", health.unpriced);
        let security = &health.unpriced[0];
        assert!(security.holders > 0);
        (security.state, security.sessions_old)
    };
    fixture.damage(&delete(target));
    assert_eq!(state(&fixture), (PriceState::Late, Some(1)));
    fixture.damage(&delete(fixture.days[1]));
    assert_eq!(state(&fixture).0, PriceState::Dead);
    fixture.damage(&delete(Day::MIN));
    assert_eq!(state(&fixture), (PriceState::NeverPriced, None));
    fixture.damage(&format!(
        "UPDATE security SET inactive_from = {} WHERE id = 1",
        target.number()
    ));
    assert_eq!(state(&fixture).0, PriceState::Inactive);
}

#[test]
fn a_quarantined_phase_is_reported_with_its_reason() {
    let fixture = filled();
    fixture.quarantine_alpha(fixture.target(), Phase::Risk);
    let failing = fixture.health().failing;
    assert_eq!(failing.len(), 1);
    assert_eq!(
        (&*failing[0].portfolio.name, failing[0].day),
        ("Alpha", fixture.target())
    );
    assert_eq!(failing[0].quarantine, Presence::Present);
    assert_eq!(failing[0].failure.phase, Phase::Risk);
}

#[test]
fn failures_of_a_deleted_portfolio_are_not_reported() {
    let fixture = filled();
    fixture.quarantine_alpha(fixture.target(), Phase::Risk);
    fixture.delete_alpha();
    assert_eq!(fixture.health().failing, []);
}
