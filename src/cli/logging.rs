//! What is logged, and how loud: plain lines on standard error, in the words of the incident.

use tracing::Level;

use super::GlobalArgs;

/// Starts logging as it was asked for.
pub(super) fn start(global: &GlobalArgs) {
    let most = match (global.quiet, global.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
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
