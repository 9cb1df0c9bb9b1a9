//! The steps of a scenario, from what is written of them.

use std::ops::Range;

use toml::Spanned;

use super::error::{ScenarioError, StepError};
use super::expectations::ExpectationReader;
use super::model::{Action, Crash, Invalidation, Run, Step};
use super::read::Resolver;
use super::settings::with_overrides;
use super::spec::{CrashSpec, InvalidationSpec, PointOrCrashSpec, RunSpec, ScenarioSpec, StepSpec};
use super::values::{Point, SignedDuration};
use crate::domain::calendar::Amendments;
use crate::domain::{Calendar, Day, DayRange, PhaseSet};
use crate::engine::Settings;
use crate::scenario::world::lenient::{CellPhase, Instant, Lenient, OneOrMany};
use crate::scenario::world::spec::PortfolioSpecs;
use crate::scenario::world::{Correction, WorldPortfolio, names_of};

/// Reads steps one after the other; what a step sets holds for those after it.
pub(super) struct StepReader<'s> {
    resolver: Resolver<'s>,
    scenario: &'s ScenarioSpec,
    settings: Settings,
    calendar: Calendar,
    /// How many portfolios each step adds, and which come next.
    added: std::vec::IntoIter<usize>,
    not_yet_added: &'s [WorldPortfolio],
    /// How many transactions were recorded.
    recorded_transactions: usize,
}

/// Whether a step stands by itself or happens while a run is at work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StepContext {
    TopLevel,
    DuringRun,
}

impl StepSpec {
    /// Takes the portfolios that it adds out of it, in the order of the text.
    pub(super) fn take_added(&mut self, added: &mut Vec<PortfolioSpecs>) {
        added.extend(self.add.as_mut().map(std::mem::take));
        for step in self.run.iter_mut().flat_map(|run| &mut run.meanwhile) {
            step.get_mut().take_added(added);
        }
    }

    /// The keys that say what happens, and whether each is there.
    fn present_actions(&self) -> [(&'static str, bool); 15] {
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

impl<'s> StepReader<'s> {
    pub(super) fn new(
        resolver: Resolver<'s>,
        scenario: &'s ScenarioSpec,
        settings: &Settings,
        added: Vec<usize>,
    ) -> Self {
        Self {
            resolver,
            scenario,
            settings: settings.clone(),
            calendar: settings.calendar.clone(),
            added: added.into_iter(),
            not_yet_added: &resolver.world.added_later,
            recorded_transactions: 0,
        }
    }

    pub(super) fn read(
        mut self,
        written: &[Spanned<StepSpec>],
    ) -> Result<Vec<Step>, ScenarioError> {
        let steps = written
            .iter()
            .map(|step| self.step(step, StepContext::TopLevel));
        steps.collect()
    }

    fn step(
        &mut self,
        written: &Spanned<StepSpec>,
        stands: StepContext,
    ) -> Result<Step, ScenarioError> {
        let (step, at) = (written.get_ref(), written.span());
        let flaw = |why| ScenarioError::Step {
            error: why,
            at: at.clone(),
        };
        match (stands, &step.at) {
            (StepContext::TopLevel, Some(_)) => return Err(flaw(StepError::PointOutsideRun)),
            (StepContext::DuringRun, None) => return Err(flaw(StepError::NoPoint)),
            _ => {}
        }
        let mut said = step
            .present_actions()
            .into_iter()
            .filter(|(_, there)| *there);
        match (said.next(), said.next()) {
            (None, _) => return Err(flaw(StepError::NoAction)),
            (Some((one, _)), Some((other, _))) => {
                return Err(flaw(StepError::TwoActions(one, other)));
            }
            _ => {}
        }
        let expectations = ExpectationReader {
            resolver: self.resolver,
        };
        let expected = step.expect.clone().map(|one| expectations.read(one));
        Ok(Step {
            action: self.action(step, at)?,
            expected: expected.transpose()?,
        })
    }

    /// What the one key of a step says.
    fn action(&mut self, step: &StepSpec, at: Range<usize>) -> Result<Action, ScenarioError> {
        if let Some(run) = &step.run {
            return Ok(Action::Run(Box::new(self.run(run)?)));
        }
        if let Some(name) = &step.onboard {
            self.resolver.resolve(name)?;
            return Ok(Action::Onboard(name.get_ref().clone()));
        }
        if let Some(written) = &step.invalidate {
            return self.invalidation(written).map(Action::Invalidate);
        }
        if let Some(retry) = &step.retry {
            let portfolio = retry
                .portfolio
                .as_ref()
                .map(|name| self.resolver.resolve(name));
            return Ok(Action::Retry {
                portfolio: portfolio.transpose()?,
                days: day_range(retry.days.as_ref().map(|Lenient(days)| days)),
            });
        }
        if let Some(names) = &step.delete {
            return Ok(Action::Delete(self.resolver.resolve_names(names)?));
        }
        if let Some(names) = &step.restore {
            return Ok(Action::Restore(self.resolver.resolve_names(names)?));
        }
        if let Some(lives) = &step.close {
            let mut closed = Vec::new();
            for (name, day) in lives {
                self.resolver.resolve(name)?;
                closed.push((name.get_ref().clone(), *day));
            }
            return Ok(Action::Close(closed));
        }
        if step.add.is_some() {
            return self.add(at);
        }
        self.source_change(step, at)
    }

    fn source_change(
        &mut self,
        step: &StepSpec,
        at: Range<usize>,
    ) -> Result<Action, ScenarioError> {
        let world = self.resolver.world;
        if let Some(prices) = &step.prices {
            let mut closes = Vec::new();
            for (symbol, days) in prices {
                let security = world.security(symbol.get_ref())?;
                closes.extend(days.iter().map(|(day, Lenient(price))| Correction {
                    security,
                    day: *day,
                    close: *price,
                }));
            }
            return Ok(Action::Prices(closes));
        }
        if let Some(written) = &step.transaction {
            let mut written = written.get_ref().clone();
            self.recorded_transactions += 1;
            let reference = format!("step/{:04}", self.recorded_transactions);
            written.reference.get_or_insert(reference);
            let written = vec![written];
            return Ok(Action::Transactions(world.resolve_transactions(written)?));
        }
        if let Some(written) = &step.split {
            return Ok(Action::Split(
                world.resolve_split(written.get_ref().clone())?,
            ));
        }
        self.settings_change(step, at)
    }

    fn settings_change(
        &mut self,
        step: &StepSpec,
        at: Range<usize>,
    ) -> Result<Action, ScenarioError> {
        if let Some(Lenient(SignedDuration(by))) = step.advance {
            return Ok(Action::Advance(by));
        }
        if let Some(Lenient(Instant(to))) = step.clock {
            return Ok(Action::Clock(to));
        }
        if let Some(amendments) = &step.calendar {
            return self.amend_calendar(amendments);
        }
        let written = step.configure.as_ref().ok_or(ScenarioError::Step {
            error: StepError::NoAction,
            at,
        })?;
        self.settings = with_overrides(&self.settings, written)?;
        Ok(Action::Configure(self.settings.clone()))
    }

    fn amend_calendar(&mut self, written: &Spanned<Amendments>) -> Result<Action, ScenarioError> {
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
            summary: amendments_text(amendments),
        })
    }

    fn add(&mut self, at: Range<usize>) -> Result<Action, ScenarioError> {
        let count = self.added.next().unwrap_or_default();
        let (added, later) = self.not_yet_added.split_at(count);
        self.not_yet_added = later;
        match added.iter().find(|one| !one.done.is_empty()) {
            Some(one) => Err(ScenarioError::Step {
                error: StepError::AddedWithDoneDays(one.portfolio.name.clone()),
                at,
            }),
            None => Ok(Action::Add(added.to_vec())),
        }
    }

    fn invalidation(&self, written: &InvalidationSpec) -> Result<Invalidation, ScenarioError> {
        let OneOrMany(phases) = &written.phases;
        let portfolios = written
            .portfolios
            .as_ref()
            .map(|names| self.resolver.resolve_ids(names));
        Ok(Invalidation {
            portfolios: portfolios.transpose()?,
            days: day_range(Some(&written.days.0)),
            phases: match phases.as_slice() {
                [] => PhaseSet::CELL_PHASES,
                some => some.iter().map(|CellPhase(phase)| *phase).collect(),
            },
            reason: written
                .reason
                .clone()
                .unwrap_or_else(|| "the scenario says so".to_owned()),
        })
    }

    fn run(&mut self, written: &RunSpec) -> Result<Run, ScenarioError> {
        let policy = written
            .policy
            .as_ref()
            .map(|name| self.scenario.policy(name));
        let mut meanwhile = Vec::new();
        for step in &written.meanwhile {
            let (point, at) = (step.get_ref().at.as_ref(), step.span());
            let read = self.step(step, StepContext::DuringRun)?;
            if let Some(Lenient(point)) = point {
                if !can_happen(*point, &read.action) {
                    let why = StepError::WriteLockHeld(point.to_string());
                    return Err(ScenarioError::Step { error: why, at });
                }
                meanwhile.push((*point, read));
            }
        }
        Ok(Run {
            portfolios: written.portfolios.as_ref().map(|OneOrMany(words)| {
                let names = words.iter();
                let names = names.flat_map(|word| names_of(word).unwrap_or(vec![word.clone()]));
                names.collect()
            }),
            from: written.from,
            to: written.to,
            target: written.target,
            force: written
                .force
                .as_ref()
                .map(|Lenient(days)| day_range(Some(days))),
            limit: written.limit.map(std::num::NonZeroU64::get),
            max_cells: written.max_cells,
            policy: policy.transpose()?,
            crash: written
                .crash
                .as_ref()
                .map(|PointOrCrashSpec(crash)| read_crash(crash)),
            cancel: written.cancel.as_ref().map(|Lenient(point)| *point),
            meanwhile,
        })
    }
}

fn read_crash(written: &CrashSpec) -> Crash {
    let Lenient(at) = written.at;
    Crash {
        at,
        power: written.power,
        process: written.process,
    }
}

/// Whether something can happen at a point: while the write lock is held only the clock can move.
fn can_happen(point: Point, action: &Action) -> bool {
    let holds_the_lock = matches!(point, Point::InsideCommit(_) | Point::AfterPhase(..));
    let moves_the_clock = matches!(action, Action::Advance(_) | Action::Clock(_));
    moves_the_clock || !holds_the_lock
}

fn day_range(days: Option<&crate::scenario::world::Span>) -> DayRange {
    days.and_then(|span| span.within(DayRange::ALL))
        .unwrap_or(DayRange::ALL)
}

/// `2026-01-09 closed, 2026-01-10 open`.
fn amendments_text(amendments: &Amendments) -> String {
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
