//! How good the data is, and what mends it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Part, page};
use super::words;
use crate::query::{
    self, BlockedCellView, FailingPhase, Health, Presence, PriceState, UnpricedSecurity,
    shell_quoted,
};
use crate::report::number;
use crate::serve::access::Welcome;
use crate::serve::asked::Query;
use crate::serve::desk::Desk;

/// How many rows each list has.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    frame: Frame,
    target: String,
    held: String,
    prices: List<PriceLine>,
    waiting: List<WaitLine>,
    failing: List<FailLine>,
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

struct WaitLine {
    key: String,
    name: String,
    day: String,
    said: String,
    wait: String,
    command: &'static str,
}

struct FailLine {
    key: String,
    name: String,
    day: String,
    said: String,
    phase: &'static str,
    state: &'static str,
    tone: &'static str,
    times: u32,
    reason: String,
    command: String,
}

/// `GET /health`.
pub(super) async fn show(
    Welcome(visitor): Welcome,
    State(desk): State<Arc<Desk>>,
    Query(query): Query,
) -> Result<Response, PageProblem> {
    query.end()?;
    let (health, live) = desk
        .ask(|desk| {
            let served = &desk.served;
            let (store, environment) = (&served.store, &served.environment);
            let health = query::health(store, &served.engine, environment)?;
            Ok::<_, query::QueryError>((health, query::live_run(store, environment)?))
        })
        .await?;
    page(&health_page(
        Frame::new("Health", Part::Health, visitor).with(live),
        &health,
    ))
}

fn health_page(frame: Frame, health: &Health) -> HealthPage {
    HealthPage {
        frame,
        target: words::day(health.target),
        held: number::count_with_noun(health.held_securities, "security"),
        prices: List::of(&health.unpriced, PriceLine::of),
        waiting: List::of(&health.blocked, WaitLine::of),
        failing: List::of(&health.failing, FailLine::of),
    }
}

impl<T> List<T> {
    fn of<S>(all: &[S], line: impl Fn(&S) -> T) -> Self {
        Self {
            rows: all.iter().take(ROWS).map(line).collect(),
            more: all.len().saturating_sub(ROWS),
        }
    }
}

impl PriceLine {
    fn of(one: &UnpricedSecurity) -> Self {
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
            last: one.last_close.map_or("never".to_owned(), words::day),
            age: age.unwrap_or_default(),
            holders: one.holders,
            command: command.to_owned(),
        }
    }
}

impl WaitLine {
    fn of(one: &BlockedCellView) -> Self {
        Self {
            key: one.portfolio.key.to_string(),
            name: one.portfolio.name.clone(),
            day: one.day.to_string(),
            said: words::day(one.day),
            wait: one.missing_input.to_string(),
            command: match one.missing_input {
                query::MissingInput::Prices { .. } => "plimsoll import prices PRICES.csv",
                query::MissingInput::Rate { .. } => "plimsoll import prices RATES.csv",
            },
        }
    }
}

impl FailLine {
    fn of(one: &FailingPhase) -> Self {
        let quarantined = one.quarantine == Presence::Present;
        let name = &one.portfolio.name;
        Self {
            key: one.portfolio.key.to_string(),
            name: name.clone(),
            day: one.day.to_string(),
            said: words::day(one.day),
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
