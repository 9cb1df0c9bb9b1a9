//! Renders concerns: as a sentence, as a short title, and as lines of a report. All surfaces use
//! these texts.

use super::days::plain_minute_utc;
use super::number::{count_with_noun, percent};
use super::page::Page;
use super::palette::Tone;
use super::phrase::{join_limited, unpriced_text};
use crate::query::{
    Concern, ConcernFact, ConcernKind, Severity, StaleRiskInput, no_active_portfolio_text,
};

/// Number of files that a sentence names.
const MAX_FILES: usize = 3;
/// Number of prices and rates that a sentence names.
const MAX_SYMBOLS: usize = 3;

/// A concern as a sentence without its full stop.
pub fn concern_text(concern: &Concern) -> String {
    let portfolios = count_with_noun(concern.portfolios.len(), "portfolio");
    let cells = |cells: &u64| format!("{} of {portfolios}", count_with_noun(*cells, "cell"));
    match &concern.fact {
        ConcernFact::LastRun { run } => format!("the last run failed (run {run})"),
        ConcernFact::NoActivePortfolios { deleted } => no_active_portfolio_text(*deleted),
        ConcernFact::ClockBehind { now, started, run } => format!(
            "the clock says {}, but run {run} started at {}: later sessions are not checked",
            plain_minute_utc(*now),
            plain_minute_utc(*started)
        ),
        ConcernFact::Damage {
            found,
            broken,
            finding,
        } => {
            let found = plain_minute_utc(*found);
            match broken.is_empty() {
                true => format!("a read found damage at {found}: {finding}"),
                false => format!("verify found damage at {found}: {finding}"),
            }
        }
        ConcernFact::VerificationOverdue { last, max_days } => {
            let limit = count_with_noun(u64::from(*max_days), "day");
            match last {
                None => format!("no verification was made, and one is due every {limit}"),
                Some(last) => format!(
                    "the last verification ended at {}, more than {limit} ago",
                    plain_minute_utc(*last)
                ),
            }
        }
        ConcernFact::Late {
            late,
            active,
            max_lag,
            target,
            ..
        } => format!(
            "{late} of {} more than {} behind {target}",
            count_with_noun(*active, "portfolio"),
            count_with_noun(*max_lag as u64, "session"),
        ),
        ConcernFact::Failing { cells: failed } => {
            format!("{} failed and not done since", cells(failed))
        }
        ConcernFact::Quarantined { cells: skipped } => {
            format!("{} quarantined: runs skip them", cells(skipped))
        }
        ConcernFact::AbandonedRun { run, owner } => {
            format!("run {run} of {owner} was abandoned: the next run takes over")
        }
        ConcernFact::RejectedFiles { files } => {
            let paths: Vec<_> = files
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let files = count_with_noun(files.len() as u64, "file");
            format!(
                "{files} of the inbox refused: {}",
                join_limited(&paths, MAX_FILES)
            )
        }
        ConcernFact::WaitingFiles { files } => {
            let waiting = files.iter();
            let waiting: Vec<_> = waiting
                .map(|file| format!("{} ({})", file.path.display(), file.reason))
                .collect();
            let files = count_with_noun(files.len() as u64, "file");
            format!(
                "{files} of the inbox waiting for hours: {}",
                join_limited(&waiting, MAX_FILES)
            )
        }
        ConcernFact::InboxUnreadable { path, error } => {
            format!(
                "failed to use the inbox folder `{}`: {error}",
                path.display()
            )
        }
        ConcernFact::PriceCommand { since, reason } => format!(
            "the command that fetches prices has not answered since {}: {reason}",
            plain_minute_utc(*since)
        ),
        ConcernFact::UnpricedSession {
            sessions,
            from,
            last,
        } => {
            let sessions = count_with_noun(*sessions, "unpriced session");
            format!("{sessions} from {from}: {}", unpriced_text(last))
        }
        ConcernFact::StaleInputs {
            max_stale,
            oldest,
            largest_share,
            inputs,
            ..
        } => {
            let symbols = join_limited(inputs, MAX_SYMBOLS);
            let limit = count_with_noun(*max_stale as u64, "session");
            let share = percent(*largest_share);
            format!(
                "the books of {portfolios} use prices or rates more than {limit} old: {symbols}; up to {oldest} \
                 sessions and {share} of the value of a portfolio"
            )
        }
        ConcernFact::StaleRiskInputs { inputs, .. } => {
            let inputs: Vec<_> = inputs.iter().map(risk_input_text).collect();
            let inputs = join_limited(&inputs, MAX_SYMBOLS);
            format!("risk of {portfolios} lacks recent closes: {inputs}")
        }
        ConcernFact::HeldLog(log) => format!(
            "the log of the database has {} MB and cannot be emptied while {} reads it",
            log.bytes.div_ceil(1_000_000),
            log.holders
        ),
        ConcernFact::RiskAbsent { reasons, .. } => {
            let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
            let reasons = reasons.join("; ");
            format!("risk has no figures for {portfolios}: {reasons}")
        }
        ConcernFact::Blocked {
            cells: blocked,
            from,
        } => format!("{} wait for prices or rates from {from}", cells(blocked)),
        ConcernFact::ConfigurationChanged { reasons, outputs } => format!(
            "{}: the next run computes {} again",
            reasons.join("; "),
            count_with_noun(*outputs, "output"),
        ),
    }
}

fn risk_input_text(input: &StaleRiskInput) -> String {
    let (role, symbol) = (input.role.name(), &input.symbol);
    match input.sessions_old {
        Some(age) => {
            let age = count_with_noun(age as u64, "session");
            format!("the {role} {symbol} has no close for {age}")
        }
        None => format!("the {role} {symbol} never had a close"),
    }
}

/// A concern in a few words of ASCII, for the titles of notifications.
pub fn concern_title(concern: &Concern) -> String {
    let count = concern.fact.count();
    let portfolios = count_with_noun(concern.portfolios.len(), "portfolio");
    match concern.kind() {
        ConcernKind::LastRun => "run failed".to_owned(),
        ConcernKind::NoActivePortfolios => "no active portfolio".to_owned(),
        ConcernKind::ClockBehind => "clock behind".to_owned(),
        ConcernKind::Damage => "damaged database".to_owned(),
        ConcernKind::VerificationOverdue => "verification overdue".to_owned(),
        ConcernKind::Late => format!("{portfolios} late"),
        ConcernKind::Failing => format!("{portfolios} failing"),
        ConcernKind::Quarantined => format!("{portfolios} quarantined"),
        ConcernKind::AbandonedRun => "run abandoned".to_owned(),
        ConcernKind::RejectedFiles => format!("{} refused", count_with_noun(count, "file")),
        ConcernKind::WaitingFiles => format!("{} waiting", count_with_noun(count, "file")),
        ConcernKind::InboxUnreadable => "inbox unreadable".to_owned(),
        ConcernKind::PriceCommand => "prices not fetched".to_owned(),
        ConcernKind::UnpricedSession => count_with_noun(count, "unpriced session"),
        ConcernKind::StaleInputs => format!("{portfolios} with old prices"),
        ConcernKind::StaleRiskInputs => format!("{portfolios} with old risk inputs"),
        ConcernKind::HeldLog => "log held".to_owned(),
        ConcernKind::Blocked => format!("{portfolios} blocked"),
        ConcernKind::RiskAbsent => format!("{portfolios} without risk"),
        ConcernKind::ConfigurationChanged => "configuration changed".to_owned(),
    }
}

/// The end of a concern in a few words of ASCII.
pub const fn cleared_text(kind: ConcernKind) -> &'static str {
    match kind {
        ConcernKind::LastRun => "runs succeed again",
        ConcernKind::NoActivePortfolios => "portfolios are active again",
        ConcernKind::ClockBehind => "the clock is ahead of all runs",
        ConcernKind::Damage => "no damage is known",
        ConcernKind::VerificationOverdue => "a verification was made",
        ConcernKind::Late => "no portfolio is late",
        ConcernKind::Failing => "no portfolio is failing",
        ConcernKind::Quarantined => "no portfolio is quarantined",
        ConcernKind::AbandonedRun => "no run is abandoned",
        ConcernKind::RejectedFiles => "no file is refused",
        ConcernKind::WaitingFiles => "no file waits",
        ConcernKind::InboxUnreadable => "the inbox is readable",
        ConcernKind::PriceCommand => "prices are fetched again",
        ConcernKind::UnpricedSession => "no session is unpriced",
        ConcernKind::StaleInputs => "no portfolio has old prices",
        ConcernKind::StaleRiskInputs => "benchmark, factors and rates have closes",
        ConcernKind::HeldLog => "the log can be emptied",
        ConcernKind::Blocked => "no portfolio is blocked",
        ConcernKind::RiskAbsent => "all portfolios have risk",
        ConcernKind::ConfigurationChanged => "the configuration is in force",
    }
}

/// Adds a line for each concern, with its severity and its next command.
pub(super) fn push_concerns<'c>(page: &mut Page, concerns: impl IntoIterator<Item = &'c Concern>) {
    for concern in concerns {
        let severity = concern.severity();
        page.toned_fact(severity.name(), severity.into(), &concern_text(concern));
        if let Some(next) = &concern.next {
            page.toned_fact("", Tone::Dim, &format!("next: {next}"));
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Bad,
            Severity::Warning => Self::Warning,
        }
    }
}
