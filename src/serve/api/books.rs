//! A portfolio's books: session by session, and what it holds and risks at the end of one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};

use super::cells::older;
use crate::domain::{Day, DayRange};
use crate::query::{self, Books, Holdings, QueryError};
use crate::serve::access::Reader;
use crate::serve::asked::{Limit, Place, Query};
use crate::serve::desk::Desk;
use crate::serve::http::Problem;

/// `GET …/snapshots`: newest first, not before `from` and not after `to`. Drawdowns are those of the whole life up to then.
pub(super) async fn snapshots(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Place(id): Place<String>,
    Query(mut query): Query,
) -> Result<Json<Value>, Problem> {
    let limit = Limit::of(&mut query)?;
    let from = query.value("from")?.unwrap_or(Day::MIN);
    let to = query.value("to")?.unwrap_or(Day::MAX);
    let after: Option<Day> = query.value("after")?;
    query.end()?;
    let range = older(DayRange::new(from, to)?, after);
    let last = range.map_or(Day::MIN, DayRange::last);
    let books = desk.ask(move |desk| books(desk, &id, Some(last), None));
    let Books {
        key,
        name,
        currency,
        series,
        ..
    } = books.await?;
    let in_range = series.into_iter().rev();
    let in_range = in_range.take_while(|one| range.is_some_and(|range| range.contains(one.day)));
    let mut items: Vec<_> = in_range.take(limit.and_one()).collect();
    let more = limit.cut(&mut items);
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
    State(desk): State<Arc<Desk>>,
    Place(id): Place<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    held(&desk, id, query, "positions", |held| held.positions).await
}

/// `GET …/exposures`: how the holdings are spread as of a day.
pub(super) async fn exposures(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Place(id): Place<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    held(&desk, id, query, "exposures", |held| held.exposures).await
}

/// `GET …/risk`: what the holdings risk as of a day.
pub(super) async fn risk(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Place(id): Place<String>,
    Query(query): Query,
) -> Result<Json<Value>, Problem> {
    held(&desk, id, query, "risk", |held| held.risk).await
}

/// One part of what is held at the end of the day that is asked for.
async fn held<T: Serialize>(
    desk: &Arc<Desk>,
    id: String,
    mut query: crate::serve::asked::Parameters,
    name: &str,
    part: impl FnOnce(Holdings) -> Option<T>,
) -> Result<Json<Value>, Problem> {
    let as_of: Option<Day> = query.value("as_of")?;
    query.end()?;
    let books = desk
        .ask(move |desk| books(desk, &id, as_of, Some(1)))
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
    desk: &Desk,
    id: &str,
    as_of: Option<Day>,
    sessions: Option<usize>,
) -> Result<Books, QueryError> {
    let served = &desk.served;
    let portfolio = query::resolve_portfolio(&served.store, id)?;
    let calendar = &served.engine.calendar;
    query::books(&served.store, calendar, &portfolio, as_of, sessions)
}
