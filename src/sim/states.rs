//! The states that a run goes through, and which of them may be found after a crash.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::Baseline;
use super::crash_image::CrashImage;
use super::explore::RecoveredImage;
use super::recovery_checks::CheckedDisk;
use crate::store::disk::Digest;

/// The states that a run goes through, one a transaction, and which of them it may be found in
/// after a crash at each point.
pub(super) struct RunStates<'j> {
    checked: &'j BTreeMap<Digest, CheckedDisk>,
    /// In the order of the run.
    states: Vec<&'j CheckedDisk>,
    /// Which state each recovered disk is in; nothing where it is in none of them.
    state_of: BTreeMap<Digest, Option<usize>>,
    /// The oldest and the newest state that may be found at each point.
    bounds: Vec<(usize, usize)>,
    /// Points at which more was acknowledged than was written.
    acknowledged_too_early: BTreeSet<usize>,
}

impl<'j> RunStates<'j> {
    /// A killed process leaves all that was written: so these images tell the states in order.
    pub(super) fn from_images(
        course: &Baseline,
        made: &[RecoveredImage],
        checked: &'j BTreeMap<Digest, CheckedDisk>,
    ) -> Self {
        let mut states: Vec<&CheckedDisk> = Vec::new();
        let mut state_of = BTreeMap::new();
        let mut newest = Vec::new();
        let killed =
            |one: &&RecoveredImage| one.image == CrashImage::Killed && one.second_crash.is_none();
        for one in made.iter().filter(killed) {
            if let Ok(digest) = &one.recovered {
                let found = state_of.entry(*digest).or_insert_with(|| {
                    let one = &checked[digest];
                    let known = position_of(one, &states);
                    known.or_else(|| {
                        states.push(one);
                        Some(states.len() - 1)
                    })
                });
                newest.push(*found);
            } else {
                newest.push(newest.last().copied().flatten());
            }
        }
        for (digest, one) in checked {
            let place = || position_of(one, &states);
            state_of.entry(*digest).or_insert_with(place);
        }
        let mut oldest = 0;
        let mut acknowledged_too_early = BTreeSet::new();
        let bounds = newest.iter().enumerate().map(|(point, here)| {
            let here = here.unwrap_or_default();
            let acknowledged = course
                .acknowledgements
                .iter()
                .filter(|one| one.log_length == point);
            if let Some(batches) = acknowledged.map(|one| one.batches).max() {
                oldest = here;
                if states
                    .get(here)
                    .is_some_and(|state| state.batches < batches)
                {
                    acknowledged_too_early.insert(point);
                }
            }
            (oldest, here)
        });
        Self {
            checked,
            bounds: bounds.collect(),
            acknowledged_too_early,
            states,
            state_of,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.states.len()
    }

    /// What does not hold, by point and image. What is wrong with a disk itself is told once.
    pub(super) fn findings<'m>(
        &self,
        made: &'m [RecoveredImage],
    ) -> Vec<(&'m RecoveredImage, String)> {
        let mut told = BTreeSet::new();
        let mut findings = Vec::new();
        for one in made {
            let mut found = |says| findings.push((one, says));
            let is_killed = one.image == CrashImage::Killed && one.second_crash.is_none();
            if is_killed && self.acknowledged_too_early.contains(&one.point) {
                found("a batch was told of as committed, and is not written".to_owned());
            }
            match &one.recovered {
                Ok(digest) => {
                    let misplaced = self.misplaced_state(one.point, digest).into_iter();
                    misplaced.for_each(&mut found);
                    if told.insert(*digest) {
                        self.checked[digest]
                            .violations
                            .iter()
                            .cloned()
                            .for_each(found);
                    }
                }
                Err(error) => found(format!("the database can't be opened again: {error}")),
            }
        }
        findings
    }

    /// Why a state may not be found at a point, if it may not.
    fn misplaced_state(&self, point: usize, digest: &Digest) -> Option<String> {
        let (oldest, newest) = self.bounds[point];
        let differs_from = |state: usize| {
            let ours = &self.checked[digest].contents;
            let difference = ours.difference(&self.states[state].contents);
            difference.map_or(String::new(), |difference| format!(": {difference}"))
        };
        match self.state_of[digest] {
            None => Some(format!(
                "this is no state that the run went through{}",
                differs_from(newest)
            )),
            Some(state) if state < oldest => Some(format!(
                "what was acknowledged is gone{}",
                differs_from(oldest)
            )),
            Some(state) if state > newest => {
                Some("a state is found that was not being committed".to_owned())
            }
            Some(_) => None,
        }
    }
}

/// Which of the states a disk is in.
fn position_of(one: &CheckedDisk, states: &[&CheckedDisk]) -> Option<usize> {
    states
        .iter()
        .position(|state| state.contents == one.contents)
}
