//! Metrics in the text format of Prometheus.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Map, Number, Value, json};

use crate::domain::Day;
use crate::query::{EndedRun, LeaseState, LifecycleState, Metrics};
use crate::store::RunState;

/// What the format is called, for an HTTP header.
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Metrics in the text format of Prometheus, each with its help. What is not known is left out:
/// no number stands for nothing.
pub fn metrics_text(metrics: &Metrics, next_run: Option<DateTime<Utc>>) -> String {
    let mut text = String::new();
    for family in collect_families(metrics, next_run).0 {
        family.write(&mut text);
    }
    text
}

/// The same as a list of samples, each with its name and labels.
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
    alert_metrics(&mut page, metrics);
    page
}

fn program_metrics(page: &mut Exposition, next_run: Option<DateTime<Utc>>) {
    page.gauge("build_info", "The version that says this.");
    page.sample(&[("version", &env!("CARGO_PKG_VERSION"))], 1);
    if let Some(at) = next_run {
        page.gauge(
            "next_run_timestamp_seconds",
            "When the schedule makes its next run.",
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
        "How many sessions the portfolio furthest behind is behind.",
    );
    let behind = status.portfolios.iter().map(|one| one.sessions_behind);
    page.sample(&[], behind.max().unwrap_or(0));
    page.gauge(
        "portfolios",
        "Active portfolios, and those of them with a gap.",
    );
    page.sample(&[("state", &"active")], status.active);
    page.sample(&[("state", &"behind")], status.behind);
    page.gauge("cells", "Cells that are expected up to the target.");
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
        "Cells of which a phase failed and was not done since, those in quarantine among them.",
    );
    page.sample(&[], metrics.failed_cells);
}

fn portfolio_metrics(page: &mut Exposition, metrics: &Metrics) {
    let shown = metrics.status.portfolios.iter();
    let mut shown = shown
        .filter(|one| one.lifecycle != LifecycleState::Deleted)
        .peekable();
    if shown.peek().is_none() {
        return;
    }
    page.gauge(
        "portfolio_lag_sessions",
        "How many sessions a portfolio is behind.",
    );
    for one in shown {
        let labels: [Label<'_>; 2] = [("id", &one.key), ("portfolio", &one.name)];
        page.sample(&labels, one.sessions_behind);
    }
}

fn run_metrics(page: &mut Exposition, metrics: &Metrics) {
    let lease = metrics.status.lease.as_ref();
    let running = lease.is_some_and(|lease| lease.state == LeaseState::Live);
    page.gauge("run_at_work", "Whether a run is at work.");
    page.sample(&[], u8::from(running));
    if !metrics.last_complete.is_empty() {
        page.gauge(
            "last_complete_run_timestamp_seconds",
            "When the last complete run of a scope ended, among the last thousand runs.",
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
        "How the last run that ended did: 1 for its state.",
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
    page.gauge("last_run_started_timestamp_seconds", "When it started.");
    page.sample(&[], run.started.timestamp());
    page.gauge("last_run_cells", "Its cells.");
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
            "Its time by stage; committing goes on beside the others.",
        );
        let whole = std::iter::once(("whole", stages.total));
        for (stage, milliseconds) in whole.chain(stages.by_name()) {
            let seconds = Number::from_f64(milliseconds as f64 / 1e3);
            page.sample(
                &[("stage", &stage)],
                seconds.expect("a duration is a number"),
            );
        }
    }
}

fn alert_metrics(page: &mut Exposition, metrics: &Metrics) {
    if !metrics.active_alerts.is_empty() {
        page.gauge(
            "trouble_since_timestamp_seconds",
            "Since when something is wrong, as far as it was told.",
        );
        for trouble in &metrics.active_alerts {
            page.sample(&[("kind", &trouble.kind)], trouble.since.timestamp());
        }
    }
    page.gauge(
        "letters_waiting",
        "What is still to be told to the outside.",
    );
    page.sample(&[], metrics.pending_messages.len());
}

/// A label and its value.
type Label<'l> = (&'static str, &'l dyn Display);

/// Metrics as they come.
#[derive(Debug, Default)]
struct Exposition(Vec<Family>);

/// A metric with its samples.
#[derive(Debug)]
struct Family {
    metric: &'static str,
    help: &'static str,
    samples: Vec<Sample>,
}

#[derive(Debug)]
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: Number,
}

impl Exposition {
    /// The samples that follow are of this metric.
    fn gauge(&mut self, metric: &'static str, help: &'static str) {
        self.0.push(Family {
            metric,
            help,
            samples: Vec::new(),
        });
    }

    fn sample(&mut self, labels: &[Label<'_>], value: impl Into<Number>) {
        let labels = labels
            .iter()
            .map(|(label, value)| (*label, value.to_string()));
        let sample = Sample {
            labels: labels.collect(),
            value: value.into(),
        };
        let family = self.0.last_mut().expect("a sample is of a metric");
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

fn midnight_timestamp(day: Day) -> i64 {
    day.to_date().and_time(NaiveTime::MIN).and_utc().timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

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
