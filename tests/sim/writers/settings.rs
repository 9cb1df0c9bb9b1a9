//! Another calendar: imported, or configured when a file is imported.

use plimsoll::engine::put_calendar_in_force;
use plimsoll::import::ImportOptions;
use plimsoll::import::apply::{FileKind, ImportContext, Mode, SourceFile, import_file};

use super::scene::Writer;

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
];
