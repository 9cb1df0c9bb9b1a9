//! Measures databases on a simulated disk. Scenarios create, copy and open thousands of them.
#![allow(
    missing_docs,
    reason = "criterion's macros make public items without docs"
)]

use std::hint::black_box;

use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll::disk::SimulatedDisk;
use plimsoll::store::{Store, StoreError, StoredWorld};

/// Commits one write transaction.
fn write(store: &Store) {
    let mut writer = store.writer().expect("a writer");
    let written: Result<(), StoreError> = writer.write(|writing| {
        writing.set_world(&StoredWorld {
            name: "a world".to_owned(),
            now: DateTime::UNIX_EPOCH,
        })
    });
    written.expect("a disk without faults");
}

fn empty() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    Store::create(&disk).expect("a new database");
    disk
}

fn databases(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a database on a simulated disk");
    group.bench_function("made, one transaction written", |bencher| {
        bencher.iter(|| {
            let disk = SimulatedDisk::new();
            write(&Store::create(&disk).expect("a new database"));
            disk
        });
    });
    let template = empty();
    group.bench_function("copied, one transaction written", |bencher| {
        bencher.iter(|| {
            let disk = template.fork();
            write(&Store::open(&disk).expect("a database"));
            disk
        });
    });
    let store = Store::open(&template).expect("a database");
    group.bench_function("open, one transaction written", |bencher| {
        bencher.iter(|| write(&store));
    });
    group.bench_function("copied", |bencher| {
        bencher.iter(|| black_box(&template).fork());
    });
    group.finish();
}

criterion_group!(benches, databases);
criterion_main!(benches);
