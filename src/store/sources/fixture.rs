//! Test data: a store with closes.

use crate::domain::{CloseChange, Day, Price, SecurityId};
use crate::store::store::Store;

use super::nearby_closes::CloseRow;

pub(super) fn day(number: u32) -> Day {
    Day::MIN.saturating_add(number as i32)
}

/// Closes of 100 securities over 30 days in an irregular pattern: the days are multiples of three,
/// security 7 has none, and each other one about a fifth of them.
pub(super) fn closes() -> Vec<CloseRow> {
    let mut closes = Vec::new();
    for at in (0..30).step_by(3) {
        for id in (0..100).filter(|id| *id != 7 && (at * 31 + id * 17) % 5 == 0) {
            let price = Price::whole((at * 100 + id) as i32);
            closes.push((SecurityId(id), day(at), price));
        }
    }
    closes
}

pub(super) fn store_with_closes(closes: &[CloseRow]) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(folder.path().join("books.db")).unwrap();
    let changes: Vec<_> = closes
        .iter()
        .map(|(security, day, price)| CloseChange {
            security: *security,
            day: *day,
            previous: None,
            price: *price,
        })
        .collect();
    let mut writer = store.writer().unwrap();
    let now = chrono::DateTime::UNIX_EPOCH;
    writer
        .write(|writing| writing.closes().set(&changes, now))
        .unwrap();
    (folder, store)
}
