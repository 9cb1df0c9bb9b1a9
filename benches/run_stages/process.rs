//! Reads the cost of this process so far from Linux; other systems report nothing.

/// Returns the peak memory of this process in bytes, on Linux.
pub(crate) fn peak_memory() -> Option<u64> {
    Some(read_proc_value("/proc/self/status", "VmHWM:")? * 1024)
}

/// Returns the number of write calls of this process so far, on Linux.
pub(crate) fn writes_so_far() -> Option<u64> {
    read_proc_value("/proc/self/io", "syscw:")
}

/// Returns the number in the line of a `/proc` file that starts with `prefix`.
fn read_proc_value(file: &str, prefix: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(prefix))?;
    line.split_whitespace().next()?.parse().ok()
}
