//! How SQLite answers every statement of the store, kept as golden files.
//!
//! The statements are the string literals of `src/store` that begin with one of SQL's verbs, each
//! placeholder filled in, so a new statement can't be forgotten: it is not in the golden file.
//! Only what is asked of another program's file is left out, since its tables are not ours, and
//! what reads a database whole to hold it against another, which only simulations do.
//! What a night must never do, reading an output or a source row by row from end to end, is
//! refused beside that, whatever the golden files say. After a change that is meant:
//! `INSTA_UPDATE=always cargo test --test query_plans`.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll::store::Store;
use rusqlite::Connection;

#[path = "support/source.rs"]
#[allow(dead_code, reason = "each fence looks at its part of a file")]
mod source;

use source::{SourceFile, rust_files};

const VERBS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"];

/// Where another program's file is read, and where a simulated disk is read whole.
const EXCLUDED_FILES: &[&str] = &["src/store/foreign.rs", "src/store/contents.rs"];

/// Tables that grow with cells: nobody reads them from end to end.
const LARGE: &[&str] = &[
    "snapshot",
    "position",
    "exposure",
    "risk",
    "security_statistics",
    "price",
    "entry",
    "invalidated",
];

/// The tables that `{table}` stands for.
const OUTPUTS: &[&str] = &[
    "snapshot",
    "position",
    "exposure",
    "risk",
    "security_statistics",
];

/// Statements that read a large table from end to end, and why they may.
const ALLOWED_SCANS: &[(&str, &str)] = &[(
    "SELECT portfolio, day, kind, security, quantity, price, amount, fee, reference FROM entry \
     ORDER BY portfolio, day",
    "a run of many portfolios reads all transactions once, in the order of an index",
)];

/// A statement, on one line, and how SQLite answers it.
struct StatementPlan {
    sql: String,
    plan: Vec<String>,
}

/// A database without rows: without `ANALYZE` the planner looks at the schema alone.
fn empty_database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    Store::create(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    (folder, connection)
}

/// The files whose statements a night may make: another program has its own, and so have files
/// of tests alone.
fn store_files() -> Vec<SourceFile> {
    let mut files = rust_files(&["src/store"]);
    files.retain(|file| {
        !EXCLUDED_FILES.contains(&file.path.as_str()) && !file.path.ends_with("/tests.rs")
    });
    files
}

fn explain_statements(file: &SourceFile, connection: &Connection) -> Vec<StatementPlan> {
    let mut answered = Vec::new();
    for sql in statements(file) {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = connection
            .prepare(&explain)
            .unwrap_or_else(|error| panic!("{}: {error}\n{sql}", file.path));
        let mut rows = statement.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get(3).unwrap());
        }
        answered.push(StatementPlan { sql, plan });
    }
    answered
}

/// The statements of a file outside its tests, each on one line and ready to be prepared.
fn statements(file: &SourceFile) -> Vec<String> {
    let mut found = Vec::new();
    for (at, said) in &file.string_literals {
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        if file.is_test(*at) {
            continue;
        }
        if VERBS
            .iter()
            .any(|verb| line.starts_with(&format!("{verb} ")))
        {
            found.extend(expand_placeholders(file, &line));
        } else {
            let is_part = ["FROM ", "WHERE ", "JOIN ", "VALUES ", "ORDER BY "]
                .iter()
                .any(|word| line.contains(word));
            assert!(
                !is_part,
                "{}: a part of a statement: {line}",
                file.location(*at)
            );
        }
    }
    found
}

/// A statement for each way to fill its placeholders: `{COLUMNS}` is the constant of that name in
/// the same file, `{table}` is any table of outputs.
fn expand_placeholders(file: &SourceFile, line: &str) -> Vec<String> {
    let Some((before, rest)) = line.split_once('{') else {
        return vec![line.to_owned()];
    };
    let (name, after) = rest.split_once('}').unwrap();
    let values = if name == "table" {
        OUTPUTS.iter().map(|table| (*table).to_owned()).collect()
    } else {
        vec![constant(file, name)]
    };
    values
        .iter()
        .flat_map(|value| expand_placeholders(file, &format!("{before}{value}{after}")))
        .collect()
}

fn constant(file: &SourceFile, name: &str) -> String {
    let head = format!("const {name}: &str");
    let at = file.code.find(&head).unwrap_or_else(|| {
        panic!(
            "{}: `{{{name}}}` is neither `{{table}}` nor a constant",
            file.path
        )
    });
    let (_, said) = file
        .string_literals
        .iter()
        .find(|(start, _)| *start > at)
        .unwrap();
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn query_plans_match_golden_files() {
    let (_folder, connection) = empty_database();
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/query_plans");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&goldens);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut names = BTreeSet::new();
    for file in store_files() {
        let answered = explain_statements(&file, &connection);
        if answered.is_empty() {
            continue;
        }
        let name = golden_name(&file.path);
        settings.set_description(format!("Every statement of {}", file.path));
        settings.bind(|| insta::assert_snapshot!(name.as_str(), render(&answered)));
        names.insert(format!("{name}.snap"));
    }
    let kept = std::fs::read_dir(&goldens).unwrap();
    let kept = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<_> = kept.filter(|name| name.ends_with(".snap")).collect();
    assert_eq!(kept, names, "a golden file is of no file of the store");
}

fn golden_name(path: &str) -> String {
    let inside = path.strip_prefix("src/store/").unwrap();
    inside.trim_end_matches(".rs").replace('/', "_")
}

fn render(answered: &[StatementPlan]) -> String {
    let entry = |one: &StatementPlan| match one.plan[..] {
        [] => format!("{}\n", one.sql),
        _ => format!("{}\n    {}\n", one.sql, one.plan.join("\n    ")),
    };
    answered.iter().map(entry).collect::<Vec<_>>().join("\n")
}

/// Every statement of the store with where it stands.
fn all_statements() -> Vec<(String, StatementPlan)> {
    let (_folder, connection) = empty_database();
    let files = store_files();
    let of_file = |file: &SourceFile| {
        let path = file.path.clone();
        let answered = explain_statements(file, &connection);
        answered.into_iter().map(move |one| (path.clone(), one))
    };
    files.iter().flat_map(of_file).collect()
}

#[test]
fn no_statement_reads_a_large_table_from_end_to_end() {
    let mut excused = BTreeSet::new();
    for (path, one) in all_statements() {
        for scanned in one
            .plan
            .iter()
            .filter_map(|line| line.strip_prefix("SCAN "))
        {
            let table = resolve_alias(&one.sql, scanned.split(' ').next().unwrap());
            if !LARGE.contains(&table) {
                continue;
            }
            let excuse = ALLOWED_SCANS.iter().find(|(sql, _)| *sql == one.sql);
            let refusal = format!("{path}: `{table}` is read from end to end by\n{}", one.sql);
            excused.extend(Some(excuse.expect(&refusal)));
        }
    }
    let known: BTreeSet<_> = ALLOWED_SCANS.iter().collect();
    assert_eq!(excused, known, "an exception nobody needs any more");
}

#[test]
fn no_statement_sorts_without_an_index() {
    for (path, one) in all_statements() {
        let sorts = one.plan.iter().find(|line| line.contains("TEMP B-TREE"));
        assert!(
            sorts.is_none(),
            "{path}: {} for\n{}",
            sorts.unwrap(),
            one.sql
        );
    }
}

/// The table that goes by a name in a statement: itself, or that of which it is the alias.
fn resolve_alias<'s>(sql: &'s str, name: &'s str) -> &'s str {
    let words: Vec<&str> = sql.split([' ', ',', '(', ')']).collect();
    let alias = words
        .windows(3)
        .find(|three| three[1] == "AS" && three[2] == name);
    alias.map_or(name, |three| three[0])
}

#[test]
fn statements_are_read_whole_with_their_placeholders_filled_in() {
    let text = "const COLUMNS: &str = \"a, \\\n    b\";\nfn f() {\n    \
                let s = format!(\"SELECT {COLUMNS} FROM {table}\n        WHERE a = ?1\");\n}\n\
                #[cfg(test)]\nmod tests { const S: &str = \"SELECT nothing\"; }\n";
    let file = SourceFile::new("src/store/x.rs", text.to_owned());
    let found = statements(&file);
    assert_eq!(found.len(), OUTPUTS.len());
    assert_eq!(found[0], "SELECT a, b FROM snapshot WHERE a = ?1");
    assert_eq!(
        resolve_alias("SELECT 1 FROM risk AS r JOIN x ON 1", "r"),
        "risk"
    );
}
