//! Amounts that a job writes: a net asset value that is carried on from the wrong day, and a profit that
//! a second run doubles.

use crate::workspace::Workspace;

const SCHEMA: &str = "
CREATE TABLE portfolios (id TEXT PRIMARY KEY, inception TEXT);
CREATE TABLE snapshots (
    portfolio_id TEXT, day TEXT, nav INTEGER, pnl INTEGER, PRIMARY KEY (portfolio_id, day));
CREATE TABLE profits (portfolio_id TEXT, day TEXT, cents INTEGER);
";

/// Amounts are in cents. Done cells gain ten a day from 1000 on.
const JOB: &str = r#"
[database]
schema = "schema.sql"
[map.portfolios]
id = "id"
inception = "inception"
[map.snapshots]
portfolio = "portfolio_id"
day = "day"
nav = "nav"
pnl = "pnl"
amount-decimals = 2
[write]
ids = "text"
[write.values.snapshots]
nav = { sql = "100000 + 1000 * (julianday({day}) - julianday('2026-01-05'))" }
pnl = 1000
[[write.rows]]
for = "cell"
table = "profits"
values = { portfolio_id = "{id}", day = "{day}", cents = 1000 }
[commands]
run = ["python3", "job.py", "{path}", "{target}"]
force = ["python3", "job.py", "{path}", "{to}", "{from}"]
"#;

/// A job that carries the value of the day before on, and replaces the rows of days that are forced.
const CORRECT: &str = r#"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
last, first = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None
db.execute("BEGIN IMMEDIATE")
for id, day, cents in db.execute("""
        SELECT p.portfolio_id, p.day, p.cents FROM profits p WHERE p.day <= ? AND (p.day >= ? OR
        NOT EXISTS (SELECT 1 FROM snapshots s WHERE (s.portfolio_id, s.day) = (p.portfolio_id, p.day)))
        ORDER BY p.day""", (last, first or "9999-12-31")).fetchall():
    before = db.execute(
        "SELECT nav FROM snapshots WHERE portfolio_id = ? AND day < ? ORDER BY day DESC", (id, day))
    nav = (before.fetchone() or [99000])[0] + cents
    db.execute(
        "INSERT INTO snapshots VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET nav = excluded.nav, "
        "pnl = excluded.pnl", (id, day, nav, cents))
db.execute("COMMIT")
"#;

const SCENARIO: &str = "\
now = 2026-01-08T18:00:00-05:00
[portfolios]
A = { inception = 2026-01-05, complete = \"..2026-01-07\", holes = 2026-01-06 }
[[step]]
run = {}
expect = { nav.A = { 2026-01-06 = 1_010, 2026-01-08 = 1_030 }, pnl.A.2026-01-06 = 10 }
[[step]]
run = { force = 2026-01-08 }
expect = { nav.A.2026-01-08 = 1_030, pnl.A.2026-01-08 = 10 }
";

fn run(job: &str, scenario: &str) -> (i32, String) {
    let workspace = Workspace::new("");
    workspace.write("schema.sql", SCHEMA);
    workspace.write("job.toml", JOB);
    workspace.write("job.py", job);
    workspace.write("scenario.toml", scenario);
    let output = workspace.run(&["scenario", "run", "scenario.toml", "--job", "job.toml"]);
    (output.code, output.stdout + &output.stderr)
}

#[test]
fn amounts_that_a_job_writes_are_compared() {
    let (code, text) = run(CORRECT, SCENARIO);
    assert_eq!(code, 0, "{text}");
    // The newest value of any day, instead of the one of the day before.
    let chained = CORRECT.replace("AND day < ?", "AND day <> ?");
    let (code, text) = run(&chained, SCENARIO);
    assert_eq!(code, 1, "{text}");
    let of_promise = "later-days-do-not-count: A on 2026-01-06 has nav 1030, pnl 10, but nav 1010";
    for found in [
        "nav of A on 2026-01-06: expected 1010, found 1030",
        of_promise,
    ] {
        assert!(text.contains(found), "{text}");
    }
    let doubled = CORRECT.replace("pnl = excluded.pnl", "pnl = pnl + excluded.pnl");
    let (code, text) = run(&doubled, SCENARIO);
    assert_eq!(code, 1, "{text}");
    let of_promise = "forced-run-repeats-amounts: A on 2026-01-08 has nav 1030, pnl 10, and nav 1030, \
                      pnl 20";
    for found in ["pnl of A on 2026-01-08: expected 10, found 20", of_promise] {
        assert!(text.contains(found), "{text}");
    }
}

#[test]
fn amounts_without_a_column_do_not_apply() {
    let (code, text) = run(
        CORRECT,
        &SCENARIO.replace("pnl.A.2026-01-06", "cash.A.2026-01-06"),
    );
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("not applicable: step 1: the map has no `cash`"),
        "{text}"
    );
    let (code, text) = run(
        CORRECT,
        &SCENARIO.replace("inception", "cash = 1_000, inception"),
    );
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("it gives transactions, holdings or prices"),
        "{text}"
    );
}
