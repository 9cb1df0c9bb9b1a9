//! How good the data is, and what mends it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::labels;
use crate::query::{
    self, BlockedCellView, FailingPhase, Health, Presence, PriceState, UnpricedSecurity,
    shell_quoted,
};
use crate::report::number;
use crate::serve::access::PageViewer;
use crate::serve::app_state::AppState;
use crate::serve::extract::Query;

/// How many rows each list has.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    frame: Frame,
    target: String,
    held_securities: String,
    prices: List<PriceLine>,
    blocked: List<BlockedLine>,
    failing: List<FailureLine>,
}

/// The first rows of a list, and how many more there are.
struct List<T> {
    rows: Vec<T>,
    more: usize,
}

struct PriceLine {
    symbol: String,
    name: String,
    state: &'static str,
    tone: &'static str,
    last: String,
    age: String,
    holders: u64,
    command: String,
}

struct BlockedLine {
    key: String,
    name: String,
    day: String,
    day_text: String,
    reason: String,
    command: &'static str,
}

struct FailureLine {
    key: String,
    name: String,
    day: String,
    day_text: String,
    phase: &'static str,
    state: &'static str,
    tone: &'static str,
    times: u32,
    reason: String,
    command: String,
}

/// `GET /health`.
pub(super) async fn show(
    PageViewer(visitor): PageViewer,
    State(desk): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<Response, PageProblem> {
    query.finish()?;
    let (health, live) = desk
        .run_blocking(|desk| {
            let served = &desk.context;
            let (store, environment) = (&served.store, &served.environment);
            let health = query::health(store, &served.engine, environment)?;
            Ok::<_, query::QueryError>((health, query::live_run(store, environment)?))
        })
        .await?;
    render(&health_page(
        Frame::new("Health", Section::Health, visitor).with_live_run(live),
        &health,
    ))
}

fn health_page(frame: Frame, health: &Health) -> HealthPage {
    HealthPage {
        frame,
        target: labels::day(health.target),
        held_securities: number::count_with_noun(health.held_securities, "security"),
        prices: List::new(&health.unpriced, PriceLine::new),
        blocked: List::new(&health.blocked, BlockedLine::new),
        failing: List::new(&health.failing, FailureLine::new),
    }
}

impl<T> List<T> {
    fn new<S>(all: &[S], line: impl Fn(&S) -> T) -> Self {
        Self {
            rows: all.iter().take(ROWS).map(line).collect(),
            more: all.len().saturating_sub(ROWS),
        }
    }
}

impl PriceLine {
    fn new(one: &UnpricedSecurity) -> Self {
        let (tone, command) = match one.state {
            PriceState::Late => ("waiting", "plimsoll import prices PRICES.csv"),
            PriceState::NeverPriced => ("bad", "plimsoll import prices PRICES.csv"),
            // With `inactive-from` in its row, nobody asks for its price any more.
            PriceState::Dead => ("waiting", "plimsoll import securities SECURITIES.csv"),
            PriceState::Inactive => ("calm", ""),
        };
        let age = one
            .sessions_old
            .map(|age| number::count_with_noun(age as u64, "session"));
        Self {
            symbol: one.symbol.clone(),
            name: one.name.clone(),
            state: one.state.name(),
            tone,
            last: one.last_close.map_or("never".to_owned(), labels::day),
            age: age.unwrap_or_default(),
            holders: one.holders,
            command: command.to_owned(),
        }
    }
}

impl BlockedLine {
    fn new(one: &BlockedCellView) -> Self {
        Self {
            key: one.portfolio.key.to_string(),
            name: one.portfolio.name.clone(),
            day: one.day.to_string(),
            day_text: labels::day(one.day),
            reason: one.missing_input.to_string(),
            command: match one.missing_input {
                query::MissingInput::Prices { .. } => "plimsoll import prices PRICES.csv",
                query::MissingInput::Rate { .. } => "plimsoll import prices RATES.csv",
            },
        }
    }
}

impl FailureLine {
    fn new(one: &FailingPhase) -> Self {
        let quarantined = one.quarantine == Presence::Present;
        let name = &one.portfolio.name;
        Self {
            key: one.portfolio.key.to_string(),
            name: name.clone(),
            day: one.day.to_string(),
            day_text: labels::day(one.day),
            phase: one.failure.phase.name(),
            state: if quarantined { "quarantined" } else { "failed" },
            tone: if quarantined { "bad" } else { "waiting" },
            times: one.failure.times,
            reason: one.failure.reason.clone(),
            command: match quarantined {
                true => format!("plimsoll retry {}", shell_quoted(name)),
                false => "plimsoll run".to_owned(),
            },
        }
    }
}
