//! Writes all sources and books of a database as files that other programs can read. The files of the
//! sources are those that imports read: imported into an empty database, they give the same books.
//!
//! | file | holds |
//! |---|---|
//! | `table_file` | one table as CSV or as JSON lines |
//! | `sources` | portfolios, closes, transactions and accepted prices as tables |
//! | `securities` | securities with their symbols over time, and corporate actions |
//! | `books` | the books, foreign cash and positions of each session |
//! | `settings` | calendars and the risk model |
//! | `script` | the commands that import the files |
//! | `error` | the reasons for which an export fails |

mod books;
mod error;
mod script;
mod securities;
mod settings;
mod sources;
mod table_file;

use std::io;
use std::path::Path;

use crate::durable;
use crate::engine::Settings;
use crate::store::Store;
use script::Script;

pub use error::ExportError;
pub use table_file::{ExportedTable, Format};

/// The name of the script that imports the files of an export.
pub const SCRIPT: &str = "import.sh";

/// The folder and the format of an export.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The folder of the files.
    pub folder: &'t Path,
    /// The format of the tables.
    pub format: Format,
}

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
    prepare(target.folder)?;
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

/// Creates the folder; refuses one with files.
fn prepare(folder: &Path) -> Result<(), ExportError> {
    let failed = |source| ExportError::file(folder, source);
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(ExportError::NotEmpty {
                folder: folder.to_owned(),
            }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            durable::create_folders(folder).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

impl Target<'_> {
    /// Writes a small file of the folder.
    fn write(self, name: &str, text: &str) -> Result<(), ExportError> {
        let path = self.folder.join(name);
        durable::create(&path, text.as_bytes()).map_err(|source| ExportError::file(&path, source))
    }
}
