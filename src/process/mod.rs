//! Runs commands of the user's: jobs under test, and the command that fetches prices.
//!
//! | file | does |
//! |---|---|
//! | `running` | runs one command within a time and with bounded output |
//! | `group` | reads the states of the processes of a group |
//! | `output` | keeps the beginning and the end of what it writes |
//! | `mark` | finds the processes that a command started |

mod group;
mod mark;
mod output;
mod running;

pub(crate) use mark::ProcessMark;
pub(crate) use output::readable;
pub(crate) use running::{
    Exchange, FinishedProcess, KillInWrite, ProcessEnd, ProcessLimits, RunningProcess,
};
