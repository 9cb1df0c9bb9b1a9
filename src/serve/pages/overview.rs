//! How far everybody is: the watermark, who holds it back, the heat-map, the last runs.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::heat_map::{CellShape, HeatMap};
use super::labels;
use super::runs::RunLine;
use crate::domain::Scope;
use crate::query::{self, LeaseState, LiveRun, Order, QueryError, Status, StatusOptions};
use crate::report::number;
use crate::serve::access::PageViewer;
use crate::serve::app_state::AppState;
use crate::serve::extract::Query;
use crate::serve::http::Problem;
use crate::store::RunRow;

/// How many sessions the map can show.
const SESSIONS: [usize; 3] = [30, 60, 250];
/// Up to so many of them each cell is drawn by itself.
const MAX_SESSIONS_AS_SQUARES: usize = 60;
/// How many portfolios it shows at once, each by itself or as stretches.
const MAX_ROWS_AS_SQUARES: usize = 50;
const MAX_ROWS_AS_INTERVALS: usize = 1_000;
/// How many of those behind are named with their reason.
const LAGGARDS: usize = 8;
/// How many runs are shown.
const RUNS: u32 = 5;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    tone: &'static str,
    headline: String,
    watermark: String,
    held_by: Option<Laggard>,
    counts: Vec<(&'static str, String, &'static str)>,
    laggards: Vec<Laggard>,
    more_behind: u64,
    abandoned_by: Option<String>,
    map: HeatMap,
    sessions: usize,
    choices: [usize; 3],
    pages: Pagination,
    runs: Vec<RunLine>,
    next_run: Option<String>,
}

/// A portfolio with a gap.
struct Laggard {
    key: String,
    name: String,
    /// The day of its first gap, as it stands in an address and as people say it.
    day: String,
    day_text: String,
    behind: String,
    reason: String,
}

/// Where in the list of portfolios the map is.
struct Pagination {
    first: usize,
    last: usize,
    total: u64,
    previous: Option<usize>,
    next: Option<usize>,
}

/// `GET /`.
pub(super) async fn show(
    PageViewer(visitor): PageViewer,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let sessions = match query.value::<usize>("sessions")? {
        None => SESSIONS[0],
        Some(asked) if SESSIONS.contains(&asked) => asked,
        Some(other) => {
            let detail = format!("`sessions`: `{other}` is none of 30, 60 and 250");
            return Err(Problem::malformed(detail).into());
        }
    };
    let skip = query.value::<u32>("skip")?.unwrap_or(0) as usize;
    query.finish()?;
    let shown = StatusOptions {
        sessions,
        portfolios: match shape(sessions) {
            CellShape::Squares => MAX_ROWS_AS_SQUARES,
            CellShape::Intervals => MAX_ROWS_AS_INTERVALS,
        },
        skip,
        order: Order::MostBehind,
    };
    let next_run = desk.next_run.borrow().map(labels::day_and_time);
    let (status, runs, live) = desk.run_blocking(move |desk| read(desk, shown)).await?;
    let frame = Frame::new("Overview", Section::Overview, visitor).with_live_run(live);
    render(&OverviewPage {
        next_run,
        ..overview(frame, &status, &runs, shown)
    })
}

/// How so many sessions are drawn.
const fn shape(sessions: usize) -> CellShape {
    if sessions > MAX_SESSIONS_AS_SQUARES {
        CellShape::Intervals
    } else {
        CellShape::Squares
    }
}

fn read(
    desk: &AppState,
    shown: StatusOptions,
) -> Result<(Status, Vec<RunRow>, Option<LiveRun>), QueryError> {
    let served = &desk.context;
    let (store, settings, environment) = (&served.store, &served.engine, &served.environment);
    let status = query::status(store, settings, environment, &Scope::AllActive, shown)?;
    let live = query::live_run(store, environment)?;
    Ok((status, query::runs(store, RUNS)?, live))
}

fn overview(frame: Frame, status: &Status, runs: &[RunRow], shown: StatusOptions) -> OverviewPage {
    let cells = &status.cells;
    let behind = status
        .portfolios
        .iter()
        .filter(|one| one.held_back_by.is_some());
    let mut laggards: Vec<_> = behind.collect();
    laggards.sort_by_key(|one| std::cmp::Reverse(one.sessions_behind));
    let laggards = laggards.into_iter().take(LAGGARDS).map(|one| Laggard {
        key: one.key.to_string(),
        name: one.name.clone(),
        day: one
            .held_back_by
            .map(|day| day.to_string())
            .unwrap_or_default(),
        day_text: one.held_back_by.map(labels::day).unwrap_or_default(),
        behind: number::count_with_noun(one.sessions_behind as u64, "session"),
        reason: one
            .reason
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    });
    let laggards: Vec<_> = laggards.collect();
    let count = |name, cells, look| {
        (
            name,
            number::count(cells),
            if cells > 0 { look } else { "" },
        )
    };
    let (tone, headline) = headline(status);
    OverviewPage {
        tone,
        headline,
        watermark: status.watermark.map_or("none yet".to_owned(), labels::day),
        held_by: status.held_by.as_ref().map(|held| Laggard {
            key: held.portfolio.to_string(),
            name: held.name.clone(),
            day: held.day.to_string(),
            day_text: labels::day(held.day),
            behind: String::new(),
            reason: String::new(),
        }),
        counts: vec![
            count("complete cells", cells.complete, ""),
            count("open", cells.open, "waiting"),
            count("blocked", cells.blocked, "waiting"),
            count("quarantined", cells.quarantined, "bad"),
        ],
        more_behind: status.behind.saturating_sub(laggards.len() as u64),
        laggards,
        abandoned_by: status
            .lease
            .as_ref()
            .filter(|lease| lease.state == LeaseState::LeftBehind)
            .map(|lease| lease.owner.clone()),
        map: HeatMap::new(status, shape(shown.sessions)),
        sessions: shown.sessions,
        choices: SESSIONS,
        pages: Pagination::new(status, shown),
        runs: runs.iter().map(RunLine::new).collect(),
        next_run: None,
        frame,
    }
}

fn headline(status: &Status) -> (&'static str, String) {
    let (active, target) = (status.active, labels::day(status.target));
    let all = number::count_with_noun(active, "portfolio");
    match (status.behind, status.cells.quarantined) {
        (0, _) if status.cells.expected == 0 => {
            ("calm", format!("Nothing is expected up to {target}"))
        }
        (0, _) if active == 1 => (
            "good",
            format!("The one portfolio is complete up to {target}"),
        ),
        (0, _) => ("good", format!("All {all} are complete up to {target}")),
        (behind, quarantined) => {
            let tone = if quarantined > 0 { "bad" } else { "waiting" };
            let are = if behind == 1 { "is" } else { "are" };
            (tone, format!("{behind} of {all} {are} behind {target}"))
        }
    }
}

impl Pagination {
    fn new(status: &Status, shown: StatusOptions) -> Self {
        let here = status.portfolios.len();
        let total = here as u64 + status.not_shown;
        let last = shown.skip + here;
        Self {
            first: shown.skip + 1,
            last,
            total,
            previous: (shown.skip > 0).then(|| shown.skip.saturating_sub(shown.portfolios)),
            next: ((last as u64) < total && here > 0).then_some(last),
        }
    }

    fn is_single_page(&self) -> bool {
        self.previous.is_none() && self.next.is_none()
    }
}
