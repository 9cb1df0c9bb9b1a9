//! Computes the start of a policy's range from its watermark. Watermarks exist for replays of the
//! incident; the default policy has none.
//!
//! A watermark made of snapshot rows misses every hole below a portfolio's newest row.

use std::collections::BTreeMap;

use crate::domain::{Day, IdSet, Phase, PhaseSet};

use super::policy::{Deleted, Newcomers, Policy, Watermark, WatermarkScope};
use super::survey::Survey;

/// The start of a policy's range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeStart {
    /// The policy has no watermark: every cell since inception is looked at.
    Unbounded,
    /// There is no row to make a watermark of: every cell since inception is looked at.
    FirstRun,
    /// The range starts at the first session after this day.
    After(Day),
}

impl RangeStart {
    /// Returns the day after which the range starts, if any.
    pub fn watermark(self) -> Option<Day> {
        match self {
            Self::Unbounded | Self::FirstRun => None,
            Self::After(watermark) => Some(watermark),
        }
    }

    /// Returns whether the policy looks at `day`.
    pub fn contains(self, day: Day) -> bool {
        self.watermark().is_none_or(|watermark| day > watermark)
    }
}

/// Returns the start of the range of `policy` for these members of the scope.
pub(super) fn range_start(
    policy: &Policy,
    survey: &Survey,
    members: &IdSet,
    target: Day,
) -> RangeStart {
    let watermark = match policy.watermark {
        Watermark::None => return RangeStart::Unbounded,
        Watermark::BeforeTarget => Some(target.previous()),
        Watermark::GlobalMax => match policy.watermark_scope {
            WatermarkScope::Honoured => max_within(&survey.snapshots, members),
            WatermarkScope::Ignored => global_max(&survey.snapshots),
        },
        // The rule `deleted` applies to this watermark only: the global maximum counts deleted
        // portfolios in any case, as the incident's query did.
        Watermark::MinOfMax => {
            let mut counted = match policy.watermark_scope {
                WatermarkScope::Honoured => members.clone(),
                WatermarkScope::Ignored => survey.lifecycles.all_ids(),
            };
            match policy.deleted {
                Deleted::Excluded => counted &= survey.lifecycles.active(),
                Deleted::Included => {}
            }
            min_of_max(&survey.snapshots, counted)
        }
    };
    watermark.map_or(RangeStart::FirstRun, RangeStart::After)
}

fn max_within(rows: &BTreeMap<Day, IdSet>, of: &IdSet) -> Option<Day> {
    let mut newest_first = rows.iter().rev();
    newest_first
        .find(|(_, ids)| !ids.is_disjoint(of))
        .map(|(day, _)| *day)
}

fn global_max(rows: &BTreeMap<Day, IdSet>) -> Option<Day> {
    let mut newest_first = rows.iter().rev();
    newest_first
        .find(|(_, ids)| !ids.is_empty())
        .map(|(day, _)| *day)
}

/// Returns the minimum over `of` of each portfolio's newest row. Portfolios without a row do not
/// count.
fn min_of_max(rows: &BTreeMap<Day, IdSet>, mut of: IdSet) -> Option<Day> {
    // Newest first, a portfolio's first row is its newest; the last portfolio found has the
    // minimum.
    let mut oldest = None;
    for (day, ids) in rows.iter().rev() {
        if of.is_empty() {
            break;
        }
        if !of.is_disjoint(ids) {
            oldest = Some(*day);
            of -= ids;
        }
    }
    oldest
}

/// Returns the newcomers among `members`: portfolios without any completed or invalidated cell.
/// Empty if the policy does not treat newcomers specially.
pub(super) fn newcomers(policy: &Policy, survey: &Survey, members: &IdSet) -> IdSet {
    // Without a watermark all days are looked at, so `FromInception` changes nothing.
    let is_special = match (policy.newcomers, policy.watermark) {
        (Newcomers::LeftToOnboarding, _) => true,
        (Newcomers::FromInception, Watermark::None) | (Newcomers::FromRangeStart, _) => false,
        (Newcomers::FromInception, _) => true,
    };
    if !is_special {
        return IdSet::new();
    }
    let done = survey.coverage.iter();
    let done = done
        .filter(|(_, phase, _)| is_cell_phase(*phase))
        .map(|(_, _, ids)| ids);
    let invalidated = survey.invalidations.iter().flat_map(|invalidation| {
        let cells = invalidation.cells.iter();
        cells
            .filter(|((_, phase), _)| is_cell_phase(*phase))
            .map(|(_, ids)| ids)
    });
    let mut newcomers = members.clone();
    for ids in done.chain(invalidated) {
        if newcomers.is_empty() {
            break;
        }
        newcomers -= ids;
    }
    newcomers
}

fn is_cell_phase(phase: Phase) -> bool {
    PhaseSet::CELL_PHASES.contains(phase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Lifecycle, PortfolioId};
    use crate::plan::policy::PolicyName;

    fn day(number: i32) -> Day {
        Day::from_number(20_000 + number).unwrap()
    }

    /// Portfolio 1 is ahead, 2 is behind, 3 is deleted and further behind, 4 has no row.
    fn survey() -> Survey {
        let mut survey = Survey::default();
        for id in 1..=4 {
            let deleted_at = (id == 3).then_some(chrono::DateTime::UNIX_EPOCH);
            let lifecycle = Lifecycle::new(day(0)).with_deleted_at(deleted_at);
            survey.lifecycles.add(PortfolioId(id), &lifecycle);
        }
        survey.snapshots.insert(day(1), IdSet::from([1, 2, 3]));
        survey.snapshots.insert(day(3), IdSet::from([1, 2]));
        survey.snapshots.insert(day(5), IdSet::from([1]));
        survey
    }

    fn start(policy: Policy, members: &[u32]) -> RangeStart {
        let members = members.iter().copied().collect();
        range_start(&policy, &survey(), &members, day(6))
    }

    #[test]
    fn global_max_hides_lagging_portfolios() {
        let global_max = PolicyName::GlobalMax.policy();
        assert_eq!(start(global_max, &[1, 2, 3, 4]), RangeStart::After(day(5)));
        assert_eq!(start(global_max, &[2]), RangeStart::After(day(5)));
        let honoured = Policy {
            watermark_scope: WatermarkScope::Honoured,
            ..global_max
        };
        assert_eq!(start(honoured, &[2]), RangeStart::After(day(3)));
    }

    #[test]
    fn min_of_max_is_the_most_lagging_portfolio_with_a_row() {
        let policy = PolicyName::MinOfMax.policy();
        assert_eq!(start(policy, &[1, 2, 3, 4]), RangeStart::After(day(3)));
        assert_eq!(start(policy, &[1]), RangeStart::After(day(5)));
        assert_eq!(start(policy, &[4]), RangeStart::FirstRun);
    }

    #[test]
    fn included_deleted_portfolios_lower_the_watermark() {
        let with_deleted = Policy {
            deleted: Deleted::Included,
            ..PolicyName::MinOfMax.policy()
        };
        let start = start(with_deleted, &[1, 2, 3, 4]);
        assert_eq!(start, RangeStart::After(day(1)));
    }

    #[test]
    fn ignored_scope_uses_the_watermark_of_all_portfolios() {
        let ignored = Policy {
            watermark_scope: WatermarkScope::Ignored,
            ..PolicyName::MinOfMax.policy()
        };
        assert_eq!(start(ignored, &[1]), RangeStart::After(day(3)));
    }

    #[test]
    fn target_only_starts_after_the_previous_day_and_per_cell_is_unbounded() {
        let target_only = PolicyName::TargetOnly.policy();
        assert_eq!(start(target_only, &[1]), RangeStart::After(day(5)));
        assert_eq!(start(Policy::default(), &[1]), RangeStart::Unbounded);
    }
}
