//! The plan page: a preview of a run, and the button that starts exactly this plan.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, PageProblem, Section, render};
use super::labels;
use super::run::redirect;
use crate::engine::{preview_plan, survey};
use crate::plan::{Plan, SkipReason};
use crate::query;
use crate::report::number;
use crate::serve::access::{CurrentUser, PageViewer};
use crate::serve::api::check_run_request;
use crate::serve::app_state::AppState;
use crate::serve::extract::{Form, Parameters, Query, Selection};
use crate::serve::http::Problem;
use crate::serve::runner::Runner;

/// The number of sessions that are listed.
const DAYS: usize = 60;

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    frame: Frame,
    form: PlanForm,
    names: Vec<String>,
    preview: Option<Preview>,
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
struct Preview {
    id: String,
    cells: u64,
    headline: String,
    target: String,
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
    fn selection(&self, plan: Option<&str>) -> Result<Selection, Problem> {
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
        Selection::from_run_query(&mut fields)
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
    let selection = form.selection(None);
    let (names, live) = state
        .run_blocking(|state| {
            let context = &state.context;
            let known = context.store.read(|reading| reading.portfolios().all())?;
            let active = known
                .into_iter()
                .filter(|portfolio| portfolio.lifecycle.is_active());
            let live = query::live_run(&context.store, &context.environment)?;
            let names: Vec<_> = active.map(|portfolio| portfolio.name).collect();
            Ok::<_, query::QueryError>((names, live))
        })
        .await?;
    let planned = match selection {
        Ok(selection) => {
            state
                .run_blocking(move |state| plan(state, &selection))
                .await
        }
        Err(problem) => Err(problem),
    };
    let (preview, problem) = match planned {
        Ok(plan) => (Some(Preview::new(&plan)), None),
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

fn plan(state: &AppState, selection: &Selection) -> Result<Plan, Problem> {
    let context = &state.context;
    let run_request = selection.resolve(context)?;
    let now = context.environment.clock.now();
    let surveyed = context
        .store
        .read(|reading| survey(reading, &run_request.request, &context.engine, now))?;
    Ok(preview_plan(&surveyed, &run_request)?)
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
    let selection = form.selection(plan.as_deref())?;
    let run_request = state
        .run_blocking(move |state| check_run_request(state, &selection))
        .await?;
    let run = Runner::start(&state, run_request).await?.run;
    redirect(&format!("/runs/{run}"))
}

impl Preview {
    fn new(plan: &Plan) -> Self {
        let days: Vec<_> = plan.days_with_work().collect();
        let headline = match plan.step_count() {
            0 if plan.blocked.is_empty() => "Nothing to do: all cells are complete".to_owned(),
            0 => "Nothing to do: all open cells are blocked".to_owned(),
            cells => format!(
                "{} to do on {}",
                number::count_with_noun(cells, "cell"),
                number::count_with_noun(days.len() as u64, "session")
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
            headline,
            target: labels::day(plan.target.day),
            reasons: reasons.map(|(name, n)| (name, number::count(n))).collect(),
            more_days: days.len().saturating_sub(DAYS),
            days: (days.iter().rev().take(DAYS))
                .map(|day| DayLine {
                    day: labels::day(day.day),
                    to_do: day.step_count(),
                    complete: day.skip_count(SkipReason::Complete),
                    blocked: day.skip_count(SkipReason::Blocked),
                    quarantined: day.skip_count(SkipReason::Quarantined),
                })
                .collect(),
        }
    }
}
