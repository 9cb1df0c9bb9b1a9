//! What each policy would choose on a state and where it leads: two tables, and for each policy
//! that is at fault its rules and its picture.

use super::days::month_day;
use super::grid::grid_lines;
use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::query::{PolicyReplay, Replay, RuleEffect};

/// How many nights the table of nights shows: the first ones, and always the last.
const MAX_NIGHTS: usize = 6;

/// A replay, for people.
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
    if replay.policies.iter().any(|one| !one.nights.is_empty()) {
        page.heading("cells that are still needed after each night");
        page.table(&nights_table(replay));
    }
    for (at, one) in replay.policies.iter().enumerate() {
        policy_section(&mut page, one);
        let earlier = replay.policies[..at].iter();
        match earlier.rev().find(|other| other.grid == one.grid) {
            Some(other) => page.item(
                Tone::Dim,
                &format!("cell by cell it is as {}, above", other.policy),
            ),
            None => {
                page.blank_line();
                for line in grid_lines(&one.grid, page.palette()) {
                    page.push_line(line);
                }
            }
        }
    }
    page.finish()
}

/// What each policy does tonight.
fn first_night_table(replay: &Replay) -> Table {
    let mut table = Table::new([
        Column::text("policy"),
        Column::number("chosen"),
        Column::number("left behind"),
        Column::number("in vain"),
        Column::elastic("rules to blame"),
    ]);
    for one in &replay.policies {
        let (behind, _) = one.left_behind_counts();
        let (vain, _) = one.redundant_counts();
        let rules: Vec<_> = one.rules.iter().map(|rule| rule.rule.as_str()).collect();
        table.add_row([
            one.policy.name().into(),
            Entry::toned(Tone::Strong, count(one.chosen)),
            fault_count_entry(behind, Tone::Bad),
            fault_count_entry(vain, Tone::Warning),
            rules.join(", ").into(),
        ]);
    }
    table
}

/// How many cells are needed now and after each night.
fn nights_table(replay: &Replay) -> Table {
    let targets = replay.policies.iter().map(|one| &one.nights);
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
    columns.push(Column::number("in vain"));
    let mut table = Table::new(columns);
    for one in &replay.policies {
        let mut row = vec![one.policy.name().into(), Entry::from(count(replay.needed))];
        row.extend(shown.iter().map(|at| match one.nights.get(*at) {
            Some(night) => fault_count_entry(night.open, Tone::Bad),
            None => "".into(),
        }));
        let done = one.nights.iter().map(|night| night.done).sum();
        row.push(Entry::toned(Tone::Strong, count(done)));
        let vain = one.nights.iter().map(|night| night.redundant).sum();
        row.push(fault_count_entry(vain, Tone::Warning));
        table.add_row(row);
    }
    table
}

/// A number that had better be 0.
fn fault_count_entry(number: u64, otherwise: Tone) -> Entry {
    match number {
        0 => Entry::toned(Tone::Good, "0"),
        more => Entry::toned(otherwise, count(more)),
    }
}

/// Whom a policy leaves behind and what it does in vain, and why.
fn policy_section(page: &mut Page, one: &PolicyReplay) {
    let ((behind, whose), (vain, _)) = (one.left_behind_counts(), one.redundant_counts());
    let mut faults = Vec::new();
    if behind > 0 {
        let portfolios = plural(whose, "portfolio");
        faults.push(format!(
            "{} of {portfolios} left behind",
            plural(behind, "cell")
        ));
    }
    if vain > 0 {
        faults.push(format!("{} done in vain", plural(vain, "cell")));
    }
    if faults.is_empty() {
        faults.push("nobody left behind, nothing done in vain".to_owned());
    }
    page.heading(&format!("{}: {}", one.policy, faults.join(", ")));
    for rule in &one.rules {
        page.item(Tone::Normal, &rule_text(rule, behind, vain));
    }
    if one.by_several_rules > 0 {
        let cells = plural(one.by_several_rules, "cell");
        let come = match one.by_several_rules {
            1 => "comes",
            _ => "come",
        };
        page.item(
            Tone::Normal,
            &format!("{cells} {come} back only where several rules are changed"),
        );
    }
    if let Some(night) = one.nights.last().filter(|night| night.open > 0) {
        let nights = plural(one.nights.len() as u64, "night");
        let (cells, portfolios) = (
            plural(night.open, "cell"),
            plural(night.behind, "portfolio"),
        );
        let text = format!("after {nights} of it, {cells} of {portfolios} are still needed");
        page.item(Tone::Bad, &text);
    }
}

/// What changing a rule alone would do.
fn rule_text(rule: &RuleEffect, behind: u64, vain: u64) -> String {
    let all_of = |part: u64, all: u64| match part == all {
        true => "all".to_owned(),
        false => count(part),
    };
    let mut does = Vec::new();
    if rule.recovered > 0 {
        does.push(format!("brings back {}", all_of(rule.recovered, behind)));
    }
    if rule.redundant_avoided > 0 {
        does.push(match rule.redundant_avoided == vain {
            true => "does nothing in vain".to_owned(),
            false => format!("spares {}", plural(rule.redundant_avoided, "cell")),
        });
    }
    format!(
        "{} is `{}`: `{}` alone {}",
        rule.rule,
        rule.value,
        rule.default,
        does.join(" and ")
    )
}
