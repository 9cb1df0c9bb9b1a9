//! Simulated runs: a fixed, small share of what `plimsoll sim` does on every shipped scenario.

mod explored;
mod faulted;
mod fuzzed;
mod paired;
mod shrunk;
mod support;
