//! Renders a plan as text for review before a run: the cells to do by day, the reasons, the cells
//! that are skipped, and the command that runs exactly this plan.

use std::collections::BTreeMap;

use super::days::day_range;
use super::fit::{NBSP, truncate};
use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::phrase;
use super::table::{Column, Table};
use super::tally::{self, Tally};
use crate::domain::{Day, OpenInvalidation};
use crate::plan::{Plan, RangeRemark, ScopeWatermark, SkipReason};
use crate::query::Names;

/// Maximum number of rows of days.
const MAX_ROWS: usize = 40;
/// Maximum number of changed inputs.
const MAX_CAUSES: usize = 10;

/// A plan with the facts and names that its report shows.
#[derive(Debug, Clone, Copy)]
pub struct PlanReport<'p> {
    /// The plan to report.
    pub plan: &'p Plan,
    /// The watermark of the scope before the plan is run.
    pub watermark: &'p ScopeWatermark,
    /// The invalidations that the reasons of its steps refer to.
    pub invalidations: &'p [OpenInvalidation],
    /// The names of portfolios and securities.
    pub names: &'p Names,
    /// The parts of the requested range that the plan does not fill.
    pub remarks: &'p [RangeRemark],
    /// The command that would run the plan, without `--plan`.
    pub command: &'p str,
}

impl PlanReport<'_> {
    /// The report as text of at most 80 columns.
    pub fn to_text(&self, palette: Palette) -> String {
        let mut page = Page::new(palette);
        self.headline(&mut page);
        for remark in self.remarks {
            page.sentence(Tone::Warning, &format!("warning: {remark}"));
        }
        if self.is_up_to_date() {
            return page.finish();
        }
        page.blank_line();
        self.request_facts(&mut page);
        self.day_table(&mut page);
        self.changed_inputs_section(&mut page);
        phrase::waiting_section(&mut page, self.plan, &self.plan.blocked, self.names);
        if !self.plan.is_empty() {
            page.heading("to run this plan");
            page.command(&format!("{} --plan {}", self.command, self.plan.id()));
        }
        page.finish()
    }

    /// Returns whether nothing is to be done and nothing is left undone. The report is then one line.
    fn is_up_to_date(&self) -> bool {
        let mut tallies = self.plan.days.iter().map(Tally::from_day);
        self.plan.unknown_ids.is_empty() && !tallies.any(|tally| tally.is_open())
    }

    fn headline(&self, page: &mut Page) {
        let plan = self.plan;
        if self.is_up_to_date() {
            let target = plan.target.day;
            let skips = plan.skips_by_reason();
            let done = skips.get(&SkipReason::Complete).copied();
            let only_deleted = skips.keys().eq([&SkipReason::Deleted]);
            let tone = match plan.members.is_empty() || only_deleted {
                true => Tone::Warning,
                false => Tone::Good,
            };
            page.headline(
                tone,
                &match done {
                    None if plan.members.is_empty() => {
                        "nothing to do: there is no portfolio".to_owned()
                    }
                    None if only_deleted => {
                        "nothing to do: all portfolios in scope are deleted".to_owned()
                    }
                    None => format!("nothing to do: nothing is expected up to {target}"),
                    Some(cells) => {
                        let cells = plural(cells, "cell");
                        format!("nothing to do: all is complete up to {target} ({cells})")
                    }
                },
            );
            return;
        }
        let behind: u64 = plan.left_behind().values().sum();
        let days: Vec<_> = plan.days_with_work().map(|day| day.day).collect();
        let mut text = match plan.step_count() {
            0 => "nothing to do".to_owned(),
            cells => format!("{} to do on {}", plural(cells, "cell"), day_range(&days)),
        };
        let tone = if behind > 0 {
            text = format!("{text}; {} left behind", plural(behind, "cell"));
            Tone::Bad
        } else if plan.waiting_count() > 0 {
            Tone::Warning
        } else if plan.is_empty() {
            Tone::Good
        } else {
            Tone::Strong
        };
        page.headline(tone, &text);
    }

    fn request_facts(&self, page: &mut Page) {
        let plan = self.plan;
        page.fact("target", &plan.target.to_string());
        page.fact("scope", &phrase::scope_text(plan, self.names));
        page.fact("policy", &phrase::policy_text(plan));
        page.fact(
            "watermark",
            &phrase::watermark_text(self.watermark, self.names),
        );
        if !plan.unknown_ids.is_empty() {
            let unknown: Vec<_> = plan
                .unknown_ids
                .iter()
                .map(|id| self.names.portfolio(*id))
                .collect();
            page.toned_fact("unknown", Tone::Warning, &unknown.join(", "));
        }
        let reasons = plan.steps_by_kind();
        if !reasons.is_empty() {
            let reasons = reasons
                .iter()
                .map(|(kind, cells)| format!("{kind}{NBSP}{}", count(*cells)));
            page.fact("to do", &reasons.collect::<Vec<_>>().join(", "));
        }
        let skips = plan.skips_by_reason();
        if !skips.is_empty() {
            let skips = skips
                .iter()
                .map(|(reason, cells)| format!("{reason}{NBSP}{}", count(*cells)));
            page.fact("skipped", &skips.collect::<Vec<_>>().join(", "));
        }
        page.fact("plan", &plan.id().to_string());
    }

    fn day_table(&self, page: &mut Page) {
        let days: Vec<_> = self
            .plan
            .days
            .iter()
            .map(|day| (day.day, Tally::from_day(day)))
            .collect();
        page.table(&tally::day_table(&days, MAX_ROWS));
    }

    /// Lists the inputs that changed, each with the number of cells to be done again.
    fn changed_inputs_section(&self, page: &mut Page) {
        let causes = self.cells_by_invalidation();
        if causes.is_empty() {
            return;
        }
        page.heading("to be done again, because");
        let columns = [Column::text(""), Column::elastic(""), Column::number("")];
        let mut table = Table::new(columns).indented(2);
        for (id, (cells, days)) in causes.iter().take(MAX_CAUSES) {
            let known = self.invalidations.iter().find(|open| open.id == *id);
            let (cause, reason) =
                known.map_or(("changed", ""), |open| (open.cause.name(), &open.reason));
            let first = days.first().map(ToString::to_string).unwrap_or_default();
            let reason = if reason.is_empty() {
                format!("from {first} on")
            } else {
                reason.to_owned()
            };
            let reason = truncate(&reason, 60);
            table.add_row([cause.into(), reason.into(), plural(*cells, "cell").into()]);
        }
        page.push_lines(table.lines(page.palette()));
        if let Some(more) = causes
            .len()
            .checked_sub(MAX_CAUSES)
            .filter(|more| *more > 0)
        {
            page.item(Tone::Dim, &format!("and {more} more changes"));
        }
    }

    /// The number of cells to do again and their days, by invalidation.
    fn cells_by_invalidation(&self) -> BTreeMap<i64, (u64, Vec<Day>)> {
        let mut causes: BTreeMap<i64, (u64, Vec<Day>)> = BTreeMap::new();
        for day in &self.plan.days {
            for steps in &day.steps {
                if let Some(id) = steps.reason.invalidation() {
                    let (cells, days) = causes.entry(id).or_default();
                    *cells += steps.cells.len();
                    days.push(day.day);
                }
            }
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{PolicyName, Survey};
    use crate::report::fixture::{caught_up, incident, mixed_survey, names, plan_for};

    fn text(survey: &Survey, policy: PolicyName) -> String {
        let (plan, watermark) = plan_for(survey, policy);
        let report = PlanReport {
            plan: &plan,
            watermark: &watermark,
            invalidations: &survey.invalidations,
            remarks: &[],
            names: &names(),
            command: "plimsoll run",
        };
        report.to_text(Palette::Plain)
    }

    #[test]
    fn plan_lists_cells_reasons_and_command() {
        insta::assert_snapshot!(text(&mixed_survey(), PolicyName::PerCell), @r"
        35 cells to do on 2026-01-06 … 2026-01-08, 3 sessions

        target       2026-01-08
        scope        all active, 13 portfolios
        policy       per-cell: checks every cell since inception
        watermark    2026-01-05, held back by A: 2026-01-06 is open
        to do        missing 33, partial 1, stale 1
        skipped      complete 15, blocked 2
        plan         f51a79cff975db3c

        day                      sessions  to do  complete  blocked
        2026-01-06 … 2026-01-07         2     12         1        ·
        2026-01-08                      1     11         ·        2
        total                           3     35         2        2

        to be done again, because
          price  close of AAPL on 2026-01-06 corrected from 187.2 to 188  1 cell

        waiting for inputs
          2026-01-08: L, M wait for prices of AAPL, MSFT (41.20 % priced)

        to run this plan
          plimsoll run --plan f51a79cff975db3c
        ");
    }

    #[test]
    fn left_behind_cells_are_in_headline() {
        insta::assert_snapshot!(text(&incident(), PolicyName::GlobalMax), @r"
        13 cells to do on 2026-01-08; 23 cells left behind

        target       2026-01-08
        scope        all active, 13 portfolios
        policy       global-max: starts after the newest snapshot of any portfolio
        watermark    2026-01-05, held back by C: 2026-01-06 is open
        to do        missing 13
        skipped      complete 16, hidden-by-watermark 23
        plan         7bf97b5a43dd2178

        day         to do  complete  left behind
        2026-01-06      ·         2           11
        2026-01-07      ·         1           12
        2026-01-08     13         ·            ·
        total          13         3           23

        to run this plan
          plimsoll run --plan 7bf97b5a43dd2178
        ");
    }

    #[test]
    fn empty_plan_is_one_line() {
        insta::assert_snapshot!(text(&caught_up(), PolicyName::PerCell), @"nothing to do: all is complete up to 2026-01-08 (52 cells)");
    }
}
