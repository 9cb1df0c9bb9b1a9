//! Faults in the rules by which work is chosen: the rules of the incident, and settings that are
//! ignored.

use chrono::TimeDelta;

use super::mutant::{Change, Mutant};
use crate::domain::Calendar;
use crate::plan::{Deleted, Filter, Newcomers, Policy, UnknownIds, Watermark, WatermarkScope};
use crate::scenario::script::{Action, NamedPolicy, Scenario, Step};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "global-max",
        "starts after the newest snapshot of any portfolio",
        |scenario| {
            change_policies(scenario, |rules| rules.watermark = Watermark::GlobalMax);
        },
    ),
    mutant(
        "min-of-max",
        "starts after the oldest of the newest snapshots",
        |scenario| {
            change_policies(scenario, |rules| rules.watermark = Watermark::MinOfMax);
        },
    ),
    mutant("target-only", "plans the target only", |scenario| {
        change_policies(scenario, |rules| rules.watermark = Watermark::BeforeTarget);
    }),
    mutant(
        "scope-uses-global-watermark",
        "a scoped run uses the watermark of all portfolios",
        |scenario| {
            change_policies(scenario, |rules| {
                rules.watermark_scope = WatermarkScope::Ignored
            });
        },
    ),
    mutant(
        "deleted-included",
        "deleted portfolios are included",
        |scenario| {
            change_policies(scenario, |rules| rules.deleted = Deleted::Included);
        },
    ),
    mutant(
        "snapshot-row-counts-as-done",
        "a day with a snapshot row counts as done",
        |scenario| {
            change_policies(scenario, |rules| rules.filter = Filter::SnapshotExists);
        },
    ),
    mutant(
        "all-reprocessed",
        "all portfolios are processed on each day of the range",
        |scenario| {
            change_policies(scenario, |rules| rules.filter = Filter::None);
        },
    ),
    mutant(
        "new-portfolios-skipped",
        "new portfolios are left to onboarding",
        |scenario| {
            change_policies(scenario, |rules| {
                rules.newcomers = Newcomers::LeftToOnboarding
            });
        },
    ),
    mutant(
        "unknown-scope-widened",
        "a scope of unknown ids becomes all portfolios",
        |scenario| {
            change_policies(scenario, |rules| rules.unknown_ids = UnknownIds::WidenToAll);
        },
    ),
    mutant(
        "unknown-ids-skipped",
        "an unknown id is skipped silently",
        |scenario| {
            change_policies(scenario, |rules| rules.unknown_ids = UnknownIds::Skip);
        },
    ),
    mutant(
        "scope-ignored",
        "a scoped run covers all portfolios",
        |scenario| {
            change_runs(scenario, |run| run.portfolios = None);
        },
    ),
    mutant("limit-ignored", "a limit of cells is ignored", |scenario| {
        change_runs(scenario, |run| run.limit = None);
    }),
    mutant(
        "range-ignored",
        "a requested range is ignored",
        |scenario| {
            change_runs(scenario, |run| (run.from, run.to) = (None, None));
        },
    ),
    mutant(
        "target-ignored",
        "a requested target is ignored",
        |scenario| {
            change_runs(scenario, |run| run.target = None);
        },
    ),
    mutant(
        "force-ignores-scope",
        "a forced run with a scope covers all portfolios",
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
        |scenario| {
            scenario.settings.grace = TimeDelta::zero();
        },
    ),
    mutant(
        "weekends-are-sessions",
        "every day is a session",
        |scenario| {
            scenario.settings.calendar = Calendar::every_day();
        },
    ),
    mutant(
        "holidays-are-sessions",
        "every weekday is a session",
        |scenario| {
            scenario.settings.calendar = Calendar::weekdays();
        },
    ),
    mutant(
        "quarantined-after-one-failure",
        "one failure quarantines a phase",
        |scenario| {
            scenario.settings.quarantine_after = 1;
        },
    ),
    mutant(
        "never-quarantined",
        "a phase that always fails is tried forever",
        |scenario| {
            scenario.settings.quarantine_after = u32::MAX;
        },
    ),
    mutant(
        "zero-length-lease",
        "a lease ends when it is taken",
        |scenario| {
            scenario.settings.lease = TimeDelta::zero();
        },
    ),
    mutant("endless-lease", "a lease never ends", |scenario| {
        scenario.settings.lease = TimeDelta::days(10_000);
    }),
    mutant(
        "missing-prices-ignored",
        "cells are computed without prices",
        |scenario| {
            scenario.settings.price_wait.min_priced_share = 0.0;
        },
    ),
    mutant(
        "dead-securities-block",
        "a security without prices blocks forever",
        |scenario| {
            scenario.settings.price_wait.dead_after_sessions = u16::MAX;
            scenario.settings.price_wait.sessions = usize::MAX;
        },
    ),
];

const fn mutant(name: &'static str, fault: &'static str, change: fn(&mut Scenario)) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Rules(change),
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

fn change_runs(scenario: &mut Scenario, mut change: impl FnMut(&mut crate::scenario::script::Run)) {
    for step in &mut scenario.steps {
        change_run(step, &mut change);
    }
}

fn change_run(step: &mut Step, change: &mut impl FnMut(&mut crate::scenario::script::Run)) {
    if let Action::Run(run) = &mut step.action {
        change(run);
        for (_, step) in &mut run.meanwhile {
            change_run(step, change);
        }
    }
}
