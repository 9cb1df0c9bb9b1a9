//! Simulated runs: a small fixed part of what `plimsoll sim` does for every shipped scenario.

mod configured;
mod explore;
mod faults;
mod fuzz;
mod histories;
mod pair;
mod shrink;
mod storage_calls;
mod support;
mod writers;
