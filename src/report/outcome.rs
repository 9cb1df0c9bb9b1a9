//! A finished run as people read it in the morning: what was done, what was not and why, and
//! whether the ledger agrees.

use super::certificate;
use super::days::folded;
use super::fit::{GLUE, PAGE, width};
use super::names::Names;
use super::number::{count, duration, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::phrase;
use super::table::{Column, Entry, Table};
use crate::engine::{Outcome, Times};
use crate::plan::SkipReason;
use crate::store::RunState;

/// How many days, failures and waits a report lists.
const MOST_DAYS: usize = 10;
const MOST_FAILURES: usize = 10;
const MOST_WAITS: usize = 10;

/// What a run came to, as text of at most 80 columns.
pub fn outcome_text(outcome: &Outcome, names: &Names, palette: Palette) -> String {
    let mut page = Page::new(palette);
    headline(&mut page, outcome);
    page.gap();
    page.fact("run", &outcome.run.to_string());
    page.fact("target", &outcome.plan.target.to_string());
    page.fact(
        "watermark",
        &phrase::watermark(&outcome.watermark_after, names),
    );
    skipped(&mut page, outcome);
    certificate::facts(&mut page, &outcome.certificate);
    by_day(&mut page, outcome);
    failures(&mut page, outcome, names);
    waiting(&mut page, outcome, names);
    left_behind(&mut page, outcome);
    warnings(&mut page, outcome);
    page.gap();
    page.toned_fact("time", Tone::Dim, &times(&outcome.times));
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
    for (cells, word) in [
        (progress.failed, "failed"),
        (outcome.certificate.blocked, "blocked"),
    ] {
        if cells > 0 {
            text = format!("{text}, {} {word}", count(cells));
        }
    }
    let (before, after) = (&outcome.watermark_before, &outcome.watermark_after);
    let watermark = if before.day() == after.day() {
        format!("watermark {after}")
    } else {
        format!("watermark {before} → {after}")
    };
    let tone = tone(outcome);
    let all = format!("{text}; {watermark}");
    if width(&all) <= PAGE {
        page.headline(tone, &all);
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
        Tone::Waiting
    }
}

/// Days on which nobody needed anything are said as skipped, and not as done.
fn skipped(page: &mut Page, outcome: &Outcome) {
    let days: Vec<_> = outcome.plan.skipped_days().map(|day| day.day).collect();
    if !days.is_empty() {
        page.toned_fact(
            "skipped",
            Tone::Dim,
            &format!("{}: nothing to do there", folded(&days)),
        );
    }
}

fn by_day(page: &mut Page, outcome: &Outcome) {
    let mut table = Table::new([
        Column::text("day"),
        Column::number("planned"),
        Column::number("done"),
        Column::number("not done"),
        Column::number("blocked"),
    ]);
    let days = outcome.plan.days.iter();
    let days: Vec<_> = days
        .filter(|day| day.step_count() > 0 || outcome.blocked.contains_key(&day.day))
        .collect();
    if days.len() < 2 {
        return;
    }
    let left_out = days.len().saturating_sub(MOST_DAYS);
    if left_out > 0 {
        let row = [format!("… {}", plural(left_out as u64, "session"))].map(Entry::from);
        table.row(
            row.into_iter()
                .chain(std::iter::repeat_n(Entry::default(), 4)),
        );
    }
    for day in &days[left_out..] {
        let planned = day.step_count();
        let done = outcome.done.get(&day.day).map_or(0, |cells| cells.len());
        let blocked = outcome
            .blocked
            .get(&day.day)
            .map_or(0, |cells| cells.len() as u64);
        table.row([
            day.day.to_string().into(),
            number(Tone::Normal, planned),
            number(Tone::Good, done),
            number(Tone::Bad, planned.saturating_sub(done)),
            number(Tone::Waiting, blocked),
        ]);
    }
    page.table(&table);
}

fn number(tone: Tone, cells: u64) -> Entry {
    match cells {
        0 => Entry::toned(Tone::Dim, "·"),
        cells => Entry::toned(tone, count(cells)),
    }
}

fn failures(page: &mut Page, outcome: &Outcome, names: &Names) {
    if outcome.failures.is_empty() {
        return;
    }
    page.heading("failed");
    for failed in outcome.failures.iter().take(MOST_FAILURES) {
        let name = names.portfolio(failed.cell.portfolio);
        let (day, phase, reason) = (failed.cell.day, failed.phase, &failed.reason);
        page.item(Tone::Bad, &format!("{day}: {name}, {phase}: {reason}"));
    }
    more(page, outcome.failures.len(), MOST_FAILURES);
}

fn waiting(page: &mut Page, outcome: &Outcome, names: &Names) {
    let waits = phrase::waits(&outcome.blocked, names);
    if waits.is_empty() {
        return;
    }
    page.heading("waiting for inputs");
    for wait in waits.iter().take(MOST_WAITS) {
        page.item(Tone::Waiting, &wait.sentence());
    }
    more(page, waits.len(), MOST_WAITS);
}

/// What the policy did not see, and what was set aside.
fn left_behind(page: &mut Page, outcome: &Outcome) {
    let skips = outcome.plan.skips_by_reason();
    let of_note = |reason: &SkipReason| {
        let aside = [
            SkipReason::Quarantined,
            SkipReason::OverLimit,
            SkipReason::LeftToOnboarding,
        ];
        reason.is_left_behind() || aside.contains(reason)
    };
    let mut noted = skips
        .iter()
        .filter(|(reason, _)| of_note(reason))
        .peekable();
    if noted.peek().is_none() {
        return;
    }
    page.heading("needed and not tried");
    for (reason, cells) in noted {
        let tone = if reason.is_left_behind() {
            Tone::Bad
        } else {
            Tone::Waiting
        };
        page.item(tone, &format!("{} {reason}", plural(*cells, "cell")));
    }
}

fn warnings(page: &mut Page, outcome: &Outcome) {
    if outcome.warnings.is_empty() {
        return;
    }
    page.heading("to know");
    for warning in &outcome.warnings {
        page.item(Tone::Waiting, &warning.to_string());
    }
}

fn more(page: &mut Page, all: usize, most: usize) {
    if all > most {
        page.item(
            Tone::Dim,
            &format!("and {} more", count((all - most) as u64)),
        );
    }
}

/// The whole and its parts; what took no time is left out.
fn times(times: &Times) -> String {
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
        .map(|(what, time)| format!("{what}{GLUE}{}", duration(*time)))
        .collect();
    match parts.is_empty() {
        true => duration(times.total),
        false => {
            let (whole, committing) = (duration(times.total), duration(times.committing));
            format!(
                "{whole}: {}; committing {committing} beside them",
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
    use crate::report::fixture::{caught_up, long_names, names, night, planned};
    use crate::store::Progress;

    #[test]
    fn a_night_with_a_failure_says_what_failed_and_what_waits() {
        insta::assert_snapshot!(outcome_text(&night(), &names(), Palette::Plain), @r"
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

        to know
          the sources changed during the run, which planned anew (1 more)

        time         412 ms: planning 3 ms, loading 38 ms, books 101 ms,
                     securities 60 ms, exposures 12 ms, risk 140 ms; committing 95 ms
                     beside them
        ");
    }

    #[test]
    fn a_night_with_nothing_to_do_is_calm() {
        let mut outcome = night();
        let (plan, watermark) = planned(&caught_up(), PolicyName::PerCell);
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
                     securities 60 ms, exposures 12 ms, risk 140 ms; committing 95 ms
                     beside them
        ");
    }

    #[test]
    fn a_ledger_that_disagrees_is_said_first_and_last() {
        let mut outcome = night();
        outcome.certificate.verdict = Verdict::LedgerDisagrees;
        let text = outcome_text(&outcome, &names(), Palette::Colour);
        assert!(text.starts_with("\u{1b}[31m"));
        assert!(text.contains("the ledger says otherwise"));
    }

    #[test]
    fn a_long_list_of_failures_is_cut_and_counted() {
        let mut outcome = night();
        let failure = outcome.failures[0].clone();
        outcome.failures = vec![failure; 1_215];
        let text = outcome_text(&outcome, &long_names(), Palette::Plain);
        assert!(text.contains("and 1,205 more"), "{text}");
    }
}
