//! How far the ledger is unbroken: for each portfolio, and for a scope.
//!
//! A portfolio's watermark is the last session of its unbroken complete prefix from inception.
//! It is derived from coverage whenever it is asked for and never stored, so it can go down, and
//! it can't hide a hole. Only portfolios with a gap are recorded.

use std::fmt;

use crate::domain::{Cell, Day, IdSet, PhaseSet, PortfolioId, Scope};

use super::Survey;
use super::open::open_day;
use super::who::members_of;

/// Up to which session each portfolio of a scope is unbroken, as far as a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Watermarks {
    /// The sessions up to the target.
    sessions: Vec<Day>,
    /// The active members of the scope of whom any cell is expected.
    due: IdSet,
    /// Who fell at which session, ascending.
    falls: Vec<Fall>,
    /// Whose last expected session is not the last of all: the index of theirs.
    ends: Vec<(usize, IdSet)>,
}

/// Those whose first gap is on the same session and lacks the same phases.
#[derive(Debug, Clone, PartialEq)]
struct Fall {
    /// Index of the session among the sessions.
    at: usize,
    /// The phases that are open there.
    open: PhaseSet,
    /// Who.
    who: IdSet,
    /// Those of them whose first session it is, and who so have no prefix at all.
    at_once: IdSet,
}

/// Up to which session a scope is unbroken: the minimum over its active portfolios. One that
/// has no gap holds nothing back, and neither does one whose life is over and complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeWatermark {
    /// Nobody in scope is active and has begun.
    NobodyDue,
    /// Somebody's first session is not complete.
    NoneYet {
        /// The earliest such cell.
        held_by: Holder,
    },
    /// Everybody is complete up to this session.
    At {
        /// The session.
        day: Day,
        /// The first gap of all, if there is one up to the target.
        held_by: Option<Holder>,
    },
}

/// The cell that holds a watermark back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The cell.
    pub cell: Cell,
    /// Its phases that are not done.
    pub open: PhaseSet,
}

/// The watermarks of the active portfolios in `scope`, over the sessions of `survey` up to
/// `target`. All four phases of a cell count.
pub fn watermarks(survey: &Survey, scope: &Scope, target: Day) -> Watermarks {
    let end = survey.sessions.partition_point(|day| *day <= target);
    let sessions = &survey.sessions[..end];
    let members = members_of(scope, &survey.roster) & survey.roster.active();
    let mut lives = survey.roster.lives(members);
    let (mut due, mut fallen) = (IdSet::new(), IdSet::new());
    let (mut falls, mut ends) = (Vec::new(), Vec::new());
    for (at, day) in sessions.iter().enumerate() {
        let moves = lives.advance(*day);
        due |= &moves.started;
        if !moves.ended.is_empty() {
            ends.push((at - 1, moves.ended));
        }
        let open = open_day(&lives.alive, &survey.coverage, *day, PhaseSet::CELL_PHASES);
        for group in open.groups {
            let who = group.cells - &fallen;
            if who.is_empty() {
                continue;
            }
            fallen |= &who;
            falls.push(Fall {
                at,
                open: group.phases,
                at_once: &who & &moves.started,
                who,
            });
        }
    }
    Watermarks {
        sessions: sessions.to_vec(),
        due,
        falls,
        ends,
    }
}

impl Watermarks {
    /// The last session of a portfolio's unbroken complete prefix; nothing where its first
    /// session has a gap, or nothing is expected of it.
    pub fn of(&self, id: PortfolioId) -> Option<Day> {
        if !self.due.contains(id.0) {
            return None;
        }
        let last = match self.fall(id) {
            Some(fall) if fall.at_once.contains(id.0) => return None,
            Some(fall) => fall.at - 1,
            None => self.last_expected(id),
        };
        Some(self.sessions[last])
    }

    /// The first gap of a portfolio, if it has one.
    pub fn first_gap(&self, id: PortfolioId) -> Option<Holder> {
        let fall = self.fall(id)?;
        Some(self.holder(fall, id.0))
    }

    /// How many sessions of a portfolio are expected after its watermark.
    pub fn sessions_behind(&self, id: PortfolioId) -> usize {
        let fall = self.fall(id);
        fall.map_or(0, |fall| self.last_expected(id) + 1 - fall.at)
    }

    /// How many portfolios have a gap.
    pub fn behind(&self) -> u64 {
        self.falls.iter().map(|fall| fall.who.len()).sum()
    }

    /// The first gap of each portfolio that has one, by day.
    pub fn first_gaps(&self) -> impl Iterator<Item = Holder> {
        let falls = self.falls.iter();
        falls.flat_map(|fall| fall.who.iter().map(|id| self.holder(fall, id)))
    }

    /// The minimum over all of them.
    pub fn scope(&self) -> ScopeWatermark {
        if self.due.is_empty() {
            return ScopeWatermark::NobodyDue;
        }
        let at_once = self.falls.iter().filter_map(|fall| {
            let id = fall.at_once.min()?;
            Some((fall.at, id, fall))
        });
        if let Some((_, id, fall)) = at_once.min_by_key(|(at, id, _)| (*at, *id)) {
            let held_by = self.holder(fall, id);
            return ScopeWatermark::NoneYet { held_by };
        }
        let falls = self
            .falls
            .iter()
            .filter_map(|fall| Some((fall, fall.who.min()?)));
        let first = falls.min_by_key(|(fall, id)| (fall.at, *id));
        let last = first.map_or(self.sessions.len(), |(fall, _)| fall.at) - 1;
        ScopeWatermark::At {
            day: self.sessions[last],
            held_by: first.map(|(fall, id)| self.holder(fall, id)),
        }
    }

    fn fall(&self, id: PortfolioId) -> Option<&Fall> {
        self.falls.iter().find(|fall| fall.who.contains(id.0))
    }

    fn holder(&self, fall: &Fall, id: u32) -> Holder {
        Holder {
            cell: Cell::new(self.sessions[fall.at], PortfolioId(id)),
            open: fall.open,
        }
    }

    /// Index of the last session expected of a portfolio of which any is.
    fn last_expected(&self, id: PortfolioId) -> usize {
        let end = self.ends.iter().find(|(_, who)| who.contains(id.0));
        end.map_or(self.sessions.len() - 1, |(at, _)| *at)
    }
}

impl ScopeWatermark {
    /// The session, if there is one.
    pub const fn day(&self) -> Option<Day> {
        match self {
            Self::At { day, .. } => Some(*day),
            Self::NobodyDue | Self::NoneYet { .. } => None,
        }
    }

    /// The cell that holds it back, if one does.
    pub const fn held_by(&self) -> Option<Holder> {
        match self {
            Self::NobodyDue => None,
            Self::NoneYet { held_by } => Some(*held_by),
            Self::At { held_by, .. } => *held_by,
        }
    }
}

impl fmt::Display for ScopeWatermark {
    /// The session, or `none`; an empty scope has `none` too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day() {
            Some(day) => day.fmt(f),
            None => f.pad("none"),
        }
    }
}
