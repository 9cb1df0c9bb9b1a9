//! Tests that hold for all reports: no line is wider than the page, and plain text has no escape
//! codes.

use super::books::books_text;
use super::explain::explanation_text;
use super::fit::{PAGE_WIDTH, width};
use super::fixture::{incident, long_names, mixed_survey, names, outcome, plan_for};
use super::grid::grid_text;
use super::outcome::outcome_text;
use super::palette::Palette;
use super::plan::PlanReport;
use super::policies::policies_text;
use super::query_samples::{self, AmountSize};
use super::replay::replay_text;
use super::runs::{run_text, runs_text};
use super::status::status_text;
use super::verification::verification_text;
use crate::domain::PortfolioId;
use crate::plan::{PolicyName, Today};
use crate::query::{Grid, Names, NightResult, Replay, replay_policy};
use crate::store::RunState;

/// All reports, with the given names and sizes of amounts.
fn reports(names: &Names, size: AmountSize, palette: Palette) -> Vec<(&'static str, String)> {
    let name = names.portfolio(PortfolioId(2));
    let mut reports = Vec::new();
    let plans = PolicyName::ALL.map(|policy| (policy, plan_for(&incident(), policy).0));
    for policy in PolicyName::ALL {
        let survey = mixed_survey();
        let (plan, watermark) = plan_for(&survey, policy);
        let report = PlanReport {
            plan: &plan,
            watermark: &watermark,
            invalidations: &survey.invalidations,
            remarks: &[],
            names,
            command: "plimsoll run --portfolio 'Growth and income' --policy min-of-max",
        };
        reports.push(("plan", report.to_text(palette)));
        reports.push((
            "grid",
            grid_text(
                &Grid::from_plan(&plan, names.portfolio_names(), 10),
                palette,
            ),
        ));
    }
    reports.extend([
        ("policies", policies_text(&plans, palette)),
        ("replay", replay_text(&replay(names), palette)),
        ("outcome", outcome_text(&outcome(), names, palette)),
        (
            "status",
            status_text(&query_samples::status(names), palette),
        ),
        (
            "explanation",
            explanation_text(&query_samples::explanation(&name), "plimsoll", palette),
        ),
        (
            "runs",
            runs_text(&vec![query_samples::run(RunState::Failed); 3], palette),
        ),
        (
            "verification",
            verification_text(&query_samples::verification(), "plimsoll", palette),
        ),
        ("run", run_text(&query_samples::run_answer(&name), palette)),
        (
            "books",
            books_text(&query_samples::books(&name, size), None, palette),
        ),
    ]);
    reports
}

/// A replay with many nights and large counts.
fn replay(names: &Names) -> Replay {
    let survey = mixed_survey();
    let last = *survey.sessions.last().unwrap();
    let today = Today {
        date: last,
        last_final: last,
    };
    let policies = PolicyName::ALL.map(|policy| {
        let mut result =
            replay_policy(policy, &survey, today, names.portfolio_names(), 10).unwrap();
        result.by_several_rules = 12_345_678;
        result.nights = (0..40)
            .map(|nth| NightResult {
                target: last.saturating_add(nth),
                done: 12_345_678,
                redundant: 1_234_567,
                failed: 0,
                open: 123_456_789,
                behind: 1_000_000,
            })
            .collect();
        result
    });
    Replay {
        portfolios: 1_000_000,
        target: last,
        needed: 123_456_789,
        policies: policies.into(),
    }
}

#[test]
fn no_line_exceeds_page_width() {
    for (names, size) in [
        (names(), AmountSize::Typical),
        (long_names(), AmountSize::Largest),
    ] {
        for (report, text) in reports(&names, size, Palette::Plain) {
            for line in text.lines() {
                assert!(width(line) <= PAGE_WIDTH, "{report}: {line}");
            }
        }
    }
}

#[test]
fn colour_changes_only_escape_codes() {
    let plain = reports(&names(), AmountSize::Typical, Palette::Plain);
    let coloured = reports(&names(), AmountSize::Typical, Palette::Colour);
    for ((report, plain), (_, coloured)) in plain.iter().zip(&coloured) {
        assert!(!plain.contains('\u{1b}'), "{report}: {plain}");
        assert!(coloured.contains('\u{1b}'), "{report}: {coloured}");
        assert_eq!(*plain, strip_ansi(coloured), "{report}");
    }
}

#[test]
fn reports_end_with_one_newline_and_have_no_trailing_spaces() {
    for (report, text) in reports(&names(), AmountSize::Typical, Palette::Plain) {
        assert!(
            text.ends_with('\n') && !text.ends_with("\n\n"),
            "{report}: {text}"
        );
        assert!(
            text.lines().all(|line| !line.ends_with(' ')),
            "{report}: {text}"
        );
    }
}

/// The text without its escape codes.
fn strip_ansi(text: &str) -> String {
    let mut plain = String::new();
    let mut escaped = false;
    for c in text.chars() {
        match (escaped, c) {
            (false, '\u{1b}') => escaped = true,
            (false, c) => plain.push(c),
            (true, 'm') => escaped = false,
            (true, _) => {}
        }
    }
    plain
}
