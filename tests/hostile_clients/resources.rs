//! The memory, descriptors and threads of a process, from `/proc`.

use std::fmt;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Resources {
    /// The bytes of memory that it has in use.
    pub(crate) memory: u64,
    pub(crate) descriptors: usize,
    pub(crate) threads: u64,
}

impl Resources {
    pub(crate) fn of(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let value = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.unwrap().parse().unwrap()
        };
        let descriptors = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
        Self {
            memory: value("VmRSS:") << 10,
            descriptors: descriptors.count(),
            threads: value("Threads:"),
        }
    }

    /// Returns the larger value of each.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            memory: self.memory.max(other.memory),
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
        }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            memory,
            descriptors,
            threads,
        } = self;
        let kilobytes = memory >> 10;
        write!(
            f,
            "{kilobytes} kB, {descriptors} descriptors, {threads} threads"
        )
    }
}
