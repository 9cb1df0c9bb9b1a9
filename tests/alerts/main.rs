//! A word to the outside: what is told, when, and that nothing of it is lost or told twice.

mod nights;
mod outside;
mod program;
#[path = "../support/stage.rs"]
#[allow(dead_code, reason = "each test uses its part of the stage")]
mod stage;
