//! Simulated runs: a fixed, small share of what `plimsoll sim` does on every shipped scenario.

mod explored;
mod faulted;
mod paired;
mod support;
