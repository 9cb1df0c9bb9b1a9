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
use crate::serve::asked::{Place, Query, Selection};
use crate::serve::desk::Desk;
use crate::serve::http::Problem;
use crate::serve::runner::{Cancelled, Runner};

/// `POST /api/v1/admin/batch/run`: starts a run, and answers as soon as it has its row.
pub(super) async fn start(
    _: Admin,
    State(desk): State<Arc<Desk>>,
    Query(mut query): Query,
) -> Result<Response, Problem> {
    let selection = Selection::of_run(&mut query)?;
    query.end()?;
    let asked = desk.ask(move |desk| foresee(desk, &selection)).await?;
    let run = Runner::start(&desk, asked).await?.run;
    let place = format!("/api/v1/admin/batch/history/{run}");
    let place = HeaderValue::from_str(&place).map_err(|_| Problem::bug())?;
    let answer = Json(json!({ "run": run, "state": "running" }));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], answer).into_response())
}

/// Refuses, before anything is written, what could not be planned or while a run is at work.
pub(in crate::serve) fn foresee(desk: &Desk, selection: &Selection) -> Result<RunRequest, Problem> {
    let served = &desk.served;
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
    State(desk): State<Arc<Desk>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let selection = Selection::of_plan(&mut query)?;
    query.end()?;
    desk.ask(move |desk| preview(desk, &selection))
        .await
        .map(Json)
}

fn preview(desk: &Desk, selection: &Selection) -> Result<Value, Problem> {
    let served = &desk.served;
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
        names: &desk.names(&plan, watermark)?,
        command: "plimsoll run",
    };
    Ok(report.to_json())
}

/// `GET …/run/current`: the run at work, in this process or another; nothing where none is.
pub(super) async fn current(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    query.end()?;
    let live = desk.ask(live).await?;
    Ok(Json(json!({ "run": live })))
}

/// The run at work.
pub(super) fn live(desk: &Desk) -> Result<Option<LiveRun>, QueryError> {
    query::live_run(&desk.served.store, &desk.served.environment)
}

/// `POST …/run/{id}/cancel`: the run stops after its current transaction.
pub(super) async fn cancel(
    _: Admin,
    State(desk): State<Arc<Desk>>,
    Place(id): Place<String>,
    Query(query): Query,
) -> Result<Response, Problem> {
    query.end()?;
    let unknown = || Problem::not_found(format!("no run has the id `{id}`"));
    let run: RunId = id.parse().map_err(|_| unknown())?;
    if desk.runner.cancel(run) == Cancelled::Asked {
        let answer = Json(json!({ "run": run, "state": "cancelling" }));
        return Ok((StatusCode::ACCEPTED, answer).into_response());
    }
    let known = desk.ask(move |desk| query::run(&desk.served.store, &run.to_string()));
    let known = known.await.map_err(|_| unknown())?;
    let live = desk.ask(live).await?;
    Err(match live.filter(|live| live.row.key == run) {
        Some(live) => Problem::new(
            StatusCode::CONFLICT,
            "elsewhere",
            format!(
                "run {run} is at work in another process: {}",
                live.lease.owner
            ),
        )
        .hinting("interrupt that process; it stops after its current transaction"),
        None => Problem::new(
            StatusCode::CONFLICT,
            "ended",
            format!("run {run} is not at work: it is {}", known.row.state),
        ),
    })
}
