//! Plays a scenario with a job instead of Plimsoll's engine, and checks the same expectations.

use std::sync::atomic::AtomicBool;

use super::applicable::{command_of, expected_policy, not_applicable};
use super::error::JobError;
use super::job_file::{Job, JobCommand};
use super::pair::{is_twice_at_once, run_at_once};
use super::promises::{check_promises, check_second_run};
use super::request::JobRequest;
use super::result::run_result;
use super::run::{Disturbance, JobRun, run};
use super::run_checks::{BrokenPromise, check_run};
use super::scratch::Template;
use super::state::JobState;
use super::subject::Subject;
use super::write_values::unknown_id;
use crate::domain::{Lifecycle, PortfolioId, Scope};
use crate::plan::{Limit, Request, Target};
use crate::scenario::runner::{
    EndState, Finding, PhasesByDay, PlayResult, PlayedStep, PolicyResult, Problem, Promise,
    StepNumber, StepOutcome, describe, end_state,
};
use crate::scenario::script::{Action, Expectation, Run, Scenario};

/// The play of a scenario with a job.
#[derive(Debug)]
pub enum JobPlay {
    /// The scenario was played.
    Played(Box<PlayResult>),
    /// The tables or commands of the job cannot take the scenario.
    NotApplicable {
        /// The reason in words.
        reason: String,
    },
}

/// The promises that a play checks, beside those that the runs of its steps show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorldChecks {
    /// No promise at all.
    None,
    /// All promises, on the world of the scenario.
    All,
    /// One promise, if the steps did not break it.
    Of(Promise),
}

/// Plays a scenario: its steps with its expectations, then the promises of the job on its world.
pub(super) fn play(
    job: &Job,
    template: &Template,
    scenario: &Scenario,
    cancel: &AtomicBool,
    checks: WorldChecks,
) -> Result<JobPlay, JobError> {
    if let Some(reason) = not_applicable(job, scenario) {
        return Ok(JobPlay::NotApplicable { reason });
    }
    let world = &scenario.world;
    let policy = expected_policy(scenario);
    let state = JobState::load(job, template, world, &scenario.settings)?;
    let mut player = Player {
        job,
        scenario,
        state,
        steps: Vec::new(),
        findings: Vec::new(),
        can_run_again: false,
        cancel,
    };
    for (number, step) in (1..).zip(&scenario.steps) {
        let number = StepNumber::of_scenario(number);
        let expected = || {
            policy
                .into_iter()
                .flat_map(|policy| step.expected_under(policy))
        };
        if let Err(reason) = player.play_step(number, &step.action, expected)? {
            return Ok(JobPlay::NotApplicable { reason });
        }
    }
    let end = player.end_state()?;
    let mut result = PolicyResult {
        policy: job.name.clone(),
        steps: player.steps,
        end,
        findings: player.findings,
    };
    let expected = policy.map(|policy| {
        let own = scenario.expected_by_policy.get(policy);
        [Some(&scenario.expected), own]
    });
    let expected = expected.into_iter().flatten().flatten();
    let found: Vec<_> = expected
        .flat_map(|expected| result.check(expected))
        .collect();
    result.findings.extend(found);
    let mut subject = Subject::of(job, template, scenario, cancel);
    if player.can_run_again {
        let broken = check_second_run(&subject, &player.state)?;
        result.add(broken);
    }
    match checks {
        WorldChecks::None => {}
        WorldChecks::All => result.add(check_promises(&subject)?),
        WorldChecks::Of(promise) if result.has_broken(promise) => {}
        WorldChecks::Of(promise) => {
            subject.wanted = Some(promise);
            result.add(check_promises(&subject)?);
        }
    }
    let result = PlayResult::of(scenario, vec![result]);
    Ok(JobPlay::Played(Box::new(result)))
}

/// The findings of a play.
trait Findings {
    /// Adds broken promises of the world. One that a step shows broken is not listed again.
    fn add(&mut self, broken: impl IntoIterator<Item = BrokenPromise>);

    fn has_broken(&self, promise: Promise) -> bool;
}

impl Findings for PolicyResult {
    fn add(&mut self, broken: impl IntoIterator<Item = BrokenPromise>) {
        for broken in broken {
            if !self.has_broken(broken.promise) {
                self.findings.push(Finding {
                    step: None,
                    problem: broken.into(),
                });
            }
        }
    }

    fn has_broken(&self, promise: Promise) -> bool {
        self.findings.iter().any(
            |known| matches!(&known.problem, Problem::Promise { promise: of, .. } if *of == promise),
        )
    }
}

struct Player<'p> {
    job: &'p Job,
    scenario: &'p Scenario,
    state: JobState<'p>,
    steps: Vec<PlayedStep>,
    findings: Vec<Finding>,
    /// The last step was a nightly run that ended well.
    can_run_again: bool,
    cancel: &'p AtomicBool,
}

impl<'p> Player<'p> {
    /// Plays a step. The inner error is the reason why it does not apply, if it does not.
    fn play_step<'e, E: Iterator<Item = &'e Expectation>>(
        &mut self,
        number: StepNumber,
        action: &Action,
        expected: impl Fn() -> E,
    ) -> Result<Result<(), String>, JobError> {
        self.can_run_again = false;
        let outcome = match action {
            Action::Run(run) => {
                let request = match self.request(run) {
                    Ok(request) => request,
                    Err(reason) => return Ok(Err(reason)),
                };
                match is_twice_at_once(run) {
                    true => self.run_twice(&number, &request)?,
                    false => self.run(&number, &request)?,
                }
            }
            Action::Onboard(name) => {
                let commands = &self.job.commands;
                let command = commands.onboard.as_ref().or(commands.scope.as_ref());
                let known = self.state.named(name).map(|portfolio| portfolio.id);
                let (Some(command), Some(id)) = (command, known) else {
                    return Ok(Err(format!("the portfolio `{name}` is not there")));
                };
                let request = JobRequest {
                    plan: Request::new(Scope::single(id)),
                    ..JobRequest::nightly(command)
                };
                self.run(&number, &request)?
            }
            change => match self.change(change)? {
                Ok(()) => StepOutcome::Done {
                    messages: Vec::new(),
                    invalidated_phases: 0,
                },
                Err(reason) => return Ok(Err(reason)),
            },
        };
        let about_state = expected().any(Expectation::is_about_state);
        let state = match about_state {
            true => Some(self.end_state()?),
            false => None,
        };
        let mut description = describe(action, self.scenario);
        if matches!(action, Action::Run(run) if is_twice_at_once(run)) {
            description += ", twice at once";
        }
        let played = PlayedStep {
            number,
            description,
            at: self.state.now,
            outcome,
            state,
        };
        let found = expected().flat_map(|expected| played.check(expected));
        self.findings.extend(found);
        self.steps.push(played);
        Ok(Ok(()))
    }

    fn run(
        &mut self,
        number: &StepNumber,
        request: &JobRequest<'_>,
    ) -> Result<StepOutcome, JobError> {
        let made = run(&self.state, request, Disturbance::default(), self.cancel)?;
        let broken = check_run(&self.state, request, &made);
        self.can_run_again = request.is_nightly(self.job) && made.failure.is_none();
        Ok(self.ran(number, &made, broken))
    }

    /// Makes two runs of a request at once.
    fn run_twice(
        &mut self,
        number: &StepNumber,
        request: &JobRequest<'_>,
    ) -> Result<StepOutcome, JobError> {
        let (alone, undisturbed) = (self.state.fork()?, Disturbance::default());
        let alone = run(&alone, request, undisturbed, self.cancel)?;
        let pair = run_at_once(&self.state, request, &alone, self.cancel)?;
        let mut broken = check_run(&pair.state, request, &pair.run);
        // Each row counts the work of one of the two.
        broken.retain(|broken| broken.promise != Promise::ProgressRowsAreTrue);
        let of_pair = pair.broken_promise(&alone);
        broken.extend(of_pair.filter(|broken| self.job.checks(broken.promise)));
        self.state = pair.state;
        Ok(self.ran(number, &pair.run, broken))
    }

    /// Keeps the promises that a run broke, and returns its result.
    fn ran(
        &mut self,
        number: &StepNumber,
        made: &JobRun,
        broken: Vec<BrokenPromise>,
    ) -> StepOutcome {
        let broken = broken.into_iter().map(|broken| Finding {
            step: Some(number.clone()),
            problem: broken.into(),
        });
        self.findings.extend(broken);
        StepOutcome::Run(Box::new(run_result(made, &self.state.names())))
    }

    /// Returns the request of a run, or the reason why the run does not apply.
    fn request(&self, run: &Run) -> Result<JobRequest<'p>, String> {
        let command: &JobCommand =
            command_of(self.job, run).ok_or_else(|| "the job has no command for it".to_owned())?;
        let mut request = JobRequest::nightly(command);
        for name in run.portfolios.iter().flatten() {
            if self.state.named(name).is_none() {
                request.unknown_ids.push(unknown_id(name, self.job.ids));
            }
        }
        let known = run.portfolios.iter().flatten();
        let known: Vec<PortfolioId> = known
            .filter_map(|name| Some(self.state.named(name)?.id))
            .collect();
        if let Ok(scope) = Scope::from_ids(known) {
            request.plan.scope = scope;
        } else if run.portfolios.is_some() {
            // Nothing is asked for, so nothing is needed.
            request.plan.limit = Limit::Cells(0);
        }
        request.plan.from = run.from;
        request.plan.to = run.to;
        if let Some(target) = run.target {
            request.plan.target = Target::On(target);
        }
        if let Some(days) = run.force {
            request.force_days(days);
        }
        // A plan that Plimsoll refuses says nothing about a job.
        let planned = self.state.coverage();
        let planned = planned.and_then(|done| self.state.plan(&request.plan, request.force, done));
        match planned {
            Err(JobError::Plan(refusal)) => Err(format!("Plimsoll refuses its run: {refusal}")),
            _ => Ok(request),
        }
    }

    /// Applies a step that is not a run, or returns the reason why it does not apply.
    fn change(&mut self, action: &Action) -> Result<Result<(), String>, JobError> {
        match action {
            Action::Delete(names) => {
                let now = self.state.now;
                self.change_lifecycles("deleted-at", names, |lifecycle| {
                    lifecycle.with_deleted_at(Some(now))
                })
            }
            Action::Restore(names) => self.change_lifecycles("deleted-at", names, |lifecycle| {
                lifecycle.with_deleted_at(None)
            }),
            Action::Close(days) => {
                for (name, day) in days {
                    let names = std::slice::from_ref(name);
                    let changed = self.change_lifecycles("closed", names, |lifecycle| {
                        let closed = lifecycle.with_closing_day(Some(*day));
                        closed.unwrap_or(lifecycle)
                    })?;
                    if changed.is_err() {
                        return Ok(changed);
                    }
                }
                Ok(Ok(()))
            }
            Action::Add(portfolios) => {
                self.state.add(portfolios)?;
                Ok(Ok(()))
            }
            Action::Advance(by) => {
                self.state.set_clock(self.state.now + *by)?;
                Ok(Ok(()))
            }
            Action::Clock(to) => {
                self.state.set_clock(*to)?;
                Ok(Ok(()))
            }
            _ => Ok(Err("the step is not one of a job".to_owned())),
        }
    }

    fn change_lifecycles(
        &mut self,
        key: &'static str,
        names: &[String],
        change: impl Fn(Lifecycle) -> Lifecycle,
    ) -> Result<Result<(), String>, JobError> {
        for name in names {
            let Some(portfolio) = self.state.named(name) else {
                return Ok(Err(format!("the portfolio `{name}` is not there")));
            };
            let (id, lifecycle) = (portfolio.id, change(portfolio.lifecycle));
            self.state.set_lifecycle(id, key, lifecycle)?;
        }
        Ok(Ok(()))
    }

    fn end_state(&self) -> Result<EndState, JobError> {
        let request = Request::new(Scope::AllActive);
        let coverage = self.state.coverage()?;
        let names = self.state.names();
        let mut phases = PhasesByDay::new();
        for (day, phase, ids) in coverage.iter() {
            for id in ids {
                let days = phases.entry(names.portfolio(PortfolioId(id))).or_default();
                let done = days.entry(day).or_default();
                *done = done.iter().chain([phase]).collect();
            }
        }
        let (survey, plan) = self.state.plan(&request, None, coverage)?;
        Ok(EndState {
            books: Some(self.state.books()?),
            phases: Some(phases),
            ..end_state(names, survey, plan)
        })
    }
}
