//! What is said to the outside: values, made from what was found.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::alert_state::{AlertDiff, AlertKind};
use crate::domain::RunId;
use crate::engine::Outcome;
use crate::query::{AlertConditions, AlertPortfolio};
use crate::report::count_with_noun;
use crate::store::RunState;

/// What is said to the outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "kebab-case")]
pub(super) enum OutboxMessage {
    /// How a nightly run goes, to a dead man's switch.
    Ping(Ping),
    /// That something is wrong, or is well again.
    #[serde(rename = "news")]
    AlertChange(AlertChange),
}

/// How a nightly run goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Ping {
    /// How it goes.
    pub signal: Signal,
    /// Which run it is, once it has its row.
    pub run: Option<RunId>,
    /// A line for people.
    pub text: String,
}

/// How a nightly run goes, as a dead man's switch takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Signal {
    /// It has begun.
    Start,
    /// It is complete.
    Success,
    /// It came to its end, and this is the exit code that says how.
    Code(u8),
    /// It could not be made, or could not go on.
    Fail,
    /// Nothing of a run: to be noted, and to change nothing.
    Log,
}

/// That something is wrong, or is well again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct AlertChange {
    /// One line, of ASCII.
    pub title: String,
    /// A few lines for people.
    pub text: String,
    /// How it is to be taken.
    #[serde(rename = "tone")]
    pub trend: AlertTrend,
    /// The same for programs.
    pub body: Value,
}

/// How news are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AlertTrend {
    /// Something got worse.
    Worse,
    /// Something is over, and something else is not.
    Better,
    /// Everything is well again.
    #[serde(rename = "well")]
    AllClear,
}

impl AlertTrend {
    /// The word that programs read.
    const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::AllClear => "well",
        }
    }
}

/// What news are made from.
#[derive(Debug)]
pub(super) struct AlertContext<'f> {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// By which run, where it had its row.
    pub(super) run: Option<RunId>,
    /// What is wrong with the books, where they can be looked at.
    pub(super) conditions: Option<&'f AlertConditions>,
    /// What stopped the run, where something did.
    pub(super) error: Option<String>,
}

/// What is said of changes.
pub(super) fn alert_change(changes: &AlertDiff, found: &AlertContext<'_>) -> AlertChange {
    let tone = match (changes.has_raised_or_spread(), changes.active.is_empty()) {
        (true, _) => AlertTrend::Worse,
        (false, false) => AlertTrend::Better,
        (false, true) => AlertTrend::AllClear,
    };
    let title = title(tone, changes, found);
    let text = text(changes, found);
    AlertChange {
        body: body(&title, &text, tone, changes, found),
        title,
        text,
        trend: tone,
    }
}

/// A letter that only shows that letters arrive.
pub(super) fn test_message(at: DateTime<Utc>) -> AlertChange {
    let title = "Plimsoll: a trial".to_owned();
    let text = "Nothing is wrong: somebody tries whether words from here arrive.".to_owned();
    AlertChange {
        body: json!({ "event": "trial", "at": at, "title": title, "text": text }),
        title,
        text,
        trend: AlertTrend::AllClear,
    }
}

fn title(tone: AlertTrend, changes: &AlertDiff, found: &AlertContext<'_>) -> String {
    let what = match tone {
        AlertTrend::AllClear => "all is well again".to_owned(),
        AlertTrend::Better => changes
            .cleared
            .iter()
            .map(|kind| cleared_text(*kind))
            .collect::<Vec<_>>()
            .join(", "),
        AlertTrend::Worse => {
            let worse = changes.raised.iter().chain(&changes.spread);
            worse
                .map(|kind| alert_text(*kind, found))
                .collect::<Vec<_>>()
                .join(", ")
        }
    };
    format!("Plimsoll: {what}")
}

/// A trouble in a few words.
fn alert_text(kind: AlertKind, found: &AlertContext<'_>) -> String {
    let counts = found.conditions.map_or((0, 0), |troubles| {
        (troubles.late.len(), troubles.failing.len())
    });
    match kind {
        AlertKind::Run => "a run could not be made".to_owned(),
        AlertKind::Late => format!("{} late", count_with_noun(counts.0, "portfolio")),
        AlertKind::Failing => format!("{} failing", count_with_noun(counts.1, "portfolio")),
    }
}

fn cleared_text(kind: AlertKind) -> String {
    match kind {
        AlertKind::Run => "runs are made again",
        AlertKind::Late => "nobody is late any more",
        AlertKind::Failing => "nothing fails any more",
    }
    .to_owned()
}

fn text(changes: &AlertDiff, found: &AlertContext<'_>) -> String {
    let mut text = String::new();
    if let Some(error) = &found.error {
        let _ = writeln!(text, "a run could not be made: {error}");
    }
    if let Some(troubles) = found.conditions {
        push_portfolio_lines(&mut text, troubles);
    }
    for kind in &changes.cleared {
        let _ = writeln!(text, "over: {}", cleared_text(*kind));
    }
    text.truncate(text.trim_end().len());
    text
}

fn push_portfolio_lines(text: &mut String, troubles: &AlertConditions) {
    let (active, target) = (
        count_with_noun(troubles.active, "portfolio"),
        troubles.target,
    );
    if !troubles.late.is_empty() {
        let allowed = count_with_noun(troubles.max_lag as u64, "session");
        let late = troubles.late.len();
        let _ = writeln!(
            text,
            "{late} of {active} more than {allowed} behind {target}"
        );
    }
    if !troubles.failing.is_empty() {
        let failing = troubles.failing.len();
        let _ = writeln!(text, "{failing} of {active} with phases that fail");
    }
    for one in &troubles.worst {
        let _ = writeln!(text, "- {}", portfolio_line(one));
    }
    let all = (&troubles.late | &troubles.failing).len();
    let more = all.saturating_sub(troubles.worst.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "and {more} more: `plimsoll status`");
    }
}

fn portfolio_line(one: &AlertPortfolio) -> String {
    let Some(day) = one.held_back_by else {
        return format!("{}: complete, after failures", one.name);
    };
    let behind = count_with_noun(one.sessions_behind as u64, "session");
    let why = one.reason.as_ref().map(|why| format!(": {why}"));
    format!(
        "{}, {behind} behind since {day}{}",
        one.name,
        why.unwrap_or_default()
    )
}

fn body(
    title: &str,
    text: &str,
    tone: AlertTrend,
    changes: &AlertDiff,
    found: &AlertContext<'_>,
) -> Value {
    let names = |kinds: &[AlertKind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>();
    let troubles = found.conditions;
    json!({
        "event": tone.name(),
        "at": found.at,
        "run": found.run,
        "error": found.error,
        "came": names(&changes.raised),
        "spread": names(&changes.spread),
        "went": names(&changes.cleared),
        "stands": names(&changes.active),
        "target": troubles.map(|troubles| troubles.target),
        "active": troubles.map(|troubles| troubles.active),
        "late": troubles.map(|troubles| troubles.late.len()),
        "failing": troubles.map(|troubles| troubles.failing.len()),
        "portfolios": troubles.map(|troubles| &troubles.worst),
        "title": title,
        "text": text,
    })
}

impl Ping {
    /// A run that has begun.
    pub(super) fn start(run: RunId) -> Self {
        Self {
            signal: Signal::Start,
            run: Some(run),
            text: format!("run {run} has begun"),
        }
    }

    /// A run that came to its end.
    pub(super) fn end(outcome: &Outcome) -> Self {
        let (run, progress) = (outcome.run, &outcome.progress);
        let mark = outcome.watermark_after.day();
        let mark = mark.map_or("none".to_owned(), |day| day.to_string());
        Self {
            signal: match outcome.state {
                RunState::Complete => Signal::Success,
                _ => Signal::Code(1),
            },
            run: Some(run),
            text: format!(
                "run {run} ended {}: {} of {} cells done, {} failed, {} blocked; watermark {mark}",
                outcome.state, progress.done, progress.planned, progress.failed, progress.blocked
            ),
        }
    }

    /// No run at all: somebody tries whether words from here arrive.
    pub(super) fn test() -> Self {
        Self {
            signal: Signal::Log,
            run: None,
            text: "a trial: somebody tries whether words from here arrive".to_owned(),
        }
    }

    /// A run that an error stopped.
    pub(super) fn fail(run: Option<RunId>, error: &str) -> Self {
        Self {
            signal: Signal::Fail,
            run,
            text: format!("a run could not be made: {error}"),
        }
    }

    /// What an address gets for it: a signal after its path, the run's id among its parameters.
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
}
