//! The page of a run: certificate, times, failures, and the button that stops it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::bar::{Bar, bars};
use super::frame::{Frame, PageProblem, Section, render};
use super::runs::RunLine;
use crate::domain::RunId;
use crate::engine::{Certificate, RunRecord, StageTimes, Verdict};
use crate::query::{self, RunDetails};
use crate::report::number;
use crate::serve::access::{CurrentUser, PageViewer};
use crate::serve::app_state::AppState;
use crate::serve::extract::{Form, PathParams, Query};
use crate::serve::http::Problem;
use crate::serve::runner::CancelResult;
use crate::store::RunState;

/// The number of failures that are listed.
const FAILURES: usize = 50;

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    run: RunLine,
    plan: String,
    certificate: Option<CertificateSum>,
    error: Option<String>,
    warnings: Vec<String>,
    stages: Vec<Bar>,
    days: Vec<Bar>,
    failures: Vec<FailureRow>,
    more_failures: usize,
    /// True if the run is running in this process, so that the page can offer to stop it.
    is_local: bool,
}

/// A certificate, formatted as a sum.
struct CertificateSum {
    expected: String,
    terms: Vec<CertificateTerm>,
    holds: bool,
    verdict: &'static str,
}

/// One of the five terms of a certificate; positions are in percent of the width.
struct CertificateTerm {
    name: &'static str,
    cells: String,
    class: &'static str,
    start: f64,
    width: f64,
}

struct FailureRow {
    portfolio: String,
    day: String,
    phase: &'static str,
    reason: String,
}

/// `GET /runs/{id}`: the page of one run.
pub(super) async fn show(
    PageViewer(user): PageViewer,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Response, PageProblem> {
    query.finish()?;
    let (details, live) = state
        .run_blocking(move |state| {
            let context = &state.context;
            let details = query::run(&context.app.store, &id)?;
            let live = context.app.live_run()?;
            Ok::<_, query::QueryError>((details, live))
        })
        .await?;
    let run = details.row.key;
    let live = live.filter(|live| live.row.key == run);
    let frame = Frame::new(
        format!("Run {}", &run.to_string()[..8]),
        Section::Runs,
        user,
    );
    let is_local =
        state.runner.current_run() == Some(run) && details.row.state == RunState::Running;
    render(&run_page(frame.with_live_run(live), &details, is_local))
}

fn run_page(frame: Frame, details: &RunDetails, is_local: bool) -> RunPage {
    let line = RunLine::new(&details.row);
    let none = RunRecord {
        error: None,
        warnings: Vec::new(),
        certificate: None,
        milliseconds: StageTimes::default(),
        done: Vec::new(),
        failures: Vec::new(),
    };
    let record = details.record.as_ref().unwrap_or(&none);
    let days = (record.done.iter())
        .map(|(day, cells)| (day.to_string(), Some(*cells as f64), String::new()));
    let failures = record
        .failures
        .iter()
        .take(FAILURES)
        .map(|failure| FailureRow {
            portfolio: details.name(failure.portfolio),
            day: failure.day.to_string(),
            phase: failure.phase.name(),
            reason: failure.reason.clone(),
        });
    RunPage {
        frame,
        plan: details.row.plan.clone(),
        certificate: record.certificate.as_ref().map(CertificateSum::new),
        error: record.error.clone(),
        warnings: record.warnings.clone(),
        stages: stages(&record.milliseconds),
        days: bars(days, |cells| number::count(cells as u64)),
        more_failures: record.failures.len().saturating_sub(FAILURES),
        failures: failures.collect(),
        is_local,
        run: line,
    }
}

fn stages(stages: &StageTimes) -> Vec<Bar> {
    if stages.total == 0 {
        return Vec::new();
    }
    let named = stages
        .by_name()
        .map(|(name, time)| (name.to_owned(), Some(time as f64), String::new()));
    bars(named, |time| {
        number::duration(std::time::Duration::from_millis(time as u64))
    })
}

impl CertificateSum {
    fn new(certificate: &Certificate) -> Self {
        let classes = ["complete", "done", "failed", "blocked", "deferred"];
        let expected = certificate.expected.max(1) as f64;
        let mut start = 0.0;
        let terms = certificate.terms().into_iter().zip(classes);
        let terms = terms.map(|((name, cells), class)| {
            let width = cells as f64 / expected * 100.0;
            let term = CertificateTerm {
                name,
                cells: number::count(cells),
                class,
                start,
                width,
            };
            start += width;
            term
        });
        Self {
            expected: number::count(certificate.expected),
            terms: terms.collect(),
            holds: certificate.is_valid(),
            verdict: match certificate.verdict {
                Verdict::Holds => "holds: the sum is right and agrees with the ledger",
                Verdict::DoesNotAddUp => "does not hold: the terms do not add up",
                Verdict::LedgerDisagrees => "does not hold: the ledger disagrees",
            },
        }
    }
}

/// `POST /runs/{id}/cancel`: asks the run to stop after its current transaction.
pub(super) async fn cancel(
    user: CurrentUser,
    State(state): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let csrf_token = form.text("csrf_token")?.unwrap_or_default();
    form.finish()?;
    user.require_admin(&csrf_token)?;
    let run: RunId = id
        .parse()
        .map_err(|_| Problem::not_found(format!("no run has the id `{id}`")))?;
    // A run that is not running here is no error: usually it has just ended, and its page shows
    // how.
    let (CancelResult::Requested | CancelResult::NotRunningHere) = state.runner.cancel(run);
    redirect(&format!("/runs/{run}"))
}

/// Redirects after a form, so that a reload does not send it again.
pub(super) fn redirect(term: &str) -> Result<Response, PageProblem> {
    let term = HeaderValue::from_str(term).map_err(|_| Problem::bug())?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, term)]).into_response())
}
