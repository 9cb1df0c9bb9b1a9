//! What becomes of the cells of one session. All of it is operations on sets of portfolios;
//! single portfolios are looked at only where they are quarantined or blocked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::domain::{Day, IdSet, Phase, PhaseSet};

use super::lifecycle_index::LifecycleCursor;
use super::open_cells::find_open_cells;
use super::{
    DayPlan, Deleted, Filter, InvalidationCause, Newcomers, Policy, RangeStart, SkipGroup,
    SkipReason, StepGroup, StepReason, Survey,
};

/// What is the same for every session of a plan.
pub(super) struct PlanContext<'a> {
    pub(super) survey: &'a Survey,
    pub(super) policy: Policy,
    pub(super) phases: PhaseSet,
    pub(super) target: Day,
    pub(super) start: RangeStart,
    pub(super) newcomers: IdSet,
    pub(super) invalid: InvalidByDay<'a>,
}

/// How a policy's choice differs from what is needed; by the default rules not at all.
#[derive(Default)]
struct Choice {
    /// Needed, and not chosen.
    left_behind: IdSet,
    /// Chosen, and not needed.
    by_rule: IdSet,
}

/// What is invalidated, by session, the latest invalidation first.
pub(super) type InvalidByDay<'a> = BTreeMap<Day, Vec<(StepReason, Phase, &'a IdSet)>>;

/// The open invalidations of a survey, turned around so that a session finds its own.
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
        for ((day, phase), who) in &invalidation.cells {
            let entries = invalid.entry(*day).or_default();
            entries.push((reason, *phase, who));
        }
    }
    invalid
}

impl PlanContext<'_> {
    /// Decides one session, given where the active and the deleted members of the scope stand.
    pub(super) fn decide_day(
        &self,
        day: Day,
        active: &LifecycleCursor<'_>,
        deleted: &LifecycleCursor<'_>,
    ) -> DayPlan {
        let mut draft = DayDraft::default();
        draft.skip(SkipReason::BeforeInception, active.before_inception.clone());
        draft.skip(SkipReason::AfterClose, active.after_close.clone());
        draft.skip(
            SkipReason::Deleted,
            &deleted.before_inception | &deleted.after_close,
        );
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
            self.skip_quarantined_and_blocked(day, &mut draft);
        }
        draft.finish(day)
    }

    /// Divides those who live into steps and those the policy doesn't choose. `extra` are
    /// deleted portfolios that a replayed policy takes along; of them nothing is expected.
    fn choose(&self, day: Day, expected: &IdSet, extra: &IdSet, draft: &mut DayDraft) {
        let alive = match extra.is_empty() {
            true => Cow::Borrowed(expected),
            false => Cow::Owned(expected | extra),
        };
        let open = find_open_cells(&alive, &self.survey.coverage, day, self.phases);
        let choice = self.choice(day, &alive, &open.needed);

        // A filter that doesn't look at phases does the whole cell again.
        let whole = (self.policy.filter != Filter::AllPhases).then_some(self.phases);
        for mut group in open.groups {
            group.cells -= &choice.left_behind;
            let phases = whole.unwrap_or(group.phases);
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

    /// How what the policy chooses of the living differs from what is needed.
    fn choice(&self, day: Day, alive: &IdSet, needed: &IdSet) -> Choice {
        let eligible = self.eligible(day, alive);
        let chosen = match (self.policy.filter, eligible) {
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

    /// Says of needed cells that the policy doesn't choose why it doesn't.
    fn skip_left_behind(&self, day: Day, mut unseen: IdSet, draft: &mut DayDraft) {
        if self.policy.newcomers == Newcomers::LeftToOnboarding {
            draft.skip(SkipReason::LeftToOnboarding, &unseen & &self.newcomers);
            unseen -= &self.newcomers;
        }
        let hidden = match self.start.contains(day) {
            true => SkipReason::HiddenBySnapshot,
            false => SkipReason::HiddenByWatermark,
        };
        draft.skip(hidden, unseen);
    }

    /// At whom of the living the policy looks on this day; all of them where it is borrowed.
    fn eligible<'s>(&self, day: Day, alive: &'s IdSet) -> Cow<'s, IdSet> {
        match (self.start.contains(day), self.policy.newcomers) {
            (true, Newcomers::LeftToOnboarding) => Cow::Owned(alive - &self.newcomers),
            (true, Newcomers::FromInception | Newcomers::FromRangeStart) => Cow::Borrowed(alive),
            (false, Newcomers::FromInception) => Cow::Owned(alive & &self.newcomers),
            (false, Newcomers::LeftToOnboarding | Newcomers::FromRangeStart) => {
                Cow::Owned(IdSet::new())
            }
        }
    }

    /// Why these cells, which lack exactly `phases`, are needed: by the latest invalidation of
    /// any phase they lack, and otherwise by whether they lack all or some.
    fn reasons(&self, day: Day, phases: PhaseSet, mut cells: IdSet) -> Vec<(StepReason, IdSet)> {
        let mut reasons = Vec::new();
        for (reason, phase, who) in self.invalid.get(&day).into_iter().flatten() {
            if phases.contains(*phase) && !cells.is_disjoint(who) {
                reasons.push((*reason, &cells & *who));
                cells -= *who;
            }
        }
        let rest = match phases == self.phases {
            true => StepReason::Missing,
            false => StepReason::Partial,
        };
        reasons.push((rest, cells));
        reasons
    }

    /// Takes out of the steps what failed too often, and what waits for an input. What is both
    /// is quarantined, since that does not pass by itself.
    fn skip_quarantined_and_blocked(&self, day: Day, draft: &mut DayDraft) {
        for (portfolio, failed) in self.survey.quarantined.get(&day).into_iter().flatten() {
            draft.quarantine(portfolio.0, *failed);
        }
        if let Some(blocked) = self.survey.blocked.get(&day) {
            let waiting: IdSet = blocked.iter().map(|b| b.portfolio.0).collect();
            draft.turn_into_skips(SkipReason::Blocked, &waiting);
        }
    }
}

/// The groups of a day while they are being found.
#[derive(Default)]
pub(super) struct DayDraft {
    steps: BTreeMap<(StepReason, PhaseSet), IdSet>,
    skips: BTreeMap<SkipReason, IdSet>,
}

impl DayDraft {
    /// The groups of a day that was decided.
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

    /// Leaves the failed phases of a step undone, and with the snapshot all that stands on it.
    fn quarantine(&mut self, id: u32, failed: PhaseSet) {
        let mut groups = self.steps.iter();
        let Some((&(reason, phases), _)) = groups.find(|(_, cells)| cells.contains(id)) else {
            return;
        };
        let hit = phases.intersection(failed);
        if hit.is_empty() {
            return;
        }
        let left = match hit.contains(Phase::Snapshot) {
            true => PhaseSet::EMPTY,
            false => phases
                .iter()
                .filter(|phase| !hit.contains(*phase))
                .collect(),
        };
        if let Some(cells) = self.steps.get_mut(&(reason, phases)) {
            cells.remove(id);
        }
        match left.is_empty() {
            true => self.skip(SkipReason::Quarantined, IdSet::from([id])),
            false => self.step(reason, left, IdSet::from([id])),
        }
    }

    /// Turns the steps of these portfolios into skips.
    pub(super) fn turn_into_skips(&mut self, reason: SkipReason, who: &IdSet) {
        let mut withheld = IdSet::new();
        for cells in self.steps.values_mut() {
            withheld |= &*cells & who;
            *cells -= who;
        }
        self.skip(reason, withheld);
    }

    /// The plan of the day. Every set is brought into its smallest form, since a plan is kept.
    pub(super) fn finish(self, day: Day) -> DayPlan {
        let compact = |mut cells: IdSet| {
            cells.optimize();
            cells
        };
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
