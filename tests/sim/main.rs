//! Simulated runs: a fixed, small share of what `plimsoll sim` does on every shipped scenario.

mod explore;
mod faults;
mod fuzz;
mod pair;
mod shrink;
mod support;
