//! What came of a run, as lines.

use std::collections::BTreeMap;

use super::grid::bands;
use super::text::{Detail, Lines};
use crate::domain::{Day, Phase};
use crate::report::{Palette, count_with_noun};
use crate::scenario::name_list::{format_names, format_names_among};
use crate::scenario::runner::{ReasonGroup, RunResult};
use crate::scenario::script::RunEnd;

/// Writes what came of a run.
pub(super) fn write(lines: &mut Lines, ran: &RunResult, detail: Detail, palette: Palette) {
    if !ran.grid.rows.is_empty() && !ran.grid.days.is_empty() {
        for band in bands(&ran.grid, palette) {
            lines.blank();
            for line in band.trim_end().lines() {
                lines.line(line);
            }
        }
        lines.blank();
    }
    let all: Vec<String> = ran.grid.rows.iter().map(|row| row.name.clone()).collect();
    let silent = |_| String::new();
    processed(lines, ran, &all);
    by_day(lines, "in vain", (&ran.redundant, &all), silent);
    by_day(lines, "left behind", (&ran.left_behind, &all), |day| {
        hidden_by(ran, day)
    });
    by_reason(lines, "failed", &ran.failures, failed_text);
    by_reason(lines, "blocked", &ran.blocked_reasons, waits_text);
    by_day(lines, "quarantined", (&ran.quarantined, &all), silent);
    if let Some(day) = ran.starts_after {
        lines.labelled("looks after", &day.to_string());
    }
    if let Some(target) = &ran.target {
        lines.labelled("target", target);
    }
    if let Some((before, after)) = ran.watermark {
        lines.labelled("watermark", &watermark_text(before, after));
    }
    for warning in &ran.warnings {
        lines.labelled("warning", warning);
    }
    for point in &ran.unreached_points {
        lines.labelled("not reached", point);
    }
    if let Some(error) = &ran.error {
        lines.labelled("because", error);
    }
    lines.labelled("ended", &end_text(ran));
    certificate(lines, ran);
    if detail == Detail::Reasons {
        every_reason(lines, ran, &all);
    }
}

/// A line for each day: who, of all there are.
pub(super) fn by_day(
    lines: &mut Lines,
    label: &str,
    (days, all): (&BTreeMap<Day, Vec<String>>, &[String]),
    remark: impl Fn(Day) -> String,
) {
    for (day, names) in days {
        let who = format_names_among(names, all);
        let remark = remark(*day);
        let remark = if remark.is_empty() {
            remark
        } else {
            format!(" ({remark})")
        };
        lines.labelled(label, &format!("{day} {who}{remark}"));
    }
}

/// Who was processed on which day, a line for each reason.
fn processed(lines: &mut Lines, ran: &RunResult, all: &[String]) {
    for (day, names) in &ran.processed {
        let mut earlier = names.clone();
        let reasons = ran.reasons.get(day).into_iter().flatten();
        for one in reasons.filter(|one| !one.phases.is_empty()) {
            let who = one.portfolios.iter().filter(|name| names.contains(name));
            let who: Vec<String> = who.cloned().collect();
            if !who.is_empty() {
                earlier.retain(|name| !who.contains(name));
                let (who, why) = (format_names_among(&who, all), reason_text(one));
                lines.labelled("processed", &format!("{day} {who} ({why})"));
            }
        }
        if !earlier.is_empty() {
            let who = format_names_among(&earlier, all);
            lines.labelled(
                "processed",
                &format!("{day} {who} (before it planned anew)"),
            );
        }
    }
}

/// A line for each day and reason.
fn by_reason(
    lines: &mut Lines,
    label: &str,
    days: &BTreeMap<Day, Vec<ReasonGroup>>,
    words: impl Fn(&ReasonGroup) -> String,
) {
    for (day, reasons) in days {
        for one in reasons {
            let (who, why) = (format_names(&one.portfolios), words(one));
            lines.labelled(label, &format!("{day} {who} {why}"));
        }
    }
}

fn failed_text(one: &ReasonGroup) -> String {
    format!("({}: {})", phase_names(one), one.reason)
}

fn waits_text(one: &ReasonGroup) -> String {
    let verb = if one.portfolios.len() == 1 {
        "waits"
    } else {
        "wait"
    };
    format!("{verb} for {}", one.reason)
}

fn reason_text(one: &ReasonGroup) -> String {
    if one.phases.is_empty() || one.phases.len() == Phase::CELL_PHASES.len() {
        return one.reason.clone();
    }
    format!("{}: {}", one.reason, phase_names(one))
}

fn phase_names(one: &ReasonGroup) -> String {
    let phases: Vec<&str> = one.phases.iter().map(|phase| phase.name()).collect();
    phases.join(", ")
}

fn hidden_by(ran: &RunResult, day: Day) -> String {
    let reasons = ran.reasons.get(&day).into_iter().flatten();
    let hidden = reasons.filter(|one| one.reason.starts_with("hidden-by-"));
    let words: Vec<String> = hidden.map(|one| one.reason.replace('-', " ")).collect();
    words.join("; ")
}

fn watermark_text(before: Option<Day>, after: Option<Day>) -> String {
    let words = |day: Option<Day>| day.map_or("none".to_owned(), |day| day.to_string());
    if before == after {
        return words(before);
    }
    format!("{} → {}", words(before), words(after))
}

fn end_text(ran: &RunResult) -> String {
    let how = ran.end.name().replace('-', " ");
    let exit = ran
        .exit
        .map_or(String::new(), |code| format!(", exit {code}"));
    match ran.end {
        RunEnd::Busy | RunEnd::LostLease | RunEnd::Refused | RunEnd::Failed => {
            format!("{how}{exit}")
        }
        _ if ran.planned == 0 => format!("{how}, nothing to do{exit}"),
        _ => {
            let planned = count_with_noun(ran.planned, "cell");
            format!("{how}, {} of {planned} done{exit}", ran.done)
        }
    }
}

fn certificate(lines: &mut Lines, ran: &RunResult) {
    let Some(certificate) = ran.certificate else {
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

/// Why each cell was chosen or not.
fn every_reason(lines: &mut Lines, ran: &RunResult, all: &[String]) {
    if ran.log.is_empty() {
        return;
    }
    lines.blank();
    for said in &ran.log {
        lines.labelled("log", said);
    }
    lines.blank();
    for (day, reasons) in &ran.reasons {
        for one in reasons {
            let who = format_names_among(&one.portfolios, all);
            lines.labelled(&day.to_string(), &format!("{who}: {}", reason_text(one)));
        }
    }
}
