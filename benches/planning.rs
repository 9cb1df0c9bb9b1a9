//! Measures planning by portfolios and sessions. The cost must grow with portfolios and gaps, and
//! never with cells.
#![allow(
    missing_docs,
    reason = "criterion's macros make public items without docs"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use plimsoll::domain::{Day, IdSet, Lifecycle, Phase, PortfolioId, Scope};
use plimsoll::plan::{Request, Survey, Today, plan, watermarks};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Builds a survey of complete portfolios, except for one cell in a thousand on average.
fn world(portfolios: u32, sessions: i32) -> (Survey, Today) {
    let mut survey = Survey::default();
    let first = Day::from_number(16_000).expect("a day in 2013");
    for id in 1..=portfolios {
        survey
            .lifecycles
            .add(PortfolioId(id), &Lifecycle::new(first));
    }
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for number in 0..sessions {
        let day = first.saturating_add(number);
        let mut done = IdSet::new();
        done.insert_range(1..=portfolios);
        let mut hole = random.random_range(1..2_000);
        while hole <= portfolios {
            done.remove(hole);
            hole += random.random_range(1..2_000);
        }
        for phase in Phase::CELL_PHASES {
            survey.coverage.set(day, phase, done.clone());
        }
        survey.sessions.push(day);
    }
    let last_final = first.saturating_add(sessions - 1);
    let date = last_final.next();
    (survey, Today { date, last_final })
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("planning");
    group.sample_size(10);
    let sizes = [
        (13, 60),
        (1_000, 60),
        (100_000, 60),
        (1_000_000, 60),
        (1_000_000, 2_520),
    ];
    for (portfolios, sessions) in sizes {
        let (survey, today) = world(portfolios, sessions);
        let request = Request::new(Scope::AllActive);
        let size = format!("{portfolios}x{sessions}");
        group.bench_function(BenchmarkId::new("plan", &size), |bench| {
            bench.iter(|| plan(black_box(&request), black_box(&survey), today));
        });
        group.bench_function(BenchmarkId::new("watermarks", &size), |bench| {
            bench.iter(|| watermarks(black_box(&survey), &Scope::AllActive, today.last_final));
        });
        let planned = plan(&request, &survey, today).expect("the world is sound");
        group.bench_function(BenchmarkId::new("id", &size), |bench| {
            bench.iter(|| black_box(&planned).id());
        });
    }
    group.finish();
}

criterion_group!(benches, planning);
criterion_main!(benches);
