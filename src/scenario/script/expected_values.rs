//! Values that expectations name: amounts of books, kinds of prices, and reasons of a plan.

use std::fmt;

use schemars::{JsonSchema, Schema, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{Currency, Quality};
use crate::plan::{SkipReason, StepKind};

/// An amount of the books of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    /// The net asset value.
    Nav,
    /// Cash, with the value of the foreign balances.
    Cash,
    /// The profit and loss of the session.
    Pnl,
    /// The profit realized since inception.
    Realized,
    /// The values of the holdings minus their costs.
    Unrealized,
    /// The exchange gain of the session on foreign cash.
    FxGain,
    /// The balance of cash in a foreign currency.
    CashIn(Currency),
}

impl Amount {
    /// Returns the key in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nav => "nav",
            Self::Cash => "cash",
            Self::Pnl => "pnl",
            Self::Realized => "realized",
            Self::Unrealized => "unrealized",
            Self::FxGain => "fx-gain",
            Self::CashIn(_) => "cash-in",
        }
    }
}

/// The expected numbers of holdings by kind of price. Kinds that are left out are not checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ExpectedQuality {
    /// Holdings with a close of the session.
    pub fresh: Option<u32>,
    /// Holdings valued at an older close.
    pub stale: Option<u32>,
    /// Holdings valued at their cost.
    pub cost: Option<u32>,
    /// Holdings with no value at all.
    pub none: Option<u32>,
}

impl ExpectedQuality {
    /// Returns whether `found` has the expected numbers.
    pub fn is_met_by(&self, found: Quality) -> bool {
        [
            (self.fresh, found.fresh),
            (self.stale, found.stale),
            (self.cost, found.cost),
            (self.none, found.none),
        ]
        .into_iter()
        .all(|(expected, found)| expected.is_none_or(|expected| expected == found))
    }
}

impl fmt::Display for ExpectedQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("fresh", self.fresh),
            ("stale", self.stale),
            ("cost", self.cost),
            ("none", self.none),
        ];
        let kinds = kinds
            .iter()
            .filter_map(|(name, count)| Some(format!("{} {name}", (*count)?)));
        f.write_str(&kinds.collect::<Vec<_>>().join(", "))
    }
}

/// The kind of a reason for which a plan does or skips a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonKind {
    /// The plan does the cell.
    Step(StepKind),
    /// The plan skips the cell.
    Skip(SkipReason),
}

impl ReasonKind {
    /// All kinds of reasons, those of steps first.
    pub const ALL: [Self; 18] = [
        Self::Step(StepKind::Missing),
        Self::Step(StepKind::Partial),
        Self::Step(StepKind::Stale),
        Self::Step(StepKind::Forced),
        Self::Step(StepKind::ByRule),
        Self::Skip(SkipReason::Complete),
        Self::Skip(SkipReason::BeforeInception),
        Self::Skip(SkipReason::AfterClose),
        Self::Skip(SkipReason::Deleted),
        Self::Skip(SkipReason::NoSession),
        Self::Skip(SkipReason::BeyondTarget),
        Self::Skip(SkipReason::Blocked),
        Self::Skip(SkipReason::Unpriced),
        Self::Skip(SkipReason::Quarantined),
        Self::Skip(SkipReason::OverLimit),
        Self::Skip(SkipReason::LeftToOnboarding),
        Self::Skip(SkipReason::HiddenByWatermark),
        Self::Skip(SkipReason::HiddenBySnapshot),
    ];

    /// Returns the name in scenarios, which is that of texts and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step(kind) => kind.name(),
            Self::Skip(reason) => reason.name(),
        }
    }
}

impl Serialize for ReasonKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ReasonKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(|kind| format!("`{}`", kind.name()));
            D::Error::custom(format_args!(
                "unknown variant `{text}`, expected one of {}",
                names.join(", ")
            ))
        })
    }
}

impl JsonSchema for ReasonKind {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReasonKind".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> Schema {
        // A pattern, since the schema of a map's keys is one.
        let names = Self::ALL.map(Self::name).join("|");
        json_schema!({ "type": "string", "pattern": format!("^({names})$") })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_reason_has_a_name_of_its_own() {
        let names: BTreeSet<_> = ReasonKind::ALL.map(ReasonKind::name).into();
        assert_eq!(names.len(), ReasonKind::ALL.len());
    }

    #[test]
    fn kinds_of_prices_that_are_left_out_are_not_compared() {
        let found = Quality {
            fresh: 2,
            stale: 1,
            ..Quality::default()
        };
        let stale = |stale| ExpectedQuality {
            stale: Some(stale),
            ..ExpectedQuality::default()
        };
        assert!(stale(1).is_met_by(found) && !stale(2).is_met_by(found));
        assert_eq!(stale(2).to_string(), "2 stale");
    }
}
