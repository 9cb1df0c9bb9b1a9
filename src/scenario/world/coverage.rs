//! What is done of one portfolio's days, from what its lines say about them.

use std::collections::{BTreeMap, BTreeSet};

use super::error::WorldError;
use super::lenient::{CellPhase, OneOrMany, Span};
use super::spec::PortfolioSpec;
use super::state::FailureState;
use crate::domain::{Calendar, Day, DayRange, Lifecycle, Phase, PhaseSet};

/// How many sessions a portfolio lives before the first day that is spoken of, where its
/// inception is not said.
const DEFAULT_SESSIONS_BEFORE: usize = 10;

/// The inception of a portfolio: as said, or ten sessions before the first day that its lines
/// name, and before `last` where they name none.
pub(super) fn inception(
    written: &PortfolioSpec,
    calendar: &Calendar,
    last: Day,
) -> Result<Day, WorldError> {
    if let Some(inception) = written.inception {
        return Ok(inception);
    }
    let coverage = spans(&written.complete).iter().chain(spans(&written.holes));
    let named = coverage.flat_map(|span| span.endpoints());
    let keys = (written.phases.keys())
        .chain(written.failed.keys())
        .chain(written.quarantined.keys())
        .chain(spans(&written.blocked));
    let first = named
        .chain(keys.flat_map(|span| span.endpoints()))
        .chain(written.closed)
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

/// The days of one portfolio, and what its lines may say about them.
pub(super) struct PortfolioDays<'a> {
    pub(super) name: &'a str,
    pub(super) lifecycle: Lifecycle,
    pub(super) calendar: &'a Calendar,
    pub(super) last: Day,
}

impl PortfolioDays<'_> {
    /// The phases that are said to be done, by session, whatever failed since. Lines that say
    /// less win: `phases` over `complete`, a day of it over a span, and `holes` over both.
    pub(super) fn done_phases(
        &self,
        written: &PortfolioSpec,
    ) -> Result<BTreeMap<Day, PhaseSet>, WorldError> {
        let mut done = BTreeMap::new();
        for span in spans(&written.complete) {
            done.extend(
                self.sessions(*span)?
                    .iter()
                    .map(|day| (*day, PhaseSet::CELL_PHASES)),
            );
        }
        let (days, ranges): (Vec<_>, Vec<_>) =
            (written.phases.iter()).partition(|(span, _)| span.single().is_some());
        for (span, OneOrMany(phases)) in ranges.into_iter().chain(days) {
            let phases = phases.iter().map(|CellPhase(phase)| *phase);
            let phases: PhaseSet = phases.collect();
            done.extend(self.sessions(*span)?.iter().map(|day| (*day, phases)));
        }
        for span in spans(&written.holes) {
            for day in self.sessions(*span)? {
                done.remove(day);
            }
        }
        done.retain(|_, phases| !phases.is_empty());
        Ok(done)
    }

    /// The days of which a row of books stands though nothing speaks for it. A single day may be
    /// any.
    pub(super) fn rows(&self, written: &PortfolioSpec) -> Result<BTreeSet<Day>, WorldError> {
        let mut rows = BTreeSet::new();
        for span in spans(&written.rows) {
            match span.single() {
                Some(day) => drop(rows.insert(day)),
                None => rows.extend(self.sessions(*span)?),
            }
        }
        Ok(rows)
    }

    /// The days that wait for prices.
    pub(super) fn blocked(&self, written: &PortfolioSpec) -> Result<BTreeSet<Day>, WorldError> {
        let mut blocked = BTreeSet::new();
        for span in spans(&written.blocked) {
            blocked.extend(self.sessions(*span)?);
        }
        Ok(blocked)
    }

    /// The phases that failed, by session; where one is said to be both, it is quarantined.
    pub(super) fn failed(
        &self,
        written: &PortfolioSpec,
    ) -> Result<BTreeMap<(Day, Phase), FailureState>, WorldError> {
        let mut failed = BTreeMap::new();
        for (span, phases) in &written.failed {
            for day in self.sessions(*span)? {
                let states = phases.0.iter();
                let states = states.map(|(phase, times)| (*phase, FailureState::Failed(*times)));
                failed.extend(states.map(|(phase, state)| ((*day, phase), state)));
            }
        }
        for (span, OneOrMany(phases)) in &written.quarantined {
            for day in self.sessions(*span)? {
                let phases = phases.iter().map(|CellPhase(phase)| *phase);
                failed.extend(phases.map(|phase| ((*day, phase), FailureState::Quarantined)));
            }
        }
        Ok(failed)
    }

    /// The sessions of a span on which the portfolio lives; at least one.
    pub(super) fn sessions(&self, span: Span) -> Result<&[Day], WorldError> {
        if span.endpoints().any(|day| day > self.last) {
            return Err(WorldError::AfterLastSession {
                portfolio: self.name.to_owned(),
                span,
                last: self.last,
            });
        }
        let lifeless = || WorldError::NoActiveSession {
            portfolio: self.name.to_owned(),
            span,
        };
        let last = self
            .lifecycle
            .closing_day()
            .map_or(self.last, |closed| closed.min(self.last));
        let alive = DayRange::new(self.lifecycle.inception(), last).map_err(|_| lifeless())?;
        let days = span.within(alive).ok_or_else(lifeless)?;
        match self.calendar.sessions(days)? {
            [] => Err(lifeless()),
            sessions => Ok(sessions),
        }
    }
}

/// What is done of a portfolio's days after all: what failed is not, unless it had been done
/// before it was taken out of the ledger again, as `taken` says.
pub(super) fn remove_failed_phases(
    name: &str,
    said: &mut BTreeMap<Day, PhaseSet>,
    failed: &BTreeMap<(Day, Phase), FailureState>,
    taken: impl Fn(Day, Phase) -> Invalidated,
) -> Result<(), WorldError> {
    for (day, phase) in failed.keys() {
        let (Some(phases), Invalidated::No) = (said.get_mut(day), taken(*day, *phase)) else {
            continue;
        };
        *phases = match phase {
            Phase::Snapshot => PhaseSet::EMPTY,
            phase => phases.without(*phase),
        };
    }
    said.retain(|_, phases| !phases.is_empty());
    let mut days = said.iter();
    match days.find(|(_, phases)| !phases.contains(Phase::Snapshot)) {
        Some((day, _)) => Err(WorldError::WithoutSnapshot {
            portfolio: name.to_owned(),
            day: *day,
        }),
        None => Ok(()),
    }
}

/// Whether a phase of a cell was taken out of the ledger by an invalidation of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invalidated {
    No,
    Yes,
}
