//! The plan page: a preview of a run, and the button that starts exactly this plan.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::labels;
use super::run::redirect;
use crate::app::RunSpec;
use crate::plan::{Plan, RangeRemark, SkipReason};
use crate::query::QueryError;
use crate::report::{Tone, number};
use crate::serve::access::{CurrentUser, PageViewer};
use crate::serve::app_state::AppState;
use crate::serve::extract::{Form, Parameters, Query, run_selection};
use crate::serve::http::Problem;
use crate::serve::runner;

/// The number of sessions that are listed.
const DAYS: usize = 60;

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    frame: Frame,
    form: PlanForm,
    names: Vec<String>,
    preview: Option<PlanSummary>,
    problem: Option<Problem>,
}

/// The fields of the form as they were sent.
#[derive(Debug, Clone, Default)]
struct PlanForm {
    portfolio: String,
    start: String,
    end: String,
    force: bool,
}

/// A plan, formatted for the page.
struct PlanSummary {
    id: String,
    cells: u64,
    tone: &'static str,
    headline: String,
    target: String,
    remarks: Vec<String>,
    reasons: Vec<(&'static str, String)>,
    days: Vec<DayLine>,
    more_days: usize,
}

struct DayLine {
    day: String,
    to_do: u64,
    complete: u64,
    blocked: u64,
    quarantined: u64,
}

impl PlanForm {
    /// Reads the fields of the form. Browsers send empty fields too; they count as not given.
    fn parse(fields: &mut Parameters) -> Result<Self, Problem> {
        Ok(Self {
            portfolio: fields.text("portfolio_id")?.unwrap_or_default(),
            start: fields.text("start_date")?.unwrap_or_default(),
            end: fields.text("end_date")?.unwrap_or_default(),
            force: fields.is_set("force_rerun")?,
        })
    }

    /// Parses the fields as the API does, by encoding those that are not empty as a query.
    fn spec(&self, plan: Option<&str>) -> Result<RunSpec, Problem> {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("portfolio_id", self.portfolio.trim()),
            ("start_date", self.start.trim()),
            ("end_date", self.end.trim()),
            ("force_rerun", if self.force { "true" } else { "" }),
            ("plan", plan.unwrap_or_default()),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            encoded.append_pair(name, value);
        }
        let mut fields = Parameters::parse(encoded.finish().as_bytes());
        run_selection(&mut fields)
    }
}

/// `GET /plan`: the plan page.
pub(super) async fn show(
    PageViewer(user): PageViewer,
    State(state): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let form = PlanForm::parse(&mut query)?;
    query.finish()?;
    render_preview(&state, user, form).await
}

async fn render_preview(
    state: &Arc<AppState>,
    user: CurrentUser,
    form: PlanForm,
) -> Result<Response, PageProblem> {
    let spec = form.spec(None);
    let (names, live) = state
        .run_blocking(|state| {
            let app = &state.context.app;
            let known = app.store.read(|reading| reading.portfolios().all())?;
            let active = known
                .into_iter()
                .filter(|portfolio| portfolio.lifecycle.is_active());
            let names: Vec<_> = active.map(|portfolio| portfolio.name).collect();
            Ok::<_, QueryError>((names, app.live_run()?))
        })
        .await?;
    let planned = match spec {
        Ok(spec) => {
            state
                .run_blocking(move |state| state.context.app.preview(&spec))
                .await
        }
        Err(problem) => Err(problem),
    };
    let (preview, problem) = match planned {
        Ok(preview) => (
            Some(PlanSummary::new(&preview.plan, &preview.remarks)),
            None,
        ),
        Err(problem) => (None, Some(problem)),
    };
    let status = problem.as_ref().map(Problem::status);
    let mut response = render(&PlanPage {
        frame: Frame::new("Plan", Section::Plan, user).with_live_run(live),
        form,
        names,
        preview,
        problem,
    })?;
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    Ok(response)
}

/// `POST /plan`: starts a run of the plan that was shown. If the plan has changed since, the
/// request is refused.
pub(super) async fn start(
    user: CurrentUser,
    State(state): State<Arc<AppState>>,
    Form(mut fields): Form,
) -> Result<Response, PageProblem> {
    let csrf_token = fields.text("csrf_token")?.unwrap_or_default();
    let plan = fields.text("plan")?;
    let form = PlanForm::parse(&mut fields)?;
    fields.finish()?;
    user.require_admin(&csrf_token)?;
    let spec = form.spec(plan.as_deref())?;
    let run = runner::check_and_start(&state, spec).await?.run;
    redirect(&format!("/runs/{run}"))
}

impl PlanSummary {
    fn new(plan: &Plan, remarks: &[RangeRemark]) -> Self {
        let days: Vec<_> = plan.days_with_work().collect();
        let skipped = |reason| plan.skips_by_reason().contains_key(&reason);
        let is_waiting = plan.skips_by_reason().keys().any(|reason| reason.is_open());
        let (tone, headline) = match plan.step_count() {
            0 if is_waiting => (
                Tone::Warning,
                "Nothing to do: all open cells wait or are quarantined".to_owned(),
            ),
            0 if skipped(SkipReason::Complete) => (
                Tone::Good,
                "Nothing to do: all cells are complete".to_owned(),
            ),
            0 => (
                Tone::Normal,
                "Nothing to do: no cells are expected".to_owned(),
            ),
            cells => (
                Tone::Warning,
                format!(
                    "{} to do on {}",
                    number::count_with_noun(cells, "cell"),
                    number::count_with_noun(days.len() as u64, "session")
                ),
            ),
        };
        let steps = plan.steps_by_kind();
        let steps = steps.iter().map(|(kind, cells)| (kind.name(), *cells));
        let skips = plan.skips_by_reason();
        let skips = skips.iter().map(|(reason, cells)| (reason.name(), *cells));
        let reasons = steps.chain(skips);
        Self {
            id: plan.id().to_string(),
            cells: plan.step_count(),
            tone: labels::tone_class(tone),
            headline,
            target: labels::day(plan.target.day),
            remarks: remarks.iter().map(ToString::to_string).collect(),
            reasons: reasons.map(|(name, n)| (name, number::count(n))).collect(),
            more_days: days.len().saturating_sub(DAYS),
            days: (days.iter().rev().take(DAYS))
                .map(|day| DayLine {
                    day: labels::day(day.day),
                    to_do: day.step_count(),
                    complete: day.skip_count(SkipReason::Complete),
                    blocked: day.waiting_count(),
                    quarantined: day.skip_count(SkipReason::Quarantined),
                })
                .collect(),
        }
    }
}
