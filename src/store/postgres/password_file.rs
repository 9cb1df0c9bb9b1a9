//! Finds a password in a file of `libpq`, such as `~/.pgpass`: lines of
//! `host:port:database:user:password`.

use std::path::Path;

/// A connection that needs a password.
pub(super) struct Connection<'c> {
    pub(super) host: &'c str,
    pub(super) port: u16,
    pub(super) database: &'c str,
    pub(super) user: &'c str,
}

/// Returns the password of the first line that matches. A missing file has none; as in `libpq`, one
/// that other users may read is ignored with a warning.
pub(super) fn find(path: &Path, connection: &Connection<'_>) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    if is_readable_by_others(path) {
        tracing::warn!(
            "`{}` is ignored, because other users may read it: chmod 600 it",
            path.display()
        );
        return None;
    }
    text.lines().find_map(|line| password(line, connection))
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path);
    metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_path: &Path) -> bool {
    false
}

fn password(line: &str, connection: &Connection<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let fields = fields(line);
    let [host, port, database, user, password] = fields.as_slice() else {
        return None;
    };
    let port_text = connection.port.to_string();
    let pairs = [
        (host, connection.host),
        (port, port_text.as_str()),
        (database, connection.database),
        (user, connection.user),
    ];
    let matches = |(field, value): &(&Field, &str)| match field.is_any {
        true => true,
        false => field.text == *value,
    };
    pairs.iter().all(matches).then(|| password.text.clone())
}

/// A field, without its backslashes.
#[derive(Default)]
struct Field {
    text: String,
    /// Whether the field is an unescaped `*`.
    is_any: bool,
}

/// Returns the five fields of a line. A backslash precedes a colon or a backslash; the password may
/// also hold bare colons.
fn fields(line: &str) -> Vec<Field> {
    let mut fields = vec![Field::default()];
    let mut letters = line.chars();
    let mut raw = String::new();
    while let Some(letter) = letters.next() {
        let at = fields.len() - 1;
        match letter {
            ':' if at < 4 => {
                fields[at].is_any = raw == "*";
                raw.clear();
                fields.push(Field::default());
            }
            '\\' => {
                raw.push('\\');
                fields[at].text.extend(letters.next());
            }
            letter => {
                raw.push(letter);
                fields[at].text.push(letter);
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_matches_by_value_or_star_and_the_first_one_wins() {
        let connection = Connection {
            host: "db",
            port: 5432,
            database: "app",
            user: "me",
        };
        for (line, expected) in [
            ("db:5432:app:me:one", Some("one")),
            ("*:*:*:*:two", Some("two")),
            ("db:*:app:me:a\\:b\\\\c:d", Some("a:b\\c:d")),
            ("db:5433:app:me:no", None),
            ("\\*:*:*:me:no", None),
            ("#*:*:*:*:no", None),
            ("*:*:*:no", None),
        ] {
            let found = password(line, &connection);
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_ignored() {
        use std::os::unix::fs::PermissionsExt;
        let connection = Connection {
            host: "db",
            port: 5432,
            database: "app",
            user: "me",
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        assert_eq!(find(&path, &connection), None);
        std::fs::write(&path, "x:*:*:*:no\ndb:*:*:*:first\n*:*:*:*:second\n").unwrap();
        let set_mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set_mode(0o640);
        assert_eq!(find(&path, &connection), None);
        set_mode(0o600);
        assert_eq!(find(&path, &connection).as_deref(), Some("first"));
    }
}
