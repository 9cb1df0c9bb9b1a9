//! The command that fetches missing prices: what it is asked, how its answer is imported, and what
//! happens when it is slow, wrong, rate-limited or down.

mod examples;
mod failures;
mod nights;
mod refusals;
mod requests;
mod vendor;
#[path = "../command_line/workspace.rs"]
#[allow(dead_code, reason = "each test uses its part of the module")]
mod workspace;
