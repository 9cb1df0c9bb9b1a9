//! Measures scenarios on one core: a small one under one policy, with and without the invariant
//! checks after each step, and the production state under four policies.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll::scenario::runner::{CheckLevel, play};
use plimsoll::scenario::script::{FixtureError, Scenario};

/// The allocator of the program, so that the numbers apply to it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SMALL: &str = r#"
now = 2026-01-08T18:00:00-05:00
market = { shares = 8, from = 2025-12-01 }
[portfolios]
A = { complete = "..2026-01-07" }
"B..D" = { complete = "..2026-01-05" }
[[step]]
run = {}
"#;
const PRODUCTION: &str = r#"
fixture = "jan_8_production"
policies = ["global-max", "min-of-max", "target-only", "per-cell"]
[[step]]
run = {}
"#;
const JAN_8: &str = include_str!("../fixtures/jan_8_production.toml");

fn scenario(text: &str) -> Scenario {
    let fixture = |name: &str| match name {
        "jan_8_production" => Ok((
            PathBuf::from("fixtures/jan_8_production.toml"),
            JAN_8.to_owned(),
        )),
        _ => Err(FixtureError::Absent(name.to_owned())),
    };
    Scenario::read("a_claim", text, &fixture).expect("a valid scenario")
}

fn scenarios(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scenario");
    let small = scenario(SMALL);
    for (name, level) in [
        ("small", CheckLevel::ExpectationsOnly),
        ("small_proven", CheckLevel::Invariants),
    ] {
        group.bench_function(name, |bench| {
            bench.iter(|| play(black_box(&small), level).expect("a scenario that runs"));
        });
    }
    let production = scenario(PRODUCTION);
    group.sample_size(10);
    group.bench_function("production_proven", |bench| {
        bench.iter(|| {
            play(black_box(&production), CheckLevel::Invariants).expect("a scenario that runs")
        });
    });
    group.finish();
}

criterion_group!(benches, scenarios);
criterion_main!(benches);
