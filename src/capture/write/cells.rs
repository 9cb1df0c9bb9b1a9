//! Writes the keys of a portfolio that describe its cells.

use std::collections::BTreeMap;

use super::days::{SessionRange, session_ranges, span, span_from_inception};
use super::text::list;
use crate::capture::intervals::{Interval, Marks};
use crate::capture::state::{CapturedPortfolio, State};
use crate::domain::{Day, Phase, PhaseSet};

/// Returns the keys `complete`, `holes`, `phases`, `rows`, `failed`, `quarantined` and `blocked`, as
/// far as they apply. `last` is the last session of the world.
pub(super) fn cell_keys(state: &State, portfolio: &CapturedPortfolio, last: Day) -> Vec<String> {
    let mut keys = Vec::new();
    let lifetime = state.lifetime(&portfolio.portfolio, last);
    let (inside, outside) = split_by_lifetime(&portfolio.intervals, lifetime);
    if let Some((first, _)) = lifetime {
        keys.extend(completion_keys(&state.sessions, &inside, first));
    }
    keys.extend(orphan_rows_key(state, portfolio, &inside, &outside));
    if let Some((first, last)) = lifetime {
        let is_inside = |at: &usize| (first..=last).contains(at);
        keys.extend(failure_keys(state, portfolio, is_inside));
        let blocked = portfolio.blocked.iter();
        let blocked = blocked.filter_map(|day| state.sessions.binary_search(day).ok());
        keys.extend(spans_key(
            "blocked",
            &state.sessions,
            &session_ranges(blocked.filter(is_inside)),
        ));
    }
    keys
}

/// Splits intervals into the parts inside and outside a lifetime.
pub(super) fn split_by_lifetime(
    intervals: &[Interval],
    lifetime: Option<(usize, usize)>,
) -> (Vec<Interval>, Vec<Interval>) {
    let Some((first_alive, last_alive)) = lifetime else {
        return (Vec::new(), intervals.to_vec());
    };
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for interval in intervals {
        let push = |into: &mut Vec<Interval>, first: usize, last: usize| {
            if first <= last {
                into.push(Interval {
                    first,
                    last,
                    ..*interval
                });
            }
        };
        let Interval { first, last, .. } = *interval;
        if first < first_alive {
            push(&mut outside, first, last.min(first_alive - 1));
        }
        push(&mut inside, first.max(first_alive), last.min(last_alive));
        push(&mut outside, first.max(last_alive + 1), last);
    }
    (inside, outside)
}

/// Writes one span from the first complete session to the last, the holes in it, and the sessions
/// with only some phases done. `first_alive` is the index of the portfolio's first session.
fn completion_keys(sessions: &[Day], inside: &[Interval], first_alive: usize) -> Vec<String> {
    let phases = |interval: &Interval| interval.marks.phases();
    let complete: Vec<_> = (inside.iter())
        .filter(|interval| phases(interval) == PhaseSet::CELL_PHASES)
        .collect();
    let mut keys = Vec::new();
    if let (Some(first), Some(last)) = (complete.first(), complete.last()) {
        let span = span_from_inception(sessions, (first.first, last.last), first_alive);
        keys.push(format!("complete = {span}"));
        // Partial sessions do not count as holes, since the key `phases` lists them.
        let within = (inside.iter()).filter(|interval| !phases(interval).is_empty());
        let within: Vec<_> = within
            .filter(|interval| first.first <= interval.first && interval.last <= last.last)
            .collect();
        let holes = within.windows(2);
        let holes = holes.map(|pair| (pair[0].last + 1, pair[1].first));
        let holes: Vec<SessionRange> = holes
            .filter(|(from, until)| from < until)
            .map(|(from, until)| (from, until - 1))
            .collect();
        keys.extend(spans_key("holes", sessions, &holes));
    }
    let partial: Vec<_> = (inside.iter())
        .filter(|interval| {
            !phases(interval).is_empty() && phases(interval) != PhaseSet::CELL_PHASES
        })
        .map(|interval| {
            (
                (interval.first, interval.last),
                phase_list(phases(interval)),
            )
        })
        .collect();
    keys.extend(inline_table("phases", sessions, merge_adjacent(partial)));
    keys
}

/// Writes orphan rows: sessions of the lifetime as spans, other days one by one. A snapshot outside
/// the lifetime counts as an orphan row, since no world has a done cell there.
fn orphan_rows_key(
    state: &State,
    portfolio: &CapturedPortfolio,
    inside: &[Interval],
    outside: &[Interval],
) -> Option<String> {
    let with_row = inside.iter().filter(|interval| interval.marks.has_row());
    let ranges = with_row.map(|interval| ((interval.first, interval.last), ()));
    let inside = merge_adjacent(ranges.collect());
    let inside = inside
        .into_iter()
        .map(|(range, ())| span(&state.sessions, range));
    let is_row = |marks: Marks| marks.has_row() || marks.phases().contains(Phase::Snapshot);
    let outside = outside.iter().filter(|interval| is_row(interval.marks));
    let outside = outside.flat_map(|interval| &state.sessions[interval.first..=interval.last]);
    let mut other_days: Vec<Day> = outside.chain(&portfolio.orphan_days).copied().collect();
    other_days.sort_unstable();
    let rows: Vec<_> = inside
        .chain(other_days.iter().map(ToString::to_string))
        .collect();
    (!rows.is_empty()).then(|| list("rows", &rows))
}

/// Writes failure counts. Phases with exactly the number of failures of a quarantine are written as
/// `quarantined`.
fn failure_keys(
    state: &State,
    portfolio: &CapturedPortfolio,
    is_inside: impl Fn(&usize) -> bool,
) -> Vec<String> {
    let mut days: BTreeMap<usize, BTreeMap<Phase, u32>> = BTreeMap::new();
    for ((day, phase), times) in &portfolio.failed {
        if let Ok(at) = state.sessions.binary_search(day)
            && is_inside(&at)
        {
            days.entry(at).or_default().insert(*phase, *times);
        }
    }
    let mut failed = Vec::new();
    let mut quarantined = Vec::new();
    for (at, phases) in days {
        let (at_limit, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (phases.into_iter()).partition(|(_, times)| *times == state.quarantine_after);
        if !others.is_empty() {
            let counts = others
                .iter()
                .map(|(phase, times)| format!("{phase} = {times}"));
            let counts: Vec<_> = counts.collect();
            failed.push(((at, at), format!("{{ {} }}", counts.join(", "))));
        }
        if !at_limit.is_empty() {
            quarantined.push(((at, at), phase_list(at_limit.into_keys().collect())));
        }
    }
    let mut keys = Vec::new();
    keys.extend(inline_table(
        "failed",
        &state.sessions,
        merge_adjacent(failed),
    ));
    keys.extend(inline_table(
        "quarantined",
        &state.sessions,
        merge_adjacent(quarantined),
    ));
    keys
}

/// Joins adjacent ranges with equal values.
fn merge_adjacent<T: PartialEq>(ranges: Vec<(SessionRange, T)>) -> Vec<(SessionRange, T)> {
    let mut merged: Vec<(SessionRange, T)> = Vec::new();
    for ((first, last), value) in ranges {
        match merged.last_mut() {
            Some(((_, end), same)) if *end + 1 == first && *same == value => *end = last,
            _ => merged.push(((first, last), value)),
        }
    }
    merged
}

fn spans_key(key: &str, sessions: &[Day], ranges: &[SessionRange]) -> Option<String> {
    let spans: Vec<_> = ranges.iter().map(|range| span(sessions, *range)).collect();
    (!spans.is_empty()).then(|| list(key, &spans))
}

fn inline_table(
    key: &str,
    sessions: &[Day],
    entries: Vec<(SessionRange, String)>,
) -> Option<String> {
    let entries = entries.into_iter();
    let entries: Vec<_> = entries
        .map(|(range, value)| format!("{} = {value}", span(sessions, range)))
        .collect();
    (!entries.is_empty()).then(|| format!("{key} = {{ {} }}", entries.join(", ")))
}

/// Writes the names of phases as a TOML array.
pub(super) fn phase_list(phases: PhaseSet) -> String {
    let names: Vec<_> = phases.iter().map(|phase| format!("\"{phase}\"")).collect();
    format!("[{}]", names.join(", "))
}
