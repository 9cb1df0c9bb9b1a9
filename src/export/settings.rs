//! Writes what the books depend on beside the sources: calendars and the risk model.

use serde::Serialize;

use super::error::ExportError;
use super::script::Script;
use super::target::Target;
use crate::domain::RiskModel;
use crate::domain::calendar::{Amendments, CalendarBase};
use crate::engine::Settings;
use crate::store::ReadTransaction;

/// The configuration file; `init` leaves it as it is.
const CONFIGURATION: &str = "plimsoll.toml";
/// The file of the calendar of the database, if it is not built in.
const CALENDAR: &str = "calendar.toml";

/// The sections of a configuration on which books depend, and that a database keeps.
#[derive(Debug, Serialize)]
struct ConfigurationSections<'s> {
    calendar: CalendarSection<'s>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<&'s RiskModel>,
}

#[derive(Debug, Serialize)]
struct CalendarSection<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amendments: Option<&'s Amendments>,
}

pub(super) fn write(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    target: Target<'_>,
    script: &mut Script,
) -> Result<(), ExportError> {
    let written = settings.calendar.written();
    let (name, file) = match &written.calendar {
        CalendarBase::BuiltIn(built_in) => (Some(built_in.name()), None),
        CalendarBase::Own(definition) => {
            target.write(CALENDAR, &toml::to_string(definition)?)?;
            (None, Some(CALENDAR))
        }
    };
    let model = match &settings.model {
        Some(model) => model.clone(),
        None => reading.risk_models().in_force()?.1,
    };
    let sections = ConfigurationSections {
        calendar: CalendarSection {
            name,
            file,
            amendments: Some(&written.amendments).filter(|days| !days.is_empty()),
        },
        risk: Some(&model).filter(|model| **model != RiskModel::default()),
    };
    let text = format!(
        "# The calendar and the risk model of these books. The other settings keep their defaults.\n\n{}",
        toml::to_string(&sections)?
    );
    target.write(CONFIGURATION, &text)?;
    let own = reading.security_calendars().own()?;
    let own = own
        .iter()
        .filter(|own| own.name() != settings.calendar.name());
    for (number, definition) in (1..).zip(own) {
        let file = format!("calendar-{number}.toml");
        target.write(&file, &toml::to_string(definition)?)?;
        script.import_calendar(&file);
    }
    Ok(())
}
