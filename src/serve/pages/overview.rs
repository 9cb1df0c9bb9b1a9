//! How far everybody is: the watermark, who holds it back, the heat-map, the last runs.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Part, page};
use super::map::{Map, Shape};
use super::runs::RunLine;
use super::words;
use crate::domain::Scope;
use crate::query::{self, LeaseState, LiveRun, Order, QueryError, Status, StatusOptions};
use crate::report::number;
use crate::serve::access::Welcome;
use crate::serve::asked::Query;
use crate::serve::desk::Desk;
use crate::serve::http::Problem;
use crate::store::RunRow;

/// How many sessions the map can show.
const SESSIONS: [usize; 3] = [30, 60, 250];
/// Up to so many of them each cell is drawn by itself.
const SQUARES: usize = 60;
/// How many portfolios it shows at once, each by itself or as stretches.
const FEW: usize = 50;
const MANY: usize = 1_000;
/// How many of those behind are named with their reason.
const LAGGARDS: usize = 8;
/// How many runs are shown.
const RUNS: u32 = 5;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    tone: &'static str,
    headline: String,
    watermark: String,
    held_by: Option<Laggard>,
    counts: Vec<(&'static str, String, &'static str)>,
    laggards: Vec<Laggard>,
    more_behind: u64,
    left_behind: Option<String>,
    map: Map,
    sessions: usize,
    choices: [usize; 3],
    pages: Pages,
    runs: Vec<RunLine>,
    next_run: Option<String>,
}

/// A portfolio with a gap.
struct Laggard {
    key: String,
    name: String,
    /// The day of its first gap, as it stands in an address and as people say it.
    day: String,
    said: String,
    behind: String,
    why: String,
}

/// Where in the list of portfolios the map is.
struct Pages {
    first: usize,
    last: usize,
    all: u64,
    before: Option<usize>,
    after: Option<usize>,
}

/// `GET /`.
pub(super) async fn show(
    Welcome(visitor): Welcome,
    State(desk): State<Arc<Desk>>,
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
    query.end()?;
    let shown = StatusOptions {
        sessions,
        portfolios: match shape(sessions) {
            Shape::Squares => FEW,
            Shape::Stretches => MANY,
        },
        skip,
        order: Order::MostBehind,
    };
    let next_run = desk.next_run.borrow().map(words::day_and_moment);
    let (status, runs, live) = desk.ask(move |desk| read(desk, shown)).await?;
    let frame = Frame::new("Overview", Part::Overview, visitor).with(live);
    page(&Overview {
        next_run,
        ..overview(frame, &status, &runs, shown)
    })
}

/// How so many sessions are drawn.
const fn shape(sessions: usize) -> Shape {
    if sessions > SQUARES {
        Shape::Stretches
    } else {
        Shape::Squares
    }
}

fn read(
    desk: &Desk,
    shown: StatusOptions,
) -> Result<(Status, Vec<RunRow>, Option<LiveRun>), QueryError> {
    let served = &desk.served;
    let (store, settings, environment) = (&served.store, &served.engine, &served.environment);
    let status = query::status(store, settings, environment, &Scope::AllActive, shown)?;
    let live = query::live_run(store, environment)?;
    Ok((status, query::runs(store, RUNS)?, live))
}

fn overview(frame: Frame, status: &Status, runs: &[RunRow], shown: StatusOptions) -> Overview {
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
        said: one.held_back_by.map(words::day).unwrap_or_default(),
        behind: number::count_with_noun(one.sessions_behind as u64, "session"),
        why: one
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
    Overview {
        tone,
        headline,
        watermark: status.watermark.map_or("none yet".to_owned(), words::day),
        held_by: status.held_by.as_ref().map(|held| Laggard {
            key: held.portfolio.to_string(),
            name: held.name.clone(),
            day: held.day.to_string(),
            said: words::day(held.day),
            behind: String::new(),
            why: String::new(),
        }),
        counts: vec![
            count("complete cells", cells.complete, ""),
            count("open", cells.open, "waiting"),
            count("blocked", cells.blocked, "waiting"),
            count("quarantined", cells.quarantined, "bad"),
        ],
        more_behind: status.behind.saturating_sub(laggards.len() as u64),
        laggards,
        left_behind: status
            .lease
            .as_ref()
            .filter(|lease| lease.state == LeaseState::LeftBehind)
            .map(|lease| lease.owner.clone()),
        map: Map::of(status, shape(shown.sessions)),
        sessions: shown.sessions,
        choices: SESSIONS,
        pages: Pages::of(status, shown),
        runs: runs.iter().map(RunLine::of).collect(),
        next_run: None,
        frame,
    }
}

fn headline(status: &Status) -> (&'static str, String) {
    let (active, target) = (status.active, words::day(status.target));
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

impl Pages {
    fn of(status: &Status, shown: StatusOptions) -> Self {
        let here = status.portfolios.len();
        let all = here as u64 + status.not_shown;
        let last = shown.skip + here;
        Self {
            first: shown.skip + 1,
            last,
            all,
            before: (shown.skip > 0).then(|| shown.skip.saturating_sub(shown.portfolios)),
            after: ((last as u64) < all && here > 0).then_some(last),
        }
    }

    fn is_whole(&self) -> bool {
        self.before.is_none() && self.after.is_none()
    }
}
