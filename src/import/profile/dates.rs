//! Reads dates of exports, in the formats that a profile gives.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use super::spec::Profile;
use crate::import::profile_error::ProfileRowError;

/// Reads a date, with the time behind it unless that is midnight. A zone is not converted: the day
/// as it is written counts.
pub(super) fn read_date(
    profile: &Profile,
    text: &str,
) -> Result<(NaiveDate, Option<NaiveTime>), ProfileRowError> {
    let file = &profile.file;
    let date = match &file.date_end {
        Some(end) => text.split_once(end.as_str()).map_or(text, |(date, _)| date),
        None => text,
    };
    let mut found = file.dates.iter().filter_map(|format| read(date, format));
    let invalid = || ProfileRowError::Date {
        text: text.to_owned(),
        formats: file
            .dates
            .iter()
            .map(|format| format!("`{format}`"))
            .collect(),
    };
    let (date, time) = found.next().ok_or_else(invalid)?;
    Ok((date, time.filter(|time| *time != NaiveTime::MIN)))
}

fn read(text: &str, format: &str) -> Option<(NaiveDate, Option<NaiveTime>)> {
    if let Ok(instant) = DateTime::parse_from_str(text, format) {
        let local = instant.naive_local();
        return Some((local.date(), Some(local.time())));
    }
    if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
        return Some((local.date(), Some(local.time())));
    }
    let date = NaiveDate::parse_from_str(text, format).ok()?;
    Some((date, None))
}
