//! Outbox messages: pings and alert changes, built from the result of a run.
//!
//! Pure. Messages are stored as JSON in the outbox, where an older or newer version of the program
//! may find them: the serialized names stay as they are, whatever the Rust names. A row that can't
//! be read is dropped.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::alert_state::AlertDiff;
use crate::domain::RunId;
use crate::engine::Outcome;
use crate::query::{AlertConditions, AlertPortfolio, Concern, ConcernKind};
use crate::report::{cleared_text, concern_text, concern_title, count_with_noun};
use crate::store::RunState;

/// A message to one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "kebab-case")]
pub(super) enum OutboxMessage {
    /// The start or end of a nightly run, for the dead man's switch.
    Ping(Ping),
    /// Alerts that were raised, spread or cleared, for people and webhooks.
    #[serde(rename = "news")]
    AlertChange(AlertChange),
}

/// A ping to the dead man's switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Ping {
    /// The event of the run that this ping reports.
    pub signal: Signal,
    /// The run, or `None` if it failed before it had an id.
    pub run: Option<RunId>,
    /// One line for people, shown in the log of the switch.
    pub text: String,
}

/// An event of a nightly run, in the vocabulary of healthchecks.io.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Signal {
    /// The run has started.
    Start,
    /// The run is complete.
    Success,
    /// The run ended incomplete, with this exit code.
    Code(u8),
    /// The run ended with an error.
    Fail,
    /// A line for the log that changes no state; used by test messages.
    Log,
}

/// A change of the active alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct AlertChange {
    /// One line of ASCII, since it is sent as a header.
    pub title: String,
    /// A few lines for people: counts, then the worst portfolios.
    pub text: String,
    /// The direction of the change; decides the priority.
    #[serde(rename = "tone")]
    pub trend: AlertTrend,
    /// The body of the webhook.
    pub body: Value,
}

/// The direction of an alert change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AlertTrend {
    /// An alert was raised or has spread.
    Worse,
    /// An alert cleared, and others are still active.
    Better,
    /// The last active alert cleared.
    #[serde(rename = "well")]
    AllClear,
}

impl AlertTrend {
    /// The value of `event` in webhook bodies.
    const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::AllClear => "well",
        }
    }
}

/// The facts that an alert message is built from.
#[derive(Debug)]
pub(super) struct AlertContext<'f> {
    /// The time of the end of the run.
    pub(super) at: DateTime<Utc>,
    /// The run, or `None` if it failed before it had an id.
    pub(super) run: Option<RunId>,
    /// The alert conditions of the books, or `None` if they were not examined.
    pub(super) conditions: Option<&'f AlertConditions>,
    /// The error of the run with its causes, if it failed.
    pub(super) error: Option<String>,
}

impl AlertContext<'_> {
    fn concern(&self, kind: ConcernKind) -> Option<&Concern> {
        let mut concerns = self.conditions?.concerns.iter();
        concerns.find(|concern| concern.kind() == kind)
    }

    /// Number of portfolios with a concern of this kind; `None` without conditions.
    fn portfolio_count(&self, kind: ConcernKind) -> Option<u64> {
        self.conditions?;
        let concern = self.concern(kind);
        Some(concern.map_or(0, |concern| concern.portfolios.len()))
    }
}

/// Builds the message for a change of the active alerts.
pub(super) fn alert_change(changes: &AlertDiff, context: &AlertContext<'_>) -> AlertChange {
    let trend = match (changes.has_raised_or_spread(), changes.active.is_empty()) {
        (true, _) => AlertTrend::Worse,
        (false, false) => AlertTrend::Better,
        (false, true) => AlertTrend::AllClear,
    };
    let title = title(trend, changes, context);
    let text = text(changes, context);
    AlertChange {
        body: body(&title, &text, trend, changes, context),
        title,
        text,
        trend,
    }
}

/// The message of `plimsoll alerts test`.
pub(super) fn test_message(at: DateTime<Utc>) -> AlertChange {
    let title = "Plimsoll: test message".to_owned();
    let text = "This is a test of the notification channel. No action is needed.".to_owned();
    AlertChange {
        body: json!({ "event": "trial", "at": at, "title": title, "text": text }),
        title,
        text,
        trend: AlertTrend::AllClear,
    }
}

fn title(trend: AlertTrend, changes: &AlertDiff, context: &AlertContext<'_>) -> String {
    let summary = match trend {
        AlertTrend::AllClear => "all alerts cleared".to_owned(),
        AlertTrend::Better => changes
            .cleared
            .iter()
            .map(|kind| cleared_text(*kind))
            .collect::<Vec<_>>()
            .join(", "),
        AlertTrend::Worse => {
            let worse = changes.raised.iter().chain(&changes.spread);
            worse
                .map(|kind| alert_text(*kind, context))
                .collect::<Vec<_>>()
                .join(", ")
        }
    };
    format!("Plimsoll: {summary}")
}

/// An active alert in a few words.
fn alert_text(kind: ConcernKind, context: &AlertContext<'_>) -> String {
    match context.concern(kind) {
        Some(concern) => concern_title(concern),
        // Without conditions, the only alert that can be raised is that of the failed run.
        None => "run failed".to_owned(),
    }
}

fn text(changes: &AlertDiff, context: &AlertContext<'_>) -> String {
    let mut text = String::new();
    if let Some(error) = &context.error {
        let _ = writeln!(text, "run failed: {error}");
    }
    if let Some(conditions) = context.conditions {
        push_concern_lines(&mut text, conditions);
    }
    for kind in &changes.cleared {
        let _ = writeln!(text, "cleared: {}", cleared_text(*kind));
    }
    text.truncate(text.trim_end().len());
    text
}

fn push_concern_lines(text: &mut String, conditions: &AlertConditions) {
    for concern in &conditions.concerns {
        let _ = write!(text, "{}", concern_text(concern));
        let _ = match &concern.next {
            Some(next) => writeln!(text, ": `{next}`"),
            None => writeln!(text),
        };
    }
    for portfolio in &conditions.worst {
        let _ = writeln!(text, "- {}", portfolio_line(portfolio));
    }
    let total = conditions.portfolios().len();
    let more = total.saturating_sub(conditions.worst.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "and {more} more: `plimsoll status`");
    }
}

fn portfolio_line(portfolio: &AlertPortfolio) -> String {
    let Some(day) = portfolio.held_back_by else {
        return format!("{}: complete after failures", portfolio.name);
    };
    let behind = count_with_noun(portfolio.sessions_behind as u64, "session");
    let reason = portfolio
        .reason
        .as_ref()
        .map(|reason| format!(": {reason}"));
    format!(
        "{}, {behind} behind since {day}{}",
        portfolio.name,
        reason.unwrap_or_default()
    )
}

fn body(
    title: &str,
    text: &str,
    trend: AlertTrend,
    changes: &AlertDiff,
    context: &AlertContext<'_>,
) -> Value {
    let names = |kinds: &[ConcernKind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>();
    let conditions = context.conditions;
    json!({
        "event": trend.name(),
        "at": context.at,
        "run": context.run,
        "error": context.error,
        "raised": names(&changes.raised),
        "spread": names(&changes.spread),
        "cleared": names(&changes.cleared),
        // `active` is taken: it counts active portfolios.
        "active-alerts": names(&changes.active),
        // Deprecated keys, kept for receivers that were written for them.
        "came": names(&changes.raised),
        "went": names(&changes.cleared),
        "stands": names(&changes.active),
        "target": conditions.map(|conditions| conditions.target),
        "active": conditions.map(|conditions| conditions.active),
        "late": context.portfolio_count(ConcernKind::Late),
        "failing": context.portfolio_count(ConcernKind::Failing),
        "concerns": conditions.map(|conditions| &conditions.concerns),
        "portfolios": conditions.map(|conditions| &conditions.worst),
        "title": title,
        "text": text,
    })
}

impl Ping {
    /// Reports that a run has started.
    pub(super) fn start(run: RunId) -> Self {
        Self {
            signal: Signal::Start,
            run: Some(run),
            text: format!("run {run} started"),
        }
    }

    /// Reports the end of a run, complete or not. A run is a success only if no other state needs
    /// attention: the switch may be the only channel.
    pub(super) fn end(outcome: &Outcome, concerns: &[Concern]) -> Self {
        let (run, progress) = (outcome.run, &outcome.progress);
        let watermark = outcome.watermark_after.day();
        let watermark = watermark.map_or("none".to_owned(), |day| day.to_string());
        let titles = concerns
            .iter()
            .map(|concern| format!("; {}", concern_title(concern)));
        let titles: String = titles.collect();
        Self {
            signal: match outcome.state {
                RunState::Complete if concerns.is_empty() => Signal::Success,
                _ => Signal::Code(1),
            },
            run: Some(run),
            text: format!(
                "run {run} ended {}: {} of {} cells done, {} failed, {} blocked; watermark {watermark}{titles}",
                outcome.state, progress.done, progress.planned, progress.failed, progress.blocked
            ),
        }
    }

    /// The ping of `plimsoll alerts test`; it changes no state of the switch.
    pub(super) fn test() -> Self {
        Self {
            signal: Signal::Log,
            run: None,
            text: "test message of the notification channel".to_owned(),
        }
    }

    /// Reports that a run ended with an error.
    pub(super) fn fail(run: Option<RunId>, error: &str) -> Self {
        Self {
            signal: Signal::Fail,
            run,
            text: format!("run failed: {error}"),
        }
    }

    /// The address to post to: the signal after the path of `url`, and the id of the run as the
    /// parameter `rid`, after any parameters that `url` has.
    pub(super) fn url(&self, url: &str) -> String {
        let (path, query) = url
            .split_once('?')
            .map_or((url, None), |(p, q)| (p, Some(q)));
        let path = path.trim_end_matches('/');
        let signal = match self.signal {
            Signal::Start => "/start".to_owned(),
            Signal::Success => String::new(),
            Signal::Code(code) => format!("/{code}"),
            Signal::Fail => "/fail".to_owned(),
            Signal::Log => "/log".to_owned(),
        };
        let run = self.run.map(|run| format!("rid={run}"));
        let parameters: Vec<_> = query.map(str::to_owned).into_iter().chain(run).collect();
        match parameters.is_empty() {
            true => format!("{path}{signal}"),
            false => format!("{path}{signal}?{}", parameters.join("&")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ping_url_has_the_signal_in_its_path_and_the_run_id_in_its_query() {
        let run = RunId::new(uuid::Uuid::nil());
        let ping = |signal, run| Ping {
            signal,
            run,
            text: String::new(),
        };
        for (signal, run, url, address) in [
            (Signal::Success, None, "https://hc/a", "https://hc/a"),
            (Signal::Fail, None, "https://hc/a/", "https://hc/a/fail"),
            (
                Signal::Code(1),
                None,
                "https://hc/k/a?create=1",
                "https://hc/k/a/1?create=1",
            ),
            (
                Signal::Start,
                Some(run),
                "https://hc/a",
                "https://hc/a/start?rid=00000000-0000-0000-0000-000000000000",
            ),
        ] {
            assert_eq!(ping(signal, run).url(url), address);
        }
    }

    #[test]
    fn stored_messages_of_earlier_versions_are_read() {
        let ping = r#"{"letter":"ping","signal":{"code":1},"run":null,"text":"a line"}"#;
        let read: OutboxMessage = serde_json::from_str(ping).unwrap();
        assert!(matches!(&read, OutboxMessage::Ping(ping) if ping.signal == Signal::Code(1)));
        let news = r#"{"letter":"news","title":"t","text":"x","tone":"well","body":{"came":[]}}"#;
        let read: OutboxMessage = serde_json::from_str(news).unwrap();
        let OutboxMessage::AlertChange(change) = &read else {
            panic!("{read:?}");
        };
        assert_eq!(change.trend, AlertTrend::AllClear);
        // Written as it was read, so that an earlier version can read it too.
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(news).unwrap());
    }
}
