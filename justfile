# The usual commands. `just` alone lists them.

[private]
default:
    @just --list

# Format, lints, unit tests, planner tests and structure: run it before each commit.
quick:
    cargo fmt --check
    cargo clippy --locked --all-targets --features mutants,postgres -- -D warnings
    cargo test --locked --lib --test planner_properties --test layers

# Everything that continuous integration runs.
full:
    bash .ci/run

# Every test of the README's second command.
test:
    cargo test --locked

# Keep the golden files that the tests write now; review `git diff snapshots` afterwards.
accept:
    INSTA_UPDATE=always cargo test --locked --no-fail-fast
    cargo run --locked -- scenario run scenarios --accept

# Licences, duplicate versions and sources of the dependencies.
deny:
    cargo deny --locked check bans licenses sources

# The crate's documentation, private items included, with warnings denied.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --features postgres --no-deps --document-private-items

# Criterion benches; docs/performance.md says which figure comes from which bench.
bench *ARGS:
    cargo bench --locked {{ ARGS }}
