//! The cells of a captured state as values that serialize, for programs.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::CaptureError;
use super::intervals::{Interval, Marks};
use super::state::{CapturedPortfolio, State};
use crate::domain::{Day, Phase, PhaseSet, PortfolioKey};

/// The cells of a captured state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CapturedCells {
    /// The time of the state.
    pub now: DateTime<Utc>,
    /// The last session that is due.
    pub target: Day,
    /// Number of expected cells that are not complete.
    pub needed: usize,
    /// The portfolios, in the order of the captured file.
    pub portfolios: Vec<PortfolioCells>,
}

/// The cells of one portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortfolioCells {
    /// The id of the portfolio.
    pub id: PortfolioKey,
    /// The name of the portfolio.
    pub name: String,
    /// The first day of its life.
    pub inception: Day,
    /// The last day of its life, if it is closed.
    pub closed: Option<Day>,
    /// The instant of its deletion, if it is deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Spans of sessions with rows, ascending.
    pub cells: Vec<CellSpan>,
    /// Spans of expected sessions that are not complete, ascending.
    pub open: Vec<OpenSpan>,
}

/// Sessions on which the cells of a portfolio have the same phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CellSpan {
    /// The first session of the span.
    pub from: Day,
    /// The last session of the span.
    pub to: Day,
    /// The phases that are done.
    pub done: Vec<Phase>,
    /// Whether there is a row of a snapshot that is not done.
    pub row: bool,
}

/// Sessions on which the cells of a portfolio lack the same phases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenSpan {
    /// The first session of the span.
    pub from: Day,
    /// The last session of the span.
    pub to: Day,
    /// The phases that are not done.
    pub phases: Vec<Phase>,
}

impl State {
    /// Returns the time of this state.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Returns the cells of this state.
    ///
    /// # Errors
    ///
    /// Fails if the calendar does not know the day of the clock.
    pub fn cells(&self) -> Result<CapturedCells, CaptureError> {
        let target = self.calendar.last_final(self.now, self.grace)?;
        let mut needed = 0;
        let portfolios = self.portfolios.iter().map(|captured| {
            let open = self.open_intervals(captured, target);
            needed += open.iter().map(|it| it.last - it.first + 1).sum::<usize>();
            self.portfolio_cells(captured, &open)
        });
        let portfolios = portfolios.collect();
        Ok(CapturedCells {
            now: self.now,
            target,
            needed,
            portfolios,
        })
    }

    fn portfolio_cells(&self, captured: &CapturedPortfolio, open: &[Interval]) -> PortfolioCells {
        let day = |at: usize| self.sessions[at];
        let portfolio = &captured.portfolio;
        PortfolioCells {
            id: portfolio.key,
            name: portfolio.name.clone(),
            inception: portfolio.lifecycle.inception(),
            closed: portfolio.lifecycle.closing_day(),
            deleted_at: portfolio.lifecycle.deleted_at(),
            cells: (captured.intervals.iter())
                .map(|interval| CellSpan {
                    from: day(interval.first),
                    to: day(interval.last),
                    done: interval.marks.phases().iter().collect(),
                    row: interval.marks.has_row(),
                })
                .collect(),
            open: (open.iter())
                .map(|interval| OpenSpan {
                    from: day(interval.first),
                    to: day(interval.last),
                    phases: open_phases(interval.marks).collect(),
                })
                .collect(),
        }
    }

    /// Returns the intervals of a portfolio's expected sessions that are not complete, with the
    /// marks that they have.
    fn open_intervals(&self, captured: &CapturedPortfolio, target: Day) -> Vec<Interval> {
        let portfolio = &captured.portfolio;
        let lifetime = self.lifetime(portfolio, target);
        let (true, Some((first, last))) = (portfolio.lifecycle.is_active(), lifetime) else {
            return Vec::new();
        };
        let mut open: Vec<Interval> = Vec::new();
        let mut marked = captured.intervals.iter().peekable();
        for at in first..=last {
            while marked.next_if(|interval| interval.last < at).is_some() {}
            let marks = match marked.peek() {
                Some(interval) if interval.first <= at => interval.marks,
                _ => Marks::default(),
            };
            if marks.phases() == PhaseSet::CELL_PHASES || !self.is_session_of(portfolio, at) {
                continue;
            }
            match open.last_mut() {
                Some(span) if span.last + 1 == at && span.marks.phases() == marks.phases() => {
                    span.last = at;
                }
                _ => open.push(Interval {
                    first: at,
                    last: at,
                    marks,
                }),
            }
        }
        open
    }
}

fn open_phases(marks: Marks) -> impl Iterator<Item = Phase> {
    let done = marks.phases();
    let phases = Phase::CELL_PHASES.into_iter();
    phases.filter(move |phase| !done.contains(*phase))
}
