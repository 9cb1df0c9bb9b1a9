//! Defines the refusals of a row for the days of a portfolio.

use thiserror::Error;

use crate::domain::{Day, DayRange};

/// Reason for refusing a row with a day outside the life of its portfolio, or with a life that leaves
/// out days of its transactions.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LifeRowError {
    /// The day is before the portfolio's inception.
    #[error("`{day}` is before the inception of `{portfolio}` on `{inception}`")]
    BeforeInception {
        /// The day of the transaction.
        day: Day,
        /// The name of the portfolio.
        portfolio: String,
        /// The portfolio's first day.
        inception: Day,
    },
    /// The day is after the portfolio's closing day.
    #[error("`{day}` is after the closing day `{closed}` of `{portfolio}`")]
    AfterClose {
        /// The day of the transaction.
        day: Day,
        /// The name of the portfolio.
        portfolio: String,
        /// The portfolio's last day.
        closed: Day,
    },
    /// The inception is after the last day of the calendar.
    #[error("`{inception}` is after the days {known_days} of the calendar")]
    InceptionOutsideCalendar {
        /// The inception that the row asks for.
        inception: Day,
        /// The days of the calendar.
        known_days: DayRange,
    },
    /// The new inception is after the portfolio's first transaction.
    #[error("`{inception}` is after the portfolio's first transaction on `{first}`")]
    TransactionsBeforeInception {
        /// The inception that the row asks for.
        inception: Day,
        /// The day of the first transaction.
        first: Day,
    },
    /// The new closing day is before the portfolio's last transaction.
    #[error("`{closed}` is before the portfolio's last transaction on `{last}`")]
    TransactionsAfterClose {
        /// The closing day that the row asks for.
        closed: Day,
        /// The day of the last transaction.
        last: Day,
    },
}

impl LifeRowError {
    pub(super) const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BeforeInception { .. } => {
                Some("correct the day, or import the portfolio with an earlier inception")
            }
            Self::AfterClose { .. } => {
                Some("correct the day, or import the portfolio with a later closing day")
            }
            Self::InceptionOutsideCalendar { .. } => Some(
                "correct the day; docs/calendars.md explains how to write a calendar with more years",
            ),
            Self::TransactionsBeforeInception { .. } | Self::TransactionsAfterClose { .. } => None,
        }
    }
}
