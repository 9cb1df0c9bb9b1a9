//! Computes watermarks: the end of the complete prefix of each portfolio, and of a scope.
//!
//! A portfolio's watermark is the last session of its unbroken complete prefix from inception.
//! It is derived from coverage on every query and never stored, so it can go down and cannot hide a
//! gap. [`Watermarks`] holds the first gaps and the early ends, not a day for each portfolio.

use std::fmt;

use crate::domain::{Cell, Day, IdSet, PhaseSet, PortfolioCalendars, PortfolioId, Scope};

use super::open_cells::find_open_cells;
use super::survey::Survey;

/// The watermarks of the portfolios of a scope, up to a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Watermarks {
    /// The sessions up to the target, ascending.
    sessions: Vec<Day>,
    /// The active members of the scope with an expected cell.
    due: IdSet,
    /// The first gaps, ascending by session. A portfolio is in one group at most.
    gaps: Vec<GapGroup>,
    /// Portfolios that close before the last session, by the index of their last expected session.
    early_ends: Vec<(usize, IdSet)>,
    /// The calendars of portfolios that have their own.
    calendars: PortfolioCalendars,
}

/// Portfolios whose first gap is on the same session and lacks the same phases.
#[derive(Debug, Clone, PartialEq)]
struct GapGroup {
    /// Index of the session in [`Watermarks::sessions`].
    session_index: usize,
    /// The phases that are open there.
    open_phases: PhaseSet,
    /// The portfolios with this gap.
    portfolios: IdSet,
    /// The subset of `portfolios` whose first session has the gap: they have no watermark.
    from_first_session: IdSet,
}

/// The watermark of a scope: the minimum over its active portfolios. A portfolio without a gap
/// does not lower it, even if the portfolio closed earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeWatermark {
    /// No active portfolio in scope has started.
    NoneDue,
    /// A portfolio's first session is not complete.
    NoneYet {
        /// The earliest such cell.
        held_by: FirstGap,
    },
    /// All portfolios are complete up to this session.
    At {
        /// The session before the earliest gap; without a gap, the last session up to the target.
        day: Day,
        /// The earliest gap; `None` if there is none up to the target.
        held_by: Option<FirstGap>,
    },
}

/// The cell that holds a watermark back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstGap {
    /// The cell with the gap.
    pub cell: Cell,
    /// The phases of the cell that are not done.
    pub open_phases: PhaseSet,
}

/// Computes the watermarks of the active portfolios in `scope`, over the sessions of `survey` up
/// to `target`. All four phases of a cell count.
pub fn watermarks(survey: &Survey, scope: &Scope, target: Day) -> Watermarks {
    let end = survey.sessions.partition_point(|day| *day <= target);
    let sessions = &survey.sessions[..end];
    let members = survey.lifecycles.active_members(scope);
    let mut cursor = survey.lifecycles.cursor(members);
    let (mut due, mut with_gap) = (IdSet::new(), IdSet::new());
    let (mut gaps, mut early_ends) = (Vec::new(), Vec::new());
    for (at, day) in sessions.iter().enumerate() {
        let changes = cursor.advance(*day);
        // The first session of a portfolio may come after its first day.
        let started = match survey.lifecycles.calendars().is_empty() {
            true => changes.started,
            false => &cursor.alive - &due,
        };
        due |= &started;
        // Only a portfolio of the session before can end here, so `at` is at least 1.
        if !changes.ended.is_empty() {
            early_ends.push((at - 1, changes.ended));
        }
        let open = find_open_cells(&cursor.alive, &survey.coverage, *day, PhaseSet::CELL_PHASES);
        for group in open.groups {
            // A portfolio's first gap decides; later ones do not change its watermark.
            let portfolios = group.cells - &with_gap;
            if portfolios.is_empty() {
                continue;
            }
            with_gap |= &portfolios;
            gaps.push(GapGroup {
                session_index: at,
                open_phases: group.phases,
                from_first_session: &portfolios & &started,
                portfolios,
            });
        }
    }
    Watermarks {
        sessions: sessions.to_vec(),
        due,
        gaps,
        early_ends,
        calendars: survey.lifecycles.calendars().clone(),
    }
}

impl Watermarks {
    /// Returns the last session of a portfolio's unbroken complete prefix, or `None` if its first
    /// session has a gap or none of its cells is expected.
    pub fn get(&self, id: PortfolioId) -> Option<Day> {
        if !self.due.contains(id.0) {
            return None;
        }
        let last = match self.gap_of(id) {
            Some(group) if group.from_first_session.contains(id.0) => return None,
            // In bounds: an earlier session of the portfolio is complete.
            Some(group) => self.own_session(id, group.session_index - 1),
            None => self.last_expected(id),
        };
        Some(self.sessions[last])
    }

    /// Returns the first gap of a portfolio, or `None` if it is complete up to the target.
    pub fn first_gap(&self, id: PortfolioId) -> Option<FirstGap> {
        let group = self.gap_of(id)?;
        Some(self.to_first_gap(group, id.0))
    }

    /// Returns the number of expected sessions after a portfolio's watermark.
    pub fn sessions_behind(&self, id: PortfolioId) -> usize {
        let Some(group) = self.gap_of(id) else {
            return 0;
        };
        let behind = group.session_index..=self.last_expected(id);
        match self.calendars.of(id) {
            None => behind.count(),
            Some(own) => behind
                .filter(|at| own.has_session(self.sessions[*at]))
                .count(),
        }
    }

    /// Returns the number of portfolios with a gap.
    pub fn portfolios_behind(&self) -> u64 {
        self.gaps.iter().map(|group| group.portfolios.len()).sum()
    }

    /// Iterates over the first gap of each portfolio that has one, by day.
    pub fn first_gaps(&self) -> impl Iterator<Item = FirstGap> {
        let gaps = self.gaps.iter();
        gaps.flat_map(|group| {
            group
                .portfolios
                .iter()
                .map(|id| self.to_first_gap(group, id))
        })
    }

    /// Returns the watermark of the scope, the minimum over its portfolios.
    pub fn scope_watermark(&self) -> ScopeWatermark {
        if self.due.is_empty() {
            return ScopeWatermark::NoneDue;
        }
        // If the first session of any portfolio has a gap, the scope has no watermark, even if
        // another portfolio has an earlier gap.
        let without_prefix = self.gaps.iter().filter_map(|group| {
            let id = group.from_first_session.min()?;
            Some((group.session_index, id, group))
        });
        if let Some((_, id, group)) = without_prefix.min_by_key(|(at, id, _)| (*at, *id)) {
            let held_by = self.to_first_gap(group, id);
            return ScopeWatermark::NoneYet { held_by };
        }
        // Several groups can have a gap on the earliest session; their smallest id is used.
        let gaps = self
            .gaps
            .iter()
            .filter_map(|group| Some((group, group.portfolios.min()?)));
        let first = gaps.min_by_key(|(group, id)| (group.session_index, *id));
        let mut last = first.map_or(self.sessions.len(), |(group, _)| group.session_index) - 1;
        // A session on which no portfolio of the scope has a cell is none of the scope. In bounds:
        // a portfolio that is due has a session before its gap.
        while !self.calendars.is_empty() && last > 0 && self.is_without_cells(last) {
            last -= 1;
        }
        ScopeWatermark::At {
            day: self.sessions[last],
            held_by: first.map(|(group, id)| self.to_first_gap(group, id)),
        }
    }

    /// Returns whether the portfolios of the scope that are not closed have no session there. Without
    /// such a portfolio it returns false: the watermark of closed ones is the last session.
    fn is_without_cells(&self, at: usize) -> bool {
        let ended = self.early_ends.iter().filter(|(last, _)| *last < at);
        let open = ended.fold(self.due.clone(), |open, (_, ids)| open - ids);
        let without = self.calendars.without_session(self.sessions[at]);
        !open.is_empty() && open.is_subset(&without)
    }

    fn gap_of(&self, id: PortfolioId) -> Option<&GapGroup> {
        let mut groups = self.gaps.iter();
        groups.find(|group| group.portfolios.contains(id.0))
    }

    fn to_first_gap(&self, group: &GapGroup, id: u32) -> FirstGap {
        FirstGap {
            cell: Cell::new(self.sessions[group.session_index], PortfolioId(id)),
            open_phases: group.open_phases,
        }
    }

    /// Returns the index of the last expected session of a portfolio in `due`.
    fn last_expected(&self, id: PortfolioId) -> usize {
        let end = self.early_ends.iter().find(|(_, ids)| ids.contains(id.0));
        self.own_session(id, end.map_or(self.sessions.len() - 1, |(at, _)| *at))
    }

    /// Returns the index of the last session of a portfolio in `due` up to the one with this index.
    fn own_session(&self, id: PortfolioId, up_to: usize) -> usize {
        let Some(own) = self.calendars.of(id) else {
            return up_to;
        };
        let mut earlier = (0..=up_to).rev();
        let found = earlier.find(|at| own.has_session(self.sessions[*at]));
        found.unwrap_or(up_to)
    }
}

impl ScopeWatermark {
    /// Returns the session, or `None` if the scope has no watermark.
    pub const fn day(&self) -> Option<Day> {
        match self {
            Self::At { day, .. } => Some(*day),
            Self::NoneDue | Self::NoneYet { .. } => None,
        }
    }

    /// Returns the cell that holds the watermark back, if any.
    pub const fn held_by(&self) -> Option<FirstGap> {
        match self {
            Self::NoneDue => None,
            Self::NoneYet { held_by } => Some(*held_by),
            Self::At { held_by, .. } => *held_by,
        }
    }
}

impl fmt::Display for ScopeWatermark {
    /// Writes the session or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day() {
            Some(day) => day.fmt(f),
            None => f.pad("none"),
        }
    }
}
