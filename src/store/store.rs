//! Opens one database for many readers and one writer, each in a transaction.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;
use super::file_system::FileId;
use super::held_log::{HeldLog, held_log};
use super::location::Location;
use super::readers::Readers;
use super::row_digests::RowChanges;
use super::transaction::{ReadTransaction, WriteTransaction};
use super::{checkpoint, connection, left_log, log_mark, migrations, row_digests};

/// A database that can be read from any thread. [`Store::writer`] gives the connection that writes.
#[derive(Debug, Clone)]
pub struct Store {
    location: Location,
    readers: Readers,
}

/// The connection that writes. SQLite has one writer at a time, so a process should have one too.
#[derive(Debug)]
pub struct Writer {
    location: Location,
    connection: Connection,
    changes: RowChanges,
    /// The file that is open. Commits to a file without a name would be lost.
    file: FileId,
    /// Whether each commit was synced, and the log with it.
    is_synced: bool,
    /// The identity of the database; none if its row is damaged.
    identity: Option<[u8; 16]>,
}

impl Store {
    /// Creates a new, empty database.
    ///
    /// # Errors
    ///
    /// Anything exists at the location, or the database cannot be created there.
    pub fn create(place: impl Into<Location>) -> Result<Self, StoreError> {
        let place = place.into();
        connection::create(&place)?;
        Self::with_readers(place)
    }

    /// Opens an existing database and migrates an older schema.
    ///
    /// # Errors
    ///
    /// No file exists there, it is not a Plimsoll database, its schema is newer than this
    /// version's, or an older one cannot be migrated because the file is read-only.
    pub fn open(place: impl Into<Location>) -> Result<Self, StoreError> {
        let place = place.into();
        // An up-to-date database is only read here: commands that only read take no write lock.
        match connection::check(&place) {
            Err(StoreError::Older { .. }) => drop(connection::open(&place)?),
            other => other?,
        }
        Self::with_readers(place)
    }

    fn with_readers(location: Location) -> Result<Self, StoreError> {
        let readers = Readers::new(&location)?;
        Ok(Self { location, readers })
    }

    /// Returns the path of the file; on a file system of its own, the name there.
    pub fn path(&self) -> &Path {
        self.location.path()
    }

    /// Returns the type of the network file system that holds the file, if it is on one: SQLite's
    /// locks cannot be trusted there.
    pub fn network_file_system(&self) -> Option<String> {
        self.location.network_type()
    }

    /// Fails if this is the database at `place`, which is to be restored from it.
    ///
    /// # Errors
    ///
    /// [`StoreError::RestoredFromItself`].
    pub fn ensure_is_not(&self, place: impl Into<Location>) -> Result<(), StoreError> {
        match self.location.is_same_file(&place.into()) {
            true => Err(StoreError::RestoredFromItself(self.path().to_owned())),
            false => Ok(()),
        }
    }

    /// Calls `work` in a read transaction on a connection of the pool.
    ///
    /// # Errors
    ///
    /// No connection can be opened, or `work` fails.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&ReadTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.lend(|connection| {
            // Deferred: it takes no write lock, and its snapshot is that of the first read.
            // Dropping it ends it; there is nothing to commit.
            let transaction = connection.transaction().map_err(StoreError::from)?;
            work(&ReadTransaction {
                connection: &transaction,
            })
        })
    }

    /// Returns the write-ahead log, if a read of another process, or an old one of this process, keeps
    /// it from being emptied.
    ///
    /// # Errors
    ///
    /// The database or the mark of its log cannot be read.
    pub fn held_log(&self) -> Result<Option<HeldLog>, StoreError> {
        // Before this read begins, which would count.
        let is_held_here = self.readers.has_outdated();
        self.read(|reading| held_log(&self.location, reading, is_held_here))
    }

    /// Opens a connection that writes, migrates the schema and empties the log.
    ///
    /// # Errors
    ///
    /// The file cannot be written, a pragma is refused, or another connection keeps the log from
    /// being emptied.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        let file = match self.location.exists() {
            true => self.location.file_id()?,
            false => return Err(StoreError::Absent(self.path().to_owned())),
        };
        let connection = connection::open(&self.location)?;
        self.location.ensure_is(file)?;
        Ok(Writer {
            location: self.location.clone(),
            changes: RowChanges::collect(&connection)?,
            file,
            is_synced: true,
            identity: left_log::identity(&connection),
            connection,
        })
    }
}

impl Writer {
    /// Calls `work` in a transaction that holds the write lock from its start. It is committed if
    /// `work` succeeds and rolled back otherwise.
    ///
    /// # Errors
    ///
    /// The write lock cannot be had in time, `work` fails, or the COMMIT fails. A COMMIT that
    /// returned an error may still have taken effect; call [`Writer::checkpoint`] before new work.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_and_count(work, |changes, transaction| changes.store(transaction))
    }

    /// Calls `work` like [`Writer::write`], also if the stored digests cannot be read: only for a
    /// record of damage. The rows then differ from the digests as before.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::write`].
    pub fn write_beside_damage<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_and_count(work, |changes, transaction| {
            match changes.store(transaction) {
                Err(error) if error.is_damaged() => Ok(()),
                stored => stored,
            }
        })
    }

    /// Calls `work` like [`Writer::write`], and accepts all rows as they are then: their digests are
    /// computed again in the transaction.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::write`].
    pub fn write_and_accept_rows<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let place = self.location.clone();
        let work = |writing: &WriteTransaction<'_>| {
            left_log::add_missing(writing.connection, &place)?;
            // A change in any case, so that the rows are accepted if `work` changes none.
            left_log::set_digested(writing.connection, &place, migrations::newest())?;
            work(writing)
        };
        self.write_and_count(work, |_, transaction| {
            left_log::count_commit(transaction)?;
            row_digests::compute_all(transaction)
        })
    }

    /// Calls `work` in a transaction, and `count` with the changes of rows that it made.
    fn write_and_count<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
        count: impl FnOnce(&RowChanges, &Connection) -> Result<(), StoreError>,
    ) -> Result<T, E> {
        checkpoint::ensure_log_bounded(&self.connection, &self.location)?;
        // A deferred transaction takes the write lock at its first write. If another connection
        // committed after its first read, SQLite refuses that write at once, whatever the timeout.
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        // Changes of an earlier transaction that was rolled back.
        self.changes.clear();
        let before = transaction.total_changes();
        // After an error the drop of the transaction rolls it back.
        let result = work(&WriteTransaction::on(&transaction))?;
        if transaction.total_changes() != before {
            count(&self.changes, &transaction)?;
        }
        let identity = left_log::identity(&transaction);
        let is_other = |(found, opened)| found != opened;
        // Another database was copied into the file.
        if identity.zip(self.identity).is_some_and(is_other) {
            return Err(StoreError::Moved(self.location.path().to_owned()).into());
        }
        self.location.ensure_is(self.file)?;
        if let Err(error) = transaction.commit() {
            self.is_synced = false;
            // It may be true of the log as it was before, but a sync has failed since.
            if let Err(error) = log_mark::remove(&self.location) {
                tracing::warn!("failed to remove the mark of the log: {error}");
            }
            return Err(StoreError::from(error).into());
        }
        // The file may have lost its name between the check and the COMMIT.
        self.location.ensure_is(self.file)?;
        Ok(result)
    }

    /// Calls `work` in a read transaction on this connection.
    ///
    /// # Errors
    ///
    /// The transaction cannot be started, or `work` fails.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&ReadTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.connection.transaction().map_err(StoreError::from)?;
        work(&ReadTransaction {
            connection: &transaction,
        })
    }

    /// Empties the write-ahead log into the database. Must succeed after any error of a commit,
    /// before new work: a log whose sync failed once must not be appended to.
    ///
    /// # Errors
    ///
    /// Other connections keep the log in use for some ten seconds, or the database cannot be
    /// written.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        checkpoint::checkpoint(&self.connection, &self.location)?;
        self.is_synced = true;
        Ok(())
    }

    /// Returns the path of the file; on a file system of its own, the name there.
    pub fn path(&self) -> &Path {
        self.location.path()
    }

    /// Runs any statement, for tests that damage a database on purpose. Returns the number of rows
    /// changed.
    #[cfg(test)]
    pub(crate) fn damage(&self, sql: &str) -> usize {
        let off = self.connection.pragma_update(None, "foreign_keys", false);
        off.and_then(|()| self.connection.execute(sql, [])).unwrap()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nothing is said of a log that another file has left behind under this name.
        if !self.is_synced || self.location.ensure_is(self.file).is_err() {
            return;
        }
        if let Err(error) = checkpoint::leave_log(&self.connection, &self.location) {
            tracing::warn!("failed to empty the log: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_without_its_database_is_not_replayed_over_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
        let mut writer = Store::create(old.clone()).unwrap().writer().unwrap();
        writer
            .write(|writing| writing.increment_revision())
            .unwrap();
        let log_of = |path: &Path| Location::from(path).log().path().to_owned();
        std::fs::copy(log_of(&old), log_of(&new)).unwrap();
        let created = Store::create(new).unwrap();
        let revision = created.read(|reading| reading.revision()).unwrap();
        let old = writer.read(|reading| reading.revision()).unwrap();
        assert_ne!(revision, old);
    }

    #[test]
    fn nothing_is_committed_to_a_file_that_lost_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        let store = Store::create(path.clone()).unwrap();
        let touch = |writer: &mut Writer| writer.write(|_| Ok::<_, StoreError>(()));
        let is_moved = |result| matches!(result, Err(StoreError::Moved(_)));

        let mut writer = store.writer().unwrap();
        assert!(touch(&mut writer).is_ok());
        std::fs::rename(&path, folder.path().join("kept.db")).unwrap();
        assert!(is_moved(touch(&mut writer)));
        drop(Store::create(path.clone()).unwrap());
        assert!(is_moved(touch(&mut writer)));
        drop(writer);

        let mut writer = store.writer().unwrap();
        assert!(touch(&mut writer).is_ok());
        // As a copy of another database over the file does.
        writer.damage("UPDATE file_state SET state = zeroblob(24)");
        assert!(is_moved(touch(&mut writer)));
    }
}
