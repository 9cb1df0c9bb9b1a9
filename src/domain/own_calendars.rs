//! The calendars of the user's own that securities and portfolios of a world can name.

use super::calendar::{BuiltIn, Calendar, CalendarError, Definition};
use super::security_calendars::SecurityCalendars;

/// Calendars by name, beside the built-in ones and that of the database. Each keeps its definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnCalendars(Vec<(Definition, Calendar)>);

impl OwnCalendars {
    /// Builds the calendars.
    ///
    /// # Errors
    ///
    /// A definition is invalid.
    pub fn new(definitions: Vec<Definition>) -> Result<Self, CalendarError> {
        let built = definitions.into_iter().map(|own| {
            let calendar = own.calendar()?;
            Ok((own, calendar))
        });
        built.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the calendar that a security or portfolio means by a name: that of the database, a
    /// built-in one, or one of these.
    pub fn find(&self, name: &str, of_database: &Calendar) -> Option<Calendar> {
        SecurityCalendars::find(name, of_database).or_else(|| {
            let own = self.0.iter().find(|(own, _)| own.name() == name);
            own.map(|(_, calendar)| calendar.clone())
        })
    }

    /// Iterates over the names that [`Self::find`] finds.
    pub fn known_names<'n>(&'n self, of_database: &'n Calendar) -> impl Iterator<Item = &'n str> {
        SecurityCalendars::known_names(of_database).chain(self.definitions().map(Definition::name))
    }

    /// Returns a name that two calendars have: two of these, or one of these and that of the database
    /// or a built-in one.
    pub fn ambiguous_name(&self, of_database: &Calendar) -> Option<&str> {
        let mut names = self.definitions().map(Definition::name);
        names.find(|name| {
            let bearers = self.definitions().filter(|own| own.name() == *name);
            bearers.count() > 1 || *name == of_database.name() || BuiltIn::from_name(name).is_some()
        })
    }

    /// Iterates over the definitions.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.0.iter().map(|(own, _)| own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str) -> Definition {
        let text = format!(
            "name = \"{name}\"\nzone = \"UTC\"\nbased-on = \"weekdays\"\nclose = \"16:00\"\n\
             years = {{ first = 2025, last = 2026 }}\n"
        );
        Definition::from_toml(&text).unwrap()
    }

    fn all(names: &[&str]) -> OwnCalendars {
        OwnCalendars::new(names.iter().map(|name| own(name)).collect()).unwrap()
    }

    #[test]
    fn a_name_means_one_calendar() {
        let new_york = Calendar::new_york();
        let calendars = all(&["lima", "oslo"]);
        let found = |name: &str| calendars.find(name, &new_york);
        assert_eq!(found("oslo"), Some(own("oslo").calendar().unwrap()));
        assert_eq!(found("XTSE"), Calendar::built_in("XTSE"));
        assert_eq!(found("tokyo"), None);
        assert_eq!(calendars.ambiguous_name(&new_york), None);
        let ambiguous =
            |names: &[&str]| all(names).ambiguous_name(&new_york).map(ToOwned::to_owned);
        assert_eq!(ambiguous(&["lima", "lima"]).as_deref(), Some("lima"));
        assert_eq!(ambiguous(&["lima", "XTSE"]).as_deref(), Some("XTSE"));
        assert_eq!(ambiguous(&["new-york"]).as_deref(), Some("new-york"));
    }
}
