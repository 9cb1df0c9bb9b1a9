//! Renders the outcome of a run as text: the cells that were done, failed, blocked or skipped with
//! their reasons, and the certificate.

use super::days::day_range;
use super::fit::{NBSP, PAGE_WIDTH, width};
use super::number::{count, duration, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use super::{certificate, phrase};
use crate::engine::{Outcome, Times};
use crate::plan::{DayPlan, SkipReason};
use crate::query::Names;
use crate::store::RunState;

/// Maximum number of days.
const MAX_DAYS: usize = 10;
/// Maximum number of failures.
const MAX_FAILURES: usize = 10;

/// The outcome of a run as text of at most 80 columns.
pub fn outcome_text(outcome: &Outcome, names: &Names, palette: Palette) -> String {
    let mut page = Page::new(palette);
    headline(&mut page, outcome);
    page.blank_line();
    page.fact("run", &outcome.run.to_string());
    page.fact("target", &outcome.plan.target.to_string());
    page.fact(
        "watermark",
        &phrase::watermark_text(&outcome.watermark_after, names),
    );
    skipped_days_fact(&mut page, outcome);
    certificate::certificate_facts(&mut page, &outcome.certificate);
    day_table(&mut page, outcome);
    failure_section(&mut page, outcome, names);
    phrase::waiting_section(&mut page, &outcome.plan, &outcome.blocked, names);
    skipped_section(&mut page, outcome);
    warning_section(&mut page, outcome);
    page.blank_line();
    page.toned_fact("time", Tone::Dim, &times_text(&outcome.times));
    page.finish()
}

fn headline(page: &mut Page, outcome: &Outcome) {
    let progress = &outcome.progress;
    let time = duration(outcome.times.total);
    let mut text = match (outcome.state, progress.planned) {
        (RunState::Cancelled, planned) => {
            let planned = plural(planned, "cell");
            format!(
                "cancelled after {} of {planned} in {time}",
                count(progress.done)
            )
        }
        (_, 0) => "nothing to do".to_owned(),
        (_, planned) => {
            let planned = plural(planned, "cell");
            format!("{} of {planned} done in {time}", count(progress.done))
        }
    };
    for (cells, state) in [
        (progress.failed, "failed"),
        (outcome.certificate.blocked, "blocked"),
    ] {
        if cells > 0 {
            text = format!("{text}, {} {state}", count(cells));
        }
    }
    let (before, after) = (&outcome.watermark_before, &outcome.watermark_after);
    let watermark = if before.day() == after.day() {
        format!("watermark {after}")
    } else {
        format!("watermark {before} → {after}")
    };
    let tone = tone(outcome);
    let line = format!("{text}; {watermark}");
    if width(&line) <= PAGE_WIDTH {
        page.headline(tone, &line);
    } else {
        page.headline(tone, &text);
        page.headline(tone, &watermark);
    }
}

fn tone(outcome: &Outcome) -> Tone {
    let behind = outcome.plan.left_behind();
    if outcome.progress.failed > 0 || !behind.is_empty() || !outcome.certificate.is_valid() {
        Tone::Bad
    } else if outcome.certificate.is_complete() {
        Tone::Good
    } else {
        Tone::Warning
    }
}

/// Lists the days without any needed cell as skipped: they must not look as if they were done.
fn skipped_days_fact(page: &mut Page, outcome: &Outcome) {
    let days: Vec<_> = outcome.plan.skipped_days().map(|day| day.day).collect();
    if !days.is_empty() {
        page.toned_fact(
            "skipped",
            Tone::Dim,
            &format!("{}: nothing to do there", day_range(&days)),
        );
    }
}

fn day_table(page: &mut Page, outcome: &Outcome) {
    let mut table = Table::new([
        Column::text("day"),
        Column::number("planned"),
        Column::number("done"),
        Column::number("not done"),
        Column::number("blocked"),
    ]);
    let days = outcome.plan.days.iter();
    let days: Vec<_> = days
        .filter(|day| day.step_count() > 0 || blocked_count(outcome, day) > 0)
        .collect();
    if days.len() < 2 {
        return;
    }
    let left_out = days.len().saturating_sub(MAX_DAYS);
    if left_out > 0 {
        let row = [format!("… {}", plural(left_out as u64, "session"))].map(Entry::from);
        table.add_row(
            row.into_iter()
                .chain(std::iter::repeat_n(Entry::default(), 4)),
        );
    }
    for day in &days[left_out..] {
        let planned = day.step_count();
        let done = outcome.done.get(&day.day).map_or(0, |cells| cells.len());
        let blocked = blocked_count(outcome, day);
        table.add_row([
            day.day.to_string().into(),
            count_entry(Tone::Normal, planned),
            count_entry(Tone::Good, done),
            count_entry(Tone::Bad, planned.saturating_sub(done)),
            count_entry(Tone::Warning, blocked),
        ]);
    }
    page.table(&table);
}

/// The number of cells of a session that wait, unpriced or for single inputs.
fn blocked_count(outcome: &Outcome, day: &DayPlan) -> u64 {
    let blocked = outcome.blocked.get(&day.day).map_or(0, Vec::len) as u64;
    blocked + day.skip_count(SkipReason::Unpriced)
}

fn count_entry(tone: Tone, cells: u64) -> Entry {
    match cells {
        0 => Entry::toned(Tone::Dim, "·"),
        cells => Entry::toned(tone, count(cells)),
    }
}

fn failure_section(page: &mut Page, outcome: &Outcome, names: &Names) {
    if outcome.failures.is_empty() {
        return;
    }
    page.heading("failed");
    for failed in outcome.failures.iter().take(MAX_FAILURES) {
        let name = names.portfolio(failed.cell.portfolio);
        let (day, phase, reason) = (failed.cell.day, failed.phase, &failed.reason);
        page.item(Tone::Bad, &format!("{day}: {name}, {phase}: {reason}"));
    }
    page.omitted(outcome.failures.len(), MAX_FAILURES);
}

/// Counts the cells that the policy did not see and those that were set aside.
fn skipped_section(page: &mut Page, outcome: &Outcome) {
    let skips = outcome.plan.skips_by_reason();
    let is_notable = |reason: &SkipReason| {
        let aside = [
            SkipReason::Quarantined,
            SkipReason::OverLimit,
            SkipReason::LeftToOnboarding,
        ];
        reason.is_left_behind() || aside.contains(reason)
    };
    let mut notable = skips
        .iter()
        .filter(|(reason, _)| is_notable(reason))
        .peekable();
    if notable.peek().is_none() {
        return;
    }
    page.heading("needed and not tried");
    for (reason, cells) in notable {
        let tone = if reason.is_left_behind() {
            Tone::Bad
        } else {
            Tone::Warning
        };
        page.item(tone, &format!("{} {reason}", plural(*cells, "cell")));
    }
}

fn warning_section(page: &mut Page, outcome: &Outcome) {
    if outcome.warnings.is_empty() {
        return;
    }
    page.heading("warnings");
    for warning in &outcome.warnings {
        page.item(Tone::Warning, &warning.to_string());
    }
}

/// The total time and its stages, without those that took no time.
fn times_text(times: &Times) -> String {
    let phases = &times.phases;
    let parts = [
        ("planning", times.planning),
        ("loading", times.loading),
        ("books", phases.books),
        ("securities", phases.securities),
        ("exposures", phases.exposures),
        ("risk", phases.risk),
    ];
    let parts = parts.iter().filter(|(_, time)| !time.is_zero());
    let parts: Vec<_> = parts
        .map(|(stage, time)| format!("{stage}{NBSP}{}", duration(*time)))
        .collect();
    match parts.is_empty() {
        true => duration(times.total),
        false => {
            let (total, committing) = (duration(times.total), duration(times.committing));
            format!(
                "{total}: {}; committing {committing} in parallel",
                parts.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Certificate, Verdict};
    use crate::plan::PolicyName;
    use crate::report::fixture::{caught_up, long_names, names, outcome, plan_for};
    use crate::store::Progress;

    #[test]
    fn failed_run_lists_failures_and_blocked_cells() {
        insta::assert_snapshot!(outcome_text(&outcome(), &names(), Palette::Plain), @r"
        34 of 35 cells done in 412 ms, 1 failed, 2 blocked
        watermark 2026-01-05 → 2026-01-06

        run          01924fa0-0000-7000-8000-000000000001
        target       2026-01-08
        watermark    2026-01-06, held back by B: 2026-01-07 is open (risk)
        skipped      2026-01-05: nothing to do there
        certificate  52 expected = 15 done before + 34 done now + 1 failed + 2 blocked +
                     0 deferred
                     ✓ holds: it adds up, and the ledger says the same

        day         planned  done  not done  blocked
        2026-01-06       12    12         ·        ·
        2026-01-07       12    11         1        ·
        2026-01-08       11    11         ·        2

        failed
          2026-01-07: B, risk: the factors are collinear

        waiting for inputs
          2026-01-08: L, M wait for prices of AAPL, MSFT (41.20 % priced)

        warnings
          the sources changed during the run, which was replanned (replans: 1)

        time         412 ms: planning 3 ms, loading 38 ms, books 101 ms,
                     securities 60 ms, exposures 12 ms, risk 140 ms; committing 95 ms in
                     parallel
        ");
    }

    #[test]
    fn run_with_nothing_to_do_has_no_sections() {
        let mut outcome = outcome();
        let (plan, watermark) = plan_for(&caught_up(), PolicyName::PerCell);
        (outcome.watermark_before, outcome.watermark_after) = (watermark, watermark);
        outcome.state = RunState::Complete;
        outcome.plan = plan;
        outcome.progress = Progress::default();
        outcome.certificate = Certificate {
            expected: 52,
            done_before: 52,
            ..Certificate::default()
        };
        outcome.done.clear();
        outcome.failures.clear();
        outcome.blocked.clear();
        outcome.warnings.clear();
        insta::assert_snapshot!(outcome_text(&outcome, &names(), Palette::Plain), @r"
        nothing to do; watermark 2026-01-08

        run          01924fa0-0000-7000-8000-000000000001
        target       2026-01-08
        watermark    2026-01-08, nothing holds it back
        skipped      2026-01-05 … 2026-01-08, 4 sessions: nothing to do there
        certificate  52 expected = 52 done before + 0 done now + 0 failed + 0 blocked +
                     0 deferred
                     ✓ holds: it adds up, and the ledger says the same

        time         412 ms: planning 3 ms, loading 38 ms, books 101 ms,
                     securities 60 ms, exposures 12 ms, risk 140 ms; committing 95 ms in
                     parallel
        ");
    }

    #[test]
    fn ledger_disagreement_is_red_in_headline_and_certificate() {
        let mut outcome = outcome();
        outcome.certificate.verdict = Verdict::LedgerDisagrees;
        let text = outcome_text(&outcome, &names(), Palette::Colour);
        assert!(text.starts_with("\u{1b}[31m"));
        assert!(text.contains("the ledger says otherwise"));
    }

    #[test]
    fn long_failure_list_is_cut_and_counted() {
        let mut outcome = outcome();
        let failure = outcome.failures[0].clone();
        outcome.failures = vec![failure; 1_215];
        let text = outcome_text(&outcome, &long_names(), Palette::Plain);
        assert!(text.contains("and 1,205 more"), "{text}");
    }
}
