//! What a night costs: reading the facts, a run with nothing to do, one commit, a whole catch-up,
//! and one newcomer beside many.
//!
//! Each group runs alone: `cargo bench --bench nightly_run -- catch_up/1000x`. A database is made from
//! a seed when the first measurement asks for it, and every measurement works on a copy.
#![allow(
    missing_docs,
    reason = "criterion's macros make public items without docs"
)]

mod support;

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group,
    criterion_main,
};
use plimsoll::domain::output::CellOutput;
use plimsoll::domain::{Cell, Day, PortfolioId};
use plimsoll::scenario::synthetic::{InitialCoverage, Shape};
use plimsoll::store::{Batch, PackedCells};
use support::stage_times::StageMedians;
use support::template::TemplateDatabase;

const SESSIONS: usize = 60;
const HOLDINGS: u32 = 30;

const fn shape(portfolios: u32, sessions: usize, holdings: u32) -> Shape {
    Shape {
        portfolios,
        sessions,
        holdings,
    }
}

/// A group whose measurements take long enough that ten of them say enough.
fn slow<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(500));
    group
}

/// Roster and ledger of everybody over 60 sessions.
fn survey(criterion: &mut Criterion) {
    let mut group = slow(criterion, "survey");
    for portfolios in [13, 1_000, 100_000, 1_000_000] {
        let night = LazyCell::new(|| {
            TemplateDatabase::new(
                shape(portfolios, SESSIONS, HOLDINGS),
                InitialCoverage::WithHoles,
            )
            .copy()
        });
        group.bench_function(BenchmarkId::from_parameter(portfolios), |bench| {
            let night = &*night;
            bench.iter(|| black_box(night.survey()));
        });
    }
    group.finish();
}

/// A run that finds everything done.
fn idle(criterion: &mut Criterion) {
    let mut group = slow(criterion, "idle");
    for portfolios in [13, 1_000, 100_000, 1_000_000] {
        let night = LazyCell::new(|| {
            TemplateDatabase::new(shape(portfolios, SESSIONS, HOLDINGS), InitialCoverage::Full)
                .copy()
        });
        group.bench_function(BenchmarkId::from_parameter(portfolios), |bench| {
            let night = &*night;
            bench.iter_custom(|nights| (0..nights).map(|_| night.run().1).sum());
        });
    }
    group.finish();
}

/// One transaction of whole cells, appended to those before.
fn commit(criterion: &mut Criterion) {
    let mut group = slow(criterion, "commit");
    let books =
        LazyCell::new(|| TemplateDatabase::new(shape(1, 1, HOLDINGS), InitialCoverage::None));
    let output = LazyCell::new(|| {
        let night = books.copy();
        night.run();
        night.last_output(PortfolioId(1))
    });
    for cells in [1, 256, 4_096] {
        group.throughput(Throughput::Elements(u64::from(cells)));
        group.bench_function(BenchmarkId::from_parameter(cells), |bench| {
            let (books, output) = (&*books, &*output);
            bench.iter_custom(|batches| {
                let night = books.copy();
                let mut committing = night.batch_committer();
                let days = (0..batches as i32).map(|number| output.cell.day.saturating_add(number));
                days.map(|day| committing.commit(&batch_of(output, day, cells)))
                    .sum()
            });
        });
    }
    group.finish();
}

/// The same output for many portfolios on a day.
fn batch_of(output: &CellOutput, day: Day, cells: u32) -> Batch {
    let cells = (1..=cells).map(|id| CellOutput {
        cell: Cell::new(day, PortfolioId(id)),
        ..output.clone()
    });
    Batch {
        cells: vec![PackedCells::pack(cells.collect())],
        ..Batch::default()
    }
}

/// From sources alone to complete books.
fn catch_up(criterion: &mut Criterion) {
    let mut group = slow(criterion, "catch_up");
    let shapes = [
        shape(13, 250, HOLDINGS),
        shape(1_000, SESSIONS, HOLDINGS),
        shape(100_000, 2, 10),
    ];
    for shape in shapes {
        let books = LazyCell::new(|| TemplateDatabase::new(shape, InitialCoverage::None));
        let mut stages = StageMedians::default();
        group.throughput(Throughput::Elements(shape.cells()));
        group.bench_function(BenchmarkId::from_parameter(shape), |bench| {
            bench.iter_custom(|nights| measure(&books, nights, &mut stages));
        });
        stages.print(&format!("catch_up/{shape}"));
    }
    group.finish();
}

/// One newcomer of 30 holdings and 60 sessions, where everybody else is complete.
fn onboarding(criterion: &mut Criterion) {
    let mut group = slow(criterion, "onboarding");
    for portfolios in [13, 1_000, 100_000] {
        let shape = shape(portfolios, SESSIONS, HOLDINGS);
        let books = LazyCell::new(|| TemplateDatabase::new(shape, InitialCoverage::AllButLast));
        let mut stages = StageMedians::default();
        group.bench_function(BenchmarkId::from_parameter(portfolios), |bench| {
            bench.iter_custom(|nights| measure(&books, nights, &mut stages));
        });
        stages.print(&format!("onboarding/{portfolios}"));
    }
    group.finish();
}

/// Runs so many nights, each on its own copy.
fn measure(books: &TemplateDatabase, nights: u64, stages: &mut StageMedians) -> Duration {
    let one = || {
        let night = books.copy();
        let before = night.bytes();
        let (outcome, took) = night.run();
        let grown = night.bytes() - before;
        stages.add(outcome.times, outcome.progress.done, grown);
        took
    };
    std::iter::repeat_with(one).take(nights as usize).sum()
}

criterion_group!(nights, survey, idle, commit, catch_up, onboarding);
criterion_main!(nights);
