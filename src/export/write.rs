//! Writes all files of an export in their order: the script that imports the others comes last.

use super::error::ExportError;
use super::script::{SCRIPT, Script};
use super::table_file::ExportedTable;
use super::target::{Format, Target};
use super::{books, securities, settings, sources};
use crate::engine::Settings;
use crate::store::Store;

/// Writes all sources and books of a database, as of one moment, into a folder that is created or
/// empty. CSV gets a script that imports it, which is written last.
///
/// # Errors
///
/// The folder is not empty, a file cannot be written, or the database cannot be read.
pub fn export(
    store: &Store,
    settings: &Settings,
    target: Target<'_>,
) -> Result<Vec<ExportedTable>, ExportError> {
    target.prepare()?;
    let mut script = Script::default();
    let tables = store.read(|reading| {
        let portfolios = reading.portfolios().all()?;
        let securities = reading.securities().all()?;
        settings::write(reading, settings, target, &mut script)?;
        let mut tables = vec![sources::portfolios(target, &portfolios, &mut script)?];
        tables.extend(securities::write(
            reading,
            target,
            &securities,
            &mut script,
        )?);
        tables.extend([
            sources::prices(reading, target, &securities, &mut script)?,
            sources::transactions(reading, target, &portfolios, &securities, &mut script)?,
            sources::accepted_prices(reading, target, &mut script)?,
        ]);
        tables.extend(books::write(reading, settings, target, &portfolios)?);
        Ok::<_, ExportError>(tables)
    })?;
    if target.format == Format::Csv {
        target.write(SCRIPT, &script.text())?;
    }
    Ok(tables)
}
