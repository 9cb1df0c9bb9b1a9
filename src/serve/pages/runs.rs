//! The runs there were, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Part, page};
use super::words;
use crate::domain::RunId;
use crate::query;
use crate::report::number;
use crate::serve::access::Welcome;
use crate::serve::asked::Query;
use crate::serve::desk::Desk;
use crate::store::RunRow;

/// How many runs a page has.
const RUNS: u32 = 30;

#[derive(Template)]
#[template(path = "runs.html")]
struct Runs {
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
    pub(super) fn of(run: &RunRow) -> Self {
        let id = run.key.to_string();
        let progress = &run.progress;
        let took = run.ended.map(|ended| ended - run.started);
        let took = took.and_then(|took| took.to_std().ok());
        Self {
            short: id[..8].to_owned(),
            id,
            state: run.state.name(),
            tone: words::tone(run.state),
            started: words::moment(run.started),
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
    Welcome(visitor): Welcome,
    State(desk): State<Arc<Desk>>,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let after: Option<RunId> = query.value("after")?;
    query.end()?;
    let (mut rows, live) = desk
        .ask(move |desk| {
            let served = &desk.served;
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
    page(&Runs {
        frame: Frame::new("Runs", Part::Runs, visitor).with(live),
        next: rows.last().filter(|_| more).map(|run| run.key.to_string()),
        runs: rows.iter().map(RunLine::of).collect(),
        is_first: after.is_none(),
    })
}
