//! The transcript: a scenario's beginning, then for each policy what happened and how the books
//! stand in the end.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::run;
use crate::report::{Palette, wrapped};
use crate::scenario::name_list::format_names;
use crate::scenario::runner::{EndState, PlayResult, PlayedStep, PolicyResult, StepOutcome};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What was decided and done: what a golden file holds.
    Golden,
    /// The reason of each cell as well, and what the runs said while they planned.
    Reasons,
}

/// How wide a label is, and a line.
const LABEL: usize = 13;
const WIDTH: usize = 80;

/// What came of a scenario, as text of at most 80 columns.
pub fn transcript(told: &PlayResult, detail: Detail, palette: Palette) -> String {
    let mut lines = Lines::default();
    lines.paragraph(&told.description);
    let zone = zone(told);
    let now = local_time(told.now, zone);
    lines.labelled("begins", &format!("{now}, {}", told.calendar));
    lines.labelled("portfolios", &format_names(&told.portfolios));
    for policy in &told.policies {
        lines.blank();
        lines.line(&policy_heading(&policy.policy));
        write_policy(&mut lines, policy, (&now, zone), detail, palette);
    }
    lines.finish()
}

fn zone(told: &PlayResult) -> Tz {
    let named = told.calendar.split(['(', ')']).nth(1);
    named.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

fn local_time(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    local.format("%Y-%m-%d %H:%M %Z").to_string()
}

/// `── per-cell ─────…`
fn policy_heading(title: &str) -> String {
    let used = title.chars().count() + 4;
    format!("── {title} {}", "─".repeat(WIDTH.saturating_sub(used)))
}

fn write_policy(
    lines: &mut Lines,
    told: &PolicyResult,
    (begins, zone): (&str, Tz),
    detail: Detail,
    palette: Palette,
) {
    let mut time = begins.to_owned();
    for act in &told.steps {
        lines.blank();
        let at = local_time(act.at, zone);
        lines.step(act, (at != time).then_some(at.as_str()));
        time = at;
        match &act.outcome {
            StepOutcome::Run(ran) => run::write(lines, ran, detail, palette),
            StepOutcome::Done { messages: says, .. } => {
                for said in says {
                    lines.labelled("", said);
                }
            }
            StepOutcome::Refused { reason: why } => lines.labelled("refused", why),
        }
    }
    lines.blank();
    write_end(lines, &told.end);
    let found = told.findings.iter().filter(|_| detail == Detail::Reasons);
    for found in found {
        let at = found
            .step
            .as_ref()
            .map_or("the end".to_owned(), |act| format!("step {act}"));
        lines.labelled("WRONG", &format!("at {at}: {}", found.message));
    }
}

/// How the books stand in the end: who holds them back, and what is open.
fn write_end(lines: &mut Lines, end: &EndState) {
    let day = end
        .watermark
        .map_or("none".to_owned(), |day| day.to_string());
    if let Some(why) = &end.unknown_reason {
        return lines.labelled("in the end", &format!("nobody can say: {why}"));
    }
    let text = match &end.held_by {
        None if end.watermarks.is_empty() => "nobody is active".to_owned(),
        None => format!("complete up to {day}"),
        Some((name, gap)) => format!("watermark {day}, held back by {name} on {gap}"),
    };
    lines.labelled("in the end", &text);
    let all: Vec<String> = end.watermarks.keys().cloned().collect();
    run::by_day(lines, "open", (&end.open, &all), |_| String::new());
}

/// Lines in the making.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<String>,
    label: String,
}

impl Lines {
    /// A line as it is.
    pub(super) fn line(&mut self, text: &str) {
        self.label.clear();
        self.lines.push(text.trim_end().to_owned());
    }

    /// An empty line, unless there is one already.
    pub(super) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.line("");
        }
    }

    /// A label and what is said under it; a label that was just said is not said again.
    pub(super) fn labelled(&mut self, label: &str, text: &str) {
        let said = if self.label == label { "" } else { label };
        for (nth, line) in wrapped(text, WIDTH - LABEL).iter().enumerate() {
            let said = if nth == 0 { said } else { "" };
            let line = format!("{said:LABEL$}{line}");
            self.lines.push(line.trim_end().to_owned());
        }
        label.clone_into(&mut self.label);
    }

    fn paragraph(&mut self, text: &str) {
        for line in wrapped(text, WIDTH) {
            self.line(&line);
        }
    }

    /// `2. run of B`, and at the right the time, unless it is what it was.
    fn step(&mut self, act: &PlayedStep, time: Option<&str>) {
        let lead = format!("{}. ", act.number);
        let indent = lead.chars().count();
        let lines = wrapped(&act.description, WIDTH - indent);
        let last = lines.len() - 1;
        for (nth, line) in lines.iter().enumerate() {
            let lead = if nth == 0 { lead.as_str() } else { "" };
            let line = format!("{lead:indent$}{line}");
            let time = time.filter(|_| nth == last).unwrap_or_default();
            let room = WIDTH.saturating_sub(time.chars().count() + 1);
            if time.is_empty() || line.chars().count() > room {
                self.line(&line);
                if !time.is_empty() {
                    self.line(&format!("{time:>WIDTH$}"));
                }
            } else {
                self.line(&format!("{line:room$} {time}"));
            }
        }
    }

    fn finish(self) -> String {
        let text = self.lines.join("\n");
        format!("{}\n", text.trim_end())
    }
}
