//! Calendars of the user's own, beside the one that the configuration chooses.

use serde_json::Value;

use crate::workspace::Workspace;

const NOW: &str = "2026-01-09T23:00:00Z";

/// A calendar of weekdays without January 7, and with another holiday.
fn lima(holiday: &str) -> String {
    format!(
        "name = \"lima\"\nzone = \"America/Lima\"\nbased-on = \"weekdays\"\nclose = \"15:00\"\n\
         years = {{ first = 2025, last = 2026 }}\ntitle = \"Lima Stock Exchange\"\n\
         [[closed]]\nday = 2026-01-07\nname = \"a holiday\"\n[[closed]]\nday = {holiday}\n"
    )
}

fn run(workspace: &Workspace, arguments: &[&str]) -> String {
    workspace.run_ok(&[&["--db", "a.db", "--now", NOW], arguments].concat())
}

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let text = run(workspace, &[&["--json"], arguments].concat());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_own_calendar_is_registered_named_replaced_and_removed() {
    let workspace = Workspace::new();
    workspace.write("plimsoll.toml", "[calendar]\nname = \"XNYS\"\n");
    workspace.write("lima.toml", &lima("2026-03-02"));
    workspace.write("securities.csv", "symbol,calendar\nMINE,lima\n");
    workspace.write("portfolios.csv", "id,name,inception\nf,Fund,2026-01-05\n");
    workspace.write(
        "prices.csv",
        "symbol,date,close\nMINE,2026-01-05,10\nMINE,2026-01-06,11\nMINE,2026-01-08,12\n\
         MINE,2026-01-09,13\n",
    );
    workspace.write(
        "transactions.csv",
        "id,portfolio,date,kind,symbol,quantity,price,amount\n\
         t1,Fund,2026-01-05,deposit,,,,1000\nt2,Fund,2026-01-05,buy,MINE,10,10,\n",
    );
    run(&workspace, &["init"]);
    let unknown = ["--db", "a.db", "import", "securities", "securities.csv"];
    let unknown = workspace.run(&unknown);
    assert_eq!(unknown.code, 3);
    let output = format!("{}{}", unknown.stdout, unknown.stderr);
    assert!(output.contains("register your own"), "{output}");

    let import = ["calendar", "import", "lima.toml"];
    assert_eq!(json(&workspace, &import)["verdict"], "added");
    assert_eq!(json(&workspace, &import)["verdict"], "unchanged");
    for kind in ["portfolios", "securities", "prices", "transactions"] {
        run(&workspace, &["import", kind, &format!("{kind}.csv")]);
    }
    let listed = run(&workspace, &["calendar", "list"]);
    assert!(listed.contains("Lima Stock Exchange"), "{listed}");
    let shown = run(&workspace, &["calendar", "show", "lima", "--year", "2026"]);
    assert!(shown.contains("2026-01-07  a holiday"), "{shown}");

    // Of the share on its holiday nothing is missing.
    run(&workspace, &["run"]);
    let show = run(&workspace, &["show", "Fund", "--as-of", "2026-01-07"]);
    assert!(show.contains("closed"), "{show}");

    // Only January 7 ceases to be a session, and so only that day is affected.
    workspace.write(
        "lima.toml",
        &lima("2026-03-02").replace("2026-01-07", "2026-02-02"),
    );
    let replaced = json(&workspace, &import);
    assert_eq!(replaced["verdict"], "replaced");
    assert_eq!(replaced["changed-days"], serde_json::json!(["2026-01-07"]));
    assert_eq!(replaced["invalidated"], 5, "{replaced}");
    workspace.write("lima.toml", &lima("2026-03-02"));
    run(&workspace, &import);
    run(&workspace, &["run"]);
    run(&workspace, &["verify", "--all"]);

    let remove = ["--db", "a.db", "calendar", "remove", "lima"];
    let refused = workspace.run(&remove);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("the security `MINE`"));
    workspace.write("securities.csv", "symbol,calendar\nMINE,\n");
    run(&workspace, &["import", "securities", "securities.csv"]);
    run(&workspace, &["calendar", "remove", "lima"]);
    let shown = workspace.run(&["--db", "a.db", "calendar", "show", "lima"]);
    assert_eq!(shown.code, 2, "{}", shown.stderr);
}

#[test]
fn the_names_of_built_in_and_configured_calendars_are_refused() {
    let workspace = Workspace::new();
    workspace.write("lima.toml", &lima("2026-03-02"));
    workspace.write("plimsoll.toml", "[calendar]\nfile = \"lima.toml\"\n");
    let xtse = lima("2026-03-02").replace("\"lima\"", "\"XTSE\"");
    workspace.write("xtse.toml", &xtse);
    run(&workspace, &["init"]);
    for (file, expected) in [
        ("xtse.toml", "`XTSE` is the name of a built-in calendar"),
        ("lima.toml", "`lima` is the calendar of the database"),
    ] {
        let refused = workspace.run(&["--db", "a.db", "calendar", "import", file]);
        assert_eq!(refused.code, 3, "{}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
        assert!(refused.stderr.contains("hint:"), "{}", refused.stderr);
    }
}
