//! `plimsoll job` and `scenario run --job` with the example jobs, and with jobs that misbehave.
//!
//! | file | checks |
//! |---|---|
//! | `workspace` | a folder with a job file, in which tests run the program |
//! | `scenarios` | scenarios with a job: expectations, promises, golden files, what does not apply |
//! | `promises` | the promises that each example job keeps and breaks |
//! | `unchecked` | promises that are not checked, and commands that do not work |
//! | `nights` | several nights, long worlds, and scenarios made small with a job |
//! | `amounts` | amounts that a job writes |
//! | `tables` | the forms of values in the tables, in jobs and in captures |
//! | `docs` | the job files of the docs |
//! | `misbehaviour` | jobs that hang, print without end, change tables, or are not there |

mod amounts;
mod docs;
mod misbehaviour;
mod nights;
mod promises;
mod scenarios;
mod tables;
mod unchecked;
mod workspace;
