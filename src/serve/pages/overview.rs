//! The overview page: the watermark and what holds it back, the heat map, the last runs.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::heat_map::{CellShape, HeatMap};
use super::labels::{self, ConcernLine};
use super::runs::RunLine;
use crate::domain::Scope;
use crate::query::{
    self, LeaseState, LiveRun, Order, QueryError, Status, StatusOptions, StatusVerdict,
};
use crate::report::number;
use crate::serve::access::PageViewer;
use crate::serve::app_state::AppState;
use crate::serve::extract::Query;
use crate::serve::http::Problem;
use crate::store::RunRow;

/// The numbers of sessions that the heat map can show.
const SESSIONS: [usize; 3] = [30, 60, 250];
/// Up to this number of sessions, cells are squares.
const MAX_SESSIONS_AS_SQUARES: usize = 60;
/// The number of portfolios on a page with cells as squares.
const MAX_ROWS_AS_SQUARES: usize = 50;
/// The number of portfolios on a page with intervals of cells.
const MAX_ROWS_AS_INTERVALS: usize = 1_000;
/// The number of portfolios that are listed as furthest behind.
const LAGGARDS: usize = 8;
/// The number of runs that are listed.
const RUNS: u32 = 5;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    tone: &'static str,
    headline: String,
    watermark: String,
    held_by: Option<Laggard>,
    concerns: Vec<ConcernLine>,
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

/// A portfolio that is behind.
struct Laggard {
    key: String,
    name: String,
    /// The day of its first gap, for links; `day_text` is the same day for display.
    day: String,
    day_text: String,
    behind: String,
    reason: String,
}

/// The position of the page in the list of portfolios, counted from 1.
struct Pagination {
    first: usize,
    last: usize,
    total: u64,
    previous: Option<usize>,
    next: Option<usize>,
}

/// `GET /`: the overview page.
pub(super) async fn show(
    PageViewer(user): PageViewer,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let sessions = match query.value::<usize>("sessions")? {
        None => SESSIONS[0],
        Some(sessions) if SESSIONS.contains(&sessions) => sessions,
        Some(other) => {
            let detail = format!("`sessions`: invalid value `{other}`, expected 30, 60 or 250");
            return Err(Problem::malformed(detail).into());
        }
    };
    let skip = query.value::<u32>("skip")?.unwrap_or(0) as usize;
    query.finish()?;
    let options = StatusOptions {
        sessions,
        portfolios: match shape(sessions) {
            CellShape::Squares => MAX_ROWS_AS_SQUARES,
            CellShape::Intervals => MAX_ROWS_AS_INTERVALS,
        },
        skip,
        order: Order::MostBehind,
    };
    let next_run = state.next_run.borrow().map(labels::day_and_time);
    let (status, runs, live) = state
        .run_blocking(move |state| read(state, options))
        .await?;
    let frame = Frame::new("Overview", Section::Overview, user).with_live_run(live);
    render(&OverviewPage {
        next_run,
        ..overview(frame, &status, &runs, options)
    })
}

/// The shape of cells for this number of sessions.
const fn shape(sessions: usize) -> CellShape {
    if sessions > MAX_SESSIONS_AS_SQUARES {
        CellShape::Intervals
    } else {
        CellShape::Squares
    }
}

fn read(
    state: &AppState,
    options: StatusOptions,
) -> Result<(Status, Vec<RunRow>, Option<LiveRun>), QueryError> {
    let app = &state.context.app;
    let status = app.status(&Scope::AllActive, options)?;
    let live = app.live_run()?;
    Ok((status, query::runs(&app.store, RUNS)?, live))
}

fn overview(
    frame: Frame,
    status: &Status,
    runs: &[RunRow],
    options: StatusOptions,
) -> OverviewPage {
    let cells = &status.cells;
    let behind = status
        .portfolios
        .iter()
        .filter(|portfolio| portfolio.held_back_by.is_some());
    let mut laggards: Vec<_> = behind.collect();
    laggards.sort_by_key(|portfolio| std::cmp::Reverse(portfolio.sessions_behind));
    let laggards = laggards
        .into_iter()
        .take(LAGGARDS)
        .map(|portfolio| Laggard {
            key: portfolio.key.to_string(),
            name: portfolio.name.clone(),
            day: portfolio
                .held_back_by
                .map(|day| day.to_string())
                .unwrap_or_default(),
            day_text: portfolio.held_back_by.map(labels::day).unwrap_or_default(),
            behind: number::count_with_noun(portfolio.sessions_behind as u64, "session"),
            reason: portfolio
                .reason
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        });
    let laggards: Vec<_> = laggards.collect();
    let count = |name, cells, class| {
        (
            name,
            number::count(cells),
            if cells > 0 { class } else { "" },
        )
    };
    OverviewPage {
        tone: labels::tone_class(status.verdict()),
        headline: headline(status),
        watermark: status.watermark.map_or("none yet".to_owned(), labels::day),
        held_by: status.held_by.as_ref().map(|gap| Laggard {
            key: gap.portfolio.to_string(),
            name: gap.name.clone(),
            day: gap.day.to_string(),
            day_text: labels::day(gap.day),
            behind: String::new(),
            reason: String::new(),
        }),
        concerns: status.concerns.iter().map(ConcernLine::new).collect(),
        counts: vec![
            count("complete cells", cells.complete, ""),
            count("open", cells.open, "warning"),
            count("blocked", cells.blocked, "warning"),
            count("quarantined", cells.quarantined, "bad"),
        ],
        more_behind: status.behind.saturating_sub(laggards.len() as u64),
        laggards,
        abandoned_by: status
            .lease
            .as_ref()
            .filter(|lease| lease.state == LeaseState::LeftBehind)
            .map(|lease| lease.owner.clone()),
        map: HeatMap::new(status, shape(options.sessions)),
        sessions: options.sessions,
        choices: SESSIONS,
        pages: Pagination::new(status, options),
        runs: runs.iter().map(RunLine::new).collect(),
        next_run: None,
        frame,
    }
}

fn headline(status: &Status) -> String {
    let (active, target) = (status.active, labels::day(status.target));
    let portfolios = number::count_with_noun(active, "portfolio");
    match status.verdict() {
        StatusVerdict::NoneActive => "No portfolio is active".to_owned(),
        StatusVerdict::NothingExpected => format!("No cells are expected up to {target}"),
        StatusVerdict::Complete if active == 1 => {
            format!("The only portfolio is complete up to {target}")
        }
        StatusVerdict::Complete => format!("All {portfolios} are complete up to {target}"),
        StatusVerdict::CompleteWithErrors => {
            let errors = status.concerns.iter().filter(|concern| concern.is_error());
            let errors = number::count_with_noun(errors.count() as u64, "error");
            format!("{portfolios} complete up to {target}, with {errors}")
        }
        StatusVerdict::Behind | StatusVerdict::BehindAndQuarantined => {
            let behind = status.behind;
            let are = if behind == 1 { "is" } else { "are" };
            format!("{behind} of {portfolios} {are} behind {target}")
        }
    }
}

impl Pagination {
    fn new(status: &Status, options: StatusOptions) -> Self {
        let here = status.portfolios.len();
        let total = here as u64 + status.not_shown;
        let last = options.skip + here;
        Self {
            first: options.skip + 1,
            last,
            total,
            previous: (options.skip > 0).then(|| options.skip.saturating_sub(options.portfolios)),
            next: ((last as u64) < total && here > 0).then_some(last),
        }
    }

    fn is_single_page(&self) -> bool {
        self.previous.is_none() && self.next.is_none()
    }
}
