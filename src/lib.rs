//! Plimsoll keeps every portfolio's nightly books complete, in an embedded SQLite file.
//!
//! Data flows one way: sources → survey → plan → run → report.
//!
//! | module | purpose |
//! |---|---|
//! | [`domain`] | the nouns: days, portfolios, money, phases, cells, coverage |
//! | [`environment`] | the only source of time, ids and processes |
//! | [`parallel`] | ordered parallel map |
//! | [`process`] | runs commands of the user within a time, and ends what they leave running |
//! | [`durable`] | writes, renames and moves files so that they survive a power cut |
//! | [`plan`] | the planner, without I/O: request + survey + today → plan |
//! | [`phases`] | the calculations, without I/O: sources in columns → books, weights, risk |
//! | [`store`] | all SQL, transactions, migrations |
//! | [`disk`] | a simulated disk for databases, which can fail and lose power |
//! | [`invalidation`] | the cells that a change affects, and removing them from the ledger |
//! | [`engine`] | executes a plan: computes in parallel, commits in order |
//! | [`import`] | files → sources, with a verdict for each row |
//! | [`query`] | answers from a database: status, explain, books, runs, verify |
//! | [`report`] | plans, outcomes and answers → text, grids, JSON, CSV |
//! | [`export`] | sources and books → files that can be imported again |
//! | [`notify`] | notifications of runs and alerts |
//! | [`app`] | use cases of all surfaces: words → run request, inbox → run → notify, preview |
//! | [`scenario`] | worlds and scenarios as TOML files, and their runner |
//! | [`sim`] | runs under crashes, faults and interleavings, on a simulated disk |
//! | [`capture`] | the state of a database, of Plimsoll or another program, as a world |
//! | [`job`] | tests the nightly job of another program with scenarios |
//! | [`serve`] | the server: admin API, pages, schedule |
//! | [`cli`] | arguments → settings → command → exit code |

pub mod app;
pub mod capture;
pub mod cli;
pub mod disk;
pub mod domain;
pub mod durable;
pub mod engine;
pub mod environment;
pub mod export;
pub mod import;
pub mod invalidation;
pub mod job;
pub mod notify;
pub mod parallel;
pub mod phases;
pub mod plan;
pub mod process;
pub mod query;
pub mod report;
pub mod scenario;
pub mod serve;
pub mod sim;
pub mod store;
