//! How far the ledger is unbroken: for each portfolio, and for a scope.
//!
//! A portfolio's watermark is the last session of its unbroken complete prefix from inception.
//! It is derived from coverage whenever it is asked for and never stored, so it can go down, and
//! it can't hide a hole. Only portfolios with a gap are recorded.

use std::fmt;

use crate::domain::{Cell, Day, IdSet, PhaseSet, PortfolioId, Scope};

use super::Survey;
use super::open_cells::find_open_cells;
use super::resolve_scope::scope_members;

/// Up to which session each portfolio of a scope is unbroken, as far as a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Watermarks {
    /// The sessions up to the target.
    sessions: Vec<Day>,
    /// The active members of the scope of whom any cell is expected.
    due: IdSet,
    /// Who fell at which session, ascending.
    gaps: Vec<GapGroup>,
    /// Whose last expected session is not the last of all: the index of theirs.
    early_ends: Vec<(usize, IdSet)>,
}

/// Those whose first gap is on the same session and lacks the same phases.
#[derive(Debug, Clone, PartialEq)]
struct GapGroup {
    /// Index of the session among the sessions.
    session_index: usize,
    /// The phases that are open there.
    open_phases: PhaseSet,
    /// Who.
    portfolios: IdSet,
    /// Those of them whose first session it is, and who so have no prefix at all.
    from_first_session: IdSet,
}

/// Up to which session a scope is unbroken: the minimum over its active portfolios. One that
/// has no gap holds nothing back, and neither does one whose life is over and complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeWatermark {
    /// Nobody in scope is active and has begun.
    NoneDue,
    /// Somebody's first session is not complete.
    NoneYet {
        /// The earliest such cell.
        held_by: FirstGap,
    },
    /// Everybody is complete up to this session.
    At {
        /// The session.
        day: Day,
        /// The first gap of all, if there is one up to the target.
        held_by: Option<FirstGap>,
    },
}

/// The cell that holds a watermark back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstGap {
    /// The cell.
    pub cell: Cell,
    /// Its phases that are not done.
    pub open_phases: PhaseSet,
}

/// The watermarks of the active portfolios in `scope`, over the sessions of `survey` up to
/// `target`. All four phases of a cell count.
pub fn watermarks(survey: &Survey, scope: &Scope, target: Day) -> Watermarks {
    let end = survey.sessions.partition_point(|day| *day <= target);
    let sessions = &survey.sessions[..end];
    let members = scope_members(scope, &survey.lifecycles) & survey.lifecycles.active();
    let mut lives = survey.lifecycles.cursor(members);
    let (mut due, mut fallen) = (IdSet::new(), IdSet::new());
    let (mut falls, mut ends) = (Vec::new(), Vec::new());
    for (at, day) in sessions.iter().enumerate() {
        let moves = lives.advance(*day);
        due |= &moves.started;
        if !moves.ended.is_empty() {
            ends.push((at - 1, moves.ended));
        }
        let open = find_open_cells(&lives.alive, &survey.coverage, *day, PhaseSet::CELL_PHASES);
        for group in open.groups {
            let who = group.cells - &fallen;
            if who.is_empty() {
                continue;
            }
            fallen |= &who;
            falls.push(GapGroup {
                session_index: at,
                open_phases: group.phases,
                from_first_session: &who & &moves.started,
                portfolios: who,
            });
        }
    }
    Watermarks {
        sessions: sessions.to_vec(),
        due,
        gaps: falls,
        early_ends: ends,
    }
}

impl Watermarks {
    /// The last session of a portfolio's unbroken complete prefix; nothing where its first
    /// session has a gap, or nothing is expected of it.
    pub fn get(&self, id: PortfolioId) -> Option<Day> {
        if !self.due.contains(id.0) {
            return None;
        }
        let last = match self.gap_of(id) {
            Some(fall) if fall.from_first_session.contains(id.0) => return None,
            Some(fall) => fall.session_index - 1,
            None => self.last_expected(id),
        };
        Some(self.sessions[last])
    }

    /// The first gap of a portfolio, if it has one.
    pub fn first_gap(&self, id: PortfolioId) -> Option<FirstGap> {
        let fall = self.gap_of(id)?;
        Some(self.to_first_gap(fall, id.0))
    }

    /// How many sessions of a portfolio are expected after its watermark.
    pub fn sessions_behind(&self, id: PortfolioId) -> usize {
        let fall = self.gap_of(id);
        fall.map_or(0, |fall| self.last_expected(id) + 1 - fall.session_index)
    }

    /// How many portfolios have a gap.
    pub fn portfolios_behind(&self) -> u64 {
        self.gaps.iter().map(|fall| fall.portfolios.len()).sum()
    }

    /// The first gap of each portfolio that has one, by day.
    pub fn first_gaps(&self) -> impl Iterator<Item = FirstGap> {
        let falls = self.gaps.iter();
        falls.flat_map(|fall| fall.portfolios.iter().map(|id| self.to_first_gap(fall, id)))
    }

    /// The minimum over all of them.
    pub fn scope_watermark(&self) -> ScopeWatermark {
        if self.due.is_empty() {
            return ScopeWatermark::NoneDue;
        }
        let at_once = self.gaps.iter().filter_map(|fall| {
            let id = fall.from_first_session.min()?;
            Some((fall.session_index, id, fall))
        });
        if let Some((_, id, fall)) = at_once.min_by_key(|(at, id, _)| (*at, *id)) {
            let held_by = self.to_first_gap(fall, id);
            return ScopeWatermark::NoneYet { held_by };
        }
        let falls = self
            .gaps
            .iter()
            .filter_map(|fall| Some((fall, fall.portfolios.min()?)));
        let first = falls.min_by_key(|(fall, id)| (fall.session_index, *id));
        let last = first.map_or(self.sessions.len(), |(fall, _)| fall.session_index) - 1;
        ScopeWatermark::At {
            day: self.sessions[last],
            held_by: first.map(|(fall, id)| self.to_first_gap(fall, id)),
        }
    }

    fn gap_of(&self, id: PortfolioId) -> Option<&GapGroup> {
        self.gaps.iter().find(|fall| fall.portfolios.contains(id.0))
    }

    fn to_first_gap(&self, fall: &GapGroup, id: u32) -> FirstGap {
        FirstGap {
            cell: Cell::new(self.sessions[fall.session_index], PortfolioId(id)),
            open_phases: fall.open_phases,
        }
    }

    /// Index of the last session expected of a portfolio of which any is.
    fn last_expected(&self, id: PortfolioId) -> usize {
        let end = self.early_ends.iter().find(|(_, who)| who.contains(id.0));
        end.map_or(self.sessions.len() - 1, |(at, _)| *at)
    }
}

impl ScopeWatermark {
    /// The session, if there is one.
    pub const fn day(&self) -> Option<Day> {
        match self {
            Self::At { day, .. } => Some(*day),
            Self::NoneDue | Self::NoneYet { .. } => None,
        }
    }

    /// The cell that holds it back, if one does.
    pub const fn held_by(&self) -> Option<FirstGap> {
        match self {
            Self::NoneDue => None,
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
