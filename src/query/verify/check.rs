//! The claims about a database, and their verdicts: proven, or broken with findings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::{Day, PhaseCells, PhaseSet};
use crate::engine::EngineError;
use crate::query::error::QueryError;
use crate::query::next_command::NextCommand;

/// Number of findings of a claim that are kept as text. All of them are counted.
const MAX_FINDINGS: usize = 20;

/// A claim that a verification checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// SQLite finds its pages, indexes and foreign keys in order.
    Integrity,
    /// The rows of each table match its digest.
    Rows,
    /// The lifecycle index matches the rows of the portfolios.
    LifecycleIndex,
    /// The calendar in force matches its digest.
    Calendar,
    /// The configured risk model and calendar are those that the books were computed with.
    Configuration,
    /// Each phase that the ledger proves done has its output.
    LedgerHasOutput,
    /// Ledger and outputs refer to known portfolios and securities only.
    LedgerIdsKnown,
    /// Phase 2 is done for the holdings of each cell whose phases 4 and 6 are done.
    RiskHasStatistics,
    /// The stored books fulfil the accounting identities.
    BooksAddUp,
    /// The sources give the stored cells, bit for bit.
    CellsRecomputed,
    /// The sources give the stored statistics, bit for bit.
    StatisticsRecomputed,
    /// No run is marked running without a live lease.
    Runs,
}

impl Claim {
    /// Returns the claim as a sentence without a full stop.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Integrity => "SQLite finds pages, indexes and foreign keys in order",
            Self::Rows => "the rows of each table match its digest",
            Self::LifecycleIndex => "the lifecycle index matches the portfolios",
            Self::Calendar => "the calendar in force matches its digest",
            Self::Configuration => {
                "the books were computed with the configured risk model and calendar"
            }
            Self::LedgerHasOutput => "each phase that the ledger proves done has its output",
            Self::LedgerIdsKnown => "ledger and outputs refer to known ids only",
            Self::RiskHasStatistics => {
                "where risk is done, the statistics of the holdings are done"
            }
            Self::BooksAddUp => "the books add up",
            Self::CellsRecomputed => "the sources give the stored cells, bit for bit",
            Self::StatisticsRecomputed => "the sources give the stored statistics, bit for bit",
            Self::Runs => "no run is marked running without a live lease",
        }
    }

    /// Returns the name in JSON and in the record of damage.
    pub(super) fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => unreachable!("a claim serializes as its name"),
        }
    }

    /// Returns the claim with this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Returns whether a broken claim means that rows are damaged. Runs that ended without a trace
    /// and a configuration that is not in force are no damage.
    const fn is_about_damage(self) -> bool {
        !matches!(self, Self::Configuration | Self::Runs)
    }

    /// Returns whether only the cells of the sample are checked.
    pub(super) const fn depends_on_sample(self) -> bool {
        matches!(self, Self::CellsRecomputed | Self::StatisticsRecomputed)
    }
}

/// The progress of a verification, in sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// The claim that is being checked.
    pub claim: Claim,
    /// Number of sessions that are checked.
    pub done: usize,
    /// Number of sessions to check.
    pub total: usize,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verification {
    /// Number of sessions with stored outputs or ledger entries.
    pub sessions: usize,
    /// Number of cells with a phase that is done.
    pub cells: u64,
    /// Number of cells that were computed again from the sources. Cells of unknown portfolios, and
    /// of days that are no session, cannot be; they are findings.
    pub recomputed: u64,
    /// Number of outputs that are kept but not valid: one for each phase of a cell, and one for the
    /// statistics of a security on a session. Runs replace them.
    #[serde(rename = "kept-not-valid")]
    pub stale_outputs: u64,
    /// The claims, in the declaration order of [`Claim`].
    pub checks: Vec<Check>,
    /// The damaged outputs: ids by session and phase. A run can compute them again.
    #[serde(skip)]
    pub damaged: PhaseCells,
    /// The tables of sources whose rows differ from their digest. No run can restore them.
    #[serde(rename = "changed-sources")]
    pub changed_sources: Vec<String>,
    /// The commands that fix what is broken; empty if all claims are proven.
    pub next: Vec<NextCommand>,
}

impl Verification {
    /// Returns whether all claims are proven.
    pub fn holds(&self) -> bool {
        self.checks
            .iter()
            .all(|check| matches!(check.verdict, Verdict::Proven { .. }))
    }

    /// Returns whether no row is damaged.
    pub fn is_undamaged(&self) -> bool {
        self.damaged_claims().is_empty()
    }

    /// Returns the broken claims that mean damage.
    pub(super) fn damaged_claims(&self) -> BTreeSet<Claim> {
        (self.checks.iter())
            .filter(|check| matches!(check.verdict, Verdict::Broken { .. }))
            .map(|check| check.claim)
            .filter(|claim| claim.is_about_damage())
            .collect()
    }

    /// Returns the commands that fix what is broken.
    pub(super) fn remedies(&self) -> Vec<NextCommand> {
        if self.is_undamaged() {
            return match self.holds() {
                true => Vec::new(),
                false => vec![NextCommand::Run],
            };
        }
        remedies(&self.damaged_claims(), &self.changed_sources)
    }

    /// Returns the verdict on a claim; `None` if it was not checked.
    pub fn verdict(&self, claim: Claim) -> Option<&Verdict> {
        let check = self.checks.iter().find(|check| check.claim == claim);
        check.map(|check| &check.verdict)
    }
}

/// Returns the commands that fix damage by which these claims are broken.
pub(super) fn remedies(broken: &BTreeSet<Claim>, changed_sources: &[String]) -> Vec<NextCommand> {
    // Pages, rows and a calendar that cannot be read are not in the file any more.
    if broken.contains(&Claim::Integrity) || broken.contains(&Claim::Calendar) {
        return vec![NextCommand::Restore];
    }
    match (broken.is_empty(), changed_sources.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => vec![NextCommand::Repair, NextCommand::Run],
        (false, false) => vec![NextCommand::Restore, NextCommand::AcceptChanges],
    }
}

/// A claim and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// The claim that was checked.
    pub claim: Claim,
    /// The verdict on the claim.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The verdict on a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The claim holds at all places.
    Proven {
        /// Number of places at which the claim was checked.
        count: u64,
    },
    /// The claim does not hold at some places.
    Broken {
        /// The first findings, at most 20.
        findings: Vec<String>,
        /// Number of all findings.
        total: u64,
    },
}

/// Counts the places and findings of a claim while it is checked.
#[derive(Debug)]
pub(super) struct Tally {
    claim: Claim,
    checked: u64,
    findings: Vec<String>,
    found: u64,
    damaged: PhaseCells,
    /// The first error that a wrong configuration or a damaged source can cause.
    doubtful: Option<QueryError>,
}

impl Tally {
    pub(super) fn new(claim: Claim) -> Self {
        Self {
            claim,
            checked: 0,
            findings: Vec::new(),
            found: 0,
            damaged: PhaseCells::new(),
            doubtful: None,
        }
    }

    /// Returns whether the claim has a finding.
    pub(super) const fn is_broken(&self) -> bool {
        self.found > 0
    }

    /// Takes the error that a wrong configuration or a damaged source can cause, if there was one.
    pub(super) fn take_doubtful(&mut self) -> Option<QueryError> {
        self.doubtful.take()
    }

    /// Marks an output as damaged. The id is that of a security in the phase `securities`.
    pub(super) fn add_damaged(&mut self, day: Day, phases: PhaseSet, id: u32) {
        for phase in phases.iter() {
            self.damaged.entry((day, phase)).or_default().insert(id);
        }
    }

    /// Runs one part of a check. If it has a finding, the phases of the cell are damaged.
    pub(super) fn check_cell(
        &mut self,
        (day, phases, id): (Day, PhaseSet, u32),
        part: impl FnOnce(&mut Self) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let before = self.found;
        part(self)?;
        if self.found > before {
            self.add_damaged(day, phases, id);
        }
        Ok(())
    }

    /// Moves the damaged outputs into `all`.
    pub(super) fn take_damaged(&mut self, all: &mut PhaseCells) {
        for (at, ids) in std::mem::take(&mut self.damaged) {
            *all.entry(at).or_default() |= ids;
        }
    }

    /// Counts places at which the claim was checked.
    pub(super) fn add_checked(&mut self, places: u64) {
        self.checked += places;
    }

    /// Returns the number of places counted so far.
    pub(super) fn checked(&self) -> u64 {
        self.checked
    }

    /// Counts a finding. The text is made only while there is room for it.
    pub(super) fn add_finding(&mut self, finding: impl FnOnce() -> String) {
        self.found += 1;
        if self.findings.len() < MAX_FINDINGS {
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

/// Runs one part of a check. Damaged rows become a finding at `place`, and so do errors that damaged
/// sources can cause, such as a benchmark that no security is; other errors are returned.
pub(super) fn catch_damage(
    tally: &mut Tally,
    place: impl FnOnce() -> String,
    part: impl FnOnce(&mut Tally) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    match part(tally) {
        Err(QueryError::Engine(EngineError::Store(error))) if error.is_damaged() => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            tally.add_finding(|| format!("{}: {error}{cause}", place()));
            Ok(())
        }
        Err(error @ QueryError::Engine(EngineError::Market(_) | EngineError::Calendar(_))) => {
            tally.add_finding(|| format!("{}: {error}", place()));
            tally.doubtful.get_or_insert(error);
            Ok(())
        }
        other => other,
    }
}
