//! The concerns of damage that is known, and of verifications that were not made.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::concern::Concern;
use super::fact::ConcernFact;
use super::inputs::ConcernLimits;
use crate::domain::{Day, IdSet, Phase, PortfolioId};
use crate::environment::Environment;
use crate::plan::Survey;
use crate::query::error::QueryError;
use crate::query::next_command::NextCommand;
use crate::query::verify::damage_remedy;
use crate::store::ReadTransaction;

/// Returns the concern that damage is known and not repaired, or else that an output is missing on
/// one of the days `judged`, on which the ledger has it as done.
pub(super) fn damage(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    judged: &BTreeMap<Day, IdSet>,
    environment: &Environment,
) -> Result<Option<Concern>, QueryError> {
    let Some(damage) = reading.verification().last()?.damage else {
        return missing_output(reading, survey, judged, environment);
    };
    let next = Some(damage_remedy(&damage));
    Ok(Some(Concern {
        fact: ConcernFact::Damage {
            found: damage.found,
            broken: damage.broken,
            finding: damage.finding,
        },
        portfolios: IdSet::new(),
        next,
    }))
}

fn missing_output(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    judged: &BTreeMap<Day, IdSet>,
    environment: &Environment,
) -> Result<Option<Concern>, QueryError> {
    let (mut portfolios, mut finding) = (IdSet::new(), None);
    for (day, ids) in judged {
        for phase in Phase::CELL_PHASES {
            let Some(done) = survey.coverage.get(*day, phase) else {
                continue;
            };
            let missing = (done & ids) - reading.outputs().ids_with_output(*day, phase)?;
            let Some(first) = missing.min() else {
                continue;
            };
            portfolios |= missing;
            if finding.is_none() {
                let name = reading.portfolios().get(PortfolioId(first))?;
                let name = name.map_or_else(|| first.to_string(), |known| known.name);
                finding = Some(format!(
                    "{name} on {day}, {phase}: done by the ledger, but its output is missing"
                ));
            }
        }
    }
    Ok(finding.map(|finding| Concern {
        fact: ConcernFact::Damage {
            found: environment.clock.now(),
            broken: BTreeSet::new(),
            finding,
        },
        portfolios,
        next: Some(NextCommand::Verify),
    }))
}

/// Returns the concern that the last verification is older than allowed.
pub(super) fn overdue(
    reading: &ReadTransaction<'_>,
    limits: ConcernLimits,
    environment: &Environment,
) -> Result<Option<Concern>, QueryError> {
    let Some(max_days) = limits.max_verify_age else {
        return Ok(None);
    };
    let last = reading.verification().last()?.ended;
    let allowed = TimeDelta::days(i64::from(max_days));
    let is_late = last.is_none_or(|last| environment.clock.now() - last > allowed);
    Ok(is_late.then(|| Concern {
        fact: ConcernFact::VerificationOverdue { last, max_days },
        portfolios: IdSet::new(),
        next: Some(NextCommand::Verify),
    }))
}
