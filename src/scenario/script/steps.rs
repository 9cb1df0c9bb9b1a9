//! Reads the steps of a scenario: resolves names, and checks that each step has one action that is
//! allowed at its place.

use std::collections::BTreeMap;
use std::ops::Range;

use super::cell_days::CellDays;
use super::error::{ScenarioError, StepError};
use super::expectations::{ExpectationPlace, ExpectationReader};
use super::model::{Action, Invalidation, Run, Step};
use super::resolver::Resolver;
use super::settings::with_overrides;
use super::spec::{InvalidationSpec, RunSpec, ScriptSpec, StepSpec};
use super::values::{Point, SignedDuration};
use crate::domain::calendar::Amendments;
use crate::domain::{Calendar, Day, DayRange, PhaseSet};
use crate::engine::Settings;
use crate::scenario::format::lenient::{Lenient, Located, OneOrMany};
use crate::scenario::names::expand_or_keep;
use crate::scenario::world::spec::TransactionSpec;
use crate::scenario::world::values::{CellPhase, Span};
use crate::scenario::world::{Correction, WorldPortfolio};

/// Reads steps in order. Settings and calendar carry over from a step to those after it.
pub(super) struct StepReader<'s> {
    resolver: Resolver<'s>,
    script: &'s ScriptSpec,
    settings: Settings,
    calendar: Calendar,
    /// The days that the expectations of the next steps can be about.
    days: CellDays,
    /// The number of portfolios that each step adds, for the steps not read yet.
    added: std::vec::IntoIter<usize>,
    /// The portfolios that the steps not read yet add.
    not_yet_added: &'s [WorldPortfolio],
    /// The number of transactions read so far; it numbers their references.
    recorded_transactions: usize,
}

/// The place of a step: by itself, or in the `meanwhile` of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StepContext {
    TopLevel,
    DuringRun,
}

impl<'s> StepReader<'s> {
    pub(super) fn new(
        resolver: Resolver<'s>,
        script: &'s ScriptSpec,
        settings: &Settings,
        added: Vec<usize>,
    ) -> Self {
        Self {
            resolver,
            script,
            settings: settings.clone(),
            calendar: settings.calendar.clone(),
            days: CellDays::at_start(resolver),
            added: added.into_iter(),
            not_yet_added: &resolver.world.added_later,
            recorded_transactions: 0,
        }
    }

    pub(super) fn read(&mut self, specs: &[Located<StepSpec>]) -> Result<Vec<Step>, ScenarioError> {
        let steps = specs
            .iter()
            .map(|step| self.step(step, StepContext::TopLevel));
        steps.collect()
    }

    /// Returns the days that expectations can be about after the last step.
    pub(super) fn into_days(self) -> CellDays {
        self.days
    }

    fn step(
        &mut self,
        spec: &Located<StepSpec>,
        context: StepContext,
    ) -> Result<Step, ScenarioError> {
        let (step, at) = (spec.get(), spec.span());
        let error = |error| ScenarioError::Step {
            error,
            at: at.clone(),
        };
        match (context, &step.at) {
            (StepContext::TopLevel, Some(_)) => return Err(error(StepError::PointOutsideRun)),
            (StepContext::DuringRun, None) => return Err(error(StepError::NoPoint)),
            _ => {}
        }
        let mut actions = step
            .present_actions()
            .into_iter()
            .filter(|(_, present)| *present);
        match (actions.next(), actions.next()) {
            (None, _) => return Err(error(StepError::NoAction)),
            (Some((first, _)), Some((second, _))) => {
                return Err(error(StepError::TwoActions(first, second)));
            }
            _ => {}
        }
        let mut read = Step {
            action: self.action(step, at.clone())?,
            expected: None,
            expected_by_policy: BTreeMap::new(),
        };
        let expectations = ExpectationReader {
            resolver: self.resolver,
            days: &self.days,
            place: match &read.action {
                Action::Plan(_) => ExpectationPlace::Plan,
                _ if read.is_run() => ExpectationPlace::Run,
                _ => ExpectationPlace::Change,
            },
            step: Some(&at),
        };
        if let Some(spec) = step.expect.clone() {
            read.expected = Some(expectations.read(spec)?);
        }
        for (name, spec) in step.expect_by_policy.clone() {
            self.script.check_listed(&name)?;
            let expected = expectations.read(spec)?;
            read.expected_by_policy.insert(name.into_inner(), expected);
        }
        Ok(read)
    }

    /// Reads the action of a step, which has exactly one.
    fn action(&mut self, step: &StepSpec, at: Range<usize>) -> Result<Action, ScenarioError> {
        if let Some(run) = &step.run {
            return Ok(Action::Run(Box::new(self.run(run)?)));
        }
        if let Some(plan) = &step.plan {
            return Ok(Action::Plan(Box::new(self.run(&plan.clone().into())?)));
        }
        if let Some(name) = &step.onboard {
            self.resolver.resolve(name)?;
            return Ok(Action::Onboard(name.get().clone()));
        }
        if let Some(spec) = &step.invalidate {
            return self.invalidation(spec).map(Action::Invalidate);
        }
        if let Some(retry) = &step.retry {
            let portfolio = retry
                .portfolio
                .as_ref()
                .map(|name| self.resolver.resolve(name));
            return Ok(Action::Retry {
                portfolio: portfolio.transpose()?,
                days: day_range(retry.days.map(|days| days.0)),
            });
        }
        if let Some(names) = &step.delete {
            return Ok(Action::Delete(self.resolver.resolve_names(names)?));
        }
        if let Some(names) = &step.restore {
            return Ok(Action::Restore(self.resolver.resolve_names(names)?));
        }
        if let Some(last_days) = &step.close {
            let mut closed = Vec::new();
            for (name, day) in last_days {
                self.resolver.resolve(name)?;
                closed.push((name.get().clone(), *day));
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
                let security = world.security(symbol.get())?;
                closes.extend(days.iter().map(|(day, Lenient(price))| Correction {
                    security,
                    day: *day,
                    close: *price,
                }));
            }
            return Ok(Action::Prices(closes));
        }
        if let Some(spec) = &step.transaction {
            // Each step is read as a list of one transaction, whose default reference would be
            // that of the world's first and of every other step.
            self.recorded_transactions += 1;
            let reference = format!("step/{:04}", self.recorded_transactions);
            let specs = vec![TransactionSpec {
                reference: spec.reference.clone().or(Some(reference)),
                ..spec.clone()
            }];
            return Ok(Action::Transactions(world.resolve_transactions(specs)?));
        }
        if let Some(spec) = &step.split {
            return Ok(Action::Split(world.resolve_split(spec.clone())?));
        }
        if let Some(spec) = &step.accept_prices {
            let decision = spec.get().decision();
            return decision
                .map(Action::AcceptPrices)
                .map_err(|source| ScenarioError::Step {
                    error: StepError::Range(source),
                    at: spec.span(),
                });
        }
        if let Some(spec) = &step.import {
            let file = spec.read();
            self.days.add_import(&file);
            return Ok(Action::Import(file));
        }
        if let Some(spec) = &step.void {
            let (ids, attribution) = spec.read();
            return Ok(Action::Void(ids, attribution));
        }
        if let Some(spec) = &step.delete_prices {
            world.security(&spec.symbol)?;
            return Ok(spec.read(day_range(Some(spec.days.0))));
        }
        if let Some(spec) = &step.delete_action {
            return Ok(spec.read());
        }
        self.settings_change(step, at)
    }

    fn settings_change(
        &mut self,
        step: &StepSpec,
        at: Range<usize>,
    ) -> Result<Action, ScenarioError> {
        if let Some(Lenient(SignedDuration(by))) = step.advance {
            self.days.advance_clock(by);
            return Ok(Action::Advance(by));
        }
        if let Some(Lenient(to)) = step.clock {
            let to = to.to_utc();
            self.days.set_clock(to);
            return Ok(Action::Clock(to));
        }
        if let Some(amendments) = &step.calendar {
            return self.amend_calendar(amendments);
        }
        if let Some(own) = &step.own_calendar {
            let at = own.span();
            let invalid = |source| ScenarioError::Calendar { source, at };
            own.get().calendar().map_err(invalid)?;
            return Ok(Action::OwnCalendar(Box::new(own.get().clone())));
        }
        let spec = step.configure.as_ref().ok_or(ScenarioError::Step {
            error: StepError::NoAction,
            at,
        })?;
        self.settings = with_overrides(&self.settings, spec)?;
        Ok(Action::Configure(self.settings.clone()))
    }

    fn amend_calendar(&mut self, spec: &Located<Amendments>) -> Result<Action, ScenarioError> {
        let amendments = spec.get();
        self.calendar = self
            .calendar
            .with_amendments(amendments)
            .map_err(|source| {
                let at = spec.span();
                ScenarioError::Calendar { source, at }
            })?;
        self.days.add_calendar(&self.calendar);
        Ok(Action::Calendar {
            calendar: self.calendar.clone(),
            summary: amendments_text(amendments),
        })
    }

    fn add(&mut self, at: Range<usize>) -> Result<Action, ScenarioError> {
        let count = self.added.next().unwrap_or_default();
        let (added, later) = self.not_yet_added.split_at(count);
        self.not_yet_added = later;
        match added.iter().find(|added| !added.done.is_empty()) {
            Some(added) => Err(ScenarioError::Step {
                error: StepError::AddedWithDoneDays(added.portfolio.name.clone()),
                at,
            }),
            None => Ok(Action::Add(added.to_vec())),
        }
    }

    fn invalidation(&self, spec: &InvalidationSpec) -> Result<Invalidation, ScenarioError> {
        let portfolios = spec
            .portfolios
            .as_ref()
            .map(|names| self.resolver.resolve_ids(names));
        Ok(Invalidation {
            portfolios: portfolios.transpose()?,
            days: day_range(Some(spec.days.0)),
            phases: match &spec.phases {
                Some(OneOrMany(phases)) if !phases.is_empty() => {
                    phases.iter().map(|CellPhase(phase)| *phase).collect()
                }
                _ => PhaseSet::CELL_PHASES,
            },
            reason: spec
                .reason
                .clone()
                .unwrap_or_else(|| "the scenario says so".to_owned()),
        })
    }

    fn run(&mut self, spec: &RunSpec) -> Result<Run, ScenarioError> {
        let policy = spec.policy.as_ref().map(|name| self.script.policy(name));
        let mut meanwhile = Vec::new();
        for step in &spec.meanwhile {
            let (point, at) = (step.get().at, step.span());
            let read = self.step(step, StepContext::DuringRun)?;
            if let Some(point) = point {
                if !can_happen(point, &read.action) {
                    let error = StepError::WriteLockHeld(point.to_string());
                    return Err(ScenarioError::Step { error, at });
                }
                meanwhile.push((point, read));
            }
        }
        if let Some(OneOrMany(words)) = &spec.portfolios {
            self.resolver.check_count(words)?;
        }
        let run = Run {
            // Unknown names and invalid ranges stay as they are: refusing them is up to the run.
            portfolios: spec.portfolios.as_ref().map(|OneOrMany(words)| {
                words.iter().flat_map(|word| expand_or_keep(word)).collect()
            }),
            from: spec.from,
            to: spec.to,
            target: spec.target,
            force: spec.force.map(|days| day_range(Some(days.0))),
            limit: spec.limit.map(std::num::NonZeroU64::get),
            max_cells: spec.max_cells,
            policy: policy.transpose()?,
            crash: spec.crash.map(|crash| crash.0),
            cancel: spec.cancel,
            meanwhile,
        };
        self.days.add_run(&run);
        Ok(run)
    }
}

/// Returns whether an action is possible at a point: while the run holds the write lock, only the
/// clock can move.
fn can_happen(point: Point, action: &Action) -> bool {
    let holds_the_lock = matches!(point, Point::InsideCommit(_) | Point::AfterPhase(..));
    let moves_the_clock = matches!(action, Action::Advance(_) | Action::Clock(_));
    moves_the_clock || !holds_the_lock
}

fn day_range(days: Option<Span>) -> DayRange {
    days.and_then(|span| span.within(DayRange::ALL))
        .unwrap_or(DayRange::ALL)
}

/// Formats amendments as `2026-01-09 is closed, 2026-01-10 is a session`.
fn amendments_text(amendments: &Amendments) -> String {
    let each = |days: &[Day], change: &str| -> Vec<String> {
        days.iter().map(|day| format!("{day} {change}")).collect()
    };
    let mut words = each(&amendments.closed, "is closed");
    words.extend(each(&amendments.sessions, "is a session"));
    let half_days = amendments.half_days.iter();
    words
        .extend(half_days.map(|(day, close)| format!("{day} closes at {}", close.format("%H:%M"))));
    words.join(", ")
}
