//! Renders past runs as text: a list of runs, and one run with its record.

use std::time::Duration;

use super::certificate;
use super::days::{minute_utc, month_day};
use super::fit::NBSP;
use super::number::{count, duration, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::engine::{RunRecord, StageTimes};
use crate::query::{LiveRun, RunDetails};
use crate::store::{RunRow, RunState};

/// Maximum number of failures of a run that are listed.
const MAX_FAILURES: usize = 20;
/// Number of characters of a run id that the list shows. They are enough to select a run.
const SHORT_ID_LENGTH: usize = 8;

/// A table of runs, in the given order, as text of at most 80 columns.
pub fn runs_text(runs: &[RunRow], palette: Palette) -> String {
    let mut page = Page::new(palette);
    if runs.is_empty() {
        page.headline(Tone::Dim, "no runs yet");
        return page.finish();
    }
    let mut table = Table::new([
        Column::text("run"),
        Column::text("started"),
        Column::extra("took"),
        Column::text("state"),
        Column::elastic("policy"),
        Column::number("done"),
        Column::number("failed"),
        Column::extra("target"),
    ]);
    for run in runs {
        let progress = &run.progress;
        let done = format!("{}/{}", count(progress.done), count(progress.planned));
        let failed = if progress.failed == 0 {
            Tone::Dim
        } else {
            Tone::Bad
        };
        table.add_row([
            short_id(run).into(),
            run.started.format("%Y-%m-%d %H:%M").to_string().into(),
            run.elapsed().map(duration).unwrap_or_default().into(),
            Entry::toned(run.state.into(), run.state.name()),
            run.policy.as_str().into(),
            done.into(),
            Entry::toned(failed, count(progress.failed)),
            month_day(run.target).into(),
        ]);
    }
    page.table(&table);
    page.finish()
}

/// The progress of an active run in one line: cells, rate and time left, as far as they are known.
pub fn live_run_text(live: &LiveRun) -> String {
    let progress = &live.row.progress;
    if progress.planned == 0 {
        return "starting".to_owned();
    }
    let tried = count(progress.done + progress.failed);
    let mut text = format!("{tried} of {} cells", count(progress.planned));
    if progress.failed > 0 {
        text += &format!(", {} failed", count(progress.failed));
    }
    if let (Some(rate), Some(left)) = (live.cells_per_second, live.seconds_left) {
        let left = duration(Duration::from_secs(left.ceil() as u64));
        text += &format!(", {} a second, {left} left", count(rate.round() as u64));
    }
    text.replace(NBSP, " ")
}

/// One run with its record, as text of at most 80 columns.
pub fn run_text(answer: &RunDetails, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let run = &answer.row;
    page.headline(run.state.into(), &verdict(run));
    page.blank_line();
    page.fact("run", &run.key.to_string());
    page.fact("started", &minute_utc(run.started));
    if let Some(ended) = run.ended {
        page.fact("ended", &minute_utc(ended));
    }
    page.fact("policy", &run.policy);
    page.fact("scope", &run.scope);
    page.fact("target", &run.target.to_string());
    if !run.plan.is_empty() {
        page.fact("plan", &run.plan);
    }
    let progress = &run.progress;
    let (blocked, skipped) = (
        plural(progress.blocked, "cell"),
        plural(progress.skipped, "day"),
    );
    page.fact(
        "not planned",
        &format!("{blocked} blocked, {skipped} skipped"),
    );
    match (&answer.record, run.state) {
        (Some(record), _) => record_section(&mut page, record, answer),
        (None, RunState::Running) => page.toned_fact("outcome", Tone::Dim, "none yet"),
        (None, _) => page.toned_fact("outcome", Tone::Warning, "not recorded"),
    }
    page.finish()
}

fn record_section(page: &mut Page, record: &RunRecord, answer: &RunDetails) {
    if let Some(error) = &record.error {
        page.toned_fact("error", Tone::Bad, error);
    }
    if let Some(certificate) = &record.certificate {
        certificate::certificate_facts(page, certificate);
    }
    let mut table = Table::new([Column::text("day"), Column::number("done")]);
    for (day, cells) in &record.done {
        table.add_row([
            day.to_string().into(),
            Entry::toned(Tone::Good, count(*cells)),
        ]);
    }
    page.table(&table);
    if !record.failures.is_empty() {
        page.heading("failed");
    }
    for failure in record.failures.iter().take(MAX_FAILURES) {
        let name = answer.name(failure.portfolio);
        let (day, phase, reason) = (failure.day, failure.phase, &failure.reason);
        page.item(Tone::Bad, &format!("{day}: {name}, {phase}: {reason}"));
    }
    page.omitted(record.failures.len(), MAX_FAILURES);
    if !record.warnings.is_empty() {
        page.heading("warnings");
    }
    for warning in &record.warnings {
        page.item(Tone::Warning, warning);
    }
    let stages = stages_text(&record.milliseconds);
    if !stages.is_empty() {
        page.blank_line();
        page.toned_fact("time", Tone::Dim, &stages);
    }
}

/// `complete: 36 of 36 cells done in 1.2 s, 2026-01-08 22:00 UTC (run 01924fa0)`.
pub(super) fn summary(run: &RunRow) -> String {
    let (started, id) = (minute_utc(run.started), short_id(run));
    format!("{}, {started} (run{NBSP}{id})", verdict(run))
}

/// `incomplete: 34 of 36 cells done in 1.2 s, 2 failed, 3 blocked`.
fn verdict(run: &RunRow) -> String {
    let (state, progress) = (run.state, &run.progress);
    let mut text = match (progress.planned, progress.blocked) {
        (0, 0) => format!("{state}: nothing to do"),
        (0, _) => format!("{state}: nothing could be done"),
        (planned, _) => {
            let planned = plural(planned, "cell");
            format!("{state}: {} of {planned} done", count(progress.done))
        }
    };
    if let Some(time) = run.elapsed() {
        text = format!("{text} in {}", duration(time));
    }
    if progress.failed > 0 {
        text = format!("{text}, {} failed", count(progress.failed));
    }
    if progress.blocked > 0 {
        text = format!("{text}, {} blocked", count(progress.blocked));
    }
    text
}

fn short_id(run: &RunRow) -> String {
    let mut id = run.key.to_string();
    id.truncate(SHORT_ID_LENGTH);
    id
}

fn stages_text(stages: &StageTimes) -> String {
    let times = std::iter::once(("total", stages.total)).chain(stages.by_name());
    let taken = times.filter(|(_, milliseconds)| *milliseconds > 0);
    let taken = taken.map(|(stage, milliseconds)| {
        let time = duration(Duration::from_millis(milliseconds));
        format!("{stage}{NBSP}{time}")
    });
    taken.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::query_samples;

    #[test]
    fn a_list_of_runs_is_a_table() {
        let runs = [RunState::Running, RunState::Incomplete, RunState::Abandoned];
        let runs = runs.map(query_samples::run);
        insta::assert_snapshot!(runs_text(&runs, Palette::Plain), @r"
        run       started            took  state       policy     done  failed  target
        01924fa0  2026-01-08 22:00         running     per-cell  34/35       1   01-08
        01924fa0  2026-01-08 22:00  1.4 s  incomplete  per-cell  34/35       1   01-08
        01924fa0  2026-01-08 22:00  1.4 s  abandoned   per-cell  34/35       1   01-08
        ");
        assert_eq!(runs_text(&[], Palette::Plain), "no runs yet\n");
    }

    #[test]
    fn run_is_shown_with_its_record() {
        insta::assert_snapshot!(run_text(&query_samples::run_answer("B"), Palette::Plain), @r"
        incomplete: 34 of 35 cells done in 1.4 s, 1 failed, 2 blocked

        run          01924fa0-0000-7000-8000-000000000001
        started      2026-01-08 22:00 UTC
        ended        2026-01-08 22:00 UTC
        policy       per-cell
        scope        all active
        target       2026-01-08
        plan         f51a79cff975db3c
        not planned  2 cells blocked, 1 day skipped
        certificate  52 expected = 15 done before + 34 done now + 1 failed + 2 blocked +
                     0 deferred
                     ✓ holds: it adds up, and the ledger says the same

        day         done
        2026-01-06    12
        2026-01-07    11

        failed
          2026-01-07: B, risk: the factors are collinear

        warnings
          benchmark, factors or shocks changed

        time         total 1.4 s, risk 140 ms
        ");
    }

    #[test]
    fn failed_run_shows_its_error() {
        let mut answer = query_samples::run_answer("B");
        answer.record = Some(serde_json::from_str(r#"{ "error": "the disk is full" }"#).unwrap());
        let text = run_text(&answer, Palette::Plain);
        assert!(text.contains("error        the disk is full\n"), "{text}");
        answer.record = None;
        assert!(run_text(&answer, Palette::Plain).contains("not recorded"));
    }

    #[test]
    fn a_run_that_only_waits_does_not_say_that_there_was_nothing_to_do() {
        let mut run = query_samples::run(RunState::Incomplete);
        (run.progress.planned, run.progress.done, run.progress.failed) = (0, 0, 0);
        let waits = "incomplete: nothing could be done in 1.4 s, 2 blocked";
        assert_eq!(verdict(&run).replace(NBSP, " "), waits);
        run.progress.blocked = 0;
        assert_eq!(
            verdict(&run).replace(NBSP, " "),
            "incomplete: nothing to do in 1.4 s"
        );
    }
}
