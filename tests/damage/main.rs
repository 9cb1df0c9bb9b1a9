//! Damages database files at random, and puts logs beside databases that they do not belong to.

#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod harness;

mod bit_flips;
mod left_logs;
mod tables;
