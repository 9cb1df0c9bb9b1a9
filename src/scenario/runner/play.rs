//! Plays a scenario under each of its policies, each on a copy of the same disk.

use chrono::TimeDelta;
use thiserror::Error;

use super::check::{check_scenario, check_step};
use super::harness::Harness;
use super::inspect::EndState;
use super::result::{PlayResult, PolicyResult, StepOutcome};
use super::{changes, invariants, run};
use crate::disk::SimulatedDisk;
use crate::engine::EngineError;
use crate::query::QueryError;
use crate::report::count_with_noun;
use crate::scenario::LoadError;
use crate::scenario::load::fill;
use crate::scenario::name_list::format_names;
use crate::scenario::script::{Action, NamedPolicy, Point, Run, Scenario, SignedDuration, Step};
use crate::scenario::world::WorldError;
use crate::store::{Store, StoreError};

/// An error that ends a play. Outcomes of steps, refusals included, are results and not errors.
#[derive(Debug, Error)]
pub enum PlayError {
    /// The world of the scenario could not be loaded into a database.
    #[error("failed to load the world into a database")]
    Load(#[from] LoadError),
    /// The sources of the world can't be continued to a day that a step reaches.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Reading the database through a query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Planning or running failed outside of the outcomes that a run can have.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store could not be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The amount of checking between steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CheckLevel {
    /// Every invariant after every step; each cell is computed again.
    #[default]
    Invariants,
    /// Only the expectations of the scenario, which is faster.
    ExpectationsOnly,
}

/// Plays a scenario under each of its policies and returns the outcome of every step, with all
/// findings.
///
/// # Errors
///
/// The world cannot be loaded, or the store or engine fails in a way that no step asked for.
pub fn play(scenario: &Scenario, check_level: CheckLevel) -> Result<PlayResult, PlayError> {
    let disk = scenario_disk(scenario)?;
    let world = &scenario.world;
    let policies = scenario.policies.iter();
    // All policies start from the same bytes, so that their transcripts differ by policy only.
    let policies = policies.map(|policy| play_policy(scenario, policy, disk.fork(), check_level));
    let zone = world.calendar.zone();
    Ok(PlayResult {
        name: scenario.name.clone(),
        description: world.description.clone(),
        now: world.now,
        calendar: format!("{} ({zone})", world.calendar.name()),
        portfolios: (world.portfolios.iter())
            .map(|world| world.portfolio.name.clone())
            .collect(),
        policies: policies.collect::<Result<_, _>>()?,
    })
}

/// Creates a disk that holds the world of the scenario.
pub(super) fn scenario_disk(scenario: &Scenario) -> Result<SimulatedDisk, PlayError> {
    let disk = SimulatedDisk::with_new_database()?;
    let (world, settings) = (&scenario.world, &scenario.settings);
    fill(
        &Store::open(&disk)?,
        world,
        &scenario.name,
        settings,
        &|_| {},
    )?;
    Ok(disk)
}

fn play_policy(
    scenario: &Scenario,
    policy: &NamedPolicy,
    disk: SimulatedDisk,
    check_level: CheckLevel,
) -> Result<PolicyResult, PlayError> {
    let harness = Harness::new(scenario, policy, disk, check_level)?;
    play_steps(&harness)?;
    let end = match harness.inspect() {
        // A scenario may move the clock beyond its calendar; its transcript says so.
        Err(PlayError::Engine(EngineError::Calendar(unknown))) => {
            EndState::from_calendar_error(&unknown)
        }
        inspected => inspected?.end_state(),
    };
    let (steps, findings) = harness.into_steps_and_findings();
    let mut result = PolicyResult {
        policy: policy.name.clone(),
        steps,
        end,
        findings,
    };
    // Common expectations apply to every policy, beside those of the policy itself.
    let expected = [
        Some(&scenario.expected),
        scenario.expected_by_policy.get(&policy.name),
    ];
    let found: Vec<_> = (expected.into_iter().flatten())
        .flat_map(|expected| check_scenario(expected, &result))
        .collect();
    result.findings.extend(found);
    Ok(result)
}

/// Plays all steps in order, numbered from 1.
pub(super) fn play_steps(harness: &Harness<'_>) -> Result<(), PlayError> {
    for (number, step) in (1..).zip(&harness.scenario.steps) {
        play_step(harness, &i32::to_string(&number), None, step)?;
    }
    Ok(())
}

/// Plays one step, alone or at a point inside a run: adds its outcome, checks the invariants and
/// its expectations.
pub(super) fn play_step(
    harness: &Harness<'_>,
    number: &str,
    point: Option<Point>,
    step: &Step,
) -> Result<(), PlayError> {
    let description = describe(&step.action, harness);
    let description = match point {
        None => description,
        Some(point) => format!("{point}: {description}"),
    };
    // Added before it is played, so that steps inside a run are listed after the run.
    let index = harness.begin_step(number, description);
    let outcome = match &step.action {
        Action::Run(request) => run_outcome(
            harness,
            number,
            request,
            run::run(harness, number, request)?,
        )?,
        Action::Onboard(name) => {
            let request = run::onboarding_run(name);
            let finished = run::onboard(harness, number, &request, name)?;
            run_outcome(harness, number, &request, finished)?
        }
        action => {
            let outcome = apply(harness, action)?;
            if harness.check_level == CheckLevel::Invariants {
                harness.add_findings(invariants::after_change(harness, number)?);
            }
            outcome
        }
    };
    if let Some(expected) = &step.expected {
        harness.add_findings(check_step(expected, number, &outcome));
    }
    harness.set_outcome(index, outcome);
    Ok(())
}

fn run_outcome(
    harness: &Harness<'_>,
    number: &str,
    request: &Run,
    finished: run::FinishedRun,
) -> Result<StepOutcome, PlayError> {
    if harness.check_level == CheckLevel::Invariants {
        harness.add_findings(invariants::after_run(harness, number, request, &finished)?);
    }
    Ok(StepOutcome::Run(Box::new(finished.result)))
}

fn apply(harness: &Harness<'_>, action: &Action) -> Result<StepOutcome, PlayError> {
    match action {
        Action::Run(_) | Action::Onboard(_) => unreachable!("`play_step` handles runs"),
        Action::Invalidate(invalidation) => changes::invalidate(harness, invalidation),
        Action::Retry { portfolio, days } => changes::retry(harness, *portfolio, *days),
        Action::Delete(portfolios) => changes::delete_portfolios(harness, portfolios),
        Action::Restore(portfolios) => changes::restore_portfolios(harness, portfolios),
        Action::Close(closing_days) => changes::close_portfolios(harness, closing_days),
        Action::Add(portfolios) => changes::add_portfolios(harness, portfolios),
        Action::Prices(closes) => changes::import_prices(harness, closes),
        Action::Transactions(entries) => changes::import_transactions(harness, entries),
        Action::Split(split) => changes::import_split(harness, split),
        Action::Advance(by) => move_clock(harness, *by),
        Action::Clock(to) => move_clock(harness, *to - harness.environment().clock.now()),
        Action::Calendar { calendar, .. } => {
            harness.set_calendar(calendar.clone());
            Ok(changes::done_outcome(Vec::new(), 0))
        }
        Action::Configure(settings) => {
            harness.configure(settings);
            Ok(changes::done_outcome(Vec::new(), 0))
        }
    }
}

fn move_clock(harness: &Harness<'_>, by: TimeDelta) -> Result<StepOutcome, PlayError> {
    harness.advance(by)?;
    Ok(changes::done_outcome(Vec::new(), 0))
}

/// Describes a step in a few words, for transcripts and results.
fn describe(action: &Action, harness: &Harness<'_>) -> String {
    let name = |id: crate::domain::PortfolioId| {
        let mut portfolios = harness.scenario.portfolios();
        let found = portfolios.find(|portfolio| portfolio.portfolio.id == id);
        found.map_or_else(
            || format!("portfolio {}", id.0),
            |portfolio| portfolio.portfolio.name.clone(),
        )
    };
    match action {
        Action::Run(run) => describe_run(run),
        Action::Onboard(name) => format!("onboard {name}"),
        Action::Invalidate(invalidation) => {
            let portfolios = invalidation.portfolios.as_ref().map_or_else(
                || "all portfolios".to_owned(),
                |ids| format_names(&ids.iter().map(|id| name(*id)).collect::<Vec<_>>()),
            );
            format!(
                "invalidate {portfolios} on {}: {}",
                invalidation.days, invalidation.reason
            )
        }
        Action::Retry { portfolio, .. } => {
            let portfolios = portfolio.map_or_else(|| "all failed phases".to_owned(), name);
            format!("retry {portfolios}")
        }
        Action::Delete(portfolios) => format!("delete {}", format_names(portfolios)),
        Action::Restore(portfolios) => format!("restore {}", format_names(portfolios)),
        Action::Close(closing_days) => {
            let each = closing_days
                .iter()
                .map(|(name, day)| format!("{name} after {day}"));
            format!("close {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Add(portfolios) => {
            let names: Vec<_> = portfolios
                .iter()
                .map(|portfolio| portfolio.portfolio.name.clone())
                .collect();
            format!("add {}", format_names(&names))
        }
        Action::Prices(closes) => {
            let listing = &harness.scenario.world.listing;
            let each = closes.iter().map(|close| {
                let symbol = &listing.security(close.security).symbol;
                format!("{symbol} {} on {}", close.close, close.day)
            });
            format!("prices: {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Transactions(entries) => {
            let each = entries.iter().map(|transaction| {
                format!(
                    "{} of {} on {}",
                    transaction.kind,
                    name(transaction.portfolio),
                    transaction.day
                )
            });
            format!("record {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Split(split) => {
            let symbol = &harness
                .scenario
                .world
                .listing
                .security(split.security)
                .symbol;
            format!(
                "{symbol} splits {} for {} on {}",
                split.new, split.old, split.day
            )
        }
        Action::Advance(by) => format!("the clock moves {}", SignedDuration(*by)),
        Action::Clock(_) => "the clock is set".to_owned(),
        Action::Calendar { summary, .. } => format!("the calendar changes: {summary}"),
        Action::Configure(_) => "the configuration changes".to_owned(),
    }
}

fn describe_run(run: &Run) -> String {
    let mut parts = vec!["run".to_owned()];
    parts.extend(run.portfolios.as_ref().map(|names| {
        if names.is_empty() {
            "of no portfolios".to_owned()
        } else {
            format!("of {}", format_names(names))
        }
    }));
    parts.extend(
        run.policy
            .as_ref()
            .map(|policy| format!("by {}", policy.name)),
    );
    parts.extend(run.force.map(|days| format!("forced for {days}")));
    parts.extend(run.from.map(|day| format!("from {day}")));
    parts.extend(run.to.map(|day| format!("to {day}")));
    parts.extend(run.target.map(|day| format!("up to {day}")));
    parts.extend(
        run.limit
            .map(|cells| format!("of at most {}", count_with_noun(cells, "cell"))),
    );
    parts.extend(
        run.max_cells
            .map(|cells| format!("refusing more than {}", count_with_noun(cells, "cell"))),
    );
    let mut text = parts.join(" ");
    if let Some(point) = run.cancel {
        text += &format!(", cancelled {point}");
    }
    if let Some(crash) = run.crash {
        let crash_text = match crash.power {
            crate::scenario::script::Power::On => "crashes",
            crate::scenario::script::Power::Cut => "power fails",
        };
        text += &format!(", {crash_text} {}", crash.at);
    }
    text
}
