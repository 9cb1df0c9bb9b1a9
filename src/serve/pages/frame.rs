//! The frame around every page: navigation, login, the card of the current run, error pages.

use askama::Template;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::assets;
use crate::domain::TokenScope;
use crate::query::LiveRun;
use crate::report::live_run_text;
use crate::serve::access::{CurrentUser, LoginSession};
use crate::serve::http::Problem;

/// The data of the frame around a page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) section: Section,
    pub(super) login: Option<LoginSession>,
    pub(super) live: Option<LiveCard>,
}

/// The entry of the navigation that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Runs,
    Health,
    Plan,
    Other,
}

/// The entries of the navigation with their addresses.
const NAV_ITEMS: [(Section, &str, &str); 4] = [
    (Section::Overview, "Overview", "/"),
    (Section::Runs, "Runs", "/runs"),
    (Section::Health, "Health", "/health"),
    (Section::Plan, "Plan", "/plan"),
];

/// The card with the progress of the current run.
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
    /// Creates the frame of a page with this title.
    pub(super) fn new(title: impl Into<String>, section: Section, user: CurrentUser) -> Self {
        Self {
            title: title.into(),
            section,
            login: match user {
                CurrentUser::Anonymous => None,
                CurrentUser::SignedIn(login) => Some(login),
            },
            live: None,
        }
    }

    /// Adds the card of the current run, if there is one.
    pub(super) fn with_live_run(mut self, live: Option<LiveRun>) -> Self {
        self.live = live.map(|live| LiveCard::new(&live));
        self
    }

    /// The navigation: name, address, and whether the page belongs to the entry.
    pub(super) fn nav_items(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let current = self.section;
        let items = NAV_ITEMS.into_iter();
        items.map(move |(section, name, address)| (name, address, section == current))
    }

    /// Returns whether the user may start and cancel runs.
    pub(super) fn is_admin(&self) -> bool {
        let login = self.login.as_ref();
        login.is_some_and(|login| login.scope == TokenScope::Admin)
    }

    /// The CSRF token of the login session; empty for an anonymous user.
    pub(super) fn csrf_token(&self) -> &str {
        let login = self.login.as_ref();
        login.map_or("", |login| &login.csrf_token)
    }

    /// The version in asset addresses; see [`assets::version`].
    pub(super) fn assets_version(&self) -> &'static str {
        assets::version()
    }

    /// The version of Plimsoll, for the footer.
    pub(super) fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

impl LiveCard {
    fn new(live: &LiveRun) -> Self {
        let progress = &live.row.progress;
        let tried = progress.done + progress.failed;
        let id = live.row.key.to_string();
        Self {
            short: id[..8].to_owned(),
            id,
            tried,
            planned: progress.planned.max(1),
            text: live_run_text(live),
            owner: live.lease.owner.clone(),
        }
    }
}

/// Renders a page as a response.
pub(super) fn render(template: &impl Template) -> Result<Response, PageProblem> {
    match template.render() {
        Ok(text) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            Ok(([(CONTENT_TYPE, kind)], text).into_response())
        }
        Err(error) => {
            tracing::error!("failed to render a page: {error}");
            Err(Problem::bug().into())
        }
    }
}

/// A problem that is shown as a page.
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
