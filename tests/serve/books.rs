//! What the API says of portfolios is what the books say, page by page.

use serde_json::Value;

use crate::test_server::{JAN_8, TestServer, start_server};

/// The items of all pages of a list.
fn all_pages(house: &TestServer, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut after = String::new();
    loop {
        let page = house.get(&format!("{path}?limit={limit}{after}")).json();
        let here = page["items"].as_array().unwrap();
        assert!(here.len() <= limit);
        items.extend(here.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return items,
        }
    }
}

#[test]
fn pages_cover_the_list_without_duplicates() {
    let house = start_server(JAN_8);
    let run = house.start_run("?portfolio_id=Small%20Test");
    house.wait_for_end(&run);
    for path in [
        "/api/v1/portfolios",
        "/api/v1/coverage",
        "/api/v1/admin/batch/history",
        "/api/v1/portfolios/Tech%20Growth/snapshots",
    ] {
        let whole = all_pages(&house, path, 1_000);
        assert!(whole.len() > 1, "{path}");
        assert_eq!(all_pages(&house, path, 1), whole, "{path}");
        assert_eq!(all_pages(&house, path, 7), whole, "{path}");
    }
}

#[test]
fn a_snapshot_range_keeps_drawdowns_since_inception() {
    let house = start_server(JAN_8);
    let path = "/api/v1/portfolios/Tech%20Growth/snapshots";
    let whole = all_pages(&house, path, 1_000);
    let part = house
        .get(&format!("{path}?from=2025-12-29&to=2026-01-02"))
        .json();
    let days: Vec<_> = part["items"].as_array().unwrap().iter().collect();
    assert_eq!(days.len(), 4);
    assert_eq!(days[0]["day"], "2026-01-02");
    for item in days {
        let same = whole.iter().find(|one| one["day"] == item["day"]);
        assert_eq!(Some(item), same);
    }
}

#[test]
fn holdings_are_as_of_a_day_and_empty_before_inception() {
    let house = start_server(JAN_8);
    let at = "/api/v1/portfolios/Hedge%20Fund%20Style";
    let sunday = house
        .get(&format!("{at}/positions?as_of=2026-01-04"))
        .json();
    assert_eq!(sunday["as-of"], "2026-01-02");
    assert!(!sunday["positions"]["rows"].as_array().unwrap().is_empty());
    let newest = house.get(&format!("{at}/risk")).json();
    assert_eq!(newest["as-of"], "2026-01-05");
    let before = house
        .get(&format!("{at}/exposures?as_of=2025-01-01"))
        .json();
    assert_eq!(
        (&before["as-of"], &before["exposures"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_portfolio_is_found_by_id_or_name_and_the_nearest_name_is_suggested() {
    let house = start_server(JAN_8);
    let by_name = house.get("/api/v1/portfolios/Tech%20Growth").json();
    let id = by_name["key"].as_str().unwrap();
    assert_eq!(
        house.get(&format!("/api/v1/portfolios/{id}")).json(),
        by_name
    );
    assert_eq!(by_name["held-back-by"], "2026-01-07");
    let nobody = house.get("/api/v1/portfolios/Tech%20Grwth").json();
    assert_eq!(nobody["hint"], "did you mean `Tech Growth`?");
}

#[test]
fn imported_names_are_never_interpreted() {
    let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
        \"<script>alert(1)</script>\" = { complete = \"..2026-01-06\" }\n\
        \"'; DROP TABLE run; --\" = { complete = \"..2026-01-06\" }\n";
    let house = start_server(world);
    let names = all_pages(&house, "/api/v1/portfolios", 10);
    assert_eq!(names[0]["name"], "<script>alert(1)</script>");
    let injected = house
        .get("/api/v1/portfolios/'%3B%20DROP%20TABLE%20run%3B%20--")
        .json();
    assert_eq!(injected["name"], "'; DROP TABLE run; --");
    assert_eq!(house.get("/api/v1/admin/batch/history").status, 200);
}
