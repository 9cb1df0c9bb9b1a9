//! An imported calendar.

use plimsoll::engine::put_calendar_in_force;

use super::scene::Writer;

pub(super) const WRITERS: &[Writer] = &[Writer::new("import a calendar", |scene, store| {
    let (calendar, environment) = (scene.amended().calendar, scene.environment());
    let mut writer = store.writer()?;
    writer.write(|writing| put_calendar_in_force(writing, &calendar, &environment))?;
    Ok(())
})];
