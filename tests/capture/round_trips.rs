//! Round trips of handmade states, with the text of their captures.

use plimsoll::domain::DayRange;
use plimsoll::domain::calendar::Definition;
use plimsoll::engine::register_own_calendar;
use plimsoll::store::Store;

use crate::harness::{JAN_8, harness, nightly, nightly_to};
use crate::support::{capture_toml, round_trip};

#[test]
fn incident_capture_round_trips() {
    let text = round_trip(&harness(JAN_8));
    insta::assert_snapshot!(text, @r#"
    # Captured from a Plimsoll database at 2026-01-08T18:00:00-05:00.
    # 13 portfolios, 602 complete cells (invalidated ones included).
    # Holdings and prices are left out; loading the world generates others.

    now = 2026-01-08T18:00:00-05:00
    calendar = "new-york"

    [portfolios]
    "Family Office Private Opportunities" = { inception = 2025-10-01, complete = "..2026-01-05" }
    "Family Office Public Growth"         = { inception = 2025-10-01, complete = "..2026-01-05" }
    "Hedge Fund Style"                    = { inception = 2025-10-15, complete = "..2026-01-05" }
    "High Net Worth"                      = { inception = 2025-10-20, complete = "..2026-01-05" }
    Individual                            = { inception = 2025-11-03, complete = "..2026-01-05" }
    "Equity Balance"                      = { inception = 2025-11-03, complete = "..2026-01-05" }
    "Futura Test"                         = { inception = 2025-11-10, complete = "..2026-01-05" }
    "JP Morgan Bonds"                     = { inception = 2025-10-06, complete = "..2026-01-05" }
    "Robinhood Growth"                    = { inception = 2025-11-17, complete = "..2026-01-05" }
    "Robinhood Tech"                      = { inception = 2025-11-14, complete = "..2026-01-05" }
    "Small Test"                          = { inception = 2025-12-15, complete = "..2026-01-05" }
    "Tech Growth"                         = { inception = 2025-10-01, complete = "..2026-01-06" }
    "Test Scott Y"                        = { inception = 2025-12-01, complete = "..2026-01-07" }
    "#);
}

/// A world with two calendars of the user's own: a portfolio names one, and the other is not used.
pub(crate) const OWN_CALENDARS: &str = r#"
    now = 2026-01-08T18:00:00-05:00

    [[own-calendar]]
    name = "lima"
    zone = "America/Lima"
    based-on = "weekdays"
    close = "15:00"
    years = { first = 2024, last = 2026 }
    title = "Lima Stock Exchange"
    closed = [{ day = 2026-01-06, name = "a holiday" }]
    holiday = [{ name = "Labour Day", on = "05-01" }]

    [[own-calendar]]
    name = "oslo"
    zone = "Europe/Oslo"
    based-on = "weekdays"
    close = "16:20"
    years = { first = 2024, last = 2026 }

    [portfolios]
    Own = { inception = 2025-12-22, calendar = "lima", complete = "..2026-01-07" }
    All = { inception = 2025-12-22, complete = "..2026-01-07" }
"#;

#[test]
fn runs_are_captured() {
    let harness = harness(JAN_8);
    harness.run(&nightly_to("2026-01-07"));
    harness.run(&nightly());
    let text = round_trip(&harness);
    assert_eq!(text.matches("[[run]]").count(), 2, "{text}");
}

#[test]
fn calendars_of_the_users_own_are_captured_although_they_are_not_in_force() {
    let original = harness(OWN_CALENDARS);
    let text = round_trip(&original);
    assert_eq!(text.matches("[[own-calendar]]").count(), 2, "{text}");
    assert!(text.contains("name = \"a holiday\""), "{text}");
    // Replaced ones are captured as they are now.
    let replaced = "name = \"lima\"\nzone = \"America/Lima\"\nbased-on = \"weekdays\"\n\
                    close = \"15:00\"\nyears = { first = 2024, last = 2026 }\n\
                    closed = [{ day = 2026-01-05 }]\n";
    let own = Definition::from_toml(replaced).unwrap();
    let mut writer = original.store.writer().unwrap();
    let registered = writer.write(|writing| {
        let calendar = &original.settings.calendar;
        register_own_calendar(writing, &own, calendar, &original.environment)
    });
    registered.unwrap();
    let text = round_trip(&original);
    assert!(!text.contains("a holiday"), "{text}");
    original.run(&nightly());
    round_trip(&original);
}

#[test]
fn the_calendar_of_a_portfolio_is_captured() {
    let text = round_trip(&harness(
        r#"
        now = 2026-01-08T18:00:00-05:00
        calendar = "weekdays"

        [portfolios]
        Own = { inception = 2025-12-22, calendar = "XTSE", complete = "..2026-01-07" }
        All = { inception = 2025-12-22, complete = "..2026-01-07" }
        "#,
    ));
    assert_eq!(text.matches("calendar = \"XTSE\"").count(), 1, "{text}");
}

/// A world with every key that describes a state.
pub(crate) const EVERYTHING: &str = r#"
now = 2026-01-08T18:00:00-05:00
calendar = "weekdays"

[calendar-amendments]
closed = [2025-12-25, 2026-01-01]
half-days = { 2025-12-24 = "13:00" }

[market]
last = 2026-01-09

[securities.CHFUSD]
class = "fx"

[portfolios]
"P01..P05" = { inception = 2025-12-01, complete = "..2026-01-07" }
P06 = { inception = 2025-12-02, complete = "..2026-01-07" }
Holey = { inception = 2025-12-01, complete = "..2026-01-07", holes = [2025-12-05, "2025-12-09..2025-12-12", 2025-12-16, 2025-12-18, 2025-12-22, 2025-12-30] }
Alike = { like = "Holey", id = "00000000-0000-4000-8000-000000000001" }
"00000000-0000-4000-8000-000000000002" = { name = "Twin", inception = 2025-12-01, complete = 2025-12-01 }
"00000000-0000-4000-8000-000000000003" = { name = "Twin", inception = 2025-12-01 }
"00000000-0000-4000-8000-000000000004" = { name = "A..C", inception = 2025-12-01, currency = "CHF", complete = "2025-12-03..2025-12-05" }
Late = { inception = 2025-12-01, complete = "2025-12-10..2026-01-09" }
Crashed = { inception = 2025-12-01, complete = "..2026-01-06", phases = { "2025-12-01..2025-12-05" = ["snapshot", "risk"], 2026-01-07 = ["snapshot"] } }
Failed = { inception = 2025-12-01, complete = "..2026-01-07", failed = { "2026-01-05..2026-01-06" = { risk = 2 }, 2026-01-07 = { snapshot = 7, risk = 1 } }, quarantined = { 2026-01-02 = ["exposures"] } }
"Taken, then failed" = { inception = 2025-12-01, complete = "..2026-01-07", failed = { 2026-01-06 = { snapshot = 1 } } }
Rows = { inception = 2025-12-10, closed = 2025-12-19, complete = "..2025-12-12", rows = ["2025-12-15..2025-12-16", 2025-12-01, 2025-12-13, 2026-01-05] }
Waits = { inception = 2025-12-10, complete = "..2026-01-06", blocked = ["2026-01-07..2026-01-08"] }
"Waits too" = { inception = 2026-01-08, blocked = 2026-01-08 }
Gone = { inception = 2025-12-10, deleted-at = 2026-01-02T09:00:00.25-05:00, complete = ".." }

[[invalidation]]
cause = "price"
reason = "the close of \"ACME\""
portfolios = ["P02..P04", "Late", "Taken, then failed"]
days = ["2026-01-05.."]

[[invalidation]]
cause = "forced"
portfolios = "P01..P05"
days = "2026-01-06..2026-01-07"
phases = ["positions", "risk"]

[[invalidation]]
cause = "request"
portfolios = "00000000-0000-4000-8000-000000000002"
days = 2025-12-01
phases = ["snapshot"]

[[run]]
started = 2026-01-07T02:00:00-05:00
ended = 2026-01-07T02:03:11.5-05:00
state = "incomplete"
policy = "global-max"
scope = "P01, \"Holey\""
target = 2026-01-06
planned = 13
done = 12
failed = 1
blocked = 2

[[accepted-prices]]
from = 2026-01-02
to = 2026-01-05
reason = "no \"official\" closes"
by = "anna"

[run-left-running]
lease = "expired"
started = 2026-01-08T02:00:00-05:00
target = 2026-01-07
"#;

#[test]
fn capture_writes_every_world_key() {
    let text = round_trip(&harness(EVERYTHING));
    insta::with_settings!({ snapshot_path => "../../snapshots/capture", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("everything", text);
    });
}

#[test]
fn equal_portfolios_share_one_line() {
    let text = round_trip(&harness(
        "now = 2026-01-08T18:00:00-05:00\n[market]\nshares = 3\n[portfolios]\n\
         \"P0001..P1000\" = { inception = 2026-01-07, style = \"cash\" }\n\
         \"Q1..Q200\" = { inception = 2026-01-07, complete = 2026-01-07, style = \"cash\" }\n",
    ));
    let lines = text.lines().skip_while(|line| *line != "[portfolios]");
    let lines: Vec<_> = lines.skip(1).collect();
    assert_eq!(
        lines,
        [
            "\"P0001..P1000\" = { inception = 2026-01-07 }",
            "\"Q1..Q200\"     = { inception = 2026-01-07, complete = \"..2026-01-07\" }"
        ]
    );
}

#[test]
fn empty_database_gives_world_without_portfolios() {
    let original = harness("now = 2026-01-08T18:00:00-05:00\n");
    let text = capture_toml(&original);
    let portfolios = |store: &Store| store.read(|reading| reading.portfolios().all()).unwrap();
    assert!(portfolios(&harness(&text).store).is_empty());
    assert_eq!(capture_toml(&harness(&text)), text);
}

#[test]
fn capture_does_not_change_database() {
    let harness = harness(JAN_8);
    let before = harness.output_rows();
    let revision = harness.store.read(|reading| reading.revision()).unwrap();
    capture_toml(&harness);
    assert_eq!(harness.output_rows(), before);
    assert_eq!(
        harness.store.read(|reading| reading.revision()).unwrap(),
        revision
    );
    let covered = (harness.store)
        .read(|r| {
            r.ledger()
                .coverage(DayRange::ALL, plimsoll::domain::PhaseSet::ALL)
        })
        .unwrap();
    assert!(covered.iter().count() > 0);
}
