//! What a run would do, and the button that starts exactly that.

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

/// How many sessions are listed.
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

/// The form as it was sent.
#[derive(Debug, Clone, Default)]
struct PlanForm {
    portfolio: String,
    start: String,
    end: String,
    force: bool,
}

/// A plan as people read it.
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
    /// Reads the fields of the form; a field that was left empty says nothing.
    fn parse(fields: &mut Parameters) -> Result<Self, Problem> {
        Ok(Self {
            portfolio: fields.text("portfolio_id")?.unwrap_or_default(),
            start: fields.text("start_date")?.unwrap_or_default(),
            end: fields.text("end_date")?.unwrap_or_default(),
            force: fields.is_set("force_rerun")?,
        })
    }

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

/// `GET /plan`.
pub(super) async fn show(
    PageViewer(visitor): PageViewer,
    State(desk): State<Arc<AppState>>,
    Query(mut query): Query,
) -> Result<Response, PageProblem> {
    let asked = PlanForm::parse(&mut query)?;
    query.finish()?;
    render_preview(&desk, visitor, asked).await
}

async fn render_preview(
    desk: &Arc<AppState>,
    visitor: CurrentUser,
    asked: PlanForm,
) -> Result<Response, PageProblem> {
    let selection = asked.selection(None);
    let (names, live) = desk
        .run_blocking(|desk| {
            let served = &desk.context;
            let known = served.store.read(|reading| reading.portfolios())?;
            let active = known.into_iter().filter(|one| one.lifecycle.is_active());
            let live = query::live_run(&served.store, &served.environment)?;
            let names: Vec<_> = active.map(|one| one.name).collect();
            Ok::<_, query::QueryError>((names, live))
        })
        .await?;
    let planned = match selection {
        Ok(selection) => desk.run_blocking(move |desk| plan(desk, &selection)).await,
        Err(problem) => Err(problem),
    };
    let (preview, refused) = match planned {
        Ok(plan) => (Some(Preview::new(&plan)), None),
        Err(problem) => (None, Some(problem)),
    };
    let status = refused.as_ref().map(Problem::status);
    let mut response = render(&PlanPage {
        frame: Frame::new("Plan", Section::Plan, visitor).with_live_run(live),
        form: asked,
        names,
        preview,
        problem: refused,
    })?;
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    Ok(response)
}

fn plan(desk: &AppState, selection: &Selection) -> Result<Plan, Problem> {
    let served = &desk.context;
    let asked = selection.resolve(served)?;
    let now = served.environment.clock.now();
    let surveyed = served
        .store
        .read(|reading| survey(reading, &asked.request, &served.engine, now))?;
    Ok(preview_plan(&surveyed, &asked)?)
}

/// `POST /plan`: starts the run that was shown, and refuses any other.
pub(super) async fn start(
    visitor: CurrentUser,
    State(desk): State<Arc<AppState>>,
    Form(mut form): Form,
) -> Result<Response, PageProblem> {
    let secret = form.text("form")?.unwrap_or_default();
    let shown = form.text("plan")?;
    let asked = PlanForm::parse(&mut form)?;
    form.finish()?;
    visitor.require_admin(&secret)?;
    let selection = asked.selection(shown.as_deref())?;
    let foreseen = desk
        .run_blocking(move |desk| check_run_request(desk, &selection))
        .await?;
    let run = Runner::start(&desk, foreseen).await?.run;
    redirect(&format!("/runs/{run}"))
}

impl Preview {
    fn new(plan: &Plan) -> Self {
        let days: Vec<_> = plan.days_with_work().collect();
        let headline = match plan.step_count() {
            0 if plan.blocked.is_empty() => "Nothing to do: all is complete".to_owned(),
            0 => "Nothing to do: what is open waits for inputs".to_owned(),
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
