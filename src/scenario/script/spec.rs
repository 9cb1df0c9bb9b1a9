//! Defines the keys of a scenario, read and written by serde. Only shape and spelling are checked
//! here; `read`, `steps` and `expectations` check names and contradictions.
//!
//! Keys are written in the order of the fields.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Value;

use super::expectation_spec::{ExpectationSpec, ExpectationsSpec};
use super::file_import::{DeleteActionSpec, DeletePricesSpec, ImportSpec, VoidSpec};
use super::model::Crash;
use super::values::{Point, SignedDuration};
use crate::domain::calendar::{Amendments, Definition};
use crate::domain::{Day, Price, RiskModel};
use crate::plan::PolicySpec;
use crate::scenario::format::lenient::{Lenient, Located, OneOrMany, Word, WordKind};
use crate::scenario::schema::keys::add_old_invalidation_keys;
use crate::scenario::world::spec::{
    AcceptedPricesSpec, PortfolioSpecs, SplitSpec, TransactionSpec, WorldSpec,
};
use crate::scenario::world::values::{CellPhase, Instant, Span};

/// A scenario: a world, the steps that run on it, and the results that are expected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ScenarioSpec {
    #[serde(flatten)]
    pub(crate) world: WorldSpec,
    #[serde(flatten)]
    pub(crate) script: ScriptSpec,
    /// Expected results under every policy, or, below the name of a policy, under that policy.
    #[serde(default)]
    pub(crate) expect: ExpectationsSpec,
}

/// The top-level keys of a scenario, without those of its world and `expect`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ScriptSpec {
    /// The name of a shared world, `fixtures/NAME.toml`, that this file changes.
    pub(crate) fixture: Option<Located<String>>,
    /// The policies to run the steps with, each on its own database.
    pub(crate) policies: Option<Vec<Located<String>>>,
    /// Policies that the scenario defines, by name.
    pub(crate) policy: BTreeMap<String, PolicySpec>,
    /// The engine's settings at the first step.
    pub(crate) configuration: ConfigurationSpec,
    /// Phases that fail on purpose.
    pub(crate) fault: Vec<FaultSpec>,
    /// The steps, in the order in which they run.
    pub(crate) step: Vec<Located<StepSpec>>,
}

/// Engine settings. Keys that are left out keep their previous values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ConfigurationSpec {
    /// The minutes from a session's close until the session is due.
    pub(crate) grace_minutes: Option<u32>,
    /// The minimum share of the holdings, by value, that must have a close of the day; 0 to 1.
    pub(crate) least_share: Option<f64>,
    /// The number of sessions, counted back from the target, whose missing prices block cells.
    pub(crate) wait_sessions: Option<usize>,
    /// The number of sessions without a price after which a security no longer blocks a cell.
    pub(crate) dead_after: Option<u16>,
    /// The share of the held securities above which missing closes make a session unpriced; 0 to 1.
    pub(crate) unpriced_above: Option<f64>,
    /// The number of consecutive failures after which a phase of a cell is quarantined.
    pub(crate) quarantine_after: Option<u32>,
    /// The length of a lease without renewal, in seconds.
    pub(crate) lease_seconds: Option<u32>,
    /// The maximum number of cells in a transaction.
    pub(crate) batch_cells: Option<NonZeroUsize>,
    /// The unit of a transaction.
    pub(crate) commit: Option<CommitGrainSpec>,
    /// The risk model: benchmark, factors and shocks.
    pub(crate) risk: Option<RiskModel>,
}

/// The unit of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CommitGrainSpec {
    /// Whole cells, all phases of each.
    Cells,
    /// One phase at a time.
    PerPhase,
}

/// A phase that fails on purpose in the cells of some portfolios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FaultSpec {
    /// The phase that fails.
    pub(crate) phase: Lenient<CellPhase>,
    /// The portfolios in which it fails.
    pub(crate) portfolios: Located<OneOrMany<String>>,
    /// The days on which the phase fails; every day if left out.
    pub(crate) days: Option<OneOrMany<Span>>,
    /// The number of times that each cell fails; every time if left out.
    pub(crate) times: Option<u32>,
}

/// A step: one action, and the results that are expected of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct StepSpec {
    /// The point of the enclosing run at which the step happens; only in `meanwhile`.
    pub(crate) at: Option<Point>,
    /// A run of the engine.
    pub(crate) run: Option<RunSpec>,
    /// A plan that is made and not run.
    pub(crate) plan: Option<PlanSpec>,
    /// The portfolio to fill from its inception.
    pub(crate) onboard: Option<Located<String>>,
    /// Cells to invalidate by hand.
    pub(crate) invalidate: Option<InvalidationSpec>,
    /// Quarantined phases to try again.
    pub(crate) retry: Option<RetrySpec>,
    /// The portfolios to delete.
    pub(crate) delete: Option<Located<OneOrMany<String>>>,
    /// The deleted portfolios to restore.
    pub(crate) restore: Option<Located<OneOrMany<String>>>,
    /// The portfolios to close, each with its last day.
    pub(crate) close: Option<BTreeMap<Located<String>, Day>>,
    /// The portfolios to add.
    pub(crate) add: Option<PortfolioSpecs>,
    /// Closes to add or correct, by symbol and day.
    pub(crate) prices: Option<PricesSpec>,
    /// A transaction to record.
    pub(crate) transaction: Option<TransactionSpec>,
    /// A split to record.
    pub(crate) split: Option<SplitSpec>,
    /// Unpriced sessions to do with the prices there are.
    pub(crate) accept_prices: Option<Located<AcceptedPricesSpec>>,
    /// A file to import by the rules that files of users have.
    pub(crate) import: Option<ImportSpec>,
    /// Transactions to withdraw, by their ids.
    pub(crate) void: Option<VoidSpec>,
    /// Closes of a security to delete, by days.
    pub(crate) delete_prices: Option<DeletePricesSpec>,
    /// A corporate action to delete.
    pub(crate) delete_action: Option<DeleteActionSpec>,
    /// The duration by which the clock moves; a negative one moves it back.
    pub(crate) advance: Option<Lenient<SignedDuration>>,
    /// The instant to which the clock is set.
    pub(crate) clock: Option<Lenient<Instant>>,
    /// Changes to the calendar.
    pub(crate) calendar: Option<Located<Amendments>>,
    /// A calendar to register under its name, or to replace the one of this name.
    pub(crate) own_calendar: Option<Located<Definition>>,
    /// Changes to the engine's settings.
    pub(crate) configure: Option<ConfigurationSpec>,
    /// The results of this step that are expected under every policy.
    pub(crate) expect: Option<ExpectationSpec>,
    /// Further results of this step that are expected under single policies, by name.
    pub(crate) expect_by_policy: BTreeMap<Located<String>, ExpectationSpec>,
}

impl StepSpec {
    /// Returns the keys of actions, each with whether it is present.
    pub(crate) fn present_actions(&self) -> [(&'static str, bool); 22] {
        [
            ("run", self.run.is_some()),
            ("plan", self.plan.is_some()),
            ("onboard", self.onboard.is_some()),
            ("invalidate", self.invalidate.is_some()),
            ("retry", self.retry.is_some()),
            ("delete", self.delete.is_some()),
            ("restore", self.restore.is_some()),
            ("close", self.close.is_some()),
            ("add", self.add.is_some()),
            ("prices", self.prices.is_some()),
            ("transaction", self.transaction.is_some()),
            ("split", self.split.is_some()),
            ("accept-prices", self.accept_prices.is_some()),
            ("import", self.import.is_some()),
            ("void", self.void.is_some()),
            ("delete-prices", self.delete_prices.is_some()),
            ("delete-action", self.delete_action.is_some()),
            ("advance", self.advance.is_some()),
            ("clock", self.clock.is_some()),
            ("calendar", self.calendar.is_some()),
            ("own-calendar", self.own_calendar.is_some()),
            ("configure", self.configure.is_some()),
        ]
    }
}

/// Closes by symbol and day.
type PricesSpec = BTreeMap<Located<String>, BTreeMap<Day, Lenient<Price>>>;

/// A run of the engine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RunSpec {
    /// The portfolios in scope; all active ones if left out. Unknown names are allowed here,
    /// because the run's policy decides whether to skip or refuse them.
    pub(crate) portfolios: Option<OneOrMany<String>>,
    /// The first day of the range; the earliest inception in scope if left out.
    pub(crate) from: Option<Day>,
    /// The last day of the range; the target if left out.
    pub(crate) to: Option<Day>,
    /// The last session that is due; determined from the clock if left out.
    pub(crate) target: Option<Day>,
    /// Days to process again even if they are done.
    pub(crate) force: Option<Lenient<Span>>,
    /// The maximum number of cells to process; the others are deferred.
    pub(crate) limit: Option<NonZeroU64>,
    /// The maximum number of cells in the plan. The run refuses a larger plan.
    pub(crate) max_cells: Option<u64>,
    /// The policy of this run, instead of the one that the scenario is run with.
    pub(crate) policy: Option<Located<String>>,
    /// The point at which the run crashes, or a table with the state after the crash.
    pub(crate) crash: Option<CrashSpec>,
    /// The point at which the run is cancelled.
    pub(crate) cancel: Option<Point>,
    /// Steps during the run.
    pub(crate) meanwhile: Vec<Located<StepSpec>>,
}

/// A plan that is made and not run: the words of a run, without those that only a run has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PlanSpec {
    /// The portfolios in scope; all active ones if left out. Unknown names are allowed here,
    /// because the policy decides whether to skip or refuse them.
    pub(crate) portfolios: Option<OneOrMany<String>>,
    /// The first day of the range; the earliest inception in scope if left out.
    pub(crate) from: Option<Day>,
    /// The last day of the range; the target if left out.
    pub(crate) to: Option<Day>,
    /// The last session that is due; determined from the clock if left out.
    pub(crate) target: Option<Day>,
    /// Days to plan again even if they are done.
    pub(crate) force: Option<Lenient<Span>>,
    /// The maximum number of cells to plan; the others are deferred.
    pub(crate) limit: Option<NonZeroU64>,
    /// The policy of this plan, instead of the one that the scenario is run with.
    pub(crate) policy: Option<Located<String>>,
}

impl From<RunSpec> for StepSpec {
    fn from(run: RunSpec) -> Self {
        Self {
            run: Some(run),
            ..Self::default()
        }
    }
}

impl From<PlanSpec> for RunSpec {
    fn from(plan: PlanSpec) -> Self {
        let PlanSpec {
            portfolios,
            from,
            to,
            target,
            force,
            limit,
            policy,
        } = plan;
        Self {
            portfolios,
            from,
            to,
            target,
            force,
            limit,
            policy,
            ..Self::default()
        }
    }
}

/// A crash as a point alone, `crash = "inside commit 1"`, or as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct CrashSpec(#[schemars(with = "CrashInFiles")] pub(crate) Crash);

/// The forms of a crash in files.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only has a schema")]
enum CrashInFiles {
    At(Point),
    Table(Crash),
}

impl<'de> Deserialize<'de> for CrashSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let crash = match Value::deserialize(deserializer)? {
            Value::String(at) => Crash::new(at.parse().map_err(D::Error::custom)?),
            value => value.try_into().map_err(D::Error::custom)?,
        };
        Ok(Self(crash))
    }
}

impl Serialize for CrashSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 == Crash::new(self.0.at) {
            true => self.0.at.serialize(serializer),
            false => self.0.serialize(serializer),
        }
    }
}

/// Cells to invalidate by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = add_old_invalidation_keys)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct InvalidationSpec {
    /// The portfolios; all active ones if left out.
    pub(crate) portfolios: Option<Located<OneOrMany<String>>>,
    /// The days of the cells.
    pub(crate) days: Lenient<Span>,
    /// The phases; all four phases of a cell if left out.
    pub(crate) phases: Option<OneOrMany<CellPhase>>,
    /// The reason, as text for people.
    #[serde(default, alias = "why")]
    pub(crate) reason: Option<String>,
}

/// Quarantined phases to try again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RetrySpec {
    /// The portfolio; all if left out.
    pub(crate) portfolio: Option<Located<String>>,
    /// The days; all if left out.
    pub(crate) days: Option<Lenient<Span>>,
}

impl Word for SignedDuration {
    const KIND: WordKind = WordKind::Text;
}
