//! Compares the policies on one scenario: the cells that each processed, left behind and processed
//! redundantly, and the watermark at the end.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::names::format_names;
use super::runner::{CheckLevel, PlayError, PolicyResult, RunResult, play};
use super::script::{Action, NamedPolicy, Scenario, Step};
use crate::domain::Day;
use crate::plan::PolicyName;
use crate::report::{Column, Entry, Palette, Table, Tone, wrapped};

/// The number of sessions that fit into the table; only the last ones are shown.
const MAX_SESSIONS: usize = 5;
/// The width of a line, in columns.
const WIDTH: usize = 80;
/// The width of the policy name at the start of a line, in columns.
const LABEL: usize = 13;

/// Results of a scenario under every policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The description in the scenario.
    pub description: String,
    /// One result for each policy: first the presets, then the scenario's own policies.
    pub policies: Vec<PolicyComparison>,
}

/// Results of a scenario under one policy, over all its runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyComparison {
    /// The name of the policy in the scenario.
    pub policy: String,
    /// Names of the processed portfolios, by day.
    pub processed: BTreeMap<Day, Vec<String>>,
    /// Names of the portfolios left behind by the last run, by day.
    pub left_behind: BTreeMap<Day, Vec<String>>,
    /// Names of the portfolios processed although their cell was not needed, by day.
    pub redundant: BTreeMap<Day, Vec<String>>,
    /// The watermark of all active portfolios after the last step, if they have one.
    pub watermark: Option<Day>,
    /// The error of the first run that was refused or failed, if any.
    pub refused: Option<String>,
}

/// Plays a scenario under every preset and every policy of its own, except its policies with the
/// name of a preset. A scenario without steps gets one run with default options.
///
/// # Errors
///
/// Fails if the world cannot be loaded or the harness fails.
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
            expected_by_policy: BTreeMap::new(),
        });
    }
    let result = play(&scenario, CheckLevel::ExpectationsOnly)?;
    Ok(Comparison {
        description: result.description,
        policies: result.policies.iter().map(compare_policy).collect(),
    })
}

fn compare_policy(result: &PolicyResult) -> PolicyComparison {
    let merged = |cells_of: fn(&RunResult) -> &BTreeMap<Day, Vec<String>>| {
        let mut days: BTreeMap<Day, Vec<String>> = BTreeMap::new();
        for (day, names) in result.runs().flat_map(cells_of) {
            let listed = days.entry(*day).or_default();
            listed.extend(
                names
                    .iter()
                    .filter(|name| !listed.contains(name))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        days
    };
    let last = result.runs().last();
    PolicyComparison {
        policy: result.policy.clone(),
        processed: merged(|run| &run.processed),
        redundant: merged(|run| &run.redundant),
        left_behind: last.map(|run| run.left_behind.clone()).unwrap_or_default(),
        watermark: result.end.watermark,
        refused: result.runs().find_map(|run| run.error.clone()),
    }
}

/// Formats a comparison as text of at most 80 columns.
pub fn comparison_text(compared: &Comparison, palette: Palette) -> String {
    let mut text = String::new();
    for line in wrapped(&compared.description, WIDTH) {
        text += &format!("{line}\n");
    }
    text += "\n";
    for line in table(compared).lines(palette) {
        text += &format!("{line}\n");
    }
    for result in &compared.policies {
        let sets = [
            ("left behind", &result.left_behind),
            ("redundant", &result.redundant),
        ];
        for (label, days) in sets.into_iter().filter(|(_, days)| !days.is_empty()) {
            let line = format!("{label}: {}", format_by_day(days));
            text += &labelled_paragraph(&result.policy, &line);
        }
        if let Some(reason) = &result.refused {
            text += &labelled_paragraph(&result.policy, &format!("refused: {reason}"));
        }
    }
    text
}

/// Formats a paragraph to the right of a policy name, below an empty line.
fn labelled_paragraph(policy: &str, paragraph: &str) -> String {
    let mut text = "\n".to_owned();
    for (nth, line) in wrapped(paragraph, WIDTH - LABEL).iter().enumerate() {
        let label = if nth == 0 { policy } else { "" };
        text += &format!("{label:LABEL$}{line}\n");
    }
    text
}

fn format_by_day(days: &BTreeMap<Day, Vec<String>>) -> String {
    let lists = days
        .iter()
        .map(|(day, names)| format!("{day} {}", format_names(names)));
    lists.collect::<Vec<_>>().join("; ")
}

fn table(compared: &Comparison) -> Table {
    let days_of = |result: &PolicyComparison| {
        let days = result.processed.keys().chain(result.left_behind.keys());
        days.copied().collect::<Vec<_>>()
    };
    let days: BTreeSet<Day> = compared.policies.iter().flat_map(days_of).collect();
    let days: Vec<Day> = days.into_iter().collect();
    let (earlier, shown) = days.split_at(days.len().saturating_sub(MAX_SESSIONS));
    let mut columns = vec![Column::text("policy")];
    columns.extend((!earlier.is_empty()).then(|| Column::number("earlier")));
    // Headings leave the year out, so that `MAX_SESSIONS` columns fit into a line.
    columns.extend(
        shown
            .iter()
            .map(|day| Column::number(&day.to_string()["YYYY-".len()..])),
    );
    columns.extend(["done", "behind", "redundant"].map(Column::number));
    columns.push(Column::text("complete to"));
    let mut table = Table::new(columns);
    for result in &compared.policies {
        let done = |days: &[Day]| {
            let cells = days.iter().filter_map(|day| result.processed.get(day));
            cell_count(Tone::Normal, cells.map(Vec::len).sum())
        };
        let total = |days: &BTreeMap<Day, Vec<String>>| days.values().map(Vec::len).sum::<usize>();
        let mut row = vec![Entry::from(result.policy.clone())];
        row.extend((!earlier.is_empty()).then(|| done(earlier)));
        row.extend(shown.iter().map(|day| done(&[*day])));
        row.push(cell_count(Tone::Strong, total(&result.processed)));
        row.push(cell_count(Tone::Bad, total(&result.left_behind)));
        row.push(cell_count(Tone::Warning, total(&result.redundant)));
        row.push(
            result
                .watermark
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
