//! Records the results of verifications and the damage that other commands and requests meet, so
//! that all surfaces show it until a verification finds none.

use super::context::AppContext;
use crate::environment::Environment;
use crate::query::{self, Sample, Verification};
use crate::report::error_with_causes;
use crate::store::{Store, StoreError, VerificationRow};

/// Records the result of a verification.
///
/// # Errors
///
/// The database cannot be read or written, because it is read-only, for one.
pub fn record_verification(
    store: &Store,
    environment: &Environment,
    verification: &Verification,
    sample: Sample,
) -> Result<(), StoreError> {
    let now = environment.clock.now();
    write(store, |before| {
        Some(verification.record(before, sample, now))
    })
}

/// Records damage that a command or a request met, if the error is about damage. If it cannot be
/// recorded, the log says so: the error itself is reported by the command.
pub fn note_damage(store: &Store, environment: &Environment, error: &StoreError) {
    // Pages are read again and again, and must not wait for the write lock each time.
    let is_known = || store.read(|reading| reading.verification().last());
    if !error.is_damaged() || is_known().is_ok_and(|row| row.damage.is_some()) {
        return;
    }
    let now = environment.clock.now();
    let noted = write(store, |before| {
        query::unreadable(before, &error_with_causes(error), now)
    });
    if let Err(problem) = noted {
        tracing::warn!("failed to record the damage: {problem}");
    }
}

impl AppContext {
    /// Records damage like [`note_damage`].
    pub fn note_damage(&self, error: &StoreError) {
        note_damage(&self.store, &self.environment, error);
    }
}

fn write(
    store: &Store,
    record: impl FnOnce(&VerificationRow) -> Option<VerificationRow>,
) -> Result<(), StoreError> {
    store.writer()?.write_beside_damage(|writing| {
        // An unreadable record is replaced: it is damage too, which the new one names.
        let before = writing.verification().last();
        let before = match before {
            Err(error) if error.is_damaged() => VerificationRow::default(),
            before => before?,
        };
        match record(&before) {
            Some(row) => writing.verification().set(&row),
            None => Ok(()),
        }
    })
}
