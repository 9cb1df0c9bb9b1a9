//! What a scenario's file says beside its world, key by key. Here only shape and spelling are
//! checked.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::{Spanned, Value};

use super::values::{Point, Power, ProcessStatus, RunEnd, SignedDuration};
use crate::domain::calendar::Amendments;
use crate::domain::{Day, Price, RiskModel};
use crate::plan::Policy;
use crate::scenario::world::lenient::{CellPhase, Instant, Lenient, OneOrMany, Span};
use crate::scenario::world::spec::{PortfolioSpecs, SplitSpec, TransactionSpec};

/// The keys of a scenario that are not of its world.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ScenarioSpec {
    /// The world that this one is laid over: the name of a file in a folder `fixtures`.
    pub(super) fixture: Option<Spanned<String>>,
    /// By which policies the steps are played, each on a database of its own.
    pub(super) policies: Option<Vec<Spanned<String>>>,
    /// Policies of the scenario's own: a preset, and the rules that differ from it.
    pub(super) policy: BTreeMap<String, Policy>,
    /// How the engine is set.
    pub(super) configuration: ConfigurationSpec,
    /// Phases that are made to fail.
    pub(super) fault: Vec<Spanned<FaultSpec>>,
    /// What happens, one after the other.
    pub(super) step: Vec<Spanned<StepSpec>>,
}

/// `[configuration]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ConfigurationSpec {
    /// How long after its close a session is final, in minutes.
    pub(super) grace_minutes: Option<u32>,
    /// The least share of the holdings that must have a close of the day, 0 to 1.
    pub(super) least_share: Option<f64>,
    /// For how many sessions up to the target a missing price is waited for.
    pub(super) wait_sessions: Option<usize>,
    /// After how many sessions without a price a security is not waited for.
    pub(super) dead_after: Option<u16>,
    /// After how many failures in a row a phase of a cell is left alone.
    pub(super) quarantine_after: Option<u32>,
    /// How long a lease lasts without being renewed, in seconds.
    pub(super) lease_seconds: Option<u32>,
    /// How many cells a transaction takes in.
    pub(super) batch_cells: Option<NonZeroUsize>,
    /// What a transaction takes in.
    pub(super) commit: Option<CommitGrainSpec>,
    /// Benchmark, factors and shocks.
    pub(super) risk: Option<RiskModel>,
}

/// What a transaction takes in.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CommitGrainSpec {
    /// Whole cells.
    Cells,
    /// One phase after the other.
    PerPhase,
}

/// `[[fault]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FaultSpec {
    /// Which phase fails.
    pub(super) phase: Lenient<CellPhase>,
    /// Of whom.
    pub(super) portfolios: Spanned<OneOrMany<String>>,
    /// On which days; on every day where it is not said.
    pub(super) days: Option<OneOrMany<Span>>,
    /// How often; always where it is not said.
    pub(super) times: Option<u32>,
}

/// `[[step]]`: one key that says what happens, and what is expected of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct StepSpec {
    /// At which point of the run around it; in `meanwhile` only.
    pub(super) at: Option<Lenient<Point>>,
    /// A run.
    pub(super) run: Option<RunSpec>,
    /// One portfolio is filled from its inception.
    pub(super) onboard: Option<Spanned<String>>,
    /// Cells are taken out of the ledger.
    pub(super) invalidate: Option<InvalidationSpec>,
    /// What failed too often gets another chance.
    pub(super) retry: Option<RetrySpec>,
    /// Portfolios are deleted.
    pub(super) delete: Option<Spanned<OneOrMany<String>>>,
    /// Portfolios are restored.
    pub(super) restore: Option<Spanned<OneOrMany<String>>>,
    /// Portfolios are closed after their last day.
    pub(super) close: Option<BTreeMap<Spanned<String>, Day>>,
    /// Portfolios are added.
    pub(super) add: Option<PortfolioSpecs>,
    /// Closes arrive, or are corrected.
    pub(super) prices: Option<PricesSpec>,
    /// A transaction is recorded, back-dated or not.
    pub(super) transaction: Option<Spanned<TransactionSpec>>,
    /// A split is recorded.
    pub(super) split: Option<Spanned<SplitSpec>>,
    /// The clock goes on, or back.
    pub(super) advance: Option<Lenient<SignedDuration>>,
    /// The clock is set.
    pub(super) clock: Option<Lenient<Instant>>,
    /// The calendar is amended.
    pub(super) calendar: Option<Spanned<Amendments>>,
    /// The engine is set otherwise.
    pub(super) configure: Option<ConfigurationSpec>,
    /// What must come of the step, under every policy.
    pub(super) expect: Option<ExpectationSpec>,
}

/// `prices = { SYMBOL = { DAY = … } }`
type PricesSpec = BTreeMap<Spanned<String>, BTreeMap<Day, Lenient<Price>>>;

/// `run = { … }`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RunSpec {
    /// Who; all active portfolios where it is not said. Names that nobody bears are kept: what
    /// becomes of them is the policy's to say.
    pub(super) portfolios: Option<OneOrMany<String>>,
    /// The first day of the range.
    pub(super) from: Option<Day>,
    /// The last day of the range.
    pub(super) to: Option<Day>,
    /// Up to which session cells are due.
    pub(super) target: Option<Day>,
    /// Days that are done again, whether or not they are done.
    pub(super) force: Option<Lenient<Span>>,
    /// Do at most so many cells.
    pub(super) limit: Option<NonZeroU64>,
    /// Refuse a plan of more cells.
    pub(super) max_cells: Option<u64>,
    /// Another policy than the one that the scenario is played by.
    pub(super) policy: Option<Spanned<String>>,
    /// Where the run is cut off.
    pub(super) crash: Option<PointOrCrashSpec>,
    /// Where a person stops it.
    pub(super) cancel: Option<Lenient<Point>>,
    /// What happens while it is at work.
    pub(super) meanwhile: Vec<Spanned<StepSpec>>,
}

/// Where a run is cut off, and what is left of it: `crash = "inside commit 1"`, or a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CrashSpec {
    /// Where.
    pub(super) at: Lenient<Point>,
    /// Whether the power went too.
    #[serde(default)]
    pub(super) power: Power,
    /// How the others see the process.
    #[serde(default)]
    pub(super) process: ProcessStatus,
}

/// A crash that is a point alone, or a table.
#[derive(Debug, Clone)]
pub(super) struct PointOrCrashSpec(pub(super) CrashSpec);

impl<'de> Deserialize<'de> for PointOrCrashSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let terms = match Value::deserialize(deserializer)? {
            Value::String(at) => CrashSpec {
                at: Lenient(at.parse().map_err(D::Error::custom)?),
                power: Power::default(),
                process: ProcessStatus::default(),
            },
            value => value.try_into().map_err(D::Error::custom)?,
        };
        Ok(Self(terms))
    }
}

/// `invalidate = { … }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct InvalidationSpec {
    /// Whose; of all active portfolios where it is not said.
    pub(super) portfolios: Option<Spanned<OneOrMany<String>>>,
    /// On which days.
    pub(super) days: Lenient<Span>,
    /// Which phases; all where it is not said.
    #[serde(default)]
    pub(super) phases: OneOrMany<CellPhase>,
    /// Why.
    #[serde(default)]
    #[serde(rename = "why")]
    pub(super) reason: Option<String>,
}

/// `retry = { … }`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RetrySpec {
    /// Whose; of all where it is not said.
    pub(super) portfolio: Option<Spanned<String>>,
    /// On which days; on all where it is not said.
    pub(super) days: Option<Lenient<Span>>,
}

/// `[expect]`, `[expect.POLICY]` and `[step.expect]`. What is not said is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ExpectationSpec {
    /// Exactly who was processed on a day.
    pub(super) processed: BTreeMap<Day, Spanned<OneOrMany<String>>>,
    /// Exactly who was needed on a day and not seen by the policy.
    #[serde(alias = "left_behind")]
    pub(super) left_behind: BTreeMap<Day, Spanned<OneOrMany<String>>>,
    /// Exactly of whom a phase failed on a day.
    pub(super) failed: BTreeMap<Day, Spanned<OneOrMany<String>>>,
    /// Exactly who waited for inputs on a day.
    pub(super) blocked: BTreeMap<Day, Spanned<OneOrMany<String>>>,
    /// Exactly who was quarantined on a day.
    pub(super) quarantined: BTreeMap<Day, Spanned<OneOrMany<String>>>,
    /// Exactly of whom something is open on a day, in the end.
    pub(super) open: BTreeMap<Day, Spanned<OneOrMany<String>>>,
    /// How many cells were processed, over all days.
    #[serde(alias = "processed_cells")]
    pub(super) processed_cells: Option<u64>,
    /// How many cells were left behind, over all days.
    #[serde(alias = "left_behind_cells")]
    pub(super) left_behind_cells: Option<u64>,
    /// The watermark of everybody: a day, or `"none"`.
    pub(super) watermark: Option<Lenient<WatermarkSpec>>,
    /// Watermarks of single portfolios.
    pub(super) watermarks: BTreeMap<Spanned<String>, Lenient<WatermarkSpec>>,
    /// How the run ended.
    pub(super) end: Option<RunEnd>,
    /// With which code the command would end.
    pub(super) exit: Option<u8>,
    /// Words that an error or a warning must hold.
    #[serde(rename = "says")]
    pub(super) messages: OneOrMany<String>,
    /// How many phases of cells a step took out of the ledger.
    #[serde(alias = "taken_out")]
    #[serde(rename = "taken-out")]
    pub(super) invalidated_phases: Option<u64>,
}

/// A watermark, or the word for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WatermarkSpec(pub(super) Option<Day>);

impl std::str::FromStr for WatermarkSpec {
    type Err = crate::domain::DayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(None)),
            day => day.parse().map(Some).map(Self),
        }
    }
}
