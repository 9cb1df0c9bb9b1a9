//! Environment variables and default files of `libpq`, as far as a capture uses them.

use std::fmt;
use std::path::{Path, PathBuf};

/// The environment variables that `libpq` reads for a login and for TLS. A value in the URL wins.
#[derive(Clone, Default)]
pub struct LibpqVariables {
    pub(super) user: Option<String>,
    pub(super) database: Option<String>,
    pub(super) password: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) tls_mode: Option<String>,
    pub(super) root_certificates: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    /// The name of the operating system's user, which is the default user of the database.
    pub(super) system_user: Option<String>,
    home: Option<PathBuf>,
}

// Without the password.
impl fmt::Debug for LibpqVariables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LibpqVariables(***)")
    }
}

impl LibpqVariables {
    /// Reads the variables with `variable`; an empty one counts as not set.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            user: get("PGUSER"),
            database: get("PGDATABASE"),
            password: get("PGPASSWORD"),
            password_file: get("PGPASSFILE").map(PathBuf::from),
            tls_mode: get("PGSSLMODE"),
            root_certificates: get("PGSSLROOTCERT"),
            certificate: get("PGSSLCERT"),
            key: get("PGSSLKEY"),
            system_user: get("USER"),
            home: get("HOME").map(PathBuf::from),
        }
    }

    /// Returns the path of a file in the home folder, if there is one.
    pub(super) fn home_file(&self, name: &str) -> Option<PathBuf> {
        let home = self.home.as_deref()?;
        Some(home.join(Path::new(name))).filter(|path| path.exists())
    }

    /// Returns the path that a message names for a file in the home folder.
    pub(super) fn home_path(&self, name: &str) -> PathBuf {
        self.home.clone().unwrap_or_else(|| "~".into()).join(name)
    }
}
