//! Lists every way to make a draft a little smaller, the largest reductions first.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};
use toml::{Table, Value};

use super::draft::Draft;
use crate::domain::{Calendar, Day, DayRange};

/// Keys that are never removed as a whole: a scenario needs them, or other passes shorten them.
const REQUIRED_KEYS: [&str; 3] = ["now", "policies", "step"];
/// Keys that hold lists of tables, whose entries are removed one by one.
const LIST_KEYS: [&str; 9] = [
    "step",
    "fault",
    "transaction",
    "split",
    "action",
    "own-calendar",
    "correction",
    "invalidation",
    "run",
];

/// Keys that only a world with given sources needs. Without them, the seed generates the sources.
const SOURCE_KEYS: [&str; 7] = [
    "sources",
    "risk",
    "securities",
    "prices",
    "split",
    "action",
    "transaction",
];

/// Returns the smaller drafts in the order in which they are tried. `calendar` is the scenario's
/// calendar. Each draft is made when it is asked for: the passes over single portfolios make more
/// drafts than a large scenario has portfolios, and most searches stop long before them.
pub(super) fn candidates<'d>(
    draft: &'d Draft,
    calendar: &Calendar,
) -> impl Iterator<Item = Draft> + 'd {
    let sessions = last_sessions(draft, calendar);
    // The passes that can remove most come first, because the search restarts after each success.
    // Shorter lives of all portfolios make every later trial cheaper.
    with_made_up_sources(draft)
        .into_iter()
        .chain(shorter_lives(draft, sessions.clone()))
        .chain(fewer_portfolios(draft))
        .chain(fewer_policies(draft))
        .chain(fewer_open_sessions(draft, sessions))
        .chain(lazily(draft, fewer_list_entries))
        .chain(lazily(draft, fewer_keys))
        .chain(fewer_keys_of_portfolios(draft))
        .chain(lazily(draft, fewer_keys_of_steps))
        .chain(lazily(draft, with_canonical_names))
}

/// Runs a pass when its first draft is asked for.
fn lazily<'d>(
    draft: &'d Draft,
    pass: impl Fn(&Draft) -> Vec<Draft> + 'd,
) -> impl Iterator<Item = Draft> + 'd {
    std::iter::once_with(move || pass(draft)).flatten()
}

/// Replaces given sources, which are most of a captured file, by generated ones.
fn with_made_up_sources(draft: &Draft) -> Option<Draft> {
    draft.root.get("sources")?;
    let mut smaller = draft.clone();
    for key in SOURCE_KEYS {
        smaller.root.remove(key);
    }
    Some(smaller)
}

/// Removes a range of portfolios with their transactions.
fn without_portfolios(draft: &Draft, removed: std::ops::Range<usize>) -> Draft {
    let mut smaller = draft.clone();
    let removed: BTreeSet<String> = smaller
        .portfolios
        .drain(removed)
        .map(|(name, _)| name)
        .collect();
    if let Some(Value::Array(entries)) = smaller.root.get_mut("transaction") {
        let portfolio_of = |entry: &Value| {
            entry
                .get("portfolio")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        entries.retain(|entry| portfolio_of(entry).is_none_or(|name| !removed.contains(&name)));
        if entries.is_empty() {
            smaller.root.remove("transaction");
        }
    }
    smaller
}

/// Removes each half of the portfolios, then each quarter, and so on down to single ones.
fn fewer_portfolios(draft: &Draft) -> impl Iterator<Item = Draft> {
    let count = draft.portfolios.len();
    let half = Some(count / 2).filter(|half| *half > 0);
    let sizes = std::iter::successors(half, |size| Some(size / 2).filter(|half| *half > 0));
    let ranges = sizes.flat_map(move |size| {
        let firsts = (0..count).step_by(size);
        firsts.map(move |first| first..(first + size).min(count))
    });
    let ranges = ranges.filter(move |range| range.len() < count);
    ranges.map(|range| without_portfolios(draft, range))
}

/// Removes single entries of the lists in [`LIST_KEYS`], the last ones first.
fn fewer_list_entries(draft: &Draft) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for key in LIST_KEYS {
        for at in (0..draft.list(key).len()).rev() {
            let mut smaller = draft.clone();
            if let Some(Value::Array(list)) = smaller.root.get_mut(key) {
                list.remove(at);
                if list.is_empty() && key != "step" {
                    smaller.root.remove(key);
                }
            }
            drafts.push(smaller);
        }
    }
    drafts
}

/// Removes single policies while more than one is left.
fn fewer_policies(draft: &Draft) -> Vec<Draft> {
    let policies = draft.list("policies").len();
    let removable = (0..policies).rev().filter(|_| policies > 1);
    removable
        .map(|at| {
            let mut smaller = draft.clone();
            if let Some(Value::Array(list)) = smaller.root.get_mut("policies") {
                list.remove(at);
            }
            smaller
        })
        .collect()
}

/// Removes single keys of the root, and single keys of its tables.
fn fewer_keys(draft: &Draft) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (key, value) in &draft.root {
        if REQUIRED_KEYS.contains(&key.as_str()) {
            continue;
        }
        let mut smaller = draft.clone();
        smaller.root.remove(key);
        drafts.push(smaller);
        if let Value::Table(table) = value {
            for inner in table.keys() {
                let mut smaller = draft.clone();
                if let Some(Value::Table(table)) = smaller.root.get_mut(key) {
                    table.remove(inner);
                }
                drafts.push(smaller);
            }
        }
    }
    drafts
}

/// Removes single keys of each portfolio, and single entries of their tables and lists.
fn fewer_keys_of_portfolios(draft: &Draft) -> impl Iterator<Item = Draft> {
    let portfolios = draft.portfolios.iter().enumerate();
    portfolios.flat_map(move |(at, (_, keys))| {
        let smaller = smaller_tables(keys).into_iter();
        smaller.map(move |fewer| {
            let mut smaller = draft.clone();
            smaller.portfolios[at].1 = fewer;
            smaller
        })
    })
}

/// Removes the expectations of each step, and single keys and entries of its run or plan.
fn fewer_keys_of_steps(draft: &Draft) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (at, step) in draft.list("step").iter().enumerate() {
        let Value::Table(step) = step else {
            continue;
        };
        let mut fewer: Vec<Table> = Vec::new();
        for key in ["expect", "expect-by-policy"] {
            if step.contains_key(key) {
                let mut without = step.clone();
                without.remove(key);
                fewer.push(without);
            }
        }
        for key in ["run", "plan"] {
            let Some(Value::Table(request)) = step.get(key) else {
                continue;
            };
            for request in smaller_tables(request) {
                let mut with = step.clone();
                with.insert(key.to_owned(), Value::Table(request));
                fewer.push(with);
            }
        }
        for step in fewer {
            let mut smaller = draft.clone();
            if let Some(Value::Array(steps)) = smaller.root.get_mut("step") {
                steps[at] = Value::Table(step);
            }
            drafts.push(smaller);
        }
    }
    drafts
}

/// Returns copies of the table that each lack one key, or one entry of a nested table or list.
fn smaller_tables(table: &Table) -> Vec<Table> {
    let mut tables = Vec::new();
    for (key, value) in table {
        let mut smaller = table.clone();
        smaller.remove(key);
        tables.push(smaller);
        match value {
            Value::Table(inner) if inner.len() > 1 => {
                for entry in inner.keys() {
                    let mut smaller = table.clone();
                    if let Some(Value::Table(inner)) = smaller.get_mut(key) {
                        inner.remove(entry);
                    }
                    tables.push(smaller);
                }
            }
            Value::Array(inner) if inner.len() > 1 => {
                for at in 0..inner.len() {
                    let mut smaller = table.clone();
                    if let Some(Value::Array(inner)) = smaller.get_mut(key) {
                        inner.remove(at);
                    }
                    tables.push(smaller);
                }
            }
            _ => {}
        }
    }
    tables
}

/// Moves the inceptions of all portfolios to each of the last sessions up to the clock.
fn shorter_lives(draft: &Draft, sessions: Vec<Day>) -> impl Iterator<Item = Draft> {
    sessions.into_iter().filter_map(|day| {
        let mut smaller = draft.clone();
        let portfolios = smaller.portfolios.iter_mut();
        let moved = portfolios.map(|(_, keys)| start_later(keys, day));
        // Not `any`, which stops at the first moved inception.
        moved
            .fold(false, |any, moved| any | moved)
            .then_some(smaller)
    })
}

/// Leaves fewer sessions to compute: moves the inception and the end of the complete span of each
/// portfolio to each of the last sessions up to the clock.
fn fewer_open_sessions(draft: &Draft, sessions: Vec<Day>) -> impl Iterator<Item = Draft> {
    let change = |at: usize, day: Day, change: fn(&mut Table, Day) -> bool| {
        let mut smaller = draft.clone();
        change(&mut smaller.portfolios[at].1, day).then_some(smaller)
    };
    (0..draft.portfolios.len()).flat_map(move |at| {
        let days = sessions.clone().into_iter();
        days.flat_map(move |day| {
            let changes: [fn(&mut Table, Day) -> bool; 2] = [start_later, complete_longer];
            changes
                .into_iter()
                .filter_map(move |change_keys| change(at, day, change_keys))
        })
    })
}

/// Returns the sessions from ten days before the clock's date up to that date, the latest first;
/// none if the draft's clock or the calendar cannot give them.
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

/// Moves an inception to `day`, and sets a missing one. Returns false if it is `day` or later.
fn start_later(keys: &mut Table, day: Day) -> bool {
    if day_of(keys.get("inception")).is_some_and(|inception| inception >= day) {
        return false;
    }
    keys.insert("inception".to_owned(), date_value(day));
    true
}

/// Replaces a complete span that ends before `day` by one from the inception to `day`, which leaves
/// fewer open sessions. Returns false if there is no such span.
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

/// Returns `day` as a TOML date.
fn date_value(day: Day) -> Value {
    let text = day.to_string();
    text.parse().map_or(Value::String(text), Value::Datetime)
}

/// Renames portfolios to A, B, C in their order, wherever a value or key names them.
fn with_canonical_names(draft: &Draft) -> Vec<Draft> {
    // Names are single letters.
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

/// Replaces strings and keys equal to `from`, at any depth.
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
