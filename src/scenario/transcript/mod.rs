//! Formats the result of a scenario as text: the content of a golden file, which a reviewer reads.
//!
//! It holds decisions and results, never durations, so that a scenario gives the same bytes on
//! every machine.
//!
//! | file | writes |
//! |---|---|
//! | `text` | the transcript |
//! | `run` | the result of a run, or a plan that was not run |
//! | `grid` | the cells of a run, on notable sessions |
//! | `lines` | collects the lines |

mod grid;
mod lines;
mod run;
mod text;

pub use lines::Detail;
pub use text::transcript;
