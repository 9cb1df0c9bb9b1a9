//! Formats the transcript: the start of a scenario, then for each policy its steps and the final
//! state.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::lines::{Detail, Lines, WIDTH};
use super::run;
use crate::report::Palette;
use crate::scenario::names::format_names;
use crate::scenario::runner::{EndState, PlayResult, PolicyResult, StepOutcome};

/// Formats a result as text of at most 80 columns.
pub fn transcript(result: &PlayResult, detail: Detail, palette: Palette) -> String {
    let mut lines = Lines::default();
    lines.paragraph(&result.description);
    let zone = result.zone;
    let now = local_time(result.now, zone);
    lines.labelled("begins", &format!("{now}, {}", result.calendar));
    lines.labelled("portfolios", &format_names(&result.portfolios));
    for policy in &result.policies {
        lines.blank();
        lines.line(&policy_heading(&policy.policy));
        write_policy(&mut lines, policy, (&now, zone), detail, palette);
    }
    lines.finish()
}

fn local_time(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    local.format("%Y-%m-%d %H:%M %Z").to_string()
}

/// Returns a heading as wide as a line: `── per-cell ─────…`.
fn policy_heading(title: &str) -> String {
    let used = title.chars().count() + 4;
    format!("── {title} {}", "─".repeat(WIDTH.saturating_sub(used)))
}

fn write_policy(
    lines: &mut Lines,
    result: &PolicyResult,
    (start, zone): (&str, Tz),
    detail: Detail,
    palette: Palette,
) {
    let mut time = start.to_owned();
    for step in &result.steps {
        lines.blank();
        let at = local_time(step.at, zone);
        lines.step(step, (at != time).then_some(at.as_str()));
        time = at;
        match &step.outcome {
            StepOutcome::Run(ran) | StepOutcome::Planned(ran) => {
                run::write(lines, ran, detail, palette);
            }
            StepOutcome::Done { messages, .. } => {
                for message in messages {
                    lines.labelled("", message);
                }
            }
            StepOutcome::Refused { reason } => lines.labelled("refused", reason),
        }
    }
    lines.blank();
    write_end(lines, &result.end);
    let findings = result.findings.iter().filter(|_| detail == Detail::Reasons);
    for finding in findings {
        let place = finding
            .step
            .as_ref()
            .map_or("the end".to_owned(), |step| format!("step {step}"));
        lines.labelled("WRONG", &format!("at {place}: {}", finding.problem));
    }
}

/// Writes the final state: the watermark with the cell that holds it, and the open cells.
fn write_end(lines: &mut Lines, end: &EndState) {
    let day = end
        .watermark
        .map_or("none".to_owned(), |day| day.to_string());
    if let Some(reason) = &end.unknown_reason {
        return lines.labelled("in the end", &format!("unknown: {reason}"));
    }
    let text = match &end.held_by {
        None if end.watermarks.is_empty() => "no active portfolios".to_owned(),
        None => format!("complete up to {day}"),
        Some((name, gap)) => format!("watermark {day}, held back by {name} on {gap}"),
    };
    lines.labelled("in the end", &text);
    let names: Vec<String> = end.watermarks.keys().cloned().collect();
    run::by_day(lines, "open", (&end.open, &names), |_| String::new());
}
