//! Recognises databases in use, which no job under test may get: URLs of database servers, and SQLite
//! files that are there.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::placeholders::mentions;

/// The schemes of database URLs; a driver may follow, as in `postgresql+psycopg`.
const SCHEMES: [&str; 10] = [
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "sqlite",
    "mssql",
    "oracle",
    "cockroachdb",
    "mongodb",
    "duckdb",
];
/// The first bytes of a SQLite file.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";
/// The variables by which PostgreSQL's own programs find a server.
const SERVER_VARIABLES: [&str; 8] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSWORD",
    "PGSERVICE",
    "PGPASSFILE",
];

/// The parameters by which `libpq` finds a server, and those that may be beside them.
const SERVER_PARAMETERS: [&str; 3] = ["host", "hostaddr", "service"];
const LOGIN_PARAMETERS: [&str; 4] = ["port", "user", "password", "sslmode"];
/// The clients of PostgreSQL, and shells that may run one.
const CLIENTS: [&str; 7] = [
    "psql",
    "pg_dump",
    "pg_restore",
    "pgbench",
    "createdb",
    "dropdb",
    "vacuumdb",
];
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "busybox"];
/// The options of the clients that have a value.
const VALUE_LETTERS: [char; 14] = [
    'c', 'd', 'f', 'v', 'L', 'o', 'F', 'P', 'R', 'T', 'h', 'p', 'U', 'j',
];
const VALUE_OPTIONS: [&str; 15] = [
    "command",
    "dbname",
    "file",
    "set",
    "variable",
    "log-file",
    "output",
    "field-separator",
    "pset",
    "record-separator",
    "table-attr",
    "host",
    "port",
    "username",
    "jobs",
];

/// Returns a description of the first database that a text names, without a password. Words with a
/// placeholder of the scratch database are about that one.
pub(super) fn named_database(text: &str, folder: &Path) -> Option<String> {
    if is_sqlite_file(&folder.join(text)) {
        return Some(text.to_owned());
    }
    if let Some(parameter) = connection_parameter(text) {
        return Some(parameter);
    }
    let is_border = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ';');
    let words = text.split(is_border).filter(|word| !word.is_empty());
    let mut folders = vec![folder.to_owned()];
    let mut changes_folder = false;
    for word in words {
        // A shell may look for a file in a folder that it went to.
        if std::mem::replace(&mut changes_folder, word == "cd" || word == "pushd") {
            let gone: Vec<PathBuf> = folders.iter().map(|folder| folder.join(word)).collect();
            folders.extend(gone.into_iter().filter(|folder| folder.is_dir()));
        }
        if names_scratch(word) {
            continue;
        }
        if let Some(scheme) = database_scheme(word) {
            return Some(format!("{scheme}://…"));
        }
        // An option may be before the path, as in `--db=app.db`, and the path in a URI of SQLite.
        let (word, _) = word.split_once('?').unwrap_or((word, ""));
        let path = word.rsplit('=').next().unwrap_or(word);
        let path = path.strip_prefix("file:").unwrap_or(path);
        let path = path.strip_prefix("//").unwrap_or(path);
        if (folders.iter()).any(|folder| is_sqlite_file(&folder.join(path))) {
            return Some(path.to_owned());
        }
    }
    None
}

/// Returns the database that the arguments of a client of PostgreSQL name, unless it is the scratch
/// database. Shells are looked into.
pub(super) fn named_by_client(words: &[&str]) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let program = Path::new(program).file_name()?.to_str()?;
    if SHELLS.contains(&program) {
        let mut scripts = arguments.iter().skip_while(|word| **word != "-c").skip(1);
        return scripts.next().and_then(|script| named_in_shell(script));
    }
    if !CLIENTS.contains(&program) {
        return None;
    }
    // A word that is another placeholder, such as `{target}`, is no database.
    let found = |name: &str| {
        let is_other = name.starts_with('{') || names_scratch(name);
        (!is_other).then(|| name.to_owned())
    };
    let (mut database, mut positional) = (None, None);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--") {
            Some(option) => {
                let (key, given) = match option.split_once('=') {
                    Some((key, value)) => (key, Some(value)),
                    None => (option, None),
                };
                if VALUE_OPTIONS.contains(&key) {
                    let value = given.or_else(|| arguments.next().copied());
                    database = if key == "dbname" { value } else { database };
                }
            }
            None if argument.len() > 1 && argument.starts_with('-') => {
                // Options without a value may be before one that has it, as in `-Xd`.
                let value_option = argument.find(|c: char| VALUE_LETTERS.contains(&c));
                let Some(at) = value_option else { continue };
                let value = match &argument[at + 1..] {
                    "" => arguments.next().copied(),
                    value => Some(value),
                };
                database = match argument[at..].starts_with('d') {
                    true => value,
                    false => database,
                };
            }
            None => positional = positional.or(Some(*argument)),
        }
    }
    // Others than `psql` may have files there.
    let positional = positional.filter(|_| program == "psql" || program == "pg_dump");
    database.or(positional).and_then(found)
}

/// Returns the database that a client of PostgreSQL gets in a text for the shell.
pub(super) fn named_in_shell(text: &str) -> Option<String> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), String::new());
    let mut quote = None;
    for c in text.chars().chain(['\n']) {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() || "|&;()".contains(c) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                if !matches!(c, ' ' | '\t') {
                    commands.push(std::mem::take(&mut words));
                }
            }
            (_, c) => word.push(c),
        }
    }
    commands.iter().find_map(|words: &Vec<String>| {
        let is_client = |word: &String| {
            let name = Path::new(word).file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| CLIENTS.contains(&name) || SHELLS.contains(&name))
        };
        // Variables and programs such as `exec` may be before it.
        let at = words.iter().position(is_client)?;
        named_by_client(&without_redirections(&words[at..]))
    })
}

/// Returns the words of a command without those such as `2>> file`, which its program does not get.
fn without_redirections(words: &[String]) -> Vec<&str> {
    let (mut kept, mut words) = (Vec::new(), words.iter());
    while let Some(word) = words.next() {
        let sign = word.trim_start_matches(|c: char| c.is_ascii_digit());
        match sign.trim_start_matches(['>', '<']) {
            behind if behind.len() == sign.len() => kept.push(word.as_str()),
            "" => _ = words.next(),
            _ => {}
        }
    }
    kept
}

/// Returns the parameter by which a text such as `host=… dbname=…` leads `libpq` to a database.
fn connection_parameter(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"'));
    let pairs: Vec<_> = words.filter_map(|word| word.split_once('=')).collect();
    let is_name = |(key, _): &&(&str, &str)| key.trim_start_matches('-') == "dbname";
    if let Some((_, name)) = pairs.iter().find(is_name) {
        return (!names_scratch(name)).then(|| format!("dbname={name}"));
    }
    let is_parameter =
        |key: &str| SERVER_PARAMETERS.contains(&key) || LOGIN_PARAMETERS.contains(&key);
    let parameters = pairs.iter().filter(|(key, _)| is_parameter(key));
    let mut servers = pairs
        .iter()
        .filter(|(key, _)| SERVER_PARAMETERS.contains(key));
    match (parameters.count() > 1, servers.next()) {
        (true, Some((key, _))) => Some(format!("{key}=…")),
        _ => None,
    }
}

fn names_scratch(text: &str) -> bool {
    let mut names = ["path", "url", "database"].into_iter();
    names.any(|name| mentions(text, name))
}

/// Returns whether PostgreSQL's own programs find a server by a variable.
pub(super) fn names_server(variable: &str) -> bool {
    SERVER_VARIABLES.contains(&variable)
}

/// Returns whether an environment variable of this process leads to a database in use.
pub(super) fn leads_to_database(name: &str, value: &str) -> bool {
    // The working folder of the job may be another one, so that only whole paths can be checked.
    name.starts_with("PG") || named_database(value, Path::new("/")).is_some()
}

fn database_scheme(word: &str) -> Option<&str> {
    let (before, _) = word.split_once("://")?;
    let is_border = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '-'));
    let scheme = before.rsplit(is_border).next()?;
    let kind = scheme.split('+').next()?;
    SCHEMES.contains(&kind).then_some(scheme)
}

fn is_sqlite_file(path: &Path) -> bool {
    let mut start = [0; SQLITE_MAGIC.len()];
    path.is_file()
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok())
        && start == SQLITE_MAGIC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_files_of_databases_are_found_without_their_passwords() {
        let folder = tempfile::tempdir().unwrap();
        let found = |text: &str| named_database(text, folder.path());
        let url = "DATABASE_URL=postgresql+psycopg://app:secret@db/app job";
        assert_eq!(found(url).as_deref(), Some("postgresql+psycopg://…"));
        for harmless in [
            "https://example.com/postgres",
            "sqlite:///{path}",
            "{url}",
            "app.db",
            "",
        ] {
            assert_eq!(found(harmless), None, "{harmless}");
        }
        std::fs::write(
            folder.path().join("app.db"),
            [SQLITE_MAGIC, b"rest"].concat(),
        )
        .unwrap();
        for named in ["job --db=app.db", "file:app.db?mode=rw", "app.db"] {
            assert_eq!(found(named).as_deref(), Some("app.db"), "{named}");
        }
        let spaced = folder.path().join("my books.db");
        std::fs::copy(folder.path().join("app.db"), &spaced).unwrap();
        assert_eq!(found("my books.db").as_deref(), Some("my books.db"));
        let path = spaced.display().to_string();
        assert!(leads_to_database("APP_DB", &path), "{path}");
        std::fs::write(folder.path().join("notes.txt"), "SQLite").unwrap();
        assert_eq!(found("notes.txt"), None);
    }

    #[test]
    fn files_are_found_in_folders_that_a_shell_goes_to() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("books.db"), SQLITE_MAGIC).unwrap();
        let found = |text: &str| named_database(text, folder.path());
        let shell = "cd sub && python3 job.py --db ../books.db";
        assert_eq!(found(shell).as_deref(), Some("../books.db"));
        assert_eq!(found("cd sub && python3 job.py --db {path}"), None);
    }

    #[test]
    fn databases_of_clients_and_connection_strings_are_found() {
        for (words, expected) in [
            (&["psql", "-d", "app"][..], Some("app")),
            (&["/usr/bin/psql", "-Xqd", "app", "-c", "x"], Some("app")),
            (&["psql", "--dbname", "app"], Some("app")),
            (&["psql", "-f", "job.sql", "app"], Some("app")),
            (&["psql", "-v", "day={target}", "-f", "job.sql"], None),
            (&["psql", "-d", "{database}", "-f", "job.sql"], None),
            (&["psql", "{url}", "-c", "SELECT 1"], None),
            (&["psql", "{target}"], None),
            (&["sh", "-c", "exec psql -d app"], Some("app")),
            (&["python3", "job.py", "-d", "2026-01-08"], None),
        ] {
            assert_eq!(named_by_client(words).as_deref(), expected, "{words:?}");
        }
        let shell = "PGOPTIONS=x psql -Xd app -c 'SELECT 1; SELECT 2'";
        assert_eq!(named_in_shell(shell).as_deref(), Some("app"));
        assert_eq!(named_in_shell("cd x; psql -c 'a | psql b' {url}"), None);
        let shell = "psql -qXc 'SELECT 1' -At 2> log >> seen < job.sql; psql -X >out app";
        assert_eq!(named_in_shell(shell).as_deref(), Some("app"));
        assert_eq!(named_in_shell("psql -qXf job.sql -At >> seen 2>&1"), None);
        let parameters = |text: &str| named_database(text, Path::new("/"));
        for (text, expected) in [
            ("host=prod dbname=app", Some("dbname=app")),
            ("host=prod user=app password=secret", Some("host=…")),
            ("job --dbname=app", Some("dbname=app")),
            ("host=db dbname={database}", None),
            ("job --host=web --port=80", None),
        ] {
            assert_eq!(parameters(text).as_deref(), expected, "{text}");
        }
        assert!(leads_to_database("APP_DSN", "host=prod user=app"));
    }

    #[test]
    fn variables_that_lead_to_a_server_are_found() {
        assert!(leads_to_database("DATABASE_URL", "postgres://db/app"));
        assert!(leads_to_database("PGHOST", "db"));
        assert!(leads_to_database("PGSERVICEFILE", "services"));
        assert!(!leads_to_database("PATH", "/usr/bin:/bin"));
    }
}
