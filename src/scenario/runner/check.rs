//! Compares the expectations of a scenario with the outcomes of its steps.

use std::collections::{BTreeMap, BTreeSet};

use super::result::{Finding, FindingKind, PolicyResult, StepOutcome};
use super::run_result::{ByDay, RunResult};
use crate::domain::Day;
use crate::scenario::name_list::format_names;
use crate::scenario::script::{CellStatus, Expectation};

/// The results that one `expect` table is compared with: those of a step or of a whole scenario.
struct Observed<'s> {
    /// The number of the step; none for the whole scenario.
    number: Option<&'s str>,
    /// All runs, in the order of the steps.
    runs: Vec<&'s RunResult>,
    /// The run of the step; for a scenario, the last run that did not happen inside another one.
    last: Option<&'s RunResult>,
    /// The messages and refusals of steps that are not runs.
    messages: Vec<&'s str>,
    invalidated_phases: u64,
    /// The whole scenario with its end state; none for a step.
    scenario: Option<&'s PolicyResult>,
}

/// Returns a finding for each expectation that the outcome of a step does not meet.
pub(super) fn check_step(
    expected: &Expectation,
    number: &str,
    outcome: &StepOutcome,
) -> Vec<Finding> {
    let mut observed = Observed {
        number: Some(number),
        runs: Vec::new(),
        last: None,
        messages: Vec::new(),
        invalidated_phases: 0,
        scenario: None,
    };
    observed.record(outcome);
    observed.check(expected)
}

/// Returns a finding for each expectation that a whole scenario does not meet.
pub(super) fn check_scenario(expected: &Expectation, result: &PolicyResult) -> Vec<Finding> {
    let mut observed = Observed {
        number: None,
        runs: Vec::new(),
        last: None,
        messages: Vec::new(),
        invalidated_phases: 0,
        scenario: Some(result),
    };
    for step in &result.steps {
        let last = observed.last;
        observed.record(&step.outcome);
        // An expectation of `end` or `exit` means the scenario's own runs, not one nested in
        // `meanwhile`.
        if step.is_during_run() {
            observed.last = last;
        }
    }
    observed.check(expected)
}

impl<'s> Observed<'s> {
    fn record(&mut self, outcome: &'s StepOutcome) {
        match outcome {
            StepOutcome::Run(run) => {
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
            StepOutcome::Refused { reason } => self.messages.push(reason),
        }
    }

    fn check(&self, expected: &Expectation) -> Vec<Finding> {
        let mut problems = Vec::new();
        for (status, days) in &expected.cells {
            for (day, names) in days {
                self.check_cells(*status, *day, names, &mut problems);
            }
        }
        for (status, count) in &expected.counts {
            let found: usize = self.cells(*status).values().map(BTreeSet::len).sum();
            if found as u64 != *count {
                problems.push(format!(
                    "{} cells: expected {count}, found {found}",
                    status.label()
                ));
            }
        }
        self.check_end(expected, &mut problems);
        self.check_messages(expected, &mut problems);
        let finding = |message| Finding {
            step: self.number.map(str::to_owned),
            kind: FindingKind::Expectation,
            message,
        };
        problems.into_iter().map(finding).collect()
    }

    /// Returns the cells of a status: processed ones of all runs, open ones at the end of a
    /// scenario, and all others of the last run.
    fn cells(&self, status: CellStatus) -> BTreeMap<Day, BTreeSet<&'s str>> {
        let days: Vec<&ByDay> = match (status, self.scenario) {
            (CellStatus::Open, Some(result)) => vec![&result.end.open],
            (CellStatus::Processed, _) => self.runs.iter().map(|run| &run.processed).collect(),
            (status, _) => self.last.map(|run| run.cells(status)).into_iter().collect(),
        };
        let mut cells: BTreeMap<Day, BTreeSet<&str>> = BTreeMap::new();
        for (day, names) in days.into_iter().flatten() {
            cells
                .entry(*day)
                .or_default()
                .extend(names.iter().map(String::as_str));
        }
        cells
    }

    fn check_cells(
        &self,
        status: CellStatus,
        day: Day,
        names: &BTreeSet<String>,
        problems: &mut Vec<String>,
    ) {
        let expected: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        // A listed day must match exactly; days that are not listed are not checked.
        let found = self.cells(status).remove(&day).unwrap_or_default();
        if found == expected {
            return;
        }
        let list = |names: &BTreeSet<&str>| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            format_names(&names)
        };
        let mut text = format!(
            "{} on {day}: expected {}, found {}",
            status.label(),
            list(&expected),
            list(&found)
        );
        let missing: BTreeSet<&str> = expected.difference(&found).copied().collect();
        let unexpected: BTreeSet<&str> = found.difference(&expected).copied().collect();
        // A difference that repeats a whole list adds nothing to the line.
        if !missing.is_empty() && missing.len() < expected.len() {
            text += &format!("; missing {}", list(&missing));
        }
        if !unexpected.is_empty() && unexpected.len() < found.len() {
            text += &format!("; not expected {}", list(&unexpected));
        }
        problems.push(text);
    }

    fn check_end(&self, expected: &Expectation, problems: &mut Vec<String>) {
        let last = self.last;
        if let Some(end) = expected.end
            && last.map(|run| run.end) != Some(end)
        {
            let found = last.map_or("no run", |run| run.end.name());
            problems.push(format!("run end: expected {end}, found {found}"));
        }
        if let Some(exit) = expected.exit
            && last.and_then(|run| run.exit) != Some(exit)
        {
            let found = last.and_then(|run| run.exit);
            let found = found.map_or("none".to_owned(), |code| code.to_string());
            problems.push(format!("exit code: expected {exit}, found {found}"));
        }
        let day_text = |day: Option<Day>| day.map_or("none".to_owned(), |day| day.to_string());
        if let Some(day) = expected.watermark {
            let found = match self.scenario {
                Some(result) => result.end.watermark,
                // A step is compared with the watermark that its run reported, not with the later
                // state.
                None => last
                    .and_then(|run| run.watermark)
                    .and_then(|(_, after)| after),
            };
            if found != day {
                let (day, found) = (day_text(day), day_text(found));
                problems.push(format!("watermark: expected {day}, found {found}"));
            }
        }
        for (name, day) in &expected.watermarks {
            let ends = self.scenario.map(|result| &result.end.watermarks);
            let found = ends.and_then(|ends| ends.get(name).copied()).flatten();
            if found != *day {
                let (day, found) = (day_text(*day), day_text(found));
                problems.push(format!(
                    "watermark of {name}: expected {day}, found {found}"
                ));
            }
        }
    }

    fn check_messages(&self, expected: &Expectation, problems: &mut Vec<String>) {
        let runs = self.runs.iter();
        let run_messages =
            runs.flat_map(|ran| ran.warnings.iter().chain(&ran.error).chain(&ran.log));
        let messages: Vec<&str> = run_messages
            .map(String::as_str)
            .chain(self.messages.iter().copied())
            .collect();
        for text in &expected.messages {
            if !messages
                .iter()
                .any(|message| message.contains(text.as_str()))
            {
                problems.push(format!("expected the message `{text}`, found none with it"));
            }
        }
        if let Some(count) = expected.invalidated_phases
            && count != self.invalidated_phases
        {
            let found = self.invalidated_phases;
            problems.push(format!(
                "invalidated phases: expected {count}, found {found}"
            ));
        }
    }
}
