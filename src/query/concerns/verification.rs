//! The concerns of damage that is known, and of verifications that were not made.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::concern::Concern;
use super::fact::ConcernFact;
use super::inputs::ConcernLimits;
use crate::domain::{Day, IdSet, PortfolioId};
use crate::environment::Environment;
use crate::plan::Survey;
use crate::query::error::QueryError;
use crate::query::missing_outputs::missing_outputs;
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
    let missing = missing_outputs(reading, survey, judged)?;
    let Some((first, id)) = missing
        .first()
        .and_then(|first| Some((first, first.ids.min()?)))
    else {
        return Ok(None);
    };
    let name = reading.portfolios().get(PortfolioId(id))?;
    let name = name.map_or_else(|| id.to_string(), |known| known.name);
    let (day, phase) = (first.day, first.phase);
    let mut portfolios = IdSet::new();
    for missing in &missing {
        portfolios |= &missing.ids;
    }
    Ok(Some(Concern {
        fact: ConcernFact::Damage {
            found: environment.clock.now(),
            broken: BTreeSet::new(),
            finding: format!(
                "{name} on {day}, {phase}: done by the ledger, but its output is missing"
            ),
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
