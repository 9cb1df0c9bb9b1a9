//! A portfolio and the days it lives.

use std::fmt;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::{Currency, Day, PortfolioId, PortfolioKey};

/// A portfolio as the books know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portfolio {
    /// Its dense id.
    pub id: PortfolioId,
    /// Its id outside.
    pub key: PortfolioKey,
    /// What people call it.
    pub name: String,
    /// The currency of its cash and its books.
    pub currency: Currency,
    /// From when to when it lives.
    pub lifecycle: Lifecycle,
}

/// A portfolio that has no dense id yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPortfolio {
    /// Its id outside.
    pub key: PortfolioKey,
    /// What people call it.
    pub name: String,
    /// The currency of its cash and its books.
    pub currency: Currency,
    /// From when to when it lives.
    pub lifecycle: Lifecycle,
}

impl Portfolio {
    /// The same portfolio, without its dense id.
    pub fn without_id(&self) -> NewPortfolio {
        NewPortfolio {
            key: self.key,
            name: self.name.clone(),
            currency: self.currency,
            lifecycle: self.lifecycle,
        }
    }
}

/// The days a portfolio lives, and whether it was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    inception: Day,
    closing_day: Option<Day>,
    deleted_at: Option<DateTime<Utc>>,
}

/// Why a lifecycle can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LifecycleError {
    /// The closing day lies before the inception.
    #[error("closed on `{closing_day}`, before the inception on `{inception}`")]
    ClosedBeforeInception {
        /// The inception.
        inception: Day,
        /// The closing day that was given.
        closing_day: Day,
    },
}

/// Where a day lies in a portfolio's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleStatus {
    /// The portfolio lives on that day.
    Alive,
    /// The day is before its inception.
    BeforeInception,
    /// The day is after its closing day.
    AfterClose,
    /// The portfolio is deleted, whatever the day.
    Deleted,
}

impl Lifecycle {
    /// A life that starts on `inception` and has no end.
    pub const fn new(inception: Day) -> Self {
        Self {
            inception,
            closing_day: None,
            deleted_at: None,
        }
    }

    /// The same life, ending after `closed`, its last day; `None` opens it again.
    pub fn with_closing_day(self, closed: Option<Day>) -> Result<Self, LifecycleError> {
        match closed {
            Some(closed) if closed < self.inception => Err(LifecycleError::ClosedBeforeInception {
                inception: self.inception,
                closing_day: closed,
            }),
            _ => Ok(Self {
                closing_day: closed,
                ..self
            }),
        }
    }

    /// The same life, deleted at an instant; `None` restores it.
    #[must_use]
    pub const fn with_deleted_at(self, deleted_at: Option<DateTime<Utc>>) -> Self {
        Self { deleted_at, ..self }
    }

    /// The first day.
    pub const fn inception(&self) -> Day {
        self.inception
    }

    /// The last day, if it has one.
    pub const fn closing_day(&self) -> Option<Day> {
        self.closing_day
    }

    /// When it was deleted, if it was.
    pub const fn deleted_at(&self) -> Option<DateTime<Utc>> {
        self.deleted_at
    }

    /// Whether it is not deleted. A closed portfolio is active: its past is still kept complete.
    pub const fn is_active(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Where `day` lies in this life.
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
