//! Keeps SQLite's query plan of each statement of the store as golden files.
//!
//! The statements are the string literals of `src/store` that begin with a verb of SQL, with their
//! placeholders filled in. So no new statement is missed: it is not in the golden file. Left out
//! are statements on another program's file, whose tables are not known here, and those that read a
//! whole database to compare it with another or with its digests, which no run does.
//!
//! A scan of a large table fails whatever the golden files contain, since a run must never read all
//! outputs or sources row by row. After an intended change:
//! `INSTA_UPDATE=always cargo test --test query_plans`.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll::store::Store;
use rusqlite::Connection;

#[path = "support/source.rs"]
#[allow(dead_code, reason = "each test uses its part of the module")]
mod source;

use source::{SourceFile, rust_files};

const VERBS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"];

/// Files whose statements read another program's file, or whole databases, in simulations and
/// verifications.
const EXCLUDED_FILES: &[&str] = &[
    "src/store/foreign.rs",
    "src/store/contents.rs",
    "src/store/row_digests.rs",
    "src/store/scratch/file.rs",
    "src/store/scratch/postgres/connection.rs",
    "src/store/scratch/postgres/database.rs",
    "src/store/scratch/postgres/server.rs",
    "src/store/scratch/postgres/watch.rs",
    "src/store/scratch/statements.rs",
    "src/store/scratch/watch.rs",
    "src/store/unusable_rows.rs",
];

/// Tables that grow with the cells, which no statement may scan.
const LARGE: &[&str] = &[
    "foreign_cash",
    "snapshot",
    "position",
    "exposure",
    "risk",
    "security_statistics",
    "price",
    "entry",
    "invalidated",
];

/// Values of the placeholder `{table}`.
const OUTPUTS: &[&str] = &[
    "snapshot",
    "position",
    "exposure",
    "risk",
    "security_statistics",
];

/// Statements that may scan a large table, with the reason.
const ALLOWED_SCANS: &[(&str, &str)] = &[
    (
        "SELECT portfolio, day, kind, security, quantity, price, amount, fee, reference, time, counterpart, \
         lots, currency, fee_currency, from_amount, from_currency FROM entry \
         ORDER BY portfolio, day",
        "a run of many portfolios reads all transactions once, in the order of an index",
    ),
    (
        "SELECT portfolio, day, kind, security, quantity, price, amount, fee, reference, time, counterpart, \
         lots, currency, fee_currency, from_amount, from_currency FROM entry \
         WHERE currency IS NOT NULL OR fee_currency IS NOT NULL OR from_currency IS NOT NULL \
         ORDER BY portfolio, day",
        "the index has only the transactions that name a currency",
    ),
];

/// A statement on one line, with SQLite's query plan.
struct StatementPlan {
    sql: String,
    plan: Vec<String>,
}

/// Creates a database without rows: without `ANALYZE`, SQLite's planner uses the schema alone.
fn empty_database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    Store::create(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    (folder, connection)
}

/// Returns the files whose statements a run may execute: not those of tests or of another program's
/// file.
fn store_files() -> Vec<SourceFile> {
    let mut files = rust_files(&["src/store"]);
    files.retain(|file| {
        !EXCLUDED_FILES.contains(&file.path.as_str())
            && !file.path.ends_with("/tests.rs")
            && !file.path.contains("/tests/")
    });
    files
}

fn explain_statements(file: &SourceFile, connection: &Connection) -> Vec<StatementPlan> {
    let mut plans = Vec::new();
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
        plans.push(StatementPlan { sql, plan });
    }
    plans
}

/// Returns the statements of a file outside its tests, each on one line and ready to be prepared.
fn statements(file: &SourceFile) -> Vec<String> {
    let mut found = Vec::new();
    for (at, literal) in &file.string_literals {
        let line = literal.split_whitespace().collect::<Vec<_>>().join(" ");
        if file.is_test(*at) {
            continue;
        }
        if VERBS
            .iter()
            .any(|verb| line.starts_with(&format!("{verb} ")))
        {
            found.extend(expand_placeholders(file, &line));
        } else {
            // A statement put together from parts would escape the golden files.
            let is_part = ["FROM ", "WHERE ", "JOIN ", "VALUES ", "ORDER BY "]
                .iter()
                .any(|word| line.contains(word));
            assert!(
                !is_part,
                "{}: a statement is split into several literals: {line}",
                file.location(*at)
            );
        }
    }
    found
}

/// Returns a statement for each way to fill its placeholders: `{COLUMNS}` is the constant of that
/// name in the same file, `{table}` is any table of outputs.
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
    let (_, literal) = file
        .string_literals
        .iter()
        .find(|(start, _)| *start > at)
        .unwrap();
    literal.split_whitespace().collect::<Vec<_>>().join(" ")
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
        let plans = explain_statements(&file, &connection);
        if plans.is_empty() {
            continue;
        }
        let name = golden_name(&file.path);
        settings.set_description(format!("Every statement of {}", file.path));
        settings.bind(|| insta::assert_snapshot!(name.as_str(), render(&plans)));
        names.insert(format!("{name}.snap"));
    }
    let kept = std::fs::read_dir(&goldens).unwrap();
    let kept = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<_> = kept.filter(|name| name.ends_with(".snap")).collect();
    assert_eq!(kept, names, "a golden file belongs to no file of the store");
}

fn golden_name(path: &str) -> String {
    let inside = path.strip_prefix("src/store/").unwrap();
    inside.trim_end_matches(".rs").replace('/', "_")
}

fn render(plans: &[StatementPlan]) -> String {
    let entry = |statement: &StatementPlan| match statement.plan[..] {
        [] => format!("{}\n", statement.sql),
        _ => format!("{}\n    {}\n", statement.sql, statement.plan.join("\n    ")),
    };
    plans.iter().map(entry).collect::<Vec<_>>().join("\n")
}

/// Returns every statement of the store with the path of its file.
fn all_statements() -> Vec<(String, StatementPlan)> {
    let (_folder, connection) = empty_database();
    let files = store_files();
    let of_file = |file: &SourceFile| {
        let path = file.path.clone();
        let plans = explain_statements(file, &connection);
        plans
            .into_iter()
            .map(move |statement| (path.clone(), statement))
    };
    files.iter().flat_map(of_file).collect()
}

#[test]
fn no_statement_reads_a_large_table_from_end_to_end() {
    let mut used = BTreeSet::new();
    for (path, statement) in all_statements() {
        for scanned in statement
            .plan
            .iter()
            .filter_map(|line| line.strip_prefix("SCAN "))
        {
            let table = resolve_alias(&statement.sql, scanned.split(' ').next().unwrap());
            if !LARGE.contains(&table) {
                continue;
            }
            let allowed = ALLOWED_SCANS.iter().find(|(sql, _)| *sql == statement.sql);
            let message = format!(
                "{path}: `{table}` is read from end to end by\n{}",
                statement.sql
            );
            used.extend(Some(allowed.expect(&message)));
        }
    }
    let known: BTreeSet<_> = ALLOWED_SCANS.iter().collect();
    assert_eq!(used, known, "an allowed scan does not occur any more");
}

#[test]
fn no_statement_sorts_without_an_index() {
    for (path, statement) in all_statements() {
        let sorts = statement
            .plan
            .iter()
            .find(|line| line.contains("TEMP B-TREE"));
        assert!(
            sorts.is_none(),
            "{path}: {} for\n{}",
            sorts.unwrap(),
            statement.sql
        );
    }
}

/// Returns the table of a name in a statement: the name itself, or the table of which it is the
/// alias.
fn resolve_alias<'s>(sql: &'s str, name: &'s str) -> &'s str {
    let tokens: Vec<&str> = sql.split([' ', ',', '(', ')']).collect();
    let alias = tokens
        .windows(3)
        .find(|window| window[1] == "AS" && window[2] == name);
    alias.map_or(name, |window| window[0])
}

#[test]
fn multi_line_statements_are_joined_and_their_placeholders_filled_in() {
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
