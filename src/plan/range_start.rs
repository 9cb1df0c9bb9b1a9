//! After which day a policy looks: the watermarks of the incident, kept so that they can be
//! replayed. They are made of snapshot rows, and so see no hole below a portfolio's newest row.

use std::collections::BTreeMap;

use crate::domain::{Day, IdSet, Phase, PhaseSet};

use super::{Deleted, FirstRun, Newcomers, Policy, Survey, Watermark, WatermarkScope};

/// After which day the range of a policy starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeStart {
    /// The policy has no watermark: every cell since inception is looked at.
    Unbounded,
    /// There is no row to make a watermark of: the same, by the rule for first runs.
    FirstRun,
    /// At the first session after this day.
    After(Day),
}

impl RangeStart {
    /// Whether the policy looks at `day`.
    pub fn contains(self, day: Day) -> bool {
        match self {
            Self::Unbounded | Self::FirstRun => true,
            Self::After(watermark) => day > watermark,
        }
    }
}

/// Where the range of `policy` starts for these members of the scope.
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
    match (watermark, policy.first_run) {
        (Some(day), _) => RangeStart::After(day),
        (None, FirstRun::FromEarliestInception) => RangeStart::FirstRun,
    }
}

fn max_within(rows: &BTreeMap<Day, IdSet>, of: &IdSet) -> Option<Day> {
    let mut newest_first = rows.iter().rev();
    newest_first
        .find(|(_, who)| !who.is_disjoint(of))
        .map(|(day, _)| *day)
}

fn global_max(rows: &BTreeMap<Day, IdSet>) -> Option<Day> {
    let mut newest_first = rows.iter().rev();
    newest_first
        .find(|(_, who)| !who.is_empty())
        .map(|(day, _)| *day)
}

/// Goes back through the rows, striking off whoever is met, until nobody is left: whoever is
/// struck off last holds the watermark. Who has no row is never met.
fn min_of_max(rows: &BTreeMap<Day, IdSet>, mut of: IdSet) -> Option<Day> {
    let mut oldest = None;
    for (day, who) in rows.iter().rev() {
        if of.is_empty() {
            break;
        }
        if !of.is_disjoint(who) {
            oldest = Some(*day);
            of -= who;
        }
    }
    oldest
}

/// The newcomers among `members`, as far as the policy treats them apart: those of whom nothing
/// is done in any session, and nothing that was done is to be done again.
pub(super) fn newcomers(policy: &Policy, survey: &Survey, members: &IdSet) -> IdSet {
    let treated_apart = match (policy.newcomers, policy.watermark) {
        (Newcomers::LeftToOnboarding, _) => true,
        (Newcomers::FromInception, Watermark::None) | (Newcomers::FromRangeStart, _) => false,
        (Newcomers::FromInception, _) => true,
    };
    if !treated_apart {
        return IdSet::new();
    }
    let done = survey.coverage.iter();
    let done = done
        .filter(|(_, phase, _)| is_cell_phase(*phase))
        .map(|(_, _, who)| who);
    let redone = survey.invalidations.iter().flat_map(|invalidation| {
        let cells = invalidation.cells.iter();
        cells
            .filter(|((_, phase), _)| is_cell_phase(*phase))
            .map(|(_, who)| who)
    });
    let mut newcomers = members.clone();
    for who in done.chain(redone) {
        if newcomers.is_empty() {
            break;
        }
        newcomers -= who;
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
    use crate::plan::PolicyName;

    fn day(number: i32) -> Day {
        Day::from_number(20_000 + number).unwrap()
    }

    /// 1 is ahead, 2 is behind, 3 is deleted and further behind, 4 has no row at all.
    fn survey() -> Survey {
        let mut survey = Survey::default();
        for id in 1..=4 {
            let deleted_at = (id == 3).then_some(chrono::DateTime::UNIX_EPOCH);
            let life = Lifecycle::new(day(0)).with_deleted_at(deleted_at);
            survey.lifecycles.add(PortfolioId(id), &life);
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
        let bug = PolicyName::GlobalMax.policy();
        assert_eq!(start(bug, &[1, 2, 3, 4]), RangeStart::After(day(5)));
        assert_eq!(start(bug, &[2]), RangeStart::After(day(5)));
        let honoured = Policy {
            watermark_scope: WatermarkScope::Honoured,
            ..bug
        };
        assert_eq!(start(honoured, &[2]), RangeStart::After(day(3)));
    }

    #[test]
    fn min_of_max_is_the_most_lagging_portfolio_with_a_row() {
        let repair = PolicyName::MinOfMax.policy();
        assert_eq!(start(repair, &[1, 2, 3, 4]), RangeStart::After(day(3)));
        assert_eq!(start(repair, &[1]), RangeStart::After(day(5)));
        assert_eq!(start(repair, &[4]), RangeStart::FirstRun);
    }

    #[test]
    fn included_deleted_portfolios_lower_the_watermark() {
        let dragged = Policy {
            deleted: Deleted::Included,
            ..PolicyName::MinOfMax.policy()
        };
        assert_eq!(start(dragged, &[1, 2, 3, 4]), RangeStart::After(day(1)));
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
