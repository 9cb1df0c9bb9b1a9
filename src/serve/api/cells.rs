//! Cells: what it is with one, and how many are done on each session.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::domain::{Day, DayRange, Scope};
use crate::plan::Request;
use crate::query::{self, Explanation};
use crate::serve::access::Reader;
use crate::serve::asked::{Limit, Place, Query};
use crate::serve::desk::Desk;
use crate::serve::http::Problem;

/// `GET /api/v1/portfolios/{id}/explain/{day}`: why a cell is, or is not, to be done.
pub(super) async fn explain(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Place((id, day)): Place<(String, String)>,
    Query(query): Query,
) -> Result<Json<Explanation>, Problem> {
    query.end()?;
    let day: Day = day
        .parse()
        .map_err(|error| Problem::malformed(format!("`day`: {error}")))?;
    let explained = desk.ask(move |desk| {
        let served = &desk.served;
        let portfolio = query::resolve_portfolio(&served.store, &id)?;
        let (settings, environment) = (&served.engine, &served.environment);
        query::explain(&served.store, settings, environment, &portfolio, day)
    });
    explained.await.map(Json)
}

/// `GET /api/v1/coverage`: sessions newest first, not before `from` and not after `to`.
pub(super) async fn coverage(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::of(&mut query)?;
    let from = query.value("from")?.unwrap_or(Day::MIN);
    let to = query.value("to")?.unwrap_or(Day::MAX);
    let after: Option<Day> = query.value("after")?;
    query.end()?;
    let range = older(DayRange::new(from, to)?, after);
    let counted = desk.ask(move |desk| {
        let Some(range) = range else {
            return Ok(Vec::new());
        };
        let served = &desk.served;
        let (settings, environment) = (&served.engine, &served.environment);
        let request = Request::new(Scope::AllActive);
        let most = limit.and_one();
        query::coverage(&served.store, settings, environment, &request, range, most)
    });
    let mut items = counted.await?;
    let more = limit.cut(&mut items);
    let next = items.last().filter(|_| more).map(|last| last.day);
    Ok(Json(json!({ "items": items, "next": next })))
}

/// The days of a range that are older than the last day of the page before; nothing where none
/// are.
pub(super) fn older(range: DayRange, after: Option<Day>) -> Option<DayRange> {
    let last = after.map_or(range.last(), |after| after.previous().min(range.last()));
    DayRange::new(range.first(), last).ok()
}
