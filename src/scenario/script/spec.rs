//! Deserializes the keys of a scenario, except those of its world. Only shape and spelling are
//! checked here; `read`, `steps` and `expectations` check names and contradictions.

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

/// The top-level keys of a scenario, without those of its world and `expect`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ScenarioSpec {
    /// The name of the fixture that the world of the scenario overrides.
    pub(super) fixture: Option<Spanned<String>>,
    /// The policies to run the steps with, each on its own database.
    pub(super) policies: Option<Vec<Spanned<String>>>,
    /// Policies that the scenario defines: a preset, and the rules that differ from it.
    pub(super) policy: BTreeMap<String, Policy>,
    /// The engine's settings at the first step.
    pub(super) configuration: ConfigurationSpec,
    /// Phases that fail on purpose.
    pub(super) fault: Vec<Spanned<FaultSpec>>,
    /// The steps, in the order of the file.
    pub(super) step: Vec<Spanned<StepSpec>>,
}

/// `[configuration]` and the step `configure`. Keys that are left out keep their previous values.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ConfigurationSpec {
    /// The minutes from a session's close until the session is due.
    pub(super) grace_minutes: Option<u32>,
    /// The minimum share of the holdings, by value, that must have a close of the day; 0 to 1.
    pub(super) least_share: Option<f64>,
    /// The number of sessions, counted back from the target, whose missing prices block cells.
    pub(super) wait_sessions: Option<usize>,
    /// The number of sessions without a price after which a security no longer blocks a cell.
    pub(super) dead_after: Option<u16>,
    /// The number of consecutive failures after which a phase of a cell is quarantined.
    pub(super) quarantine_after: Option<u32>,
    /// The length of a lease without renewal, in seconds.
    pub(super) lease_seconds: Option<u32>,
    /// The maximum number of cells in a transaction.
    pub(super) batch_cells: Option<NonZeroUsize>,
    /// The unit of a transaction.
    pub(super) commit: Option<CommitGrainSpec>,
    /// The risk model: benchmark, factors and shocks.
    pub(super) risk: Option<RiskModel>,
}

/// The unit of a transaction.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CommitGrainSpec {
    /// Whole cells, all phases of each.
    Cells,
    /// One phase at a time.
    PerPhase,
}

/// `[[fault]]`: a phase that fails on purpose in the cells of some portfolios.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FaultSpec {
    pub(super) phase: Lenient<CellPhase>,
    pub(super) portfolios: Spanned<OneOrMany<String>>,
    /// The days on which the phase fails; every day if absent.
    pub(super) days: Option<OneOrMany<Span>>,
    /// The number of times that each cell fails; every time if absent.
    pub(super) times: Option<u32>,
}

/// `[[step]]`: one action, and the results that are expected of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct StepSpec {
    /// The point of the enclosing run at which the step happens; only in `meanwhile`.
    pub(super) at: Option<Lenient<Point>>,
    pub(super) run: Option<RunSpec>,
    /// The portfolio to fill from its inception.
    pub(super) onboard: Option<Spanned<String>>,
    pub(super) invalidate: Option<InvalidationSpec>,
    pub(super) retry: Option<RetrySpec>,
    pub(super) delete: Option<Spanned<OneOrMany<String>>>,
    pub(super) restore: Option<Spanned<OneOrMany<String>>>,
    /// The portfolios to close, each with its last day.
    pub(super) close: Option<BTreeMap<Spanned<String>, Day>>,
    pub(super) add: Option<PortfolioSpecs>,
    /// Closes to add or correct.
    pub(super) prices: Option<PricesSpec>,
    pub(super) transaction: Option<Spanned<TransactionSpec>>,
    pub(super) split: Option<Spanned<SplitSpec>>,
    /// The duration by which the clock moves; a negative one moves it back.
    pub(super) advance: Option<Lenient<SignedDuration>>,
    /// The instant to which the clock is set.
    pub(super) clock: Option<Lenient<Instant>>,
    pub(super) calendar: Option<Spanned<Amendments>>,
    pub(super) configure: Option<ConfigurationSpec>,
    /// The results of this step that are expected under every policy.
    pub(super) expect: Option<ExpectationSpec>,
}

/// `prices = { SYMBOL = { DAY = … } }`
type PricesSpec = BTreeMap<Spanned<String>, BTreeMap<Day, Lenient<Price>>>;

/// `run = { … }`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RunSpec {
    /// The portfolios in scope; all active ones if absent. Unknown names are allowed here, because
    /// the run's policy decides whether to skip or refuse them.
    pub(super) portfolios: Option<OneOrMany<String>>,
    /// The first day of the range; the earliest inception in scope if absent.
    pub(super) from: Option<Day>,
    /// The last day of the range; the target if absent.
    pub(super) to: Option<Day>,
    /// The last session that is due; determined from the clock if absent.
    pub(super) target: Option<Day>,
    /// Days to process again even if they are done.
    pub(super) force: Option<Lenient<Span>>,
    /// The maximum number of cells to process; the others are deferred.
    pub(super) limit: Option<NonZeroU64>,
    /// The maximum number of cells in the plan. The run refuses a larger plan.
    pub(super) max_cells: Option<u64>,
    /// The policy of this run, instead of the one that the scenario is run with.
    pub(super) policy: Option<Spanned<String>>,
    /// The point at which the run crashes, and the state after the crash.
    pub(super) crash: Option<PointOrCrashSpec>,
    /// The point at which the run is cancelled.
    pub(super) cancel: Option<Lenient<Point>>,
    /// Steps during the run.
    pub(super) meanwhile: Vec<Spanned<StepSpec>>,
}

/// `crash = { … }`: the point of a crash, and the state after it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CrashSpec {
    pub(super) at: Lenient<Point>,
    #[serde(default)]
    pub(super) power: Power,
    /// The status of the crashed process, as other processes see it.
    #[serde(default)]
    pub(super) process: ProcessStatus,
}

/// A crash as a point alone, `crash = "inside commit 1"`, or as a table.
#[derive(Debug, Clone)]
pub(super) struct PointOrCrashSpec(pub(super) CrashSpec);

impl<'de> Deserialize<'de> for PointOrCrashSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let crash = match Value::deserialize(deserializer)? {
            Value::String(at) => CrashSpec {
                at: Lenient(at.parse().map_err(D::Error::custom)?),
                power: Power::default(),
                process: ProcessStatus::default(),
            },
            value => value.try_into().map_err(D::Error::custom)?,
        };
        Ok(Self(crash))
    }
}

/// `invalidate = { … }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct InvalidationSpec {
    /// The portfolios; all active ones if absent.
    pub(super) portfolios: Option<Spanned<OneOrMany<String>>>,
    pub(super) days: Lenient<Span>,
    /// The phases; all four phases of a cell if empty.
    #[serde(default)]
    pub(super) phases: OneOrMany<CellPhase>,
    #[serde(default, alias = "why")]
    pub(super) reason: Option<String>,
}

/// `retry = { … }`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RetrySpec {
    /// The portfolio; all if absent.
    pub(super) portfolio: Option<Spanned<String>>,
    /// The days; all if absent.
    pub(super) days: Option<Lenient<Span>>,
}

/// `DAY = ["A", "B"]`: names of portfolios by day.
pub(super) type DayNames = BTreeMap<Spanned<Day>, Spanned<OneOrMany<String>>>;

/// `[expect]`, `[expect.POLICY]` and `[step.expect]`. Keys that are left out are not checked. On a
/// day that a key lists, the portfolios must be exactly the listed ones; other days are not
/// checked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ExpectationSpec {
    pub(super) processed: DayNames,
    /// Needed on a day, but hidden by the policy's rules.
    #[serde(alias = "left_behind")]
    pub(super) left_behind: DayNames,
    pub(super) failed: DayNames,
    pub(super) blocked: DayNames,
    pub(super) quarantined: DayNames,
    /// Expected on a day, but not complete after the step, or at the end of the scenario.
    pub(super) open: DayNames,
    /// The number of processed cells, over all days.
    #[serde(alias = "processed_cells")]
    pub(super) processed_cells: Option<u64>,
    /// The number of cells left behind, over all days.
    #[serde(alias = "left_behind_cells")]
    pub(super) left_behind_cells: Option<u64>,
    /// The watermark of all active portfolios: a day, or `"none"`.
    pub(super) watermark: Option<Lenient<WatermarkSpec>>,
    /// Watermarks of single portfolios, by name.
    pub(super) watermarks: BTreeMap<Spanned<String>, Lenient<WatermarkSpec>>,
    /// The way in which the run ended.
    pub(super) end: Option<RunEnd>,
    /// The exit code that `plimsoll run` would return.
    pub(super) exit: Option<u8>,
    /// Text that an error, a warning or the log must contain.
    #[serde(rename = "says")]
    pub(super) messages: OneOrMany<String>,
    /// The number of invalidated phases, summed over all cells.
    #[serde(alias = "invalidated_phases", alias = "taken-out", alias = "taken_out")]
    pub(super) invalidated_phases: Option<u64>,
}

/// A watermark, or the word `none`.
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
