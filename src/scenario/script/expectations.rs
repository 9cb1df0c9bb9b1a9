//! Reads expectations: resolves the names of portfolios in them, and refuses what could never be
//! found wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::{ExpectationError, ScenarioError};
use super::model::{CellStatus, Expectation, Run};
use super::resolver::Resolver;
use super::spec::{ExpectationSpec, NamesByDay, WatermarkSpec};
use crate::domain::{Calendar, Day};
use crate::scenario::world::lenient::Lenient;

/// The part of a scenario that an `expect` table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectationPlace {
    /// The whole scenario.
    Scenario { has_runs: bool },
    /// A step that is a run.
    Run,
    /// A step that is not a run.
    Change,
}

/// The days around those of the scenario that expectations may be about, to say that a run does
/// nothing there. Less than a month, so that a mistyped month or year is refused.
const MARGIN_DAYS: i32 = 7;

/// The days on which a scenario can have cells, as far as its steps have been read.
pub(super) struct CellDays {
    /// The calendars so far, that of the world first. A day that is a session of any of them can
    /// have cells.
    calendars: Vec<Calendar>,
    /// The earliest inception; the latest day below if there is no portfolio.
    first: Day,
    /// The latest day that the clock has reached, or that a run names as its target.
    last: Day,
    clock: DateTime<Utc>,
}

impl CellDays {
    pub(super) fn at_start(resolver: Resolver<'_>) -> Self {
        let world = resolver.world;
        let last = world.calendar.today(world.now);
        let portfolios = world.portfolios.iter().chain(&world.added_later);
        let inceptions = portfolios.map(|known| known.portfolio.lifecycle.inception());
        Self {
            calendars: vec![world.calendar.clone()],
            first: inceptions.min().unwrap_or(last),
            last,
            clock: world.now,
        }
    }

    /// Follows a step that sets the clock.
    pub(super) fn set_clock(&mut self, clock: DateTime<Utc>) {
        self.clock = clock;
        let today = self.calendars[0].today(clock);
        self.last = self.last.max(today);
    }

    /// Follows a step that moves the clock.
    pub(super) fn advance_clock(&mut self, by: TimeDelta) {
        self.set_clock(self.clock.checked_add_signed(by).unwrap_or(self.clock));
    }

    pub(super) fn add_calendar(&mut self, calendar: &Calendar) {
        self.calendars.push(calendar.clone());
    }

    pub(super) fn add_run(&mut self, run: &Run) {
        self.last = run.target.map_or(self.last, |day| self.last.max(day));
    }

    /// Refuses a day that is no session, or far from all cells: an expectation of it would hold
    /// whatever happens.
    fn check(&self, day: Day) -> Result<(), ExpectationError> {
        let within = day.max(self.first).min(self.last);
        if within.number().abs_diff(day.number()) > MARGIN_DAYS as u32 {
            return Err(ExpectationError::OutsideDays {
                day,
                first: self.first,
                last: self.last,
                nearest: self.nearest_session(within),
            });
        }
        self.check_session(day)
    }

    fn check_session(&self, day: Day) -> Result<(), ExpectationError> {
        let mut calendars = self.calendars.iter();
        if calendars.any(|calendar| calendar.is_session(day) == Ok(true)) {
            return Ok(());
        }
        Err(ExpectationError::NoSession {
            day,
            calendar: self.calendars[0].name().to_owned(),
            nearest: self.nearest_session(day),
        })
    }

    /// Returns the session nearest to a day, the earlier one of two.
    fn nearest_session(&self, day: Day) -> Option<Day> {
        let calendar = self.calendars.last()?;
        let before = calendar.on_or_before(day).ok().flatten();
        let after = calendar.on_or_after(day).ok().flatten();
        let distance = |session: &Day| session.number().abs_diff(day.number());
        before.into_iter().chain(after).min_by_key(distance)
    }
}

/// Reads expectations against the portfolios and days of a scenario.
#[derive(Clone, Copy)]
pub(super) struct ExpectationReader<'r> {
    pub(super) resolver: Resolver<'r>,
    pub(super) days: &'r CellDays,
    pub(super) place: ExpectationPlace,
    /// The byte range of the step; none for a whole scenario.
    pub(super) step: Option<&'r Range<usize>>,
}

impl ExpectationReader<'_> {
    pub(super) fn read(&self, spec: ExpectationSpec) -> Result<Expectation, ScenarioError> {
        let days_by_status = [
            ("processed", CellStatus::Processed, spec.processed),
            ("left-behind", CellStatus::LeftBehind, spec.left_behind),
            ("failed", CellStatus::Failed, spec.failed),
            ("blocked", CellStatus::Blocked, spec.blocked),
            ("quarantined", CellStatus::Quarantined, spec.quarantined),
            ("open", CellStatus::Open, spec.open),
        ];
        let mut cells = BTreeMap::new();
        for (key, status, days) in days_by_status {
            if days.is_empty() {
                continue;
            }
            if status != CellStatus::Open {
                self.check_run_key(key)?;
            }
            cells.insert(status, self.cells(&days)?);
        }
        let counts_by_status = [
            (
                "processed-cells",
                CellStatus::Processed,
                spec.processed_cells,
            ),
            (
                "left-behind-cells",
                CellStatus::LeftBehind,
                spec.left_behind_cells,
            ),
        ];
        let mut counts = BTreeMap::new();
        for (key, status, count) in counts_by_status {
            if let Some(count) = count {
                self.check_run_key(key)?;
                counts.insert(status, count);
            }
        }
        if spec.end.is_some() {
            self.check_run_key("end")?;
        }
        if spec.exit.is_some() {
            self.check_run_key("exit")?;
        }
        let messages = spec.messages.map_or_else(Vec::new, |messages| messages.0);
        if messages.iter().any(String::is_empty) {
            return Err(self.refused("says", ExpectationError::EmptyMessage));
        }
        let mut watermarks = BTreeMap::new();
        for (name, Lenient(WatermarkSpec(day))) in spec.watermarks {
            self.resolver.resolve(&name)?;
            self.check_watermark("watermarks", day)?;
            watermarks.insert(name.into_inner(), day);
        }
        let watermark = spec.watermark.map(|Lenient(WatermarkSpec(day))| day);
        self.check_watermark("watermark", watermark.flatten())?;
        Ok(Expectation {
            cells,
            counts,
            watermark,
            watermarks,
            end: spec.end,
            exit: spec.exit,
            messages,
            invalidated_phases: spec.invalidated_phases,
        })
    }

    fn cells(&self, days: &NamesByDay) -> Result<BTreeMap<Day, BTreeSet<String>>, ScenarioError> {
        let days = days.iter().map(|(day, words)| {
            self.days
                .check(*day.get())
                .map_err(|error| ScenarioError::Expectation {
                    error,
                    key: "expect",
                    at: Some(day.span()),
                })?;
            let names = self.resolver.resolve_names(words)?;
            Ok((*day.get(), names.into_iter().collect()))
        });
        days.collect()
    }

    /// Refuses a key that only a run has a value for, where there is no run.
    fn check_run_key(&self, key: &'static str) -> Result<(), ScenarioError> {
        match self.place {
            ExpectationPlace::Run | ExpectationPlace::Scenario { has_runs: true } => Ok(()),
            ExpectationPlace::Change => Err(self.refused(key, ExpectationError::NotARun(key))),
            ExpectationPlace::Scenario { .. } => {
                Err(self.refused(key, ExpectationError::NoRun(key)))
            }
        }
    }

    fn check_watermark(&self, key: &'static str, day: Option<Day>) -> Result<(), ScenarioError> {
        day.map_or(Ok(()), |day| self.days.check_session(day))
            .map_err(|error| self.refused(key, error))
    }

    fn refused(&self, key: &'static str, error: ExpectationError) -> ScenarioError {
        ScenarioError::Expectation {
            error,
            key,
            at: self.step.cloned(),
        }
    }
}
