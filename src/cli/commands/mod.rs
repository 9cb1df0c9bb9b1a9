//! The commands: each file has the arguments of one and carries it out.

pub(super) mod accept_prices;
pub(super) mod alerts;
mod author;
pub(super) mod backup;
pub(super) mod capture;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod demo;
mod dispatch;
pub(super) mod explain;
pub(super) mod import;
pub(super) mod init;
pub(super) mod invalidate;
pub(super) mod man;
pub(super) mod metrics;
pub(super) mod onboard;
pub(super) mod plan;
pub(super) mod portfolio;
pub(super) mod price;
pub(super) mod repair;
pub(super) mod replay;
pub(super) mod restore;
pub(super) mod retry;
pub(super) mod run;
pub(super) mod runs;
pub(super) mod scenario;
mod selection;
pub(super) mod serve;
pub(super) mod show;
pub(super) mod shrink;
pub(super) mod sim;
pub(super) mod status;
pub(super) mod token;
pub(super) mod transaction;
pub(super) mod verify;

pub(super) use dispatch::execute;
