//! Writes the address of a database for other programs: as a URL, and as variables of `libpq`.

use postgres::Config;

use super::login::{PostgresLogin, host_and_port};

/// Whether a URL has the password. Arguments of a process are seen by all users of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordInUrl {
    Shown,
    LeftOut,
}

impl PostgresLogin {
    /// Returns the URL of a database of the server, with a scheme such as `postgresql+psycopg`.
    pub(crate) fn url(&self, scheme: &str, database: &str, password: PasswordInUrl) -> String {
        let config = &self.config;
        let mut login = config.get_user().map(encoded).unwrap_or_default();
        if let (PasswordInUrl::Shown, Some(password)) = (password, config.get_password()) {
            login += ":";
            login += &encoded_bytes(password);
        }
        if !login.is_empty() {
            login += "@";
        }
        let (mut hosts, mut parameters) = (Vec::new(), Vec::new());
        for (host, port) in addresses(config) {
            match host.starts_with('/') {
                // The folder of a socket.
                true => parameters.push(format!("host={}&port={port}", encoded(&host))),
                false if host.contains(':') => hosts.push(format!("[{host}]:{port}")),
                false => hosts.push(format!("{host}:{port}")),
            }
        }
        let kept = self
            .parameters
            .iter()
            .filter(|(key, _)| **key != "passfile");
        parameters.extend(kept.map(|(key, value)| format!("{key}={}", encoded(value))));
        let mut url = format!(
            "{scheme}://{login}{}/{}",
            hosts.join(","),
            encoded(database)
        );
        if !parameters.is_empty() {
            url += "?";
            url += &parameters.join("&");
        }
        url
    }

    /// Returns the variables by which `libpq` finds the server, and a database of it.
    pub(crate) fn variables(&self, database: Option<&str>) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let (hosts, ports): (Vec<_>, Vec<_>) = addresses(config)
            .into_iter()
            .map(|(host, port)| (host, port.to_string()))
            .unzip();
        let mut variables = vec![("PGHOST", hosts.join(",")), ("PGPORT", ports.join(","))];
        let password = config.get_password();
        let password = password.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let parameter = |key| self.parameters.get(key).cloned();
        for (name, value) in [
            ("PGUSER", config.get_user().map(str::to_owned)),
            ("PGDATABASE", database.map(str::to_owned)),
            ("PGPASSWORD", password),
            ("PGSSLMODE", parameter("sslmode")),
            ("PGSSLROOTCERT", parameter("sslrootcert")),
            ("PGSSLCERT", parameter("sslcert")),
            ("PGSSLKEY", parameter("sslkey")),
        ] {
            variables.extend(value.map(|value| (name, value)));
        }
        variables
    }

    /// Returns the name of the database of the login.
    pub(crate) fn database(&self) -> &str {
        let config = &self.config;
        config
            .get_dbname()
            .or(config.get_user())
            .unwrap_or_default()
    }
}

fn addresses(config: &Config) -> Vec<(String, u16)> {
    (0..config.get_hosts().len())
        .map(|at| host_and_port(config, at))
        .collect()
}

fn encoded(text: &str) -> String {
    encoded_bytes(text.as_bytes())
}

fn encoded_bytes(bytes: &[u8]) -> String {
    let encoded: String = form_urlencoded::byte_serialize(bytes).collect();
    encoded.replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::variables::LibpqVariables;
    use crate::store::redaction::PostgresUrl;

    fn login(url: &str) -> PostgresLogin {
        let url = PostgresUrl::from(url.to_owned());
        PostgresLogin::parse(&url, &LibpqVariables::default()).unwrap()
    }

    #[test]
    fn urls_keep_their_parameters_and_have_the_password_only_on_request() {
        let login = login("postgres://a%20p:s%2Fc+r@db:5433/app?sslmode=require&passfile=/p");
        let url = |password| login.url("postgresql+psycopg", "scratch", password);
        assert_eq!(
            url(PasswordInUrl::LeftOut),
            "postgresql+psycopg://a%20p@db:5433/scratch?sslmode=require"
        );
        assert_eq!(
            url(PasswordInUrl::Shown),
            "postgresql+psycopg://a%20p:s%2Fc%2Br@db:5433/scratch?sslmode=require"
        );
        let variables = login.variables(Some("scratch"));
        for expected in [
            ("PGHOST", "db"),
            ("PGPORT", "5433"),
            ("PGUSER", "a p"),
            ("PGDATABASE", "scratch"),
            ("PGPASSWORD", "s/c+r"),
            ("PGSSLMODE", "require"),
        ] {
            assert!(variables.contains(&(expected.0, expected.1.to_owned())));
        }
        assert_eq!(login.database(), "app");
    }

    #[test]
    fn the_folder_of_a_socket_is_a_parameter() {
        let login = login("host=/run/pg user=app dbname=app");
        assert_eq!(
            login.url("postgresql", "scratch", PasswordInUrl::Shown),
            "postgresql://app@/scratch?host=%2Frun%2Fpg&port=5432"
        );
    }
}
