//! Starting a run, watching it, stopping it; and what one would do.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::domain::RunId;
use crate::engine::{RunRequest, preview_plan, survey};
use crate::plan::watermarks;
use crate::query::{self, LiveRun, QueryError};
use crate::report::PlanReport;
use crate::serve::access::{Admin, Reader};
use crate::serve::app_state::AppState;
use crate::serve::extract::{PathParams, Query, Selection};
use crate::serve::http::Problem;
use crate::serve::runner::{CancelResult, Runner};

/// `POST /api/v1/admin/batch/run`: starts a run, and answers as soon as it has its row.
pub(super) async fn start(
    _: Admin,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, Problem> {
    let selection = Selection::from_run_query(&mut query)?;
    query.finish()?;
    let asked = desk
        .run_blocking(move |desk| check_run_request(desk, &selection))
        .await?;
    let run = Runner::start(&desk, asked).await?.run;
    let place = format!("/api/v1/admin/batch/history/{run}");
    let place = HeaderValue::from_str(&place).map_err(|_| Problem::bug())?;
    let answer = Json(json!({ "run": run, "state": "running" }));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], answer).into_response())
}

/// Refuses, before anything is written, what could not be planned or while a run is at work.
pub(in crate::serve) fn check_run_request(
    desk: &AppState,
    selection: &Selection,
) -> Result<RunRequest, Problem> {
    let served = &desk.context;
    let asked = selection.resolve(served)?;
    let (store, environment) = (&served.store, &served.environment);
    store.read(|reading| reading.ensure_no_live_lease(environment))?;
    let now = environment.clock.now();
    let surveyed = store.read(|reading| survey(reading, &asked.request, &served.engine, now))?;
    preview_plan(&surveyed, &asked)?;
    Ok(asked)
}

/// `GET /api/v1/plan`: what a run would do; writes nothing.
pub(super) async fn plan(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let selection = Selection::from_plan_query(&mut query)?;
    query.finish()?;
    desk.run_blocking(move |desk| preview(desk, &selection))
        .await
        .map(Json)
}

fn preview(desk: &AppState, selection: &Selection) -> Result<Value, Problem> {
    let served = &desk.context;
    let asked = selection.resolve(served)?;
    let now = served.environment.clock.now();
    let surveyed = served
        .store
        .read(|reading| survey(reading, &asked.request, &served.engine, now))?;
    let plan = preview_plan(&surveyed, &asked)?;
    let marks = watermarks(&surveyed.survey, &plan.scope, plan.target.day);
    let watermark = &marks.scope_watermark();
    let report = PlanReport {
        plan: &plan,
        watermark,
        invalidations: &surveyed.survey.invalidations,
        names: &desk.plan_names(&plan, watermark)?,
        command: "plimsoll run",
    };
    Ok(report.to_json())
}

/// `GET …/run/current`: the run at work, in this process or another; nothing where none is.
pub(super) async fn current(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    query.finish()?;
    let live = desk.run_blocking(live_run).await?;
    Ok(Json(json!({ "run": live })))
}

/// The run at work.
pub(super) fn live_run(desk: &AppState) -> Result<Option<LiveRun>, QueryError> {
    query::live_run(&desk.context.store, &desk.context.environment)
}

/// `POST …/run/{id}/cancel`: the run stops after its current transaction.
pub(super) async fn cancel(
    _: Admin,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    query.finish()?;
    let unknown = || Problem::not_found(format!("no run has the id `{id}`"));
    let run: RunId = id.parse().map_err(|_| unknown())?;
    if desk.runner.cancel(run) == CancelResult::Requested {
        let answer = Json(json!({ "run": run, "state": "cancelling" }));
        return Ok((StatusCode::ACCEPTED, answer).into_response());
    }
    let known = desk.run_blocking(move |desk| query::run(&desk.context.store, &run.to_string()));
    let known = known.await.map_err(|_| unknown())?;
    let live = desk.run_blocking(live_run).await?;
    Err(match live.filter(|live| live.row.key == run) {
        Some(live) => Problem::new(
            StatusCode::CONFLICT,
            "elsewhere",
            format!(
                "run {run} is at work in another process: {}",
                live.lease.owner
            ),
        )
        .with_hint("interrupt that process; it stops after its current transaction"),
        None => Problem::new(
            StatusCode::CONFLICT,
            "ended",
            format!("run {run} is not at work: it is {}", known.row.state),
        ),
    })
}
