//! Writes the lines of portfolios. Equal neighbours whose names form a range share one line; another
//! portfolio that is equal to an earlier line refers to it with `like`.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::cell_keys;
use super::text::{instant, key, quote};
use crate::capture::state::{CapturedPortfolio, State};
use crate::domain::{Currency, Day, PortfolioKey};
use crate::scenario::world::{is_plain_name, name_range_length};

/// Minimum number of names in a range; fewer are easier to read one by one.
pub(super) const MIN_RANGE: usize = 3;
/// A longer line is not repeated, but referred to with `like`.
const MAX_REPEATED_WIDTH: usize = 72;
/// Longer names do not widen the column of names.
const MAX_NAME_WIDTH: usize = 40;

/// Returns the key of each portfolio in the file: its name, or its id if the name cannot be a key
/// or is ambiguous.
pub(super) fn labels(state: &State) -> Vec<String> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for captured in &state.portfolios {
        *names.entry(&captured.portfolio.name).or_default() += 1;
    }
    let keys: BTreeSet<_> = state
        .portfolios
        .iter()
        .map(|captured| captured.portfolio.key)
        .collect();
    let label = |captured: &CapturedPortfolio| {
        let (name, key) = (&captured.portfolio.name, captured.portfolio.key);
        // The name of this portfolio may be the id of another one.
        let key_of_name = PortfolioKey::from_name(name);
        let names_other = key_of_name != key && keys.contains(&key_of_name);
        match is_plain_name(name) && names[name.as_str()] == 1 && !names_other {
            true => name.clone(),
            false => key.to_string(),
        }
    };
    state.portfolios.iter().map(label).collect()
}

/// Writes the lines of all portfolios, with aligned equals signs.
pub(super) fn portfolio_lines(state: &State, labels: &[String], last: Day) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    let mut at = 0;
    while at < labels.len() {
        let (own, shared) = portfolio_keys(state, &labels[at], at, last);
        let count = match own {
            Some(_) => 1,
            None => equal_run_length(state, labels, at, last, &shared),
        };
        let names = match count {
            1 => labels[at].clone(),
            _ => format!("{}..{}", labels[at], labels[at + count - 1]),
        };
        let body = match written.get(&shared) {
            Some(earlier) => format!("like = {}", quote(earlier)),
            None => {
                if shared.len() > MAX_REPEATED_WIDTH {
                    written.insert(shared.clone(), names.clone());
                }
                shared
            }
        };
        let body = own.into_iter().chain([body]).collect::<Vec<_>>().join(", ");
        lines.push((key(&names), body));
        at += count;
    }
    let widths = lines.iter().map(|(names, _)| names.chars().count());
    let width = widths
        .filter(|width| *width <= MAX_NAME_WIDTH)
        .max()
        .unwrap_or(0);
    let lines = lines.iter();
    lines
        .map(|(names, body)| format!("{names:width$} = {{ {body} }}\n"))
        .collect()
}

/// Returns the number of portfolios from `at` on that share one line: they have equal keys, and
/// their names form a range.
fn equal_run_length(state: &State, labels: &[String], at: usize, last: Day, shared: &str) -> usize {
    let is_equal = |next: &usize| {
        let (own, other) = portfolio_keys(state, &labels[*next], *next, last);
        own.is_none() && other == shared
    };
    let equal = (at + 1..labels.len()).take_while(is_equal);
    let equal = [at].into_iter().chain(equal);
    match name_range_length(equal.map(|next| labels[next].as_str())) {
        length if length < MIN_RANGE => 1,
        length => length,
    }
}

/// Returns the keys that only one portfolio can have (id and name), and those it may share.
fn portfolio_keys(state: &State, label: &str, at: usize, last: Day) -> (Option<String>, String) {
    let captured = &state.portfolios[at];
    let portfolio = &captured.portfolio;
    let mut own = Vec::new();
    if PortfolioKey::from_name(label) != portfolio.key {
        own.push(format!("id = {}", quote(&portfolio.key.to_string())));
    }
    if label != portfolio.name {
        own.push(format!("name = {}", quote(&portfolio.name)));
    }
    let own = (!own.is_empty()).then(|| own.join(", "));
    let lifecycle = portfolio.lifecycle;
    let mut shared = vec![format!("inception = {}", lifecycle.inception())];
    let closed = lifecycle.closing_day();
    shared.extend(closed.map(|day| format!("closed = {day}")));
    let zone = state.calendar.zone();
    let deleted = lifecycle.deleted_at();
    shared.extend(deleted.map(|at| format!("deleted-at = {}", instant(at, zone))));
    if portfolio.currency != Currency::USD {
        shared.push(format!("currency = \"{}\"", portfolio.currency));
    }
    shared.extend(cell_keys(state, captured, last));
    (own, shared.join(", "))
}
