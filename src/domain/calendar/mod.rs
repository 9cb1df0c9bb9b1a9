//! Defines trading calendars: the sessions of an exchange, and the time at which each closes.
//!
//! A [`Calendar`] answers for the days it knows and returns an error for all others: a calendar
//! that lacks a needed year must not guess. Three are built in: New York by its rules and its
//! recorded exceptions, plain weekdays, and every day. Others are defined in TOML text, and each
//! can be amended. Nothing here reads a file or a clock.

mod amendments;
mod built_in;
mod closes;
mod closures;
mod definition;
mod error;
mod new_york;
mod sessions;
mod written;

pub use amendments::Amendments;
pub use built_in::BuiltIn;
pub use definition::Definition;
pub use error::CalendarError;
pub use sessions::Calendar;
pub use written::{CalendarBase, WrittenCalendar};
