//! By which rules work is chosen. A policy is a set of rules; a preset is a name for one.
//!
//! In configuration a policy is a table of an optional preset (`per-cell` where none is named)
//! and the rules that differ from it:
//!
//! ```toml
//! preset = "min-of-max"
//! deleted = "included"
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Declares a rule: the words it can be, as they are written in configuration.
macro_rules! rule {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$word_doc])* $word,)+ }
    };
}

rule! {
    /// After which day the range of a run starts.
    Watermark {
        /// The newest snapshot row of anybody, deleted portfolios included: the bug.
        GlobalMax,
        /// The oldest of each portfolio's newest snapshot row. A portfolio without any row has
        /// no newest, and so pulls nothing back, as in SQL's `MIN` over a grouped `MAX`.
        MinOfMax,
        /// The day before the target: nothing older is looked at.
        BeforeTarget,
        /// None: every cell since inception is looked at.
        None,
    }
}

rule! {
    /// Whether deleted portfolios take part: pull the oldest newest back, and are processed.
    Deleted {
        /// They do not.
        Excluded,
        /// They do.
        Included,
    }
}

rule! {
    /// Whose snapshot rows the watermark is made of.
    WatermarkScope {
        /// Those in scope.
        Honoured,
        /// Everybody's, however few are in scope.
        Ignored,
    }
}

rule! {
    /// Who is chosen on a day of the range.
    Filter {
        /// Everybody who lives.
        None,
        /// Those without a snapshot row, whatever else they lack.
        SnapshotExists,
        /// Those of whom any phase is not proven done.
        AllPhases,
    }
}

rule! {
    /// From when on a portfolio of which nothing has ever been done is processed.
    Newcomers {
        /// From where the range starts: the days since its inception stay a hole.
        FromRangeStart,
        /// From its inception, before the range too.
        FromInception,
        /// Not at all: its history is onboarded by itself.
        LeftToOnboarding,
    }
}

rule! {
    /// What a name in the scope that nobody bears does.
    UnknownIds {
        /// The request is refused.
        Refuse,
        /// It is left out; a scope of which nobody is left is refused.
        Skip,
        /// It is left out; a scope of which nobody is left becomes everybody. Replays only.
        WidenToAll,
    }
}

rule! {
    /// Where the range starts when there is no snapshot row that a watermark could be made of.
    FirstRun {
        /// At the earliest inception in scope.
        FromEarliestInception,
    }
}

/// By which rules work is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", from = "PolicySpec")]
pub struct Policy {
    /// After which day the range starts.
    pub watermark: Watermark,
    /// Whose rows the watermark is made of.
    pub watermark_scope: WatermarkScope,
    /// Whether deleted portfolios take part.
    pub deleted: Deleted,
    /// Who is chosen on a day.
    pub filter: Filter,
    /// From when on a newcomer is processed.
    pub newcomers: Newcomers,
    /// What an unknown name does.
    pub unknown_ids: UnknownIds,
    /// Where a first run starts.
    pub first_run: FirstRun,
}

/// The name of a set of rules that has a history.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyName {
    /// The bug: newest snapshot of anybody.
    GlobalMax,
    /// The repair: oldest of the newest, and per day those without a snapshot.
    MinOfMax,
    /// A later rewrite, which lost back-filling.
    TargetOnly,
    /// Ours: every cell that is needed.
    #[default]
    PerCell,
}

/// A word that names no preset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no policy (known: global-max, min-of-max, target-only, per-cell)")]
pub struct UnknownPolicy(pub String);

/// A rule that repeats what went wrong, and is never chosen for real work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the rule `widen-to-everybody` can be replayed, and is refused for real work")]
pub struct ReplayOnly;

impl PolicyName {
    /// Every preset.
    pub const ALL: [Self; 4] = [
        Self::GlobalMax,
        Self::MinOfMax,
        Self::TargetOnly,
        Self::PerCell,
    ];

    /// The name as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GlobalMax => "global-max",
            Self::MinOfMax => "min-of-max",
            Self::TargetOnly => "target-only",
            Self::PerCell => "per-cell",
        }
    }

    /// The rules it stands for.
    pub const fn policy(self) -> Policy {
        let repair = Policy {
            watermark: Watermark::MinOfMax,
            watermark_scope: WatermarkScope::Honoured,
            deleted: Deleted::Excluded,
            filter: Filter::SnapshotExists,
            newcomers: Newcomers::FromRangeStart,
            unknown_ids: UnknownIds::Skip,
            first_run: FirstRun::FromEarliestInception,
        };
        match self {
            Self::MinOfMax => repair,
            Self::GlobalMax => Policy {
                watermark: Watermark::GlobalMax,
                watermark_scope: WatermarkScope::Ignored,
                filter: Filter::None,
                unknown_ids: UnknownIds::Refuse,
                ..repair
            },
            Self::TargetOnly => Policy {
                watermark: Watermark::BeforeTarget,
                ..repair
            },
            Self::PerCell => Policy {
                watermark: Watermark::None,
                filter: Filter::AllPhases,
                newcomers: Newcomers::FromInception,
                unknown_ids: UnknownIds::Refuse,
                ..repair
            },
        }
    }
}

impl Policy {
    /// The preset that stands for exactly these rules, if one does.
    pub fn name(&self) -> Option<PolicyName> {
        PolicyName::ALL.into_iter().find(|n| n.policy() == *self)
    }

    /// Whether it looks at snapshot rows, so that a survey has to hold them.
    pub fn is_snapshot_based(&self) -> bool {
        matches!(self.watermark, Watermark::GlobalMax | Watermark::MinOfMax)
            || self.filter == Filter::SnapshotExists
    }

    /// That it may choose real work, or the rule that is for replays only.
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
        f.pad(
            self.name()
                .map_or("a policy of single rules", PolicyName::name),
        )
    }
}

impl FromStr for PolicyName {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        let named = Self::ALL.into_iter().find(|name| name.name() == text);
        named.ok_or_else(|| UnknownPolicy(text.to_owned()))
    }
}

/// A policy as configuration writes it: a preset, and the rules that differ.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[derive(Default)]
struct PolicySpec {
    preset: PolicyName,
    watermark: Option<Watermark>,
    watermark_scope: Option<WatermarkScope>,
    deleted: Option<Deleted>,
    filter: Option<Filter>,
    newcomers: Option<Newcomers>,
    unknown_ids: Option<UnknownIds>,
    first_run: Option<FirstRun>,
}

impl From<PolicySpec> for Policy {
    fn from(written: PolicySpec) -> Self {
        let preset = written.preset.policy();
        Self {
            watermark: written.watermark.unwrap_or(preset.watermark),
            watermark_scope: written.watermark_scope.unwrap_or(preset.watermark_scope),
            deleted: written.deleted.unwrap_or(preset.deleted),
            filter: written.filter.unwrap_or(preset.filter),
            newcomers: written.newcomers.unwrap_or(preset.newcomers),
            unknown_ids: written.unknown_ids.unwrap_or(preset.unknown_ids),
            first_run: written.first_run.unwrap_or(preset.first_run),
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
