//! What was taken out of the ledger again, and how runs ended.

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

/// The invalidations, each as one table for all who lost the same cells and for each set of
/// phases.
pub(super) fn invalidations_toml(state: &State, labels: &[String], last: Day) -> String {
    let mut text = String::new();
    for one in &state.invalidations {
        for (stretches, members) in group_by_cells(state, one, last) {
            let mut by_phases: BTreeMap<PhaseSet, Vec<usize>> = BTreeMap::new();
            for stretch in &stretches {
                let days = by_phases.entry(stretch.marks.phases()).or_default();
                days.extend(stretch.first..=stretch.last);
            }
            for (phases, days) in by_phases {
                let days = session_ranges(days).into_iter();
                let days: Vec<_> = days.map(|row| span(&state.sessions, row)).collect();
                let _ = writeln!(
                    text,
                    "\n[[invalidation]]\ncause = \"{}\"\nreason = {}\n{}\n{}",
                    one.cause.name(),
                    quote(&one.reason),
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

/// Who lost the same cells of sessions on which they live, in the order of the first of each.
fn group_by_cells(
    state: &State,
    one: &CapturedInvalidation,
    last: Day,
) -> Vec<(Vec<Interval>, Vec<usize>)> {
    let mut groups: BTreeMap<Vec<Interval>, Vec<usize>> = BTreeMap::new();
    for (at, captured) in state.portfolios.iter().enumerate() {
        let Some(stretches) = one.cells.get(&captured.portfolio.id.0) else {
            continue;
        };
        let (alive, _) = split_by_lifetime(stretches, state.lifetime(&captured.portfolio, last));
        if !alive.is_empty() {
            groups.entry(alive).or_default().push(at);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| members[0]);
    groups
}

/// The labels of some portfolios, those in a row whose names are a range as one.
fn fold_name_ranges(labels: &[String], members: &[usize]) -> Vec<String> {
    let mut folded = Vec::new();
    let mut at = 0;
    while at < members.len() {
        let rest = members[at..].iter().map(|member| labels[*member].as_str());
        let first = &labels[members[at]];
        match name_range_length(rest) {
            few if few < MIN_RANGE => {
                folded.push(quote(first));
                at += 1;
            }
            many => {
                let last = &labels[members[at + many - 1]];
                folded.push(quote(&format!("{first}..{last}")));
                at += many;
            }
        }
    }
    folded
}

/// The runs that ended, and the one that has not.
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
