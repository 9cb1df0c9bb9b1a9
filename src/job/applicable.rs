//! Decides whether the tables and commands of a job can hold a world and take a step. Whatever they
//! cannot is not applicable, with the reason: it is counted, and never passed.

use super::job_file::Job;
use super::pair::is_twice_at_once;
use crate::domain::{Calendar, Currency, Day, DayRange, Phase, PhaseSet};
use crate::plan::PolicyName;
use crate::scenario::script::{Action, Expectation, Run, RunEnd, Scenario};
use crate::scenario::world::{Contents, MarketEnd, PastRun, World, WorldPortfolio};
use crate::store::RunState;

/// The policy whose expectations are those of a job that does what is needed.
pub(super) const EXPECTED_POLICY: PolicyName = PolicyName::PerCell;

/// Returns the reason why a scenario does not apply to a job, if it does not.
pub(super) fn not_applicable(job: &Job, scenario: &Scenario) -> Option<String> {
    if !scenario.faults.is_empty() {
        return Some("`[[fault]]` makes phases of Plimsoll fail".to_owned());
    }
    world_reason(job, &scenario.world)
        .or_else(|| {
            let mut has_run = false;
            for (number, step) in (1..).zip(&scenario.steps) {
                has_run |= step.is_run();
                if let Some(reason) = step_reason(job, &step.action) {
                    return Some(format!("step {number}: {reason}"));
                }
                let policy = expected_policy(scenario);
                let expected = policy
                    .into_iter()
                    .flat_map(|policy| step.expected_under(policy));
                let reason = expected
                    .filter_map(|expected| expectation_reason(job, expected))
                    .next();
                if let Some(reason) = reason {
                    return Some(format!("step {number}: {reason}"));
                }
            }
            (!has_run).then(|| "it has no run".to_owned())
        })
        .or_else(|| {
            let policy = expected_policy(scenario)?;
            let expected = [
                Some(&scenario.expected),
                scenario.expected_by_policy.get(policy),
            ];
            let mut expected = expected.into_iter().flatten();
            expected.find_map(|expected| expectation_reason(job, expected))
        })
}

/// Returns the name under which a scenario expects the results of the default policy. Without one,
/// its expectations are about replayed policies, and do not concern a job.
pub(super) fn expected_policy(scenario: &Scenario) -> Option<&str> {
    let rules = EXPECTED_POLICY.policy();
    let mut policies = scenario.policies.iter();
    let found = policies.find(|policy| policy.policy == rules)?;
    Some(&found.name)
}

/// Returns the reason why the tables cannot hold a world, if they cannot.
pub(super) fn world_reason(job: &Job, world: &World) -> Option<String> {
    let reason = |text: &str| Some(text.to_owned());
    if let Some(reason) = calendar_reason(job, &world.calendar) {
        return Some(reason);
    }
    if has_sources(world) {
        return reason("it gives transactions, holdings or prices, which the tables do not have");
    }
    if !world.corrections.is_empty() || !world.invalidations.is_empty() {
        return reason("its cells are to be done again, for which the tables have no place");
    }
    if !world.accepted_prices.is_empty() || world.market_ends == MarketEnd::Fixed {
        return reason("its cells wait for prices, which the tables do not have");
    }
    if let Some(reason) = runs_reason(job, &world.runs) {
        return Some(reason);
    }
    if world.run_left_running.is_some() {
        return reason("a run holds the lease, which the tables do not have");
    }
    let all = world.portfolios.iter().chain(&world.added_later);
    all.filter_map(|portfolio| portfolio_reason(job, portfolio, &world.calendar))
        .next()
}

/// Returns the reason why a job cannot have a calendar, if it cannot. One that finds its sessions in the
/// tables can have any.
fn calendar_reason(job: &Job, calendar: &Calendar) -> Option<String> {
    let name = calendar.name();
    if let Some(known) = job.calendar.as_ref().filter(|known| *known != name) {
        return Some(format!(
            "its calendar is `{name}`, that of the job `{known}`"
        ));
    }
    if job.has_session_rows() {
        return None;
    }
    if !calendar.written().amendments.is_empty() {
        return Some(format!(
            "its calendar `{name}` is amended, and no rows of sessions are written"
        ));
    }
    (job.calendar.is_none() && name != Calendar::new_york().name()).then(|| {
        format!(
            "its calendar is `{name}`, and the job file has no `calendar` and no rows of sessions"
        )
    })
}

/// Returns the reason why the tables cannot hold past runs, if they cannot.
fn runs_reason(job: &Job, runs: &[PastRun]) -> Option<String> {
    let first = runs.first()?;
    let Some(table) = &job.map.runs else {
        return Some("it has past runs, and the map has no `runs`".to_owned());
    };
    let has_state = table.column("state").is_some();
    let state = runs.iter().find(|run| run.state != RunState::Complete);
    let state = state.map_or(first.state, |run| run.state);
    (!has_state && state != RunState::Complete).then(|| {
        format!(
            "a past run was {}, and the map has no `state`",
            state.name()
        )
    })
}

fn portfolio_reason(job: &Job, world: &WorldPortfolio, calendar: &Calendar) -> Option<String> {
    let name = &world.portfolio.name;
    let lifecycle = &world.portfolio.lifecycle;
    let columns = &job.map.portfolios;
    let currency = world.portfolio.currency;
    if currency != Currency::USD && columns.column("currency").is_none() {
        return Some(format!(
            "`{name}` is in {currency}, and the map has no `currency`"
        ));
    }
    if world.portfolio.calendar.is_some() {
        return Some(format!("`{name}` has a calendar of its own"));
    }
    if !world.failed.is_empty() {
        return Some(format!(
            "`{name}` has failures, which the tables do not have"
        ));
    }
    if !world.without_closes.is_empty() {
        return Some(format!(
            "`{name}` waits for prices, which the tables do not have"
        ));
    }
    if lifecycle.deleted_at().is_some() && columns.column("deleted-at").is_none() {
        return Some(format!(
            "`{name}` is deleted, and the map has no `deleted-at`"
        ));
    }
    if lifecycle.closing_day().is_some() && columns.column("closed").is_none() {
        return Some(format!("`{name}` is closed, and the map has no `closed`"));
    }
    let first_done = world.done.keys().chain(&world.rows).min();
    let begins_with_row = first_done.is_some_and(|first| is_first_session(world, calendar, *first));
    if !job.tells_inception() && !begins_with_row && lifecycle.is_active() {
        return Some(format!(
            "`{name}` has no row on its first session, and the map has no `inception`"
        ));
    }
    let mapped: Vec<Phase> = job.phases().collect();
    let unmapped = |phases: &PhaseSet| {
        let mut missing = Phase::CELL_PHASES.into_iter();
        missing.find(|phase| !mapped.contains(phase) && !phases.contains(*phase))
    };
    let partial = world
        .done
        .iter()
        .find_map(|(day, phases)| Some((day, unmapped(phases)?)));
    if let Some((day, phase)) = partial {
        return Some(format!(
            "`{name}` is without {phase} on {day}, which has no table"
        ));
    }
    let is_bare = world.rows.iter().any(|day| !world.done.contains_key(day));
    if is_bare && !job.holds_bare_snapshots() {
        return Some(format!(
            "`{name}` has a bare snapshot row, and the map has no `complete`"
        ));
    }
    None
}

/// Returns whether a day is the first session of the life of a portfolio.
fn is_first_session(world: &WorldPortfolio, calendar: &Calendar, day: Day) -> bool {
    let inception = world.portfolio.lifecycle.inception();
    let until = DayRange::new(inception, day).ok();
    let sessions = until.and_then(|days| calendar.sessions(days).ok());
    sessions.is_some_and(|sessions| sessions.len() == 1)
}

fn step_reason(job: &Job, action: &Action) -> Option<String> {
    let portfolios = &job.map.portfolios;
    let unmapped =
        |key: &str| (portfolios.column(key).is_none()).then(|| format!("the map has no `{key}`"));
    match action {
        Action::Run(run) => run_reason(job, run),
        Action::Onboard(_) => match job
            .commands
            .onboard
            .as_ref()
            .or(job.commands.scope.as_ref())
        {
            None => Some("the job has no command `onboard`".to_owned()),
            Some(_) => None,
        },
        Action::Delete(_) | Action::Restore(_) => unmapped("deleted-at"),
        Action::Close(_) => unmapped("closed"),
        Action::Add(_) | Action::Advance(_) | Action::Clock(_) => None,
        Action::Plan(_) => Some("a job has no plan to show".to_owned()),
        Action::Invalidate(_) => Some("a job has no invalidations".to_owned()),
        Action::Retry { .. } => Some("a job has no quarantine".to_owned()),
        Action::Configure(_) => Some("the configuration is Plimsoll's".to_owned()),
        Action::Calendar { .. } | Action::OwnCalendar(_) => {
            Some("the tables have no calendar".to_owned())
        }
        Action::AcceptPrices(_) => Some("the tables have no accepted prices".to_owned()),
        Action::Prices(_)
        | Action::Transactions(_)
        | Action::Split(_)
        | Action::Import(_)
        | Action::Void(..)
        | Action::DeletePrices { .. }
        | Action::DeleteAction(..) => Some("the tables have no sources".to_owned()),
    }
}

fn run_reason(job: &Job, run: &Run) -> Option<String> {
    let commands = &job.commands;
    let reason = |text: &str| Some(text.to_owned());
    if run.policy.is_some() {
        return reason("the run names a policy of Plimsoll");
    }
    if run.limit.is_some() || run.max_cells.is_some() {
        return reason("a job has no limit of cells");
    }
    let has_others = !run.meanwhile.is_empty() && !is_twice_at_once(run);
    if run.crash.is_some() || run.cancel.is_some() || has_others {
        return reason(
            "its run is disturbed at a point of Plimsoll's run; see `plimsoll job faults`",
        );
    }
    if run.portfolios.as_ref().is_some_and(Vec::is_empty) {
        return reason("a command cannot be told of no portfolios");
    }
    let Some(command) = command_of(job, run) else {
        return match (run.force.is_some(), run.portfolios.is_some()) {
            (true, true) => reason("the job has no command `force` with `{portfolios}`"),
            (true, false) => reason("the job has no command `force`"),
            _ => reason("the job has no command `scope`"),
        };
    };
    let told = |names: &[&str]| commands.are_told(command, names);
    if run.force.is_none() {
        if run.from.is_some() && !told(&["from"]) {
            return reason("the command is not told `{from}`");
        }
        if run.to.is_some() && !told(&["to"]) {
            return reason("the command is not told `{to}`");
        }
    }
    if run.target.is_some() && !told(&["target"]) {
        return reason("the command is not told `{target}`");
    }
    None
}

/// Returns the command that makes a run, if the job has it.
pub(super) fn command_of<'j>(job: &'j Job, run: &Run) -> Option<&'j super::job_file::JobCommand> {
    let commands = &job.commands;
    match (run.force.is_some(), run.portfolios.is_some()) {
        (false, false) => Some(&commands.run),
        (false, true) => commands.scope.as_ref(),
        (true, false) => commands.force.as_ref(),
        (true, true) => {
            let force = commands.force.as_ref();
            force.filter(|command| commands.are_told(command, &["portfolios"]))
        }
    }
}

/// Returns whether a world lists sources, which Plimsoll's engine computes from.
fn has_sources(world: &World) -> bool {
    let is_given =
        |portfolio: &WorldPortfolio| matches!(portfolio.contents, Contents::Given { .. });
    !world.transactions.is_empty()
        || !world.closes.is_empty()
        || !world.splits.is_empty()
        || !world.actions.is_empty()
        || world.portfolios.iter().any(is_given)
}

/// Returns the reason why a job cannot be measured by an expectation, if it cannot.
fn expectation_reason(job: &Job, expected: &Expectation) -> Option<String> {
    let statuses = expected.cells.keys().chain(expected.counts.keys());
    for status in statuses {
        use crate::scenario::script::CellStatus as Status;
        match status {
            Status::Processed | Status::LeftBehind | Status::Open => {}
            other => return Some(format!("a job has no `{}` cells", other.label())),
        }
    }
    let reason = |text: &str| Some(text.to_owned());
    if !expected.reasons.is_empty() {
        return reason("a job gives no reasons");
    }
    let mut amounts = expected.amounts.keys().map(|(amount, ..)| amount.name());
    if let Some(amount) = amounts.find(|amount| job.map.snapshots.column(amount).is_none()) {
        return Some(format!("the map has no `{amount}`"));
    }
    if !expected.quality.is_empty() {
        return reason("the tables have no kinds of prices");
    }
    if !expected.messages.is_empty() {
        return reason("it expects a message of Plimsoll");
    }
    if expected.invalidated_phases.is_some() {
        return reason("a job has no invalidations");
    }
    if expected.exit.is_some_and(|code| code != 0) {
        return reason("it expects an exit code of Plimsoll");
    }
    match expected.end {
        None | Some(RunEnd::Complete | RunEnd::Incomplete) => None,
        Some(other) => Some(format!("a job has no end `{}`", other.name())),
    }
}
