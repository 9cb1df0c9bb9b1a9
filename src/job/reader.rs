//! Reads the values of a job file, and words the errors that name their lines.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::JobError;
use super::placeholders::check;
use super::production::named_database;

/// The text of a job file, to find the lines of its values.
pub(super) struct Reader<'r> {
    pub(super) path: &'r Path,
    pub(super) text: &'r str,
    /// Reads an environment variable.
    pub(super) variable: &'r dyn Fn(&str) -> Option<String>,
}

impl Reader<'_> {
    /// Returns the folder of the job file.
    pub(super) fn folder(&self) -> PathBuf {
        let absolute = std::path::absolute(self.path).unwrap_or_else(|_| self.path.to_owned());
        absolute.parent().unwrap_or(Path::new("/")).to_owned()
    }

    /// Refuses a text that names a database in use.
    pub(super) fn check_scratch(
        &self,
        text: &str,
        folder: &Path,
        line: usize,
    ) -> Result<(), JobError> {
        match named_database(text, folder) {
            None => Ok(()),
            Some(database) => Err(self.in_use(&database, line)),
        }
    }

    /// Returns the error of a command or variable that names a database in use.
    pub(super) fn in_use(&self, database: &str, line: usize) -> JobError {
        let problem = format!(
            "`{database}` is a database in use: a job under test gets its scratch database as \
             `{{path}}`, `{{url}}` or `{{database}}`"
        );
        self.problem(line, problem)
    }

    pub(super) fn placeholders(
        &self,
        text: &str,
        known: &[&'static str],
        line: usize,
    ) -> Result<(), JobError> {
        check(text, known).map_err(|unknown| {
            let name = unknown.name;
            self.problem(
                line,
                match unknown.nearest {
                    Some(nearest) => {
                        format!("unknown placeholder `{{{name}}}`; did you mean `{{{nearest}}}`?")
                    }
                    None if known.is_empty() => format!(
                        "`serve` has no placeholders such as `{{{name}}}`: its runs get JSON"
                    ),
                    None => format!(
                        "unknown placeholder `{{{name}}}` (known: {})",
                        known.join(", ")
                    ),
                },
            )
        })
    }

    pub(super) fn line(&self, span: Range<usize>) -> usize {
        let before = &self.text[..span.start.min(self.text.len())];
        before.matches('\n').count() + 1
    }

    pub(super) fn problem(&self, line: usize, problem: String) -> JobError {
        JobError::Value {
            path: self.path.to_owned(),
            line,
            problem,
        }
    }
}

/// Reads a file as text.
pub(super) fn read_text(path: &Path) -> Result<String, JobError> {
    std::fs::read_to_string(path).map_err(|source| JobError::File {
        path: path.to_owned(),
        source,
    })
}
