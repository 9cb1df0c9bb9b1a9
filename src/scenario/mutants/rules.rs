//! Faults in the rules by which work is chosen: those of the incident, and settings that are not
//! kept.

use chrono::TimeDelta;

use super::mutant::{Change, Mutant};
use crate::domain::Calendar;
use crate::plan::{Deleted, Filter, Newcomers, Policy, UnknownIds, Watermark, WatermarkScope};
use crate::scenario::script::{Action, NamedPolicy, Scenario, Step};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "global-max",
        "looks after the newest snapshot of anybody",
        |s| {
            change_policies(s, |rules| rules.watermark = Watermark::GlobalMax);
        },
    ),
    mutant(
        "oldest-newest",
        "looks after the oldest of the newest snapshots",
        |s| {
            change_policies(s, |rules| rules.watermark = Watermark::MinOfMax);
        },
    ),
    mutant("target-alone", "looks at the target alone", |s| {
        change_policies(s, |rules| rules.watermark = Watermark::BeforeTarget);
    }),
    mutant(
        "watermark-of-everybody",
        "a scoped run uses everybody's watermark",
        |s| {
            change_policies(s, |rules| rules.watermark_scope = WatermarkScope::Ignored);
        },
    ),
    mutant(
        "deleted-take-part",
        "deleted portfolios are not excluded",
        |s| {
            change_policies(s, |rules| rules.deleted = Deleted::Included);
        },
    ),
    mutant(
        "snapshot-as-proof",
        "a snapshot row is taken for a day that is done",
        |s| {
            change_policies(s, |rules| rules.filter = Filter::SnapshotExists);
        },
    ),
    mutant(
        "everybody-again",
        "everybody is processed on each day of the range",
        |s| {
            change_policies(s, |rules| rules.filter = Filter::None);
        },
    ),
    mutant(
        "newcomers-forgotten",
        "newcomers are left to onboarding",
        |s| {
            change_policies(s, |rules| rules.newcomers = Newcomers::LeftToOnboarding);
        },
    ),
    mutant(
        "scope-widened",
        "a scope of unknown ids becomes everybody",
        |s| {
            change_policies(s, |rules| rules.unknown_ids = UnknownIds::WidenToAll);
        },
    ),
    mutant(
        "unknown-ids-skipped",
        "an unknown id is left out in silence",
        |s| {
            change_policies(s, |rules| rules.unknown_ids = UnknownIds::Skip);
        },
    ),
    mutant("scope-ignored", "a scoped run is of everybody", |s| {
        change_runs(s, |run| run.portfolios = None);
    }),
    mutant("limit-ignored", "a limit of cells is not kept", |s| {
        change_runs(s, |run| run.limit = None);
    }),
    mutant("range-ignored", "a range asked for is not kept", |s| {
        change_runs(s, |run| (run.from, run.to) = (None, None));
    }),
    mutant("target-ignored", "a target asked for is not kept", |s| {
        change_runs(s, |run| run.target = None);
    }),
    mutant(
        "force-of-everybody",
        "a forced run with a scope is of everybody",
        |s| {
            change_runs(s, |run| {
                if run.force.is_some() {
                    run.portfolios = None;
                }
            });
        },
    ),
    mutant("grace-forgotten", "a session is final at its close", |s| {
        s.settings.grace = TimeDelta::zero();
    }),
    mutant("weekends-counted", "every day is a session", |s| {
        s.settings.calendar = Calendar::every_day();
    }),
    mutant("holidays-counted", "every weekday is a session", |s| {
        s.settings.calendar = Calendar::weekdays();
    }),
    mutant("quarantined-at-once", "one failure is too many", |s| {
        s.settings.quarantine_after = 1;
    }),
    mutant(
        "never-quarantined",
        "what fails always is tried for ever",
        |s| {
            s.settings.quarantine_after = u32::MAX;
        },
    ),
    mutant("lease-of-no-length", "a lease ends as it is taken", |s| {
        s.settings.lease = TimeDelta::zero();
    }),
    mutant("lease-without-end", "a lease never runs out", |s| {
        s.settings.lease = TimeDelta::days(10_000);
    }),
    mutant(
        "nothing-waited-for",
        "cells are filled without prices",
        |s| {
            s.settings.price_wait.min_priced_share = 0.0;
        },
    ),
    mutant(
        "dead-waited-for",
        "a security without prices blocks for ever",
        |s| {
            s.settings.price_wait.dead_after_sessions = u16::MAX;
            s.settings.price_wait.sessions = usize::MAX;
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
