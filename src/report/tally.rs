//! Counts the cells of a plan by day, and renders the open days as a table.

use super::number::{count, plural};
use super::palette::Tone;
use super::table::{Column, Entry, Table};
use crate::domain::Day;
use crate::plan::{DayPlan, SkipReason};

/// The cells of one day, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// Cells that are to be done.
    pub(super) to_do: u64,
    /// Cells that are done and valid.
    pub(super) complete: u64,
    /// Cells that wait for inputs.
    pub(super) blocked: u64,
    /// Cells that are quarantined, over the limit or left to onboarding.
    pub(super) set_aside: u64,
    /// Cells that are needed and not seen by the policy.
    pub(super) left_behind: u64,
    /// Cells that are not expected.
    pub(super) not_due: u64,
}

impl Tally {
    /// Counts the cells of a day.
    pub(super) fn from_day(day: &DayPlan) -> Self {
        let mut tally = Self {
            to_do: day.step_count(),
            ..Self::default()
        };
        for skips in &day.skips {
            let counter = match skips.reason {
                SkipReason::Complete => &mut tally.complete,
                SkipReason::Blocked | SkipReason::Unpriced => &mut tally.blocked,
                SkipReason::Quarantined | SkipReason::OverLimit | SkipReason::LeftToOnboarding => {
                    &mut tally.set_aside
                }
                SkipReason::HiddenByWatermark | SkipReason::HiddenBySnapshot => {
                    &mut tally.left_behind
                }
                SkipReason::BeforeInception
                | SkipReason::AfterClose
                | SkipReason::Deleted
                | SkipReason::NoSession
                | SkipReason::BeyondTarget => &mut tally.not_due,
            };
            *counter += skips.cells.len();
        }
        tally
    }

    /// Returns whether a cell of the day is to be done, or is needed and skipped.
    pub(super) fn is_open(&self) -> bool {
        self.to_do + self.blocked + self.set_aside + self.left_behind > 0
    }

    fn plus(self, other: Self) -> Self {
        Self {
            to_do: self.to_do + other.to_do,
            complete: self.complete + other.complete,
            blocked: self.blocked + other.blocked,
            set_aside: self.set_aside + other.set_aside,
            left_behind: self.left_behind + other.left_behind,
            not_due: self.not_due + other.not_due,
        }
    }

    /// The counts in the order of the columns, each with its heading and tone.
    fn counts(&self) -> [(u64, &'static str, Tone); 6] {
        [
            (self.to_do, "to do", Tone::Strong),
            (self.complete, "complete", Tone::Normal),
            (self.blocked, "blocked", Tone::Warning),
            (self.set_aside, "set aside", Tone::Warning),
            (self.left_behind, "left behind", Tone::Bad),
            (self.not_due, "not due", Tone::Dim),
        ]
    }
}

/// Consecutive open days with equal counts.
struct Interval {
    first: Day,
    last: Day,
    sessions: u64,
    tally: Tally,
}

/// A table of the open days with at most `most` rows and a total. Consecutive days with equal
/// counts share a row, and columns without any count are left out.
pub(super) fn day_table(days: &[(Day, Tally)], most: usize) -> Table {
    let open: Vec<_> = days
        .iter()
        .filter(|(_, tally)| tally.is_open())
        .copied()
        .collect();
    let total = open
        .iter()
        .fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally));
    let shown: Vec<bool> = total
        .counts()
        .iter()
        .map(|(count, ..)| *count > 0)
        .collect();
    let intervals = intervals(&open);
    let folds = intervals.iter().any(|interval| interval.sessions > 1);

    let mut columns = vec![Column::text("day")];
    if folds {
        columns.push(Column::extra("sessions"));
    }
    for (nth, (_, heading, _)) in total.counts().into_iter().enumerate() {
        if shown[nth] {
            let last = heading == "not due";
            columns.push(if last {
                Column::extra(heading)
            } else {
                Column::number(heading)
            });
        }
    }
    let mut table = Table::new(columns);
    let row = |day: String, sessions: u64, tally: Option<&Tally>| {
        let mut row = vec![Entry::from(day)];
        row.extend(folds.then(|| Entry::from(count(sessions))));
        let counts = tally.copied().unwrap_or_default().counts();
        row.extend(counts.iter().zip(&shown).filter(|(_, shown)| **shown).map(
            |((number, _, tone), _)| match (tally, number) {
                (None, _) => Entry::default(),
                (Some(_), 0) => Entry::toned(Tone::Dim, "·"),
                (Some(_), number) => Entry::toned(*tone, count(*number)),
            },
        ));
        row
    };
    let (head, left_out, tail) = elide_middle(&intervals, most);
    let interval_row =
        |interval: &Interval| row(interval.label(), interval.sessions, Some(&interval.tally));
    for interval in head {
        table.add_row(interval_row(interval));
    }
    if !left_out.is_empty() {
        let sessions: u64 = left_out.iter().map(|interval| interval.sessions).sum();
        table.add_row(row(
            format!("… {}", plural(sessions, "session")),
            sessions,
            None,
        ));
    }
    for interval in tail {
        table.add_row(interval_row(interval));
    }
    if open.len() > 1 {
        table.add_row(row("total".to_owned(), open.len() as u64, Some(&total)));
    }
    table
}

/// The intervals in three parts: the first ones, those that are left out, and the last ones. At
/// most `most` are shown, and three of four of them are the newest.
fn elide_middle(intervals: &[Interval], most: usize) -> (&[Interval], &[Interval], &[Interval]) {
    if intervals.len() <= most {
        return (intervals, &[], &[]);
    }
    let (head, rest) = intervals.split_at(most / 4);
    let (left_out, tail) = rest.split_at(rest.len() - (most - most / 4));
    (head, left_out, tail)
}

fn intervals(days: &[(Day, Tally)]) -> Vec<Interval> {
    let mut intervals: Vec<Interval> = Vec::new();
    for (day, tally) in days.iter().copied() {
        match intervals.last_mut().filter(|last| last.tally == tally) {
            Some(interval) => {
                interval.last = day;
                interval.sessions += 1;
            }
            None => intervals.push(Interval {
                first: day,
                last: day,
                sessions: 1,
                tally,
            }),
        }
    }
    intervals
}

impl Interval {
    fn label(&self) -> String {
        match self.sessions {
            1 => self.first.to_string(),
            _ => format!("{} … {}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::palette::Palette;

    fn shown(days: &[(Day, Tally)], most: usize) -> String {
        day_table(days, most).lines(Palette::Plain).join("\n")
    }

    /// Pairs of sessions with equal counts; each pair has one cell fewer to do than the one before.
    fn days(count: u16) -> Vec<(Day, Tally)> {
        let first: Day = "2026-01-05".parse().unwrap();
        let tally = |n: u16| Tally {
            to_do: u64::from(100 - n / 2),
            complete: u64::from(n / 2),
            not_due: 1,
            ..Tally::default()
        };
        (0..count)
            .map(|n| (first.saturating_add(n.into()), tally(n)))
            .collect()
    }

    #[test]
    fn equal_days_share_a_row_and_long_ranges_are_elided() {
        insta::assert_snapshot!(shown(&days(40), 8), @r"
        day                      sessions  to do  complete  not due
        2026-01-05 … 2026-01-06         2    100         ·        1
        2026-01-07 … 2026-01-08         2     99         1        1
        … 24 sessions                  24
        2026-02-02 … 2026-02-03         2     86        14        1
        2026-02-04 … 2026-02-05         2     85        15        1
        2026-02-06 … 2026-02-07         2     84        16        1
        2026-02-08 … 2026-02-09         2     83        17        1
        2026-02-10 … 2026-02-11         2     82        18        1
        2026-02-12 … 2026-02-13         2     81        19        1
        total                          40  3,620       380       40
        ");
    }

    #[test]
    fn days_without_open_cells_are_omitted() {
        let mut days = days(2);
        days[1].1 = Tally {
            complete: 100,
            ..Tally::default()
        };
        insta::assert_snapshot!(shown(&days, 8), @r"
        day         to do  not due
        2026-01-05    100        1
        ");
    }
}
