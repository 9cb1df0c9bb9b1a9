//! What is logged, and how loud: plain lines on standard error, in the words of the incident.

use tracing::Level;

use super::{Arguments, Command};

/// Starts logging as it was asked for. Scenarios and simulations are full of what a real night would warn of, and
/// tell it themselves.
pub(super) fn init(arguments: &Arguments) {
    let usual = match arguments.command {
        Command::Scenario(_) | Command::Sim(_) | Command::Shrink(_) => Level::ERROR,
        _ => Level::WARN,
    };
    let most = match (arguments.global.quiet, arguments.global.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => usual,
        (false, 1) => Level::INFO,
        (false, 2) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(most)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
}
