//! What is done of one portfolio's days, from what its lines say about them.

use std::collections::BTreeMap;

use super::error::WorldError;
use super::said::{OfCell, Several, Span};
use super::state::FailureState;
use super::written::WrittenPortfolio;
use crate::domain::{Calendar, Day, DayRange, Lifecycle, Phase, PhaseSet};

/// How many sessions a portfolio lives before the first day that is spoken of, where its
/// inception is not said.
const SESSIONS_BEFORE: usize = 10;

/// The inception of a portfolio: as said, or ten sessions before the first day that its lines
/// name, and before `last` where they name none.
pub(super) fn inception(
    written: &WrittenPortfolio,
    calendar: &Calendar,
    last: Day,
) -> Result<Day, WorldError> {
    if let Some(inception) = written.inception {
        return Ok(inception);
    }
    let spans = said(&written.complete).iter().chain(said(&written.holes));
    let named = spans.flat_map(|span| span.named());
    let keys = written
        .phases
        .keys()
        .chain(written.failed.keys())
        .chain(written.quarantined.keys());
    let first = named
        .chain(keys.copied())
        .chain(written.closed)
        .chain([last])
        .min()
        .unwrap_or(last);
    let weeks_before = DayRange::new(first.plus(-60), first).map_err(WorldError::Market)?;
    let sessions = calendar.sessions(weeks_before)?;
    let place = sessions.len().saturating_sub(SESSIONS_BEFORE + 1);
    Ok(sessions.get(place).copied().unwrap_or(first))
}

fn said(spans: &Option<Several<Span>>) -> &[Span] {
    spans.as_ref().map_or(&[], |Several(spans)| spans)
}

/// The days of one portfolio, and what its lines may say about them.
pub(super) struct Days<'a> {
    pub(super) name: &'a str,
    pub(super) life: Lifecycle,
    pub(super) calendar: &'a Calendar,
    pub(super) last: Day,
}

impl Days<'_> {
    /// The phases done, by session. Lines that say less win: `phases` over `complete`, `holes`
    /// over both, and what failed is not done.
    pub(super) fn done(
        &self,
        written: &WrittenPortfolio,
    ) -> Result<BTreeMap<Day, PhaseSet>, WorldError> {
        let mut done = BTreeMap::new();
        for span in said(&written.complete) {
            done.extend(
                self.sessions(*span)?
                    .iter()
                    .map(|day| (*day, PhaseSet::OF_CELL)),
            );
        }
        for (day, Several(phases)) in &written.phases {
            done.insert(
                self.session(*day)?,
                phases.iter().map(|OfCell(phase)| *phase).collect(),
            );
        }
        for span in said(&written.holes) {
            for day in self.sessions(*span)? {
                done.remove(day);
            }
        }
        for (day, phase) in self.failed(written)?.into_keys() {
            if let Some(phases) = done.get_mut(&day) {
                *phases = match phase {
                    Phase::Snapshot => PhaseSet::EMPTY,
                    phase => phases.without(phase),
                };
            }
        }
        done.retain(|_, phases| !phases.is_empty());
        let lame = done
            .iter()
            .find(|(_, phases)| !phases.contains(Phase::Snapshot));
        match lame {
            Some((day, _)) => Err(WorldError::WithoutSnapshot {
                portfolio: self.name.to_owned(),
                day: *day,
            }),
            None => Ok(done),
        }
    }

    /// The phases that failed, by session; where one is said to be both, it is quarantined.
    pub(super) fn failed(
        &self,
        written: &WrittenPortfolio,
    ) -> Result<BTreeMap<(Day, Phase), FailureState>, WorldError> {
        let mut failed = BTreeMap::new();
        for (day, phases) in &written.failed {
            let day = self.session(*day)?;
            let states = phases
                .0
                .iter()
                .map(|(phase, times)| ((day, *phase), FailureState::Failed(*times)));
            failed.extend(states);
        }
        for (day, Several(phases)) in &written.quarantined {
            let day = self.session(*day)?;
            let states = phases
                .iter()
                .map(|OfCell(phase)| ((day, *phase), FailureState::Quarantined));
            failed.extend(states);
        }
        Ok(failed)
    }

    /// The day, if it is a session on which the portfolio lives.
    fn session(&self, day: Day) -> Result<Day, WorldError> {
        self.sessions(Span::of(day)).map(|_| day)
    }

    /// The sessions of a span on which the portfolio lives; at least one.
    fn sessions(&self, span: Span) -> Result<&[Day], WorldError> {
        if span.named().any(|day| day > self.last) {
            return Err(WorldError::Beyond {
                portfolio: self.name.to_owned(),
                span,
                last: self.last,
            });
        }
        let lifeless = || WorldError::Lifeless {
            portfolio: self.name.to_owned(),
            span,
        };
        let last = self
            .life
            .closed()
            .map_or(self.last, |closed| closed.min(self.last));
        let alive = DayRange::new(self.life.inception(), last).map_err(|_| lifeless())?;
        let days = span.within(alive).ok_or_else(lifeless)?;
        match self.calendar.sessions(days)? {
            [] => Err(lifeless()),
            sessions => Ok(sessions),
        }
    }
}
