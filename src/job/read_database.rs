//! Reads the database of a job file, and the way in which its tables are made.

use std::path::Path;

#[cfg(feature = "postgres")]
use super::database::JobServer;
use super::database::{DEFAULT_SCHEME, JobDatabase};
use super::error::JobError;
use super::job_file::Make;
use super::reader::Reader;
use super::spec::{DatabaseKind, DatabaseSpec};
#[cfg(feature = "postgres")]
use crate::store::LibpqVariables;

/// The environment variable with the URL of a server, unless the file names another one.
const DEFAULT_SERVER: &str = "PLIMSOLL_JOB_SERVER";

impl Reader<'_> {
    pub(super) fn database(&self, spec: &DatabaseSpec) -> Result<JobDatabase, JobError> {
        let kind = spec.kind.as_ref();
        if kind.is_none_or(|kind| *kind.get_ref() == DatabaseKind::Sqlite) {
            if let Some(key) = spec.server.as_ref().or(spec.url_scheme.as_ref()) {
                let problem = "`server` and `url-scheme` are for `kind = \"postgres\"`";
                return Err(self.problem(self.line(key.span()), problem.to_owned()));
            }
            return Ok(JobDatabase::Sqlite);
        }
        let place = spec.server.as_ref().map(toml::Spanned::span);
        let place = place.or(kind.map(toml::Spanned::span));
        let line = place.map_or(1, |place| self.line(place));
        let variable = spec.server.as_ref();
        let variable = variable.map_or(DEFAULT_SERVER, |name| name.get_ref());
        // The value is not shown: it may have a password.
        if variable.is_empty() || variable.contains(|c: char| !c.is_alphanumeric() && c != '_') {
            let problem = "`server` is the name of an environment variable that has the URL, not \
                           the URL";
            return Err(self.problem(line, problem.to_owned()));
        }
        let scheme = spec.url_scheme.as_ref();
        let scheme = scheme.map_or(DEFAULT_SCHEME, |scheme| scheme.get_ref());
        let url = (self.variable)(variable).filter(|url| !url.is_empty());
        let Some(url) = url else {
            let problem = format!(
                "set `{variable}` to the URL of a server on which scratch databases may be made, \
                 such as postgres://USER:PASSWORD@localhost:5432/postgres"
            );
            return Err(self.problem(line, problem));
        };
        self.server(variable, &url, scheme, line)
    }

    #[cfg(feature = "postgres")]
    fn server(
        &self,
        variable: &str,
        url: &str,
        scheme: &str,
        line: usize,
    ) -> Result<JobDatabase, JobError> {
        Ok(JobDatabase::Postgres(Box::new(JobServer {
            url: url.to_owned().into(),
            variables: LibpqVariables::read(self.variable),
            variable: variable.to_owned(),
            line,
            scheme: scheme.to_owned(),
        })))
    }

    #[cfg(not(feature = "postgres"))]
    fn server(
        &self,
        _variable: &str,
        _url: &str,
        _scheme: &str,
        line: usize,
    ) -> Result<JobDatabase, JobError> {
        let problem = "this program was built without PostgreSQL: build it with default features";
        Err(self.problem(line, problem.to_owned()))
    }

    pub(super) fn make(
        &self,
        spec: &DatabaseSpec,
        database: &JobDatabase,
        (folder, working_folder): (&Path, &Path),
    ) -> Result<Make, JobError> {
        match (&spec.schema, &spec.make) {
            (Some(schema), None) => Ok(Make::Schema {
                path: folder.join(schema.get_ref()),
                line: self.line(schema.span()),
            }),
            (None, Some(make)) => {
                let command = self.command(make, database.placeholders(), working_folder)?;
                Ok(Make::Command(command))
            }
            _ => Err(self.problem(
                1,
                "`[database]` needs either `schema`, a file of SQL statements, or `make`, a \
                 command that makes the tables"
                    .to_owned(),
            )),
        }
    }
}
