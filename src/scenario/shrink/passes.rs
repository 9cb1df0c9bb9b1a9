//! Every way to make a draft a little smaller, the greatest steps first.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};
use toml::{Table, Value};

use super::draft::Draft;
use crate::domain::{Calendar, Day, DayRange};

/// The keys of a draft that it can't do without.
const REQUIRED_KEYS: [&str; 3] = ["now", "policies", "step"];
/// Keys that hold lists of tables, each of which can go.
const LIST_KEYS: [&str; 7] = [
    "step",
    "fault",
    "transaction",
    "split",
    "correction",
    "invalidation",
    "run",
];

/// What a world says of sources that are given.
const SOURCE_KEYS: [&str; 6] = [
    "sources",
    "risk",
    "securities",
    "prices",
    "split",
    "transaction",
];

/// Smaller drafts of which any may do, in the order in which they are tried. `calendar` is the
/// scenario's.
pub(super) fn candidates(draft: &Draft, calendar: &Calendar) -> Vec<Draft> {
    let mut all = Vec::new();
    all.extend(with_made_up_sources(draft));
    all.extend(fewer_portfolios(draft));
    all.extend(fewer_policies(draft));
    all.extend(shorter_lives(draft, calendar));
    all.extend(fewer_steps(draft));
    all.extend(fewer_keys(draft));
    all.extend(fewer_keys_of_portfolios(draft));
    all.extend(fewer_keys_of_steps(draft));
    all.extend(with_canonical_names(draft));
    all
}

/// Made-up sources instead of those that are given, which are most of a file.
fn with_made_up_sources(draft: &Draft) -> Option<Draft> {
    draft.root.get("sources")?;
    let mut smaller = draft.clone();
    for key in SOURCE_KEYS {
        smaller.root.remove(key);
    }
    Some(smaller)
}

/// Takes away some portfolios, with their own transactions.
fn without_portfolios(draft: &Draft, gone: std::ops::Range<usize>) -> Draft {
    let mut smaller = draft.clone();
    let gone: BTreeSet<String> = smaller
        .portfolios
        .drain(gone)
        .map(|(name, _)| name)
        .collect();
    if let Some(Value::Array(entries)) = smaller.root.get_mut("transaction") {
        let whose = |entry: &Value| {
            entry
                .get("portfolio")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        entries.retain(|entry| whose(entry).is_none_or(|name| !gone.contains(&name)));
        if entries.is_empty() {
            smaller.root.remove("transaction");
        }
    }
    smaller
}

/// Halves first, then one by one.
fn fewer_portfolios(draft: &Draft) -> Vec<Draft> {
    let count = draft.portfolios.len();
    let mut all = Vec::new();
    let mut size = count / 2;
    while size > 0 {
        for first in (0..count).step_by(size) {
            let smaller = without_portfolios(draft, first..(first + size).min(count));
            if !smaller.portfolios.is_empty() {
                all.push(smaller);
            }
        }
        size /= 2;
    }
    all
}

fn fewer_steps(draft: &Draft) -> Vec<Draft> {
    let mut all = Vec::new();
    for key in LIST_KEYS {
        for at in (0..draft.list(key).len()).rev() {
            let mut smaller = draft.clone();
            if let Some(Value::Array(list)) = smaller.root.get_mut(key) {
                list.remove(at);
                if list.is_empty() && key != "step" {
                    smaller.root.remove(key);
                }
            }
            all.push(smaller);
        }
    }
    all
}

/// Two policies are enough to differ.
fn fewer_policies(draft: &Draft) -> Vec<Draft> {
    let policies = draft.list("policies").len();
    let without = (0..policies).rev().filter(|_| policies > 1);
    without
        .map(|at| {
            let mut smaller = draft.clone();
            if let Some(Value::Array(list)) = smaller.root.get_mut("policies") {
                list.remove(at);
            }
            smaller
        })
        .collect()
}

/// Keys of the whole, and keys of its tables.
fn fewer_keys(draft: &Draft) -> Vec<Draft> {
    let mut all = Vec::new();
    for (key, value) in &draft.root {
        if REQUIRED_KEYS.contains(&key.as_str()) {
            continue;
        }
        let mut smaller = draft.clone();
        smaller.root.remove(key);
        all.push(smaller);
        if let Value::Table(table) = value {
            for inner in table.keys() {
                let mut smaller = draft.clone();
                if let Some(Value::Table(table)) = smaller.root.get_mut(key) {
                    table.remove(inner);
                }
                all.push(smaller);
            }
        }
    }
    all
}

fn fewer_keys_of_portfolios(draft: &Draft) -> Vec<Draft> {
    let mut all = Vec::new();
    for (at, (_, keys)) in draft.portfolios.iter().enumerate() {
        for fewer in smaller_tables(keys) {
            let mut smaller = draft.clone();
            smaller.portfolios[at].1 = fewer;
            all.push(smaller);
        }
    }
    all
}

fn fewer_keys_of_steps(draft: &Draft) -> Vec<Draft> {
    let mut all = Vec::new();
    for (at, step) in draft.list("step").iter().enumerate() {
        let Value::Table(step) = step else {
            continue;
        };
        let mut fewer: Vec<Table> = Vec::new();
        if step.contains_key("expect") {
            let mut without = step.clone();
            without.remove("expect");
            fewer.push(without);
        }
        if let Some(Value::Table(run)) = step.get("run") {
            for run in smaller_tables(run) {
                let mut with = step.clone();
                with.insert("run".to_owned(), Value::Table(run));
                fewer.push(with);
            }
        }
        for step in fewer {
            let mut smaller = draft.clone();
            if let Some(Value::Array(steps)) = smaller.root.get_mut("step") {
                steps[at] = Value::Table(step);
            }
            all.push(smaller);
        }
    }
    all
}

/// A table without each of its keys, and without each entry of what it holds.
fn smaller_tables(table: &Table) -> Vec<Table> {
    let mut all = Vec::new();
    for (key, value) in table {
        let mut smaller = table.clone();
        smaller.remove(key);
        all.push(smaller);
        match value {
            Value::Table(inner) if inner.len() > 1 => {
                for entry in inner.keys() {
                    let mut smaller = table.clone();
                    if let Some(Value::Table(inner)) = smaller.get_mut(key) {
                        inner.remove(entry);
                    }
                    all.push(smaller);
                }
            }
            Value::Array(inner) if inner.len() > 1 => {
                for at in 0..inner.len() {
                    let mut smaller = table.clone();
                    if let Some(Value::Array(inner)) = smaller.get_mut(key) {
                        inner.remove(at);
                    }
                    all.push(smaller);
                }
            }
            _ => {}
        }
    }
    all
}

/// Later inceptions and later ends of what is complete: up to the last few sessions before the
/// clock, for all portfolios together and for each.
fn shorter_lives(draft: &Draft, calendar: &Calendar) -> Vec<Draft> {
    let mut all = Vec::new();
    let sessions = last_sessions(draft, calendar);
    for day in &sessions {
        let mut smaller = draft.clone();
        let moved = smaller
            .portfolios
            .iter_mut()
            .map(|(_, keys)| start_later(keys, *day));
        if moved.fold(false, |any, moved| any | moved) {
            all.push(smaller);
        }
    }
    for at in 0..draft.portfolios.len() {
        for day in &sessions {
            let mut smaller = draft.clone();
            if start_later(&mut smaller.portfolios[at].1, *day) {
                all.push(smaller);
            }
            let mut smaller = draft.clone();
            if complete_longer(&mut smaller.portfolios[at].1, *day) {
                all.push(smaller);
            }
        }
    }
    all
}

/// The last sessions up to the clock, the latest first.
fn last_sessions(draft: &Draft, calendar: &Calendar) -> Vec<Day> {
    let now = draft.root.get("now").map(ToString::to_string);
    let now =
        now.and_then(|now| DateTime::<FixedOffset>::parse_from_rfc3339(now.trim_matches('"')).ok());
    let Some(today) = now.and_then(|now| Day::from_date(now.date_naive()).ok()) else {
        return Vec::new();
    };
    let days = DayRange::new(today.saturating_add(-10), today);
    let sessions = days.ok().and_then(|days| calendar.sessions(days).ok());
    sessions
        .map(|sessions| sessions.iter().rev().copied().collect())
        .unwrap_or_default()
}

/// Makes a life begin later; whether that is a change.
fn start_later(keys: &mut Table, day: Day) -> bool {
    if day_of(keys.get("inception")).is_some_and(|inception| inception >= day) {
        return false;
    }
    keys.insert("inception".to_owned(), date_value(day));
    true
}

/// Makes what is complete reach further; whether that is a change. The nearer everybody is to
/// the clock, the fewer sessions the case is about.
fn complete_longer(keys: &mut Table, day: Day) -> bool {
    let last = keys.get("complete").and_then(Value::as_str);
    let last = last.and_then(|span| span.rsplit("..").next()?.parse::<Day>().ok());
    if last.is_none_or(|last| last >= day) {
        return false;
    }
    keys.insert("complete".to_owned(), format!("..{day}").into());
    true
}

fn day_of(value: Option<&Value>) -> Option<Day> {
    value.and_then(|value| value.to_string().trim_matches('"').parse().ok())
}

fn date_value(day: Day) -> Value {
    let text = day.to_string();
    text.parse().map_or(Value::String(text), Value::Datetime)
}

/// Canonical names: A, B, C in the order in which they are, wherever they are spoken of.
fn with_canonical_names(draft: &Draft) -> Vec<Draft> {
    if draft.portfolios.len() > 26 {
        return Vec::new();
    }
    let mut renamed = draft.clone();
    for ((name, _), letter) in renamed.portfolios.iter_mut().zip('A'..='Z') {
        let (from, to) = (std::mem::take(name), letter.to_string());
        for (key, value) in &mut renamed.root {
            if key != "policies" {
                rename(value, &from, &to);
            }
        }
        *name = to;
    }
    if renamed == *draft {
        Vec::new()
    } else {
        vec![renamed]
    }
}

fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, from, to)),
        Value::Table(table) => {
            if let Some(value) = table.remove(from) {
                table.insert(to.to_owned(), value);
            }
            table
                .iter_mut()
                .for_each(|(_, value)| rename(value, from, to));
        }
        _ => {}
    }
}
