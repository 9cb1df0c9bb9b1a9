//! Faults in the rules by which work is chosen: the rules of the incident, and settings that are
//! ignored.

use chrono::TimeDelta;

use plimsoll::domain::Calendar;
use plimsoll::plan::{Deleted, Filter, Newcomers, Policy, UnknownIds, Watermark, WatermarkScope};
use plimsoll::scenario::script::{Action, NamedPolicy, Run, Scenario, Step};

use crate::mutant::{Change, Detection, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    mutant(
        "global-max",
        "starts after the newest snapshot of any portfolio",
        &[Detection::Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.watermark = Watermark::GlobalMax);
        },
    ),
    mutant(
        "min-of-max",
        "starts after the oldest of the newest snapshots",
        &[Detection::Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.watermark = Watermark::MinOfMax);
        },
    ),
    mutant(
        "target-only",
        "plans the target only",
        &[Detection::Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.watermark = Watermark::BeforeTarget);
        },
    ),
    mutant(
        "scope-uses-global-watermark",
        "a scoped run uses the watermark of all portfolios",
        &[Detection::Scenario(
            "incident/a_run_for_one_portfolio_has_its_own_watermark",
        )],
        |scenario| {
            change_policies(scenario, |rules| {
                rules.watermark_scope = WatermarkScope::Ignored
            });
        },
    ),
    mutant(
        "deleted-included",
        "deleted portfolios are included",
        &[Detection::Scenario(
            "incident/a_deleted_portfolio_ahead_hides_missing_days",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.deleted = Deleted::Included);
        },
    ),
    mutant(
        "snapshot-row-counts-as-done",
        "a day with a snapshot row counts as done",
        &[Detection::Scenario(
            "calendar/a_removed_closure_makes_the_day_due_again",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.filter = Filter::SnapshotExists);
        },
    ),
    mutant(
        "all-reprocessed",
        "all portfolios are processed on each day of the range",
        &[Detection::Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.filter = Filter::None);
        },
    ),
    mutant(
        "new-portfolios-skipped",
        "new portfolios are left to onboarding",
        &[Detection::Scenario(
            "gaps_and_corrections/a_new_portfolio_keeps_a_hole_at_its_start_under_the_fix",
        )],
        |scenario| {
            change_policies(scenario, |rules| {
                rules.newcomers = Newcomers::LeftToOnboarding
            });
        },
    ),
    mutant(
        "unknown-scope-widened",
        "a scope of unknown ids becomes all portfolios",
        &[Detection::Scenario(
            "incident/a_scope_of_unknown_names_is_not_widened_to_all",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.unknown_ids = UnknownIds::WidenToAll);
        },
    ),
    mutant(
        "unknown-ids-skipped",
        "an unknown id is skipped silently",
        &[Detection::Scenario(
            "incident/a_scope_of_unknown_names_is_not_widened_to_all",
        )],
        |scenario| {
            change_policies(scenario, |rules| rules.unknown_ids = UnknownIds::Skip);
        },
    ),
    mutant(
        "scope-ignored",
        "a scoped run covers all portfolios",
        &[Detection::Scenario(
            "incident/a_manual_run_of_one_portfolio_makes_the_nightly_job_report_caught_up",
        )],
        |scenario| {
            change_runs(scenario, |run| run.portfolios = None);
        },
    ),
    mutant(
        "limit-ignored",
        "a limit of cells is ignored",
        &[Detection::Scenario(
            "invalidation/an_invalidation_lowers_the_watermark_at_once",
        )],
        |scenario| {
            change_runs(scenario, |run| run.limit = None);
        },
    ),
    mutant(
        "range-ignored",
        "a requested range is ignored",
        &[Detection::Scenario(
            "incident/forcing_a_day_reprocesses_all_to_fix_one",
        )],
        |scenario| {
            change_runs(scenario, |run| (run.from, run.to) = (None, None));
        },
    ),
    mutant(
        "target-ignored",
        "a requested target is ignored",
        &[Detection::Scenario(
            "calendar/a_target_in_the_future_is_refused",
        )],
        |scenario| {
            change_runs(scenario, |run| run.target = None);
        },
    ),
    mutant(
        "force-ignores-scope",
        "a forced run with a scope covers all portfolios",
        &[Detection::Scenario(
            "runs/forcing_one_portfolio_recomputes_only_that_one",
        )],
        |scenario| {
            change_runs(scenario, |run| {
                if run.force.is_some() {
                    run.portfolios = None;
                }
            });
        },
    ),
    mutant(
        "grace-ignored",
        "a session is final at its close",
        &[Detection::Scenario(
            "calendar/a_half_day_is_not_due_before_its_grace_has_passed",
        )],
        |scenario| {
            scenario.settings.grace = TimeDelta::zero();
        },
    ),
    mutant(
        "weekends-are-sessions",
        "every day is a session",
        &[Detection::Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        |scenario| {
            scenario.settings.calendar = Calendar::every_day();
        },
    ),
    mutant(
        "holidays-are-sessions",
        "every weekday is a session",
        &[Detection::Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        |scenario| {
            scenario.settings.calendar = Calendar::weekdays();
        },
    ),
    mutant(
        "quarantined-after-one-failure",
        "one failure quarantines a phase",
        &[Detection::Scenario(
            "portfolios/a_failure_count_is_cleared_on_success",
        )],
        |scenario| {
            scenario.settings.quarantine_after = 1;
        },
    ),
    mutant(
        "never-quarantined",
        "a phase that always fails is tried forever",
        &[Detection::Scenario(
            "portfolios/a_phase_that_keeps_failing_is_quarantined_until_retried",
        )],
        |scenario| {
            scenario.settings.quarantine_after = u32::MAX;
        },
    ),
    mutant(
        "zero-length-lease",
        "a lease ends when it is taken",
        &[Detection::Scenario(
            "runs/a_clock_set_back_during_a_run_does_not_affect_it",
        )],
        |scenario| {
            scenario.settings.lease = TimeDelta::zero();
        },
    ),
    mutant(
        "endless-lease",
        "a lease never ends",
        &[Detection::Scenario(
            "runs/a_clock_set_back_during_a_run_does_not_affect_it",
        )],
        |scenario| {
            scenario.settings.lease = TimeDelta::days(10_000);
        },
    ),
    mutant(
        "missing-prices-ignored",
        "cells are computed without prices",
        &[Detection::Scenario(
            "gaps_and_corrections/a_late_price_blocks_its_holders_until_it_arrives",
        )],
        |scenario| {
            scenario.settings.price_wait.min_priced_share = 0.0;
        },
    ),
    mutant(
        "dead-securities-block",
        "a security without prices blocks forever",
        &[Detection::Scenario(
            "portfolios/a_dead_security_no_longer_blocks",
        )],
        |scenario| {
            scenario.settings.price_wait.dead_after_sessions = u16::MAX;
            scenario.settings.price_wait.sessions = usize::MAX;
        },
    ),
];

const fn mutant(
    name: &'static str,
    fault: &'static str,
    found_by: &'static [Detection],
    change: fn(&mut Scenario),
) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Rules(change),
        found_by,
    }
}

fn change_policies(scenario: &mut Scenario, change: fn(&mut Policy)) {
    for NamedPolicy { policy, .. } in &mut scenario.policies {
        change(policy);
    }
    change_runs(scenario, |run| {
        if let Some(NamedPolicy { policy, .. }) = &mut run.policy {
            change(policy);
        }
    });
}

fn change_runs(scenario: &mut Scenario, mut change: impl FnMut(&mut Run)) {
    for step in &mut scenario.steps {
        change_run(step, &mut change);
    }
}

fn change_run(step: &mut Step, change: &mut impl FnMut(&mut Run)) {
    if let Action::Run(run) = &mut step.action {
        change(run);
        for (_, step) in &mut run.meanwhile {
            change_run(step, change);
        }
    }
}
