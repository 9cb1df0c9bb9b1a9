//! What is said to the outside: values, made from what was found.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::change::{Changes, Kind};
use crate::domain::RunId;
use crate::engine::Outcome;
use crate::query::{AlertConditions, AlertPortfolio};
use crate::report::count_with_noun;
use crate::store::RunState;

/// What is said to the outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "kebab-case")]
pub(super) enum Letter {
    /// How a nightly run goes, to a dead man's switch.
    Ping(Ping),
    /// That something is wrong, or is well again.
    News(News),
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
pub(super) struct News {
    /// One line, of ASCII.
    pub title: String,
    /// A few lines for people.
    pub text: String,
    /// How it is to be taken.
    pub tone: Tone,
    /// The same for programs.
    pub body: Value,
}

/// How news are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Tone {
    /// Something got worse.
    Worse,
    /// Something is over, and something else is not.
    Better,
    /// Everything is well again.
    Well,
}

impl Tone {
    /// The word that programs read.
    const fn event(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Well => "well",
        }
    }
}

/// What news are made from.
#[derive(Debug)]
pub(super) struct Found<'f> {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// By which run, where it had its row.
    pub(super) run: Option<RunId>,
    /// What is wrong with the books, where they can be looked at.
    pub(super) troubles: Option<&'f AlertConditions>,
    /// What stopped the run, where something did.
    pub(super) error: Option<String>,
}

/// What is said of changes.
pub(super) fn news(changes: &Changes, found: &Found<'_>) -> News {
    let tone = match (changes.is_worse(), changes.stands.is_empty()) {
        (true, _) => Tone::Worse,
        (false, false) => Tone::Better,
        (false, true) => Tone::Well,
    };
    let title = title(tone, changes, found);
    let text = text(changes, found);
    News {
        body: body(&title, &text, tone, changes, found),
        title,
        text,
        tone,
    }
}

/// A letter that only shows that letters arrive.
pub(super) fn trial(at: DateTime<Utc>) -> News {
    let title = "Plimsoll: a trial".to_owned();
    let text = "Nothing is wrong: somebody tries whether words from here arrive.".to_owned();
    News {
        body: json!({ "event": "trial", "at": at, "title": title, "text": text }),
        title,
        text,
        tone: Tone::Well,
    }
}

fn title(tone: Tone, changes: &Changes, found: &Found<'_>) -> String {
    let what = match tone {
        Tone::Well => "all is well again".to_owned(),
        Tone::Better => changes
            .went
            .iter()
            .map(|kind| over(*kind))
            .collect::<Vec<_>>()
            .join(", "),
        Tone::Worse => {
            let worse = changes.came.iter().chain(&changes.spread);
            worse
                .map(|kind| said(*kind, found))
                .collect::<Vec<_>>()
                .join(", ")
        }
    };
    format!("Plimsoll: {what}")
}

/// A trouble in a few words.
fn said(kind: Kind, found: &Found<'_>) -> String {
    let counts = found.troubles.map_or((0, 0), |troubles| {
        (troubles.late.len(), troubles.failing.len())
    });
    match kind {
        Kind::Run => "a run could not be made".to_owned(),
        Kind::Late => format!("{} late", count_with_noun(counts.0, "portfolio")),
        Kind::Failing => format!("{} failing", count_with_noun(counts.1, "portfolio")),
    }
}

fn over(kind: Kind) -> String {
    match kind {
        Kind::Run => "runs are made again",
        Kind::Late => "nobody is late any more",
        Kind::Failing => "nothing fails any more",
    }
    .to_owned()
}

fn text(changes: &Changes, found: &Found<'_>) -> String {
    let mut text = String::new();
    if let Some(error) = &found.error {
        let _ = writeln!(text, "a run could not be made: {error}");
    }
    if let Some(troubles) = found.troubles {
        books(&mut text, troubles);
    }
    for kind in &changes.went {
        let _ = writeln!(text, "over: {}", over(*kind));
    }
    text.truncate(text.trim_end().len());
    text
}

fn books(text: &mut String, troubles: &AlertConditions) {
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
        let _ = writeln!(text, "- {}", named(one));
    }
    let all = (&troubles.late | &troubles.failing).len();
    let more = all.saturating_sub(troubles.worst.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "and {more} more: `plimsoll status`");
    }
}

fn named(one: &AlertPortfolio) -> String {
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

fn body(title: &str, text: &str, tone: Tone, changes: &Changes, found: &Found<'_>) -> Value {
    let names = |kinds: &[Kind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>();
    let troubles = found.troubles;
    json!({
        "event": tone.event(),
        "at": found.at,
        "run": found.run,
        "error": found.error,
        "came": names(&changes.came),
        "spread": names(&changes.spread),
        "went": names(&changes.went),
        "stands": names(&changes.stands),
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
    pub(super) fn trial() -> Self {
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
    pub(super) fn address(&self, url: &str) -> String {
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
    fn a_signal_goes_after_the_path_and_the_run_among_the_parameters() {
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
            assert_eq!(ping(signal, run).address(url), address);
        }
    }
}
