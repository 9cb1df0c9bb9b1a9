//! Endpoints for portfolios and books: pagination, ranges, dates and names.

use serde_json::Value;

use crate::test_server::{JAN_8, TestServer, start_server};

/// Fetches all pages of a list and returns their items.
fn all_pages(server: &TestServer, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut after = String::new();
    loop {
        let page = server.get(&format!("{path}?limit={limit}{after}")).json();
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
    let server = start_server(JAN_8);
    let run = server.start_run("?portfolio_id=Small%20Test");
    server.wait_for_end(&run);
    for path in [
        "/api/v1/portfolios",
        "/api/v1/coverage",
        "/api/v1/admin/batch/history",
        "/api/v1/portfolios/Tech%20Growth/snapshots",
    ] {
        let all = all_pages(&server, path, 1_000);
        assert!(all.len() > 1, "{path}");
        assert_eq!(all_pages(&server, path, 1), all, "{path}");
        assert_eq!(all_pages(&server, path, 7), all, "{path}");
    }
}

#[test]
fn a_snapshot_range_keeps_drawdowns_since_inception() {
    let server = start_server(JAN_8);
    let path = "/api/v1/portfolios/Tech%20Growth/snapshots";
    let all = all_pages(&server, path, 1_000);
    let part = server
        .get(&format!("{path}?from=2025-12-29&to=2026-01-02"))
        .json();
    let days: Vec<_> = part["items"].as_array().unwrap().iter().collect();
    assert_eq!(days.len(), 4);
    assert_eq!(days[0]["day"], "2026-01-02");
    for item in days {
        let same = all.iter().find(|session| session["day"] == item["day"]);
        assert_eq!(Some(item), same);
    }
}

#[test]
fn holdings_are_as_of_a_day_and_empty_before_inception() {
    let server = start_server(JAN_8);
    let at = "/api/v1/portfolios/Hedge%20Fund%20Style";
    let sunday = server
        .get(&format!("{at}/positions?as_of=2026-01-04"))
        .json();
    assert_eq!(sunday["as-of"], "2026-01-02");
    assert!(!sunday["positions"]["rows"].as_array().unwrap().is_empty());
    let newest = server.get(&format!("{at}/risk")).json();
    assert_eq!(newest["as-of"], "2026-01-05");
    let before = server
        .get(&format!("{at}/exposures?as_of=2025-01-01"))
        .json();
    assert_eq!(
        (&before["as-of"], &before["exposures"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_portfolio_is_found_by_id_or_name_and_the_nearest_name_is_suggested() {
    let server = start_server(JAN_8);
    let by_name = server.get("/api/v1/portfolios/Tech%20Growth").json();
    let id = by_name["key"].as_str().unwrap();
    assert_eq!(
        server.get(&format!("/api/v1/portfolios/{id}")).json(),
        by_name
    );
    assert_eq!(by_name["held-back-by"], "2026-01-07");
    let unknown = server.get("/api/v1/portfolios/Tech%20Grwth").json();
    assert_eq!(unknown["hint"], "did you mean `Tech Growth`?");
}

#[test]
fn imported_names_are_never_interpreted() {
    let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
        \"<script>alert(1)</script>\" = { complete = \"..2026-01-06\" }\n\
        \"'; DROP TABLE run; --\" = { complete = \"..2026-01-06\" }\n";
    let server = start_server(world);
    let names = all_pages(&server, "/api/v1/portfolios", 10);
    assert_eq!(names[0]["name"], "<script>alert(1)</script>");
    let injected = server
        .get("/api/v1/portfolios/'%3B%20DROP%20TABLE%20run%3B%20--")
        .json();
    assert_eq!(injected["name"], "'; DROP TABLE run; --");
    assert_eq!(server.get("/api/v1/admin/batch/history").status, 200);
}
