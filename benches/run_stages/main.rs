//! Measures nightly runs on generated books of a given size, and prints the median time of each
//! stage: `cargo bench --bench run_stages -- --portfolios 1000 --sessions 250`.
//!
//! | file | holds |
//! |---|---|
//! | `command` | arguments and order of work |
//! | `measurement` | one measured night |
//! | `floor` | the time that a writer alone takes for the rows of a night |
//! | `process` | memory and write calls of this process |
//! | `report` | results as text and JSON |

mod command;
mod floor;
mod measurement;
mod process;
mod report;

use clap::Parser;

/// The allocator of the program, so that the numbers apply to it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    command::execute(&command::BenchArgs::parse(), &mut std::io::stdout())
}
