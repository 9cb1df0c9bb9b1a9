//! Defines trading calendars: the sessions of an exchange, and the time at which each closes.
//!
//! A [`Calendar`] answers for the days it knows and returns an error for all others: a calendar
//! that lacks a needed year must not guess. Ten exchanges are built in, each a TOML file of rules
//! and single days in `exchanges`, and plain weekdays and every day. Others are defined in such
//! text, and each can be amended. Nothing here reads a file or a clock.

mod amendments;
mod built_in;
mod closes;
mod definition;
mod error;
mod names;
mod rule_day;
mod rules;
mod sessions;
mod sessions_per_year;
mod written;

pub use amendments::Amendments;
pub use definition::Definition;
pub use error::CalendarError;
pub use names::BuiltIn;
pub use sessions::Calendar;
pub use sessions_per_year::SessionsPerYear;
pub use written::{CalendarBase, WrittenCalendar};
