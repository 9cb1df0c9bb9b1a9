//! Another calendar: imported, one of one's own, or configured when a file is imported.

use chrono_tz::Tz;
use plimsoll::domain::calendar::Definition;
use plimsoll::engine::{put_calendar_in_force, register_own_calendar, remove_own_calendar};
use plimsoll::import::apply::{FileKind, ImportContext};
use plimsoll::import::profile::Profiles;
use plimsoll::store::Store;

use super::imports::import;
use super::scene::{Scene, Writer, Written};

pub(super) const WRITERS: &[Writer] = &[
    Writer::new("import a calendar", |scene, store| {
        let (calendar, environment) = (scene.amended().calendar, scene.environment());
        let mut writer = store.writer()?;
        writer.write(|writing| put_calendar_in_force(writing, &calendar, &environment))?;
        Ok(())
    }),
    Writer::new("import prices beside another calendar", |scene, store| {
        let calendar = scene.amended().calendar;
        let context = ImportContext {
            calendar: &calendar,
            now: scene.now(),
            profiles: Profiles::shipped(),
        };
        let rows = "symbol,date,close\nACME,2026-01-07,11.5\n";
        import(&store, FileKind::Prices, rows, &context)
    }),
    Writer::new("register a calendar of one's own", |scene, store| {
        register(scene, &store, "2026-01-07")
    }),
    Writer::new("replace a calendar of one's own", |scene, store| {
        register(scene, &store, "2026-01-06")
    })
    .after(|scene, store| {
        register(scene, &store, "2026-01-07")?;
        let rows = "symbol,calendar\nACME,lima\n";
        scene.import(&store, FileKind::Securities, rows)
    }),
    Writer::new("remove a calendar of one's own", |scene, store| {
        let mut writer = store.writer()?;
        let configured = &scene.settings.calendar;
        writer.write(|writing| remove_own_calendar(writing, "lima", configured))?;
        Ok(())
    })
    .after(|scene, store| register(scene, &store, "2026-01-07")),
];

/// Registers a calendar with one holiday.
fn register(scene: &Scene, store: &Store, closed: &str) -> Written {
    let own = Definition::of_weekdays("lima", Tz::America__Lima, 2025..=2026, closed.parse()?);
    let (configured, environment) = (&scene.settings.calendar, scene.environment());
    let mut writer = store.writer()?;
    writer.write(|writing| register_own_calendar(writing, &own, configured, &environment))?;
    Ok(())
}
