//! Endpoints that plan, start, follow and cancel runs.

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

/// `POST /api/v1/admin/batch/run`: starts a run and answers as soon as it has an id.
pub(super) async fn start(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, Problem> {
    let selection = Selection::from_run_query(&mut query)?;
    query.finish()?;
    let run_request = state
        .run_blocking(move |state| check_run_request(state, &selection))
        .await?;
    let run = Runner::start(&state, run_request).await?.run;
    let location = format!("/api/v1/admin/batch/history/{run}");
    let location = HeaderValue::from_str(&location).map_err(|_| Problem::bug())?;
    let body = Json(json!({ "run": run, "state": "running" }));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], body).into_response())
}

/// Refuses, before any write, a selection that can't be planned and any run while another one
/// holds the lease.
pub(in crate::serve) fn check_run_request(
    state: &AppState,
    selection: &Selection,
) -> Result<RunRequest, Problem> {
    let context = &state.context;
    let run_request = selection.resolve(context)?;
    let (store, environment) = (&context.store, &context.environment);
    store.read(|reading| reading.lease().ensure_none_live(environment))?;
    let now = environment.clock.now();
    let surveyed =
        store.read(|reading| survey(reading, &run_request.request, &context.engine, now))?;
    preview_plan(&surveyed, &run_request)?;
    Ok(run_request)
}

/// `GET /api/v1/plan`: the plan of a run; writes nothing.
pub(super) async fn plan(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let selection = Selection::from_plan_query(&mut query)?;
    query.finish()?;
    state
        .run_blocking(move |state| preview(state, &selection))
        .await
        .map(Json)
}

fn preview(state: &AppState, selection: &Selection) -> Result<Value, Problem> {
    let context = &state.context;
    let run_request = selection.resolve(context)?;
    let now = context.environment.clock.now();
    let surveyed = context
        .store
        .read(|reading| survey(reading, &run_request.request, &context.engine, now))?;
    let plan = preview_plan(&surveyed, &run_request)?;
    let marks = watermarks(&surveyed.survey, &plan.scope, plan.target.day);
    let watermark = &marks.scope_watermark();
    let report = PlanReport {
        plan: &plan,
        watermark,
        invalidations: &surveyed.survey.invalidations,
        names: &state.plan_names(&plan, watermark)?,
        command: "plimsoll run",
    };
    Ok(report.to_json())
}

/// `GET …/run/current`: the run that is running in this or another process, or null.
pub(super) async fn current(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    query.finish()?;
    let live = state.run_blocking(live_run).await?;
    Ok(Json(json!({ "run": live })))
}

/// The run that is running in this or another process, from the lease.
pub(super) fn live_run(state: &AppState) -> Result<Option<LiveRun>, QueryError> {
    query::live_run(&state.context.store, &state.context.environment)
}

/// `POST …/run/{id}/cancel`: the run stops after its current transaction.
pub(super) async fn cancel(
    _: Admin,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    query.finish()?;
    let unknown = || Problem::not_found(format!("no run has the id `{id}`"));
    let run: RunId = id.parse().map_err(|_| unknown())?;
    if state.runner.cancel(run) == CancelResult::Requested {
        let body = Json(json!({ "run": run, "state": "cancelling" }));
        return Ok((StatusCode::ACCEPTED, body).into_response());
    }
    let known = state.run_blocking(move |state| query::run(&state.context.store, &run.to_string()));
    let known = known.await.map_err(|_| unknown())?;
    let live = state.run_blocking(live_run).await?;
    Err(match live.filter(|live| live.row.key == run) {
        Some(live) => Problem::new(
            StatusCode::CONFLICT,
            "elsewhere",
            format!(
                "run {run} is running in another process: {}",
                live.lease.owner
            ),
        )
        .with_hint("interrupt that process; it stops after its current transaction"),
        None => Problem::new(
            StatusCode::CONFLICT,
            "ended",
            format!("run {run} is not running: it is {}", known.row.state),
        ),
    })
}
