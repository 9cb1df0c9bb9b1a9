//! Captures states as worlds, and loads worlds back into equal states.
//!
//! | file | tests |
//! |---|---|
//! | `support` | capture, load and capture again: the same text and the same plans |
//! | `round_trips` | round trips of handmade states |
//! | `incident` | the incident's own tables, in a SQLite file and as exports |
//! | `refusals` | errors in a map or a source, with column and line |
//! | `watched` | `check` and `capture --json` on another program's tables |
//! | `scrubbed` | pseudonyms and shifted days change no plan and reveal nothing |
//! | `replays` | simulated nights of each policy |
//! | `with_sources` | a state captured with its sources gives the same books |
//! | `documentation` | the examples of `docs/capture.md` print the documented output |
//! | `properties` | round trips of random states |
//! | `scale` | time and memory of capturing a large state |

#[path = "../command_line/workspace.rs"]
#[allow(
    dead_code,
    reason = "this test target uses only a part of the workspace"
)]
mod bench;
mod documentation;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "this test target uses only a part of the harness")]
mod harness;
mod incident;
mod properties;
mod refusals;
mod replays;
mod round_trips;
mod scale;
mod scrubbed;
mod support;
mod watched;
mod with_sources;
#[path = "../run_properties/world.rs"]
#[allow(
    dead_code,
    reason = "this test target uses only the worlds of the run cases"
)]
mod world;
