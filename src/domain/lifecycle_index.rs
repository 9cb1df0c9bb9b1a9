//! Indexes the lifecycles of portfolios as sets: they decide which cells are expected.
//!
//! A cursor over ascending days keeps the set of portfolios within their lifecycle. Its cost grows
//! with the days on which a portfolio starts or closes, not with portfolios × days.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::coverage::{IdSet, PhaseCells};
use super::day::Day;
use super::ids::PortfolioId;
use super::phase::PhaseSet;
use super::portfolio::Lifecycle;
use super::portfolio_calendars::PortfolioCalendars;
use super::scope::{CellSelection, Scope};

/// All portfolios, deleted ones included, by inception and closing day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LifecycleIndex {
    active: IdSet,
    deleted: IdSet,
    inceptions: BTreeMap<Day, IdSet>,
    closings: BTreeMap<Day, IdSet>,
    calendars: PortfolioCalendars,
}

impl LifecycleIndex {
    /// Creates an index without portfolios.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds the index from its sets. `active` and `deleted` are disjoint. `inceptions` has each
    /// id of both by its first day, `closings` by its last day if it has one.
    pub fn from_parts(
        active: IdSet,
        deleted: IdSet,
        inceptions: BTreeMap<Day, IdSet>,
        closings: BTreeMap<Day, IdSet>,
    ) -> Self {
        Self {
            active,
            deleted,
            inceptions,
            closings,
            calendars: PortfolioCalendars::default(),
        }
    }

    /// Returns the index with the calendars that portfolios name: a portfolio has no cell on a
    /// session that is not its own.
    #[must_use]
    pub fn with_calendars(self, calendars: PortfolioCalendars) -> Self {
        Self { calendars, ..self }
    }

    /// Returns the calendars that portfolios name.
    pub fn calendars(&self) -> &PortfolioCalendars {
        &self.calendars
    }

    /// Adds a portfolio that is not in the index yet.
    pub fn add(&mut self, id: PortfolioId, lifecycle: &Lifecycle) {
        let ids = if lifecycle.is_active() {
            &mut self.active
        } else {
            &mut self.deleted
        };
        ids.insert(id.0);
        let first = lifecycle.inception();
        self.inceptions.entry(first).or_default().insert(id.0);
        if let Some(last) = lifecycle.closing_day() {
            self.closings.entry(last).or_default().insert(id.0);
        }
    }

    /// Returns the portfolios that are not deleted. A closed portfolio is active.
    pub fn active(&self) -> &IdSet {
        &self.active
    }

    /// Returns the portfolios that are deleted.
    pub fn deleted(&self) -> &IdSet {
        &self.deleted
    }

    /// Returns all portfolios, active and deleted.
    pub fn all_ids(&self) -> IdSet {
        &self.active | &self.deleted
    }

    /// Returns the portfolios by their first day.
    pub fn inceptions(&self) -> &BTreeMap<Day, IdSet> {
        &self.inceptions
    }

    /// Returns the closed portfolios by their last day.
    pub fn closings(&self) -> &BTreeMap<Day, IdSet> {
        &self.closings
    }

    /// Returns the earliest inception among `within`, or `None` if none of them is known.
    pub fn earliest_inception(&self, within: &IdSet) -> Option<Day> {
        self.inceptions
            .iter()
            .find(|(_, ids)| !ids.is_disjoint(within))
            .map(|(day, _)| *day)
    }

    /// Returns the last day of a portfolio, or `None` if it is open.
    pub fn closing_day(&self, id: PortfolioId) -> Option<Day> {
        self.closings
            .iter()
            .find(|(_, ids)| ids.contains(id.0))
            .map(|(day, _)| *day)
    }

    /// Returns all portfolios of `scope`, deleted ones included: a plan skips them with that reason.
    pub fn members(&self, scope: &Scope) -> IdSet {
        match scope {
            Scope::AllActive => self.all_ids(),
            Scope::Only(members) => members.iter().map(|id| id.0).collect(),
        }
    }

    /// Returns the portfolios of `scope` that are not deleted.
    pub fn active_members(&self, scope: &Scope) -> IdSet {
        self.members(scope) & &self.active
    }

    /// Returns the selected cells. `sessions` ascend. Only active portfolios within their lifecycle
    /// have cells.
    pub fn selected_cells(&self, selection: &CellSelection<'_>, sessions: &[Day]) -> PhaseCells {
        let mut cursor = self.cursor(self.active_members(selection.scope));
        let phases = selection.phases.intersection(PhaseSet::CELL_PHASES);
        let days = sessions
            .iter()
            .filter(|day| selection.range.contains(**day));
        let mut cells = PhaseCells::new();
        for &day in days {
            cursor.advance(day);
            for phase in phases.iter() {
                cells.insert((day, phase), cursor.alive.clone());
            }
        }
        cells
    }

    /// Creates a cursor over `within`, positioned before all days.
    pub fn cursor(&self, within: IdSet) -> LifecycleCursor<'_> {
        LifecycleCursor {
            index: self,
            position: None,
            before_inception: within,
            alive: IdSet::new(),
            without_session: IdSet::new(),
            after_close: IdSet::new(),
        }
    }
}

/// The lifecycle status of some portfolios on the cursor's day. The four sets are disjoint, and
/// their union is the set the cursor was created with.
#[derive(Debug, Clone)]
pub struct LifecycleCursor<'a> {
    index: &'a LifecycleIndex,
    position: Option<Day>,
    /// Portfolios whose inception is after the day.
    pub before_inception: IdSet,
    /// Portfolios within their lifecycle on the day, if it is one of their sessions.
    pub alive: IdSet,
    /// Portfolios within their lifecycle whose calendar has no session on the day.
    pub without_session: IdSet,
    /// Portfolios whose closing day is before the day.
    pub after_close: IdSet,
}

/// Portfolios whose lifecycle started or ended between two positions of a cursor. A portfolio whose
/// whole lifecycle lies between them is in neither set. Their calendars do not matter.
#[derive(Debug, Clone, PartialEq)]
pub struct LifecycleChanges {
    /// Portfolios within their lifecycle at the new position and not at the previous one.
    pub started: IdSet,
    /// Portfolios within their lifecycle at the previous position and not at the new one.
    pub ended: IdSet,
}

impl LifecycleCursor<'_> {
    /// Moves to `day`, which must not be before the current position.
    pub fn advance(&mut self, day: Day) -> LifecycleChanges {
        let since = self.position.replace(day);
        if !self.without_session.is_empty() {
            self.alive |= std::mem::take(&mut self.without_session);
        }
        let started = self.started(since, day);
        self.before_inception -= &started;
        self.alive |= &started;
        // After the starts, so that a lifecycle between both positions passes through `alive`.
        let closed = self.closed(since, day);
        self.alive -= &closed;
        self.after_close |= &closed;
        // Compressed to runs once per change, because each session walks the ranges of `alive`.
        if !(started.is_empty() && closed.is_empty()) {
            self.alive.optimize();
        }
        if !self.index.calendars.is_empty() {
            self.without_session = self.index.calendars.without_session(day) & &self.alive;
            self.alive -= &self.without_session;
        }
        LifecycleChanges {
            ended: &closed - &started,
            started: started - closed,
        }
    }

    /// Returns the portfolios with an inception after `since` and not after `day`.
    fn started(&self, since: Option<Day>, day: Day) -> IdSet {
        let since = since.map_or(Bound::Unbounded, Bound::Excluded);
        let days = self.index.inceptions.range((since, Bound::Included(day)));
        days.fold(IdSet::new(), |started, (_, ids)| {
            started | (ids & &self.before_inception)
        })
    }

    /// Returns the portfolios whose closing day is not before `since`, and before `day`.
    fn closed(&self, since: Option<Day>, day: Day) -> IdSet {
        if since == Some(day) {
            return IdSet::new();
        }
        // A portfolio is alive on its closing day, so a close on `day` does not end it yet.
        let since = since.map_or(Bound::Unbounded, Bound::Included);
        let days = self.index.closings.range((since, Bound::Excluded(day)));
        days.fold(IdSet::new(), |closed, (_, ids)| {
            closed | (ids & &self.alive)
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::calendar::SessionsPerYear;
    use crate::domain::portfolio::LifecycleStatus;
    use crate::domain::portfolio_calendars::PortfolioCalendar;

    fn day(number: i32) -> Day {
        Day::from_number(20_000 + number).unwrap()
    }

    /// Returns every lifecycle with inception and closing within five days, active and deleted.
    fn all_lifecycles() -> Vec<Lifecycle> {
        let mut lifecycles = Vec::new();
        for first in 0..5 {
            let lifecycle = Lifecycle::new(day(first));
            lifecycles.push(lifecycle);
            for last in first..5 {
                lifecycles.push(lifecycle.with_closing_day(Some(day(last))).unwrap());
            }
        }
        let deleted = DateTime::UNIX_EPOCH;
        let deleted_ones: Vec<_> = lifecycles
            .iter()
            .map(|lifecycle| lifecycle.with_deleted_at(Some(deleted)))
            .collect();
        lifecycles.extend(deleted_ones);
        lifecycles
    }

    #[test]
    fn cursor_agrees_with_each_lifecycle() {
        let lifecycles = all_lifecycles();
        let mut index = LifecycleIndex::new();
        for (id, lifecycle) in (1..).zip(&lifecycles) {
            index.add(PortfolioId(id), lifecycle);
        }
        for days in [
            vec![0, 1, 2, 3, 4, 5],
            vec![1, 4],
            vec![3],
            vec![0, 2, 2, 5],
        ] {
            let mut cursor = index.cursor(index.active().clone());
            for number in days {
                cursor.advance(day(number));
                for (id, lifecycle) in (1..).zip(&lifecycles) {
                    let agrees = match lifecycle.status_on(day(number)) {
                        LifecycleStatus::Alive => cursor.alive.contains(id),
                        LifecycleStatus::BeforeInception => cursor.before_inception.contains(id),
                        LifecycleStatus::AfterClose => cursor.after_close.contains(id),
                        LifecycleStatus::Deleted => !index.active().contains(id),
                    };
                    assert!(agrees, "{lifecycle:?} on {}", day(number));
                }
            }
        }
    }

    #[test]
    fn a_portfolio_is_alive_only_on_sessions_of_its_calendar() {
        let mut index = LifecycleIndex::new();
        for id in [1, 2] {
            index.add(PortfolioId(id), &Lifecycle::new(day(1)));
        }
        let calendars = PortfolioCalendars::from_iter([PortfolioCalendar {
            name: "XTSE".to_owned(),
            portfolios: IdSet::from([2]),
            sessions: [0, 2, 4].map(day).to_vec(),
            sessions_per_year: SessionsPerYear::EXCHANGE,
        }]);
        let index = index.with_calendars(calendars);
        let mut cursor = index.cursor(index.all_ids());
        let mut sets = |number| {
            let started = cursor.advance(day(number)).started;
            (
                started,
                cursor.alive.clone(),
                cursor.without_session.clone(),
            )
        };
        let (none, first) = (IdSet::new(), IdSet::from([1]));
        let (second, both) = (IdSet::from([2]), IdSet::from([1, 2]));
        assert_eq!(sets(1), (both.clone(), first.clone(), second.clone()));
        assert_eq!(sets(2), (none.clone(), both.clone(), none.clone()));
        assert_eq!(sets(3), (none.clone(), first, second));
        assert_eq!(sets(9), (none.clone(), both, none));
    }

    #[test]
    fn starts_and_ends_are_reported_once() {
        let mut index = LifecycleIndex::new();
        for (id, first, last) in [(1, 0, 4), (2, 2, 3), (3, 4, 9)] {
            let lifecycle = Lifecycle::new(day(first)).with_closing_day(Some(day(last)));
            index.add(PortfolioId(id), &lifecycle.unwrap());
        }
        let mut cursor = index.cursor(index.all_ids());
        let mut changes = |number| {
            let changes = cursor.advance(day(number));
            (changes.started, changes.ended)
        };
        let (none, first, third) = (IdSet::new(), IdSet::from([1]), IdSet::from([3]));
        assert_eq!(changes(1), (first.clone(), none.clone()));
        assert_eq!(changes(4), (third, none.clone()));
        assert_eq!(changes(5), (none.clone(), first));
        assert_eq!(changes(5), (none.clone(), none));
    }

    #[test]
    fn earliest_inception_is_limited_to_the_scope() {
        let mut index = LifecycleIndex::new();
        for (id, first) in [(1, 0), (2, 2)] {
            index.add(PortfolioId(id), &Lifecycle::new(day(first)));
        }
        assert_eq!(index.earliest_inception(&IdSet::from([2])), Some(day(2)));
        assert_eq!(index.earliest_inception(&IdSet::from([9])), None);
    }
}
