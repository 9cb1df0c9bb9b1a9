//! The page of past runs, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::labels;
use crate::domain::RunId;
use crate::query;
use crate::report::number;
use crate::serve::access::PageViewer;
use crate::serve::app_state::AppState;
use crate::serve::extract::Query;
use crate::store::RunRow;

/// The number of runs on a page.
const RUNS: u32 = 30;

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    runs: Vec<RunLine>,
    next: Option<String>,
    is_first: bool,
}

/// A row in a list of runs.
pub(super) struct RunLine {
    pub(super) id: String,
    pub(super) short: String,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    pub(super) started: String,
    pub(super) took: String,
    pub(super) scope: String,
    pub(super) target: String,
    pub(super) policy: String,
    pub(super) done: String,
    pub(super) failed: u64,
    pub(super) blocked: u64,
}

impl RunLine {
    /// Formats a run as a row.
    pub(super) fn new(run: &RunRow) -> Self {
        let id = run.key.to_string();
        let progress = &run.progress;
        Self {
            short: id[..8].to_owned(),
            id,
            state: run.state.name(),
            tone: labels::tone_class(run.state),
            started: labels::timestamp(run.started),
            took: run.elapsed().map(number::duration).unwrap_or_default(),
            scope: run.scope.clone(),
            target: run.target.to_string(),
            policy: run.policy.clone(),
            done: format!(
                "{} of {}",
                number::count(progress.done),
                number::count(progress.planned)
            ),
            failed: progress.failed,
            blocked: progress.blocked,
        }
    }
}

/// `GET /runs`: the page of past runs.
pub(super) async fn show(
    PageViewer(user): PageViewer,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let after: Option<RunId> = query.value("after")?;
    query.finish()?;
    let (mut rows, live) = state
        .run_blocking(move |state| {
            let context = &state.context;
            let rows = match after {
                None => query::runs(&context.app.store, RUNS + 1),
                Some(run) => query::runs_before(&context.app.store, run, RUNS + 1),
            };
            let live = context.app.live_run()?;
            Ok::<_, query::QueryError>((rows?, live))
        })
        .await?;
    let more = rows.len() > RUNS as usize;
    rows.truncate(RUNS as usize);
    render(&RunsPage {
        frame: Frame::new("Runs", Section::Runs, user).with_live_run(live),
        next: rows.last().filter(|_| more).map(|run| run.key.to_string()),
        runs: rows.iter().map(RunLine::new).collect(),
        is_first: after.is_none(),
    })
}
