//! A database that is made once and copied for every measurement, so that each starts from the
//! same bytes.

use std::fs::File;
use std::path::PathBuf;

use plimsoll::engine::Settings;
use plimsoll::scenario::synthetic::{InitialCoverage, Shape, create_database};
use plimsoll::store::Store;
use tempfile::TempDir;

use super::bench_run::BenchRun;

/// A database on disk, with nobody at work on it.
pub(crate) struct TemplateDatabase {
    folder: TempDir,
    settings: Settings,
}

impl TemplateDatabase {
    pub(crate) fn new(shape: Shape, past: InitialCoverage) -> Self {
        let folder = tempfile::tempdir().expect("a folder for a database");
        let settings = Settings::new_york();
        let books = Self { folder, settings };
        let stored = create_database(books.path(), &books.settings, shape, past);
        drop(stored.expect("sources that can be stored"));
        books
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }

    /// A copy that is on disk as a whole, so that no run pays for writing it.
    pub(crate) fn copy(&self) -> BenchRun {
        let folder = tempfile::tempdir().expect("a folder for a copy");
        let path = folder.path().join("books.db");
        std::fs::copy(self.path(), &path).expect("room for a copy");
        let file = File::options().write(true).open(&path);
        file.and_then(|file| file.sync_all()).expect("a disk");
        let store = Store::open(&path).expect("a database of ours");
        BenchRun::new(folder, store, self.settings.clone())
    }
}
