//! Measures nightly runs: the survey, a run without work, one commit, a full catch-up, and the
//! onboarding of one portfolio beside many.
//!
//! A group can be run alone: `cargo bench --bench nightly_run -- catch_up/1000x`. A database is
//! generated from a seed on first use, and every measurement works on a copy.
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

/// Creates a group of ten samples, for measurements that take long enough to be stable.
fn slow<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(500));
    group
}

/// Reads the lifecycle index and ledger of all portfolios over 60 sessions.
fn survey(criterion: &mut Criterion) {
    let mut group = slow(criterion, "survey");
    for portfolios in [13, 1_000, 100_000, 1_000_000] {
        let run = LazyCell::new(|| {
            TemplateDatabase::new(
                shape(portfolios, SESSIONS, HOLDINGS),
                InitialCoverage::WithHoles,
            )
            .copy()
        });
        group.bench_function(BenchmarkId::from_parameter(portfolios), |bench| {
            let run = &*run;
            bench.iter(|| black_box(run.survey()));
        });
    }
    group.finish();
}

/// Runs with all cells complete.
fn idle(criterion: &mut Criterion) {
    let mut group = slow(criterion, "idle");
    for portfolios in [13, 1_000, 100_000, 1_000_000] {
        let run = LazyCell::new(|| {
            TemplateDatabase::new(shape(portfolios, SESSIONS, HOLDINGS), InitialCoverage::Full)
                .copy()
        });
        group.bench_function(BenchmarkId::from_parameter(portfolios), |bench| {
            let run = &*run;
            bench.iter_custom(|count| (0..count).map(|_| run.run().1).sum());
        });
    }
    group.finish();
}

/// Commits one transaction of complete cells, appended to earlier ones.
fn commit(criterion: &mut Criterion) {
    let mut group = slow(criterion, "commit");
    let template =
        LazyCell::new(|| TemplateDatabase::new(shape(1, 1, HOLDINGS), InitialCoverage::None));
    let output = LazyCell::new(|| {
        let run = template.copy();
        run.run();
        run.last_output(PortfolioId(1))
    });
    for cells in [1, 256, 4_096] {
        group.throughput(Throughput::Elements(u64::from(cells)));
        group.bench_function(BenchmarkId::from_parameter(cells), |bench| {
            let (template, output) = (&*template, &*output);
            bench.iter_custom(|batches| {
                let run = template.copy();
                let mut committer = run.batch_committer();
                let days = (0..batches as i32).map(|number| output.cell.day.saturating_add(number));
                days.map(|day| committer.commit(&batch_of(output, day, cells)))
                    .sum()
            });
        });
    }
    group.finish();
}

/// Repeats one output for many portfolios on a day.
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

/// Runs from sources without any output to complete books.
fn catch_up(criterion: &mut Criterion) {
    let mut group = slow(criterion, "catch_up");
    let shapes = [
        shape(13, 250, HOLDINGS),
        shape(1_000, SESSIONS, HOLDINGS),
        shape(100_000, 2, 10),
    ];
    for shape in shapes {
        let template = LazyCell::new(|| TemplateDatabase::new(shape, InitialCoverage::None));
        let mut stages = StageMedians::default();
        group.throughput(Throughput::Elements(shape.cells()));
        group.bench_function(BenchmarkId::from_parameter(shape), |bench| {
            bench.iter_custom(|count| measure(&template, count, &mut stages));
        });
        stages.print(&format!("catch_up/{shape}"));
    }
    group.finish();
}

/// Runs with one new portfolio of 30 holdings and 60 sessions; all others are complete.
fn onboarding(criterion: &mut Criterion) {
    let mut group = slow(criterion, "onboarding");
    for portfolios in [13, 1_000, 100_000] {
        let shape = shape(portfolios, SESSIONS, HOLDINGS);
        let template = LazyCell::new(|| TemplateDatabase::new(shape, InitialCoverage::AllButLast));
        let mut stages = StageMedians::default();
        group.bench_function(BenchmarkId::from_parameter(portfolios), |bench| {
            bench.iter_custom(|count| measure(&template, count, &mut stages));
        });
        stages.print(&format!("onboarding/{portfolios}"));
    }
    group.finish();
}

/// Runs `count` times, each on its own copy, and returns the total time.
fn measure(template: &TemplateDatabase, count: u64, stages: &mut StageMedians) -> Duration {
    let run_once = || {
        let run = template.copy();
        let before = run.bytes();
        let (outcome, duration) = run.run();
        let grown = run.bytes() - before;
        stages.add(outcome.times, outcome.progress.done, grown);
        duration
    };
    std::iter::repeat_with(run_once).take(count as usize).sum()
}

criterion_group!(benches, survey, idle, commit, catch_up, onboarding);
criterion_main!(benches);
