//! Registers calendars of the user's own, which securities and portfolios can name, and removes
//! them.

use std::collections::BTreeSet;

use thiserror::Error;

use super::error::EngineError;
use crate::domain::calendar::{BuiltIn, Definition};
use crate::domain::{Calendar, Day, PhaseCells, nearest};
use crate::environment::Environment;
use crate::invalidation::register_calendar;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

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

/// The securities and portfolios that name a calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarUses {
    /// The symbols of the securities.
    pub securities: Vec<String>,
    /// The names of the portfolios, deleted ones included.
    pub portfolios: Vec<String>,
}

/// The reason why a calendar cannot be registered or removed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OwnCalendarError {
    /// The name is that of a calendar that is built in.
    #[error("`{0}` is the name of a built-in calendar")]
    BuiltIn(String),
    /// The name is that of the calendar of the database.
    #[error("`{0}` is the calendar of the database")]
    OfDatabase(String),
    /// No calendar has the name.
    #[error("unknown calendar `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest name of a calendar of the user's own.
        nearest: Option<String>,
    },
    /// Securities or portfolios name the calendar.
    #[error("the calendar `{name}` is that of {}", .uses.first_of_each())]
    InUse {
        /// The name of the calendar.
        name: String,
        /// The securities and portfolios.
        uses: CalendarUses,
    },
}

impl CalendarUses {
    /// Returns the securities and portfolios that name a calendar.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn read(reading: &ReadTransaction<'_>, name: &str) -> Result<Self, StoreError> {
        let securities = reading.securities().all()?.into_iter();
        let portfolios = reading.portfolios().all()?.into_iter();
        let is_named = |calendar: &Option<String>| calendar.as_deref() == Some(name);
        Ok(Self {
            securities: securities
                .filter(|known| is_named(&known.calendar))
                .map(|known| known.symbol)
                .collect(),
            portfolios: portfolios
                .filter(|known| is_named(&known.calendar))
                .map(|known| known.name)
                .collect(),
        })
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.securities.is_empty() && self.portfolios.is_empty()
    }

    /// Names the first security and the first portfolio, and counts the others.
    fn first_of_each(&self) -> String {
        let of = |noun: &str, names: &[String]| {
            let first = names.first()?;
            Some(match names.len() - 1 {
                0 => format!("the {noun} `{first}`"),
                more => format!("the {noun} `{first}` and {more} more"),
            })
        };
        let each = [
            of("security", &self.securities),
            of("portfolio", &self.portfolios),
        ];
        each.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
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
