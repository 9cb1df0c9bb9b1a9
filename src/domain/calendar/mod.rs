//! The days on which an exchange trades, and when each of them closes.
//!
//! A [`Calendar`] answers within the days it knows and refuses beyond them: a calendar that
//! lacks a needed year is an error and never a guess. Three are built in: New York by its rules
//! and its recorded exceptions, plain weekdays, and every day. Others are defined in TOML text,
//! and any of them can be amended. Nothing here reads a file or a clock.

mod amendments;
mod closes;
mod closures;
mod definition;
mod error;
mod new_york;
mod sessions;

pub use amendments::Amendments;
pub use error::CalendarError;
pub use sessions::Calendar;
