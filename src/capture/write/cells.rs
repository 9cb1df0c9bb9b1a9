//! What a portfolio's line says of its days.

use std::collections::BTreeMap;

use super::days::{SessionRange, session_ranges, span, span_from_inception};
use super::text::list;
use crate::capture::intervals::{Interval, Marks};
use crate::capture::state::{CapturedPortfolio, State};
use crate::domain::{Day, Phase, PhaseSet};

/// What the line says: `complete`, `holes`, `phases`, `rows`, `failed`, `quarantined`, `blocked`.
/// `last` is the last session that the world knows.
pub(super) fn cell_keys(state: &State, one: &CapturedPortfolio, last: Day) -> Vec<String> {
    let mut said = Vec::new();
    let life = state.lifetime(&one.portfolio, last);
    let (alive, strange) = split_by_lifetime(&one.intervals, life);
    if let Some((born, _)) = life {
        said.extend(completion_keys(&state.sessions, &alive, born));
    }
    said.extend(orphan_rows_key(state, one, &alive, &strange));
    if let Some(life) = life {
        let alive = |at: &usize| (life.0..=life.1).contains(at);
        said.extend(failure_keys(state, one, alive));
        let blocked = one.blocked.iter();
        let blocked = blocked.filter_map(|day| state.sessions.binary_search(day).ok());
        said.extend(spans_key(
            "blocked",
            &state.sessions,
            &session_ranges(blocked.filter(alive)),
        ));
    }
    said
}

/// The parts of stretches that lie in a life, and those that don't.
pub(super) fn split_by_lifetime(
    stretches: &[Interval],
    life: Option<(usize, usize)>,
) -> (Vec<Interval>, Vec<Interval>) {
    let Some((born, died)) = life else {
        return (Vec::new(), stretches.to_vec());
    };
    let (mut alive, mut strange) = (Vec::new(), Vec::new());
    for stretch in stretches {
        let put = |into: &mut Vec<Interval>, first: usize, last: usize| {
            if first <= last {
                into.push(Interval {
                    first,
                    last,
                    ..*stretch
                });
            }
        };
        let Interval { first, last, .. } = *stretch;
        if first < born {
            put(&mut strange, first, last.min(born - 1));
        }
        put(&mut alive, first.max(born), last.min(died));
        put(&mut strange, first.max(died + 1), last);
    }
    (alive, strange)
}

/// One span from the first complete session to the last, the holes in it, and the sessions of
/// which only some phases are done.
fn completion_keys(sessions: &[Day], alive: &[Interval], born: usize) -> Vec<String> {
    let phases = |stretch: &Interval| stretch.marks.phases();
    let complete: Vec<_> = (alive.iter())
        .filter(|stretch| phases(stretch) == PhaseSet::CELL_PHASES)
        .collect();
    let mut said = Vec::new();
    if let (Some(first), Some(last)) = (complete.first(), complete.last()) {
        let span = span_from_inception(sessions, (first.first, last.last), born);
        said.push(format!("complete = {span}"));
        let within = alive.iter().filter(|stretch| !phases(stretch).is_empty());
        let within: Vec<_> = within
            .filter(|stretch| first.first <= stretch.first && stretch.last <= last.last)
            .collect();
        let holes = within.windows(2);
        let holes = holes.map(|pair| (pair[0].last + 1, pair[1].first));
        let holes: Vec<SessionRange> = holes
            .filter(|(from, until)| from < until)
            .map(|(from, until)| (from, until - 1))
            .collect();
        said.extend(spans_key("holes", sessions, &holes));
    }
    let partial: Vec<_> = (alive.iter())
        .filter(|stretch| !phases(stretch).is_empty() && phases(stretch) != PhaseSet::CELL_PHASES)
        .map(|stretch| ((stretch.first, stretch.last), phase_list(phases(stretch))))
        .collect();
    said.extend(inline_table("phases", sessions, merge_adjacent(partial)));
    said
}

/// Rows of books that nothing speaks for: of sessions of the life as spans, of other days one by
/// one. What is done of a day outside of the life is such a row too.
fn orphan_rows_key(
    state: &State,
    one: &CapturedPortfolio,
    alive: &[Interval],
    strange: &[Interval],
) -> Option<String> {
    let with_row = alive.iter().filter(|stretch| stretch.marks.has_row());
    let within = merge_adjacent(with_row.map(|one| ((one.first, one.last), ())).collect());
    let within = within
        .into_iter()
        .map(|(row, ())| span(&state.sessions, row));
    let stands = |marks: Marks| marks.has_row() || marks.phases().contains(Phase::Snapshot);
    let strange = strange.iter().filter(|stretch| stands(stretch.marks));
    let strange = strange.flat_map(|stretch| &state.sessions[stretch.first..=stretch.last]);
    let mut others: Vec<Day> = strange.chain(&one.orphan_days).copied().collect();
    others.sort_unstable();
    let rows: Vec<_> = within
        .chain(others.iter().map(ToString::to_string))
        .collect();
    (!rows.is_empty()).then(|| list("rows", &rows))
}

/// What failed, and what failed exactly so often that it is left alone.
fn failure_keys(
    state: &State,
    one: &CapturedPortfolio,
    alive: impl Fn(&usize) -> bool,
) -> Vec<String> {
    let mut days: BTreeMap<usize, BTreeMap<Phase, u32>> = BTreeMap::new();
    for ((day, phase), times) in &one.failed {
        if let Ok(at) = state.sessions.binary_search(day)
            && alive(&at)
        {
            days.entry(at).or_default().insert(*phase, *times);
        }
    }
    let mut failed = Vec::new();
    let mut quarantined = Vec::new();
    for (at, phases) in days {
        let (left, again): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (phases.into_iter()).partition(|(_, times)| *times == state.quarantine_after);
        if !again.is_empty() {
            let counted = again
                .iter()
                .map(|(phase, times)| format!("{phase} = {times}"));
            let counted: Vec<_> = counted.collect();
            failed.push(((at, at), format!("{{ {} }}", counted.join(", "))));
        }
        if !left.is_empty() {
            quarantined.push(((at, at), phase_list(left.into_keys().collect())));
        }
    }
    let mut said = Vec::new();
    said.extend(inline_table(
        "failed",
        &state.sessions,
        merge_adjacent(failed),
    ));
    said.extend(inline_table(
        "quarantined",
        &state.sessions,
        merge_adjacent(quarantined),
    ));
    said
}

/// Neighbours of which the same is said, as one.
fn merge_adjacent<T: PartialEq>(said: Vec<(SessionRange, T)>) -> Vec<(SessionRange, T)> {
    let mut joined: Vec<(SessionRange, T)> = Vec::new();
    for ((first, last), what) in said {
        match joined.last_mut() {
            Some(((_, end), same)) if *end + 1 == first && *same == what => *end = last,
            _ => joined.push(((first, last), what)),
        }
    }
    joined
}

fn spans_key(key: &str, sessions: &[Day], rows: &[SessionRange]) -> Option<String> {
    let spans: Vec<_> = rows.iter().map(|row| span(sessions, *row)).collect();
    (!spans.is_empty()).then(|| list(key, &spans))
}

fn inline_table(key: &str, sessions: &[Day], said: Vec<(SessionRange, String)>) -> Option<String> {
    let said = said.into_iter();
    let said: Vec<_> = said
        .map(|(row, what)| format!("{} = {what}", span(sessions, row)))
        .collect();
    (!said.is_empty()).then(|| format!("{key} = {{ {} }}", said.join(", ")))
}

/// The names of phases as a list.
pub(super) fn phase_list(phases: PhaseSet) -> String {
    let names: Vec<_> = phases.iter().map(|phase| format!("\"{phase}\"")).collect();
    format!("[{}]", names.join(", "))
}
