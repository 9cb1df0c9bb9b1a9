//! Creates a database once and copies it for every measurement, so that each starts from the same
//! bytes.

use std::fs::File;
use std::path::PathBuf;

use plimsoll::engine::Settings;
use plimsoll::scenario::synthetic::{InitialCoverage, Shape, create_database};
use plimsoll::store::Store;
use tempfile::TempDir;

use super::bench_run::BenchRun;

/// A database on disk that no process has open.
pub(crate) struct TemplateDatabase {
    folder: TempDir,
    settings: Settings,
}

impl TemplateDatabase {
    pub(crate) fn new(shape: Shape, coverage: InitialCoverage) -> Self {
        let folder = tempfile::tempdir().expect("a folder for a database");
        let settings = Settings::new_york();
        let template = Self { folder, settings };
        let store = create_database(template.path(), &template.settings, shape, coverage);
        drop(store.expect("sources that can be stored"));
        template
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }

    /// Creates a copy and flushes it to disk, so that no measurement pays for writing it.
    pub(crate) fn copy(&self) -> BenchRun {
        let folder = tempfile::tempdir().expect("a folder for a copy");
        let path = folder.path().join("books.db");
        std::fs::copy(self.path(), &path).expect("room for a copy");
        let file = File::options().write(true).open(&path);
        file.and_then(|file| file.sync_all()).expect("a disk");
        let store = Store::open(&path).expect("a database of this version");
        BenchRun::new(folder, store, self.settings.clone())
    }
}
