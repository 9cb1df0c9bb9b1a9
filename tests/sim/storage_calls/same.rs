//! Compares the calls of each command.

use plimsoll::disk::SimulatedDisk;

use super::recorded_disk::{Places, calls_on_disk, calls_on_files};

/// Returns the first calls that differ, with those before.
pub(super) fn difference(
    before: &SimulatedDisk,
    command: &dyn Fn(&Places),
) -> std::io::Result<Option<String>> {
    let simulated = calls_on_disk(before, command);
    let real = calls_on_files(before, command)?;
    if simulated == real {
        return Ok(simulated.is_empty().then(|| "no calls".to_owned()));
    }
    let same = simulated.iter().zip(&real).take_while(|(a, b)| a == b);
    let at = same.count();
    let shown = |calls: &[String]| calls[at.saturating_sub(8)..calls.len().min(at + 4)].join("\n");
    Ok(Some(format!(
        "at call {at} of {} and {}\non the disk:\n{}\non files:\n{}",
        simulated.len(),
        real.len(),
        shown(&simulated),
        shown(&real)
    )))
}
