//! Finds what names a calendar of the user's own, and defines the errors of registering one.

use thiserror::Error;

use crate::store::{ReadTransaction, StoreError};

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
        /// The name as it was given.
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
