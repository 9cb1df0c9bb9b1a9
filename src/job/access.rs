//! Lists the names by which a command finds its scratch database: placeholders, and variables of its
//! environment.

use std::time::Duration;

#[cfg(feature = "postgres")]
use crate::store::{PasswordInUrl, PostgresLogin};
use crate::store::{ScratchDatabase, ScratchLocation};

/// The time that a server has to notice that a process has ended.
pub(super) const SESSION_GRACE: Duration = Duration::from_millis(500);

/// The names of a scratch database.
#[derive(Debug, Clone, Default)]
pub(super) struct ScratchAccess {
    /// The values of placeholders in arguments, which all users of the machine can see.
    pub(super) arguments: Vec<(&'static str, String)>,
    /// The values of placeholders in environment variables, with the password of the server.
    pub(super) environment: Vec<(&'static str, String)>,
    /// Variables that the command gets in any case.
    pub(super) variables: Vec<(&'static str, String)>,
}

impl ScratchAccess {
    /// Lists the names of a database. `scheme` is that of a server's URL.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables))]
    pub(super) fn to_database(database: &dyn ScratchDatabase, scheme: &str) -> Self {
        match database.location() {
            ScratchLocation::File(path) => {
                let path = path.display().to_string();
                // As SQLAlchemy reads it.
                let url = format!("sqlite:///{path}");
                let names = vec![("path", path), ("url", url)];
                Self {
                    arguments: names.clone(),
                    environment: names,
                    variables: Vec::new(),
                }
            }
            #[cfg(feature = "postgres")]
            ScratchLocation::Postgres(login, name) => Self {
                arguments: server_names(login, name, scheme, PasswordInUrl::LeftOut),
                environment: server_names(login, name, scheme, PasswordInUrl::Shown),
                variables: login.variables(Some(name)),
            },
        }
    }

    /// Lists the names of the server of a database, for a process that uses many.
    pub(super) fn to_server(database: &dyn ScratchDatabase) -> Self {
        match database.location() {
            ScratchLocation::File(_) => Self::default(),
            #[cfg(feature = "postgres")]
            ScratchLocation::Postgres(login, _) => Self {
                variables: login.variables(None),
                ..Self::default()
            },
        }
    }
}

#[cfg(feature = "postgres")]
fn server_names(
    login: &PostgresLogin,
    database: &str,
    scheme: &str,
    password: PasswordInUrl,
) -> Vec<(&'static str, String)> {
    vec![
        ("url", login.url(scheme, database, password)),
        ("database", database.to_owned()),
    ]
}
