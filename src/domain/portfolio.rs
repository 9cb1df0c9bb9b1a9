//! Defines a portfolio and its lifecycle: inception, closing day, deletion.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use thiserror::Error;

use super::day::Day;
use super::ids::{PortfolioId, PortfolioKey};
use super::lots::CostBasis;
use super::security::Currency;

/// A portfolio as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// Dense id inside the database.
    pub id: PortfolioId,
    /// UUID by which files and programs name it.
    pub key: PortfolioKey,
    /// Display name, as imported.
    pub name: String,
    /// Currency of its cash and its books.
    pub currency: Currency,
    /// The rules by which it keeps the cost of its holdings.
    pub cost_basis: CostBasis,
    /// Name of the calendar that picks its sessions from those of the database; all are its own if
    /// it has none.
    pub calendar: Option<String>,
    /// Days on which cells are expected.
    pub lifecycle: Lifecycle,
}

/// A portfolio that is not stored yet, and so has no dense id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPortfolio {
    /// UUID by which files and programs name it.
    pub key: PortfolioKey,
    /// Display name, as imported.
    pub name: String,
    /// Currency of its cash and its books.
    pub currency: Currency,
    /// The rules by which it keeps the cost of its holdings.
    pub cost_basis: CostBasis,
    /// Name of the calendar that picks its sessions from those of the database; all are its own if
    /// it has none.
    pub calendar: Option<String>,
    /// Days on which cells are expected.
    pub lifecycle: Lifecycle,
}

impl NewPortfolio {
    /// Returns a portfolio in US dollars with the default cost basis and all sessions, whose key
    /// comes from its name.
    pub fn in_dollars(name: &str, lifecycle: Lifecycle) -> Self {
        Self {
            key: PortfolioKey::from_name(name),
            name: name.to_owned(),
            currency: Currency::USD,
            cost_basis: CostBasis::default(),
            calendar: None,
            lifecycle,
        }
    }

    /// Returns the same portfolio with its dense id.
    pub fn with_id(self, id: PortfolioId) -> Portfolio {
        Portfolio {
            id,
            key: self.key,
            name: self.name,
            currency: self.currency,
            cost_basis: self.cost_basis,
            calendar: self.calendar,
            lifecycle: self.lifecycle,
        }
    }
}

impl Portfolio {
    /// Returns the same portfolio without its dense id.
    pub fn without_id(&self) -> NewPortfolio {
        NewPortfolio {
            key: self.key,
            name: self.name.clone(),
            currency: self.currency,
            cost_basis: self.cost_basis,
            calendar: self.calendar.clone(),
            lifecycle: self.lifecycle,
        }
    }
}

/// The days from a portfolio's inception to its closing day, and the instant of its deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    inception: Day,
    closing_day: Option<Day>,
    deleted_at: Option<DateTime<Utc>>,
}

/// The reason a lifecycle is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LifecycleError {
    /// The closing day is before the inception.
    #[error("closed on `{closing_day}`, before the inception on `{inception}`")]
    ClosedBeforeInception {
        /// The portfolio's first day.
        inception: Day,
        /// The closing day as given.
        closing_day: Day,
    },
}

/// The position of a day relative to a portfolio's lifecycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifecycleStatus {
    /// The day lies between inception and closing day, both inclusive.
    #[serde(rename = "active")]
    Alive,
    /// The day is before its inception.
    #[serde(rename = "not-yet")]
    BeforeInception,
    /// The day is after its closing day.
    #[serde(rename = "closed")]
    AfterClose,
    /// The portfolio is deleted; the day does not matter.
    Deleted,
}

impl fmt::Display for LifecycleStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BeforeInception => "not yet",
            Self::Alive => "active",
            Self::AfterClose => "closed",
            Self::Deleted => "deleted",
        })
    }
}

impl Lifecycle {
    /// Creates a lifecycle that starts on `inception` and has no closing day.
    pub const fn new(inception: Day) -> Self {
        Self {
            inception,
            closing_day: None,
            deleted_at: None,
        }
    }

    /// Returns the lifecycle with `closing_day` as its last day; `None` reopens it.
    ///
    /// # Errors
    ///
    /// Refuses a closing day before the inception.
    pub fn with_closing_day(self, closing_day: Option<Day>) -> Result<Self, LifecycleError> {
        match closing_day {
            Some(day) if day < self.inception => Err(LifecycleError::ClosedBeforeInception {
                inception: self.inception,
                closing_day: day,
            }),
            _ => Ok(Self {
                closing_day,
                ..self
            }),
        }
    }

    /// Returns the lifecycle deleted at an instant; `None` restores it.
    #[must_use]
    pub const fn with_deleted_at(self, deleted_at: Option<DateTime<Utc>>) -> Self {
        Self { deleted_at, ..self }
    }

    /// Returns the first day of the portfolio.
    pub const fn inception(&self) -> Day {
        self.inception
    }

    /// Returns the last day, or `None` if the portfolio is open.
    pub const fn closing_day(&self) -> Option<Day> {
        self.closing_day
    }

    /// Returns the instant of the deletion, or `None` if it is not deleted.
    pub const fn deleted_at(&self) -> Option<DateTime<Utc>> {
        self.deleted_at
    }

    /// Returns whether the portfolio is not deleted. A closed portfolio is active: its history is
    /// still kept complete.
    pub const fn is_active(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Returns the position of `day` in this lifecycle.
    pub fn status_on(&self, day: Day) -> LifecycleStatus {
        if !self.is_active() {
            return LifecycleStatus::Deleted;
        }
        if day < self.inception {
            return LifecycleStatus::BeforeInception;
        }
        if self.closing_day.is_some_and(|closed| closed < day) {
            return LifecycleStatus::AfterClose;
        }
        LifecycleStatus::Alive
    }
}

impl fmt::Display for Portfolio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}
