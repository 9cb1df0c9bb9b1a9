//! The page of a cell: its state and reason, phases, policy decisions and next commands.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::labels;
use crate::domain::Day;
use crate::query::{Explanation, PhaseState};
use crate::report::{cell_state_text, count_with_noun, expectation_text};
use crate::serve::access::PageViewer;
use crate::serve::app_state::AppState;
use crate::serve::extract::{PathParams, Query};
use crate::serve::http::Problem;

#[derive(Template)]
#[template(path = "cell.html")]
struct CellPage {
    frame: Frame,
    key: String,
    name: String,
    day_text: String,
    tone: &'static str,
    verdict: String,
    expected: String,
    previous_session: Option<Day>,
    next_session: Option<Day>,
    phases: Vec<PhaseLine>,
    missing_statistics: Vec<String>,
    invalidations: Vec<(String, String)>,
    policies: Vec<(&'static str, String)>,
    commands: Vec<String>,
}

struct PhaseLine {
    name: &'static str,
    ledger: &'static str,
    tone: &'static str,
    output: &'static str,
    failure: String,
}

/// `GET /portfolios/{id}/cells/{day}`: the page of one cell.
pub(super) async fn show(
    PageViewer(user): PageViewer,
    State(state): State<Arc<AppState>>,
    PathParams((id, day)): PathParams<(String, String)>,
    Query(query): Query,
) -> Result<Response, PageProblem> {
    query.finish()?;
    let day: Day = day
        .parse()
        .map_err(|error| Problem::malformed(format!("{error}")))?;
    let explanation = state
        .run_blocking(move |state| state.context.app.explain(&id, day))
        .await?;
    let title = format!("{} on {day}", explanation.portfolio.name);
    let frame = Frame::new(title, Section::Other, user);
    render(&cell_page(frame, explanation))
}

fn cell_page(frame: Frame, explanation: Explanation) -> CellPage {
    let (first, target) = (explanation.portfolio.inception, explanation.target);
    let state = explanation.state();
    let invalidations = explanation.invalidations.iter().map(|invalidation| {
        let text = format!(
            "{}: {} ({})",
            invalidation.cause, invalidation.reason, invalidation.phases
        );
        (labels::timestamp(invalidation.at), text)
    });
    let securities = explanation.securities.as_ref();
    CellPage {
        frame,
        key: explanation.portfolio.key.to_string(),
        name: explanation.portfolio.name.clone(),
        day_text: labels::day(explanation.day),
        tone: labels::tone_class(state),
        verdict: cell_state_text(state),
        expected: expectation_text(&explanation),
        previous_session: (explanation.session_before).filter(|day| *day >= first),
        next_session: (explanation.session_after).filter(|day| *day <= target),
        phases: explanation.phases.iter().map(PhaseLine::new).collect(),
        missing_statistics: securities
            .map_or(Vec::new(), |invalidation| invalidation.missing.clone()),
        invalidations: invalidations.collect(),
        policies: (explanation.policies.iter())
            .map(|view| (view.policy.name(), view.decision.to_string()))
            .collect(),
        commands: explanation.next.iter().map(ToString::to_string).collect(),
    }
}

impl PhaseLine {
    fn new(state: &PhaseState) -> Self {
        let ledger = state.ledger_state();
        let failure = state.failure.as_ref();
        Self {
            name: state.phase.name(),
            ledger: ledger.name(),
            tone: labels::tone_class(ledger),
            output: state.output_state().name(),
            failure: failure.map_or_else(String::new, |failure| {
                let last = labels::timestamp(failure.last_at);
                format!(
                    "failed {}, last {last}: {}",
                    count_with_noun(failure.times.into(), "time"),
                    failure.reason
                )
            }),
        }
    }
}
