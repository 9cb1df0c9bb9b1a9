//! What stands around every page: the way to the others, who looks, the run at work.

use askama::Template;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::assets;
use crate::domain::TokenScope;
use crate::query::LiveRun;
use crate::report::number;
use crate::serve::access::{CurrentUser, LoginSession};
use crate::serve::http::Problem;

/// What stands around a page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) section: Section,
    pub(super) login: Option<LoginSession>,
    pub(super) live: Option<LiveCard>,
}

/// Which part of the house a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Runs,
    Health,
    Plan,
    Other,
}

/// The parts that are led to, with their addresses.
const NAV_ITEMS: [(Section, &str, &str); 4] = [
    (Section::Overview, "Overview", "/"),
    (Section::Runs, "Runs", "/runs"),
    (Section::Health, "Health", "/health"),
    (Section::Plan, "Plan", "/plan"),
];

/// The run at work.
#[derive(Debug, Clone)]
pub(super) struct LiveCard {
    pub(super) id: String,
    pub(super) short: String,
    pub(super) tried: u64,
    pub(super) planned: u64,
    pub(super) text: String,
    pub(super) owner: String,
}

impl Frame {
    /// The frame of a page with this title.
    pub(super) fn new(title: impl Into<String>, section: Section, visitor: CurrentUser) -> Self {
        Self {
            title: title.into(),
            section,
            login: match visitor {
                CurrentUser::Anonymous => None,
                CurrentUser::SignedIn(visit) => Some(visit),
            },
            live: None,
        }
    }

    /// The same with the run at work, if one is.
    pub(super) fn with_live_run(mut self, live: Option<LiveRun>) -> Self {
        self.live = live.map(|live| LiveCard::new(&live));
        self
    }

    /// Name, address and, where the page belongs to it, that it does.
    pub(super) fn nav_items(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let here = self.section;
        let parts = NAV_ITEMS.into_iter();
        parts.map(move |(part, name, address)| (name, address, part == here))
    }

    /// Whether the visitor may start and cancel runs.
    pub(super) fn is_admin(&self) -> bool {
        let visit = self.login.as_ref();
        visit.is_some_and(|visit| visit.scope == TokenScope::Admin)
    }

    /// What a form of this visit holds; nothing for a guest.
    pub(super) fn csrf_token(&self) -> &str {
        let visit = self.login.as_ref();
        visit.map_or("", |visit| &visit.csrf_token)
    }

    /// The version of the looks.
    pub(super) fn assets_version(&self) -> &'static str {
        assets::version()
    }

    /// The version of the program.
    pub(super) fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

impl LiveCard {
    fn new(live: &LiveRun) -> Self {
        let progress = &live.row.progress;
        let tried = progress.done + progress.failed;
        let id = live.row.key.to_string();
        let text = match progress.planned {
            0 => "is about to start".to_owned(),
            planned => format!(
                "{} of {} cells",
                number::count(tried),
                number::count(planned)
            ),
        };
        Self {
            short: id[..8].to_owned(),
            id,
            tried,
            planned: progress.planned.max(1),
            text,
            owner: live.lease.owner.clone(),
        }
    }
}

/// A page as an answer.
pub(super) fn render(template: &impl Template) -> Result<Response, PageProblem> {
    match template.render() {
        Ok(text) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            Ok(([(CONTENT_TYPE, kind)], text).into_response())
        }
        Err(error) => {
            tracing::error!("a page could not be rendered: {error}");
            Err(Problem::bug().into())
        }
    }
}

/// A problem that is shown to a person.
#[derive(Debug)]
pub(in crate::serve) struct PageProblem(Problem);

impl<P: Into<Problem>> From<P> for PageProblem {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'p> {
    frame: Frame,
    problem: &'p Problem,
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        let problem = self.0;
        let title = problem.title.clone();
        let shown = render(&ProblemPage {
            frame: Frame::new(title, Section::Other, CurrentUser::Anonymous),
            problem: &problem,
        });
        let mut response = match shown {
            Ok(response) => response,
            Err(_) => return problem.into_response(),
        };
        *response.status_mut() = problem.status();
        problem.add_headers(&mut response);
        response
    }
}
