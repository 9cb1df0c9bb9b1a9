//! The states that a run goes through, and which of them may be found after a crash.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::Baseline;
use super::crash_image::CrashImage;
use super::recovery::RecoveredImage;
use super::recovery_checks::CheckedDisk;
use super::violation::Violation;
use crate::disk::Digest;

/// The states of a run, one a transaction, with the range that may be found after a crash at each
/// point.
pub(super) struct RunStates<'j> {
    checked: &'j BTreeMap<Digest, CheckedDisk>,
    /// The states in the order of the run.
    states: Vec<&'j CheckedDisk>,
    /// The index of the state of each recovered disk; none if it is in no state of the run.
    state_of: BTreeMap<Digest, Option<usize>>,
    /// The oldest and the newest state that may be found at each point.
    bounds: Vec<(usize, usize)>,
    /// Points at which more batches were acknowledged than written.
    acknowledged_too_early: BTreeSet<usize>,
}

impl<'j> RunStates<'j> {
    /// Derives the states from the images of killed processes, which keep everything written and so
    /// show the states in order.
    pub(super) fn from_images(
        baseline: &Baseline,
        images: &[RecoveredImage],
        checked: &'j BTreeMap<Digest, CheckedDisk>,
    ) -> Self {
        let mut states: Vec<&CheckedDisk> = Vec::new();
        let mut state_of = BTreeMap::new();
        let mut newest = Vec::new();
        let is_killed = |image: &&RecoveredImage| {
            image.image == CrashImage::Killed && image.second_crash.is_none()
        };
        for image in images.iter().filter(is_killed) {
            if let Ok(digest) = &image.recovered {
                let found = state_of.entry(*digest).or_insert_with(|| {
                    let disk = &checked[digest];
                    let known = position_of(disk, &states);
                    known.or_else(|| {
                        states.push(disk);
                        Some(states.len() - 1)
                    })
                });
                newest.push(*found);
            } else {
                // A disk that cannot be opened is reported by `findings`; the state before it stays
                // the newest.
                newest.push(newest.last().copied().flatten());
            }
        }
        for (digest, disk) in checked {
            // Other images may only recover to states seen above; a new one is a violation.
            let place = || position_of(disk, &states);
            state_of.entry(*digest).or_insert_with(place);
        }
        let mut oldest = 0;
        let mut acknowledged_too_early = BTreeSet::new();
        let bounds = newest.iter().enumerate().map(|(point, here)| {
            let here = here.unwrap_or_default();
            let acknowledged = baseline
                .acknowledgements
                .iter()
                .filter(|acknowledged| acknowledged.log_length == point);
            if let Some(batches) = acknowledged.map(|acknowledged| acknowledged.batches).max() {
                // From an acknowledgement on, no crash may lead back to an older state.
                oldest = here;
                if states
                    .get(here)
                    // A killed process leaves everything written, so a missing batch was
                    // acknowledged too early.
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

    /// Returns the violations by point and image; those of a disk itself are reported at its first
    /// image only.
    pub(super) fn findings<'m>(
        &self,
        images: &'m [RecoveredImage],
    ) -> Vec<(&'m RecoveredImage, Violation)> {
        let mut reported = BTreeSet::new();
        let mut findings = Vec::new();
        for image in images {
            let mut report = |violation| findings.push((image, violation));
            let is_first_kill = image.image == CrashImage::Killed && image.second_crash.is_none();
            if is_first_kill && self.acknowledged_too_early.contains(&image.point) {
                report(Violation::AcknowledgedTooEarly);
            }
            match &image.recovered {
                Ok(digest) => {
                    let misplaced = self.misplaced_state(image.point, digest).into_iter();
                    misplaced.for_each(&mut report);
                    if reported.insert(*digest) {
                        self.checked[digest]
                            .violations
                            .iter()
                            .cloned()
                            .for_each(report);
                    }
                }
                Err(error) => report(Violation::CannotReopen(error.to_string())),
            }
        }
        findings
    }

    /// Returns the violation if the state of a disk may not be found at a point.
    fn misplaced_state(&self, point: usize, digest: &Digest) -> Option<Violation> {
        let (oldest, newest) = self.bounds[point];
        let differs_from = |state: usize| {
            let contents = &self.checked[digest].contents;
            contents.difference(&self.states[state].contents)
        };
        match self.state_of[digest] {
            None => Some(Violation::UnknownState(differs_from(newest))),
            Some(state) if state < oldest => Some(Violation::StateLost(differs_from(oldest))),
            Some(state) if state > newest => Some(Violation::StateTooEarly),
            Some(_) => None,
        }
    }
}

/// Returns the index of the state with the content of a disk.
fn position_of(disk: &CheckedDisk, states: &[&CheckedDisk]) -> Option<usize> {
    states
        .iter()
        .position(|state| state.contents == disk.contents)
}
