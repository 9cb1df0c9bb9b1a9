//! The program as a person meets it: what it prints, how it ends, and what it survives.

mod bench;
mod calendar_in_force;
mod demo;
mod deploying;
mod empty_holdings;
mod interruptions;
mod measuring;
mod real_prices;
mod refusals;
mod scenarios;
mod serving;
mod simulation;
mod story;
mod walkthrough;
mod watchdog;
