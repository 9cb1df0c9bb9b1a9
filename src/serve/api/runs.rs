//! Endpoints that plan, start, follow and cancel runs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::AppError;
use crate::domain::RunId;
use crate::query;
use crate::serve::access::{Admin, Reader};
use crate::serve::app_state::AppState;
use crate::serve::extract::{Fields, PathParams, Query, plan_selection, run_selection};
use crate::serve::http::Problem;
use crate::serve::runner::{self, CancelResult};

/// `POST /api/v1/admin/batch/run`: starts a run and answers as soon as it has an id. Parameters are
/// read from the address and from a body.
pub(super) async fn start(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Fields(mut fields): Fields,
) -> Result<Response, Problem> {
    let spec = run_selection(&mut fields)?;
    fields.finish()?;
    let run = runner::check_and_start(&state, spec).await?.run;
    let location = format!("/api/v1/admin/batch/history/{run}");
    let location = HeaderValue::from_str(&location).map_err(|_| Problem::bug())?;
    let body = Json(json!({ "run": run, "state": "running" }));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], body).into_response())
}

/// `GET /api/v1/plan`: the plan of a run; writes nothing.
pub(super) async fn plan(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let spec = plan_selection(&mut query)?;
    query.finish()?;
    let report = state.run_blocking(move |state| {
        let app = &state.context.app;
        let preview = app.preview(&spec)?;
        let names = preview.names(app)?;
        Ok::<_, AppError>(preview.report(&names, "plimsoll run").to_json())
    });
    report.await.map(Json)
}

/// `GET …/run/current`: the run that is running in this or another process, or null.
pub(super) async fn current(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    query.finish()?;
    let live = state
        .run_blocking(|state| state.context.app.live_run())
        .await?;
    Ok(Json(json!({ "run": live })))
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
    let known =
        state.run_blocking(move |state| query::run(&state.context.app.store, &run.to_string()));
    let known = known.await.map_err(|_| unknown())?;
    let live = state
        .run_blocking(|state| state.context.app.live_run())
        .await?;
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
