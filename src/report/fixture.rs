//! The incident as test data of reports: A is complete up to January 7, B up to January 6, eleven
//! others up to January 5, and the target is January 8.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::{
    Cell, Day, IdSet, InvalidationCause, Lifecycle, OpenInvalidation, Phase, PhaseSet, PortfolioId,
    RunId, Scope, SecurityId, count_ids,
};
use crate::engine::{Certificate, Outcome, PhaseTimes, Times, Verdict, Warning};
use crate::plan::{
    BlockReason, BlockedCell, Plan, PolicyName, Request, ScopeWatermark, Survey, Today, plan,
    watermarks,
};
use crate::query::Names;
use crate::store::{FailedPhase, Progress, RunState};

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(super) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A, B, and so on to M; the securities are AAPL, MSFT and SPY.
pub(super) fn names() -> Names {
    let portfolios = ('A'..='M')
        .zip(1..)
        .map(|(name, id)| (PortfolioId(id), name.to_string()));
    let symbols = ["AAPL", "MSFT", "SPY"].into_iter().zip(1..);
    let symbols = symbols.map(|(symbol, id)| (SecurityId(id), symbol.to_owned()));
    Names::new(portfolios, symbols)
}

/// Names and symbols far wider than the page.
pub(super) fn long_names() -> Names {
    let long =
        |noun: &str, id: u32| format!("{noun} {id} {}", "of a very long name 成長 ".repeat(6));
    let portfolios = (1..=13).map(|id| (PortfolioId(id), long("portfolio", id)));
    let symbols = (1..=3).map(|id| (SecurityId(id), long("SYMBOL", id).replace(' ', "")));
    Names::new(portfolios, symbols)
}

pub(super) fn incident() -> Survey {
    let days = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"].map(day);
    let mut survey = Survey {
        sessions: days.to_vec(),
        ..Survey::default()
    };
    for id in 1..=13 {
        survey
            .lifecycles
            .add(PortfolioId(id), &Lifecycle::new(days[0]));
    }
    for (day, last) in days.into_iter().zip([13, 2, 1]) {
        let done: IdSet = (1..=last).collect();
        survey.snapshots.insert(day, done.clone());
        for phase in Phase::CELL_PHASES {
            survey.coverage.set(day, phase, done.clone());
        }
    }
    survey
}

/// The incident after the fix: all portfolios are complete.
pub(super) fn caught_up() -> Survey {
    let mut survey = incident();
    let all_ids = survey.lifecycles.all_ids();
    for day in survey.sessions.clone() {
        for phase in Phase::CELL_PHASES {
            survey.coverage.set(day, phase, all_ids.clone());
        }
    }
    survey
}

/// The incident with a corrected price for A, a crash after the snapshot of L, and L and M blocked.
pub(super) fn mixed_survey() -> Survey {
    let mut survey = incident();
    let (sixth, eighth) = (day("2026-01-06"), day("2026-01-08"));
    survey.coverage.insert(sixth, Phase::Snapshot, 12);
    let cells = Phase::CELL_PHASES
        .map(|phase| ((sixth, phase), IdSet::from([1])))
        .into();
    for phase in Phase::CELL_PHASES {
        survey.coverage.remove(sixth, phase, 1);
    }
    survey.invalidations.push(OpenInvalidation {
        id: 4,
        cause: InvalidationCause::Price,
        reason: "close of AAPL on 2026-01-06 corrected from 187.2 to 188".to_owned(),
        cells,
    });
    survey
        .blocked
        .insert(eighth, vec![blocked_cell(12), blocked_cell(13)]);
    survey
}

pub(super) fn blocked_cell(portfolio: u32) -> BlockedCell {
    BlockedCell {
        portfolio: PortfolioId(portfolio),
        reason: BlockReason::MissingPrices {
            covered_share: 0.412,
            missing: vec![SecurityId(1), SecurityId(2)],
        },
    }
}

pub(super) fn plan_for(survey: &Survey, policy: PolicyName) -> (Plan, ScopeWatermark) {
    let request = Request {
        policy: policy.policy(),
        ..Request::new(Scope::AllActive)
    };
    let today = Today {
        date: day("2026-01-09"),
        last_final: day("2026-01-08"),
    };
    let plan = plan(&request, survey, today).unwrap();
    let watermark = watermarks(survey, &Scope::AllActive, plan.target.day).scope_watermark();
    (plan, watermark)
}

/// A run that did all cells except a failed one of B and the blocked ones.
pub(super) fn outcome() -> Outcome {
    let survey = mixed_survey();
    let (plan, watermark) = plan_for(&survey, PolicyName::PerCell);
    let failed = Cell::new(day("2026-01-07"), PortfolioId(2));
    let mut done = BTreeMap::new();
    for planned in plan.days_with_work() {
        let steps = planned.steps.iter();
        let mut cells = steps.fold(IdSet::new(), |all, steps| all | &steps.cells);
        if planned.day == failed.day {
            cells.remove(failed.portfolio.0);
        }
        done.insert(planned.day, cells);
    }
    let millis = Duration::from_millis;
    let now = count_ids(&done);
    Outcome {
        run: RunId::new(Uuid::from_u128(0x0192_4fa0_0000_7000_8000_0000_0000_0001)),
        state: RunState::Incomplete,
        started: utc("2026-01-08T22:00:00Z"),
        ended: utc("2026-01-08T22:00:01Z"),
        plan_id: plan.id(),
        progress: Progress {
            planned: plan.step_count(),
            done: now,
            failed: 1,
            blocked: 2,
            skipped: 1,
        },
        done,
        failures: vec![FailedPhase {
            cell: failed,
            phase: Phase::Risk,
            reason: "the factors are collinear".to_owned(),
        }],
        blocked: plan.blocked.clone(),
        warnings: vec![Warning::Replanned { times: 1 }],
        certificate: Certificate {
            expected: 52,
            done_before: 15,
            done_now: now,
            failed: 1,
            blocked: 2,
            deferred: 0,
            verdict: Verdict::Holds,
        },
        watermark_before: watermark,
        watermark_after: ScopeWatermark::At {
            day: day("2026-01-06"),
            held_by: Some(crate::plan::FirstGap {
                cell: failed,
                open_phases: PhaseSet::from_phase(Phase::Risk),
            }),
        },
        times: Times {
            total: millis(412),
            planning: millis(3),
            loading: millis(38),
            phases: PhaseTimes {
                books: millis(101),
                securities: millis(60),
                exposures: millis(12),
                risk: millis(140),
            },
            committing: millis(95),
        },
        plan,
    }
}
