//! A checkpoint that a reader holds up is no success.

use plimsoll::store::{Store, StoreError};

use super::scene::{Found, Scene};

/// Empties the log while a reader needs it.
pub(crate) fn checkpoint_beside_a_reader() -> Found {
    let fail = |error: StoreError| error.to_string();
    let scene = Scene::new();
    let store = Store::open(&scene.disk).map_err(fail)?;
    let mut writer = store.writer().map_err(fail)?;
    let committed = writer.write(|writing| writing.increment_revision());
    committed.map_err(fail)?;
    let checkpoint = store.read(|reading| {
        reading.revision()?;
        writer.write(|writing| writing.increment_revision())?;
        Ok::<_, StoreError>(writer.checkpoint())
    });
    match checkpoint.map_err(fail)? {
        Err(StoreError::CheckpointBusy { .. }) => {}
        other => return Err(format!("beside a reader the log is emptied: {other:?}")),
    }
    writer.checkpoint().map_err(fail)
}

#[test]
fn a_checkpoint_beside_a_reader_is_no_success() {
    assert_eq!(checkpoint_beside_a_reader(), Ok(()));
}
