//! Compares the expectations of a scenario with the outcomes of its steps.

use std::collections::{BTreeMap, BTreeSet};

use super::check_books::{check_books, check_phases};
use super::finding::{Finding, Mismatch, Problem};
use super::inspect::{BooksByDay, EndState, PhasesByDay};
use super::result::{PlayedStep, PolicyResult, StepOutcome};
use super::run_result::{ByDay, RunResult};
use super::step_number::StepNumber;
use crate::domain::Day;
use crate::scenario::script::{CellStatus, Expectation};

/// The names of the portfolios whose cells have a status, by session.
type Cells = BTreeMap<Day, BTreeSet<String>>;

/// The results that one `expect` table is compared with: those of a step or of a whole scenario.
struct Observed<'s> {
    /// The number of the step; none for the whole scenario.
    number: Option<&'s StepNumber>,
    /// All runs, in the order of the steps.
    runs: Vec<&'s RunResult>,
    /// The run of the step; for a scenario, the last run that did not happen inside another one.
    last: Option<&'s RunResult>,
    /// The messages and refusals of steps that are not runs.
    messages: Vec<&'s str>,
    invalidated_phases: u64,
    /// The state after the step, or at the end of the scenario.
    state: Option<&'s EndState>,
}

impl PlayedStep {
    /// Returns a finding for each expectation that the outcome of the step, or the state after it,
    /// does not meet. The state is known if an expectation of the played step is about it.
    pub fn check(&self, expected: &Expectation) -> Vec<Finding> {
        let mut observed = Observed {
            number: Some(&self.number),
            runs: Vec::new(),
            last: None,
            messages: Vec::new(),
            invalidated_phases: 0,
            state: self.state.as_ref(),
        };
        observed.record(&self.outcome);
        observed.check(expected)
    }
}

impl PolicyResult {
    /// Returns a finding for each expectation that the whole scenario does not meet.
    pub fn check(&self, expected: &Expectation) -> Vec<Finding> {
        let mut observed = Observed {
            number: None,
            runs: Vec::new(),
            last: None,
            messages: Vec::new(),
            invalidated_phases: 0,
            state: Some(&self.end),
        };
        for step in &self.steps {
            let last = observed.last;
            observed.record(&step.outcome);
            // An expectation of `end` or `exit` means the scenario's own runs, not one nested in
            // `meanwhile`.
            if step.number.is_during_run() {
                observed.last = last;
            }
        }
        observed.check(expected)
    }
}

impl<'s> Observed<'s> {
    fn record(&mut self, outcome: &'s StepOutcome) {
        match outcome {
            StepOutcome::Run(run) => {
                self.invalidated_phases += run.invalidated_phases;
                self.runs.push(run);
                self.last = Some(run);
            }
            StepOutcome::Done {
                messages,
                invalidated_phases,
            } => {
                self.messages.extend(messages.iter().map(String::as_str));
                self.invalidated_phases += invalidated_phases;
            }
            StepOutcome::Planned(plan) => {
                let texts = plan.warnings.iter().chain(&plan.error).chain(&plan.log);
                self.messages.extend(texts.map(String::as_str));
                // The last run of a scenario is not one of its plans.
                self.last = self.number.map(|_| &**plan).or(self.last);
            }
            StepOutcome::Refused { reason } => self.messages.push(reason),
        }
    }

    fn check(&self, expected: &Expectation) -> Vec<Finding> {
        let mut problems = Vec::new();
        for (status, days) in &expected.cells {
            match self.cells(*status) {
                Ok(cells) => problems.extend(
                    days.iter()
                        .filter_map(|(day, names)| check_day(*status, &cells, *day, names)),
                ),
                Err(unknown) => problems.push(unknown),
            }
        }
        for (status, expected) in &expected.counts {
            let (status, expected) = (*status, *expected);
            match self.cells(status) {
                Ok(cells) => {
                    let found = cells.values().map(|names| names.len() as u64).sum();
                    problems.extend((found != expected).then_some(Mismatch::Count {
                        status,
                        expected,
                        found,
                    }));
                }
                Err(unknown) => problems.push(unknown),
            }
        }
        problems.extend(self.check_reasons(expected));
        if expected.amounts.len() + expected.quality.len() > 0 {
            match self.books() {
                Ok(books) => problems.extend(check_books(books, expected)),
                Err(unknown) => problems.push(unknown),
            }
        }
        if !expected.phases.is_empty() {
            match self.phases() {
                Ok(phases) => problems.extend(check_phases(phases, expected)),
                Err(unknown) => problems.push(unknown),
            }
        }
        problems.extend(self.check_end(expected));
        problems.extend(self.check_watermark(expected));
        problems.extend(self.check_watermarks(expected));
        problems.extend(self.check_messages(expected));
        let finding = |mismatch| Finding {
            step: self.number.cloned(),
            problem: Problem::Expectation(mismatch),
        };
        problems.into_iter().map(finding).collect()
    }

    /// Returns the cells of a status: processed ones of all runs, open ones of the state, and all
    /// others of the last run. That run must have had a plan: otherwise nothing is known of them.
    fn cells(&self, status: CellStatus) -> Result<Cells, Mismatch> {
        let (of_state, planned);
        let days: Vec<&ByDay> = match status {
            _ if status.is_of_state() => {
                let state = self.state(status.label())?;
                let unread = || unknown_state(status.label(), "it was not recorded");
                of_state = state.cells(status).ok_or_else(unread)?;
                vec![&of_state]
            }
            CellStatus::Processed => self.runs.iter().map(|run| &run.processed).collect(),
            _ => match self.last {
                Some(run) if run.has_plan() && status == CellStatus::Planned => {
                    planned = run.planned_cells();
                    vec![&planned]
                }
                Some(run) if run.has_plan() => vec![run.cells(status)],
                last => {
                    let end = last.map(|run| run.end);
                    return Err(Mismatch::WithoutPlan { status, end });
                }
            },
        };
        let mut cells = Cells::new();
        for (day, names) in days.into_iter().flatten() {
            cells.entry(*day).or_default().extend(names.iter().cloned());
        }
        Ok(cells)
    }

    /// Returns the state of the database, or the reason why it is not known.
    fn state(&self, key: &'static str) -> Result<&'s EndState, Mismatch> {
        let unread = || unknown_state(key, "it was not recorded");
        let state = self.state.ok_or_else(unread)?;
        match &state.unknown_reason {
            None => Ok(state),
            Some(reason) => Err(unknown_state(key, reason)),
        }
    }

    /// Returns the books in the database, or the reason why they are not known.
    fn books(&self) -> Result<&'s BooksByDay, Mismatch> {
        let books = self.state("books")?.books.as_ref();
        books.ok_or_else(|| unknown_state("books", "they were not read"))
    }

    /// Returns the done phases in the database, or the reason why they are not known.
    fn phases(&self) -> Result<&'s PhasesByDay, Mismatch> {
        let phases = self.state("phases")?.phases.as_ref();
        phases.ok_or_else(|| unknown_state("phases", "they were not read"))
    }

    /// Compares the reasons of the plan of the last run.
    fn check_reasons(&self, expected: &Expectation) -> Vec<Mismatch> {
        if expected.reasons.is_empty() {
            return Vec::new();
        }
        let Some(run) = self.last.filter(|run| run.has_plan()) else {
            let end = self.last.map(|run| run.end);
            return vec![Mismatch::ReasonsWithoutPlan { end }];
        };
        let mut problems = Vec::new();
        for (reason, days) in &expected.reasons {
            for (day, expected) in days {
                let groups = run.reasons.get(day).into_iter().flatten();
                let groups = groups.filter(|group| group.reason.kind() == Some(*reason));
                let found: BTreeSet<String> =
                    groups.flat_map(|group| group.portfolios.clone()).collect();
                problems.extend((found != *expected).then(|| Mismatch::Reason {
                    reason: *reason,
                    day: *day,
                    expected: expected.clone(),
                    found,
                }));
            }
        }
        problems
    }

    fn check_end(&self, expected: &Expectation) -> Vec<Mismatch> {
        let end = self.last.map(|run| run.end);
        let exit = self.last.and_then(|run| run.exit);
        let other_end = expected.end.filter(|expected| end != Some(*expected));
        let other_exit = expected.exit.filter(|expected| exit != Some(*expected));
        let other_end = other_end.map(|expected| Mismatch::End {
            expected,
            found: end,
        });
        let other_exit = other_exit.map(|expected| Mismatch::Exit {
            expected,
            found: exit,
        });
        other_end.into_iter().chain(other_exit).collect()
    }

    fn check_watermark(&self, expected: &Expectation) -> Option<Mismatch> {
        let expected = expected.watermark?;
        // A step that is a run is compared with the watermark that the run reported, which is that
        // of its scope.
        let reported = self.number.and(self.last).and_then(|run| run.watermark);
        let found = match reported {
            Some((_, after)) => after,
            None => match self.state("watermark") {
                Ok(state) => state.watermark,
                Err(unknown) => return Some(unknown),
            },
        };
        (found != expected).then_some(Mismatch::Watermark {
            portfolio: None,
            expected,
            found,
        })
    }

    fn check_watermarks(&self, expected: &Expectation) -> Vec<Mismatch> {
        if expected.watermarks.is_empty() {
            return Vec::new();
        }
        let state = match self.state("watermarks") {
            Ok(state) => state,
            Err(unknown) => return vec![unknown],
        };
        let other = |(name, expected): (&String, &Option<Day>)| {
            let found = state.watermarks.get(name).copied().flatten();
            (found != *expected).then(|| Mismatch::Watermark {
                portfolio: Some(name.clone()),
                expected: *expected,
                found,
            })
        };
        expected.watermarks.iter().filter_map(other).collect()
    }

    fn check_messages(&self, expected: &Expectation) -> Vec<Mismatch> {
        let runs = self.runs.iter();
        let run_messages =
            runs.flat_map(|ran| ran.warnings.iter().chain(&ran.error).chain(&ran.log));
        let messages: Vec<&str> = run_messages
            .map(String::as_str)
            .chain(self.messages.iter().copied())
            .collect();
        let is_said = |text: &String| messages.iter().any(|message| message.contains(text));
        let missing = expected.messages.iter().filter(|text| !is_said(text));
        let missing = missing.map(|text| Mismatch::Message(text.clone()));
        let found = self.invalidated_phases;
        let other_count = expected.invalidated_phases.filter(|count| *count != found);
        let other_count =
            other_count.map(|expected| Mismatch::InvalidatedPhases { expected, found });
        missing.chain(other_count).collect()
    }
}

fn unknown_state(key: &'static str, reason: &str) -> Mismatch {
    Mismatch::UnknownState {
        key,
        reason: reason.to_owned(),
    }
}

/// Compares the names of a day. A listed day must match exactly; days that are not listed are not
/// checked.
fn check_day(
    status: CellStatus,
    cells: &Cells,
    day: Day,
    expected: &BTreeSet<String>,
) -> Option<Mismatch> {
    let found = cells.get(&day).cloned().unwrap_or_default();
    (found != *expected).then(|| Mismatch::Cells {
        status,
        day,
        expected: expected.clone(),
        found,
    })
}
