//! A portfolio's books: session by session, and what it holds and risks at the end of one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

use super::cells::range_before;
use crate::domain::{Day, DayRange};
use crate::query::{self, Books, Holdings, QueryError};
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::{Limit, PathParams, Query};
use crate::serve::http::Problem;

/// `GET …/snapshots`: newest first, not before `from` and not after `to`. Drawdowns are those of the whole life up to then.
pub(super) async fn snapshots(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::from_query(&mut query)?;
    let from = query.value("from")?.unwrap_or(Day::MIN);
    let to = query.value("to")?.unwrap_or(Day::MAX);
    let after: Option<Day> = query.value("after")?;
    query.finish()?;
    let range = range_before(DayRange::new(from, to)?, after);
    let last = range.map_or(Day::MIN, DayRange::last);
    let books = desk.run_blocking(move |desk| books(desk, &id, Some(last), None));
    let Books {
        key,
        name,
        currency,
        series,
        ..
    } = books.await?;
    let in_range = series.into_iter().rev();
    let in_range = in_range.take_while(|one| range.is_some_and(|range| range.contains(one.day)));
    let mut items: Vec<_> = in_range.take(limit.plus_one()).collect();
    let more = limit.truncate(&mut items);
    let next = items.last().filter(|_| more).map(|last| last.day);
    Ok(Json(json!({
        "portfolio": key,
        "name": name,
        "currency": currency.code(),
        "items": items,
        "next": next,
    })))
}

/// `GET …/positions`: the holdings as of a day; the newest where none is given.
pub(super) async fn positions(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    holdings_part(&desk, id, query, "positions", |held| held.positions).await
}

/// `GET …/exposures`: how the holdings are spread as of a day.
pub(super) async fn exposures(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    holdings_part(&desk, id, query, "exposures", |held| held.exposures).await
}

/// `GET …/risk`: what the holdings risk as of a day.
pub(super) async fn risk(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    holdings_part(&desk, id, query, "risk", |held| held.risk).await
}

/// One part of what is held at the end of the day that is asked for.
async fn holdings_part<T: Serialize>(
    desk: &Arc<AppState>,
    id: String,
    mut query: crate::serve::extract::Parameters,
    name: &str,
    part: impl FnOnce(Holdings) -> Option<T>,
) -> Result<Json<Value>, Problem> {
    let as_of: Option<Day> = query.value("as_of")?;
    query.finish()?;
    let books = desk
        .run_blocking(move |desk| books(desk, &id, as_of, Some(1)))
        .await?;
    let part = books.holdings.and_then(part);
    Ok(Json(json!({
        "portfolio": books.key,
        "name": books.name,
        "currency": books.currency.code(),
        "as-of": books.as_of,
        name: part,
    })))
}

fn books(
    desk: &AppState,
    id: &str,
    as_of: Option<Day>,
    sessions: Option<usize>,
) -> Result<Books, QueryError> {
    let served = &desk.context;
    let portfolio = query::resolve_portfolio(&served.store, id)?;
    let calendar = &served.engine.calendar;
    query::books(&served.store, calendar, &portfolio, as_of, sessions)
}
