//! What a policy would choose on a state: whom it leaves behind, what it does in vain, and which
//! of its rules is to blame.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Grid, InquiryError};
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
    pub left_behind: Vec<CellsOn>,
    /// The cells that it chooses though they are complete, by day.
    pub in_vain: Vec<CellsOn>,
    /// The rules that are to blame, each changed to the default's by itself.
    pub rules: Vec<RuleSeen>,
    /// How many cells are left behind by whichever single rule is changed.
    pub by_several_rules: u64,
    /// The sessions of note, and what it does with each cell.
    pub grid: Grid,
    /// What each night of it comes to, the first being the state's own.
    pub nights: Vec<NightSeen>,
}

/// Cells of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellsOn {
    /// The day.
    pub day: Day,
    /// Whose, by id.
    pub portfolios: Vec<String>,
}

/// A rule that is not the default's, and what changing it alone would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RuleSeen {
    /// The rule.
    pub rule: String,
    /// What it is.
    pub is: String,
    /// What the default has instead.
    pub instead: String,
    /// How many cells would not be left behind any more.
    pub brings_back: u64,
    /// How many cells would not be done in vain any more.
    pub spares: u64,
}

/// What a night came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NightSeen {
    /// The session that was due.
    pub target: Day,
    /// How many cells were done.
    pub done: u64,
    /// How many of the cells that were chosen had been complete.
    pub in_vain: u64,
    /// How many cells failed.
    pub failed: u64,
    /// How many cells are needed after it.
    pub open: u64,
    /// How many portfolios lack any cell after it.
    pub behind: u64,
}

impl PolicyReplay {
    /// How many cells are left behind, and of how many portfolios.
    pub fn behind(&self) -> (u64, u64) {
        counted(&self.left_behind)
    }

    /// How many cells are done in vain, and of how many portfolios.
    pub fn vain(&self) -> (u64, u64) {
        counted(&self.in_vain)
    }
}

fn counted(cells: &[CellsOn]) -> (u64, u64) {
    let named = cells.iter().flat_map(|on| &on.portfolios);
    let portfolios: BTreeSet<_> = named.clone().collect();
    (named.count() as u64, portfolios.len() as u64)
}

/// What a policy would choose on a state that was surveyed for it. `names` are of everybody, the
/// grid shows `sessions` sessions, and the nights are left to whoever can run them.
pub fn replayed(
    policy: PolicyName,
    survey: &Survey,
    today: Today,
    names: &BTreeMap<PortfolioId, String>,
    sessions: usize,
) -> Result<PolicyReplay, InquiryError> {
    let chosen = planned(policy.policy(), survey, today)?;
    let (behind, vain) = (cells(&chosen, is_left_behind), cells(&chosen, is_in_vain));
    let mut alone = behind.clone();
    let mut rules = Vec::new();
    let (own, default) = (words(&policy.policy()), words(&Policy::default()));
    for (rule, changed) in policy.policy().differing_rules(&Policy::default()) {
        let otherwise = planned(changed, survey, today)?;
        let still_behind = cells(&otherwise, is_left_behind);
        let still_vain = cells(&otherwise, is_in_vain);
        alone = common(&alone, &still_behind);
        let seen = RuleSeen {
            is: own.get(rule).cloned().unwrap_or_default(),
            instead: default.get(rule).cloned().unwrap_or_default(),
            rule: rule.to_owned(),
            brings_back: size(&behind) - size(&common(&behind, &still_behind)),
            spares: size(&vain) - size(&common(&vain, &still_vain)),
        };
        rules.extend((seen.brings_back + seen.spares > 0).then_some(seen));
    }
    Ok(PolicyReplay {
        policy,
        chosen: chosen.step_count(),
        by_several_rules: size(&alone),
        left_behind: named(&behind, names),
        in_vain: named(&vain, names),
        rules,
        grid: Grid::of_replay(&chosen, names, sessions),
        nights: Vec::new(),
    })
}

fn planned(policy: Policy, survey: &Survey, today: Today) -> Result<Plan, InquiryError> {
    let mut request = Request::new(Scope::AllActive);
    request.policy = policy;
    Ok(plan(&request, survey, today)?)
}

type Cells = BTreeMap<Day, IdSet>;

fn cells(plan: &Plan, of: impl Fn(&DayPlan) -> IdSet) -> Cells {
    let days = plan.days.iter().map(|day| (day.day, of(day)));
    days.filter(|(_, who)| !who.is_empty()).collect()
}

fn is_left_behind(day: &DayPlan) -> IdSet {
    let hidden = day
        .skips
        .iter()
        .filter(|skips| skips.reason.is_left_behind());
    hidden.fold(IdSet::new(), |all, skips| all | &skips.cells)
}

fn is_in_vain(day: &DayPlan) -> IdSet {
    let steps = day.steps.iter();
    let vain = steps.filter(|steps| steps.reason == StepReason::ByRule);
    vain.fold(IdSet::new(), |all, steps| all | &steps.cells)
}

fn common(one: &Cells, other: &Cells) -> Cells {
    let both = one
        .iter()
        .filter_map(|(day, who)| Some((*day, who & other.get(day)?)));
    both.collect()
}

fn size(cells: &Cells) -> u64 {
    cells.values().map(IdSet::len).sum()
}

fn named(cells: &Cells, names: &BTreeMap<PortfolioId, String>) -> Vec<CellsOn> {
    let name =
        |id| (names.get(&PortfolioId(id)).cloned()).unwrap_or_else(|| format!("portfolio {id}"));
    let days = cells.iter().map(|(day, who)| CellsOn {
        day: *day,
        portfolios: who.iter().map(name).collect(),
    });
    days.collect()
}

/// The rules of a policy, as configuration writes them.
fn words(policy: &Policy) -> BTreeMap<String, String> {
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

    fn seen(policy: PolicyName, survey: &Survey) -> PolicyReplay {
        let today = Today {
            date: day(2),
            last_final: day(2),
        };
        let names = [(PortfolioId(1), "A".to_owned())].into();
        replayed(policy, survey, today, &names, 6).unwrap()
    }

    fn blamed(seen: &PolicyReplay) -> Vec<(&str, u64, u64)> {
        let rules = seen.rules.iter();
        rules
            .map(|one| (one.rule.as_str(), one.brings_back, one.spares))
            .collect()
    }

    #[test]
    fn what_is_complete_and_lost_its_row_is_done_in_vain_and_the_filter_is_to_blame() {
        let seen = seen(PolicyName::TargetOnly, &survey(&[0, 1, 2], &[0, 1]));
        let cell = CellsOn {
            day: day(2),
            portfolios: vec!["A".to_owned()],
        };
        assert_eq!(
            (seen.in_vain.as_slice(), seen.vain()),
            (&[cell][..], (1, 1))
        );
        assert_eq!(seen.behind(), (0, 0));
        assert_eq!(blamed(&seen), [("filter", 0, 1)]);
    }

    #[test]
    fn what_two_rules_hide_no_single_one_brings_back() {
        let seen = seen(PolicyName::TargetOnly, &survey(&[0], &[0, 1]));
        assert_eq!((seen.chosen, seen.behind()), (1, (1, 1)));
        assert_eq!((blamed(&seen), seen.by_several_rules), (vec![], 1));
    }

    #[test]
    fn the_default_has_no_rule_to_blame() {
        let seen = seen(PolicyName::PerCell, &survey(&[0], &[0, 1]));
        assert_eq!(
            (seen.chosen, seen.behind(), seen.vain()),
            (2, (0, 0), (0, 0))
        );
        assert!(seen.rules.is_empty());
    }
}
