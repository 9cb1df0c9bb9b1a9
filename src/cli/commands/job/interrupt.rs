//! Stops the commands of a job on Ctrl-C, so that no process and no scratch database stays.

use std::sync::atomic::{AtomicBool, Ordering};

/// Returns a flag that Ctrl-C sets. A second Ctrl-C ends the program at once.
pub(in crate::cli) fn cancel_on_interrupt() -> &'static AtomicBool {
    static CANCEL: AtomicBool = AtomicBool::new(false);
    // Fails if this process has a handler already, which ends it as before.
    let _ = ctrlc::set_handler(|| {
        if CANCEL.swap(true, Ordering::AcqRel) {
            std::process::exit(130);
        }
    });
    &CANCEL
}
