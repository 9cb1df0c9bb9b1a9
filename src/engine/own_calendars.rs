//! Registers calendars of the user's own, which securities and portfolios can name, and removes
//! them.

use std::collections::BTreeSet;

use super::calendar_uses::{CalendarUses, OwnCalendarError};
use super::error::EngineError;
use crate::domain::calendar::{BuiltIn, Definition};
use crate::domain::{Calendar, Day, PhaseCells, nearest};
use crate::environment::Environment;
use crate::invalidation::register_calendar;
use crate::store::WriteTransaction;

/// What the registration of a calendar did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// No calendar had the name.
    Added,
    /// The calendar of this name is defined by the same text.
    Unchanged,
    /// The calendar of this name had another definition.
    Replaced {
        /// The covered sessions of the database that became or ceased to be sessions of the calendar.
        days: BTreeSet<Day>,
        /// The cells that were taken out of the ledger.
        removed: PhaseCells,
    },
}

/// Registers a calendar under its name, beside that of the database. One of this name is replaced,
/// and the cells that its other sessions affect are invalidated.
///
/// # Errors
///
/// The name is that of a built-in calendar or of the database's, a run is active, which would go on
/// with the calendar that it began with, or the database cannot be read or written.
pub fn register_own_calendar(
    writing: &WriteTransaction<'_>,
    own: &Definition,
    configured: &Calendar,
    environment: &Environment,
) -> Result<Registration, EngineError> {
    let name = own.name();
    refuse_other_names(name, configured)?;
    let calendar = own.calendar()?;
    let stored = writing.security_calendars().own()?;
    let stored = stored.iter().find(|stored| stored.name() == name);
    if stored == Some(own) {
        return Ok(Registration::Unchanged);
    }
    writing.lease().ensure_none_live(environment)?;
    let now = environment.clock.now();
    let effect = register_calendar(writing, (own, &calendar), configured, now)?;
    Ok(match stored {
        None => Registration::Added,
        Some(_) => Registration::Replaced {
            days: effect.days.into_iter().collect(),
            removed: effect.removed,
        },
    })
}

/// Removes a calendar that no security and no portfolio names.
///
/// # Errors
///
/// No calendar of the user's own has the name, it is in use, or the database cannot be read or
/// written.
pub fn remove_own_calendar(
    writing: &WriteTransaction<'_>,
    name: &str,
    configured: &Calendar,
) -> Result<(), EngineError> {
    refuse_other_names(name, configured)?;
    let stored = writing.security_calendars().own()?;
    if !stored.iter().any(|stored| stored.name() == name) {
        let names = stored.iter().map(Definition::name);
        return Err(OwnCalendarError::Unknown {
            name: name.to_owned(),
            nearest: nearest(name, names),
        }
        .into());
    }
    let uses = CalendarUses::read(writing, name)?;
    if !uses.is_empty() {
        let name = name.to_owned();
        return Err(OwnCalendarError::InUse { name, uses }.into());
    }
    writing.security_calendars().remove(name)?;
    writing.increment_revision()?;
    Ok(())
}

/// Refuses the names of calendars that are no calendars of the user's own.
fn refuse_other_names(name: &str, configured: &Calendar) -> Result<(), OwnCalendarError> {
    if BuiltIn::from_name(name).is_some() {
        return Err(OwnCalendarError::BuiltIn(name.to_owned()));
    }
    match configured.name() == name {
        true => Err(OwnCalendarError::OfDatabase(name.to_owned())),
        false => Ok(()),
    }
}
