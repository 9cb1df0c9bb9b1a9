//! The steps of a scenario, from what is written of them.

use std::ops::Range;

use toml::Spanned;

use super::error::{ScenarioError, StepFlaw};
use super::expectations::Expectations;
use super::read::Cast;
use super::settings::changed;
use super::state::{Action, Crash, Invalidation, Run, Step};
use super::words::{Length, Point};
use super::written::{
    CrashTerms, WrittenCrash, WrittenInvalidation, WrittenRun, WrittenScenario, WrittenStep,
};
use crate::domain::calendar::Amendments;
use crate::domain::{Calendar, Day, DayRange, PhaseSet};
use crate::engine::Settings;
use crate::scenario::world::said::{Instant, OfCell, Said, Several};
use crate::scenario::world::written::WrittenPortfolios;
use crate::scenario::world::{Correction, WorldPortfolio, names_of};

/// Reads steps one after the other; what a step sets holds for those after it.
pub(super) struct Steps<'s> {
    cast: Cast<'s>,
    scenario: &'s WrittenScenario,
    settings: Settings,
    calendar: Calendar,
    /// How many portfolios each step adds, and which come next.
    added: std::vec::IntoIter<usize>,
    later: &'s [WorldPortfolio],
    /// How many transactions were recorded.
    recorded: usize,
}

/// Whether a step stands by itself or happens while a run is at work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Alone,
    InARun,
}

impl WrittenStep {
    /// Takes the portfolios that it adds out of it, in the order of the text.
    pub(super) fn take_added(&mut self, added: &mut Vec<WrittenPortfolios>) {
        added.extend(self.add.as_mut().map(std::mem::take));
        for step in self.run.iter_mut().flat_map(|run| &mut run.meanwhile) {
            step.get_mut().take_added(added);
        }
    }

    /// The keys that say what happens, and whether each is there.
    fn said(&self) -> [(&'static str, bool); 15] {
        [
            ("run", self.run.is_some()),
            ("onboard", self.onboard.is_some()),
            ("invalidate", self.invalidate.is_some()),
            ("retry", self.retry.is_some()),
            ("delete", self.delete.is_some()),
            ("restore", self.restore.is_some()),
            ("close", self.close.is_some()),
            ("add", self.add.is_some()),
            ("prices", self.prices.is_some()),
            ("transaction", self.transaction.is_some()),
            ("split", self.split.is_some()),
            ("advance", self.advance.is_some()),
            ("clock", self.clock.is_some()),
            ("calendar", self.calendar.is_some()),
            ("configure", self.configure.is_some()),
        ]
    }
}

impl<'s> Steps<'s> {
    pub(super) fn new(
        cast: Cast<'s>,
        scenario: &'s WrittenScenario,
        settings: &Settings,
        added: Vec<usize>,
    ) -> Self {
        Self {
            cast,
            scenario,
            settings: settings.clone(),
            calendar: settings.calendar.clone(),
            added: added.into_iter(),
            later: &cast.world.later,
            recorded: 0,
        }
    }

    pub(super) fn read(
        mut self,
        written: &[Spanned<WrittenStep>],
    ) -> Result<Vec<Step>, ScenarioError> {
        let steps = written.iter().map(|step| self.step(step, Stands::Alone));
        steps.collect()
    }

    fn step(
        &mut self,
        written: &Spanned<WrittenStep>,
        stands: Stands,
    ) -> Result<Step, ScenarioError> {
        let (step, at) = (written.get_ref(), written.span());
        let flaw = |why| ScenarioError::Step {
            why,
            at: at.clone(),
        };
        match (stands, &step.at) {
            (Stands::Alone, Some(_)) => return Err(flaw(StepFlaw::PointAlone)),
            (Stands::InARun, None) => return Err(flaw(StepFlaw::NoPoint)),
            _ => {}
        }
        let mut said = step.said().into_iter().filter(|(_, there)| *there);
        match (said.next(), said.next()) {
            (None, _) => return Err(flaw(StepFlaw::Nothing)),
            (Some((one, _)), Some((other, _))) => return Err(flaw(StepFlaw::Two(one, other))),
            _ => {}
        }
        let expectations = Expectations { cast: self.cast };
        let expected = step.expect.clone().map(|one| expectations.read(one));
        Ok(Step {
            action: self.action(step, at)?,
            expected: expected.transpose()?,
        })
    }

    /// What the one key of a step says.
    fn action(&mut self, step: &WrittenStep, at: Range<usize>) -> Result<Action, ScenarioError> {
        if let Some(run) = &step.run {
            return Ok(Action::Run(Box::new(self.run(run)?)));
        }
        if let Some(name) = &step.onboard {
            self.cast.id(name)?;
            return Ok(Action::Onboard(name.get_ref().clone()));
        }
        if let Some(written) = &step.invalidate {
            return self.invalidation(written).map(Action::Invalidate);
        }
        if let Some(retry) = &step.retry {
            let portfolio = retry.portfolio.as_ref().map(|name| self.cast.id(name));
            return Ok(Action::Retry {
                portfolio: portfolio.transpose()?,
                days: within(retry.days.as_ref().map(|Said(days)| days)),
            });
        }
        if let Some(names) = &step.delete {
            return Ok(Action::Delete(self.cast.names(names)?));
        }
        if let Some(names) = &step.restore {
            return Ok(Action::Restore(self.cast.names(names)?));
        }
        if let Some(lives) = &step.close {
            let mut closed = Vec::new();
            for (name, day) in lives {
                self.cast.id(name)?;
                closed.push((name.get_ref().clone(), *day));
            }
            return Ok(Action::Close(closed));
        }
        if step.add.is_some() {
            return self.add(at);
        }
        self.change_of_sources(step, at)
    }

    fn change_of_sources(
        &mut self,
        step: &WrittenStep,
        at: Range<usize>,
    ) -> Result<Action, ScenarioError> {
        let world = self.cast.world;
        if let Some(prices) = &step.prices {
            let mut closes = Vec::new();
            for (symbol, days) in prices {
                let security = world.security(symbol.get_ref())?;
                closes.extend(days.iter().map(|(day, Said(price))| Correction {
                    security,
                    day: *day,
                    close: *price,
                }));
            }
            return Ok(Action::Prices(closes));
        }
        if let Some(written) = &step.transaction {
            let mut written = written.get_ref().clone();
            self.recorded += 1;
            let reference = format!("step/{:04}", self.recorded);
            written.reference.get_or_insert(reference);
            let written = vec![written];
            return Ok(Action::Transactions(world.transactions_written(written)?));
        }
        if let Some(written) = &step.split {
            return Ok(Action::Split(
                world.split_written(written.get_ref().clone())?,
            ));
        }
        self.change_of_terms(step, at)
    }

    fn change_of_terms(
        &mut self,
        step: &WrittenStep,
        at: Range<usize>,
    ) -> Result<Action, ScenarioError> {
        if let Some(Said(Length(by))) = step.advance {
            return Ok(Action::Advance(by));
        }
        if let Some(Said(Instant(to))) = step.clock {
            return Ok(Action::Clock(to));
        }
        if let Some(amendments) = &step.calendar {
            return self.amend(amendments);
        }
        let written = step.configure.as_ref().ok_or(ScenarioError::Step {
            why: StepFlaw::Nothing,
            at,
        })?;
        self.settings = changed(&self.settings, written)?;
        Ok(Action::Configure(self.settings.clone()))
    }

    fn amend(&mut self, written: &Spanned<Amendments>) -> Result<Action, ScenarioError> {
        let amendments = written.get_ref();
        self.calendar = self
            .calendar
            .with_amendments(amendments)
            .map_err(|source| {
                let at = written.span();
                ScenarioError::Calendar { source, at }
            })?;
        Ok(Action::Calendar {
            calendar: self.calendar.clone(),
            words: words_of(amendments),
        })
    }

    fn add(&mut self, at: Range<usize>) -> Result<Action, ScenarioError> {
        let count = self.added.next().unwrap_or_default();
        let (added, later) = self.later.split_at(count);
        self.later = later;
        match added.iter().find(|one| !one.done.is_empty()) {
            Some(one) => Err(ScenarioError::Step {
                why: StepFlaw::Done(one.portfolio.name.clone()),
                at,
            }),
            None => Ok(Action::Add(added.to_vec())),
        }
    }

    fn invalidation(&self, written: &WrittenInvalidation) -> Result<Invalidation, ScenarioError> {
        let Several(phases) = &written.phases;
        let portfolios = written
            .portfolios
            .as_ref()
            .map(|names| self.cast.ids(names));
        Ok(Invalidation {
            portfolios: portfolios.transpose()?,
            days: within(Some(&written.days.0)),
            phases: match phases.as_slice() {
                [] => PhaseSet::CELL_PHASES,
                some => some.iter().map(|OfCell(phase)| *phase).collect(),
            },
            why: written
                .why
                .clone()
                .unwrap_or_else(|| "the scenario says so".to_owned()),
        })
    }

    fn run(&mut self, written: &WrittenRun) -> Result<Run, ScenarioError> {
        let policy = written
            .policy
            .as_ref()
            .map(|name| self.scenario.policy(name));
        let mut meanwhile = Vec::new();
        for step in &written.meanwhile {
            let (point, at) = (step.get_ref().at.as_ref(), step.span());
            let read = self.step(step, Stands::InARun)?;
            if let Some(Said(point)) = point {
                if !may_happen(*point, &read.action) {
                    let why = StepFlaw::Locked(point.to_string());
                    return Err(ScenarioError::Step { why, at });
                }
                meanwhile.push((*point, read));
            }
        }
        Ok(Run {
            portfolios: written.portfolios.as_ref().map(|Several(words)| {
                let names = words.iter();
                let names = names.flat_map(|word| names_of(word).unwrap_or(vec![word.clone()]));
                names.collect()
            }),
            from: written.from,
            to: written.to,
            target: written.target,
            force: written.force.as_ref().map(|Said(days)| within(Some(days))),
            limit: written.limit.map(std::num::NonZeroU64::get),
            max_cells: written.max_cells,
            policy: policy.transpose()?,
            crash: written
                .crash
                .as_ref()
                .map(|WrittenCrash(crash)| crash_of(crash)),
            cancel: written.cancel.as_ref().map(|Said(point)| *point),
            meanwhile,
        })
    }
}

fn crash_of(written: &CrashTerms) -> Crash {
    let Said(at) = written.at;
    Crash {
        at,
        power: written.power,
        seen: written.process,
    }
}

/// Whether something can happen at a point: while the write lock is held only the clock can move.
fn may_happen(point: Point, action: &Action) -> bool {
    let holds_the_lock = matches!(point, Point::InsideCommit(_) | Point::AfterPhase(..));
    let moves_the_clock = matches!(action, Action::Advance(_) | Action::Clock(_));
    moves_the_clock || !holds_the_lock
}

fn within(days: Option<&crate::scenario::world::Span>) -> DayRange {
    days.and_then(|span| span.within(DayRange::ALL))
        .unwrap_or(DayRange::ALL)
}

/// `2026-01-09 closed, 2026-01-10 open`.
fn words_of(amendments: &Amendments) -> String {
    let each = |days: &[Day], what: &str| -> Vec<String> {
        days.iter().map(|day| format!("{day} {what}")).collect()
    };
    let mut words = each(&amendments.closed, "is closed");
    words.extend(each(&amendments.sessions, "is a session"));
    let half_days = amendments.half_days.iter();
    words
        .extend(half_days.map(|(day, close)| format!("{day} closes at {}", close.format("%H:%M"))));
    words.join(", ")
}
