//! What a scenario's file says beside its world, key by key. Here only shape and spelling are
//! checked.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::{Spanned, Value};

use super::words::{End, Length, Point, Power, Seen};
use crate::domain::calendar::Amendments;
use crate::domain::{Day, Price, RiskModel};
use crate::plan::Policy;
use crate::scenario::world::said::{Instant, OfCell, Said, Several, Span};
use crate::scenario::world::written::{WrittenPortfolios, WrittenSplit, WrittenTransaction};

/// The keys of a scenario that are not of its world.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenScenario {
    /// The world that this one is laid over: the name of a file in a folder `fixtures`.
    pub(super) fixture: Option<Spanned<String>>,
    /// By which policies the steps are played, each on a database of its own.
    pub(super) policies: Option<Vec<Spanned<String>>>,
    /// Policies of the scenario's own: a preset, and the rules that differ from it.
    pub(super) policy: BTreeMap<String, Policy>,
    /// How the engine is set.
    pub(super) configuration: WrittenConfiguration,
    /// Phases that are made to fail.
    pub(super) fault: Vec<Spanned<WrittenFault>>,
    /// What happens, one after the other.
    pub(super) step: Vec<Spanned<WrittenStep>>,
}

/// `[configuration]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenConfiguration {
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
    pub(super) commit: Option<WrittenGrain>,
    /// Benchmark, factors and shocks.
    pub(super) risk: Option<RiskModel>,
}

/// What a transaction takes in.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WrittenGrain {
    /// Whole cells.
    Cells,
    /// One phase after the other.
    PerPhase,
}

/// `[[fault]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenFault {
    /// Which phase fails.
    pub(super) phase: Said<OfCell>,
    /// Of whom.
    pub(super) portfolios: Spanned<Several<String>>,
    /// On which days; on every day where it is not said.
    pub(super) days: Option<Several<Span>>,
    /// How often; always where it is not said.
    pub(super) times: Option<u32>,
}

/// `[[step]]`: one key that says what happens, and what is expected of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenStep {
    /// At which point of the run around it; in `meanwhile` only.
    pub(super) at: Option<Said<Point>>,
    /// A run.
    pub(super) run: Option<WrittenRun>,
    /// One portfolio is filled from its inception.
    pub(super) onboard: Option<Spanned<String>>,
    /// Cells are taken out of the ledger.
    pub(super) invalidate: Option<WrittenInvalidation>,
    /// What failed too often gets another chance.
    pub(super) retry: Option<WrittenRetry>,
    /// Portfolios are deleted.
    pub(super) delete: Option<Spanned<Several<String>>>,
    /// Portfolios are restored.
    pub(super) restore: Option<Spanned<Several<String>>>,
    /// Portfolios are closed after their last day.
    pub(super) close: Option<BTreeMap<Spanned<String>, Day>>,
    /// Portfolios are added.
    pub(super) add: Option<WrittenPortfolios>,
    /// Closes arrive, or are corrected.
    pub(super) prices: Option<WrittenPrices>,
    /// A transaction is recorded, back-dated or not.
    pub(super) transaction: Option<Spanned<WrittenTransaction>>,
    /// A split is recorded.
    pub(super) split: Option<Spanned<WrittenSplit>>,
    /// The clock goes on, or back.
    pub(super) advance: Option<Said<Length>>,
    /// The clock is set.
    pub(super) clock: Option<Said<Instant>>,
    /// The calendar is amended.
    pub(super) calendar: Option<Spanned<Amendments>>,
    /// The engine is set otherwise.
    pub(super) configure: Option<WrittenConfiguration>,
    /// What must come of the step, under every policy.
    pub(super) expect: Option<WrittenExpectation>,
}

/// `prices = { SYMBOL = { DAY = … } }`
type WrittenPrices = BTreeMap<Spanned<String>, BTreeMap<Day, Said<Price>>>;

/// `run = { … }`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenRun {
    /// Who; all active portfolios where it is not said. Names that nobody bears are kept: what
    /// becomes of them is the policy's to say.
    pub(super) portfolios: Option<Several<String>>,
    /// The first day of the range.
    pub(super) from: Option<Day>,
    /// The last day of the range.
    pub(super) to: Option<Day>,
    /// Up to which session cells are due.
    pub(super) target: Option<Day>,
    /// Days that are done again, whether or not they are done.
    pub(super) force: Option<Said<Span>>,
    /// Do at most so many cells.
    pub(super) limit: Option<NonZeroU64>,
    /// Refuse a plan of more cells.
    pub(super) max_cells: Option<u64>,
    /// Another policy than the one that the scenario is played by.
    pub(super) policy: Option<Spanned<String>>,
    /// Where the run is cut off.
    pub(super) crash: Option<WrittenCrash>,
    /// Where a person stops it.
    pub(super) cancel: Option<Said<Point>>,
    /// What happens while it is at work.
    pub(super) meanwhile: Vec<Spanned<WrittenStep>>,
}

/// Where a run is cut off, and what is left of it: `crash = "inside commit 1"`, or a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CrashTerms {
    /// Where.
    pub(super) at: Said<Point>,
    /// Whether the power went too.
    #[serde(default)]
    pub(super) power: Power,
    /// How the others see the process.
    #[serde(default)]
    pub(super) process: Seen,
}

/// A crash that is a point alone, or a table.
#[derive(Debug, Clone)]
pub(super) struct WrittenCrash(pub(super) CrashTerms);

impl<'de> Deserialize<'de> for WrittenCrash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let terms = match Value::deserialize(deserializer)? {
            Value::String(at) => CrashTerms {
                at: Said(at.parse().map_err(D::Error::custom)?),
                power: Power::default(),
                process: Seen::default(),
            },
            value => value.try_into().map_err(D::Error::custom)?,
        };
        Ok(Self(terms))
    }
}

/// `invalidate = { … }`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WrittenInvalidation {
    /// Whose; of all active portfolios where it is not said.
    pub(super) portfolios: Option<Spanned<Several<String>>>,
    /// On which days.
    pub(super) days: Said<Span>,
    /// Which phases; all where it is not said.
    #[serde(default)]
    pub(super) phases: Several<OfCell>,
    /// Why.
    #[serde(default)]
    pub(super) why: Option<String>,
}

/// `retry = { … }`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenRetry {
    /// Whose; of all where it is not said.
    pub(super) portfolio: Option<Spanned<String>>,
    /// On which days; on all where it is not said.
    pub(super) days: Option<Said<Span>>,
}

/// `[expect]`, `[expect.POLICY]` and `[step.expect]`. What is not said is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WrittenExpectation {
    /// Exactly who was processed on a day.
    pub(super) processed: BTreeMap<Day, Spanned<Several<String>>>,
    /// Exactly who was needed on a day and not seen by the policy.
    #[serde(alias = "left_behind")]
    pub(super) left_behind: BTreeMap<Day, Spanned<Several<String>>>,
    /// Exactly of whom a phase failed on a day.
    pub(super) failed: BTreeMap<Day, Spanned<Several<String>>>,
    /// Exactly who waited for inputs on a day.
    pub(super) blocked: BTreeMap<Day, Spanned<Several<String>>>,
    /// Exactly who was quarantined on a day.
    pub(super) quarantined: BTreeMap<Day, Spanned<Several<String>>>,
    /// Exactly of whom something is open on a day, in the end.
    pub(super) open: BTreeMap<Day, Spanned<Several<String>>>,
    /// How many cells were processed, over all days.
    #[serde(alias = "processed_cells")]
    pub(super) processed_cells: Option<u64>,
    /// How many cells were left behind, over all days.
    #[serde(alias = "left_behind_cells")]
    pub(super) left_behind_cells: Option<u64>,
    /// The watermark of everybody: a day, or `"none"`.
    pub(super) watermark: Option<Said<WrittenWatermark>>,
    /// Watermarks of single portfolios.
    pub(super) watermarks: BTreeMap<Spanned<String>, Said<WrittenWatermark>>,
    /// How the run ended.
    pub(super) end: Option<End>,
    /// With which code the command would end.
    pub(super) exit: Option<u8>,
    /// Words that an error or a warning must hold.
    pub(super) says: Several<String>,
    /// How many phases of cells a step took out of the ledger.
    #[serde(alias = "taken_out")]
    pub(super) taken_out: Option<u64>,
}

/// A watermark, or the word for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrittenWatermark(pub(super) Option<Day>);

impl std::str::FromStr for WrittenWatermark {
    type Err = crate::domain::DayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(None)),
            day => day.parse().map(Some).map(Self),
        }
    }
}
