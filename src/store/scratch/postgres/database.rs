//! One scratch database of a PostgreSQL server.

use std::sync::Arc;
use std::time::Duration;

use postgres::Client;
use postgres::error::ErrorPosition;

use super::connection::PostgresScratchConnection;
use super::server::ScratchServer;
use crate::store::error::StoreError;
use crate::store::postgres::{PostgresConnection, PostgresError};
use crate::store::scratch::database::{ScratchConnection, ScratchDatabase, ScratchLocation};

/// The name under which the server lists connections to scratch databases.
const APPLICATION: &str = "plimsoll job";

/// A database of a server, which is dropped with the value.
#[derive(Debug)]
pub(crate) struct PostgresScratch {
    server: Arc<ScratchServer>,
    name: String,
}

impl PostgresScratch {
    /// Makes an empty database on a server.
    pub(crate) fn create(server: &Arc<ScratchServer>) -> Result<Self, PostgresError> {
        Self::create_from(server, None)
    }

    fn create_from(
        server: &Arc<ScratchServer>,
        template: Option<&str>,
    ) -> Result<Self, PostgresError> {
        let name = server.create_database(template)?;
        let server = Arc::clone(server);
        Ok(Self { server, name })
    }

    fn client(&self) -> Result<Client, PostgresError> {
        let login = self
            .server
            .login()
            .to_database(Some(&self.name), APPLICATION);
        let PostgresConnection { client, .. } = login.connect()?;
        Ok(client)
    }

    fn connection(&self) -> Result<PostgresScratchConnection, PostgresError> {
        let redactor = self.server.login().redactor().clone();
        PostgresScratchConnection::new(self.client()?, redactor)
    }
}

impl Drop for PostgresScratch {
    fn drop(&mut self) {
        if let Err(error) = self.server.drop_database(&self.name) {
            let name = &self.name;
            tracing::warn!("failed to drop `{name}`; the next run of a job drops it: {error}");
        }
    }
}

impl ScratchDatabase for PostgresScratch {
    fn location(&self) -> ScratchLocation<'_> {
        ScratchLocation::Postgres(self.server.login(), &self.name)
    }

    fn run_script(&self, script: &str) -> Result<(), StoreError> {
        let script = without_psql_commands(script);
        let run = self.client()?.batch_execute(&script);
        run.map_err(|error| {
            let reason = self.server.login().redactor().redacted_reason(&error);
            let position = error.as_db_error().and_then(|error| error.position());
            PostgresError::Database(match position {
                Some(ErrorPosition::Original(at)) => {
                    let before = script.chars().take(*at as usize);
                    let line = before.filter(|letter| *letter == '\n').count() + 1;
                    format!("line {line} of the schema: {reason}")
                }
                _ => reason,
            })
        })?;
        Ok(())
    }

    fn connect_unmarked(&self) -> Result<Box<dyn ScratchConnection>, StoreError> {
        Ok(Box::new(self.connection()?))
    }

    fn connect(&self) -> Result<Box<dyn ScratchConnection>, StoreError> {
        let mut connection = self.connection()?;
        match connection.is_marked()? {
            true => Ok(Box::new(connection)),
            false => Err(StoreError::NotScratch(self.name.clone().into())),
        }
    }

    fn copy(&self) -> Result<Box<dyn ScratchDatabase>, StoreError> {
        Ok(Box::new(Self::create_from(&self.server, Some(&self.name))?))
    }

    fn end_sessions(&self, grace: Duration) -> Result<(), StoreError> {
        Ok(self.server.end_sessions(&self.name, grace)?)
    }

    fn is_in_write(&self) -> Result<bool, StoreError> {
        Ok(self.server.has_hanging_write(&self.name)?)
    }

    fn sees_fault(&self) -> bool {
        true
    }

    fn redacted(&self, output: String) -> String {
        self.server.login().redactor().redacted(output)
    }
}

/// Leaves out the commands that newer versions of `pg_dump` write for `psql`. Lines keep their
/// numbers.
fn without_psql_commands(script: &str) -> String {
    let is_command =
        |line: &str| line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
    let lines = script.split_inclusive('\n');
    lines
        .map(|line| if is_command(line) { "\n" } else { line })
        .collect()
}
