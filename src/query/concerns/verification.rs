//! The concerns of damage that is known, and of verifications that were not made.

use chrono::TimeDelta;

use super::concern::Concern;
use super::fact::ConcernFact;
use super::inputs::ConcernLimits;
use crate::domain::IdSet;
use crate::environment::Environment;
use crate::query::error::QueryError;
use crate::query::next_command::NextCommand;
use crate::query::verify::damage_remedy;
use crate::store::ReadTransaction;

/// Returns the concern that damage is known and not repaired.
pub(super) fn damage(reading: &ReadTransaction<'_>) -> Result<Option<Concern>, QueryError> {
    let Some(damage) = reading.verification().last()?.damage else {
        return Ok(None);
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
