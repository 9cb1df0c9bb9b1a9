//! Writes the open invalidations and the last runs.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::cells::{phase_list, split_by_lifetime};
use super::days::{session_ranges, span};
use super::portfolios::MIN_RANGE;
use super::text::{instant, list, quote};
use crate::capture::intervals::Interval;
use crate::capture::state::{CapturedInvalidation, State};
use crate::domain::{Day, PhaseSet};
use crate::scenario::world::{Lease, name_range_length};

/// Writes each invalidation as one table for each group of portfolios with the same cells, and for
/// each set of phases.
pub(super) fn invalidations_toml(state: &State, labels: &[String], last: Day) -> String {
    let mut text = String::new();
    for invalidation in &state.invalidations {
        for (intervals, members) in group_by_cells(state, invalidation, last) {
            let mut by_phases: BTreeMap<PhaseSet, Vec<usize>> = BTreeMap::new();
            for interval in &intervals {
                let days = by_phases.entry(interval.marks.phases()).or_default();
                days.extend(interval.first..=interval.last);
            }
            for (phases, days) in by_phases {
                let days = session_ranges(days).into_iter();
                let days: Vec<_> = days.map(|range| span(&state.sessions, range)).collect();
                let _ = writeln!(
                    text,
                    "\n[[invalidation]]\ncause = \"{}\"\nreason = {}\n{}\n{}",
                    invalidation.cause.name(),
                    quote(&invalidation.reason),
                    list("portfolios", &fold_name_ranges(labels, &members)),
                    list("days", &days),
                );
                if phases != PhaseSet::CELL_PHASES {
                    let _ = writeln!(text, "phases = {}", phase_list(phases));
                }
            }
        }
    }
    text
}

/// Groups the indices of portfolios with the same invalidated cells inside their lifetimes, in the
/// order of the first portfolio of each group.
fn group_by_cells(
    state: &State,
    invalidation: &CapturedInvalidation,
    last: Day,
) -> Vec<(Vec<Interval>, Vec<usize>)> {
    let mut groups: BTreeMap<Vec<Interval>, Vec<usize>> = BTreeMap::new();
    for (at, captured) in state.portfolios.iter().enumerate() {
        let Some(intervals) = invalidation.cells.get(&captured.portfolio.id.0) else {
            continue;
        };
        let (inside, _) = split_by_lifetime(intervals, state.lifetime(&captured.portfolio, last));
        if !inside.is_empty() {
            groups.entry(inside).or_default().push(at);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| members[0]);
    groups
}

/// Returns the labels of some portfolios; neighbours whose names form a range are joined into one.
fn fold_name_ranges(labels: &[String], members: &[usize]) -> Vec<String> {
    let mut folded = Vec::new();
    let mut at = 0;
    while at < members.len() {
        let rest = members[at..].iter().map(|member| labels[*member].as_str());
        let first = &labels[members[at]];
        match name_range_length(rest) {
            length if length < MIN_RANGE => {
                folded.push(quote(first));
                at += 1;
            }
            length => {
                let last = &labels[members[at + length - 1]];
                folded.push(quote(&format!("{first}..{last}")));
                at += length;
            }
        }
    }
    folded
}

/// Writes the runs that ended, and the run that has not ended.
pub(super) fn runs_toml(state: &State) -> String {
    let zone = state.calendar.zone();
    let mut text = String::new();
    for run in &state.runs {
        let _ = write!(
            text,
            "\n[[run]]\nstarted = {}\nended = {}\nstate = \"{}\"\npolicy = {}\nscope = {}\ntarget = {}\n",
            instant(run.started, zone),
            instant(run.ended, zone),
            run.state,
            quote(&run.policy),
            quote(&run.scope),
            run.target,
        );
        let counts = [
            ("planned", run.progress.planned),
            ("done", run.progress.done),
            ("failed", run.progress.failed),
            ("blocked", run.progress.blocked),
        ];
        for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let _ = writeln!(text, "{key} = {count}");
        }
    }
    if let Some(run) = &state.left_running {
        let lease = match run.lease {
            Lease::Live => "live",
            Lease::Expired => "expired",
        };
        let _ = write!(
            text,
            "\n[run-left-running]\nlease = \"{lease}\"\nstarted = {}\ntarget = {}\n",
            instant(run.started, zone),
            run.target,
        );
    }
    text
}
