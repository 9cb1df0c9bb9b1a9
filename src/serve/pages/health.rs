//! The page on data health: missing and stale prices, blocked cells, failing phases, and the
//! commands that fix them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::labels::{self, ConcernLine};
use crate::query::{
    self, BlockedCellView, Concern, FailingPhase, Health, Presence, UnpricedSecurity,
    UnpricedSessionView,
};
use crate::report::{Tone, number};
use crate::serve::access::PageViewer;
use crate::serve::app_state::AppState;
use crate::serve::extract::Query;

/// The number of rows in each list.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage {
    frame: Frame,
    tone: &'static str,
    concerns: Vec<ConcernLine>,
    target: String,
    held_securities: String,
    prices: List<PriceLine>,
    unpriced_sessions: List<UnpricedSessionLine>,
    blocked: List<BlockedLine>,
    failing: List<FailureLine>,
}

/// The first rows of a list and the number of further rows.
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

struct UnpricedSessionLine {
    day: String,
    missing: u32,
    held: u32,
    /// The calendars of these securities after " of ", or nothing.
    of_calendars: String,
    cells: String,
}

struct BlockedLine {
    key: String,
    name: String,
    day: String,
    day_text: String,
    reason: String,
    command: String,
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

/// `GET /health`: the page on data health.
pub(super) async fn show(
    PageViewer(user): PageViewer,
    State(state): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<Response, PageProblem> {
    query.finish()?;
    let (health, live) = state
        .run_blocking(|state| {
            let context = &state.context;
            let (store, environment) = (&context.app.store, &context.app.environment);
            let inputs = context.app.concern_inputs();
            let health = query::health(store, &context.app.settings, environment, &inputs)?;
            Ok::<_, query::QueryError>((health, context.app.live_run()?))
        })
        .await?;
    render(&health_page(
        Frame::new("Health", Section::Health, user).with_live_run(live),
        &health,
    ))
}

fn health_page(frame: Frame, health: &Health) -> HealthPage {
    HealthPage {
        frame,
        tone: tone(health),
        concerns: health.concerns.iter().map(ConcernLine::new).collect(),
        target: labels::day(health.target),
        held_securities: number::count_with_noun(health.held_securities, "security"),
        prices: List::new(&health.unpriced, PriceLine::new),
        unpriced_sessions: List::new(&health.unpriced_sessions, UnpricedSessionLine::new),
        blocked: List::new(&health.blocked, BlockedLine::new),
        failing: List::new(&health.failing, FailureLine::new),
    }
}

/// The tone of the page: that of its worst concern, or of securities without a close.
fn tone(health: &Health) -> &'static str {
    let severities = health.concerns.iter().map(Concern::severity);
    match severities.min() {
        Some(worst) => labels::tone_class(worst),
        None if health.unpriced.is_empty() => labels::tone_class(Tone::Good),
        None => labels::tone_class(Tone::Warning),
    }
}

impl<T> List<T> {
    fn new<S>(items: &[S], line: impl Fn(&S) -> T) -> Self {
        Self {
            rows: items.iter().take(ROWS).map(line).collect(),
            more: items.len().saturating_sub(ROWS),
        }
    }
}

impl PriceLine {
    fn new(security: &UnpricedSecurity) -> Self {
        let age = security
            .sessions_old
            .map(|age| number::count_with_noun(age as u64, "session"));
        Self {
            symbol: security.symbol.clone(),
            name: security.name.clone(),
            state: security.state.name(),
            tone: labels::tone_class(security.state),
            last: security.last_close.map_or("never".to_owned(), labels::day),
            age: age.unwrap_or_default(),
            holders: security.holders,
            command: (security.next_command())
                .map(|command| command.to_string())
                .unwrap_or_default(),
        }
    }
}

impl UnpricedSessionLine {
    fn new(session: &UnpricedSessionView) -> Self {
        Self {
            day: labels::day(session.day),
            missing: session.counts.missing,
            held: session.counts.held,
            of_calendars: match session.counts.calendars.is_empty() {
                true => String::new(),
                false => format!(" of {}", session.counts.calendars.join(", ")),
            },
            cells: number::count_with_noun(session.cells, "cell"),
        }
    }
}

impl BlockedLine {
    fn new(cell: &BlockedCellView) -> Self {
        Self {
            key: cell.portfolio.key.to_string(),
            name: cell.portfolio.name.clone(),
            day: cell.day.to_string(),
            day_text: labels::day(cell.day),
            reason: cell.missing_input.to_string(),
            command: cell.missing_input.next_command().to_string(),
        }
    }
}

impl FailureLine {
    fn new(failing: &FailingPhase) -> Self {
        let quarantined = failing.quarantine == Presence::Present;
        let name = &failing.portfolio.name;
        Self {
            key: failing.portfolio.key.to_string(),
            name: name.clone(),
            day: failing.day.to_string(),
            day_text: labels::day(failing.day),
            phase: failing.failure.phase.name(),
            state: if quarantined { "quarantined" } else { "failed" },
            tone: if quarantined { "bad" } else { "warning" },
            times: failing.failure.times,
            reason: failing.failure.reason.clone(),
            command: failing.next_command().to_string(),
        }
    }
}
