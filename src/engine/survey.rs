//! Surveys a database for planning, in one transaction: lifecycles, ledger, invalidations,
//! quarantine and missing inputs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::error::EngineError;
use super::readiness::blocked_cells;
use super::run_request::RunRequest;
use super::session_prices::SessionPrices;
use super::settings::Settings;
use super::unpriced_cells::{CalendarState, unpriced_cells};
use crate::domain::{Day, DayRange, LifecycleIndex, Phase, PhaseSet, PortfolioId, Security};
use crate::invalidation::PendingInvalidations;
use crate::phases::find_model_securities;
use crate::plan::{
    Level, Limit, Notice, Plan, Request, ScopeWatermark, Survey, Target, Today, notices, plan,
};
use crate::store::{ReadTransaction, Revision, StoreError};

/// A survey, with the state of the sources and the date that it belongs to.
#[derive(Debug, Clone)]
pub struct SurveyResult {
    /// Input of the planner.
    pub survey: Survey,
    /// Revision of the sources; a commit is refused if it has changed since.
    pub revision: Revision,
    /// Current date and last final session.
    pub today: Today,
    /// The invalidations that the next run records because of its configuration. The survey
    /// contains them.
    pub pending: PendingInvalidations,
}

/// Returns the date and the last final session at `now`, by the configured calendar.
///
/// # Errors
///
/// The calendar does not know the day.
pub fn today(settings: &Settings, now: DateTime<Utc>) -> Result<Today, EngineError> {
    Ok(Today {
        date: settings.calendar.today(now),
        last_final: settings.calendar.last_final(now, settings.grace)?,
    })
}

/// Surveys a database for a request, missing inputs included.
///
/// # Errors
///
/// The request cannot be planned, the calendar does not know a day, the sources are inconsistent,
/// or the store cannot be read.
pub fn survey(
    reading: &ReadTransaction<'_>,
    request: &Request,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<SurveyResult, EngineError> {
    let (surveyed, _) = survey_and_plan(reading, request, settings, now)?;
    Ok(surveyed)
}

/// Returns the invalidations that a run with these settings records before it plans: its risk model
/// or calendar is not in force yet, or a session became unpriced.
///
/// # Errors
///
/// The store cannot be read.
pub fn pending_invalidations(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
) -> Result<PendingInvalidations, StoreError> {
    let pending = PendingInvalidations::read(reading, settings.model.as_ref(), &settings.calendar)?;
    let calendars = CalendarState::changed_if(pending.change_calendars());
    let unpriced = unpriced_cells(reading, settings, calendars)?;
    Ok(pending.with_unpriced(unpriced))
}

/// Surveys lifecycles, ledger, invalidations and quarantine, without looking for missing inputs.
/// Sees the ledger as a run with these settings will see it.
///
/// # Errors
///
/// The calendar does not know a day of the range, or the store cannot be read.
pub fn ledger_survey(
    reading: &ReadTransaction<'_>,
    request: &Request,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<SurveyResult, EngineError> {
    let today = today(settings, now)?;
    let calendars = reading
        .security_calendars()
        .of_portfolios(&settings.calendar)?;
    let lifecycles = reading
        .portfolios()
        .lifecycle_index()?
        .with_calendars(calendars);
    // Deleted portfolios too: a plan has a skip for each of their cells.
    let first = first_day(&lifecycles, settings);
    let sessions = match first {
        None => Vec::new(),
        Some(first) => sessions(settings, first, last_day(request, today))?,
    };
    let pending = pending_invalidations(reading, settings)?;
    let mut survey = Survey {
        lifecycles,
        invalidations: reading.invalidations().open()?,
        quarantined: quarantined(reading, settings, &pending)?,
        ..Survey::default()
    };
    if let (Some(first), Some(last)) = (sessions.first(), sessions.last()) {
        let range = DayRange::new(*first, *last).expect("sessions ascend");
        survey.coverage = reading.ledger().coverage(range, PhaseSet::CELL_PHASES)?;
        // Only replayed policies look at snapshot rows; the ledger alone is proof of work.
        if request.policy.is_snapshot_based() {
            survey.snapshots = reading.outputs().snapshot_ids_by_day(DayRange::ALL)?;
        }
    }
    survey.sessions = sessions;
    for new in pending.iter() {
        survey.invalidate(new.clone());
    }
    Ok(SurveyResult {
        survey,
        revision: reading.revision()?,
        today,
        pending,
    })
}

/// Surveys a database and plans. First plans as if no cell waited, and looks for waiting cells
/// among the steps of that plan. If there are any, plans again with these blocked.
///
/// # Errors
///
/// The same as [`survey`].
pub fn survey_and_plan(
    reading: &ReadTransaction<'_>,
    request: &Request,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(SurveyResult, Plan), EngineError> {
    let mut surveyed = ledger_survey(reading, request, settings, now)?;
    let plan = plan_with_waiting(reading, &mut surveyed, request, settings)?;
    Ok((surveyed, plan))
}

/// Surveys a database and plans the run of a request, its force included, without changing the
/// ledger.
///
/// # Errors
///
/// The same as [`survey`]; work to do with a risk model of unknown securities.
pub fn preview(
    reading: &ReadTransaction<'_>,
    run_request: &RunRequest,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(SurveyResult, Plan), EngineError> {
    let request = &run_request.request;
    let mut surveyed = ledger_survey(reading, request, settings, now)?;
    let stored = surveyed.survey.invalidations.len();
    if let Some(forced) = run_request.forced_cells() {
        // Removes from the survey the cells that the run would remove from the ledger.
        surveyed.survey = surveyed.survey.with_forced(&forced);
    }
    let plan = plan_with_waiting(reading, &mut surveyed, request, settings)?;
    check_model(reading, settings, &plan)?;
    // The invalidation of the forced cells is not stored, so a report can't refer to it.
    surveyed.survey.invalidations.truncate(stored);
    Ok((surveyed, plan))
}

/// Fails if the plan has work and the risk model of a run with these settings names a security that is
/// not known: no cell could be computed.
pub(super) fn check_model(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    plan: &Plan,
) -> Result<(), EngineError> {
    if plan.is_empty() {
        return Ok(());
    }
    let in_force;
    let model = match &settings.model {
        Some(model) => model,
        None => {
            (_, in_force) = reading.risk_models().in_force()?;
            &in_force
        }
    };
    if model.benchmark.is_none() && model.factors.is_empty() {
        return Ok(());
    }
    let securities = reading.securities().all()?;
    let symbols = securities.iter().flat_map(Security::symbols_with_ends);
    let symbols: BTreeSet<&str> = symbols.map(|(symbol, _)| symbol).collect();
    find_model_securities(model, |symbol| symbols.get(symbol))?;
    Ok(())
}

/// Plans on a survey without waiting cells, and adds those that it finds.
fn plan_with_waiting(
    reading: &ReadTransaction<'_>,
    surveyed: &mut SurveyResult,
    request: &Request,
    settings: &Settings,
) -> Result<Plan, EngineError> {
    let (survey, today) = (&mut surveyed.survey, surveyed.today);
    // Without the limit: where waiting cells leave room below it, others take their place.
    let unlimited = Request {
        limit: Limit::None,
        ..request.clone()
    };
    let unhindered = traced_plan(&unlimited, survey, today)?;
    if !unhindered.is_empty() {
        let mut prices = SessionPrices::new(reading, settings)?;
        survey.unpriced = prices.unpriced_sessions(&unhindered)?;
        survey.unpriced_holders = prices.holders_on(&survey.unpriced)?;
        let sessions = &survey.sessions;
        survey.blocked = blocked_cells(reading, &unhindered, sessions, settings, &mut prices)?;
    }
    let is_final = survey.unpriced.is_empty() && survey.blocked.is_empty();
    if is_final && request.limit == Limit::None {
        return Ok(unhindered);
    }
    traced_plan(request, survey, today)
}

fn traced_plan(request: &Request, survey: &Survey, today: Today) -> Result<Plan, EngineError> {
    let plan = plan(request, survey, today)?;
    tracing::trace!("planned {} cells", plan.step_count());
    Ok(plan)
}

/// Returns the last day of the survey: beyond the last final session if the request asks for it.
fn last_day(request: &Request, today: Today) -> Day {
    let target = match request.target {
        Target::LastFinal => today.last_final,
        Target::On(day) => day.max(today.last_final),
    };
    request.to.map_or(target, |to| to.max(target))
}

/// Returns the first day of the survey: the earliest inception, or the first day of the calendar if
/// that is later. A portfolio that is older than the calendar must not hold back the others.
fn first_day(lifecycles: &LifecycleIndex, settings: &Settings) -> Option<Day> {
    let (earliest, _) = lifecycles.inceptions().first_key_value()?;
    Some((*earliest).max(settings.calendar.known_days().first()))
}

fn sessions(settings: &Settings, first: Day, last: Day) -> Result<Vec<Day>, EngineError> {
    match DayRange::new(first, last) {
        Err(_) => Ok(Vec::new()),
        Ok(range) => Ok(settings.calendar.sessions(range)?.to_vec()),
    }
}

fn quarantined(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    pending: &PendingInvalidations,
) -> Result<BTreeMap<Day, Vec<(PortfolioId, PhaseSet)>>, EngineError> {
    let mut days: BTreeMap<Day, Vec<(PortfolioId, PhaseSet)>> = BTreeMap::new();
    for failure in reading.failures().all()? {
        let is_forgotten = pending.forgets(failure.cell, failure.phase);
        if is_forgotten || failure.times < settings.quarantine_after {
            continue;
        }
        let cells = days.entry(failure.cell.day).or_default();
        let phase: Phase = failure.phase;
        // Failures are sorted by cell, so phases of one cell follow each other.
        match cells
            .last_mut()
            .filter(|(portfolio, _)| *portfolio == failure.cell.portfolio)
        {
            Some((_, phases)) => *phases = phases.with(phase),
            None => cells.push((failure.cell.portfolio, PhaseSet::from_phase(phase))),
        }
    }
    Ok(days)
}

/// Logs the plan with the notices of the incident's job, whose wording stays as it was.
pub(super) fn log_plan(plan: &Plan, watermark: &ScopeWatermark) {
    for Notice { level, text } in notices(plan, watermark) {
        match level {
            Level::Warn => tracing::warn!("{text}"),
            Level::Info => tracing::info!("{text}"),
            Level::Debug => tracing::debug!("{text}"),
        }
    }
}
