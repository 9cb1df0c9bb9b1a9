//! Who there is and when each lives, as sets: what makes a cell expected.
//!
//! A sweep over ascending days turns lifecycles into the set of the living, at a cost that
//! grows with the days on which somebody starts or closes, not with portfolios × days.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::domain::{Day, IdSet, Lifecycle, PortfolioId};

/// Every portfolio the books know, deleted ones too, and the days each lives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LifecycleIndex {
    active: IdSet,
    deleted: IdSet,
    inceptions: BTreeMap<Day, IdSet>,
    closings: BTreeMap<Day, IdSet>,
}

impl LifecycleIndex {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// The roster of these sets. `active` and `deleted` are disjoint; `inceptions` and
    /// `closings` hold everybody of both, by first day and, where there is one, by last day.
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
        }
    }

    /// Adds a portfolio that is not in the roster yet.
    pub fn add(&mut self, id: PortfolioId, lifecycle: &Lifecycle) {
        let standing = if lifecycle.is_active() {
            &mut self.active
        } else {
            &mut self.deleted
        };
        standing.insert(id.0);
        let first = lifecycle.inception();
        self.inceptions.entry(first).or_default().insert(id.0);
        if let Some(last) = lifecycle.closing_day() {
            self.closings.entry(last).or_default().insert(id.0);
        }
    }

    /// Those that are not deleted. A closed portfolio is active.
    pub fn active(&self) -> &IdSet {
        &self.active
    }

    /// Those that are deleted.
    pub fn deleted(&self) -> &IdSet {
        &self.deleted
    }

    /// Active and deleted ones.
    pub fn all_ids(&self) -> IdSet {
        &self.active | &self.deleted
    }

    /// Who starts on which day.
    pub fn inceptions(&self) -> &BTreeMap<Day, IdSet> {
        &self.inceptions
    }

    /// Whose last day is which.
    pub fn closings(&self) -> &BTreeMap<Day, IdSet> {
        &self.closings
    }

    /// The first day on which anybody of `within` lives, if anybody of them is known.
    pub fn earliest_inception(&self, within: &IdSet) -> Option<Day> {
        self.inceptions
            .iter()
            .find(|(_, started)| !started.is_disjoint(within))
            .map(|(day, _)| *day)
    }

    /// The last day of a portfolio, if it has one.
    pub fn closing_day(&self, id: PortfolioId) -> Option<Day> {
        self.closings
            .iter()
            .find(|(_, closed)| closed.contains(id.0))
            .map(|(day, _)| *day)
    }

    /// The lives of `within`, before the first day anybody can live.
    pub(super) fn cursor(&self, within: IdSet) -> LifecycleCursor<'_> {
        LifecycleCursor {
            index: self,
            position: None,
            before_inception: within,
            alive: IdSet::new(),
            after_close: IdSet::new(),
        }
    }
}

/// Where some portfolios stand in their lives on the day that a sweep has reached. The three
/// sets are disjoint, and together they are those the sweep was made of.
#[derive(Debug, Clone)]
pub(super) struct LifecycleCursor<'a> {
    index: &'a LifecycleIndex,
    position: Option<Day>,
    /// The day is before their inception.
    pub(super) before_inception: IdSet,
    /// They live on that day.
    pub(super) alive: IdSet,
    /// The day is after their closing day.
    pub(super) after_close: IdSet,
}

/// Who moved between two days of a sweep. Nobody whose whole life lies between them is in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LifecycleChanges {
    /// Those who live on the day reached and did not on the day before it.
    pub(super) started: IdSet,
    /// Those who lived on the day before and don't any more.
    pub(super) ended: IdSet,
}

impl LifecycleCursor<'_> {
    /// Moves on to `day`, which is not before the day reached.
    pub(super) fn advance(&mut self, day: Day) -> LifecycleChanges {
        let since = self.position.replace(day);
        let started = self.started(since, day);
        self.before_inception -= &started;
        self.alive |= &started;
        let closed = self.closed(since, day);
        self.alive -= &closed;
        self.after_close |= &closed;
        if !(started.is_empty() && closed.is_empty()) {
            self.alive.optimize();
        }
        LifecycleChanges {
            ended: &closed - &started,
            started: started - closed,
        }
    }

    /// Those whose first day is after `since` and not after `day`.
    fn started(&self, since: Option<Day>, day: Day) -> IdSet {
        let since = since.map_or(Bound::Unbounded, Bound::Excluded);
        let days = self.index.inceptions.range((since, Bound::Included(day)));
        days.fold(IdSet::new(), |all, (_, who)| {
            all | (who & &self.before_inception)
        })
    }

    /// Those whose last day is not before `since`, and before `day`.
    fn closed(&self, since: Option<Day>, day: Day) -> IdSet {
        if since == Some(day) {
            return IdSet::new();
        }
        let since = since.map_or(Bound::Unbounded, Bound::Included);
        let days = self.index.closings.range((since, Bound::Excluded(day)));
        days.fold(IdSet::new(), |all, (_, who)| all | (who & &self.alive))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::LifecycleStatus;

    fn day(number: i32) -> Day {
        Day::from_number(20_000 + number).unwrap()
    }

    /// Every life with inception and closing within five days, active and deleted.
    fn all_lifecycles() -> Vec<Lifecycle> {
        let mut lives = Vec::new();
        for first in 0..5 {
            let life = Lifecycle::new(day(first));
            lives.push(life);
            for last in first..5 {
                lives.push(life.with_closing_day(Some(day(last))).unwrap());
            }
        }
        let deleted = DateTime::UNIX_EPOCH;
        let gone: Vec<_> = lives
            .iter()
            .map(|l| l.with_deleted_at(Some(deleted)))
            .collect();
        lives.extend(gone);
        lives
    }

    #[test]
    fn cursor_agrees_with_each_lifecycle() {
        let lives = all_lifecycles();
        let mut roster = LifecycleIndex::new();
        for (id, life) in (1..).zip(&lives) {
            roster.add(PortfolioId(id), life);
        }
        for days in [
            vec![0, 1, 2, 3, 4, 5],
            vec![1, 4],
            vec![3],
            vec![0, 2, 2, 5],
        ] {
            let mut sweep = roster.cursor(roster.active().clone());
            for number in days {
                sweep.advance(day(number));
                for (id, life) in (1..).zip(&lives) {
                    let stands = match life.status_on(day(number)) {
                        LifecycleStatus::Alive => sweep.alive.contains(id),
                        LifecycleStatus::BeforeInception => sweep.before_inception.contains(id),
                        LifecycleStatus::AfterClose => sweep.after_close.contains(id),
                        LifecycleStatus::Deleted => !roster.active().contains(id),
                    };
                    assert!(stands, "{life:?} on {}", day(number));
                }
            }
        }
    }

    #[test]
    fn starts_and_ends_are_reported_once() {
        let mut roster = LifecycleIndex::new();
        for (id, first, last) in [(1, 0, 4), (2, 2, 3), (3, 4, 9)] {
            let life = Lifecycle::new(day(first)).with_closing_day(Some(day(last)));
            roster.add(PortfolioId(id), &life.unwrap());
        }
        let mut sweep = roster.cursor(roster.all_ids());
        let mut moves = |number| {
            let moves = sweep.advance(day(number));
            (moves.started, moves.ended)
        };
        let (nobody, first, third) = (IdSet::new(), IdSet::from([1]), IdSet::from([3]));
        assert_eq!(moves(1), (first.clone(), nobody.clone()));
        assert_eq!(moves(4), (third, nobody.clone()));
        assert_eq!(moves(5), (nobody.clone(), first));
        assert_eq!(moves(5), (nobody.clone(), nobody));
    }

    #[test]
    fn earliest_inception_is_limited_to_the_scope() {
        let mut roster = LifecycleIndex::new();
        for (id, first) in [(1, 0), (2, 2)] {
            roster.add(PortfolioId(id), &Lifecycle::new(day(first)));
        }
        assert_eq!(roster.earliest_inception(&IdSet::from([2])), Some(day(2)));
        assert_eq!(roster.earliest_inception(&IdSet::from([9])), None);
    }
}
