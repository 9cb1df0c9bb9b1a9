//! What a policy would choose on a state: whom it leaves behind, what it does in vain, and which
//! of its rules is to blame.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Grid, QueryError};
use crate::domain::{Day, IdSet, PortfolioId, Scope};
use crate::plan::{DayPlan, Plan, Policy, PolicyName, Request, StepReason, Survey, Today, plan};

/// What every policy would choose on one state, and what nights of it lead to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Replay {
    /// How many portfolios there are, deleted ones too.
    pub portfolios: u64,
    /// The session that is due.
    pub target: Day,
    /// How many cells are needed by what the ledger says.
    pub needed: u64,
    /// One for each policy.
    pub policies: Vec<PolicyReplay>,
}

/// What one policy would choose, and what nights of it lead to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyReplay {
    /// Which.
    pub policy: PolicyName,
    /// How many cells it chooses.
    pub chosen: u64,
    /// The cells that are needed and that it doesn't see, by day.
    pub left_behind: Vec<DayCells>,
    /// The cells that it chooses though they are complete, by day.
    pub redundant: Vec<DayCells>,
    /// The rules that are to blame, each changed to the default's by itself.
    pub rules: Vec<RuleEffect>,
    /// How many cells are left behind by whichever single rule is changed.
    pub by_several_rules: u64,
    /// The sessions of note, and what it does with each cell.
    pub grid: Grid,
    /// What each night of it comes to, the first being the state's own.
    pub nights: Vec<NightResult>,
}

/// Cells of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCells {
    /// The day.
    pub day: Day,
    /// Whose, by id.
    pub portfolios: Vec<String>,
}

/// A rule that is not the default's, and what changing it alone would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RuleEffect {
    /// The rule.
    pub rule: String,
    /// What it is.
    #[serde(rename = "is")]
    pub value: String,
    /// What the default has instead.
    #[serde(rename = "instead")]
    pub default: String,
    /// How many cells would not be left behind any more.
    #[serde(rename = "brings-back")]
    pub recovered: u64,
    /// How many cells would not be done in vain any more.
    #[serde(rename = "spares")]
    pub redundant_avoided: u64,
}

/// What a night came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NightResult {
    /// The session that was due.
    pub target: Day,
    /// How many cells were done.
    pub done: u64,
    /// How many of the cells that were chosen had been complete.
    pub redundant: u64,
    /// How many cells failed.
    pub failed: u64,
    /// How many cells are needed after it.
    pub open: u64,
    /// How many portfolios lack any cell after it.
    pub behind: u64,
}

impl PolicyReplay {
    /// How many cells are left behind, and of how many portfolios.
    pub fn left_behind_counts(&self) -> (u64, u64) {
        count_cells(&self.left_behind)
    }

    /// How many cells are done in vain, and of how many portfolios.
    pub fn redundant_counts(&self) -> (u64, u64) {
        count_cells(&self.redundant)
    }
}

fn count_cells(cells: &[DayCells]) -> (u64, u64) {
    let named = cells.iter().flat_map(|on| &on.portfolios);
    let portfolios: BTreeSet<_> = named.clone().collect();
    (named.count() as u64, portfolios.len() as u64)
}

/// What a policy would choose on a state that was surveyed for it. `names` are of everybody, the
/// grid shows `sessions` sessions, and the nights are left to whoever can run them.
pub fn replay_policy(
    policy: PolicyName,
    survey: &Survey,
    today: Today,
    names: &BTreeMap<PortfolioId, String>,
    sessions: usize,
) -> Result<PolicyReplay, QueryError> {
    let chosen = plan_policy(policy.policy(), survey, today)?;
    let (behind, vain) = (
        cells(&chosen, left_behind_cells),
        cells(&chosen, redundant_cells),
    );
    let mut alone = behind.clone();
    let mut rules = Vec::new();
    let (own, default) = (
        rule_values(&policy.policy()),
        rule_values(&Policy::default()),
    );
    for (rule, changed) in policy.policy().differing_rules(&Policy::default()) {
        let otherwise = plan_policy(changed, survey, today)?;
        let still_behind = cells(&otherwise, left_behind_cells);
        let still_vain = cells(&otherwise, redundant_cells);
        alone = intersection(&alone, &still_behind);
        let seen = RuleEffect {
            value: own.get(rule).cloned().unwrap_or_default(),
            default: default.get(rule).cloned().unwrap_or_default(),
            rule: rule.to_owned(),
            recovered: cell_count(&behind) - cell_count(&intersection(&behind, &still_behind)),
            redundant_avoided: cell_count(&vain) - cell_count(&intersection(&vain, &still_vain)),
        };
        rules.extend((seen.recovered + seen.redundant_avoided > 0).then_some(seen));
    }
    Ok(PolicyReplay {
        policy,
        chosen: chosen.step_count(),
        by_several_rules: cell_count(&alone),
        left_behind: name_cells(&behind, names),
        redundant: name_cells(&vain, names),
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
    days.filter(|(_, who)| !who.is_empty()).collect()
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
    let vain = steps.filter(|steps| steps.reason == StepReason::ByRule);
    vain.fold(IdSet::new(), |all, steps| all | &steps.cells)
}

fn intersection(one: &Cells, other: &Cells) -> Cells {
    let both = one
        .iter()
        .filter_map(|(day, who)| Some((*day, who & other.get(day)?)));
    both.collect()
}

fn cell_count(cells: &Cells) -> u64 {
    cells.values().map(IdSet::len).sum()
}

fn name_cells(cells: &Cells, names: &BTreeMap<PortfolioId, String>) -> Vec<DayCells> {
    let name =
        |id| (names.get(&PortfolioId(id)).cloned()).unwrap_or_else(|| format!("portfolio {id}"));
    let days = cells.iter().map(|(day, who)| DayCells {
        day: *day,
        portfolios: who.iter().map(name).collect(),
    });
    days.collect()
}

/// The rules of a policy, as configuration writes them.
fn rule_values(policy: &Policy) -> BTreeMap<String, String> {
    let written = serde_json::to_value(policy).unwrap_or_default();
    let rules = written.as_object().into_iter().flatten();
    rules
        .filter_map(|(rule, word)| Some((rule.clone(), word.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Lifecycle, Phase};

    fn day(number: i32) -> Day {
        Day::from_number(20_000 + number).unwrap()
    }

    /// One portfolio over three sessions, of which a phase is done on the days of `done`, with
    /// rows of books on those of `rows`.
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

    fn rule_effects(seen: &PolicyReplay) -> Vec<(&str, u64, u64)> {
        let rules = seen.rules.iter();
        rules
            .map(|one| (one.rule.as_str(), one.recovered, one.redundant_avoided))
            .collect()
    }

    #[test]
    fn a_complete_cell_without_its_row_is_redundant_because_of_the_filter() {
        let seen = replay(PolicyName::TargetOnly, &survey(&[0, 1, 2], &[0, 1]));
        let cell = DayCells {
            day: day(2),
            portfolios: vec!["A".to_owned()],
        };
        assert_eq!(
            (seen.redundant.as_slice(), seen.redundant_counts()),
            (&[cell][..], (1, 1))
        );
        assert_eq!(seen.left_behind_counts(), (0, 0));
        assert_eq!(rule_effects(&seen), [("filter", 0, 1)]);
    }

    #[test]
    fn no_single_rule_recovers_a_cell_hidden_by_two() {
        let seen = replay(PolicyName::TargetOnly, &survey(&[0], &[0, 1]));
        assert_eq!((seen.chosen, seen.left_behind_counts()), (1, (1, 1)));
        assert_eq!((rule_effects(&seen), seen.by_several_rules), (vec![], 1));
    }

    #[test]
    fn the_default_policy_has_no_rule_effects() {
        let seen = replay(PolicyName::PerCell, &survey(&[0], &[0, 1]));
        assert_eq!(
            (
                seen.chosen,
                seen.left_behind_counts(),
                seen.redundant_counts()
            ),
            (2, (0, 0), (0, 0))
        );
        assert!(seen.rules.is_empty());
    }
}
