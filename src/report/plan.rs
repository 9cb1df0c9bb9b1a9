//! A plan as people read it before they let it run: what is to be done on which day and why,
//! what is not, and what to type next.

use std::collections::BTreeMap;

use super::days::folded;
use super::fit::{GLUE, fit};
use super::names::Names;
use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::phrase;
use super::table::{Column, Table};
use super::tally::{self, Tally};
use crate::domain::Day;
use crate::plan::{OpenInvalidation, Plan, ScopeWatermark, SkipReason};

/// How many rows of days, changed inputs or waiting cells a report lists.
const MOST_ROWS: usize = 40;
const MOST_CAUSES: usize = 10;
const MOST_WAITS: usize = 10;

/// A plan, and what there is to say about it.
#[derive(Debug, Clone, Copy)]
pub struct PlanReport<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// The scope's watermark before it is carried out.
    pub watermark: &'p ScopeWatermark,
    /// The invalidations that the reasons of its steps speak of.
    pub invalidations: &'p [OpenInvalidation],
    /// What portfolios and securities are called.
    pub names: &'p Names,
    /// The command that would carry it out, as yet without `--plan`.
    pub command: &'p str,
}

impl PlanReport<'_> {
    /// The report as text of at most 80 columns.
    pub fn text(&self, palette: Palette) -> String {
        let mut page = Page::new(palette);
        self.headline(&mut page);
        if self.is_calm() {
            return page.finish();
        }
        page.gap();
        self.asked(&mut page);
        self.by_day(&mut page);
        self.changed_inputs(&mut page);
        self.waiting(&mut page);
        if !self.plan.is_empty() {
            page.heading("to do exactly this");
            page.command(&format!("{} --plan {}", self.command, self.plan.id()));
        }
        page.finish()
    }

    /// Whether nothing is to be done, and nothing is left undone: then a line says it all.
    fn is_calm(&self) -> bool {
        let mut tallies = self.plan.days.iter().map(Tally::of);
        self.plan.unknown_ids.is_empty() && !tallies.any(|tally| tally.is_open())
    }

    fn headline(&self, page: &mut Page) {
        let plan = self.plan;
        if self.is_calm() {
            let target = plan.target.day;
            let done = plan.skips_by_reason().get(&SkipReason::Complete).copied();
            page.headline(
                Tone::Good,
                &match done {
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
            cells => format!("{} to do on {}", plural(cells, "cell"), folded(&days)),
        };
        let tone = if behind > 0 {
            text = format!("{text}; {} left behind", plural(behind, "cell"));
            Tone::Bad
        } else if !plan.blocked.is_empty() {
            Tone::Waiting
        } else if plan.is_empty() {
            Tone::Good
        } else {
            Tone::Strong
        };
        page.headline(tone, &text);
    }

    fn asked(&self, page: &mut Page) {
        let plan = self.plan;
        page.fact("target", &plan.target.to_string());
        page.fact("scope", &phrase::scope(plan, self.names));
        page.fact("policy", &phrase::policy(plan));
        page.fact("watermark", &phrase::watermark(self.watermark, self.names));
        if !plan.unknown_ids.is_empty() {
            let unknown: Vec<_> = plan
                .unknown_ids
                .iter()
                .map(|id| self.names.portfolio(*id))
                .collect();
            page.toned_fact("unknown", Tone::Waiting, &unknown.join(", "));
        }
        let reasons = plan.steps_by_kind();
        if !reasons.is_empty() {
            let reasons = reasons
                .iter()
                .map(|(kind, cells)| format!("{kind}{GLUE}{}", count(*cells)));
            page.fact("to do", &reasons.collect::<Vec<_>>().join(", "));
        }
        let skips = plan.skips_by_reason();
        if !skips.is_empty() {
            let skips = skips
                .iter()
                .map(|(reason, cells)| format!("{reason}{GLUE}{}", count(*cells)));
            page.fact("skipped", &skips.collect::<Vec<_>>().join(", "));
        }
        page.fact("plan", &plan.id().to_string());
    }

    fn by_day(&self, page: &mut Page) {
        let days: Vec<_> = self
            .plan
            .days
            .iter()
            .map(|day| (day.day, Tally::of(day)))
            .collect();
        page.table(&tally::table(&days, MOST_ROWS));
    }

    /// The inputs that changed, each with the cells that are to be done again for it.
    fn changed_inputs(&self, page: &mut Page) {
        let causes = self.causes();
        if causes.is_empty() {
            return;
        }
        page.heading("to be done again, because");
        let columns = [Column::text(""), Column::elastic(""), Column::number("")];
        let mut table = Table::new(columns).indented(2);
        for (id, (cells, days)) in causes.iter().take(MOST_CAUSES) {
            let known = self.invalidations.iter().find(|one| one.id == *id);
            let (cause, why) = known.map_or(("changed", ""), |one| (one.cause.name(), &one.reason));
            let first = days.first().map(ToString::to_string).unwrap_or_default();
            let why = if why.is_empty() {
                format!("from {first} on")
            } else {
                why.to_owned()
            };
            let why = fit(&why, 60);
            table.row([cause.into(), why.into(), plural(*cells, "cell").into()]);
        }
        for line in table.lines(page.palette()) {
            page.line(line);
        }
        if let Some(more) = causes
            .len()
            .checked_sub(MOST_CAUSES)
            .filter(|more| *more > 0)
        {
            page.item(Tone::Dim, &format!("and {more} more changes"));
        }
    }

    /// How many cells each invalidation asks for, and on which days.
    fn causes(&self) -> BTreeMap<i64, (u64, Vec<Day>)> {
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

    fn waiting(&self, page: &mut Page) {
        let waits = phrase::waits(&self.plan.blocked, self.names);
        if waits.is_empty() {
            return;
        }
        page.heading("waiting for inputs");
        for wait in waits.iter().take(MOST_WAITS) {
            page.item(Tone::Waiting, &wait.sentence());
        }
        if let Some(more) = waits.len().checked_sub(MOST_WAITS).filter(|more| *more > 0) {
            page.item(Tone::Dim, &format!("and {more} more"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{PolicyName, Survey};
    use crate::report::fixture::{busy, caught_up, incident, names, planned};

    fn text(survey: &Survey, policy: PolicyName) -> String {
        let (plan, watermark) = planned(survey, policy);
        let report = PlanReport {
            plan: &plan,
            watermark: &watermark,
            invalidations: &survey.invalidations,
            names: &names(),
            command: "plimsoll run",
        };
        report.text(Palette::Plain)
    }

    #[test]
    fn a_plan_says_what_why_and_what_to_type() {
        insta::assert_snapshot!(text(&busy(), PolicyName::PerCell), @r"
        35 cells to do on 2026-01-06 … 2026-01-08, 3 sessions

        target       2026-01-08
        scope        all active, 13 portfolios
        policy       per-cell: every cell since inception is looked at
        watermark    2026-01-05, held back by A: 2026-01-06 is open
        to do        missing 33, partial 1, stale 1
        skipped      complete 15, blocked 2
        plan         f51a79cff975db3c

        day                      sessions  to do  have it  blocked
        2026-01-06 … 2026-01-07         2     12        1        ·
        2026-01-08                      1     11        ·        2
        total                           3     35        2        2

        to be done again, because
          price  close of AAPL on 2026-01-06 corrected from 187.2 to 188  1 cell

        waiting for inputs
          2026-01-08: L, M wait for prices of AAPL, MSFT (41.20 % priced)

        to do exactly this
          plimsoll run --plan f51a79cff975db3c
        ");
    }

    #[test]
    fn the_bug_leaves_cells_behind_and_the_report_says_so_first() {
        insta::assert_snapshot!(text(&incident(), PolicyName::GlobalMax), @r"
        13 cells to do on 2026-01-08; 23 cells left behind

        target       2026-01-08
        scope        all active, 13 portfolios
        policy       global-max: looks after the newest snapshot of any portfolio
        watermark    2026-01-05, held back by C: 2026-01-06 is open
        to do        missing 13
        skipped      complete 16, hidden-by-watermark 23
        plan         7bf97b5a43dd2178

        day         to do  have it  left behind
        2026-01-06      ·        2           11
        2026-01-07      ·        1           12
        2026-01-08     13        ·            ·
        total          13        3           23

        to do exactly this
          plimsoll run --plan 7bf97b5a43dd2178
        ");
    }

    #[test]
    fn an_empty_plan_is_calm() {
        insta::assert_snapshot!(text(&caught_up(), PolicyName::PerCell), @"nothing to do: all is complete up to 2026-01-08 (52 cells)");
    }
}
