//! What is expected, held against what came of it.

use std::collections::{BTreeMap, BTreeSet};

use super::result::{Finding, FindingKind, PolicyResult, StepOutcome};
use super::run_result::{ByDay, RunResult};
use crate::domain::Day;
use crate::scenario::name_list::format_names;
use crate::scenario::script::{CellStatus, Expectation};

/// What can be expected of, whatever it is: a step or a whole scenario.
struct Observed<'s> {
    /// Which step; none for the whole.
    number: Option<&'s str>,
    /// The runs.
    runs: Vec<&'s RunResult>,
    /// The last of them that did not happen while another was at work.
    last: Option<&'s RunResult>,
    /// Words of what is no run.
    messages: Vec<&'s str>,
    invalidated_phases: u64,
    /// The whole scenario, which has an end.
    scenario: Option<&'s PolicyResult>,
}

/// What of a step is not as expected.
pub(super) fn check_step(expected: &Expectation, number: &str, came: &StepOutcome) -> Vec<Finding> {
    let mut seen = Observed {
        number: Some(number),
        runs: Vec::new(),
        last: None,
        messages: Vec::new(),
        invalidated_phases: 0,
        scenario: None,
    };
    seen.record(came);
    seen.check(expected)
}

/// What of a whole scenario is not as expected.
pub(super) fn check_scenario(expected: &Expectation, told: &PolicyResult) -> Vec<Finding> {
    let mut seen = Observed {
        number: None,
        runs: Vec::new(),
        last: None,
        messages: Vec::new(),
        invalidated_phases: 0,
        scenario: Some(told),
    };
    for act in &told.steps {
        let last = seen.last;
        seen.record(&act.outcome);
        if act.is_during_run() {
            seen.last = last;
        }
    }
    seen.check(expected)
}

impl<'s> Observed<'s> {
    fn record(&mut self, came: &'s StepOutcome) {
        match came {
            StepOutcome::Run(ran) => {
                self.runs.push(ran);
                self.last = Some(ran);
            }
            StepOutcome::Done {
                messages: says,
                invalidated_phases: taken_out,
            } => {
                self.messages.extend(says.iter().map(String::as_str));
                self.invalidated_phases += taken_out;
            }
            StepOutcome::Refused { reason: why } => self.messages.push(why),
        }
    }

    fn check(&self, expected: &Expectation) -> Vec<Finding> {
        let mut wrong = Vec::new();
        for (which, days) in &expected.cells {
            for (day, names) in days {
                self.check_cells(*which, *day, names, &mut wrong);
            }
        }
        for (which, count) in &expected.counts {
            let found: usize = self.cells(*which).values().map(BTreeSet::len).sum();
            if found as u64 != *count {
                wrong.push(format!(
                    "{count} cells {} were expected, and {found} are",
                    which.label()
                ));
            }
        }
        self.check_end(expected, &mut wrong);
        self.check_messages(expected, &mut wrong);
        let finding = |says| Finding {
            step: self.number.map(str::to_owned),
            kind: FindingKind::Expectation,
            message: says,
        };
        wrong.into_iter().map(finding).collect()
    }

    /// The cells of a kind: of all runs where they were processed, and otherwise of the last.
    fn cells(&self, which: CellStatus) -> BTreeMap<Day, BTreeSet<&'s str>> {
        let days: Vec<&ByDay> = match (which, self.scenario) {
            (CellStatus::Open, Some(whole)) => vec![&whole.end.open],
            (CellStatus::Processed, _) => self.runs.iter().map(|ran| &ran.processed).collect(),
            (which, _) => self.last.map(|ran| ran.cells(which)).into_iter().collect(),
        };
        let mut all: BTreeMap<Day, BTreeSet<&str>> = BTreeMap::new();
        for (day, names) in days.into_iter().flatten() {
            all.entry(*day)
                .or_default()
                .extend(names.iter().map(String::as_str));
        }
        all
    }

    fn check_cells(
        &self,
        which: CellStatus,
        day: Day,
        names: &BTreeSet<String>,
        wrong: &mut Vec<String>,
    ) {
        let expected: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let found = self.cells(which).remove(&day).unwrap_or_default();
        if found == expected {
            return;
        }
        let list = |names: &BTreeSet<&str>| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            format_names(&names)
        };
        let mut text = format!(
            "{} on {day}: expected {}, found {}",
            which.label(),
            list(&expected),
            list(&found)
        );
        let missing: BTreeSet<&str> = expected.difference(&found).copied().collect();
        let beyond: BTreeSet<&str> = found.difference(&expected).copied().collect();
        if !missing.is_empty() && missing.len() < expected.len() {
            text += &format!("; missing {}", list(&missing));
        }
        if !beyond.is_empty() && beyond.len() < found.len() {
            text += &format!("; not expected {}", list(&beyond));
        }
        wrong.push(text);
    }

    fn check_end(&self, expected: &Expectation, wrong: &mut Vec<String>) {
        let last = self.last;
        if let Some(end) = expected.end
            && last.map(|ran| ran.end) != Some(end)
        {
            let found = last.map_or("no run", |ran| ran.end.name());
            wrong.push(format!(
                "the run was expected to end {end}, and ended {found}"
            ));
        }
        if let Some(exit) = expected.exit
            && last.and_then(|ran| ran.exit) != Some(exit)
        {
            let found = last.and_then(|ran| ran.exit);
            let found = found.map_or("none".to_owned(), |code| code.to_string());
            wrong.push(format!("exit code {exit} was expected, and it is {found}"));
        }
        let words = |day: Option<Day>| day.map_or("none".to_owned(), |day| day.to_string());
        if let Some(day) = expected.watermark {
            let found = match self.scenario {
                Some(whole) => whole.end.watermark,
                None => last
                    .and_then(|ran| ran.watermark)
                    .and_then(|(_, after)| after),
            };
            if found != day {
                let (day, found) = (words(day), words(found));
                wrong.push(format!(
                    "the watermark was expected at {day}, and is at {found}"
                ));
            }
        }
        for (name, day) in &expected.watermarks {
            let ends = self.scenario.map(|whole| &whole.end.watermarks);
            let found = ends.and_then(|ends| ends.get(name).copied()).flatten();
            if found != *day {
                let (day, found) = (words(*day), words(found));
                wrong.push(format!(
                    "the watermark of {name} was expected at {day}, and is at {found}"
                ));
            }
        }
    }

    fn check_messages(&self, expected: &Expectation, wrong: &mut Vec<String>) {
        let runs = self.runs.iter();
        let of_runs = runs.flat_map(|ran| ran.warnings.iter().chain(&ran.error).chain(&ran.log));
        let said: Vec<&str> = of_runs
            .map(String::as_str)
            .chain(self.messages.iter().copied())
            .collect();
        for words in &expected.messages {
            if !said.iter().any(|said| said.contains(words.as_str())) {
                wrong.push(format!("`{words}` was expected to be said, and was not"));
            }
        }
        if let Some(count) = expected.invalidated_phases
            && count != self.invalidated_phases
        {
            let found = self.invalidated_phases;
            wrong.push(format!(
                "{count} phases of cells were expected to leave the ledger, and {found} did"
            ));
        }
    }
}
