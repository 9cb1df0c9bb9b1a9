//! Plimsoll keeps every portfolio's nightly books complete on an embedded SQLite file.
//!
//! Data flows one way: sources → survey → plan → run → report.
//!
//! | module | is |
//! |---|---|
//! | [`domain`] | the nouns: days, portfolios, money, phases, cells, coverage |
//! | [`plan`] | pure: request + survey + today → plan |
//! | [`phases`] | pure: sources in columns → books, weights, risk |
//! | [`store`] | all SQL, transactions, migrations |
//! | [`engine`] | executes a plan: compute in parallel, commit in order |
//! | [`environment`] | the one way in for time and ids |
//! | [`parallel`] | many things side by side, what comes of them in order |
//! | [`import`] | files → sources, with a verdict per row |
//! | [`query`] | answers questions from a database: status, explain, books, runs, verify |
//! | [`scenario`] | worlds as TOML files |
//! | [`sim`] | runs that crash, fail and meet others, on a disk that is simulated |
//! | [`capture`] | states of databases as worlds |
//! | [`report`] | plans and outcomes → text, grid, JSON |
//! | [`notify`] | a word to the outside: a night is done, something is wrong |
//! | [`serve`] | the server: admin API and pages |
//! | [`cli`] | arguments, settings, commands, exit codes |

pub mod capture;
pub mod cli;
pub mod domain;
pub mod engine;
pub mod environment;
pub mod import;
pub mod notify;
pub mod parallel;
pub mod phases;
pub mod plan;
pub mod query;
pub mod report;
pub mod scenario;
pub mod serve;
pub mod sim;
pub mod store;
