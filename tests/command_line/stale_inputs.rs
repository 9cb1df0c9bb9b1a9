//! `check --max-stale`: complete books that use old prices or exchange rates.

use serde_json::{Value, json};

use crate::workspace::Workspace;

const NOW: &str = "now = 2026-01-08T18:00:00-05:00\n";

/// On Jan 8 the rate of the franc is twelve sessions old. A is all in francs, B has one share in
/// them, and C has none.
const OLD_RATE: &str = "[securities]\nALPN = { currency = \"CHF\" }\nCHFUSD = { class = \"fx\" }\n\
     [prices]\nCHFUSD = { 2025-12-19 = 1.25 }\nWIDE = { 2026-01-08 = 300 }\n\
     ALPN = { 2025-12-19 = 80, 2026-01-08 = 80 }\n\
     [portfolios]\n\
     A = { inception = 2025-12-19, cash = 1_000, holdings = { ALPN = 100 }, complete = \"..\" }\n\
     B = { inception = 2025-12-19, holdings = { ALPN = 1, WIDE = 3 }, complete = \"..\" }\n\
     C = { inception = 2025-12-19, holdings = { WIDE = 100 }, complete = \"..\" }\n";

fn concern(workspace: &Workspace, arguments: &[&str]) -> Option<Value> {
    let answer = workspace.run(&[&["check", "--json"][..], arguments].concat());
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
    let concerns = answer["concerns"].as_array().unwrap().iter();
    let mut stale = concerns.filter(|concern| concern["kind"] == "stale-inputs");
    stale.next().cloned()
}

#[test]
fn books_at_an_old_rate_fail_the_check() {
    let workspace = Workspace::from_world(&format!("{NOW}{OLD_RATE}"));
    let check = workspace.run(&["check", "--max-stale", "11"]);
    assert_eq!(check.code, 1, "{}", check.stdout);
    workspace.run_ok(&["check", "--max-stale", "12"]);
    assert_eq!(
        workspace.run(&["check"]).code,
        1,
        "the default is dead-after"
    );
    let found = concern(&workspace, &["--max-stale", "11"]).unwrap();
    let facts = &found["facts"];
    assert_eq!((&found["count"], &facts["stale"]), (&2.into(), &2.into()));
    assert_eq!(facts["inputs"], json!(["CHFUSD"]));
    assert_eq!(
        (&facts["max-stale"], &facts["oldest"]),
        (&11.into(), &12.into())
    );
    assert_eq!(facts["largest-share"], 1.0);
    let worst = facts["worst"].as_array().unwrap().iter();
    let shares: Vec<_> = worst
        .map(|stale| json!([stale["name"], stale["share"]]))
        .collect();
    // 80 francs at 1.25 beside three shares at 300.
    assert_eq!(json!(shares), json!([["A", 1.0], ["B", 0.1]]));
    assert_eq!(concern(&workspace, &["-p", "C"]), None);
}

#[test]
fn the_limit_is_configured() {
    let workspace = Workspace::from_world(&format!("{NOW}{OLD_RATE}"));
    workspace.write("plimsoll.toml", "[prices]\ndead-after = 12\n");
    workspace.run_ok(&["check"]);
    workspace.write("plimsoll.toml", "[alerts]\nmax-stale = 12\n");
    workspace.run_ok(&["check"]);
    workspace.write(
        "plimsoll.toml",
        "[alerts]\nmax-stale = 3\n[prices]\ndead-after = 12\n",
    );
    assert_eq!(workspace.run(&["check"]).code, 1);
}

#[test]
fn an_old_close_or_none_at_all_fails_the_check_unless_it_is_not_expected() {
    for (attributes, code) in [
        ("{}", 1),
        ("{ class = \"private\" }", 0),
        ("{ inactive-from = 2025-12-22 }", 0),
    ] {
        for prices in ["2025-12-19 = 10", "2025-12-19 = \"missing\""] {
            let world = format!(
                "{NOW}[securities]\nDEAD = {attributes}\n[prices]\nDEAD = {{ {prices} }}\n\
                 [portfolios]\nA = {{ inception = 2025-12-19, cash = 1_000, complete = \"..\" }}\n\
                 [[transaction]]\nportfolio = \"A\"\nday = 2025-12-19\nkind = \"buy\"\n\
                 symbol = \"DEAD\"\nquantity = 10\nprice = 10\n"
            );
            let workspace = Workspace::from_world(&world);
            let check = workspace.run(&["check", "--max-stale", "11"]);
            assert_eq!(check.code, code, "{attributes} {prices}: {}", check.stdout);
            workspace.run_ok(&["check", "--max-stale", "12"]);
        }
    }
}

#[test]
fn the_newest_books_after_a_gap_are_judged_too() {
    let world = |complete: &str| {
        format!(
            "{NOW}[securities]\nALPN = {{ currency = \"CHF\" }}\nCHFUSD = {{ class = \"fx\" }}\n\
             [prices]\nCHFUSD = {{ 2025-12-19 = 1.25 }}\nALPN = {{ 2025-12-19 = 80, 2026-01-08 = 80 }}\n\
             [portfolios]\nA = {{ inception = 2025-12-19, cash = 1_000, holdings = {{ ALPN = 100, WIDE = 1 }}, \
             complete = {complete} }}\n"
        )
    };
    // The rate is fresh at the watermark and twelve sessions old in the books of Jan 8. Without the
    // first day there is no watermark at all. WIDE has all of its closes, so that no session is
    // unpriced.
    for complete in ["[2025-12-19, 2026-01-08]", "2026-01-08", "\"..\""] {
        let workspace = Workspace::from_world(&world(complete));
        let limit = |limit| ["check", "--max-lag", "20", "--max-stale", limit];
        let check = workspace.run(&limit("11"));
        assert_eq!(check.code, 1, "{complete}: {}", check.stdout);
        workspace.run_ok(&limit("12"));
        let found = concern(&workspace, &["--max-stale", "11"]).unwrap();
        assert_eq!(found["facts"]["worst"][0]["day"], "2026-01-08");
    }
}
