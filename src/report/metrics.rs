//! Renders metrics as gauges in the text format of Prometheus, and as JSON.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Map, Number, Value, json};

use crate::domain::{Day, LifecycleStatus};
use crate::query::{ConcernFact, ConcernKind, EndedRun, LeaseState, Metrics};
use crate::store::RunState;

/// The HTTP `Content-Type` of [`metrics_text`].
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Renamed metrics, as `(new, old)`. They are emitted under both names for one version.
const OLD_NAMES: [(&str, &str); 3] = [
    ("run_active", "run_at_work"),
    (
        "alert_since_timestamp_seconds",
        "trouble_since_timestamp_seconds",
    ),
    ("notifications_pending", "letters_waiting"),
];

/// Renders metrics in the text format of Prometheus, each with its help. Leaves out metrics without
/// a value, instead of using a number such as 0 for "none".
pub fn metrics_text(metrics: &Metrics, next_run: Option<DateTime<Utc>>) -> String {
    let mut text = String::new();
    for family in collect_families(metrics, next_run).0 {
        family.write(&mut text);
    }
    text
}

/// Renders the same metrics as a JSON list of samples, each with its name, labels and value.
pub fn metrics_json(metrics: &Metrics, next_run: Option<DateTime<Utc>>) -> Value {
    let families = collect_families(metrics, next_run).0;
    let samples = families.iter().flat_map(|family| {
        family.samples.iter().map(|sample| {
            let labels = sample.labels.iter().cloned();
            let labels = labels.map(|(label, value)| (label.to_owned(), Value::from(value)));
            json!({
                "name": family.name(),
                "labels": labels.collect::<Map<_, _>>(),
                "value": sample.value,
            })
        })
    });
    samples.collect()
}

fn collect_families(metrics: &Metrics, next_run: Option<DateTime<Utc>>) -> Exposition {
    let mut page = Exposition::default();
    program_metrics(&mut page, next_run);
    status_metrics(&mut page, metrics);
    portfolio_metrics(&mut page, metrics);
    run_metrics(&mut page, metrics);
    concern_metrics(&mut page, metrics);
    alert_metrics(&mut page, metrics);
    page.repeat_under_old_names();
    page
}

fn program_metrics(page: &mut Exposition, next_run: Option<DateTime<Utc>>) {
    page.gauge(
        "build_info",
        "Always 1; the label holds the version of Plimsoll.",
    );
    page.sample(&[("version", &env!("CARGO_PKG_VERSION"))], 1);
    if let Some(at) = next_run {
        page.gauge(
            "next_run_timestamp_seconds",
            "Time of the next scheduled run.",
        );
        page.sample(&[], at.timestamp());
    }
}

fn status_metrics(page: &mut Exposition, metrics: &Metrics) {
    let status = &metrics.status;
    page.gauge(
        "target_timestamp_seconds",
        "The last final session, up to which cells are due, as its midnight in UTC.",
    );
    page.sample(&[], midnight_timestamp(status.target));
    if let Some(mark) = status.watermark {
        page.gauge(
            "watermark_timestamp_seconds",
            "The last session up to which every active portfolio is complete, as its midnight in UTC.",
        );
        page.sample(&[], midnight_timestamp(mark));
    }
    page.gauge(
        "lag_sessions",
        "Largest number of sessions that any portfolio is behind.",
    );
    let portfolios = status.portfolios.iter();
    let behind = portfolios.map(|portfolio| portfolio.sessions_behind);
    page.sample(&[], behind.max().unwrap_or(0));
    page.gauge(
        "portfolios",
        "Active portfolios: all (active), and those with a gap (behind).",
    );
    page.sample(&[("state", &"active")], status.active);
    page.sample(&[("state", &"behind")], status.behind);
    page.gauge("cells", "Expected cells up to the target, by state.");
    let cells = &status.cells;
    for (state, count) in [
        ("complete", cells.complete),
        ("open", cells.open),
        ("blocked", cells.blocked),
        ("quarantined", cells.quarantined),
    ] {
        page.sample(&[("state", &state)], count);
    }
    page.gauge(
        "failed_cells",
        "Cells with a phase that failed and is not done since, including quarantined cells.",
    );
    page.sample(&[], metrics.failed_cells);
}

fn portfolio_metrics(page: &mut Exposition, metrics: &Metrics) {
    let shown = metrics.status.portfolios.iter();
    let mut shown = shown
        .filter(|portfolio| portfolio.lifecycle != LifecycleStatus::Deleted)
        .peekable();
    if shown.peek().is_none() {
        return;
    }
    page.gauge(
        "portfolio_lag_sessions",
        "Sessions that a portfolio is behind.",
    );
    for portfolio in shown {
        let labels: [Label<'_>; 2] = [("id", &portfolio.key), ("portfolio", &portfolio.name)];
        page.sample(&labels, portfolio.sessions_behind);
    }
}

fn run_metrics(page: &mut Exposition, metrics: &Metrics) {
    let lease = metrics.status.lease.as_ref();
    let running = lease.is_some_and(|lease| lease.state == LeaseState::Live);
    page.gauge("run_active", "1 while a run is active, else 0.");
    page.sample(&[], u8::from(running));
    if !metrics.last_complete.is_empty() {
        page.gauge(
            "last_complete_run_timestamp_seconds",
            "End of the last complete run of each scope, among the last thousand runs.",
        );
        for (scope, ended) in &metrics.last_complete {
            page.sample(&[("scope", scope)], ended.timestamp());
        }
    }
    if let Some(last) = &metrics.last_ended {
        last_run_metrics(page, last);
    }
}

fn last_run_metrics(page: &mut Exposition, last: &EndedRun) {
    let run = &last.run;
    page.gauge(
        "last_run_state",
        "1 for the state in which the last run ended, 0 for the others.",
    );
    for state in [
        RunState::Complete,
        RunState::Incomplete,
        RunState::Cancelled,
        RunState::Abandoned,
        RunState::Failed,
    ] {
        page.sample(&[("state", &state)], u8::from(run.state == state));
    }
    page.gauge(
        "last_run_started_timestamp_seconds",
        "Start of the last run that ended.",
    );
    page.sample(&[], run.started.timestamp());
    page.gauge(
        "last_run_cells",
        "Cells of the last run that ended, by state.",
    );
    let progress = &run.progress;
    for (state, count) in [
        ("planned", progress.planned),
        ("done", progress.done),
        ("failed", progress.failed),
        ("blocked", progress.blocked),
    ] {
        page.sample(&[("state", &state)], count);
    }
    if let Some(stages) = &last.stages {
        page.gauge(
            "last_run_duration_seconds",
            "Time of the last run that ended, by stage; committing overlaps with the others.",
        );
        let total = std::iter::once(("total", stages.total));
        for (stage, milliseconds) in total.chain(stages.by_name()) {
            let seconds = Number::from_f64(milliseconds as f64 / 1e3);
            page.sample(
                &[("stage", &stage)],
                seconds.expect("a duration is a number"),
            );
        }
    }
}

fn concern_metrics(page: &mut Exposition, metrics: &Metrics) {
    page.gauge(
        "concerns",
        "Number of portfolios, cells, files or runs in each state that needs attention, else 0.",
    );
    for kind in ConcernKind::ALL {
        let mut found = metrics.status.concerns.iter();
        let found = found.find(|concern| concern.kind() == kind);
        let count = found.map_or(0, |concern| concern.fact.count());
        page.sample(&[("kind", &kind), ("severity", &kind.severity())], count);
    }
    page.gauge(
        "stale_value_share",
        "Largest share of a portfolio's gross value that uses prices or rates older than allowed.",
    );
    let concerns = metrics.status.concerns.iter();
    let mut shares = concerns.filter_map(|concern| match concern.fact {
        ConcernFact::StaleInputs { largest_share, .. } => Number::from_f64(largest_share),
        _ => None,
    });
    page.sample(&[], shares.next().unwrap_or_else(|| 0.into()));
}

fn alert_metrics(page: &mut Exposition, metrics: &Metrics) {
    if !metrics.active_alerts.is_empty() {
        page.gauge(
            "alert_since_timestamp_seconds",
            "Time at which each active alert was raised.",
        );
        for alert in &metrics.active_alerts {
            page.sample(&[("kind", &alert.kind)], alert.since.timestamp());
        }
    }
    page.gauge(
        "notifications_pending",
        "Notifications that are not yet delivered.",
    );
    page.sample(&[], metrics.pending_messages.len());
}

/// A label and its value.
type Label<'l> = (&'static str, &'l dyn Display);

/// The metrics, in the order of output.
#[derive(Debug, Default)]
struct Exposition(Vec<Family>);

/// A metric with its samples.
#[derive(Debug)]
struct Family {
    metric: &'static str,
    help: String,
    samples: Vec<Sample>,
}

#[derive(Debug, Clone)]
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: Number,
}

impl Exposition {
    /// Starts a metric. The samples added after it belong to it.
    fn gauge(&mut self, metric: &'static str, help: &str) {
        self.0.push(Family {
            metric,
            help: help.to_owned(),
            samples: Vec::new(),
        });
    }

    /// Repeats each renamed metric under its old name, below the new one.
    fn repeat_under_old_names(&mut self) {
        let families = std::mem::take(&mut self.0);
        for family in families {
            let renamed = OLD_NAMES.iter().find(|(new, _)| *new == family.metric);
            let old = renamed.map(|(_, old)| Family {
                metric: old,
                help: format!("Deprecated: use {}.", family.name()),
                samples: family.samples.clone(),
            });
            self.0.push(family);
            self.0.extend(old);
        }
    }

    /// Adds a sample to the metric started last.
    ///
    /// # Panics
    ///
    /// No metric was started.
    fn sample(&mut self, labels: &[Label<'_>], value: impl Into<Number>) {
        let labels = labels
            .iter()
            .map(|(label, value)| (*label, value.to_string()));
        let sample = Sample {
            labels: labels.collect(),
            value: value.into(),
        };
        let family = self.0.last_mut().expect("a metric precedes its samples");
        family.samples.push(sample);
    }
}

impl Family {
    fn name(&self) -> String {
        format!("plimsoll_{}", self.metric)
    }

    fn write(&self, text: &mut String) {
        let name = self.name();
        let _ = writeln!(text, "# HELP {name} {}", self.help);
        let _ = writeln!(text, "# TYPE {name} gauge");
        for Sample { labels, value } in &self.samples {
            let labels = labels.iter();
            let labels =
                labels.map(|(label, value)| format!("{label}=\"{}\"", escape_label(value)));
            let labels: Vec<_> = labels.collect();
            let _ = match labels.is_empty() {
                true => writeln!(text, "{name} {value}"),
                false => writeln!(text, "{name}{{{}}} {value}", labels.join(",")),
            };
        }
    }
}

fn escape_label(value: &str) -> String {
    let value = value.replace('\\', "\\\\");
    value.replace('"', "\\\"").replace('\n', "\\n")
}

/// Returns midnight UTC of a day, in seconds since 1970.
fn midnight_timestamp(day: Day) -> i64 {
    day.to_date().and_time(NaiveTime::MIN).and_utc().timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_metric_is_repeated_under_its_old_name() {
        let mut page = Exposition::default();
        page.gauge("lag", "How far.");
        page.sample(&[], 3);
        page.gauge("run_active", "Now.");
        page.sample(&[], 1);
        page.repeat_under_old_names();
        let mut text = String::new();
        for family in &page.0[1..] {
            family.write(&mut text);
        }
        assert_eq!(page.0.len(), 3);
        assert_eq!(
            text,
            "# HELP plimsoll_run_active Now.\n# TYPE plimsoll_run_active gauge\n\
             plimsoll_run_active 1\n\
             # HELP plimsoll_run_at_work Deprecated: use plimsoll_run_active.\n\
             # TYPE plimsoll_run_at_work gauge\nplimsoll_run_at_work 1\n"
        );
    }

    #[test]
    fn label_values_are_escaped() {
        let mut page = Exposition::default();
        page.gauge("lag", "How far.");
        page.sample(&[("portfolio", &"A \"b\" \\ c\nd")], 3);
        let mut text = String::new();
        page.0[0].write(&mut text);
        assert_eq!(
            text,
            "# HELP plimsoll_lag How far.\n# TYPE plimsoll_lag gauge\n\
             plimsoll_lag{portfolio=\"A \\\"b\\\" \\\\ c\\nd\"} 3\n"
        );
    }
}
