//! What is claimed of a database, and what becomes of a claim: proven, or broken with findings.

use serde::Serialize;

use crate::engine::EngineError;
use crate::query::QueryError;

/// How many findings of a claim are spelled out; all of them are counted.
const MOST_FINDINGS: usize = 20;

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// SQLite finds its pages, indexes and foreign keys in order.
    Integrity,
    /// The roster says of every portfolio what its row says.
    #[serde(rename = "roster")]
    LifecycleIndex,
    /// What the ledger says is done has its output.
    LedgerHasOutput,
    /// The ledger and the outputs speak of known portfolios and securities alone.
    #[serde(rename = "ledger-knows-whom")]
    LedgerIdsKnown,
    /// Where phase 6 is done, phase 2 is done for what is held.
    RiskHasStatistics,
    /// The books add up.
    BooksAddUp,
    /// The sources give the very cells that are stored.
    CellsRecomputed,
    /// The sources give the very statistics that are stored.
    StatisticsRecomputed,
    /// No run is said to be at work without a live lease.
    Runs,
}

impl Claim {
    /// The claim as a sentence without a period.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Integrity => "SQLite finds pages, indexes and foreign keys in order",
            Self::LifecycleIndex => "the roster agrees with the portfolios",
            Self::LedgerHasOutput => "what the ledger says is done has its output",
            Self::LedgerIdsKnown => "ledger and outputs speak of known subjects alone",
            Self::RiskHasStatistics => "where risk is done, the statistics of what is held are",
            Self::BooksAddUp => "the books add up",
            Self::CellsRecomputed => "the sources give the stored cells, bit for bit",
            Self::StatisticsRecomputed => "the sources give the stored statistics, bit for bit",
            Self::Runs => "no run is said to be at work without a live lease",
        }
    }
}

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verification {
    /// Sessions with anything on file.
    pub sessions: usize,
    /// Cells of which any phase is done.
    pub cells: u64,
    /// Cells that were computed anew.
    pub recomputed: u64,
    /// Outputs, counted by phase, that are kept and not valid: to be replaced.
    #[serde(rename = "kept-not-valid")]
    pub stale_outputs: u64,
    /// The claims, in the order in which they were checked.
    pub checks: Vec<Check>,
}

impl Verification {
    /// Whether every claim is proven.
    pub fn holds(&self) -> bool {
        self.checks
            .iter()
            .all(|check| matches!(check.verdict, Verdict::Proven { .. }))
    }

    /// What became of a claim.
    pub fn verdict(&self, claim: Claim) -> Option<&Verdict> {
        let check = self.checks.iter().find(|check| check.claim == claim);
        check.map(|check| &check.verdict)
    }
}

/// A claim and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// What is claimed.
    pub claim: Claim,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It held everywhere.
    Proven {
        /// At how many places it was looked at.
        count: u64,
    },
    /// It did not hold somewhere.
    Broken {
        /// The first of what was found.
        findings: Vec<String>,
        /// How much was found.
        total: u64,
    },
}

/// A claim that is being checked.
#[derive(Debug)]
pub(super) struct Tally {
    claim: Claim,
    checked: u64,
    findings: Vec<String>,
    found: u64,
}

impl Tally {
    pub(super) fn new(claim: Claim) -> Self {
        Self {
            claim,
            checked: 0,
            findings: Vec::new(),
            found: 0,
        }
    }

    /// Counts places at which the claim was looked at.
    pub(super) fn add_checked(&mut self, places: u64) {
        self.checked += places;
    }

    /// Takes in something that breaks the claim; spelled out only while there is room for it.
    pub(super) fn add_finding(&mut self, finding: impl FnOnce() -> String) {
        self.found += 1;
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding());
        }
    }

    pub(super) fn finish(self) -> Check {
        let verdict = match self.found {
            0 => Verdict::Proven {
                count: self.checked,
            },
            total => Verdict::Broken {
                findings: self.findings,
                total,
            },
        };
        Check {
            claim: self.claim,
            verdict,
        }
    }
}

/// Does a piece of a check, which looks at `place`. Where what is stored there can't be read,
/// that is a finding; other errors are errors.
pub(super) fn catch_damage(
    tally: &mut Tally,
    place: impl FnOnce() -> String,
    piece: impl FnOnce(&mut Tally) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    match piece(tally) {
        Err(QueryError::Engine(EngineError::Store(error))) if error.is_damaged() => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            tally.add_finding(|| format!("{}: {error}{cause}", place()));
            Ok(())
        }
        other => other,
    }
}
