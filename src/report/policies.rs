//! Compares the cells that each policy preset would choose on the same state, in one table.

use std::collections::BTreeSet;

use super::days::month_day;
use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::domain::Day;
use crate::plan::{Plan, PolicyName};

/// Maximum number of sessions in the table, the last ones.
const MAX_SESSIONS: usize = 6;

/// A table of the cells that each policy would do by session and those that it would leave behind,
/// and a sentence for each policy. All plans must be for the same state and target.
pub fn policies_text(plans: &[(PolicyName, Plan)], palette: Palette) -> String {
    let mut page = Page::new(palette);
    let days: BTreeSet<Day> = plans
        .iter()
        .flat_map(|(_, plan)| notable_days(plan))
        .collect();
    let days: Vec<_> = days.into_iter().collect();
    let (earlier, shown) = days.split_at(days.len().saturating_sub(MAX_SESSIONS));

    let mut columns = vec![Column::text("policy")];
    columns.extend((!earlier.is_empty()).then(|| Column::number("earlier")));
    columns.extend(shown.iter().map(|day| Column::number(month_day(*day))));
    columns.extend([Column::number("to do"), Column::number("left behind")]);
    let mut table = Table::new(columns);
    for (name, plan) in plans {
        let chosen = |day: &Day| plan.day(*day).map_or(0, |day| day.step_count());
        let mut row = vec![Entry::from(name.name())];
        row.extend((!earlier.is_empty()).then(|| count_entry(earlier.iter().map(chosen).sum())));
        row.extend(shown.iter().map(|day| count_entry(chosen(day))));
        row.push(Entry::toned(Tone::Strong, count(plan.step_count())));
        row.push(match left_behind_count(plan) {
            0 => Entry::toned(Tone::Good, "0"),
            cells => Entry::toned(Tone::Bad, count(cells)),
        });
        table.add_row(row);
    }
    page.table(&table);
    page.blank_line();
    for (name, plan) in plans {
        let (tone, sentence) = verdict(*name, plan);
        page.toned_fact(name.name(), tone, &sentence);
    }
    page.finish()
}

/// The days on which a policy would do a cell or leave one behind.
fn notable_days(plan: &Plan) -> impl Iterator<Item = Day> {
    let days = plan.days.iter();
    let notable = days.filter(|day| day.step_count() + day.left_behind() > 0);
    notable.map(|day| day.day)
}

fn count_entry(cells: u64) -> Entry {
    match cells {
        0 => Entry::toned(Tone::Dim, "·"),
        cells => count(cells).into(),
    }
}

fn left_behind_count(plan: &Plan) -> u64 {
    plan.left_behind().values().sum()
}

fn verdict(name: PolicyName, plan: &Plan) -> (Tone, String) {
    let how = match name {
        PolicyName::GlobalMax => "starts after the newest snapshot of any portfolio",
        PolicyName::MinOfMax => "starts after the oldest of each portfolio's newest snapshot",
        PolicyName::TargetOnly => "looks at the target only",
        PolicyName::PerCell => "looks up every cell in the ledger",
    };
    match left_behind_count(plan) {
        0 => (Tone::Normal, format!("{how}: no cells left behind")),
        cells => {
            let sessions = plural(plan.left_behind().len() as u64, "session");
            let cells = plural(cells, "cell");
            (
                Tone::Bad,
                format!("{how}: {cells} on {sessions} left behind for good"),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{incident, plan_for};

    #[test]
    fn policy_table_shows_left_behind_cells() {
        let plans = PolicyName::ALL.map(|name| (name, plan_for(&incident(), name).0));
        insta::assert_snapshot!(policies_text(&plans, Palette::Plain), @r"
        policy       01-06  01-07  01-08  to do  left behind
        global-max       ·      ·     13     13           23
        min-of-max      11     12     13     36            0
        target-only      ·      ·     13     13           23
        per-cell        11     12     13     36            0

        global-max   starts after the newest snapshot of any portfolio: 23 cells on
                     2 sessions left behind for good
        min-of-max   starts after the oldest of each portfolio's newest snapshot: no
                     cells left behind
        target-only  looks at the target only: 23 cells on 2 sessions left behind for
                     good
        per-cell     looks up every cell in the ledger: no cells left behind
        ");
    }
}
