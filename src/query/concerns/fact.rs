//! The facts of one concern.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::inputs::WaitingFileView;
use super::kind::ConcernKind;
use super::stale_inputs::StalePortfolio;
use crate::domain::{Absence, Day, RunId};
use crate::plan::UnpricedSession;
use crate::query::serialize;
use crate::store::HeldLog;

/// The facts of a concern, one variant for each kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "kebab-case")]
pub enum ConcernFact {
    /// The facts of [`ConcernKind::LastRun`].
    LastRun {
        /// The run that failed.
        run: RunId,
    },
    /// The facts of [`ConcernKind::NoActivePortfolios`].
    NoActivePortfolios {
        /// Number of deleted portfolios in scope.
        deleted: u64,
    },
    /// The facts of [`ConcernKind::ClockBehind`].
    ClockBehind {
        /// The time of the clock.
        now: DateTime<Utc>,
        /// The start of the latest run.
        started: DateTime<Utc>,
        /// The run that started then.
        run: RunId,
    },
    /// The facts of [`ConcernKind::Damage`].
    Damage {
        /// Time at which damage was found first.
        found: DateTime<Utc>,
        /// Names of the claims that do not hold; empty if no verification has examined the damage.
        broken: BTreeSet<String>,
        /// One of the findings.
        finding: String,
    },
    /// The facts of [`ConcernKind::VerificationOverdue`].
    VerificationOverdue {
        /// Time at which the last verification ended, if there was one.
        last: Option<DateTime<Utc>>,
        /// Number of days that it may be old.
        max_days: u32,
    },
    /// The facts of [`ConcernKind::Late`].
    Late {
        /// Number of late portfolios.
        late: u64,
        /// Number of active portfolios in scope.
        active: u64,
        /// Number of sessions that a portfolio may be behind.
        max_lag: usize,
        /// Number of sessions that the worst portfolio is behind.
        worst: usize,
        /// The last session up to which cells are due.
        target: Day,
    },
    /// The facts of [`ConcernKind::Failing`].
    Failing {
        /// Number of failed cells, quarantined ones included.
        cells: u64,
    },
    /// The facts of [`ConcernKind::Quarantined`].
    Quarantined {
        /// Number of quarantined cells.
        cells: u64,
    },
    /// The facts of [`ConcernKind::AbandonedRun`].
    AbandonedRun {
        /// The run that was abandoned.
        run: RunId,
        /// Description of its process.
        owner: String,
    },
    /// The facts of [`ConcernKind::RejectedFiles`].
    RejectedFiles {
        /// The paths of the files.
        files: Vec<PathBuf>,
    },
    /// The facts of [`ConcernKind::WaitingFiles`].
    WaitingFiles {
        /// The files, by path.
        files: Vec<WaitingFileView>,
    },
    /// The facts of [`ConcernKind::InboxUnreadable`].
    InboxUnreadable {
        /// The folder that could not be listed.
        path: PathBuf,
        /// The error of the operating system.
        error: String,
    },
    /// The facts of [`ConcernKind::PriceCommand`].
    PriceCommand {
        /// Time of the first failure since the last answer.
        since: DateTime<Utc>,
        /// The reason of the last failure, as a clause without secrets.
        reason: String,
    },
    /// The facts of [`ConcernKind::UnpricedSession`].
    UnpricedSession {
        /// Number of unpriced sessions before the target.
        sessions: u64,
        /// The first of them.
        from: Day,
        /// The held securities of the last of them, and those of them without a close.
        #[serde(flatten)]
        last: UnpricedSession,
    },
    /// The facts of [`ConcernKind::StaleInputs`].
    StaleInputs {
        /// Number of sessions that a price or rate may be old.
        max_stale: usize,
        /// Age in sessions of the oldest price or rate.
        oldest: usize,
        /// The largest share of a portfolio's gross value that depends on old ones, 0 to 1.
        largest_share: f64,
        /// The symbols of the old prices and rates, in alphabetical order.
        inputs: Vec<String>,
        /// The portfolios with the largest shares, at most ten, the largest first.
        worst: Vec<StalePortfolio>,
        /// Number of stale portfolios.
        stale: u64,
    },
    /// The facts of [`ConcernKind::StaleRiskInputs`].
    StaleRiskInputs {
        /// Number of sessions that a close may be old.
        max_stale: usize,
        /// The benchmark and the factors without a recent close, in the order of the model, and then
        /// the currency pairs that convert them.
        inputs: Vec<StaleRiskInput>,
        /// Number of portfolios whose newest or last complete risk lacks them.
        stale: u64,
    },
    /// The facts of [`ConcernKind::HeldLog`].
    HeldLog(HeldLog),
    /// The facts of [`ConcernKind::Blocked`].
    Blocked {
        /// Number of blocked cells.
        cells: u64,
        /// The first session with a blocked cell.
        from: Day,
    },
    /// The facts of [`ConcernKind::RiskAbsent`].
    RiskAbsent {
        /// Number of portfolios without a figure of risk.
        without_figures: u64,
        /// The reasons that their figures have, in the order of [`Absence::ALL`].
        #[serde(serialize_with = "serialize::texts")]
        reasons: Vec<Absence>,
    },
    /// The facts of [`ConcernKind::ConfigurationChanged`].
    ConfigurationChanged {
        /// The reasons of the invalidations that the next run records.
        reasons: Vec<String>,
        /// Number of outputs that it invalidates.
        outputs: u64,
    },
}

impl ConcernFact {
    /// Returns the kind that the facts belong to.
    pub const fn kind(&self) -> ConcernKind {
        match self {
            Self::LastRun { .. } => ConcernKind::LastRun,
            Self::NoActivePortfolios { .. } => ConcernKind::NoActivePortfolios,
            Self::ClockBehind { .. } => ConcernKind::ClockBehind,
            Self::Damage { .. } => ConcernKind::Damage,
            Self::VerificationOverdue { .. } => ConcernKind::VerificationOverdue,
            Self::Late { .. } => ConcernKind::Late,
            Self::Failing { .. } => ConcernKind::Failing,
            Self::Quarantined { .. } => ConcernKind::Quarantined,
            Self::AbandonedRun { .. } => ConcernKind::AbandonedRun,
            Self::RejectedFiles { .. } => ConcernKind::RejectedFiles,
            Self::WaitingFiles { .. } => ConcernKind::WaitingFiles,
            Self::InboxUnreadable { .. } => ConcernKind::InboxUnreadable,
            Self::PriceCommand { .. } => ConcernKind::PriceCommand,
            Self::UnpricedSession { .. } => ConcernKind::UnpricedSession,
            Self::StaleInputs { .. } => ConcernKind::StaleInputs,
            Self::StaleRiskInputs { .. } => ConcernKind::StaleRiskInputs,
            Self::HeldLog(_) => ConcernKind::HeldLog,
            Self::Blocked { .. } => ConcernKind::Blocked,
            Self::RiskAbsent { .. } => ConcernKind::RiskAbsent,
            Self::ConfigurationChanged { .. } => ConcernKind::ConfigurationChanged,
        }
    }

    /// Returns what the concern is about beside portfolios: paths of files, or names of claims. A
    /// further one is news to an operator.
    pub fn items(&self) -> BTreeSet<String> {
        let path = |path: &PathBuf| path.display().to_string();
        match self {
            Self::RejectedFiles { files } => files.iter().map(path).collect(),
            Self::WaitingFiles { files } => files.iter().map(|file| path(&file.path)).collect(),
            Self::Damage { broken, .. } => broken.clone(),
            _ => BTreeSet::new(),
        }
    }

    /// Returns the number of portfolios, cells, sessions, files or runs concerned; 1 where the
    /// concern has no number. `docs/metrics.md` has the unit of each kind.
    pub fn count(&self) -> u64 {
        match self {
            Self::LastRun { .. }
            | Self::NoActivePortfolios { .. }
            | Self::ClockBehind { .. }
            | Self::Damage { .. }
            | Self::VerificationOverdue { .. }
            | Self::AbandonedRun { .. }
            | Self::HeldLog(_)
            | Self::InboxUnreadable { .. }
            | Self::PriceCommand { .. } => 1,
            Self::Late { late, .. } => *late,
            Self::Failing { cells } | Self::Quarantined { cells } | Self::Blocked { cells, .. } => {
                *cells
            }
            Self::UnpricedSession { sessions, .. } => *sessions,
            Self::RejectedFiles { files } => files.len() as u64,
            Self::WaitingFiles { files } => files.len() as u64,
            Self::StaleInputs { stale, .. } | Self::StaleRiskInputs { stale, .. } => *stale,
            Self::RiskAbsent {
                without_figures, ..
            } => *without_figures,
            Self::ConfigurationChanged { outputs, .. } => *outputs,
        }
    }
}

/// A benchmark, a factor, or an exchange rate of one, whose last close is older than allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StaleRiskInput {
    /// The part of the risk model that it is.
    pub role: RiskRole,
    /// The symbol of the security; for a rate that never was, that of the direct currency pair.
    pub symbol: String,
    /// The day of its last close up to the judged day, if it ever had one.
    pub last_close: Option<Day>,
    /// Age of that close in sessions on which the security is not closed.
    pub sessions_old: Option<usize>,
}

/// A part of the risk model that is made from closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RiskRole {
    /// The security that betas are relative to.
    Benchmark,
    /// A security whose exposure is measured.
    Factor,
    /// A currency pair that converts the benchmark or a factor to the currency of a portfolio.
    ExchangeRate,
}

impl RiskRole {
    /// Returns the name in text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Benchmark => "benchmark",
            Self::Factor => "factor",
            Self::ExchangeRate => "exchange rate",
        }
    }
}
