//! The runs there were, newest first.

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

/// How many runs a page has.
const RUNS: u32 = 30;

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    runs: Vec<RunLine>,
    next: Option<String>,
    is_first: bool,
}

/// A run in a list.
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
    /// The line of a run.
    pub(super) fn new(run: &RunRow) -> Self {
        let id = run.key.to_string();
        let progress = &run.progress;
        let took = run.ended.map(|ended| ended - run.started);
        let took = took.and_then(|took| took.to_std().ok());
        Self {
            short: id[..8].to_owned(),
            id,
            state: run.state.name(),
            tone: labels::state_class(run.state),
            started: labels::timestamp(run.started),
            took: took.map(number::duration).unwrap_or_default(),
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

/// `GET /runs`.
pub(super) async fn show(
    PageViewer(visitor): PageViewer,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let after: Option<RunId> = query.value("after")?;
    query.finish()?;
    let (mut rows, live) = desk
        .run_blocking(move |desk| {
            let served = &desk.context;
            let rows = match after {
                None => query::runs(&served.store, RUNS + 1),
                Some(run) => query::runs_before(&served.store, run, RUNS + 1),
            };
            let live = query::live_run(&served.store, &served.environment)?;
            Ok::<_, query::QueryError>((rows?, live))
        })
        .await?;
    let more = rows.len() > RUNS as usize;
    rows.truncate(RUNS as usize);
    render(&RunsPage {
        frame: Frame::new("Runs", Section::Runs, visitor).with_live_run(live),
        next: rows.last().filter(|_| more).map(|run| run.key.to_string()),
        runs: rows.iter().map(RunLine::new).collect(),
        is_first: after.is_none(),
    })
}
