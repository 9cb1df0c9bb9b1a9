//! Tests the nightly job of another program: writes worlds into the tables of the job, runs its
//! commands, and observes the cells that they write. `docs/jobs.md` documents job files.
//!
//! | file | does |
//! |---|---|
//! | `spec` | the keys of a job file, with serde |
//! | `schema` | the JSON Schema of job files |
//! | `job_file` | the job that a job file describes |
//! | `read`, `read_database`, `read_commands` | read a job file and check it |
//! | `reader` | reads values, and words the errors that name their lines |
//! | `placeholders` | replaces `{target}` and others in commands and values |
//! | `write_values`, `rows` | make the rows of a world |
//! | `database` | the database of a job: SQLite files, or those of a server |
//! | `scratch` | makes the database once, and copies it |
//! | `access` | the names by which a command finds its database |
//! | `command` | starts commands |
//! | `served` | keeps a process up that makes many runs |
//! | `production` | recognises databases in use, which no job gets |
//! | `outcome` | the ways in which a command fails |
//! | `state` | a world in the tables: writes it, reads the done cells, plans the needed ones |
//! | `request`, `request_values` | a request to a job, and the values that it is told |
//! | `run` | a run of the job with the cells that it wrote |
//! | `pair` | two runs at once |
//! | `bookkeeping` | the rows in which the job counts its own work |
//! | `portfolio_rows` | the rows of portfolios, which a job only reads |
//! | `result` | the run as the values of a transcript |
//! | `applicable` | worlds and steps that a job cannot take |
//! | `play` | plays a scenario with the job |
//! | `subject` | a job on a world |
//! | `unchecked` | the promises that are not checked |
//! | `run_checks`, `promises` | check promises on one run, on a world |
//! | `amount_checks` | checks the amounts that a job writes |
//! | `worlds`, `drawn_portfolio` | generates small worlds from a seed, portfolio by portfolio |
//! | `shrink` | makes a scenario smaller on which a job fails |
//! | `nights` | draws the runs of a world, and the changes between them |
//! | `fuzz` | draws worlds until a promise breaks, and shrinks the one on which it does |
//! | `faults` | fails and kills the job at each of its writes |
//! | `check` | tries a job on a small world |
//! | `suite` | plays scenario files, with golden files of the job |
//! | `error` | errors, with the line of the job file |

mod access;
mod amount_checks;
mod applicable;
mod bookkeeping;
mod check;
mod command;
mod database;
mod drawn_portfolio;
mod error;
mod faults;
mod fuzz;
mod job_file;
mod nights;
mod outcome;
mod pair;
mod placeholders;
mod play;
mod portfolio_rows;
mod production;
mod promises;
mod read;
mod read_commands;
mod read_database;
mod reader;
mod request;
mod request_values;
mod result;
mod rows;
mod run;
mod run_checks;
mod schema;
mod scratch;
mod served;
mod shrink;
mod spec;
mod state;
mod subject;
mod suite;
mod unchecked;
mod worlds;
mod write_values;

pub use crate::scenario::runner::{Promise, UncheckedPromise};
pub use check::{JobCheck, TriedCommand, check_job};
pub use error::{JobError, MakeError};
pub use faults::{JobFaultReport, inject_job_faults};
pub use fuzz::{FoundWorld, JobFuzzOptions, JobFuzzReport, JobFuzzTimes, fuzz_job};
pub use job_file::Job;
pub use outcome::{CommandFailure, FailedEnd};
pub use play::JobPlay;
pub use read::read_job;
pub use run_checks::BrokenPromise;
pub use schema::job_schema;
pub use shrink::shrink_with_job;
pub use suite::run_with_job;
pub use worlds::generate_world;
