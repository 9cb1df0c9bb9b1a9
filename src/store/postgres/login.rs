//! Connects to a PostgreSQL server with the parameters of a URL, and what `libpq` would take from
//! environment variables and files. No message may contain a password.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::PostgresError;
use super::parameters::Parameters;
use super::password_file;
use super::tls::{ClientCertificate, Roots, TlsMode, client_config};
use super::variables::LibpqVariables;
use crate::store::redaction::{PostgresUrl, redact_passwords, redact_secret};

/// Timeout of the connection, if the URL has none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A login that was checked without reaching the server.
#[derive(Clone)]
pub(crate) struct PostgresLogin {
    pub(super) config: Config,
    /// The parameters of the URL that the client does not know.
    pub(super) parameters: BTreeMap<&'static str, String>,
    mode: TlsMode,
    tls: MakeRustlsConnect,
    redactor: PasswordRedactor,
}

/// Removes the password from messages.
#[derive(Clone)]
pub(crate) struct PasswordRedactor {
    password: Option<String>,
}

// Without the password.
impl fmt::Debug for PostgresLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgresLogin({})", server_address(&self.config))
    }
}

impl PasswordRedactor {
    /// Returns a text without the password, also where some of its characters are escaped as in a URL.
    pub(crate) fn redacted(&self, text: String) -> String {
        match self.password.as_deref() {
            None | Some("") => text,
            Some(password) => redact_secret(&text, password),
        }
    }

    /// Returns the server's message, or else the innermost cause, without passwords.
    pub(crate) fn redacted_reason(&self, error: &Error) -> String {
        let message = match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => {
                let mut message = error.to_string();
                let mut cause = error.source();
                while let Some(error) = cause {
                    message = error.to_string();
                    cause = error.source();
                }
                message
            }
        };
        redact_passwords(&self.redacted(message))
    }
}

/// A connection, and how to make another one that cancels its query.
pub(crate) struct PostgresConnection {
    pub(crate) client: Client,
    pub(crate) tls: MakeRustlsConnect,
    pub(crate) redactor: PasswordRedactor,
}

impl PostgresLogin {
    /// Reads a URL. A password, a user and the parameters of TLS that it lacks come from `variables`
    /// and files.
    pub(crate) fn parse(
        url: &PostgresUrl,
        variables: &LibpqVariables,
    ) -> Result<Self, PostgresError> {
        let (mut config, parameters) = parse_config(url)?;
        complete_config(&mut config, &parameters, variables);
        let is_local = is_local(&config);
        let (mode, roots) = tls_mode(&parameters, variables, is_local)?;
        let checks_name = mode == TlsMode::VerifyFull;
        let certificate = match mode {
            TlsMode::Disable => None,
            _ => client_certificate(&parameters, variables)?,
        };
        let tls = client_config(&roots, checks_name, certificate.as_ref())?;
        let password = config.get_password();
        let password = password.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Ok(Self {
            config,
            parameters: parameters.taken,
            mode,
            tls: MakeRustlsConnect::new(tls),
            redactor: PasswordRedactor { password },
        })
    }

    /// Returns the login to another database of the server, under a name that the server lists.
    pub(crate) fn to_database(&self, database: Option<&str>, application: &str) -> Self {
        let mut login = self.clone();
        if let Some(database) = database {
            login.config.dbname(database);
        }
        login.config.application_name(application);
        login
    }

    /// Returns what removes the password from messages.
    pub(crate) fn redactor(&self) -> &PasswordRedactor {
        &self.redactor
    }

    /// Connects. As in `libpq`, `prefer` and `allow` try again without and with TLS if the server
    /// or the handshake refuses the first attempt.
    pub(crate) fn connect(mut self) -> Result<PostgresConnection, PostgresError> {
        let attempts: &[SslMode] = match self.mode {
            TlsMode::Disable => &[SslMode::Disable],
            TlsMode::Allow => &[SslMode::Disable, SslMode::Require],
            TlsMode::Prefer => &[SslMode::Prefer, SslMode::Disable],
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => &[SslMode::Require],
        };
        let mut first_error = None;
        for mode in attempts {
            self.config.ssl_mode(*mode);
            match self.config.connect(self.tls.clone()) {
                Ok(client) => {
                    return Ok(PostgresConnection {
                        client,
                        tls: self.tls,
                        redactor: self.redactor,
                    });
                }
                Err(error) => {
                    let may_retry = is_tls_error(&error)
                        || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
                    let error = first_error.get_or_insert(error);
                    if !may_retry {
                        return Err(self.connect_error(error));
                    }
                }
            }
        }
        let error = first_error.expect("each mode has an attempt");
        Err(self.connect_error(&error))
    }

    fn connect_error(&self, error: &Error) -> PostgresError {
        let server = server_address(&self.config);
        let reason = self.redactor.redacted_reason(error);
        let is_io_error = (error.source()).is_some_and(|cause| cause.is::<std::io::Error>());
        if is_tls_error(error) {
            PostgresError::Tls { server, reason }
        } else if is_io_error {
            // No server answered; all else comes from the server.
            PostgresError::Unreachable { server, reason }
        } else {
            PostgresError::Login { server, reason }
        }
    }
}

/// Tells whether the handshake of TLS failed.
fn is_tls_error(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>();
        let inner = inner.and_then(|error| error.get_ref());
        if error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn parse_config(url: &PostgresUrl) -> Result<(Config, Parameters), PostgresError> {
    let text = url.expose();
    // With an unescaped `@` in the password, the rest of the password would become the host, which
    // messages show.
    if text.contains("://") && text.matches('@').count() > 1 {
        let reason = ": it has more than one `@`";
        return Err(PostgresError::Url(reason.to_owned()));
    }
    let parameters = Parameters::split(text).ok_or_else(|| PostgresError::Url(String::new()))?;
    let parsed = parameters.rest.parse::<Config>();
    let config = parsed.map_err(|error| {
        // Of the client's messages only this one repeats no part of the URL.
        let message = error.source().map(ToString::to_string).unwrap_or_default();
        let is_safe = message.starts_with("invalid value for option");
        PostgresError::Url(if is_safe {
            format!(": {message}")
        } else {
            String::new()
        })
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(PostgresError::Url(": it names no host".to_owned()));
    }
    // Kerberos is not supported, so only a URL that requires it cannot be honoured.
    let gss = parameters.taken.get("gssencmode").map(String::as_str);
    if !matches!(gss, None | Some("disable" | "prefer")) {
        return Err(invalid_option("gssencmode"));
    }
    Ok((config, parameters))
}

fn invalid_option(name: &str) -> PostgresError {
    PostgresError::Url(format!(": invalid value for option `{name}`"))
}

/// Adds what the URL leaves out.
fn complete_config(config: &mut Config, parameters: &Parameters, variables: &LibpqVariables) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("plimsoll");
    }
    // The name that the certificate is checked for.
    if config.get_hosts().is_empty() {
        for address in config.get_hostaddrs().to_vec() {
            config.host(&address.to_string());
        }
    }
    if let (None, Some(user)) = (config.get_user(), &variables.user) {
        config.user(user);
    }
    if let (None, Some(database)) = (config.get_dbname(), &variables.database) {
        config.dbname(database);
    }
    if config.get_password().is_none() {
        let password = variables.password.clone();
        let password = password.or_else(|| find_password(config, parameters, variables));
        if let Some(password) = password {
            config.password(password);
        }
    }
}

fn find_password(
    config: &Config,
    parameters: &Parameters,
    variables: &LibpqVariables,
) -> Option<String> {
    let named = parameters.taken.get("passfile").map(PathBuf::from);
    let path = named
        .or_else(|| variables.password_file.clone())
        .or_else(|| variables.home_file(".pgpass"))?;
    let user = config.get_user().or(variables.system_user.as_deref())?;
    let database = config.get_dbname().unwrap_or(user);
    (0..config.get_hosts().len()).find_map(|at| {
        let (host, port) = host_and_port(config, at);
        // The socket of this machine is named like the machine.
        let host = if host.starts_with('/') {
            "localhost"
        } else {
            &host
        };
        let connection = password_file::Connection {
            host,
            port,
            database,
            user,
        };
        password_file::find(&path, &connection)
    })
}

fn is_local(config: &Config) -> bool {
    let hosts = config.get_hosts();
    hosts.iter().all(|host| !matches!(host, Host::Tcp(_)))
}

/// Returns the mode, and the authorities that the certificate is checked against. Sockets of this
/// machine have no TLS.
fn tls_mode(
    parameters: &Parameters,
    variables: &LibpqVariables,
    is_local: bool,
) -> Result<(TlsMode, Roots), PostgresError> {
    let value = |key: &str, variable: &Option<String>| {
        parameters.taken.get(key).or(variable.as_ref()).cloned()
    };
    let given = match value("sslmode", &variables.tls_mode) {
        None => None,
        Some(text) => Some(TlsMode::parse(&text).ok_or_else(|| invalid_option("sslmode"))?),
    };
    let file = value("sslrootcert", &variables.root_certificates);
    if is_local {
        return Ok((TlsMode::Disable, Roots::Unchecked));
    }
    if file.as_deref() == Some("system") {
        // Weaker modes would trust any certificate of a public authority.
        return match given.unwrap_or(TlsMode::VerifyFull) {
            TlsMode::VerifyFull => Ok((TlsMode::VerifyFull, Roots::System)),
            _ => Err(PostgresError::WeakMode),
        };
    }
    let mode = given.unwrap_or(TlsMode::Prefer);
    const DEFAULT_FILE: &str = ".postgresql/root.crt";
    let file = file.map(PathBuf::from);
    let file = file.or_else(|| variables.home_file(DEFAULT_FILE));
    let roots = match (mode, file) {
        (TlsMode::Disable | TlsMode::Allow | TlsMode::Prefer, _) => Roots::Unchecked,
        (_, Some(file)) => Roots::File(file),
        (TlsMode::Require, None) => Roots::Unchecked,
        (_, None) => {
            let path = variables.home_path(DEFAULT_FILE);
            return Err(PostgresError::NoRootCertificate { path });
        }
    };
    Ok((mode, roots))
}

fn client_certificate(
    parameters: &Parameters,
    variables: &LibpqVariables,
) -> Result<Option<ClientCertificate>, PostgresError> {
    let file = |key: &str, variable: &Option<String>, default: &str| {
        let named = parameters.taken.get(key).or(variable.as_ref());
        let named = named.map(PathBuf::from);
        named.or_else(|| variables.home_file(default))
    };
    let certificate = file(
        "sslcert",
        &variables.certificate,
        ".postgresql/postgresql.crt",
    );
    let key = file("sslkey", &variables.key, ".postgresql/postgresql.key");
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, _) => Ok(None),
        (Some(path), None) => Err(PostgresError::Certificate {
            path,
            reason: "its key is missing: add `sslkey`".to_owned(),
        }),
    }
}

/// Returns the host at an index, or the folder of a socket, and its port.
pub(super) fn host_and_port(config: &Config, at: usize) -> (String, u16) {
    let ports = config.get_ports();
    let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let host = match &config.get_hosts()[at] {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    (host, port)
}

/// Returns host and port of each server in the URL.
fn server_address(config: &Config) -> String {
    let servers = (0..config.get_hosts().len()).map(|at| {
        let (host, port) = host_and_port(config, at);
        format!("{host}:{port}")
    });
    servers.collect::<Vec<_>>().join(",")
}
