//! Formats the result of a run, or a plan that was not run, as labelled lines.

use std::collections::BTreeMap;

use super::grid::bands;
use super::lines::{Detail, Lines};
use crate::domain::{Day, Phase};
use crate::report::{Palette, count_with_noun};
use crate::scenario::names::{format_names, format_names_among};
use crate::scenario::runner::{ReasonGroup, RunResult};
use crate::scenario::script::RunEnd;

/// Writes the grid, cells, watermark, messages and end of a run.
pub(super) fn write(lines: &mut Lines, run: &RunResult, detail: Detail, palette: Palette) {
    if !run.grid.rows.is_empty() && !run.grid.days.is_empty() {
        for band in bands(&run.grid, palette) {
            lines.blank();
            for line in band.trim_end().lines() {
                lines.line(line);
            }
        }
        lines.blank();
    }
    let portfolios: Vec<String> = run.grid.rows.iter().map(|row| row.name.clone()).collect();
    let no_remark = |_| String::new();
    // A golden file holds what a run reported, and a run that ended with an error reported nothing.
    if run.has_plan() || detail == Detail::Reasons {
        processed(lines, run, &portfolios);
    }
    if run.end == RunEnd::Planned {
        planned(lines, run, &portfolios);
    }
    by_day(lines, "redundant", (&run.redundant, &portfolios), no_remark);
    by_day(
        lines,
        "left behind",
        (&run.left_behind, &portfolios),
        |day| hidden_by(run, day),
    );
    by_reason(lines, "failed", &run.failures, failed_text);
    by_reason(lines, "blocked", &run.blocked_reasons, blocked_text);
    by_day(
        lines,
        "quarantined",
        (&run.quarantined, &portfolios),
        no_remark,
    );
    by_day(lines, "old inputs", (&run.old_inputs, &portfolios), |_| {
        "processed with old prices or rates".to_owned()
    });
    if let Some(day) = run.starts_after {
        lines.labelled("starts after", &day.to_string());
    }
    if let Some(target) = &run.target {
        lines.labelled("target", target);
    }
    if let Some((before, after)) = run.watermark {
        lines.labelled("watermark", &watermark_text(before, after));
    }
    for warning in &run.warnings {
        lines.labelled("warning", warning);
    }
    for point in &run.unreached_points {
        lines.labelled("not reached", point);
    }
    if let Some(error) = &run.error {
        lines.labelled("reason", error);
    }
    lines.labelled("ended", &end_text(run));
    certificate(lines, run);
    if detail == Detail::Reasons {
        every_reason(lines, run, &portfolios);
    }
}

/// Writes a line for each day with the names, shortened against all portfolios.
pub(super) fn by_day(
    lines: &mut Lines,
    label: &str,
    (days, portfolios): (&BTreeMap<Day, Vec<String>>, &[String]),
    remark: impl Fn(Day) -> String,
) {
    for (day, names) in days {
        let group = format_names_among(names, portfolios);
        let remark = remark(*day);
        let remark = if remark.is_empty() {
            remark
        } else {
            format!(" ({remark})")
        };
        lines.labelled(label, &format!("{day} {group}{remark}"));
    }
}

/// Writes the processed cells, a line for each day and reason.
fn processed(lines: &mut Lines, run: &RunResult, portfolios: &[String]) {
    for (day, names) in &run.processed {
        // The reasons are those of the last plan; cells done under an earlier one have none.
        let mut earlier = names.clone();
        let reasons = run.reasons.get(day).into_iter().flatten();
        for group in reasons.filter(|group| !group.phases.is_empty()) {
            let done = group.portfolios.iter().filter(|name| names.contains(name));
            let done: Vec<String> = done.cloned().collect();
            if !done.is_empty() {
                earlier.retain(|name| !done.contains(name));
                let (done, reason) = (format_names_among(&done, portfolios), reason_text(group));
                lines.labelled("processed", &format!("{day} {done} ({reason})"));
            }
        }
        let redundant = run.redundant.get(day).map_or(&[][..], Vec::as_slice);
        let (not_needed, earlier): (Vec<_>, Vec<_>) =
            (earlier.into_iter()).partition(|name| redundant.contains(name));
        if !not_needed.is_empty() {
            let done = format_names_among(&not_needed, portfolios);
            lines.labelled("processed", &format!("{day} {done} (not needed)"));
        }
        if !earlier.is_empty() {
            let done = format_names_among(&earlier, portfolios);
            let remark = if run.has_plan() {
                "before the replan"
            } else {
                "before the error"
            };
            lines.labelled("processed", &format!("{day} {done} ({remark})"));
        }
    }
}

/// Writes the cells that a plan would do, a line for each day and reason.
fn planned(lines: &mut Lines, plan: &RunResult, portfolios: &[String]) {
    for (day, groups) in &plan.reasons {
        for group in groups.iter().filter(|group| group.reason.is_step()) {
            let names = format_names_among(&group.portfolios, portfolios);
            let reason = reason_text(group);
            lines.labelled("planned", &format!("{day} {names} ({reason})"));
        }
    }
}

/// Writes a line for each day and reason.
fn by_reason(
    lines: &mut Lines,
    label: &str,
    days: &BTreeMap<Day, Vec<ReasonGroup>>,
    describe: impl Fn(&ReasonGroup) -> String,
) {
    for (day, reasons) in days {
        for group in reasons {
            let (portfolios, reason) = (format_names(&group.portfolios), describe(group));
            lines.labelled(label, &format!("{day} {portfolios} {reason}"));
        }
    }
}

fn failed_text(group: &ReasonGroup) -> String {
    format!("({}: {})", phase_names(group), group.reason)
}

fn blocked_text(group: &ReasonGroup) -> String {
    let verb = if group.portfolios.len() == 1 {
        "waits"
    } else {
        "wait"
    };
    format!("{verb} for {}", group.reason)
}

fn reason_text(group: &ReasonGroup) -> String {
    if group.phases.is_empty() || group.phases.len() == Phase::CELL_PHASES.len() {
        return group.reason.to_string();
    }
    format!("{}: {}", group.reason, phase_names(group))
}

fn phase_names(group: &ReasonGroup) -> String {
    let phases: Vec<&str> = group.phases.iter().map(|phase| phase.name()).collect();
    phases.join(", ")
}

fn hidden_by(run: &RunResult, day: Day) -> String {
    let reasons = run.reasons.get(&day).into_iter().flatten();
    let hidden = reasons.filter_map(|group| group.reason.left_behind());
    let texts: Vec<String> = hidden
        .map(|reason| reason.name().replace('-', " "))
        .collect();
    texts.join("; ")
}

fn watermark_text(before: Option<Day>, after: Option<Day>) -> String {
    let text = |day: Option<Day>| day.map_or("none".to_owned(), |day| day.to_string());
    if before == after {
        return text(before);
    }
    format!("{} → {}", text(before), text(after))
}

fn end_text(run: &RunResult) -> String {
    let end = run.end.name().replace('-', " ");
    let exit = run
        .exit
        .map_or(String::new(), |code| format!(", exit {code}"));
    match run.end {
        RunEnd::Busy | RunEnd::LostLease | RunEnd::Refused | RunEnd::Failed => {
            format!("{end}{exit}")
        }
        _ if run.planned == 0 => format!("{end}, nothing to do{exit}"),
        RunEnd::Planned => format!("{end}, {}{exit}", count_with_noun(run.planned, "cell")),
        _ => {
            let planned = count_with_noun(run.planned, "cell");
            format!("{end}, {} of {planned} done{exit}", run.done)
        }
    }
}

fn certificate(lines: &mut Lines, run: &RunResult) {
    let Some(certificate) = run.certificate else {
        return;
    };
    let places = [
        (certificate.done_before, "before"),
        (certificate.done_now, "now"),
        (certificate.failed, "failed"),
        (certificate.blocked, "blocked"),
        (certificate.deferred, "deferred"),
    ];
    let places = places.map(|(cells, place)| format!("{cells} {place}"));
    let verdict = if certificate.is_valid() {
        "holds"
    } else {
        "DOES NOT HOLD"
    };
    let sum = format!(
        "{} = {}; {verdict}",
        certificate.expected,
        places.join(" + ")
    );
    lines.labelled("certificate", &sum);
}

/// Writes the log of the planning and the reason of every cell.
fn every_reason(lines: &mut Lines, run: &RunResult, portfolios: &[String]) {
    if run.log.is_empty() {
        return;
    }
    lines.blank();
    for message in &run.log {
        lines.labelled("log", message);
    }
    lines.blank();
    for (day, reasons) in &run.reasons {
        for group in reasons {
            let names = format_names_among(&group.portfolios, portfolios);
            lines.labelled(
                &day.to_string(),
                &format!("{names}: {}", reason_text(group)),
            );
        }
    }
}
