//! Reads job files with the variables of the environment.

use std::path::Path;

use crate::cli::error::CliError;
use crate::job::{Job, read_job};

/// Reads a job file.
#[expect(clippy::disallowed_methods, reason = "read once, by the command line")]
pub(in crate::cli) fn read_job_file(path: &Path) -> Result<Job, CliError> {
    Ok(read_job(path, &|name| std::env::var(name).ok())?)
}
