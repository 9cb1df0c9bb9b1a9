//! Defines the keys of expectations, read and written by serde. `expectations` checks names, days
//! and contradictions.
//!
//! Keys are written in the order of the fields.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::expected_values::{ExpectedQuality, ReasonKind};
use super::values::RunEnd;
use crate::domain::{AmountError, Day, DayError, Money};
use crate::scenario::format::lenient::{Lenient, Located, OneOrMany, Word, WordKind};
use crate::scenario::schema::keys::{add_old_expectation_keys, add_policy_expectations};
use crate::scenario::world::values::{CellPhase, Span};

/// Expectations under all policies, and those under single ones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(transform = add_policy_expectations)]
pub(crate) struct ExpectationsSpec {
    #[serde(flatten)]
    pub(crate) common: ExpectationSpec,
    #[serde(flatten)]
    #[schemars(skip)]
    pub(crate) by_policy: BTreeMap<Located<String>, ExpectationSpec>,
}

/// Portfolios by day or span of days. On each session of it, the portfolios must be exactly the
/// listed ones.
pub(crate) type NamesByDay = BTreeMap<Located<Span>, Located<OneOrMany<String>>>;
/// Amounts by portfolio and day.
pub(crate) type AmountsSpec =
    BTreeMap<Located<String>, BTreeMap<Located<Day>, Lenient<AmountSpec>>>;

/// Phases by portfolio and day.
pub(crate) type PhasesSpec =
    BTreeMap<Located<String>, BTreeMap<Located<Day>, OneOrMany<CellPhase>>>;

/// Expected results. Keys and days that are left out are not checked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = add_old_expectation_keys)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ExpectationSpec {
    /// The exact set of processed portfolios, by day.
    pub(crate) processed: NamesByDay,
    /// The exact set of portfolios that the plan does, by day.
    pub(crate) planned: NamesByDay,
    /// The exact set of portfolios that were needed, but hidden by the policy's rules, by day.
    #[serde(alias = "left_behind")]
    pub(crate) left_behind: NamesByDay,
    /// The exact set of portfolios with a failed phase, by day.
    pub(crate) failed: NamesByDay,
    /// The exact set of blocked portfolios, by day.
    pub(crate) blocked: NamesByDay,
    /// The exact set of quarantined portfolios, by day.
    pub(crate) quarantined: NamesByDay,
    /// The exact set of portfolios that are expected and not complete after the step or at the
    /// end, by day.
    pub(crate) open: NamesByDay,
    /// The exact set of portfolios whose cell waits for prices or rates after the step or at the
    /// end, by day.
    pub(crate) waiting: NamesByDay,
    /// The exact set of portfolios whose books have a holding valued at an older price, by day.
    pub(crate) stale: NamesByDay,
    /// The exact set of portfolios with complete books that use a price or rate more than
    /// `dead-after` sessions old, by day.
    pub(crate) old_inputs: NamesByDay,
    /// The exact set of portfolios whose cell waits because its session is unpriced, by day.
    pub(crate) unpriced: NamesByDay,
    /// The exact set of portfolios that the plan of the run did or skipped for a reason, by reason
    /// and day.
    pub(crate) reasons: BTreeMap<ReasonKind, NamesByDay>,
    /// Net asset values, by portfolio and day; `none` where there are no valid books.
    pub(crate) nav: AmountsSpec,
    /// Cash balances, by portfolio and day; `none` where there are no valid books.
    pub(crate) cash: AmountsSpec,
    /// Profits of the session, by portfolio and day; `none` where there are no valid books.
    pub(crate) pnl: AmountsSpec,
    /// Profits realized since inception, by portfolio and day; `none` where there are no valid
    /// books.
    pub(crate) realized: AmountsSpec,
    /// Unrealized profits, by portfolio and day; `none` where there are no valid books.
    pub(crate) unrealized: AmountsSpec,
    /// Exchange gains of the session on foreign cash, by portfolio and day; `none` where there are no
    /// valid books.
    pub(crate) fx_gain: AmountsSpec,
    /// Balances of cash in foreign currencies, by currency, portfolio and day; `none` where there are
    /// no valid books.
    pub(crate) cash_in: BTreeMap<Located<String>, AmountsSpec>,
    /// Numbers of holdings by kind of price, by portfolio and day.
    pub(crate) quality: BTreeMap<Located<String>, BTreeMap<Located<Day>, ExpectedQuality>>,
    /// The exact set of done phases, by portfolio and day; an empty list if none is done.
    pub(crate) phases: PhasesSpec,
    /// The number of processed cells, over all days.
    #[serde(alias = "processed_cells")]
    pub(crate) processed_cells: Option<u64>,
    /// The number of cells that the plan does, over all days.
    pub(crate) planned_cells: Option<u64>,
    /// The number of cells left behind, over all days.
    #[serde(alias = "left_behind_cells")]
    pub(crate) left_behind_cells: Option<u64>,
    /// The number of cells with a failed phase, over all days.
    pub(crate) failed_cells: Option<u64>,
    /// The number of blocked cells, over all days.
    pub(crate) blocked_cells: Option<u64>,
    /// The number of quarantined cells, over all days.
    pub(crate) quarantined_cells: Option<u64>,
    /// The number of cells that are expected and not complete, over all days.
    pub(crate) open_cells: Option<u64>,
    /// The number of cells that wait for prices or rates, over all days.
    pub(crate) waiting_cells: Option<u64>,
    /// The number of cells with a holding valued at an older price, over all days.
    pub(crate) stale_cells: Option<u64>,
    /// The number of cells with complete books that use a price or rate more than `dead-after`
    /// sessions old, over all days.
    pub(crate) old_inputs_cells: Option<u64>,
    /// The watermark of all active portfolios: a day, or `none`.
    pub(crate) watermark: Option<Lenient<WatermarkSpec>>,
    /// Watermarks of single portfolios, by name.
    pub(crate) watermarks: BTreeMap<Located<String>, Lenient<WatermarkSpec>>,
    /// The way in which the run or the plan ended.
    pub(crate) end: Option<RunEnd>,
    /// The exit code that `plimsoll run`, or `plimsoll plan` for a plan, would return.
    pub(crate) exit: Option<u8>,
    /// Text that an error, a warning or the log must contain.
    #[serde(rename = "says")]
    pub(crate) messages: Option<OneOrMany<String>>,
    /// The number of invalidated phases, summed over all cells.
    #[serde(alias = "invalidated_phases", alias = "taken-out", alias = "taken_out")]
    pub(crate) invalidated_phases: Option<u64>,
}

/// A watermark, or the word `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatermarkSpec(pub(crate) Option<Day>);

impl FromStr for WatermarkSpec {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        match text {
            "none" => Ok(Self(None)),
            day => day.parse().map(Some).map(Self),
        }
    }
}

impl std::fmt::Display for WatermarkSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(day) => day.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl Word for WatermarkSpec {
    const KIND: WordKind = WordKind::Date("^([0-9]{4}-[0-9]{2}-[0-9]{2}|none)$");
}

/// An amount of the books, or the word `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AmountSpec(pub(crate) Option<Money>);

impl FromStr for AmountSpec {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        match text {
            "none" => Ok(Self(None)),
            amount => amount.parse().map(Some).map(Self),
        }
    }
}

impl std::fmt::Display for AmountSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(amount) => amount.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl Word for AmountSpec {
    const KIND: WordKind = WordKind::Number;
}
