//! Tests of the program as a process: its output, its exit codes, and what it survives.

mod annualisation;
mod calendar_in_force;
mod calendar_travels;
mod configuration_changes;
mod corrections;
mod damage;
mod demo;
mod deploying;
mod empty_holdings;
mod export;
mod interruptions;
mod open_reader;
mod outage;
mod own_calendars;
mod readme_example;
mod real_prices;
mod records;
mod refusals;
mod refused_runs;
mod run_stages_bench;
mod scenarios;
#[path = "../support/server_process.rs"]
mod server_process;
mod serving;
mod simulation;
mod stale_inputs;
mod validity;
mod walkthrough;
mod watchdog;
mod workspace;
