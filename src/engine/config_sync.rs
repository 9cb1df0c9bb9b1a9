//! Puts the configured risk model and calendar in force. If they differ from those that the
//! database was filled with, the affected cells are invalidated before planning.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::outcome::Warning;
use super::{EngineError, Settings};
use crate::domain::{Day, DayRange, IdSet, InvalidationCause, Phase, PhaseSet};
use crate::store::{NewInvalidation, ReadTransaction, WriteTransaction};

/// Puts the configured model and calendar in force, and returns a warning for each change that
/// affects covered cells.
pub(super) fn sync(
    writing: &WriteTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Vec<Warning>, EngineError> {
    let mut warnings = Vec::new();
    warnings.extend(sync_model(writing, settings, now)?);
    warnings.extend(sync_calendar(writing, settings, now)?);
    Ok(warnings)
}

fn sync_model(
    writing: &WriteTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Option<Warning>, EngineError> {
    let Some(model) = &settings.model else {
        return Ok(None);
    };
    if writing.risk_models().in_force()?.1 == *model {
        return Ok(None);
    }
    writing.risk_models().set(model, now)?;
    // The model is a source: surveys made with the old one are outdated, even if nothing is covered
    // yet and the invalidation below is empty.
    writing.increment_revision()?;
    let phases = PhaseSet::from_phase(Phase::Securities).with(Phase::Risk);
    let invalidated = writing.invalidations().invalidate(
        &NewInvalidation {
            cause: InvalidationCause::Model,
            reason: "benchmark, factors or shocks changed".to_owned(),
            cells: covered_cells(writing, phases)?,
        },
        now,
    )?;
    Ok((!invalidated.is_empty()).then_some(Warning::ModelChanged))
}

fn covered_cells(
    reading: &ReadTransaction<'_>,
    phases: PhaseSet,
) -> Result<BTreeMap<(Day, Phase), IdSet>, EngineError> {
    let coverage = reading.ledger().coverage(DayRange::ALL, phases)?;
    let done = coverage.iter();
    Ok(done
        .map(|(day, phase, set)| ((day, phase), set.clone()))
        .collect())
}

fn sync_calendar(
    writing: &WriteTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Option<Warning>, EngineError> {
    let calendar = &settings.calendar;
    let configured = calendar.sessions(calendar.known_days())?;
    let known = writing.calendar().sessions()?;
    if known.as_deref() == Some(configured) {
        return Ok(None);
    }
    writing.calendar().set_sessions(configured)?;
    // The first calendar of a database, or one without a covered day, invalidates nothing.
    let (Some(before), Some(last)) = (known, writing.ledger().last_day()?) else {
        return Ok(None);
    };
    let changed = changed_days(&before, configured, last);
    let cells = affected_cells(&changed, covered_cells(writing, PhaseSet::ALL)?);
    let days: Vec<_> = changed.iter().map(ToString::to_string).collect();
    writing.invalidations().invalidate(
        &NewInvalidation {
            cause: InvalidationCause::Calendar,
            reason: format!("the calendar changed on {}", days.join(", ")),
            cells,
        },
        now,
    )?;
    Ok((!changed.is_empty()).then_some(Warning::CalendarChanged { days: changed }))
}

/// Returns the days up to `last` that are a session in exactly one of two ascending lists.
fn changed_days(before: &[Day], after: &[Day], last: Day) -> Vec<Day> {
    // From where both lists start: years that only one calendar knows are not a change.
    let first = before.first().max(after.first()).copied().unwrap_or(last);
    let within = |day: &&Day| first <= **day && **day <= last;
    let removed = before
        .iter()
        .filter(|day| after.binary_search(day).is_err());
    let added = after
        .iter()
        .filter(|day| before.binary_search(day).is_err());
    let mut changed: Vec<Day> = removed.chain(added).filter(within).copied().collect();
    changed.sort_unstable();
    changed
}

/// Returns everything covered from the first changed day on. The changed day itself is not a
/// session any more, or is a new one; every later day has another previous session, other windows
/// of returns and other ages of prices.
fn affected_cells(
    changed: &[Day],
    done: BTreeMap<(Day, Phase), IdSet>,
) -> BTreeMap<(Day, Phase), IdSet> {
    let Some(first) = changed.first() else {
        return BTreeMap::new();
    };
    done.into_iter()
        .filter(|((day, _), _)| day >= first)
        .collect()
}
