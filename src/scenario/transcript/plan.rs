//! Formats a plan that was not run as labelled lines.

use super::grid::bands;
use super::lines::{Detail, Lines};
use super::run::{blocked_text, by_day, by_reason, every_reason, hidden_by, reason_text};
use crate::report::{Palette, count_with_noun};
use crate::scenario::name_list::format_names_among;
use crate::scenario::runner::RunResult;

/// Writes the grid, the planned and skipped cells, the watermark and the size of a plan.
pub(super) fn write(lines: &mut Lines, plan: &RunResult, detail: Detail, palette: Palette) {
    if !plan.grid.rows.is_empty() && !plan.grid.days.is_empty() {
        for band in bands(&plan.grid, palette) {
            lines.blank();
            for line in band.trim_end().lines() {
                lines.line(line);
            }
        }
        lines.blank();
    }
    let portfolios: Vec<String> = plan.grid.rows.iter().map(|row| row.name.clone()).collect();
    for (day, groups) in &plan.reasons {
        for group in groups.iter().filter(|group| group.reason.is_step()) {
            let names = format_names_among(&group.portfolios, &portfolios);
            lines.labelled(
                "planned",
                &format!("{day} {names} ({})", reason_text(group)),
            );
        }
    }
    by_day(
        lines,
        "left behind",
        (&plan.left_behind, &portfolios),
        |day| hidden_by(plan, day),
    );
    by_reason(lines, "blocked", &plan.blocked_reasons, blocked_text);
    by_day(
        lines,
        "quarantined",
        (&plan.quarantined, &portfolios),
        |_| String::new(),
    );
    if let Some(day) = plan.starts_after {
        lines.labelled("starts after", &day.to_string());
    }
    if let Some(target) = &plan.target {
        lines.labelled("target", target);
    }
    if let Some((watermark, _)) = plan.watermark {
        let day = watermark.map_or("none".to_owned(), |day| day.to_string());
        lines.labelled("watermark", &day);
    }
    for warning in &plan.warnings {
        lines.labelled("warning", warning);
    }
    if let Some(error) = &plan.error {
        lines.labelled("reason", error);
    }
    lines.labelled("ended", &end_text(plan));
    if detail == Detail::Reasons {
        every_reason(lines, plan, &portfolios);
    }
}

fn end_text(plan: &RunResult) -> String {
    let exit = plan
        .exit
        .map_or(String::new(), |code| format!(", exit {code}"));
    let size = match (plan.has_plan(), plan.planned) {
        (false, _) => String::new(),
        (true, 0) => ", nothing to do".to_owned(),
        (true, cells) => format!(", {}", count_with_noun(cells, "cell")),
    };
    format!("{}{size}{exit}", plan.end)
}
