//! Reads the days of one portfolio: done phases, failures, rows and blocked days.

use std::collections::{BTreeMap, BTreeSet};

use super::error::WorldError;
use super::spec::PortfolioSpec;
use super::state::FailureState;
use super::values::{CellPhase, Span};
use crate::domain::{Calendar, Day, DayRange, Lifecycle, Phase, PhaseSet, is_closed};
use crate::scenario::format::lenient::OneOrMany;

/// Sessions between the default inception and the first day in the keys of a portfolio.
const DEFAULT_SESSIONS_BEFORE: usize = 10;

/// Returns the inception of a portfolio. The default is ten sessions before the first day in its
/// keys, or before `last` if they have none.
pub(super) fn inception(
    spec: &PortfolioSpec,
    calendar: &Calendar,
    last: Day,
) -> Result<Day, WorldError> {
    if let Some(inception) = spec.inception {
        return Ok(inception);
    }
    let coverage = spans(&spec.complete).iter().chain(spans(&spec.holes));
    let covered = coverage.flat_map(|span| span.endpoints());
    let keys = (spec.phases.keys())
        .chain(spec.failed.keys())
        .chain(spec.quarantined.keys())
        .chain(spans(&spec.blocked));
    let first = covered
        .chain(keys.flat_map(|span| span.endpoints()))
        .chain(spec.closed)
        .chain([last])
        .min()
        .unwrap_or(last);
    let weeks_before =
        DayRange::new(first.saturating_add(-60), first).map_err(WorldError::Market)?;
    let sessions = calendar.sessions(weeks_before)?;
    let place = sessions.len().saturating_sub(DEFAULT_SESSIONS_BEFORE + 1);
    Ok(sessions.get(place).copied().unwrap_or(first))
}

fn spans(spans: &Option<OneOrMany<Span>>) -> &[Span] {
    spans.as_ref().map_or(&[], |OneOrMany(spans)| spans)
}

/// Resolves the spans in the keys of one portfolio to sessions.
pub(super) struct PortfolioDays<'a> {
    pub(super) name: &'a str,
    pub(super) lifecycle: Lifecycle,
    pub(super) calendar: &'a Calendar,
    pub(super) last: Day,
    /// The calendar of the portfolio, if it has one.
    pub(super) own: Option<Calendar>,
}

impl PortfolioDays<'_> {
    /// Returns the phases that are declared done, by session, failed ones included. Narrower keys
    /// win: `phases` over `complete`, single days of it over spans, and `holes` over both.
    pub(super) fn done_phases(
        &self,
        spec: &PortfolioSpec,
    ) -> Result<BTreeMap<Day, PhaseSet>, WorldError> {
        let mut done = BTreeMap::new();
        for span in spans(&spec.complete) {
            let days = self.sessions(*span)?.into_iter();
            done.extend(days.map(|day| (day, PhaseSet::CELL_PHASES)));
        }
        // Spans first: a later insertion replaces an earlier one.
        let (days, ranges): (Vec<_>, Vec<_>) =
            (spec.phases.iter()).partition(|(span, _)| span.single().is_some());
        for (span, OneOrMany(phases)) in ranges.into_iter().chain(days) {
            let phases = phases.iter().map(|CellPhase(phase)| *phase);
            let phases: PhaseSet = phases.collect();
            done.extend(self.sessions(*span)?.into_iter().map(|day| (day, phases)));
        }
        for span in spans(&spec.holes) {
            for day in self.sessions(*span)? {
                done.remove(&day);
            }
        }
        done.retain(|_, phases| !phases.is_empty());
        Ok(done)
    }

    /// Returns the days with a snapshot row that the ledger does not cover. A single day need not
    /// be a session of the portfolio's life.
    pub(super) fn rows(&self, spec: &PortfolioSpec) -> Result<BTreeSet<Day>, WorldError> {
        let mut rows = BTreeSet::new();
        for span in spans(&spec.rows) {
            match span.single() {
                Some(day) => drop(rows.insert(day)),
                None => rows.extend(self.sessions(*span)?),
            }
        }
        Ok(rows)
    }

    /// Returns the sessions on which a holding has no price.
    pub(super) fn blocked(&self, spec: &PortfolioSpec) -> Result<BTreeSet<Day>, WorldError> {
        let mut blocked = BTreeSet::new();
        for span in spans(&spec.blocked) {
            blocked.extend(self.sessions(*span)?);
        }
        Ok(blocked)
    }

    /// Returns the failed phases, by session. `quarantined` wins over `failed`.
    pub(super) fn failed(
        &self,
        spec: &PortfolioSpec,
    ) -> Result<BTreeMap<(Day, Phase), FailureState>, WorldError> {
        let mut failed = BTreeMap::new();
        for (span, phases) in &spec.failed {
            for day in self.sessions(*span)? {
                let states = phases.0.iter();
                let states = states.map(|(phase, times)| (*phase, FailureState::Failed(*times)));
                failed.extend(states.map(|(phase, state)| ((day, phase), state)));
            }
        }
        for (span, OneOrMany(phases)) in &spec.quarantined {
            for day in self.sessions(*span)? {
                let phases = phases.iter().map(|CellPhase(phase)| *phase);
                failed.extend(phases.map(|phase| ((day, phase), FailureState::Quarantined)));
            }
        }
        Ok(failed)
    }

    /// Returns the portfolio's sessions of a span within its life; at least one.
    pub(super) fn sessions(&self, span: Span) -> Result<Vec<Day>, WorldError> {
        if span.endpoints().any(|day| day > self.last) {
            return Err(WorldError::AfterLastSession {
                portfolio: self.name.to_owned(),
                span,
                last: self.last,
            });
        }
        let no_session = || WorldError::NoActiveSession {
            portfolio: self.name.to_owned(),
            span,
        };
        let last = self
            .lifecycle
            .closing_day()
            .map_or(self.last, |closed| closed.min(self.last));
        let alive = DayRange::new(self.lifecycle.inception(), last).map_err(|_| no_session())?;
        let days = span.within(alive).ok_or_else(no_session)?;
        let own = self.own.as_ref().map(Calendar::all_sessions);
        let sessions = self.calendar.sessions(days)?.iter().copied();
        let sessions: Vec<_> = sessions.filter(|day| !is_closed(own, *day)).collect();
        match sessions.is_empty() {
            true => Err(no_session()),
            false => Ok(sessions),
        }
    }
}

/// Removes failed phases from those that are done. A failed phase that `invalidated` reports as
/// invalidated stays: it was done before its invalidation, and failed after it.
pub(super) fn remove_failed_phases(
    name: &str,
    done: &mut BTreeMap<Day, PhaseSet>,
    failed: &BTreeMap<(Day, Phase), FailureState>,
    invalidated: impl Fn(Day, Phase) -> Invalidated,
) -> Result<(), WorldError> {
    for (day, phase) in failed.keys() {
        let (Some(phases), Invalidated::No) = (done.get_mut(day), invalidated(*day, *phase)) else {
            continue;
        };
        // The other phases are computed from the snapshot: without it, none is done.
        *phases = match phase {
            Phase::Snapshot => PhaseSet::EMPTY,
            phase => phases.without(*phase),
        };
    }
    done.retain(|_, phases| !phases.is_empty());
    let mut days = done.iter();
    match days.find(|(_, phases)| !phases.contains(Phase::Snapshot)) {
        Some((day, _)) => Err(WorldError::WithoutSnapshot {
            portfolio: name.to_owned(),
            day: *day,
        }),
        None => Ok(()),
    }
}

/// The answer to whether an invalidation of the world covers a phase of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invalidated {
    No,
    Yes,
}
