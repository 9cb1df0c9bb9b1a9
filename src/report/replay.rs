//! Renders a replay: two tables that compare the policies, and for each policy its faults, the
//! rules that cause them and its grid.

use serde_json::Value;

use super::days::month_day;
use super::grid::grid_lines;
use super::json::with_old_keys;
use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::query::{PolicyReplay, Replay, RuleEffect};

/// Number of nights in the table of nights: the first ones, and always the last.
const MAX_NIGHTS: usize = 6;

/// A replay as JSON. Renamed keys are emitted under their old names too.
pub fn replay_json(replay: &Replay) -> Value {
    let json = serde_json::to_value(replay).expect("a replay has only string keys");
    with_old_keys(json, &[("redundant", "in-vain")])
}

/// A replay as text of at most 80 columns.
pub fn replay_text(replay: &Replay, palette: Palette) -> String {
    let mut page = Page::new(palette);
    page.headline(
        Tone::Strong,
        &format!(
            "{}, up to {}: {} needed",
            plural(replay.portfolios, "portfolio"),
            replay.target,
            match replay.needed {
                1 => "1 cell is".to_owned(),
                cells => format!("{} are", plural(cells, "cell")),
            },
        ),
    );
    page.table(&first_night_table(replay));
    if replay
        .policies
        .iter()
        .any(|policy| !policy.nights.is_empty())
    {
        page.heading("cells that are still needed after each night");
        page.table(&nights_table(replay));
    }
    for (at, policy) in replay.policies.iter().enumerate() {
        policy_section(&mut page, policy);
        // Policies often choose the same cells: an equal grid is not repeated.
        let earlier = replay.policies[..at].iter();
        match earlier.rev().find(|other| other.grid == policy.grid) {
            Some(other) => page.item(
                Tone::Dim,
                &format!("the grid is the same as for {}, above", other.policy),
            ),
            None => {
                page.blank_line();
                page.push_lines(grid_lines(&policy.grid, page.palette()));
            }
        }
    }
    page.finish()
}

/// The cells that each policy chooses in the first night.
fn first_night_table(replay: &Replay) -> Table {
    let mut table = Table::new([
        Column::text("policy"),
        Column::number("chosen"),
        Column::number("left behind"),
        Column::number("redundant"),
        Column::elastic("rules to blame"),
    ]);
    for policy in &replay.policies {
        let (behind, _) = policy.left_behind_counts();
        let (redundant, _) = policy.redundant_counts();
        let rules: Vec<_> = policy.rules.iter().map(|rule| rule.rule.as_str()).collect();
        table.add_row([
            policy.policy.name().into(),
            Entry::toned(Tone::Strong, count(policy.chosen)),
            fault_count_entry(behind, Tone::Bad),
            fault_count_entry(redundant, Tone::Warning),
            rules.join(", ").into(),
        ]);
    }
    table
}

/// The cells that are needed now and after each night, by policy.
fn nights_table(replay: &Replay) -> Table {
    let targets = replay.policies.iter().map(|policy| &policy.nights);
    let longest = targets.max_by_key(|nights| nights.len());
    let targets: Vec<_> = longest
        .into_iter()
        .flatten()
        .map(|night| night.target)
        .collect();
    let last = targets.len().saturating_sub(1);
    let shown: Vec<usize> = (0..targets.len())
        .filter(|at| *at < MAX_NIGHTS - 1 || *at == last)
        .collect();
    let mut columns = vec![Column::text("policy"), Column::number("now")];
    columns.extend(
        shown
            .iter()
            .map(|at| Column::extra(month_day(targets[*at]))),
    );
    columns.push(Column::number("done"));
    columns.push(Column::number("redundant"));
    let mut table = Table::new(columns);
    for policy in &replay.policies {
        let needed = Entry::from(count(replay.needed));
        let mut row = vec![policy.policy.name().into(), needed];
        row.extend(shown.iter().map(|at| match policy.nights.get(*at) {
            Some(night) => fault_count_entry(night.open, Tone::Bad),
            None => "".into(),
        }));
        let done = policy.nights.iter().map(|night| night.done).sum();
        row.push(Entry::toned(Tone::Strong, count(done)));
        let redundant = policy.nights.iter().map(|night| night.redundant).sum();
        row.push(fault_count_entry(redundant, Tone::Warning));
        table.add_row(row);
    }
    table
}

/// A count of faults: good where it is 0, else in the look of `otherwise`.
fn fault_count_entry(number: u64, otherwise: Tone) -> Entry {
    match number {
        0 => Entry::toned(Tone::Good, "0"),
        more => Entry::toned(otherwise, count(more)),
    }
}

/// The faults of a policy and the rules that cause them.
fn policy_section(page: &mut Page, policy: &PolicyReplay) {
    let (behind, portfolios) = policy.left_behind_counts();
    let (redundant, _) = policy.redundant_counts();
    let mut faults = Vec::new();
    if behind > 0 {
        let portfolios = plural(portfolios, "portfolio");
        faults.push(format!(
            "{} of {portfolios} left behind",
            plural(behind, "cell")
        ));
    }
    if redundant > 0 {
        faults.push(format!("{} redundant", plural(redundant, "cell")));
    }
    if faults.is_empty() {
        faults.push("none left behind, none redundant".to_owned());
    }
    page.heading(&format!("{}: {}", policy.policy, faults.join(", ")));
    for rule in &policy.rules {
        page.item(Tone::Normal, &rule_text(rule, behind, redundant));
    }
    if policy.by_several_rules > 0 {
        let cells = plural(policy.by_several_rules, "cell");
        let are = match policy.by_several_rules {
            1 => "is",
            _ => "are",
        };
        page.item(
            Tone::Normal,
            &format!("{cells} {are} recovered only if several rules are changed"),
        );
    }
    if let Some(night) = policy.nights.last().filter(|night| night.open > 0) {
        let nights = plural(policy.nights.len() as u64, "night");
        let (cells, portfolios) = (
            plural(night.open, "cell"),
            plural(night.behind, "portfolio"),
        );
        let text = format!("after {nights} of it, {cells} of {portfolios} are still needed");
        page.item(Tone::Bad, &text);
    }
}

/// The effect of changing one rule alone. `behind` and `redundant` are the counts before.
fn rule_text(rule: &RuleEffect, behind: u64, redundant: u64) -> String {
    let all_of = |part: u64, all: u64| match part == all {
        true => "all".to_owned(),
        false => count(part),
    };
    let mut effects = Vec::new();
    if rule.recovered > 0 {
        effects.push(format!("recovers {}", all_of(rule.recovered, behind)));
    }
    if rule.redundant_avoided > 0 {
        let avoided = all_of(rule.redundant_avoided, redundant);
        effects.push(format!("avoids {avoided} redundant"));
    }
    format!(
        "{} is `{}`: `{}` alone {}",
        rule.rule,
        rule.value,
        rule.default,
        effects.join(" and ")
    )
}
