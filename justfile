# The usual commands. `just` without arguments lists them.

[private]
default:
    @just --list

# Check format, lints, unit tests, planner tests and structure. Run it before each commit.
quick:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --test mutants -- -D warnings
    cargo test --locked --lib --test planner_properties --test layers

# Run all checks of continuous integration, except advisories.
full:
    bash .ci/run

# Run all tests that need only Rust and a C compiler.
test:
    cargo test --locked

# Run the tests with random cases ROUNDS times, each time with new ones, up to the first failure.
properties ROUNDS="10":
    for round in $(seq {{ ROUNDS }}); do \
        cargo test --locked --lib --test run_properties --test planner_properties \
            --test import_effects --test import_formats --test capture || exit 1; \
    done

# Check generated histories with fresh seeds for BUDGET.
histories BUDGET="10m":
    cargo run --locked --release -- sim histories --budget {{ BUDGET }}

# Fuzz TARGETS, or all of them, for SECONDS each.
fuzz SECONDS="60" *TARGETS:
    fuzz/run -max_total_time={{ SECONDS }} {{ TARGETS }}

# Make every fault of tests/mutants, and check that it is found.
mutants:
    cargo test --locked --test mutants

# Make every fault that cargo-mutants knows in PATHS, and report those that no test finds.
mutation +PATHS="src/plan":
    status=0; \
    for path in {{ PATHS }}; do \
        mkdir -p "target/mutants/$path"; \
        CARGO_TARGET_DIR=$PWD/target cargo mutants --file "$path/**" \
            --output "target/mutants/$path" -- \
            --test planner_properties --test import_effects --test scenarios || status=$?; \
    done; \
    exit $status

# Attack a server with slow clients and ten thousand idle connections for SECONDS.
hostile-clients SECONDS="3600":
    HOSTILE_SECONDS={{ SECONDS }} HOSTILE_IDLE=10000 \
        cargo test --locked --release --test hostile_clients -- --nocapture

# Accept the current output as golden files. Review `git diff snapshots` afterwards.
accept:
    INSTA_UPDATE=always cargo test --locked --no-fail-fast
    cargo run --locked -- scenario run scenarios --accept

# Check licences, duplicate versions and sources of dependencies.
deny:
    cargo deny --locked check bans licenses sources

# Build the docs of the crate with private items, and deny warnings.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# Run Criterion benches, such as `just bench --bench planning`; docs/performance.md lists them.
bench *ARGS:
    cargo bench --locked {{ ARGS }}
