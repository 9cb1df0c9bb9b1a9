//! Reads each surface, and looks for a concern on it.

use plimsoll::query::{ConcernKind, Severity};
use serde_json::Value;

use crate::cells::CellWords;
use crate::server_process::serve_with;
use crate::states::State;
use crate::workspace::Workspace;

/// The day of the newest cell.
const CELL: &str = "2026-01-08";

/// A place where an operator looks. Those that show the cells of the database are together.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Surface {
    Status,
    StatusJson,
    Check,
    CheckJson,
    CheckExitCode,
    Alerts,
    AlertsJson,
    Metrics,
    OverviewPage,
    HealthPage,
    PortfolioPage,
    Api,
    ServedMetrics,
    Readiness,
    Grid,
    GridJson,
    OverviewGrid,
    PortfolioGrid,
    Explanation,
    ExplanationJson,
    ExplanationApi,
    CellPage,
    Show,
    ShowJson,
    Transcript,
    Expectations,
}

impl Surface {
    pub(crate) const ALL: [Self; 26] = [
        Self::Status,
        Self::StatusJson,
        Self::Check,
        Self::CheckJson,
        Self::CheckExitCode,
        Self::Alerts,
        Self::AlertsJson,
        Self::Metrics,
        Self::OverviewPage,
        Self::HealthPage,
        Self::PortfolioPage,
        Self::Api,
        Self::ServedMetrics,
        Self::Readiness,
        Self::Grid,
        Self::GridJson,
        Self::OverviewGrid,
        Self::PortfolioGrid,
        Self::Explanation,
        Self::ExplanationJson,
        Self::ExplanationApi,
        Self::CellPage,
        Self::Show,
        Self::ShowJson,
        Self::Transcript,
        Self::Expectations,
    ];

    /// Returns whether the surface shows the cells of the database.
    pub(crate) fn has_stored_cells(self) -> bool {
        (Self::Grid..=Self::ShowJson).contains(&self)
    }

    /// Returns whether the surface shows a concern of this kind, or a cell in its state.
    pub(crate) fn shows(self, kind: ConcernKind, shown: &Shown) -> bool {
        let text = self.text(shown);
        match self {
            Self::Status
            | Self::Check
            | Self::Alerts
            | Self::OverviewPage
            | Self::HealthPage
            | Self::PortfolioPage => in_one_line(text).contains(phrase(kind)),
            Self::StatusJson | Self::CheckJson | Self::AlertsJson | Self::Api | Self::Readiness => {
                let json: Value = serde_json::from_str(text).unwrap();
                let concerns = json["concerns"].as_array().unwrap();
                concerns
                    .iter()
                    .any(|concern| concern["kind"] == kind.name())
            }
            Self::Metrics | Self::ServedMetrics => {
                let severity = kind.severity();
                let zero =
                    format!("plimsoll_concerns{{kind=\"{kind}\",severity=\"{severity}\"}} 0\n");
                assert!(text.contains(&format!("kind=\"{kind}\"")), "{text}");
                !text.contains(&zero)
            }
            // The exit code does not name the kind, so this compares it with the severity.
            Self::CheckExitCode => match (shown.has(kind), kind, kind.severity()) {
                (false, ..) => false,
                (true, ConcernKind::NoActivePortfolios, _) => shown.check_code == 3,
                (true, _, Severity::Error) => shown.check_code == 1,
                (true, _, Severity::Warning) => shown.check_code == 0,
            },
            // A cell may look as in complete books, so that only the other surfaces tell the state.
            cell_surface => {
                let words = match self {
                    Self::Transcript | Self::Expectations => CellWords::of_world(kind),
                    _ => CellWords::of(kind),
                };
                (shown.has(kind) || !words.is_complete()) && cell_surface.has_cell(&words, shown)
            }
        }
    }

    /// Returns whether the surface, which is one of cells, shows the newest cell in these words.
    pub(crate) fn has_cell(self, words: &CellWords, shown: &Shown) -> bool {
        let text = self.text(shown);
        let json = || serde_json::from_str::<Value>(text).unwrap();
        match self {
            Self::Grid => words.end_line(text),
            Self::GridJson => words.end_row(&json()),
            Self::OverviewGrid | Self::PortfolioGrid => words.label_cell(text),
            Self::Explanation => {
                words.are_in(&in_one_line(text), "A on 2026-01-08: ", " portfolio ")
            }
            Self::ExplanationJson | Self::ExplanationApi => words.explain(&json()),
            Self::CellPage => words.are_in(&in_one_line(text), "<p class=\"lead\">", "</p>"),
            Self::Show => words.qualify_books(&in_one_line(text)),
            Self::ShowJson => words.explain(&json()["cell"]),
            Self::Transcript => words.end_planned_line(text),
            Self::Expectations => {
                let scenario = Workspace::new();
                let expected = format!("{text}[[step]]\nplan = {{}}\n{}", words.expectations());
                scenario.write("state.toml", &expected);
                scenario
                    .run(&["scenario", "run", "state.toml", "--accept"])
                    .code
                    == 0
            }
            other => unreachable!("{other:?} shows no cells"),
        }
    }

    /// Returns the content of the surface.
    pub(crate) fn text(self, shown: &Shown) -> &str {
        match self {
            Self::Status | Self::Grid => &shown.status,
            Self::StatusJson | Self::GridJson => &shown.status_json,
            Self::Check => &shown.check,
            Self::CheckJson | Self::CheckExitCode => &shown.check_json,
            Self::Alerts => &shown.alerts,
            Self::AlertsJson => &shown.alerts_json,
            Self::Metrics => &shown.metrics,
            Self::OverviewPage | Self::OverviewGrid => &shown.overview,
            Self::HealthPage => &shown.health,
            Self::PortfolioPage | Self::PortfolioGrid => &shown.portfolio,
            Self::Api => &shown.api,
            Self::ServedMetrics => &shown.served_metrics,
            Self::Readiness => &shown.readiness,
            Self::Explanation => &shown.explanation,
            Self::ExplanationJson => &shown.explanation_json,
            Self::ExplanationApi => &shown.explanation_api,
            Self::CellPage => &shown.cell_page,
            Self::Show => &shown.show,
            Self::ShowJson => &shown.show_json,
            Self::Transcript => &shown.transcript,
            Self::Expectations => &shown.world,
        }
    }
}

/// The text with each white space and line break as one space.
pub(crate) fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A part of the sentence of a concern.
const fn phrase(kind: ConcernKind) -> &'static str {
    match kind {
        ConcernKind::LastRun => "the last run failed (run ",
        ConcernKind::NoActivePortfolios => "no active portfolio: the only one is deleted",
        ConcernKind::ClockBehind => "the clock says 2026-01-08 23:00 UTC, but run ",
        ConcernKind::Damage => "verify found damage at 2026-01-08 23:00 UTC: ",
        ConcernKind::VerificationOverdue => "no verification was made, and one is due every 7 days",
        ConcernKind::Late => "1 of 1 portfolio more than 1 session behind 2026-01-08",
        ConcernKind::Failing => "1 cell of 1 portfolio failed and not done since",
        ConcernKind::Quarantined => "1 cell of 1 portfolio quarantined",
        ConcernKind::AbandonedRun => "was abandoned: the next run takes over",
        ConcernKind::RejectedFiles => "1 file of the inbox refused: inbox/rejected/prices/x.csv",
        ConcernKind::WaitingFiles => {
            "1 file of the inbox waiting for hours: inbox/prices/x.csv (its last line has no end)"
        }
        ConcernKind::InboxUnreadable => "failed to use the inbox folder",
        ConcernKind::PriceCommand => {
            "the command that fetches prices has not answered since 2026-01-08 23:00 UTC: it ended \
             with code 1"
        }
        ConcernKind::UnpricedSession => "1 unpriced session from 2026-01-07: all cells wait",
        ConcernKind::StaleInputs => {
            "the books of 1 portfolio use prices or rates more than 10 sessions old: CHFUSD"
        }
        ConcernKind::StaleRiskInputs => {
            "risk of 1 portfolio lacks recent closes: the benchmark MKT has no close for 12 sessions"
        }
        ConcernKind::RiskAbsent => "risk has no figures for 1 portfolio: ",
        ConcernKind::HeldLog => "MB and cannot be emptied while process ",
        ConcernKind::Blocked => "1 cell of 1 portfolio wait for prices or rates from 2026-01-08",
        ConcernKind::ConfigurationChanged => {
            "the calendar changed on 2026-01-07: the next run computes "
        }
    }
}

/// The content of all surfaces in one state.
pub(crate) struct Shown {
    status: String,
    status_json: String,
    check: String,
    check_json: String,
    pub(crate) check_code: i32,
    alerts: String,
    alerts_json: String,
    metrics: String,
    pub(crate) overview: String,
    health: String,
    portfolio: String,
    api: String,
    served_metrics: String,
    readiness: String,
    explanation: String,
    explanation_json: String,
    explanation_api: String,
    cell_page: String,
    show: String,
    show_json: String,
    transcript: String,
    world: String,
}

impl Shown {
    /// Makes the state, then applies `change`, and reads all surfaces.
    pub(crate) fn read(state: &State, change: &dyn Fn(&Workspace)) -> Self {
        let workspace = &state.workspace;
        let token = workspace.run_ok(&["-q", "token", "new", "reader"]);
        let token = token.trim();
        let server = serve_with(workspace, &["--no-schedule"]);
        (state.files)(workspace);
        change(workspace);
        let get = |path: &str| {
            let answer = server.request("GET", path, token);
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
            body.to_owned()
        };
        let json = workspace.run(&["check", "--json"]);
        let planned = format!("{}[[step]]\nplan = {{}}\n", state.world);
        workspace.write("state.toml", &planned);
        Self {
            status: workspace.run_ok(&["status"]),
            status_json: workspace.run_ok(&["status", "--json"]),
            check: workspace.run(&["check"]).stdout,
            check_json: json.stdout,
            check_code: json.code,
            alerts: workspace.run_ok(&["alerts"]),
            alerts_json: workspace.run_ok(&["alerts", "--json"]),
            metrics: workspace.run_ok(&["metrics"]),
            overview: get("/"),
            health: get("/health"),
            portfolio: get("/portfolios/A"),
            api: get("/api/v1/status"),
            served_metrics: get("/metrics"),
            readiness: readiness(&server.request("GET", "/readyz", token)),
            explanation: workspace.run_ok(&["explain", "A", CELL]),
            explanation_json: workspace.run_ok(&["explain", "A", CELL, "--json"]),
            explanation_api: get(&format!("/api/v1/portfolios/A/explain/{CELL}")),
            cell_page: get(&format!("/portfolios/A/cells/{CELL}")),
            show: workspace.run_ok(&["show", "A"]),
            show_json: workspace.run_ok(&["show", "A", "--json"]),
            transcript: workspace.run_ok(&["scenario", "show", "state.toml"]),
            world: state.world.clone(),
        }
    }

    fn has(&self, kind: ConcernKind) -> bool {
        Surface::CheckJson.shows(kind, self)
    }
}

/// Returns the body of an answer of the probe, whose status follows from the severities in it.
fn readiness(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let is_error = body.contains("\"severity\":\"error\"");
    let expected = if is_error {
        "HTTP/1.1 503"
    } else {
        "HTTP/1.1 200"
    };
    assert!(head.starts_with(expected), "{answer}");
    body.to_owned()
}
