//! Defines policies: the rules by which cells are chosen. A preset is a named set of rules.
//!
//! In configuration a policy is a table of an optional preset (default `per-cell`) and the rules
//! that differ from it:
//!
//! ```toml
//! preset = "min-of-max"
//! deleted = "included"
//! ```

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Declares a rule as an enum of its values, which configuration writes in kebab case.
macro_rules! rule {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$word_doc])* $word,)+ }
    };
}

rule! {
    /// The day after which the range of a run starts.
    Watermark {
        /// The newest snapshot row of any portfolio, deleted ones included: the incident's bug.
        GlobalMax,
        /// The oldest of each portfolio's newest snapshot row. A portfolio without any row does
        /// not count, as in SQL's `MIN` over a grouped `MAX`.
        MinOfMax,
        /// The day before the target: only the target is looked at.
        BeforeTarget,
        /// No watermark: every cell since inception is looked at.
        None,
    }
}

rule! {
    /// The treatment of deleted portfolios.
    Deleted {
        /// They are not processed, and of the watermarks only [`Watermark::GlobalMax`] counts them.
        Excluded,
        /// They are processed like active ones, and [`Watermark::MinOfMax`] counts them too.
        Included,
    }
}

rule! {
    /// The portfolios whose snapshot rows make the watermark.
    WatermarkScope {
        /// The portfolios in scope.
        Honoured,
        /// All portfolios, independent of the scope.
        Ignored,
    }
}

rule! {
    /// The choice among the portfolios that are alive on a day of the range.
    Filter {
        /// All of them, complete or not.
        None,
        /// Those without a snapshot row, whatever their other phases.
        SnapshotExists,
        /// Those with any phase that the ledger does not have.
        AllPhases,
    }
}

rule! {
    /// The first day on which a portfolio without any completed work is processed.
    Newcomers {
        /// The start of the range: the days from its inception to there stay a hole.
        FromRangeStart,
        /// Its inception, also before the range.
        FromInception,
        /// None: a separate onboarding fills its history.
        LeftToOnboarding,
    }
}

rule! {
    /// The treatment of names in the scope that no portfolio has.
    UnknownIds {
        /// The request is refused.
        Refuse,
        /// The name is skipped. A scope without any known name is refused.
        Skip,
        /// The name is skipped. A scope without any known name becomes all portfolios. For
        /// replays only.
        #[serde(alias = "widen-to-everybody")]
        WidenToAll,
    }
}

/// The rules by which cells are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", from = "PolicySpec")]
pub struct Policy {
    /// The day after which the range starts.
    pub watermark: Watermark,
    /// The portfolios whose rows make the watermark.
    pub watermark_scope: WatermarkScope,
    /// The treatment of deleted portfolios.
    pub deleted: Deleted,
    /// The choice among the portfolios of a day.
    pub filter: Filter,
    /// The first day on which a newcomer is processed.
    pub newcomers: Newcomers,
    /// The treatment of unknown names in the scope.
    pub unknown_ids: UnknownIds,
}

/// The name of a preset: a set of rules that was used in production.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyName {
    /// The bug: starts after the newest snapshot of any portfolio.
    GlobalMax,
    /// The 2026-01 fix: starts after the oldest of each portfolio's newest snapshot, and processes
    /// the portfolios without a snapshot of the day.
    MinOfMax,
    /// A later rewrite, which processes only the target and fills no holes.
    TargetOnly,
    /// Plimsoll's rules: every needed cell.
    #[default]
    PerCell,
}

/// The error of a text that is not the name of a preset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown policy `{0}` (known: global-max, min-of-max, target-only, per-cell)")]
pub struct UnknownPolicy(pub String);

/// The error of a rule that repeats a fault of the incident and so must not write real books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the rule `widen-to-all` is for replays only")]
pub struct ReplayOnly;

impl PolicyName {
    /// All presets, in historical order.
    pub const ALL: [Self; 4] = [
        Self::GlobalMax,
        Self::MinOfMax,
        Self::TargetOnly,
        Self::PerCell,
    ];

    /// Returns the name, as files and the command line write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GlobalMax => "global-max",
            Self::MinOfMax => "min-of-max",
            Self::TargetOnly => "target-only",
            Self::PerCell => "per-cell",
        }
    }

    /// Returns the rules of the preset.
    pub const fn policy(self) -> Policy {
        // The base of the other presets, which differ from it in few rules.
        let min_of_max = Policy {
            watermark: Watermark::MinOfMax,
            watermark_scope: WatermarkScope::Honoured,
            deleted: Deleted::Excluded,
            filter: Filter::SnapshotExists,
            newcomers: Newcomers::FromRangeStart,
            unknown_ids: UnknownIds::Skip,
        };
        match self {
            Self::MinOfMax => min_of_max,
            Self::GlobalMax => Policy {
                watermark: Watermark::GlobalMax,
                watermark_scope: WatermarkScope::Ignored,
                filter: Filter::None,
                unknown_ids: UnknownIds::Refuse,
                ..min_of_max
            },
            Self::TargetOnly => Policy {
                watermark: Watermark::BeforeTarget,
                ..min_of_max
            },
            Self::PerCell => Policy {
                watermark: Watermark::None,
                filter: Filter::AllPhases,
                newcomers: Newcomers::FromInception,
                unknown_ids: UnknownIds::Refuse,
                ..min_of_max
            },
        }
    }
}

impl Policy {
    /// Returns the preset with exactly these rules, or `None`.
    pub fn name(&self) -> Option<PolicyName> {
        PolicyName::ALL.into_iter().find(|n| n.policy() == *self)
    }

    /// Returns whether the policy looks at snapshot rows, so that a survey must read them.
    pub fn is_snapshot_based(&self) -> bool {
        matches!(self.watermark, Watermark::GlobalMax | Watermark::MinOfMax)
            || self.filter == Filter::SnapshotExists
    }

    /// Checks that the policy may be used by a run that writes real books.
    ///
    /// # Errors
    ///
    /// Refuses [`UnknownIds::WidenToAll`], which is for replays only.
    pub fn check_runnable(&self) -> Result<(), ReplayOnly> {
        match self.unknown_ids {
            UnknownIds::Refuse | UnknownIds::Skip => Ok(()),
            UnknownIds::WidenToAll => Err(ReplayOnly),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        PolicyName::default().policy()
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name().map_or("custom policy", PolicyName::name))
    }
}

impl FromStr for PolicyName {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        let named = Self::ALL.into_iter().find(|name| name.name() == text);
        named.ok_or_else(|| UnknownPolicy(text.to_owned()))
    }
}

/// A policy as written in configuration: a preset, and the rules that differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct PolicySpec {
    /// The policy to start from.
    preset: PolicyName,
    /// The day after which the range starts.
    watermark: Option<Watermark>,
    /// The portfolios whose rows make the watermark.
    watermark_scope: Option<WatermarkScope>,
    /// The treatment of deleted portfolios.
    deleted: Option<Deleted>,
    /// The choice among the portfolios of a day.
    filter: Option<Filter>,
    /// The first day on which a newcomer is processed.
    newcomers: Option<Newcomers>,
    /// The treatment of unknown names in the scope.
    unknown_ids: Option<UnknownIds>,
    /// A former rule, which is read and has no effect.
    #[serde(rename = "first-run")]
    _first_run: Option<FormerFirstRun>,
}

/// The one value of the former rule `first-run`, which is read and has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum FormerFirstRun {
    #[serde(rename = "from-earliest-inception")]
    FromEarliestInception,
}

impl From<PolicySpec> for Policy {
    fn from(spec: PolicySpec) -> Self {
        let preset = spec.preset.policy();
        Self {
            watermark: spec.watermark.unwrap_or(preset.watermark),
            watermark_scope: spec.watermark_scope.unwrap_or(preset.watermark_scope),
            deleted: spec.deleted.unwrap_or(preset.deleted),
            filter: spec.filter.unwrap_or(preset.filter),
            newcomers: spec.newcomers.unwrap_or(preset.newcomers),
            unknown_ids: spec.unknown_ids.unwrap_or(preset.unknown_ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_and_names_round_trip() {
        for name in PolicyName::ALL {
            assert_eq!(name.policy().name(), Some(name));
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn unknown_preset_error_lists_the_known_ones() {
        let refusal = "max".parse::<PolicyName>().unwrap_err().to_string();
        assert!(PolicyName::ALL.iter().all(|n| refusal.contains(n.name())));
    }

    #[test]
    fn a_written_rule_overrides_only_that_rule() {
        let written = "preset = \"min-of-max\"\ndeleted = \"included\"";
        let policy: Policy = toml::from_str(written).unwrap();
        let expected = Policy {
            deleted: Deleted::Included,
            ..PolicyName::MinOfMax.policy()
        };
        assert_eq!(policy, expected);
        assert_eq!(policy.name(), None);
        assert!(toml::from_str::<Policy>("delete = \"included\"").is_err());
    }

    #[test]
    fn policies_round_trip_through_toml() {
        for name in PolicyName::ALL {
            let text = toml::to_string(&name.policy()).unwrap();
            assert_eq!(toml::from_str::<Policy>(&text).unwrap(), name.policy());
        }
        assert_eq!(toml::from_str::<Policy>("").unwrap(), Policy::default());
    }

    #[test]
    fn old_rules_are_read_and_written_by_their_new_names() {
        let old = "unknown-ids = \"widen-to-everybody\"\nfirst-run = \"from-earliest-inception\"";
        let policy: Policy = toml::from_str(old).unwrap();
        assert_eq!(policy.unknown_ids, UnknownIds::WidenToAll);
        let written = toml::to_string(&policy).unwrap();
        assert!(written.contains("\"widen-to-all\""), "{written}");
        assert!(!written.contains("first-run"), "{written}");
        assert!(toml::from_str::<Policy>("first-run = \"from-target\"").is_err());
    }

    #[test]
    fn no_preset_widens_a_scope() {
        for name in PolicyName::ALL {
            assert_eq!(name.policy().check_runnable(), Ok(()));
        }
        let widening = Policy {
            unknown_ids: UnknownIds::WidenToAll,
            ..Policy::default()
        };
        assert_eq!(widening.check_runnable(), Err(ReplayOnly));
    }
}
