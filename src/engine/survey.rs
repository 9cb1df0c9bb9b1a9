//! Reading the facts that planning looks at, in one transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::readiness::blocked_cells;
use super::{EngineError, Settings};
use crate::domain::{Day, DayRange, Phase, PhaseSet, PortfolioId};
use crate::plan::{Plan, Request, Survey, Target, Today, plan};
use crate::store::{ReadTransaction, Revision};

/// The facts, and of which state of the sources they are.
#[derive(Debug, Clone)]
pub struct SurveyResult {
    /// The facts.
    pub survey: Survey,
    /// The state of the sources.
    pub revision: Revision,
    /// What day it is.
    pub today: Today,
}

/// What day it is at `now`, by the calendar.
pub fn today(settings: &Settings, now: DateTime<Utc>) -> Result<Today, EngineError> {
    Ok(Today {
        date: settings.calendar.today(now),
        last_final: settings.calendar.last_final(now, settings.grace)?,
    })
}

/// Reads the facts for a request, those about missing inputs too.
pub fn survey(
    reading: &ReadTransaction<'_>,
    request: &Request,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<SurveyResult, EngineError> {
    let (surveyed, _) = survey_and_plan(reading, request, settings, now)?;
    Ok(surveyed)
}

/// Reads what the ledger and the roster say, and not whether inputs are there.
pub fn ledger_survey(
    reading: &ReadTransaction<'_>,
    request: &Request,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<SurveyResult, EngineError> {
    let today = today(settings, now)?;
    let roster = reading.lifecycle_index()?;
    let everybody = roster.all_ids();
    let sessions = match roster.earliest_inception(&everybody) {
        None => Vec::new(),
        Some(first) => sessions(settings, first, last_day(request, today))?,
    };
    let mut survey = Survey {
        lifecycles: roster,
        invalidations: reading.open_invalidations()?,
        quarantined: quarantined(reading, settings)?,
        ..Survey::default()
    };
    if let (Some(first), Some(last)) = (sessions.first(), sessions.last()) {
        let range = DayRange::new(*first, *last).expect("sessions ascend");
        survey.coverage = reading.coverage(range, PhaseSet::CELL_PHASES)?;
        if request.policy.is_snapshot_based() {
            survey.snapshots = reading.snapshot_ids_by_day(DayRange::ALL)?;
        }
    }
    survey.sessions = sessions;
    Ok(SurveyResult {
        survey,
        revision: reading.revision()?,
        today,
    })
}

/// Reads the facts and plans. What waits for inputs is looked for among the steps of the plan
/// that would be made without waiting; where nothing does, that plan is the plan.
pub fn survey_and_plan(
    reading: &ReadTransaction<'_>,
    request: &Request,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(SurveyResult, Plan), EngineError> {
    let mut surveyed = ledger_survey(reading, request, settings, now)?;
    let (survey, today) = (&mut surveyed.survey, surveyed.today);
    let unhindered = plan(request, survey, today)?;
    survey.blocked = blocked_cells(reading, &unhindered, &survey.sessions, settings)?;
    let planted = settings.fault_hooks.fault();
    if let Some(planted) = planted {
        planted.alter_survey(survey, reading)?;
    }
    let mut plan = if survey.blocked.is_empty() && planted.is_none() {
        unhindered
    } else {
        plan(request, survey, today)?
    };
    if let Some(planted) = planted {
        planted.alter_plan(&mut plan);
    }
    Ok((surveyed, plan))
}

fn last_day(request: &Request, today: Today) -> Day {
    let target = match request.target {
        Target::LastFinal => today.last_final,
        Target::On(day) => day.max(today.last_final),
    };
    request.to.map_or(target, |to| to.max(target))
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
) -> Result<BTreeMap<Day, Vec<(PortfolioId, PhaseSet)>>, EngineError> {
    let mut days: BTreeMap<Day, Vec<(PortfolioId, PhaseSet)>> = BTreeMap::new();
    for failure in reading.failures()? {
        if failure.times < settings.quarantine_after {
            continue;
        }
        let cells = days.entry(failure.cell.day).or_default();
        let phase: Phase = failure.phase;
        match cells
            .last_mut()
            .filter(|(who, _)| *who == failure.cell.portfolio)
        {
            Some((_, phases)) => *phases = phases.with(phase),
            None => cells.push((failure.cell.portfolio, PhaseSet::from_phase(phase))),
        }
    }
    Ok(days)
}
