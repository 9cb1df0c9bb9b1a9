//! Recognises databases in use, which no job under test may get: URLs of database servers, and SQLite
//! files that are there.

use std::fs::File;
use std::io::Read;
use std::path::Path;

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

/// Returns a description of the first database that a text names, without a password. Words with
/// `{path}` or `{url}` are about the scratch database.
pub(super) fn named_database(text: &str, folder: &Path) -> Option<String> {
    if is_sqlite_file(&folder.join(text)) {
        return Some(text.to_owned());
    }
    let is_border = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ';');
    let words = text.split(is_border);
    let mut words = words.filter(|word| !mentions(word, "path") && !mentions(word, "url"));
    words.find_map(|word| {
        if let Some(scheme) = database_scheme(word) {
            return Some(format!("{scheme}://…"));
        }
        // An option may be before the path, as in `--db=app.db`, and the path in a URI of SQLite.
        let (word, _) = word.split_once('?').unwrap_or((word, ""));
        let path = word.rsplit('=').next().unwrap_or(word);
        let path = path.strip_prefix("file:").unwrap_or(path);
        let path = path.strip_prefix("//").unwrap_or(path);
        is_sqlite_file(&folder.join(path)).then(|| path.to_owned())
    })
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
    fn variables_that_lead_to_a_server_are_found() {
        assert!(leads_to_database("DATABASE_URL", "postgres://db/app"));
        assert!(leads_to_database("PGHOST", "db"));
        assert!(leads_to_database("PGSERVICEFILE", "services"));
        assert!(!leads_to_database("PATH", "/usr/bin:/bin"));
    }
}
