//! Writes a draft as a readable file: one line a portfolio, tables in one line.

use std::fmt::Write;

use toml::{Table, Value};

use super::condition::ConditionKind;
use super::draft::Draft;
use crate::scenario::name_list::format_names;
use crate::scenario::runner::{PlayResult, PolicyResult};

/// Writes a draft. With the result of its play it gets a description, and expectations as far as
/// they show the kind of case.
pub(super) fn draft_text(
    draft: &Draft,
    case: Option<(&PlayResult, &ConditionKind, &str)>,
) -> String {
    let mut text = String::new();
    if let Some((_, kind, name)) = case {
        let description = format!("smallest case found in `{name}`: {kind}");
        let _ = writeln!(text, "description = {}", quoted(&description));
    }
    for (key, value) in &draft.root {
        if !matches!(key.as_str(), "description" | "step") && !is_block(value) {
            let _ = writeln!(text, "{} = {}", key_text(key), inline(value));
        }
    }
    let mut rows: Vec<(Vec<String>, &Table)> = Vec::new();
    for (name, keys) in &draft.portfolios {
        match rows.last_mut() {
            Some((names, same)) if *same == keys => names.push(name.clone()),
            _ => rows.push((vec![name.clone()], keys)),
        }
    }
    text += "\n[portfolios]\n";
    for (names, keys) in rows {
        let together = format_names(&names);
        // A range such as `A..D` is one key; other lists need a line each.
        let names = if together.contains(", ") {
            names
        } else {
            vec![together]
        };
        for name in names {
            let _ = writeln!(
                text,
                "{} = {}",
                key_text(&name),
                inline(&Value::Table(keys.clone()))
            );
        }
    }
    for (key, value) in &draft.root {
        if is_block(value) {
            text += &block(key, value);
        }
    }
    for step in draft.list("step") {
        text += &table_of("[[step]]", step);
    }
    if let Some((result, kind, _)) = case {
        text += &expectations_text(result, kind);
    }
    text
}

/// Returns true for lists of tables, which are written below the single lines.
fn is_block(value: &Value) -> bool {
    matches!(value, Value::Array(list) if list.iter().any(Value::is_table))
}

fn block(key: &str, value: &Value) -> String {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    if key == "step" {
        return String::new();
    }
    let head = format!("[[{}]]", key_text(key));
    list.iter().map(|value| table_of(&head, value)).collect()
}

fn table_of(head: &str, value: &Value) -> String {
    let mut text = format!("\n{head}\n");
    for (key, value) in value.as_table().into_iter().flatten() {
        let _ = writeln!(text, "{} = {}", key_text(key), inline(value));
    }
    text
}

/// Writes the cells that the policies of the case leave behind.
fn expectations_text(result: &PlayResult, kind: &ConditionKind) -> String {
    let find = |name: &String| result.policies.iter().find(|policy| policy.policy == *name);
    match kind {
        ConditionKind::Policies { worse, better, .. } => {
            let (worse, better) = (find(worse), find(better));
            let mut text = worse.map(left_behind_expectation).unwrap_or_default();
            text += &better.map(left_behind_expectation).unwrap_or_default();
            text
        }
        ConditionKind::LeftBehind { policy, .. } => find(policy)
            .map(left_behind_expectation)
            .unwrap_or_default(),
        ConditionKind::Invariant(_)
        | ConditionKind::Oracle(_)
        | ConditionKind::Transcript
        | ConditionKind::ExitCode(_) => String::new(),
    }
}

/// Writes the cells that a policy leaves behind after its last run, as an expectation.
fn left_behind_expectation(result: &PolicyResult) -> String {
    let mut text = format!("\n[expect.{}]\n", key_text(&result.policy));
    let days = result.runs().last().map(|run| &run.left_behind);
    if days.is_none_or(|days| days.is_empty()) {
        text += "left-behind-cells = 0\n";
    }
    for (day, names) in days.into_iter().flatten() {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let _ = writeln!(text, "left-behind.{day} = [{}]", names.join(", "));
    }
    text
}

/// Formats a value in one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| format!("{} = {}", key_text(key), inline(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        Value::String(text) => quoted(text),
        single => single.to_string(),
    }
}

/// Formats a key, bare if TOML allows it.
fn key_text(key: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
