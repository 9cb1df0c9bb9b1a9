//! Draws the nights of a world: runs, and between them newcomers, deleted and restored portfolios, and
//! changes of the clock. A job that keeps books of its own, such as a stored watermark, shows there.

use chrono::{DateTime, TimeDelta, Utc};

use super::drawn_portfolio::{MINUTES, sessions_before};
use super::job_file::Job;
use crate::domain::{Calendar, Day};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::script::SignedDuration;
use crate::scenario::script::spec::{RunSpec, StepSpec};
use crate::scenario::world::spec::{PortfolioSpec, PortfolioSpecs};
use crate::scenario::world::values::Instant;
use crate::sim::RandomSource;

/// The most nights of a world.
const NIGHTS: usize = 4;

/// Draws the steps of nights.
pub(super) struct Nights<'n> {
    pub(super) job: &'n Job,
    pub(super) random: &'n mut RandomSource,
    pub(super) calendar: &'n Calendar,
    pub(super) now: DateTime<Utc>,
    /// The portfolios, and whether each is deleted.
    pub(super) portfolios: Vec<(String, bool)>,
    /// The sessions on which portfolios can begin.
    pub(super) sessions: usize,
}

impl Nights<'_> {
    /// Draws all steps. Each night ends with a run.
    pub(super) fn draw(mut self) -> Vec<StepSpec> {
        let mut steps = vec![StepSpec::from(RunSpec::default())];
        let nights = match self.random.chance(50) {
            true => 1,
            false => 2 + self.random.below(NIGHTS - 1),
        };
        for _ in 1..nights {
            steps.extend(self.changes());
            steps.extend(self.later());
            steps.push(StepSpec::from(RunSpec::default()));
        }
        steps
    }

    /// Draws the changes of a day.
    fn changes(&mut self) -> Vec<StepSpec> {
        let mut steps = Vec::new();
        if self.random.chance(35) {
            steps.extend(self.newcomer());
        }
        if self.job.map.portfolios.column("deleted-at").is_some() {
            if self.random.chance(50) {
                let restored = self.pick(true).map(|name| StepSpec {
                    restore: Some(OneOrMany::one(name).into()),
                    ..StepSpec::default()
                });
                steps.extend(restored);
            }
            if self.random.chance(20) {
                let deleted = self.pick(false).map(|name| StepSpec {
                    delete: Some(OneOrMany::one(name).into()),
                    ..StepSpec::default()
                });
                steps.extend(deleted);
            }
        }
        steps
    }

    /// Draws a portfolio that is added without any row, if the tables say when it begins.
    fn newcomer(&mut self) -> Option<StepSpec> {
        if !self.job.tells_inception() {
            return None;
        }
        let sessions = sessions_before(self.calendar, self.now, self.sessions);
        let name = char::from_u32(u32::from('A') + u32::try_from(self.portfolios.len()).ok()?)?;
        let spec = PortfolioSpec {
            inception: Some(sessions[self.random.below(sessions.len())]),
            ..PortfolioSpec::default()
        };
        self.portfolios.push((name.to_string(), false));
        Some(StepSpec {
            add: Some(PortfolioSpecs(vec![(name.to_string().into(), spec)])),
            ..StepSpec::default()
        })
    }

    /// Returns the name of a portfolio that is deleted, or of one that is not, and makes it the other.
    fn pick(&mut self, is_deleted: bool) -> Option<String> {
        let portfolios = self.portfolios.iter_mut();
        let mut known: Vec<_> = portfolios
            .filter(|(_, deleted)| *deleted == is_deleted)
            .collect();
        if known.is_empty() {
            return None;
        }
        let at = self.random.below(known.len());
        let (name, deleted) = &mut known[at];
        *deleted = !is_deleted;
        Some(name.clone())
    }

    /// Draws the time until the next run: none, a while, a day, or up to the close of a later day.
    fn later(&mut self) -> Option<StepSpec> {
        let by = match self.random.below(10) {
            0 => return None,
            1 => TimeDelta::minutes(90),
            2..=7 => TimeDelta::days(1),
            _ => return self.at_a_close(),
        };
        self.now += by;
        Some(StepSpec {
            advance: Some(Lenient(SignedDuration(by))),
            ..StepSpec::default()
        })
    }

    fn at_a_close(&mut self) -> Option<StepSpec> {
        let local = self.now.with_timezone(&self.calendar.zone()).date_naive();
        let day = Day::from_date(local).ok()?;
        let after = 1 + i32::try_from(self.random.below(5)).ok()?;
        let session = self
            .calendar
            .on_or_after(day.saturating_add(after))
            .ok()??;
        let close = self.calendar.close_time(session).ok()?;
        self.now = close + TimeDelta::minutes(MINUTES[self.random.below(MINUTES.len())]);
        Some(StepSpec {
            clock: Some(Lenient(Instant::local(self.now, self.calendar.zone()))),
            ..StepSpec::default()
        })
    }
}
