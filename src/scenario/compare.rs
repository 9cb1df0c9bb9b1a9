//! The same scenario under every policy: what each chose, whom it left behind, what it did in
//! vain, and how the books stand after it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::name_list::format_names;
use super::runner::{CheckLevel, PlayError, PolicyResult, RunResult, play};
use super::script::{Action, NamedPolicy, Scenario, Step};
use crate::domain::Day;
use crate::plan::PolicyName;
use crate::report::{Column, Entry, Palette, Table, Tone, wrapped};

/// How many sessions the table has room for; the last ones are shown.
const MAX_SESSIONS: usize = 5;
/// How wide a line is, and the label before it.
const WIDTH: usize = 80;
const LABEL: usize = 13;

/// What came of a scenario under every policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// What the scenario is about.
    pub description: String,
    /// What came of it, by policy.
    pub policies: Vec<PolicyComparison>,
}

/// What came of a scenario under one policy, over all its runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyComparison {
    /// The policy's name.
    pub policy: String,
    /// Who was processed, by day.
    pub processed: BTreeMap<Day, Vec<String>>,
    /// Who was needed and not seen in the end, by day.
    pub left_behind: BTreeMap<Day, Vec<String>>,
    /// Who was processed though nothing was open, by day.
    #[serde(rename = "in-vain")]
    pub redundant: BTreeMap<Day, Vec<String>>,
    /// Up to which day everybody is complete in the end.
    pub watermark: Option<Day>,
    /// Why a run did not come about, where one did not.
    pub refused: Option<String>,
}

/// Plays a scenario under every preset and every policy of its own. One without steps is played
/// with one ordinary run.
pub fn compare(scenario: &Scenario) -> Result<Comparison, PlayError> {
    let mut scenario = scenario.clone();
    let presets = PolicyName::ALL.map(|preset| NamedPolicy {
        name: preset.name().to_owned(),
        policy: preset.policy(),
    });
    let own = std::mem::replace(&mut scenario.policies, presets.to_vec());
    for policy in own {
        if !scenario
            .policies
            .iter()
            .any(|known| known.name == policy.name)
        {
            scenario.policies.push(policy);
        }
    }
    if scenario.steps.is_empty() {
        scenario.steps.push(Step {
            action: Action::Run(Box::default()),
            expected: None,
        });
    }
    let told = play(&scenario, CheckLevel::ExpectationsOnly)?;
    Ok(Comparison {
        description: told.description,
        policies: told.policies.iter().map(compare_policy).collect(),
    })
}

fn compare_policy(told: &PolicyResult) -> PolicyComparison {
    let all = |of: fn(&RunResult) -> &BTreeMap<Day, Vec<String>>| {
        let mut days: BTreeMap<Day, Vec<String>> = BTreeMap::new();
        for (day, names) in told.runs().flat_map(of) {
            let who = days.entry(*day).or_default();
            who.extend(
                names
                    .iter()
                    .filter(|name| !who.contains(name))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        days
    };
    let last = told.runs().last();
    PolicyComparison {
        policy: told.policy.clone(),
        processed: all(|ran| &ran.processed),
        redundant: all(|ran| &ran.redundant),
        left_behind: last.map(|ran| ran.left_behind.clone()).unwrap_or_default(),
        watermark: told.end.watermark,
        refused: told.runs().find_map(|ran| ran.error.clone()),
    }
}

/// A comparison as text of at most 80 columns.
pub fn comparison_text(compared: &Comparison, palette: Palette) -> String {
    let mut text = String::new();
    for line in wrapped(&compared.description, WIDTH) {
        text += &format!("{line}\n");
    }
    text += "\n";
    for line in table(compared).lines(palette) {
        text += &format!("{line}\n");
    }
    for one in &compared.policies {
        let said = [
            ("left behind", &one.left_behind),
            ("in vain", &one.redundant),
        ];
        for (what, days) in said.into_iter().filter(|(_, days)| !days.is_empty()) {
            text += &labelled_paragraph(&one.policy, &format!("{what}: {}", format_by_day(days)));
        }
        if let Some(why) = &one.refused {
            text += &labelled_paragraph(&one.policy, &format!("refused: {why}"));
        }
    }
    text
}

/// What is said of a policy, under its name.
fn labelled_paragraph(policy: &str, said: &str) -> String {
    let mut text = "\n".to_owned();
    for (nth, line) in wrapped(said, WIDTH - LABEL).iter().enumerate() {
        let label = if nth == 0 { policy } else { "" };
        text += &format!("{label:LABEL$}{line}\n");
    }
    text
}

fn format_by_day(days: &BTreeMap<Day, Vec<String>>) -> String {
    let each = days
        .iter()
        .map(|(day, names)| format!("{day} {}", format_names(names)));
    each.collect::<Vec<_>>().join("; ")
}

fn table(compared: &Comparison) -> Table {
    let of_note = |one: &PolicyComparison| {
        let days = one.processed.keys().chain(one.left_behind.keys());
        days.copied().collect::<Vec<_>>()
    };
    let days: BTreeSet<Day> = compared.policies.iter().flat_map(of_note).collect();
    let days: Vec<Day> = days.into_iter().collect();
    let (earlier, shown) = days.split_at(days.len().saturating_sub(MAX_SESSIONS));
    let mut columns = vec![Column::text("policy")];
    columns.extend((!earlier.is_empty()).then(|| Column::number("earlier")));
    columns.extend(
        shown
            .iter()
            .map(|day| Column::number(&day.to_string()["YYYY-".len()..])),
    );
    columns.extend(["done", "behind", "in vain"].map(Column::number));
    columns.push(Column::text("complete to"));
    let mut table = Table::new(columns);
    for one in &compared.policies {
        let done = |days: &[Day]| {
            let cells = days.iter().filter_map(|day| one.processed.get(day));
            cell_count(Tone::Normal, cells.map(Vec::len).sum())
        };
        let all = |days: &BTreeMap<Day, Vec<String>>| days.values().map(Vec::len).sum::<usize>();
        let mut row = vec![Entry::from(one.policy.clone())];
        row.extend((!earlier.is_empty()).then(|| done(earlier)));
        row.extend(shown.iter().map(|day| done(&[*day])));
        row.push(cell_count(Tone::Strong, all(&one.processed)));
        row.push(cell_count(Tone::Bad, all(&one.left_behind)));
        row.push(cell_count(Tone::Warning, all(&one.redundant)));
        row.push(
            one.watermark
                .map_or("none".to_owned(), |day| day.to_string())
                .into(),
        );
        table.add_row(row);
    }
    table
}

fn cell_count(tone: Tone, cells: usize) -> Entry {
    match cells {
        0 => Entry::toned(Tone::Dim, "·"),
        cells => Entry::toned(tone, cells.to_string()),
    }
}
