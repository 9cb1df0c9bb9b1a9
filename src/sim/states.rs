//! The states that a run goes through, and which of them may be found after a crash.

use std::collections::{BTreeMap, BTreeSet};

use super::course::Course;
use super::explore::Made;
use super::image::Image;
use super::judge::Judged;
use crate::store::disk::Digest;

/// The states that a run goes through, one a transaction, and which of them it may be found in
/// after a crash at each point.
pub(super) struct States<'j> {
    judged: &'j BTreeMap<Digest, Judged>,
    /// In the order of the run.
    states: Vec<&'j Judged>,
    /// Which state each recovered disk is in; nothing where it is in none of them.
    state_of: BTreeMap<Digest, Option<usize>>,
    /// The oldest and the newest state that may be found at each point.
    bounds: Vec<(usize, usize)>,
    /// Points at which more was acknowledged than was written.
    told_too_early: BTreeSet<usize>,
}

impl<'j> States<'j> {
    /// A killed process leaves all that was written: so these images tell the states in order.
    pub(super) fn of(course: &Course, made: &[Made], judged: &'j BTreeMap<Digest, Judged>) -> Self {
        let mut states: Vec<&Judged> = Vec::new();
        let mut state_of = BTreeMap::new();
        let mut newest = Vec::new();
        let killed = |one: &&Made| one.image == Image::Killed && one.again.is_none();
        for one in made.iter().filter(killed) {
            if let Ok(digest) = &one.recovered {
                let found = state_of.entry(*digest).or_insert_with(|| {
                    let one = &judged[digest];
                    let known = place_of(one, &states);
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
        for (digest, one) in judged {
            let place = || place_of(one, &states);
            state_of.entry(*digest).or_insert_with(place);
        }
        let mut oldest = 0;
        let mut told_too_early = BTreeSet::new();
        let bounds = newest.iter().enumerate().map(|(point, here)| {
            let here = here.unwrap_or_default();
            let acknowledged = course.acknowledged.iter().filter(|one| one.after == point);
            if let Some(batches) = acknowledged.map(|one| one.batches).max() {
                oldest = here;
                if states
                    .get(here)
                    .is_some_and(|state| state.batches < batches)
                {
                    told_too_early.insert(point);
                }
            }
            (oldest, here)
        });
        Self {
            judged,
            bounds: bounds.collect(),
            told_too_early,
            states,
            state_of,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.states.len()
    }

    /// What does not hold, by point and image. What is wrong with a disk itself is told once.
    pub(super) fn findings<'m>(&self, made: &'m [Made]) -> Vec<(&'m Made, String)> {
        let mut told = BTreeSet::new();
        let mut findings = Vec::new();
        for one in made {
            let mut found = |says| findings.push((one, says));
            let is_killed = one.image == Image::Killed && one.again.is_none();
            if is_killed && self.told_too_early.contains(&one.point) {
                found("a batch was told of as committed, and is not written".to_owned());
            }
            match &one.recovered {
                Ok(digest) => {
                    let misplaced = self.misplaced(one.point, digest).into_iter();
                    misplaced.for_each(&mut found);
                    if told.insert(*digest) {
                        self.judged[digest].wrong.iter().cloned().for_each(found);
                    }
                }
                Err(error) => found(format!("the database can't be opened again: {error}")),
            }
        }
        findings
    }

    /// Why a state may not be found at a point, if it may not.
    fn misplaced(&self, point: usize, digest: &Digest) -> Option<String> {
        let (oldest, newest) = self.bounds[point];
        let differs_from = |state: usize| {
            let ours = &self.judged[digest].contents;
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
fn place_of(one: &Judged, states: &[&Judged]) -> Option<usize> {
    states
        .iter()
        .position(|state| state.contents == one.contents)
}
