//! Replays a policy on a state: the cells that it chooses, those that it leaves behind, the
//! redundant ones, and the rules that cause this.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::error::QueryError;
use super::grid::Grid;
use crate::domain::{Day, IdSet, PortfolioId, Scope, count_ids};
use crate::plan::{DayPlan, Plan, Policy, PolicyName, Request, StepReason, Survey, Today, plan};

/// The choice of each policy on one state, and the result of running it for some nights.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Replay {
    /// Number of portfolios, deleted ones included.
    pub portfolios: u64,
    /// The last session that is due.
    pub target: Day,
    /// Number of cells that are expected and not done according to the ledger.
    pub needed: u64,
    /// One result for each policy, in the order of [`PolicyName::ALL`].
    pub policies: Vec<PolicyReplay>,
}

/// The choice of one policy, and the result of running it for some nights.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyReplay {
    /// The policy that is replayed.
    pub policy: PolicyName,
    /// Number of cells that the policy chooses.
    pub chosen: u64,
    /// The needed cells that the policy does not see, by day.
    pub left_behind: Vec<DayCells>,
    /// The cells that the policy chooses though they are complete, by day.
    pub redundant: Vec<DayCells>,
    /// The rules with an effect, each changed alone to the value of the default policy.
    pub rules: Vec<RuleEffect>,
    /// Number of cells that stay left behind whichever single rule is changed.
    pub by_several_rules: u64,
    /// The marks of the cells on the sessions that matter.
    pub grid: Grid,
    /// The result of each night, the first at the time of the state.
    pub nights: Vec<NightResult>,
}

/// Cells of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCells {
    /// The day of the cells.
    pub day: Day,
    /// The names of the portfolios, by id.
    pub portfolios: Vec<String>,
}

/// A rule that differs from the default policy, and the effect of changing it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RuleEffect {
    /// The key of the rule in the configuration.
    pub rule: String,
    /// The value of the rule in the replayed policy.
    #[serde(rename = "is")]
    pub value: String,
    /// The value of the rule in the default policy.
    #[serde(rename = "instead")]
    pub default: String,
    /// Number of cells that would no longer be left behind.
    #[serde(rename = "brings-back")]
    pub recovered: u64,
    /// Number of redundant cells that would no longer be chosen.
    #[serde(rename = "spares")]
    pub redundant_avoided: u64,
}

/// The result of one night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NightResult {
    /// The last session that was due.
    pub target: Day,
    /// Number of cells that were done.
    pub done: u64,
    /// Number of chosen cells that were complete before.
    pub redundant: u64,
    /// Number of cells that failed.
    pub failed: u64,
    /// Number of cells that are needed after the night.
    pub open: u64,
    /// Number of portfolios with a needed cell after the night.
    pub behind: u64,
}

impl PolicyReplay {
    /// Returns the number of cells left behind, and of their portfolios.
    pub fn left_behind_counts(&self) -> (u64, u64) {
        count_cells(&self.left_behind)
    }

    /// Returns the number of redundant cells, and of their portfolios.
    pub fn redundant_counts(&self) -> (u64, u64) {
        count_cells(&self.redundant)
    }
}

fn count_cells(cells: &[DayCells]) -> (u64, u64) {
    let named = cells.iter().flat_map(|on| &on.portfolios);
    let portfolios: BTreeSet<_> = named.clone().collect();
    (named.count() as u64, portfolios.len() as u64)
}

/// Replays a policy on a state that was surveyed for it. `names` has all portfolios, and the grid
/// shows `sessions` sessions. `nights` of the result is empty: the caller runs them.
///
/// # Errors
///
/// Where no plan can be made from the survey.
pub fn replay_policy(
    policy: PolicyName,
    survey: &Survey,
    today: Today,
    names: &BTreeMap<PortfolioId, String>,
    sessions: usize,
) -> Result<PolicyReplay, QueryError> {
    let chosen = plan_policy(policy.policy(), survey, today)?;
    let behind = cells(&chosen, left_behind_cells);
    let redundant = cells(&chosen, redundant_cells);
    // The cells that no single rule recovers.
    let mut unrecovered = behind.clone();
    let mut rules = Vec::new();
    let (own, default) = (
        rule_values(&policy.policy()),
        rule_values(&Policy::default()),
    );
    for (rule, changed) in policy.policy().differing_rules(&Policy::default()) {
        let otherwise = plan_policy(changed, survey, today)?;
        let still_behind = cells(&otherwise, left_behind_cells);
        let still_redundant = cells(&otherwise, redundant_cells);
        unrecovered = intersection(&unrecovered, &still_behind);
        let effect = RuleEffect {
            value: own.get(rule).cloned().unwrap_or_default(),
            default: default.get(rule).cloned().unwrap_or_default(),
            rule: rule.to_owned(),
            recovered: count_ids(&behind) - count_ids(&intersection(&behind, &still_behind)),
            redundant_avoided: count_ids(&redundant)
                - count_ids(&intersection(&redundant, &still_redundant)),
        };
        rules.extend((effect.recovered + effect.redundant_avoided > 0).then_some(effect));
    }
    Ok(PolicyReplay {
        policy,
        chosen: chosen.step_count(),
        by_several_rules: count_ids(&unrecovered),
        left_behind: name_cells(&behind, names),
        redundant: name_cells(&redundant, names),
        rules,
        grid: Grid::from_replay(&chosen, names, sessions),
        nights: Vec::new(),
    })
}

fn plan_policy(policy: Policy, survey: &Survey, today: Today) -> Result<Plan, QueryError> {
    let mut request = Request::new(Scope::AllActive);
    request.policy = policy;
    Ok(plan(&request, survey, today)?)
}

type Cells = BTreeMap<Day, IdSet>;

fn cells(plan: &Plan, of: impl Fn(&DayPlan) -> IdSet) -> Cells {
    let days = plan.days.iter().map(|day| (day.day, of(day)));
    days.filter(|(_, ids)| !ids.is_empty()).collect()
}

fn left_behind_cells(day: &DayPlan) -> IdSet {
    let hidden = day
        .skips
        .iter()
        .filter(|skips| skips.reason.is_left_behind());
    hidden.fold(IdSet::new(), |all, skips| all | &skips.cells)
}

fn redundant_cells(day: &DayPlan) -> IdSet {
    let steps = day.steps.iter();
    let redundant = steps.filter(|steps| steps.reason == StepReason::ByRule);
    redundant.fold(IdSet::new(), |all, steps| all | &steps.cells)
}

fn intersection(left: &Cells, right: &Cells) -> Cells {
    let both = left
        .iter()
        .filter_map(|(day, ids)| Some((*day, ids & right.get(day)?)));
    both.collect()
}

fn name_cells(cells: &Cells, names: &BTreeMap<PortfolioId, String>) -> Vec<DayCells> {
    let name =
        |id| (names.get(&PortfolioId(id)).cloned()).unwrap_or_else(|| format!("portfolio {id}"));
    let days = cells.iter().map(|(day, ids)| DayCells {
        day: *day,
        portfolios: ids.iter().map(name).collect(),
    });
    days.collect()
}

/// The rules of a policy, by the keys and with the values of the configuration.
fn rule_values(policy: &Policy) -> BTreeMap<String, String> {
    let written = serde_json::to_value(policy).unwrap_or_default();
    let rules = written.as_object().into_iter().flatten();
    rules
        .filter_map(|(rule, value)| Some((rule.clone(), value.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Lifecycle, Phase};

    fn day(number: i32) -> Day {
        Day::from_number(20_000 + number).unwrap()
    }

    /// One portfolio over three sessions. All phases are done on the days of `done`, and snapshots
    /// exist on the days of `rows`.
    fn survey(done: &[i32], rows: &[i32]) -> Survey {
        let mut survey = Survey {
            sessions: (0..3).map(day).collect(),
            ..Survey::default()
        };
        survey
            .lifecycles
            .add(PortfolioId(1), &Lifecycle::new(day(0)));
        for on in done {
            for phase in Phase::CELL_PHASES {
                survey.coverage.insert(day(*on), phase, 1);
            }
        }
        let rows = rows.iter().map(|on| (day(*on), IdSet::from([1])));
        survey.snapshots = rows.collect();
        survey
    }

    fn replay(policy: PolicyName, survey: &Survey) -> PolicyReplay {
        let today = Today {
            date: day(2),
            last_final: day(2),
        };
        let names = [(PortfolioId(1), "A".to_owned())].into();
        replay_policy(policy, survey, today, &names, 6).unwrap()
    }

    fn rule_effects(replayed: &PolicyReplay) -> Vec<(&str, u64, u64)> {
        let rules = replayed.rules.iter();
        rules
            .map(|rule| (rule.rule.as_str(), rule.recovered, rule.redundant_avoided))
            .collect()
    }

    #[test]
    fn a_complete_cell_without_its_row_is_redundant_because_of_the_filter() {
        let replayed = replay(PolicyName::TargetOnly, &survey(&[0, 1, 2], &[0, 1]));
        let cell = DayCells {
            day: day(2),
            portfolios: vec!["A".to_owned()],
        };
        assert_eq!(
            (replayed.redundant.as_slice(), replayed.redundant_counts()),
            (&[cell][..], (1, 1))
        );
        assert_eq!(replayed.left_behind_counts(), (0, 0));
        assert_eq!(rule_effects(&replayed), [("filter", 0, 1)]);
    }

    #[test]
    fn no_single_rule_recovers_a_cell_hidden_by_two() {
        let replayed = replay(PolicyName::TargetOnly, &survey(&[0], &[0, 1]));
        assert_eq!(
            (replayed.chosen, replayed.left_behind_counts()),
            (1, (1, 1))
        );
        assert_eq!(
            (rule_effects(&replayed), replayed.by_several_rules),
            (vec![], 1)
        );
    }

    #[test]
    fn the_default_policy_has_no_rule_effects() {
        let replayed = replay(PolicyName::PerCell, &survey(&[0], &[0, 1]));
        assert_eq!(
            (
                replayed.chosen,
                replayed.left_behind_counts(),
                replayed.redundant_counts()
            ),
            (2, (0, 0), (0, 0))
        );
        assert!(replayed.rules.is_empty());
    }
}
