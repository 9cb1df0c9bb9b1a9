//! One run: its certificate, its times, its failures; and the button that stops it.

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

/// How many failures are listed.
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
    /// Whether it is at work in this process, so that it can be stopped here.
    is_local: bool,
}

/// A certificate as a sum.
struct CertificateSum {
    expected: String,
    terms: Vec<CertificateTerm>,
    holds: bool,
    verdict: &'static str,
}

/// One of the five places of a certificate.
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

/// `GET /runs/{id}`.
pub(super) async fn show(
    PageViewer(visitor): PageViewer,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Query(query): Query,
) -> Result<Response, PageProblem> {
    query.finish()?;
    let (answer, live) = desk
        .run_blocking(move |desk| {
            let served = &desk.context;
            let answer = query::run(&served.store, &id)?;
            let live = query::live_run(&served.store, &served.environment)?;
            Ok::<_, query::QueryError>((answer, live))
        })
        .await?;
    let run = answer.row.key;
    let live = live.filter(|live| live.row.key == run);
    let frame = Frame::new(
        format!("Run {}", &run.to_string()[..8]),
        Section::Runs,
        visitor,
    );
    let is_ours = desk.runner.current_run() == Some(run) && answer.row.state == RunState::Running;
    render(&run_page(frame.with_live_run(live), answer, is_ours))
}

fn run_page(frame: Frame, answer: RunDetails, is_ours: bool) -> RunPage {
    let line = RunLine::new(&answer.row);
    let record = answer.record.unwrap_or(RunRecord {
        error: None,
        warnings: Vec::new(),
        certificate: None,
        milliseconds: StageTimes::default(),
        done: Vec::new(),
        failures: Vec::new(),
    });
    let days = (record.done.iter())
        .map(|(day, cells)| (day.to_string(), Some(*cells as f64), String::new()));
    let failures = record
        .failures
        .iter()
        .take(FAILURES)
        .map(|failure| FailureRow {
            portfolio: (answer.names.get(&failure.portfolio).cloned())
                .unwrap_or_else(|| format!("portfolio {}", failure.portfolio)),
            day: failure.day.to_string(),
            phase: failure.phase.name(),
            reason: failure.reason.clone(),
        });
    RunPage {
        frame,
        plan: answer.row.plan,
        certificate: record.certificate.as_ref().map(CertificateSum::new),
        error: record.error,
        warnings: record.warnings,
        stages: stages(&record.milliseconds),
        days: bars(days, |cells| number::count(cells as u64)),
        more_failures: record.failures.len().saturating_sub(FAILURES),
        failures: failures.collect(),
        is_local: is_ours,
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
        let places = [
            ("done before", certificate.done_before, "had"),
            ("done now", certificate.done_now, "done"),
            ("failed", certificate.failed, "failed"),
            ("blocked", certificate.blocked, "blocked"),
            ("deferred", certificate.deferred, "later"),
        ];
        let whole = certificate.expected.max(1) as f64;
        let mut start = 0.0;
        let places = places.map(|(name, cells, look)| {
            let width = cells as f64 / whole * 100.0;
            let place = CertificateTerm {
                name,
                cells: number::count(cells),
                class: look,
                start,
                width,
            };
            start += width;
            place
        });
        Self {
            expected: number::count(certificate.expected),
            terms: places.into(),
            holds: certificate.is_valid(),
            verdict: match certificate.verdict {
                Verdict::Holds => "holds: it adds up, and the ledger says the same",
                Verdict::DoesNotAddUp => "does not hold: the places do not add up",
                Verdict::LedgerDisagrees => "does not hold: the ledger says otherwise",
            },
        }
    }
}

/// `POST /runs/{id}/cancel`: the run stops after its current transaction.
pub(super) async fn cancel(
    visitor: CurrentUser,
    State(desk): State<Arc<AppState>>,
    PathParams(id): PathParams<String>,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let secret = form.text("form")?.unwrap_or_default();
    form.finish()?;
    visitor.require_admin(&secret)?;
    let run: RunId = id
        .parse()
        .map_err(|_| Problem::not_found(format!("no run has the id `{id}`")))?;
    // One that has ended meanwhile needs no stopping: its page says how it ended.
    let (CancelResult::Requested | CancelResult::NotRunningHere) = desk.runner.cancel(run);
    redirect(&format!("/runs/{run}"))
}

/// Leads on after a form, so that loading again sends nothing again.
pub(super) fn redirect(place: &str) -> Result<Response, PageProblem> {
    let place = HeaderValue::from_str(place).map_err(|_| Problem::bug())?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response())
}
