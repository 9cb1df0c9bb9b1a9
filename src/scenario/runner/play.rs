//! A scenario played under every policy it names, each on a copy of the same disk.

use chrono::TimeDelta;
use thiserror::Error;

use super::check::{check_scenario, check_step};
use super::harness::Harness;
use super::inspect::EndState;
use super::result::{PlayResult, PolicyResult, StepOutcome};
use super::{changes, invariants, run};
use crate::engine::EngineError;
use crate::query::QueryError;
use crate::report::count_with_noun;
use crate::scenario::LoadError;
use crate::scenario::load::fill;
use crate::scenario::name_list::format_names;
use crate::scenario::script::{Action, NamedPolicy, Point, Run, Scenario, SignedDuration, Step};
use crate::scenario::world::WorldError;
use crate::store::{SimulatedDisk, Store, StoreError};

/// Why a scenario could not be played. What comes of its steps, refusals too, is no error.
#[derive(Debug, Error)]
pub enum PlayError {
    /// Its world can't be made a database.
    #[error("the world cannot be made a database")]
    Load(#[from] LoadError),
    /// Its world does not go on as the steps ask for.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The books can't be looked at.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The engine can't say how the books stand.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store can't be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How much is checked between steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CheckLevel {
    /// Every invariant after every step, each cell computed anew.
    #[default]
    Invariants,
    /// Nothing but what is expected: for looking, not for proving.
    ExpectationsOnly,
}

/// Plays a scenario; tells what came of every step, and what is not as it should be.
pub fn play(scenario: &Scenario, pace: CheckLevel) -> Result<PlayResult, PlayError> {
    let disk = scenario_disk(scenario)?;
    let world = &scenario.world;
    let policies = scenario.policies.iter();
    let policies = policies.map(|policy| play_policy(scenario, policy, disk.fork(), pace));
    let zone = world.calendar.zone();
    Ok(PlayResult {
        name: scenario.name.clone(),
        description: world.description.clone(),
        now: world.now,
        calendar: format!("{} ({zone})", world.calendar.name()),
        portfolios: (world.portfolios.iter())
            .map(|one| one.portfolio.name.clone())
            .collect(),
        policies: policies.collect::<Result<_, _>>()?,
    })
}

/// A disk that holds the scenario's world.
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
    pace: CheckLevel,
) -> Result<PolicyResult, PlayError> {
    let stage = Harness::new(scenario, policy, disk, pace)?;
    play_steps(&stage)?;
    let end = match stage.inspect() {
        Err(PlayError::Engine(EngineError::Calendar(unknown))) => {
            EndState::from_calendar_error(&unknown)
        }
        looked => looked?.end_state(),
    };
    let (acts, findings) = stage.into_steps_and_findings();
    let mut told = PolicyResult {
        policy: policy.name.clone(),
        steps: acts,
        end,
        findings,
    };
    let expected = [
        Some(&scenario.expected),
        scenario.expected_by_policy.get(&policy.name),
    ];
    let found: Vec<_> = (expected.into_iter().flatten())
        .flat_map(|expected| check_scenario(expected, &told))
        .collect();
    told.findings.extend(found);
    Ok(told)
}

/// Makes the steps happen, one after the other.
pub(super) fn play_steps(stage: &Harness<'_>) -> Result<(), PlayError> {
    for (number, step) in (1..).zip(&stage.scenario.steps) {
        play_step(stage, &i32::to_string(&number), None, step)?;
    }
    Ok(())
}

/// Makes one step happen, at a point of a run or by itself; tells what came of it, and holds it
/// against what must be.
pub(super) fn play_step(
    stage: &Harness<'_>,
    number: &str,
    point: Option<Point>,
    step: &Step,
) -> Result<(), PlayError> {
    let what = describe(&step.action, stage);
    let what = match point {
        None => what,
        Some(point) => format!("{point}: {what}"),
    };
    let place = stage.begin_step(number, what);
    let came = match &step.action {
        Action::Run(asked) => run_outcome(stage, number, asked, run::run(stage, number, asked)?)?,
        Action::Onboard(name) => {
            let asked = run::onboarding_run(name);
            run_outcome(stage, number, &asked, run::onboard(stage, number, &asked)?)?
        }
        action => {
            let came = apply(stage, action)?;
            if stage.check_level == CheckLevel::Invariants {
                stage.add_findings(invariants::after_change(stage, number)?);
            }
            came
        }
    };
    if let Some(expected) = &step.expected {
        stage.add_findings(check_step(expected, number, &came));
    }
    stage.set_outcome(place, came);
    Ok(())
}

fn run_outcome(
    stage: &Harness<'_>,
    number: &str,
    asked: &Run,
    finished: run::FinishedRun,
) -> Result<StepOutcome, PlayError> {
    if stage.check_level == CheckLevel::Invariants {
        stage.add_findings(invariants::after_run(stage, number, asked, &finished)?);
    }
    Ok(StepOutcome::Run(Box::new(finished.result)))
}

fn apply(stage: &Harness<'_>, action: &Action) -> Result<StepOutcome, PlayError> {
    match action {
        Action::Run(_) | Action::Onboard(_) => unreachable!("runs are made to happen elsewhere"),
        Action::Invalidate(asked) => changes::invalidate(stage, asked),
        Action::Retry { portfolio, days } => changes::retry(stage, *portfolio, *days),
        Action::Delete(who) => changes::delete_portfolios(stage, who),
        Action::Restore(who) => changes::restore_portfolios(stage, who),
        Action::Close(lives) => changes::close_portfolios(stage, lives),
        Action::Add(who) => changes::add_portfolios(stage, who),
        Action::Prices(closes) => changes::import_prices(stage, closes),
        Action::Transactions(entries) => changes::import_transactions(stage, entries),
        Action::Split(split) => changes::import_split(stage, split),
        Action::Advance(by) => move_clock(stage, *by),
        Action::Clock(to) => move_clock(stage, *to - stage.environment().clock.now()),
        Action::Calendar { calendar, .. } => {
            stage.set_calendar(calendar.clone());
            Ok(changes::done_outcome(Vec::new(), 0))
        }
        Action::Configure(settings) => {
            stage.configure(settings);
            Ok(changes::done_outcome(Vec::new(), 0))
        }
    }
}

fn move_clock(stage: &Harness<'_>, by: TimeDelta) -> Result<StepOutcome, PlayError> {
    stage.advance(by)?;
    Ok(changes::done_outcome(Vec::new(), 0))
}

/// What happens, in words.
fn describe(action: &Action, stage: &Harness<'_>) -> String {
    let name = |id: crate::domain::PortfolioId| {
        let mut all = stage.scenario.portfolios();
        let found = all.find(|one| one.portfolio.id == id);
        found.map_or_else(
            || format!("portfolio {}", id.0),
            |one| one.portfolio.name.clone(),
        )
    };
    match action {
        Action::Run(run) => describe_run(run),
        Action::Onboard(name) => format!("onboard {name}"),
        Action::Invalidate(asked) => {
            let who = asked.portfolios.as_ref().map_or_else(
                || "everybody".to_owned(),
                |ids| format_names(&ids.iter().map(|id| name(*id)).collect::<Vec<_>>()),
            );
            format!("invalidate {who} on {}: {}", asked.days, asked.reason)
        }
        Action::Retry { portfolio, .. } => {
            let who = portfolio.map_or_else(|| "everything that failed".to_owned(), name);
            format!("retry {who}")
        }
        Action::Delete(who) => format!("delete {}", format_names(who)),
        Action::Restore(who) => format!("restore {}", format_names(who)),
        Action::Close(lives) => {
            let each = lives
                .iter()
                .map(|(name, day)| format!("{name} after {day}"));
            format!("close {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Add(who) => {
            let names: Vec<_> = who.iter().map(|one| one.portfolio.name.clone()).collect();
            format!("add {}", format_names(&names))
        }
        Action::Prices(closes) => {
            let listing = &stage.scenario.world.listing;
            let each = closes.iter().map(|close| {
                let symbol = &listing.security(close.security).symbol;
                format!("{symbol} {} on {}", close.close, close.day)
            });
            format!("prices: {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Transactions(entries) => {
            let each = entries
                .iter()
                .map(|one| format!("{} of {} on {}", one.kind, name(one.portfolio), one.day));
            format!("record {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Split(split) => {
            let symbol = &stage.scenario.world.listing.security(split.security).symbol;
            format!(
                "{symbol} splits {} for {} on {}",
                split.new, split.old, split.day
            )
        }
        Action::Advance(by) => format!("the clock moves {}", SignedDuration(*by)),
        Action::Clock(_) => "the clock is set".to_owned(),
        Action::Calendar { summary: words, .. } => format!("the calendar changes: {words}"),
        Action::Configure(_) => "the configuration changes".to_owned(),
    }
}

fn describe_run(run: &Run) -> String {
    let mut words = vec!["run".to_owned()];
    words.extend(run.portfolios.as_ref().map(|names| {
        if names.is_empty() {
            "of nobody".to_owned()
        } else {
            format!("of {}", format_names(names))
        }
    }));
    words.extend(run.policy.as_ref().map(|one| format!("by {}", one.name)));
    words.extend(run.force.map(|days| format!("forced for {days}")));
    words.extend(run.from.map(|day| format!("from {day}")));
    words.extend(run.to.map(|day| format!("to {day}")));
    words.extend(run.target.map(|day| format!("up to {day}")));
    words.extend(
        run.limit
            .map(|cells| format!("of at most {}", count_with_noun(cells, "cell"))),
    );
    words.extend(
        run.max_cells
            .map(|cells| format!("refusing more than {}", count_with_noun(cells, "cell"))),
    );
    let mut text = words.join(" ");
    if let Some(point) = run.cancel {
        text += &format!(", stopped by a person {point}");
    }
    if let Some(crash) = run.crash {
        let what = match crash.power {
            crate::scenario::script::Power::On => "cut off",
            crate::scenario::script::Power::Cut => "cut off with the power",
        };
        text += &format!(", {what} {}", crash.at);
    }
    text
}
