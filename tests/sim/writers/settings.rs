//! Another calendar: imported, one of one's own, or configured when a file is imported.

use plimsoll::domain::calendar::Definition;
use plimsoll::engine::{put_calendar_in_force, register_own_calendar, remove_own_calendar};
use plimsoll::import::ImportOptions;
use plimsoll::import::apply::{FileKind, ImportContext, Mode, SourceFile, import_file};
use plimsoll::store::Store;

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
        };
        let file = SourceFile {
            kind: FileKind::Prices,
            name: "prices.csv",
            bytes: b"symbol,date,close\nACME,2026-01-07,11.5\n",
            options: &ImportOptions::default(),
        };
        let result = import_file(&mut store.writer()?, &file, &context, Mode::Apply)?;
        assert_eq!(result.counts.invalid, 0, "{:?}", result.first_error());
        Ok(())
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
    let own = Definition::from_toml(&format!(
        "name = \"lima\"\nzone = \"America/Lima\"\nbased-on = \"weekdays\"\nclose = \"15:00\"\n\
         years = {{ first = 2025, last = 2026 }}\nclosed = [{{ day = {closed} }}]\n"
    ))?;
    let (configured, environment) = (&scene.settings.calendar, scene.environment());
    let mut writer = store.writer()?;
    writer.write(|writing| register_own_calendar(writing, &own, configured, &environment))?;
    Ok(())
}
