//! Explains one cell, from one survey in one transaction and a plan by each policy. The result is
//! an [`Explanation`].

use std::collections::BTreeMap;

use super::accepted_prices::accepted_on;
use super::concerns::{ConcernLimits, StalePortfolio, stale_cells};
use super::error::QueryError;
use super::explanation::{
    Expectation, ExplainedPortfolio, Explanation, InvalidationView, PhaseState, PolicyView,
    Presence, SecuritiesView,
};
use super::next_command::NextCommand;
use super::reason::{CellReason, Facts, FailureView, MissingInput};
use crate::domain::{
    Calendar, CalendarError, Cell, Day, DayRange, IdSet, LifecycleStatus, Phase, Portfolio,
    PortfolioCalendar, Scope,
};
use crate::engine::{Settings, SurveyResult, computing_error, survey};
use crate::environment::Environment;
use crate::phases::{BookingCause, PhaseError};
use crate::plan::{Decision, PolicyName, Request, SkipReason, plan};
use crate::store::{CellInvalidation, ReadTransaction, Store};

/// Explains the cell of `portfolio` on `day`. `limits` say how old prices and rates may be.
///
/// # Errors
///
/// Where the calendar does not know the day, the store cannot be read, or no plan can be made.
pub fn explain(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    limits: &ConcernLimits,
    (portfolio, day): (&Portfolio, Day),
) -> Result<Explanation, QueryError> {
    let now = environment.clock.now();
    let cell = Cell::new(day, portfolio.id);
    let request = request_for_day(Scope::single(portfolio.id), PolicyName::PerCell, day);
    store.read(|reading| {
        let mut surveyed = survey(reading, &request, settings, now)?;
        let target = surveyed.today.last_final;
        // The other policies look at rows, which the survey for `per-cell` does not read.
        surveyed.survey.snapshots = reading.outputs().snapshot_ids_by_day(DayRange::ALL)?;
        let facts = Facts::read(reading, &surveyed, settings)?;
        let per_cell = plan(&request, &surveyed.survey, surveyed.today)?;
        let own = surveyed.survey.lifecycles.calendars().of(portfolio.id);
        let expectation = expectation(settings, own, portfolio, day, target)?;
        let decision = facts.reason(cell, per_cell.decision(cell));
        let phases = phase_states(reading, &surveyed, &facts, cell)?;
        let old_inputs = old_inputs(reading, settings, &surveyed, (cell, &decision), limits)?;
        let has_failed = phases.iter().any(|state| state.failure.is_some());
        let error = match has_failed {
            true => computing_error(reading, settings, cell)?,
            false => None,
        };
        let mut corrections = error.as_ref().map_or_else(Vec::new, corrections_for);
        if old_inputs.is_some() {
            corrections.extend([NextCommand::ImportPrices, NextCommand::Run]);
        }
        Ok(Explanation {
            portfolio: ExplainedPortfolio {
                key: portfolio.key,
                name: portfolio.name.clone(),
                inception: portfolio.lifecycle.inception(),
                lifecycle: portfolio.lifecycle.status_on(target),
                calendar: portfolio.calendar.clone(),
            },
            day,
            session_before: adjacent_session(settings, own, day, Calendar::previous)?,
            session_after: adjacent_session(settings, own, day, Calendar::next)?,
            target,
            next: next_commands(
                (portfolio, day),
                &expectation,
                &decision,
                &phases,
                &corrections,
            ),
            expectation,
            old_inputs,
            decision,
            phases,
            securities: securities(reading, settings, &surveyed, cell)?,
            accepted_prices: accepted_on(reading, day)?,
            invalidations: invalidations(reading, cell)?,
            policies: policies(&surveyed, &facts, cell)?,
        })
    })
}

/// Explains the newest due cell of `portfolio` up to `as_of`, or the very newest one: the state of
/// the books that are shown for that day. `None` where the calendar does not know the day.
///
/// # Errors
///
/// Those of [`explain`].
pub fn explain_newest(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    limits: &ConcernLimits,
    (portfolio, as_of): (&Portfolio, Option<Day>),
) -> Result<Option<Explanation>, QueryError> {
    let now = environment.clock.now();
    let target = settings.calendar.last_final(now, settings.grace)?;
    let ends = [as_of, portfolio.lifecycle.closing_day()];
    let day = ends.into_iter().flatten().fold(target, Day::min);
    if !settings.calendar.known_days().contains(day) {
        return Ok(None);
    }
    let explain_on = |day| explain(store, settings, environment, limits, (portfolio, day));
    let explained = explain_on(day)?;
    match explained.expectation {
        Expectation::NoSession {
            before: Some(before),
            ..
        } => explain_on(before).map(Some),
        _ => Ok(Some(explained)),
    }
}

/// Returns the old prices and rates of a complete cell, if it has any.
fn old_inputs(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    surveyed: &SurveyResult,
    (cell, decision): (Cell, &CellReason),
    limits: &ConcernLimits,
) -> Result<Option<StalePortfolio>, QueryError> {
    if !decision.is_complete() {
        return Ok(None);
    }
    let by_day = BTreeMap::from([(cell.day, IdSet::from([cell.portfolio.0]))]);
    let (calendar, survey) = (&settings.calendar, &surveyed.survey);
    let found = stale_cells(reading, calendar, survey, &by_day, limits.max_stale)?;
    Ok(found.into_iter().next())
}

/// The request of a plan for one day.
fn request_for_day(scope: Scope, policy: PolicyName, day: Day) -> Request {
    Request {
        policy: policy.policy(),
        from: Some(day),
        to: Some(day),
        ..Request::new(scope)
    }
}

fn expectation(
    settings: &Settings,
    own: Option<&PortfolioCalendar>,
    portfolio: &Portfolio,
    day: Day,
    target: Day,
) -> Result<Expectation, QueryError> {
    let calendar = &settings.calendar;
    let no_session = |name: &str| {
        Ok(Expectation::NoSession {
            calendar: name.to_owned(),
            before: adjacent_session(settings, own, day, Calendar::previous)?,
            after: adjacent_session(settings, own, day, Calendar::next)?,
        })
    };
    if let Some(first) = calendar.cells_from(portfolio.lifecycle.inception())
        && (portfolio.lifecycle.inception()..first).contains(&day)
    {
        return Ok(Expectation::BeforeCalendar { first });
    }
    if !calendar.is_session(day)? {
        return no_session(calendar.name());
    }
    let lifecycle = &portfolio.lifecycle;
    let (closing_day, deleted_at) = (lifecycle.closing_day(), lifecycle.deleted_at());
    Ok(match (lifecycle.status_on(day), closing_day, deleted_at) {
        (LifecycleStatus::Deleted, _, Some(at)) => Expectation::Deleted { at },
        (LifecycleStatus::BeforeInception, ..) => Expectation::BeforeInception {
            inception: lifecycle.inception(),
        },
        (LifecycleStatus::AfterClose, Some(closed), _) => Expectation::AfterClose { closed },
        _ if own.is_some_and(|own| !own.has_session(day)) => {
            return no_session(own.map_or("", |own| &own.name));
        }
        _ if day > target => Expectation::BeyondTarget { target },
        _ => Expectation::Expected,
    })
}

/// Returns the first session of a portfolio in the direction of `next`.
fn adjacent_session(
    settings: &Settings,
    own: Option<&PortfolioCalendar>,
    day: Day,
    next: fn(&Calendar, Day) -> Result<Option<Day>, CalendarError>,
) -> Result<Option<Day>, CalendarError> {
    if day < settings.calendar.known_days().first() {
        return Ok(None);
    }
    let mut found = next(&settings.calendar, day)?;
    while let (Some(near), Some(own)) = (found, own)
        && !own.has_session(near)
    {
        found = next(&settings.calendar, near)?;
    }
    Ok(found)
}

fn phase_states(
    reading: &ReadTransaction<'_>,
    surveyed: &SurveyResult,
    facts: &Facts<'_>,
    cell: Cell,
) -> Result<Vec<PhaseState>, QueryError> {
    let mut states = Vec::new();
    for phase in Phase::CELL_PHASES {
        let output = match phase {
            Phase::Positions => reading.outputs().positions(cell)?.is_some(),
            Phase::Exposures => reading.outputs().exposures(cell)?.is_some(),
            Phase::Risk => reading.outputs().risk(cell)?.is_some(),
            _ => reading.outputs().snapshot(cell)?.is_some(),
        };
        let failure = facts.failures(cell).find(|failure| failure.phase == phase);
        let covered = surveyed
            .survey
            .coverage
            .contains(cell.day, phase, cell.portfolio);
        states.push(PhaseState {
            phase,
            ledger: covered.into(),
            output: output.into(),
            failure: failure.map(FailureView::from_failure),
            quarantine: failure
                .is_some_and(|failure| facts.is_quarantined(failure))
                .into(),
        });
    }
    Ok(states)
}

fn securities(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    surveyed: &SurveyResult,
    cell: Cell,
) -> Result<Option<SecuritiesView>, QueryError> {
    let Some(positions) = reading.outputs().positions(cell)? else {
        return Ok(None);
    };
    let mut done = reading.ledger().done(cell.day, Phase::Securities)?;
    for new in surveyed.pending.iter() {
        if let Some(ids) = new.cells.get(&(cell.day, Phase::Securities)) {
            done -= ids;
        }
    }
    let (mut covered, mut missing) = (0, Vec::new());
    for security in positions.iter().map(|position| position.security) {
        // Without a return of the session, such as when its closes stopped, a security has no other
        // statistics either, although the phase is done.
        let statistics = reading.outputs().security_statistics(cell.day, security)?;
        let has_return = statistics.is_some_and(|(_, row)| row.session_return.value().is_some());
        match has_return && done.contains(security.0) {
            true => covered += 1,
            false => missing.push(security),
        }
    }
    let calendars = reading.security_calendars().current(&settings.calendar)?;
    let known = match missing.is_empty() && calendars.is_empty() {
        true => Vec::new(),
        false => reading.securities().all()?,
    };
    let held = positions.iter().map(|position| position.security.0);
    let held: IdSet = held.collect();
    let closed = known.iter().filter(|security| held.contains(security.id.0));
    let closed = closed.filter(|security| calendars.is_closed(security, cell.day));
    let closed = closed
        .map(|security| security.symbol_on(cell.day).to_owned())
        .collect();
    let known = known.into_iter();
    let missing = known.filter(|security| missing.contains(&security.id));
    Ok(Some(SecuritiesView {
        holdings: positions.len(),
        covered,
        missing: missing
            .map(|security| security.symbol_on(cell.day).to_owned())
            .collect(),
        closed,
    }))
}

fn invalidations(
    reading: &ReadTransaction<'_>,
    cell: Cell,
) -> Result<Vec<InvalidationView>, QueryError> {
    let invalidations = reading.invalidations().of_cell(cell)?.into_iter();
    let views = invalidations.map(|invalidation: CellInvalidation| InvalidationView {
        at: invalidation.at,
        cause: invalidation.cause,
        reason: invalidation.reason,
        phases: invalidation.phases,
    });
    Ok(views.collect())
}

/// The decision of each policy on the cell. Each plan is for all active portfolios, as in a
/// nightly run: the watermark that hides a cell depends on the rows of all of them.
fn policies(
    surveyed: &SurveyResult,
    facts: &Facts<'_>,
    cell: Cell,
) -> Result<Vec<PolicyView>, QueryError> {
    let mut views = Vec::new();
    for policy in PolicyName::ALL {
        let request = request_for_day(Scope::AllActive, policy, cell.day);
        let decision: Decision = plan(&request, &surveyed.survey, surveyed.today)?.decision(cell);
        views.push(PolicyView {
            policy,
            decision: facts.reason(cell, decision),
        });
    }
    Ok(views)
}

/// Returns the commands that show and correct the source by which a cell cannot be computed. A run
/// fails again without a correction.
fn corrections_for(error: &PhaseError) -> Vec<NextCommand> {
    let transaction = |reference: &String| {
        let history = NextCommand::TransactionHistory(reference.clone());
        vec![history, NextCommand::CorrectTransactions]
    };
    match error {
        PhaseError::CausedBy { cause, .. } => match cause {
            BookingCause::Transaction(reference) => transaction(reference),
            BookingCause::Split(_) | BookingCause::Action(..) => {
                vec![NextCommand::ListActions, NextCommand::CorrectActions]
            }
        },
        PhaseError::Unbookable { reference, .. } => transaction(reference),
        PhaseError::HoldingOutOfRange { .. }
        | PhaseError::PriceOutOfRange { .. }
        | PhaseError::TotalOutOfRange { .. } => vec![NextCommand::ImportPrices],
        PhaseError::MissingRate { .. } => vec![NextCommand::ImportRates],
        PhaseError::UnknownSecurity { .. } => vec![NextCommand::ImportSecurities],
    }
}

fn next_commands(
    (portfolio, day): (&Portfolio, Day),
    expectation: &Expectation,
    decision: &CellReason,
    phases: &[PhaseState],
    corrections: &[NextCommand],
) -> Vec<NextCommand> {
    let name = || portfolio.name.clone();
    if let Expectation::NoSession { before, .. } = expectation {
        let before = before.iter();
        return before
            .map(|day| NextCommand::Explain(name(), *day))
            .collect();
    }
    if phases.iter().any(PhaseState::lacks_output) {
        return vec![NextCommand::Repair, NextCommand::Run];
    }
    match decision {
        CellReason::Step { .. } => {
            let mut quarantines = phases.iter().map(|state| state.quarantine);
            let retry = quarantines.any(|quarantine| quarantine == Presence::Present);
            let retry = retry.then(|| NextCommand::Retry(name()));
            (corrections.iter().cloned())
                .chain(retry)
                .chain([NextCommand::Run])
                .collect()
        }
        CellReason::Blocked { missing_input } => {
            let accept = matches!(missing_input, MissingInput::Session { .. });
            let accept = accept.then_some(NextCommand::AcceptPrices(day));
            let import = missing_input.next_command();
            [import]
                .into_iter()
                .chain(accept)
                .chain([NextCommand::Run])
                .collect()
        }
        CellReason::Quarantined { .. } => (corrections.iter().cloned())
            .chain([NextCommand::Retry(name()), NextCommand::Run])
            .collect(),
        CellReason::Skip {
            kind: SkipReason::Complete,
        } => (corrections.iter().cloned())
            .chain([NextCommand::Show(name())])
            .collect(),
        CellReason::Skip { .. } | CellReason::OutOfPlan => Vec::new(),
    }
}
