//! Decides the cells of one session: step or skip, with a reason.
//!
//! All decisions are operations on sets of portfolios. Single portfolios are visited only if they
//! are quarantined or blocked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::domain::{Day, IdSet, InvalidationCause, LifecycleCursor, Phase, PhaseSet};

use super::open_cells::find_open_cells;
use super::plan::{DayPlan, SkipGroup, StepGroup};
use super::policy::{Deleted, Filter, Newcomers, Policy};
use super::range_start::RangeStart;
use super::reason::{SkipReason, StepReason};
use super::survey::Survey;

/// The inputs that are the same for every session of a plan.
pub(super) struct PlanContext<'a> {
    pub(super) survey: &'a Survey,
    pub(super) policy: Policy,
    pub(super) phases: PhaseSet,
    pub(super) target: Day,
    pub(super) start: RangeStart,
    pub(super) newcomers: IdSet,
    pub(super) invalid: InvalidByDay<'a>,
}

/// The difference between a policy's choice and the needed cells; empty for the default rules.
#[derive(Default)]
struct Choice {
    /// Cells that are needed and not chosen.
    left_behind: IdSet,
    /// Cells that are chosen and not needed.
    by_rule: IdSet,
}

/// Invalidated cells by session, the latest invalidation first.
pub(super) type InvalidByDay<'a> = BTreeMap<Day, Vec<(StepReason, Phase, &'a IdSet)>>;

/// Indexes the open invalidations of a survey by session.
pub(super) fn invalid_by_day(survey: &Survey) -> InvalidByDay<'_> {
    let mut invalid = InvalidByDay::new();
    let mut latest_first: Vec<_> = survey.invalidations.iter().collect();
    latest_first.sort_by_key(|invalidation| std::cmp::Reverse(invalidation.id));
    for invalidation in latest_first {
        let reason = match invalidation.cause {
            InvalidationCause::Forced => StepReason::Forced(invalidation.id),
            InvalidationCause::Price
            | InvalidationCause::Transaction
            | InvalidationCause::Action
            | InvalidationCause::Attribute
            | InvalidationCause::Model
            | InvalidationCause::Calendar
            | InvalidationCause::Request => StepReason::Stale(invalidation.id),
        };
        for ((day, phase), ids) in &invalidation.cells {
            let entries = invalid.entry(*day).or_default();
            entries.push((reason, *phase, ids));
        }
    }
    invalid
}

impl PlanContext<'_> {
    /// Decides one session. Both cursors have been advanced to `day`.
    pub(super) fn decide_day(
        &self,
        day: Day,
        active: &LifecycleCursor<'_>,
        deleted: &LifecycleCursor<'_>,
    ) -> DayPlan {
        let mut draft = DayDraft::default();
        draft.skip(SkipReason::BeforeInception, active.before_inception.clone());
        draft.skip(SkipReason::AfterClose, active.after_close.clone());
        draft.skip(SkipReason::NoSession, active.without_session.clone());
        // Outside its lifecycle too, a deleted portfolio is skipped as deleted, by every policy.
        let outside = &deleted.before_inception | &deleted.after_close;
        draft.skip(SkipReason::Deleted, outside | &deleted.without_session);
        if day > self.target {
            draft.skip(SkipReason::BeyondTarget, active.alive.clone());
            draft.skip(SkipReason::Deleted, deleted.alive.clone());
        } else {
            match self.policy.deleted {
                Deleted::Included => self.choose(day, &active.alive, &deleted.alive, &mut draft),
                Deleted::Excluded => {
                    draft.skip(SkipReason::Deleted, deleted.alive.clone());
                    self.choose(day, &active.alive, &IdSet::new(), &mut draft);
                }
            }
            // Last, because it withholds cells from the steps that were chosen above.
            self.skip_quarantined_and_waiting(day, &mut draft);
        }
        draft.finish(day)
    }

    /// Divides the portfolios within their lifecycle into steps and skips. `extra` are deleted
    /// portfolios that a replayed policy processes too, although none of their cells is expected.
    fn choose(&self, day: Day, expected: &IdSet, extra: &IdSet, draft: &mut DayDraft) {
        // Borrowed in the common case, which saves a copy of the set per session.
        let alive = match extra.is_empty() {
            true => Cow::Borrowed(expected),
            false => Cow::Owned(expected | extra),
        };
        let open = find_open_cells(&alive, &self.survey.coverage, day, self.phases);
        let choice = self.choice(day, &alive, &open.needed);

        // A filter that doesn't look at phases repeats all phases of a cell.
        let all_phases = (self.policy.filter != Filter::AllPhases).then_some(self.phases);
        for mut group in open.groups {
            group.cells -= &choice.left_behind;
            let phases = all_phases.unwrap_or(group.phases);
            // Cells of deleted portfolios are not needed, so only the rule can be their reason.
            draft.step(StepReason::ByRule, phases, &group.cells & extra);
            group.cells -= extra;
            for (reason, cells) in self.reasons(day, group.phases, group.cells) {
                draft.step(reason, phases, cells);
            }
        }
        draft.skip(SkipReason::Deleted, &choice.left_behind & extra);
        self.skip_left_behind(day, choice.left_behind - extra, draft);
        let rest = open.complete - &choice.by_rule;
        draft.skip(SkipReason::Deleted, &rest & extra);
        draft.skip(SkipReason::Complete, rest - extra);
        draft.step(StepReason::ByRule, self.phases, choice.by_rule);
    }

    /// Compares the policy's choice among `alive` with the `needed` cells.
    fn choice(&self, day: Day, alive: &IdSet, needed: &IdSet) -> Choice {
        let eligible = self.eligible(day, alive);
        let chosen = match (self.policy.filter, eligible) {
            // All are eligible, and this filter chooses exactly the needed cells: no difference.
            (Filter::AllPhases, Cow::Borrowed(_)) => return Choice::default(),
            (Filter::AllPhases, Cow::Owned(eligible)) => eligible & needed,
            (Filter::None, eligible) => eligible.into_owned(),
            (Filter::SnapshotExists, eligible) => match self.survey.snapshots.get(&day) {
                Some(rows) => eligible.into_owned() - rows,
                None => eligible.into_owned(),
            },
        };
        Choice {
            left_behind: needed - &chosen,
            by_rule: chosen - needed,
        }
    }

    /// Skips needed cells that the policy doesn't choose, with the rule that hides them.
    fn skip_left_behind(&self, day: Day, mut left_behind: IdSet, draft: &mut DayDraft) {
        if self.policy.newcomers == Newcomers::LeftToOnboarding {
            draft.skip(SkipReason::LeftToOnboarding, &left_behind & &self.newcomers);
            left_behind -= &self.newcomers;
        }
        let hidden = match self.start.contains(day) {
            true => SkipReason::HiddenBySnapshot,
            false => SkipReason::HiddenByWatermark,
        };
        draft.skip(hidden, left_behind);
    }

    /// Returns the portfolios among `alive` that the policy looks at on `day`. A borrowed set is
    /// all of them.
    fn eligible<'s>(&self, day: Day, alive: &'s IdSet) -> Cow<'s, IdSet> {
        match (self.start.contains(day), self.policy.newcomers) {
            (true, Newcomers::LeftToOnboarding) => Cow::Owned(alive - &self.newcomers),
            (true, Newcomers::FromInception | Newcomers::FromRangeStart) => Cow::Borrowed(alive),
            // Before the range only newcomers are looked at.
            (false, Newcomers::FromInception) => Cow::Owned(alive & &self.newcomers),
            (false, Newcomers::LeftToOnboarding | Newcomers::FromRangeStart) => {
                Cow::Owned(IdSet::new())
            }
        }
    }

    /// Groups cells that lack exactly `phases` by reason: the latest invalidation of any of these
    /// phases, else missing or partial.
    fn reasons(&self, day: Day, phases: PhaseSet, mut cells: IdSet) -> Vec<(StepReason, IdSet)> {
        let mut reasons = Vec::new();
        for (reason, phase, ids) in self.invalid.get(&day).into_iter().flatten() {
            if phases.contains(*phase) && !cells.is_disjoint(ids) {
                reasons.push((*reason, &cells & *ids));
                // The latest comes first, so earlier invalidations no longer apply to these cells.
                cells -= *ids;
            }
        }
        let rest = match phases == self.phases {
            true => StepReason::Missing,
            false => StepReason::Partial,
        };
        reasons.push((rest, cells));
        reasons
    }

    /// Removes phases that failed too often, then turns the remaining steps that lack an input into
    /// skips. Quarantine comes first, because it does not end without an operator.
    fn skip_quarantined_and_waiting(&self, day: Day, draft: &mut DayDraft) {
        for (portfolio, failed) in self.survey.quarantined.get(&day).into_iter().flatten() {
            draft.quarantine(portfolio.0, *failed);
        }
        if self.survey.unpriced.contains_key(&day) {
            match self.survey.unpriced_holders.get(&day) {
                Some(holders) => draft.turn_into_skips(SkipReason::Unpriced, holders),
                None => {
                    draft.skip_all_steps(SkipReason::Unpriced);
                    return;
                }
            }
        }
        if let Some(blocked) = self.survey.blocked.get(&day) {
            let ids: IdSet = blocked.iter().map(|b| b.portfolio.0).collect();
            draft.turn_into_skips(SkipReason::Blocked, &ids);
        }
    }
}

/// The groups of a day under construction. Sorted maps give plans a canonical order.
#[derive(Default)]
pub(super) struct DayDraft {
    steps: BTreeMap<(StepReason, PhaseSet), IdSet>,
    skips: BTreeMap<SkipReason, IdSet>,
}

impl DayDraft {
    /// Reopens a decided day.
    pub(super) fn from_plan(day: DayPlan) -> Self {
        let steps = day.steps.into_iter();
        let skips = day.skips.into_iter();
        Self {
            steps: steps.map(|s| ((s.reason, s.phases), s.cells)).collect(),
            skips: skips.map(|s| (s.reason, s.cells)).collect(),
        }
    }

    fn step(&mut self, reason: StepReason, phases: PhaseSet, cells: IdSet) {
        if !cells.is_empty() {
            *self.steps.entry((reason, phases)).or_default() |= cells;
        }
    }

    fn skip(&mut self, reason: SkipReason, cells: IdSet) {
        if !cells.is_empty() {
            *self.skips.entry(reason).or_default() |= cells;
        }
    }

    /// Removes the failed phases from a portfolio's step. If the snapshot is one of them, all its
    /// phases are removed, because the others are computed from it.
    fn quarantine(&mut self, id: u32, failed: PhaseSet) {
        // The groups are disjoint, so the first one with the id is the only one.
        let mut groups = self.steps.iter();
        let Some((&(reason, phases), _)) = groups.find(|(_, cells)| cells.contains(id)) else {
            return;
        };
        let withheld = phases.intersection(failed);
        if withheld.is_empty() {
            return;
        }
        let remaining = match withheld.contains(Phase::Snapshot) {
            true => PhaseSet::EMPTY,
            false => phases
                .iter()
                .filter(|phase| !withheld.contains(*phase))
                .collect(),
        };
        if let Some(cells) = self.steps.get_mut(&(reason, phases)) {
            cells.remove(id);
        }
        match remaining.is_empty() {
            true => self.skip(SkipReason::Quarantined, IdSet::from([id])),
            false => self.step(reason, remaining, IdSet::from([id])),
        }
    }

    /// Turns the steps of these portfolios into skips.
    pub(super) fn turn_into_skips(&mut self, reason: SkipReason, ids: &IdSet) {
        let mut withheld = IdSet::new();
        for cells in self.steps.values_mut() {
            withheld |= &*cells & ids;
            *cells -= ids;
        }
        self.skip(reason, withheld);
    }

    /// Turns all steps into skips.
    fn skip_all_steps(&mut self, reason: SkipReason) {
        for cells in std::mem::take(&mut self.steps).into_values() {
            self.skip(reason, cells);
        }
    }

    /// Builds the plan of the day. Sets are compressed, because a plan is kept in memory for the
    /// whole run.
    pub(super) fn finish(self, day: Day) -> DayPlan {
        let compact = |mut cells: IdSet| {
            cells.optimize();
            cells
        };
        // `quarantine` and `turn_into_skips` can leave a group of steps empty.
        let steps = self
            .steps
            .into_iter()
            .filter(|(_, cells)| !cells.is_empty());
        let skips = self.skips.into_iter();
        DayPlan {
            day,
            steps: steps
                .map(|((reason, phases), cells)| StepGroup {
                    phases,
                    reason,
                    cells: compact(cells),
                })
                .collect(),
            skips: skips
                .map(|(reason, cells)| SkipGroup {
                    reason,
                    cells: compact(cells),
                })
                .collect(),
        }
    }
}
