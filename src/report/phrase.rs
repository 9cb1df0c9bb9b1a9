//! Phrases that several reports share: a watermark and the cell that holds it back, a scope,
//! missing inputs, and the cells that wait for them.

use std::collections::BTreeMap;

use super::days::day_range;
use super::number::{percent, plural};
use super::page::Page;
use super::palette::Tone;
use crate::domain::{Day, PhaseSet, Scope};
use crate::plan::{
    BlockReason, BlockedCell, Plan, ScopeWatermark, SkipReason, UnpricedSession, Watermark,
};
use crate::query::Names;

/// Maximum number of names of portfolios or securities in a sentence.
const MAX_NAMES: usize = 5;
/// Maximum number of groups of blocked cells.
const MAX_WAITS: usize = 10;

/// Formats a watermark, such as `2026-01-05, held back by B: 2026-01-06 is open (risk)`.
pub(super) fn watermark_text(watermark: &ScopeWatermark, names: &Names) -> String {
    let day = match watermark {
        ScopeWatermark::NoneDue => {
            return "none: no active portfolio in scope has started".to_owned();
        }
        ScopeWatermark::NoneYet { .. } => "none yet".to_owned(),
        ScopeWatermark::At { day, .. } => day.to_string(),
    };
    match watermark.held_by() {
        None => format!("{day}, nothing holds it back"),
        Some(holder) => {
            let name = names.portfolio(holder.cell.portfolio);
            let gap = holder.cell.day;
            let open = open_phases_text(holder.open_phases);
            format!("{day}, held back by {name}: {gap} is open{open}")
        }
    }
}

/// Formats the open phases of a cell, such as ` (risk)`; empty if all four are open.
pub(super) fn open_phases_text(open: PhaseSet) -> String {
    match open {
        PhaseSet::CELL_PHASES => String::new(),
        some => format!(" ({some})"),
    }
}

/// Formats the scope of a plan: `all active, 13 portfolios`, or the names of its portfolios.
pub(super) fn scope_text(plan: &Plan, names: &Names) -> String {
    match &plan.scope {
        Scope::AllActive => {
            // The members include deleted portfolios, which a plan skips.
            let mut active = plan.members.clone();
            for skips in plan.days.iter().flat_map(|day| &day.skips) {
                if skips.reason == SkipReason::Deleted {
                    active -= &skips.cells;
                }
            }
            format!("all active, {}", plural(active.len(), "portfolio"))
        }
        Scope::Only(members) => {
            let members: Vec<_> = members.iter().map(|id| names.portfolio(id)).collect();
            join_limited(&members, MAX_NAMES)
        }
    }
}

/// Formats the name of the policy and the sessions that it considers.
pub(super) fn policy_text(plan: &Plan) -> String {
    let looks_at = match plan.policy.watermark {
        Watermark::None => "checks every cell since inception",
        Watermark::GlobalMax => "starts after the newest snapshot of any portfolio",
        Watermark::MinOfMax => "starts after the newest snapshot of the portfolio furthest behind",
        Watermark::BeforeTarget => "looks at the target only",
    };
    format!("{}: {looks_at}", plan.policy)
}

/// Joins the first `most` words and counts the others: `A, B, C and 4 more`.
pub(super) fn join_limited(words: &[String], most: usize) -> String {
    let shown = words[..words.len().min(most)].join(", ");
    match words.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Cells of one day that wait for the same inputs.
#[derive(Debug, Clone, PartialEq)]
struct Wait {
    day: Day,
    portfolios: Vec<String>,
    inputs: String,
}

impl Wait {
    /// Formats the group as a sentence, such as
    /// `2026-01-08: A, B and 3 more wait for prices of AAPL, MSFT (41.20 % priced)`.
    fn sentence(&self) -> String {
        let names = join_limited(&self.portfolios, MAX_NAMES);
        let verb = if self.portfolios.len() == 1 {
            "waits"
        } else {
            "wait"
        };
        format!("{}: {names} {verb} for {}", self.day, self.inputs)
    }
}

/// Adds a section with the unpriced sessions of a plan and the groups of blocked cells; nothing if
/// no cell waits.
pub(super) fn waiting_section(
    page: &mut Page,
    plan: &Plan,
    blocked: &BTreeMap<Day, Vec<BlockedCell>>,
    names: &Names,
) {
    let waits = group_waits(blocked, names);
    let outages = group_outages(plan);
    if waits.is_empty() && outages.is_empty() {
        return;
    }
    page.heading("waiting for inputs");
    for (days, session) in outages.iter().take(MAX_WAITS) {
        page.item(Tone::Bad, &unpriced_sentence(days, session));
    }
    page.omitted(outages.len(), MAX_WAITS);
    for wait in waits.iter().take(MAX_WAITS) {
        page.item(Tone::Warning, &wait.sentence());
    }
    page.omitted(waits.len(), MAX_WAITS);
}

/// Groups the unpriced sessions of a plan that follow each other and have the same counts.
fn group_outages(plan: &Plan) -> Vec<(Vec<Day>, &UnpricedSession)> {
    let mut outages: Vec<(Vec<Day>, &UnpricedSession)> = Vec::new();
    let mut last = None;
    for (at, planned) in plan.days.iter().enumerate() {
        let Some(session) = plan.unpriced.get(&planned.day) else {
            continue;
        };
        match outages.last_mut() {
            Some((days, known)) if last.is_some_and(|last| last + 1 == at) && *known == session => {
                days.push(planned.day);
            }
            _ => outages.push((vec![planned.day], session)),
        }
        last = Some(at);
    }
    outages
}

/// Describes unpriced sessions, such as
/// `2026-01-09: all cells wait, 5 of 5 held securities without a close`.
fn unpriced_sentence(days: &[Day], session: &UnpricedSession) -> String {
    format!("{}: {}", day_range(days), unpriced_text(session))
}

/// Describes the cells that wait on an unpriced session, and the securities without a close.
pub(super) fn unpriced_text(session: &UnpricedSession) -> String {
    let UnpricedSession {
        calendars,
        held,
        missing,
    } = session;
    let held = plural(u64::from(*held), "held security");
    let cells = match calendars.is_empty() {
        true => "all cells wait".to_owned(),
        false => format!(
            "cells with securities of {} wait",
            join_limited(calendars, MAX_NAMES)
        ),
    };
    format!("{cells}, {missing} of {held} without a close")
}

/// Groups the blocked cells by day and then by the inputs that they wait for.
fn group_waits(blocked: &BTreeMap<Day, Vec<BlockedCell>>, names: &Names) -> Vec<Wait> {
    let mut waits: Vec<Wait> = Vec::new();
    for (day, cells) in blocked {
        for cell in cells {
            let inputs = missing_inputs_text(&cell.reason, names);
            let name = names.portfolio(cell.portfolio);
            let mut known = waits.iter_mut().rev().take_while(|wait| wait.day == *day);
            match known.find(|wait| wait.inputs == inputs) {
                Some(wait) => wait.portfolios.push(name),
                None => waits.push(Wait {
                    day: *day,
                    portfolios: vec![name],
                    inputs,
                }),
            }
        }
    }
    waits
}

/// Describes missing inputs: `prices of AAPL, MSFT (41.20 % priced)`, or `a rate for EURUSD`.
pub fn missing_inputs_text(reason: &BlockReason, names: &Names) -> String {
    match reason {
        BlockReason::MissingPrices {
            covered_share,
            missing,
        } => {
            let symbols: Vec<_> = missing.iter().map(|id| names.security(*id)).collect();
            let covered = percent(*covered_share);
            let symbols = join_limited(&symbols, MAX_NAMES);
            format!("prices of {symbols} ({covered} priced)")
        }
        BlockReason::MissingRate { pair } => format!("a rate for {pair}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_list_counts_omitted_items() {
        let words = ["A", "B", "C"].map(String::from);
        assert_eq!(join_limited(&words, 3), "A, B, C");
        assert_eq!(join_limited(&words, 2), "A, B and 1 more");
    }
}
