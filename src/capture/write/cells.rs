//! Builds the keys of a portfolio that describe its cells.

use std::collections::BTreeMap;

use crate::capture::intervals::{Interval, Marks};
use crate::capture::state::{CapturedPortfolio, State};
use crate::domain::{Day, Phase, PhaseSet};
use crate::scenario::format::lenient::OneOrMany;
use crate::scenario::world::Span;
use crate::scenario::world::spec::PortfolioSpec;
use crate::scenario::world::values::{CellPhase, FailureCounts};

/// First and last index of consecutive sessions, both inclusive.
type SessionRange = (usize, usize);

/// Adds the keys `complete`, `holes`, `phases`, `rows`, `failed`, `quarantined` and `blocked`, as
/// far as they apply. `last` is the last session of the world.
pub(super) fn add_cells(
    spec: &mut PortfolioSpec,
    state: &State,
    portfolio: &CapturedPortfolio,
    last: Day,
) {
    let lifetime = state.lifetime(&portfolio.portfolio, last);
    let (inside, outside) = split_by_lifetime(&portfolio.intervals, lifetime);
    spec.rows = orphan_rows(state, portfolio, &inside, &outside);
    let Some((first, last)) = lifetime else {
        return;
    };
    let is_own = |at: usize| state.is_session_of(&portfolio.portfolio, at);
    add_completion(spec, &state.sessions, &inside, first, is_own);
    let is_inside = |at: &usize| (first..=last).contains(at);
    add_failures(spec, state, portfolio, is_inside);
    let blocked = portfolio.blocked.iter();
    let blocked = blocked.filter_map(|day| state.sessions.binary_search(day).ok());
    let blocked = blocked.filter(is_inside);
    spec.blocked = non_empty(spans_of(&state.sessions, blocked));
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

/// Adds one span from the first complete session to the last, the holes in it, and the sessions
/// with only some phases done. `first_alive` is the index of the portfolio's first session. A gap
/// without a session of its own is no hole.
fn add_completion(
    spec: &mut PortfolioSpec,
    sessions: &[Day],
    inside: &[Interval],
    first_alive: usize,
    is_own: impl Fn(usize) -> bool,
) {
    let phases = |interval: &Interval| interval.marks.phases();
    let complete: Vec<_> = (inside.iter())
        .filter(|interval| phases(interval) == PhaseSet::CELL_PHASES)
        .collect();
    if let (Some(first), Some(last)) = (complete.first(), complete.last()) {
        // The start of a span that begins on the portfolio's first session is left open.
        let start = (first.first != first_alive).then(|| sessions[first.first]);
        let complete = Span::new(start, Some(sessions[last.last]));
        spec.complete = Some(OneOrMany(vec![complete]));
        // Partial sessions do not count as holes, since the key `phases` lists them.
        let within = (inside.iter()).filter(|interval| !phases(interval).is_empty());
        let within: Vec<_> = within
            .filter(|interval| first.first <= interval.first && interval.last <= last.last)
            .collect();
        let holes = within.windows(2);
        let holes = holes.map(|pair| (pair[0].last + 1, pair[1].first));
        let holes = holes.filter(|(from, until)| (*from..*until).any(&is_own));
        let holes = holes.map(|(from, until)| span(sessions, (from, until - 1)));
        spec.holes = non_empty(holes.collect());
    }
    let partial = inside.iter().filter(|interval| {
        !phases(interval).is_empty() && phases(interval) != PhaseSet::CELL_PHASES
    });
    let partial = partial.map(|interval| {
        let phases = phase_list(phases(interval));
        ((interval.first, interval.last), phases)
    });
    spec.phases = by_span(sessions, partial.collect());
}

/// Returns orphan rows: sessions of the lifetime as spans, other days one by one. A snapshot outside
/// the lifetime counts as an orphan row, since no world has a done cell there.
fn orphan_rows(
    state: &State,
    portfolio: &CapturedPortfolio,
    inside: &[Interval],
    outside: &[Interval],
) -> Option<OneOrMany<Span>> {
    let with_row = inside.iter().filter(|interval| interval.marks.has_row());
    let inside = with_row.flat_map(|interval| interval.first..=interval.last);
    let is_own = |at: &usize| state.is_session_of(&portfolio.portfolio, *at);
    let (own, others): (Vec<_>, Vec<_>) = inside.partition(is_own);
    let mut rows = spans_of(&state.sessions, own);
    let is_row = |marks: Marks| marks.has_row() || marks.phases().contains(Phase::Snapshot);
    let outside = outside.iter().filter(|interval| is_row(interval.marks));
    let outside = outside.flat_map(|interval| &state.sessions[interval.first..=interval.last]);
    let outside = outside.chain(others.iter().map(|at| &state.sessions[*at]));
    let mut other_days: Vec<Day> = outside.chain(&portfolio.orphan_days).copied().collect();
    other_days.sort_unstable();
    rows.extend(other_days.into_iter().map(Span::from_day));
    non_empty(rows)
}

/// Adds failure counts. Phases with exactly the number of failures of a quarantine are
/// `quarantined`.
fn add_failures(
    spec: &mut PortfolioSpec,
    state: &State,
    portfolio: &CapturedPortfolio,
    is_inside: impl Fn(&usize) -> bool,
) {
    let mut days: BTreeMap<usize, BTreeMap<Phase, u32>> = BTreeMap::new();
    for ((day, phase), times) in &portfolio.failed {
        if let Ok(at) = state.sessions.binary_search(day)
            && is_inside(&at)
        {
            days.entry(at).or_default().insert(*phase, *times);
        }
    }
    let (mut failed, mut quarantined) = (Vec::new(), Vec::new());
    for (at, phases) in days {
        let (at_limit, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (phases.into_iter()).partition(|(_, times)| *times == state.quarantine_after);
        if !others.is_empty() {
            failed.push(((at, at), FailureCounts(others)));
        }
        if !at_limit.is_empty() {
            quarantined.push(((at, at), phase_list(at_limit.into_keys().collect())));
        }
    }
    spec.failed = by_span(&state.sessions, failed);
    spec.quarantined = by_span(&state.sessions, quarantined);
}

/// Returns values by span, with adjacent ranges of equal values joined.
fn by_span<T: PartialEq>(sessions: &[Day], ranges: Vec<(SessionRange, T)>) -> BTreeMap<Span, T> {
    let mut merged: Vec<(SessionRange, T)> = Vec::new();
    for ((first, last), value) in ranges {
        match merged.last_mut() {
            Some(((_, end), same)) if *end + 1 == first && *same == value => *end = last,
            _ => merged.push(((first, last), value)),
        }
    }
    let merged = merged.into_iter();
    merged
        .map(|(range, value)| (span(sessions, range), value))
        .collect()
}

/// Returns ascending session indices as spans of consecutive sessions.
pub(super) fn spans_of(sessions: &[Day], indices: impl IntoIterator<Item = usize>) -> Vec<Span> {
    let ranges = session_ranges(indices).into_iter();
    ranges.map(|range| span(sessions, range)).collect()
}

fn session_ranges(indices: impl IntoIterator<Item = usize>) -> Vec<SessionRange> {
    let mut ranges: Vec<SessionRange> = Vec::new();
    for at in indices {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => ranges.push((at, at)),
        }
    }
    ranges
}

fn span(sessions: &[Day], (first, last): SessionRange) -> Span {
    Span::new(Some(sessions[first]), Some(sessions[last]))
}

pub(super) fn phase_list(phases: PhaseSet) -> OneOrMany<CellPhase> {
    OneOrMany(phases.iter().map(CellPhase).collect())
}

pub(super) fn non_empty(spans: Vec<Span>) -> Option<OneOrMany<Span>> {
    (!spans.is_empty()).then_some(OneOrMany(spans))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ranges_are_maximal() {
        assert_eq!(session_ranges([1, 2, 3, 5, 8, 9]), [(1, 3), (5, 5), (8, 9)]);
    }
}
