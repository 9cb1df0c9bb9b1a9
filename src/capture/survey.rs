//! Turns a captured state into a survey, so that the planner and the watermarks can answer questions
//! about it without a database.

use std::collections::BTreeMap;

use super::error::CaptureError;
use super::state::State;
use crate::domain::{IdSet, Phase};
use crate::plan::{Survey, Today};
use crate::query::ForeignBooks;

impl State {
    /// Returns the portfolios and the done cells of this state, as its clock sees them.
    ///
    /// # Errors
    ///
    /// Fails if the calendar does not know the day of the clock.
    pub fn to_foreign_books(&self) -> Result<ForeignBooks, CaptureError> {
        let today = Today {
            date: self.calendar.today(self.now),
            last_final: self.calendar.last_final(self.now, self.grace)?,
        };
        let portfolios = self.portfolios.iter().map(|captured| &captured.portfolio);
        let portfolios: Vec<_> = portfolios.cloned().collect();
        let mut survey = Survey::default();
        for portfolio in &portfolios {
            survey.lifecycles.add(portfolio.id, &portfolio.lifecycle);
        }
        let inceptions = portfolios.iter().map(|one| one.lifecycle.inception());
        let first = inceptions.min().unwrap_or(today.last_final);
        let sessions = self.sessions.iter().copied();
        survey.sessions = sessions
            .filter(|day| (first..=today.last_final).contains(day))
            .collect();
        for ((at, phase), ids) in self.done_cells() {
            survey.coverage.set(self.sessions[at], phase, ids);
        }
        Ok(ForeignBooks {
            survey,
            today,
            portfolios,
        })
    }

    /// Returns the portfolios whose phase is done, by index of the session and by phase.
    fn done_cells(&self) -> BTreeMap<(usize, Phase), IdSet> {
        let mut by_id: Vec<_> = self.portfolios.iter().collect();
        // Ascending ids are appended to bitmaps.
        by_id.sort_by_key(|captured| captured.portfolio.id);
        let mut done: BTreeMap<(usize, Phase), IdSet> = BTreeMap::new();
        for captured in by_id {
            for interval in &captured.intervals {
                let phases = interval.marks.phases();
                for at in interval.first..=interval.last {
                    for phase in phases.iter() {
                        done.entry((at, phase))
                            .or_default()
                            .insert(captured.portfolio.id.0);
                    }
                }
            }
        }
        done
    }
}
