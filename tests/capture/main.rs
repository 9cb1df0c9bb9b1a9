//! States become worlds and worlds become the same states again.
//!
//! | file | claims |
//! |---|---|
//! | `again` | what is captured, loaded and captured once more is the same, and so are all plans |
//! | `round_trips` | that of states that were made on purpose |
//! | `incident` | the incident's own tables, in a SQLite file and as exports |
//! | `refusals` | what is wrong with a map or a source is said with column and line |
//! | `scrubbed` | pseudonyms and shifted days change no plan, and tell nothing |
//! | `replays` | what each policy does on a state, and what nights of it lead to |
//! | `with_sources` | a state with its sources comes to the same books |
//! | `documentation` | the examples of `docs/capture.md` are what the program prints |
//! | `properties` | that of random states |
//! | `scale` | what a large state costs |

#[path = "../command_line/workspace.rs"]
#[allow(dead_code, reason = "each test uses its part of the bench")]
mod bench;
mod documentation;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test uses its part of the harness")]
mod harness;
mod incident;
mod properties;
mod refusals;
mod replays;
mod round_trips;
mod scale;
mod scrubbed;
mod support;
mod with_sources;
#[path = "../run_properties/world.rs"]
#[allow(dead_code, reason = "a night is more than its world")]
mod world;
