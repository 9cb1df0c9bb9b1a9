//! Plays a scenario under each of its policies, each on a copy of the same disk.

use super::describe::describe;
use super::error::PlayError;
use super::harness::{CheckLevel, Harness};
use super::prepared::PreparedRun;
use super::result::{PlayResult, PolicyResult, StepOutcome};
use super::step_number::StepNumber;
use super::{changes, invariants, own_calendar, run, withdraw};
use crate::disk::SimulatedDisk;
use crate::plan::PolicyName;
use crate::scenario::load::{WorldHistory, fill};
use crate::scenario::script::{Action, Expectation, NamedPolicy, Point, Run, Scenario, Step};
use crate::store::Store;
use chrono::TimeDelta;

/// Plays a scenario under each of its policies and returns the outcome of every step, with all
/// findings.
///
/// # Errors
///
/// The world cannot be loaded, or the store or engine fails in a way that no step asked for.
pub fn play(scenario: &Scenario, check_level: CheckLevel) -> Result<PlayResult, PlayError> {
    play_until(scenario, check_level, WorldHistory::Computed, |_| false)
}

/// Like [`play`], with the done cells of the world made as `history` says, up to the first policy
/// whose result is `enough`.
pub(in crate::scenario) fn play_until(
    scenario: &Scenario,
    check_level: CheckLevel,
    history: WorldHistory,
    enough: impl Fn(&PolicyResult) -> bool,
) -> Result<PlayResult, PlayError> {
    let disk = scenario_disk(scenario, history)?;
    let mut policies = Vec::new();
    for policy in &scenario.policies {
        // All policies start from the same bytes, so that their transcripts differ by policy only.
        let result = play_policy(scenario, policy, disk.fork(), check_level)?;
        let is_enough = enough(&result);
        policies.push(result);
        if is_enough {
            break;
        }
    }
    Ok(PlayResult::of(scenario, policies))
}

/// Creates a disk that holds the world of the scenario.
fn scenario_disk(scenario: &Scenario, history: WorldHistory) -> Result<SimulatedDisk, PlayError> {
    let disk = SimulatedDisk::with_new_database()?;
    let (world, settings) = (&scenario.world, &scenario.settings);
    fill(
        &Store::open(&disk)?,
        world,
        &scenario.name,
        settings,
        history,
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
    // A scenario may move the clock beyond its calendar; its transcript says so.
    // Common expectations apply to every policy, beside those of the policy itself.
    let expected = [
        Some(&scenario.expected),
        scenario.expected_by_policy.get(&policy.name),
    ];
    let expected = expected.into_iter().flatten();
    let end = harness.end_state(expected.clone().any(Expectation::is_about_outputs))?;
    let (steps, findings) = harness.into_steps_and_findings();
    let mut result = PolicyResult {
        policy: policy.name.clone(),
        steps,
        end,
        findings,
    };
    let found: Vec<_> = expected
        .flat_map(|expected| result.check(expected))
        .collect();
    result.findings.extend(found);
    Ok(result)
}

/// Plays a scenario under the policy `per-cell`, whatever policies it names, and returns each of
/// its runs as it is about to start. Steps inside a run and crashes happen in this play as the
/// scenario says, but the returned runs do not contain them.
///
/// Runs inside another run are left out. So are runs that name a policy: they reproduce the faults
/// of that policy, so their results need not be correct.
///
/// # Errors
///
/// Those of [`play`].
pub fn prepare_runs(scenario: &Scenario) -> Result<Vec<PreparedRun>, PlayError> {
    let default_policy = NamedPolicy {
        name: PolicyName::PerCell.name().to_owned(),
        policy: PolicyName::PerCell.policy(),
    };
    let harness = Harness::new(
        scenario,
        &default_policy,
        scenario_disk(scenario, WorldHistory::Computed)?,
        CheckLevel::ExpectationsOnly,
    )?;
    play_steps(&harness)?;
    Ok(harness.into_prepared_runs())
}

/// Plays all steps in order, numbered from 1.
fn play_steps(harness: &Harness<'_>) -> Result<(), PlayError> {
    for (number, step) in (1..).zip(&harness.scenario.steps) {
        play_step(harness, &StepNumber::of_scenario(number), None, step)?;
    }
    Ok(())
}

/// Plays one step, alone or at a point inside a run: adds its outcome, checks the invariants and
/// its expectations.
fn play_step(
    harness: &Harness<'_>,
    number: &StepNumber,
    point: Option<Point>,
    step: &Step,
) -> Result<(), PlayError> {
    let description = describe(&step.action, harness.scenario);
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
            run::run(harness, number, request, &play_step)?,
        )?,
        Action::Plan(request) => StepOutcome::Planned(Box::new(run::plan(harness, request)?)),
        Action::Onboard(name) => {
            let request = run::onboarding_run(name);
            let finished = run::onboard(harness, number, (&request, name), &play_step)?;
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
    let expected = || step.expected_under(&harness.policy.name);
    let about_outputs = expected().any(Expectation::is_about_outputs);
    let about_state = expected().any(Expectation::is_about_state);
    let state = about_state.then(|| harness.end_state(about_outputs));
    let played = harness.finish_step(index, outcome, state.transpose()?);
    harness.add_findings(expected().flat_map(|expected| played.check(expected)));
    Ok(())
}

fn run_outcome(
    harness: &Harness<'_>,
    number: &StepNumber,
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
        Action::Run(_) | Action::Plan(_) | Action::Onboard(_) => {
            unreachable!("`play_step` handles runs and plans")
        }
        Action::Invalidate(invalidation) => changes::invalidate(harness, invalidation),
        Action::Retry { portfolio, days } => changes::retry(harness, *portfolio, *days),
        Action::Delete(portfolios) => changes::delete_portfolios(harness, portfolios),
        Action::Restore(portfolios) => changes::restore_portfolios(harness, portfolios),
        Action::Close(closing_days) => changes::close_portfolios(harness, closing_days),
        Action::Add(portfolios) => changes::add_portfolios(harness, portfolios),
        Action::Prices(closes) => changes::import_prices(harness, closes),
        Action::Transactions(entries) => changes::import_transactions(harness, entries),
        Action::Split(split) => changes::import_split(harness, split),
        Action::AcceptPrices(decision) => changes::accept_prices(harness, decision),
        Action::Import(import) => changes::import_user_file(harness, import),
        Action::Void(ids, attribution) => withdraw::void(harness, ids, attribution),
        Action::DeletePrices {
            symbol,
            days,
            attribution,
        } => withdraw::delete_prices(harness, symbol, *days, attribution),
        Action::DeleteAction(action, attribution) => {
            withdraw::delete_one_action(harness, action, attribution)
        }
        Action::Advance(by) => move_clock(harness, *by),
        Action::Clock(to) => move_clock(harness, *to - harness.environment().clock.now()),
        Action::Calendar { calendar, .. } => {
            harness.set_calendar(calendar.clone());
            Ok(changes::done_outcome(Vec::new(), 0))
        }
        Action::OwnCalendar(own) => own_calendar::register(harness, own),
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
