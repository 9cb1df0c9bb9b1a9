//! The program as a person meets it: what it prints, how it ends, and what it survives.

mod bench_command;
mod calendar_in_force;
mod demo;
mod deploying;
mod empty_holdings;
mod interruptions;
mod readme_example;
mod real_prices;
mod refusals;
mod scenarios;
mod serving;
mod simulation;
mod walkthrough;
mod watchdog;
mod workspace;
