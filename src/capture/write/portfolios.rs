//! The lines of portfolios. Neighbours that are alike and whose names are a range are one line;
//! others that are like one before only say so.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::cell_keys;
use super::text::{instant, key, quote};
use crate::capture::state::{CapturedPortfolio, State};
use crate::domain::{Currency, Day, PortfolioKey};
use crate::scenario::world::{is_plain_name, name_range_length};

/// From how many names on a range is shorter to read than the names.
pub(super) const MIN_RANGE: usize = 3;
/// A line that says more than this is not said again.
const MAX_REPEATED_WIDTH: usize = 72;
/// To which width the names of lines are brought.
const MAX_NAME_WIDTH: usize = 40;

/// What portfolios are called in the file: their names, or their ids where the name can't be a
/// key or is another's too.
pub(super) fn labels(state: &State) -> Vec<String> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &state.portfolios {
        *names.entry(&one.portfolio.name).or_default() += 1;
    }
    let keys: BTreeSet<_> = state
        .portfolios
        .iter()
        .map(|one| one.portfolio.key)
        .collect();
    let label = |one: &CapturedPortfolio| {
        let (name, key) = (&one.portfolio.name, one.portfolio.key);
        let meant = PortfolioKey::from_name(name);
        let another = meant != key && keys.contains(&meant);
        match is_plain_name(name) && names[name.as_str()] == 1 && !another {
            true => name.clone(),
            false => key.to_string(),
        }
    };
    state.portfolios.iter().map(label).collect()
}

/// The lines of all portfolios.
pub(super) fn portfolio_lines(state: &State, labels: &[String], last: Day) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    let mut at = 0;
    while at < labels.len() {
        let (own, shared) = portfolio_keys(state, &labels[at], at, last);
        let alike = match own {
            Some(_) => 1,
            None => equal_run_length(state, labels, at, last, &shared),
        };
        let names = match alike {
            1 => labels[at].clone(),
            _ => format!("{}..{}", labels[at], labels[at + alike - 1]),
        };
        let body = match said.get(&shared) {
            Some(model) => format!("like = {}", quote(model)),
            None => {
                if shared.len() > MAX_REPEATED_WIDTH {
                    said.insert(shared.clone(), names.clone());
                }
                shared
            }
        };
        let body = own.into_iter().chain([body]).collect::<Vec<_>>().join(", ");
        lines.push((key(&names), body));
        at += alike;
    }
    let wide = lines.iter().map(|(names, _)| names.chars().count());
    let wide = wide
        .filter(|wide| *wide <= MAX_NAME_WIDTH)
        .max()
        .unwrap_or(0);
    let lines = lines.iter();
    lines
        .map(|(names, body)| format!("{names:wide$} = {{ {body} }}\n"))
        .collect()
}

/// How many portfolios from `at` on are one line: those that say the same under names that are a
/// range.
fn equal_run_length(state: &State, labels: &[String], at: usize, last: Day, shared: &str) -> usize {
    let says_the_same = |next: &usize| {
        let (own, other) = portfolio_keys(state, &labels[*next], *next, last);
        own.is_none() && other == shared
    };
    let same = (at + 1..labels.len()).take_while(says_the_same);
    let same = [at].into_iter().chain(same);
    match name_range_length(same.map(|next| labels[next].as_str())) {
        few if few < MIN_RANGE => 1,
        many => many,
    }
}

/// What a line says of one portfolio alone, and what it may share with others.
fn portfolio_keys(state: &State, label: &str, at: usize, last: Day) -> (Option<String>, String) {
    let one = &state.portfolios[at];
    let portfolio = &one.portfolio;
    let mut own = Vec::new();
    if PortfolioKey::from_name(label) != portfolio.key {
        own.push(format!("id = {}", quote(&portfolio.key.to_string())));
    }
    if label != portfolio.name {
        own.push(format!("name = {}", quote(&portfolio.name)));
    }
    let own = (!own.is_empty()).then(|| own.join(", "));
    let life = portfolio.lifecycle;
    let mut shared = vec![format!("inception = {}", life.inception())];
    shared.extend(life.closing_day().map(|day| format!("closed = {day}")));
    let zone = state.calendar.zone();
    let deleted = life.deleted_at();
    shared.extend(deleted.map(|at| format!("deleted-at = {}", instant(at, zone))));
    if portfolio.currency != Currency::USD {
        shared.push(format!("currency = \"{}\"", portfolio.currency));
    }
    shared.extend(cell_keys(state, one, last));
    (own, shared.join(", "))
}
