//! The record of verifications: damage stays known until a verification finds none.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::check::{Claim, Verdict, Verification, remedies};
use super::sample::Sample;
use crate::query::next_command::NextCommand;
use crate::store::{DamageRow, VerificationRow};

impl Verification {
    /// Returns the record after this verification, which ended at `now`. Damage that an earlier one
    /// found in recomputed cells stays known after a sample, which may not have had these cells.
    pub fn record(
        &self,
        before: &VerificationRow,
        sample: Sample,
        now: DateTime<Utc>,
    ) -> VerificationRow {
        let earlier = before.damage.as_ref();
        let found = self.damaged_claims();
        let mut broken: BTreeSet<String> = found.iter().map(|claim| claim.name()).collect();
        if sample != Sample::All {
            let kept = earlier.into_iter().flat_map(|damage| &damage.broken);
            let kept = kept.filter(|name| {
                let claim = Claim::from_name(name);
                claim.is_none_or(Claim::depends_on_sample)
            });
            broken.extend(kept.cloned());
        }
        let finding = self.first_finding(&found);
        let finding = finding.or_else(|| earlier.map(|damage| damage.finding.clone()));
        let damage = (!broken.is_empty()).then(|| DamageRow {
            found: earlier.map_or(now, |damage| damage.found),
            broken,
            changed_sources: self.changed_sources.clone(),
            finding: finding.unwrap_or_default(),
        });
        VerificationRow {
            ended: Some(now),
            damage,
        }
    }

    fn first_finding(&self, claims: &BTreeSet<Claim>) -> Option<String> {
        claims.iter().find_map(|claim| match self.verdict(*claim) {
            Some(Verdict::Broken { findings, .. }) => findings.first().cloned(),
            _ => None,
        })
    }
}

/// Returns the record after a command could not read a row; `None` if damage is known already.
pub fn unreadable(
    before: &VerificationRow,
    finding: &str,
    now: DateTime<Utc>,
) -> Option<VerificationRow> {
    before.damage.is_none().then(|| VerificationRow {
        ended: before.ended,
        damage: Some(DamageRow {
            found: now,
            broken: BTreeSet::new(),
            changed_sources: Vec::new(),
            finding: finding.to_owned(),
        }),
    })
}

/// Returns the command that fixes damage, or the one that shows its extent.
pub(in crate::query) fn damage_remedy(damage: &DamageRow) -> NextCommand {
    let broken = damage.broken.iter();
    let broken: BTreeSet<Claim> = broken.filter_map(|name| Claim::from_name(name)).collect();
    let remedies = remedies(&broken, &damage.changed_sources);
    remedies.into_iter().next().unwrap_or(NextCommand::Verify)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PhaseCells;
    use crate::query::Check;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn verification(broken: &[Claim]) -> Verification {
        let check = |claim: &Claim| Check {
            claim: *claim,
            verdict: Verdict::Broken {
                findings: vec![format!("finding of {claim:?}")],
                total: 1,
            },
        };
        Verification {
            sessions: 0,
            cells: 0,
            recomputed: 0,
            stale_outputs: 0,
            checks: broken.iter().map(check).collect(),
            damaged: PhaseCells::new(),
            changed_sources: Vec::new(),
            next: Vec::new(),
        }
    }

    #[test]
    fn a_sample_does_not_end_damage_that_only_all_cells_show() {
        let none = VerificationRow::default();
        let sample = Sample::Count { cells: 1, seed: 0 };
        for (claim, is_kept) in [(Claim::CellsRecomputed, true), (Claim::BooksAddUp, false)] {
            let found = verification(&[claim]).record(&none, Sample::All, at(1));
            let damage = found.damage.clone().unwrap();
            assert_eq!(damage.found, at(1));
            assert_eq!(damage.finding, format!("finding of {claim:?}"));

            let sampled = verification(&[]).record(&found, sample, at(2));
            assert_eq!(sampled.damage, is_kept.then_some(damage), "{claim:?}");
            let all = verification(&[]).record(&found, Sample::All, at(3));
            assert_eq!((all.damage, all.ended), (None, Some(at(3))));
        }
    }

    #[test]
    fn abandoned_runs_and_a_changed_configuration_are_no_damage() {
        let found = verification(&[Claim::Configuration, Claim::Runs]);
        let record = found.record(&VerificationRow::default(), Sample::All, at(1));
        assert_eq!(record.damage, None);
    }

    #[test]
    fn an_unreadable_row_is_damage_until_a_verification_finds_none() {
        let before = VerificationRow::default();
        let noted = unreadable(&before, "unreadable", at(1)).unwrap();
        assert_eq!(unreadable(&noted, "again", at(2)), None);
        let damage = noted.damage.as_ref().unwrap();
        assert_eq!(damage_remedy(damage), NextCommand::Verify);
        let sample = Sample::Count { cells: 1, seed: 0 };
        assert_eq!(verification(&[]).record(&noted, sample, at(3)).damage, None);
    }
}
