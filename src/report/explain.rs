//! Renders the explanation of one cell as text: expectation, phases, failures, invalidations and
//! the decisions of all policies.

use super::accepted_prices::accepted_sentence;
use super::days::minute_utc;
use super::number::{percent, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::phrase::join_limited;
use super::table::{Column, Entry, Table};
use crate::query::{
    CellReason, CellState, Expectation, Explanation, FailureView, OutputState, PhaseState,
    PolicyView, SecuritiesView,
};

/// Maximum number of symbols that are named.
const MAX_SYMBOLS: usize = 5;

/// An explanation as text of at most 80 columns.
/// Commands begin with `program`, such as `plimsoll --db books.db`.
pub fn explanation_text(explanation: &Explanation, program: &str, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let (name, day) = (&explanation.portfolio.name, explanation.day);
    let state = explanation.state();
    page.headline(
        state.into(),
        &format!("{name} on {day}: {}", cell_state_text(state)),
    );
    page.blank_line();
    let portfolio = &explanation.portfolio;
    page.fact(
        "portfolio",
        &format!("{}, {}", portfolio.key, portfolio.lifecycle),
    );
    page.fact("expected", &expectation_text(explanation));
    page.fact("target", &explanation.target.to_string());
    if let Some(securities) = &explanation.securities {
        let (tone, text) = statistics_text(securities);
        page.toned_fact("statistics", tone, &text);
        if !securities.closed.is_empty() {
            let symbols = join_limited(&securities.closed, MAX_SYMBOLS);
            page.fact("closed", &format!("{symbols}, by their calendar"));
        }
    }
    if let Some(accepted) = &explanation.accepted_prices {
        let text = format!(
            "accepted as they are, number {}",
            accepted_sentence(accepted)
        );
        page.toned_fact("prices", Tone::Warning, &text);
    }
    page.table(&phase_table(&explanation.phases));
    failure_section(&mut page, &explanation.phases);
    if !explanation.invalidations.is_empty() {
        page.heading("invalidated");
    }
    for invalidation in &explanation.invalidations {
        let at = minute_utc(invalidation.at);
        let (cause, reason) = (invalidation.cause, &invalidation.reason);
        page.item(
            Tone::Normal,
            &format!("{at}: {cause}, {reason} ({})", invalidation.phases),
        );
    }
    page.heading("policy decisions");
    page.push_lines(policy_table(&explanation.policies).lines(palette));
    if !explanation.next.is_empty() {
        page.heading("next");
    }
    for command in &explanation.next {
        page.command(&command.line(program));
    }
    page.finish()
}

/// The state of a cell as a clause, such as `open, partial: risk`.
pub fn cell_state_text(state: CellState<'_>) -> String {
    match state {
        CellState::NotExpected => "nothing is expected".to_owned(),
        CellState::Complete => "complete".to_owned(),
        CellState::CompleteWithOldInputs(old) => format!(
            "complete, with prices or rates up to {} old: {}; {} of the value",
            plural(old.sessions_old as u64, "session"),
            join_limited(&old.inputs, MAX_SYMBOLS),
            percent(old.share)
        ),
        CellState::Damaged => "damaged: done by the ledger, but an output is missing".to_owned(),
        CellState::Open(reason) => format!("open, {reason}"),
        CellState::Waiting(reason) | CellState::Quarantined(reason) => reason.to_string(),
    }
}

/// Whether the cell is expected, and the reason if not.
pub fn expectation_text(explanation: &Explanation) -> String {
    match (unexpected_text(explanation), &explanation.expectation) {
        (None, _) => "yes".to_owned(),
        (Some(reason), Expectation::BeyondTarget { .. }) => format!("not yet: {reason}"),
        (Some(reason), _) => format!("no: {reason}"),
    }
}

/// The reason why a cell is not expected; `None` if it is.
pub(super) fn unexpected_text(explanation: &Explanation) -> Option<String> {
    Some(match &explanation.expectation {
        Expectation::Expected => return None,
        Expectation::NoSession {
            calendar,
            before,
            after,
        } => {
            let around = [("the one before is", before), ("the one after is", after)];
            let around = around
                .into_iter()
                .filter_map(|(which, day)| Some((which, (*day)?)));
            let around: Vec<_> = around
                .map(|(which, day)| format!("{which} {day}"))
                .collect();
            let of = of_calendar(explanation, calendar);
            match around.is_empty() {
                true => format!("the day is not a session{of}"),
                false => format!("the day is not a session{of}; {}", around.join(", ")),
            }
        }
        Expectation::BeforeCalendar { first } => {
            format!("the calendar begins on {first}, and so do the portfolio's cells")
        }
        Expectation::BeforeInception { inception } => format!("its inception is {inception}"),
        Expectation::AfterClose { closed } => format!("its last day was {closed}"),
        Expectation::Deleted { at } => format!("it was deleted at {}", minute_utc(*at)),
        Expectation::BeyondTarget { target } => {
            format!("the last final session is {target}")
        }
    })
}

/// Names the calendar that does not have a session, such as ` of XTSE, the portfolio's calendar`;
/// nothing if the portfolio has the sessions of the database.
fn of_calendar(explanation: &Explanation, calendar: &str) -> String {
    match explanation.portfolio.calendar.as_deref() {
        None => String::new(),
        Some(own) if own == calendar => format!(" of {own}, the portfolio's calendar"),
        Some(_) => format!(" of {calendar}, the calendar of the database"),
    }
}

fn statistics_text(securities: &SecuritiesView) -> (Tone, String) {
    let held = plural(securities.holdings as u64, "security");
    match securities.missing.is_empty() {
        true => (Tone::Normal, format!("of all {held} held")),
        false => {
            let missing = join_limited(&securities.missing, MAX_SYMBOLS);
            let covered = securities.covered;
            (
                Tone::Warning,
                format!("of {covered} of {held} held; missing {missing}"),
            )
        }
    }
}

fn phase_table(phases: &[PhaseState]) -> Table {
    let mut table = Table::new([
        Column::text("phase"),
        Column::text("ledger"),
        Column::text("output"),
    ]);
    for state in phases {
        let (ledger, output) = (state.ledger_state(), state.output_state());
        let tone = match output {
            OutputState::None => Tone::Dim,
            OutputState::Kept => Tone::Normal,
            OutputState::KeptNotValid => Tone::Warning,
        };
        table.add_row([
            state.phase.name().into(),
            Entry::toned(ledger.into(), ledger.name()),
            Entry::toned(tone, output.name()),
        ]);
    }
    table
}

fn failure_section(page: &mut Page, phases: &[PhaseState]) {
    let failures: Vec<&FailureView> = phases.iter().flat_map(|state| &state.failure).collect();
    if failures.is_empty() {
        return;
    }
    page.heading("failed");
    for FailureView {
        phase,
        times,
        reason,
        last_at,
    } in failures
    {
        let (times, at) = (plural((*times).into(), "time"), minute_utc(*last_at));
        page.item(
            Tone::Bad,
            &format!("{phase}: {reason} ({times}, last at {at})"),
        );
    }
}

fn policy_table(views: &[PolicyView]) -> Table {
    let mut table = Table::new([Column::text(""), Column::elastic("")]).indented(2);
    for view in views {
        let (tone, text) = match &view.decision {
            CellReason::Skip { kind } if kind.is_left_behind() => {
                (Tone::Bad, format!("left behind, {kind}"))
            }
            CellReason::Skip { kind } => (Tone::Normal, format!("skipped, {kind}")),
            CellReason::Step { .. } => (Tone::Normal, format!("planned, {}", view.decision)),
            CellReason::OutOfPlan => (Tone::Dim, "not planned".to_owned()),
            other => (Tone::Warning, format!("waiting, {other}")),
        };
        table.add_row([view.policy.name().into(), Entry::toned(tone, text)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::day;
    use crate::report::query_samples;

    #[test]
    fn an_open_cell_is_explained_phase_by_phase() {
        insta::assert_snapshot!(explanation_text(&query_samples::explanation("B"), "plimsoll", Palette::Plain), @r"
        B on 2026-01-07: open, partial: risk

        portfolio    a0000000-0000-4000-8000-000000000002, active
        expected     yes
        target       2026-01-08
        statistics   of 2 of 3 securities held; missing AAPL

        phase      ledger  output
        snapshot   done    kept
        positions  done    kept
        exposures  done    kept
        risk       open    kept, not valid

        failed
          risk: the factors are collinear (2 times, last at 2026-01-08 22:00 UTC)

        invalidated
          2026-01-08 09:30 UTC: price, close of AAPL on 2026-01-06 corrected from
            187.2 to 188 (risk)

        policy decisions
          global-max   left behind, hidden-by-watermark
          min-of-max   left behind, hidden-by-snapshot
          target-only  not planned
          per-cell     planned, partial: risk

        next
          plimsoll run
        ");
    }

    #[test]
    fn non_session_day_names_adjacent_sessions() {
        let mut explanation = query_samples::explanation("B");
        explanation.expectation = Expectation::NoSession {
            calendar: "XNYS".to_owned(),
            before: Some(day("2026-01-02")),
            after: Some(day("2026-01-05")),
        };
        let text = explanation_text(&explanation, "plimsoll", Palette::Plain);
        assert!(text.contains("nothing is expected\n"), "{text}");
        let around = "the one before is 2026-01-02, the one\n             after is 2026-01-05";
        assert!(text.contains(around), "{text}");
    }

    #[test]
    fn non_session_day_names_the_calendar_that_does_not_have_it() {
        let mut explanation = query_samples::explanation("B");
        explanation.portfolio.calendar = Some("XTSE".to_owned());
        for (calendar, whose) in [
            ("XTSE", "XTSE, the portfolio's calendar"),
            ("XNYS", "XNYS, the calendar of the database"),
        ] {
            explanation.expectation = Expectation::NoSession {
                calendar: calendar.to_owned(),
                before: None,
                after: None,
            };
            let text = expectation_text(&explanation);
            assert_eq!(text, format!("no: the day is not a session of {whose}"));
        }
    }
}
