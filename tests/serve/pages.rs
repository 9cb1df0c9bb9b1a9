//! The status pages: links, inline scripts and styles, escaping, and agreement with the API.

use std::collections::{BTreeSet, VecDeque};

use crate::openapi::MIXED_STATES;
use crate::test_server::{JAN_8, TestServer, start_server};

/// The addresses that a page links to.
fn links(page: &str) -> Vec<String> {
    let parts = page.split("href=\"").skip(1);
    let links = parts.map(|part| part.split('"').next().unwrap().replace("&amp;", "&"));
    links.collect()
}

/// Follows every link, starting at the overview, and returns the pages.
fn crawl(server: &TestServer) -> Vec<(String, String)> {
    let mut known: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    let mut queue = VecDeque::from(["/".to_owned()]);
    let mut pages = Vec::new();
    while let Some(path) = queue.pop_front() {
        let answer = server.browse(&path, "", None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        // Cells link to adjacent cells; following those would visit every session.
        let is_cell = path.contains("/cells/");
        for link in links(&answer.text).into_iter().filter(|_| !is_cell) {
            let link = link.split('#').next().unwrap().to_owned();
            if !link.is_empty() && known.insert(link.clone()) {
                assert!(
                    link.starts_with('/'),
                    "{path} links to another site: {link}"
                );
                queue.push_back(link);
            }
        }
        pages.push((path, answer.text));
    }
    pages
}

#[test]
fn every_link_resolves_and_no_page_has_inline_script_or_style() {
    let server = start_server(MIXED_STATES);
    let run = server.start_run("?portfolio_id=Flaky");
    server.wait_for_end(&run);
    let pages = crawl(&server);
    assert!(pages.len() > 150, "{}", pages.len());
    for (path, page) in &pages {
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        assert!(
            page.contains("<html lang=\"en\">") && page.contains("<title>"),
            "{path}"
        );
        for forbidden in [
            " style=",
            "<script>",
            "<style",
            " onclick=",
            "javascript:",
            "NaN",
        ] {
            assert!(!page.contains(forbidden), "{path}: {forbidden}");
        }
    }
    let of = |start: &str| {
        pages
            .iter()
            .filter(|(path, _)| path.starts_with(start))
            .count()
    };
    assert!(of("/runs/") > 0 && of("/health") == 1 && of("/plan") == 1);
}

#[test]
fn the_overview_names_the_portfolio_that_holds_the_watermark_and_links_each_cell() {
    let server = start_server(JAN_8);
    let page = server.browse("/", "", None).text;
    assert!(
        page.contains("13 of 13 portfolios are behind Thu 8 Jan 2026"),
        "{page}"
    );
    assert!(page.contains("Watermark <strong>Mon 5 Jan 2026</strong>"));
    let open = page.matches("class=\"cell open\" href=").count();
    assert_eq!(open, 36);
    let cell = page.split("class=\"cell open\" href=\"").nth(1).unwrap();
    let reason = server
        .browse(cell.split('"').next().unwrap(), "", None)
        .text;
    assert!(reason.contains("open, missing"), "{reason}");
    assert!(reason.contains("hidden-by-watermark"), "{reason}");

    let run = server.start_run("");
    server.wait_for_end(&run);
    let page = server.browse("/", "", None).text;
    assert!(
        page.contains("All 13 portfolios are complete up to Thu 8 Jan 2026"),
        "{page}"
    );
    assert_eq!(page.matches("cell open").count(), 0);
    assert!(page.contains(&run[..8]));
}

#[test]
fn a_long_range_is_drawn_as_intervals_with_the_same_states() {
    let server = start_server(MIXED_STATES);
    let squares = server.browse("/?sessions=30", "", None).text;
    let intervals = server.browse("/?sessions=250", "", None).text;
    for class in ["open", "partial", "blocked", "complete"] {
        assert!(squares.contains(&format!("cell {class}")), "{class}");
        assert!(
            intervals.contains(&format!("rect class=\"{class}\"")),
            "{class}"
        );
    }
    assert_eq!(server.browse("/?sessions=31", "", None).status, 400);
}

#[test]
fn pagination_shows_each_portfolio_once() {
    let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
        \"P001..P120\" = { inception = 2026-01-07, style = \"cash\" }\n";
    let server = start_server(world);
    let mut seen = BTreeSet::new();
    let mut next = Some("/".to_owned());
    while let Some(path) = next {
        let page = server.browse(&path, "", None).text;
        let rows = page
            .split("<th scope=\"row\"><a href=\"/portfolios/")
            .skip(1);
        for row in rows {
            assert!(seen.insert(row[..36].to_owned()));
        }
        next = links(&page).into_iter().rfind(|link| {
            let skip = link
                .split("skip=")
                .nth(1)
                .and_then(|skip| skip.parse::<usize>().ok());
            skip == Some(seen.len())
        });
    }
    assert_eq!(seen.len(), 120);
}

#[test]
fn the_portfolio_page_shows_the_same_nav_as_the_api() {
    let server = start_server(JAN_8);
    let json = server
        .get("/api/v1/portfolios/Tech%20Growth/snapshots?limit=1")
        .json();
    let nav: f64 = json["items"][0]["nav"].as_str().unwrap().parse().unwrap();
    let page = server.browse("/portfolios/Tech%20Growth", "", None).text;
    let shown = page.split("<span class=\"big\">").nth(1).unwrap();
    let shown = shown.split('<').next().unwrap().replace(',', "");
    assert!(
        (shown.parse::<f64>().unwrap() - nav).abs() <= 0.005,
        "{shown} {nav}"
    );
    for part in [
        "Net asset value",
        "Drawdown",
        "Monthly returns",
        "Positions",
        "Exposures",
        "Risk",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("2 sessions behind: missing"));
}

#[test]
fn the_health_page_names_missing_blocked_and_failing_data_with_the_fix() {
    let server = start_server(MIXED_STATES);
    let page = server.browse("/health", "", None).text;
    assert!(
        page.contains("ACME") && page.contains("no price of ACME"),
        "{page}"
    );
    assert!(page.contains("plimsoll retry Stuck"), "{page}");
    assert!(page.contains("plimsoll import prices PRICES.csv"));
}

#[test]
fn imported_names_are_escaped() {
    let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
        \"<script>alert(1)</script>\" = { inception = 2026-01-07, style = \"cash\" }\n\
        \"\\\" onmouseover=\\\"alert(1)\" = { inception = 2026-01-07, style = \"cash\" }\n\
        Holder = { inception = 2026-01-07, cash = 1_000, holdings = { EVIL = 10 }, complete = \"..2026-01-07\" }\n\
        [securities]\nEVIL = { name = \"<script>\", sector = \"<script>\" }\n\
        [prices]\nEVIL = { 2026-01-07 = 10 }\n\
        [[run]]\nstarted = 2026-01-07T18:00:00-05:00\nstate = \"failed\"\n\
        policy = \"<script>\"\nscope = \"<script>\"\n";
    let server = start_server(world);
    let name = "%3Cscript%3Ealert%281%29%3C%2Fscript%3E";
    for path in [
        "/",
        "/?sessions=250",
        "/plan",
        "/plan?portfolio_id=%22%3E%3Cscript%3E",
        "/portfolios/Holder",
        "/portfolios/Holder/cells/2026-01-07",
        "/portfolios/Holder/cells/2026-01-08",
        &format!("/portfolios/{name}"),
        &format!("/portfolios/{name}/cells/2026-01-08"),
        "/runs",
        "/health",
    ] {
        let answer = server.browse(path, "", None);
        // Only the plan of an unknown portfolio is refused.
        let is_refused = path.contains("portfolio_id=");
        assert_eq!(
            answer.status != 200,
            is_refused,
            "{path}: {}",
            answer.status
        );
        let page = answer.text;
        assert!(!page.contains("<script>"), "{path}: {page}");
        assert!(!page.contains("\" onmouseover"), "{path}: {page}");
    }
    let unknown = server.browse("/portfolios/%3Cscript%3E", "", None);
    assert_eq!(unknown.status, 404);
    assert!(!unknown.text.contains("<script>"), "{}", unknown.text);
}

#[test]
fn unknown_addresses_give_an_error_page() {
    let server = start_server(JAN_8);
    for (path, status) in [
        ("/nowhere", 404),
        ("/portfolios/Unknown", 404),
        ("/portfolios/Tech%20Growth/cells/soon", 400),
        ("/runs/zzzz", 404),
        ("/?sesions=30", 400),
        ("/assets/../mod.rs", 404),
        ("/assets/%2e%2e%2fmod.rs", 404),
    ] {
        let answer = server.browse(path, "", None);
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.text.contains("//!"), "{path}");
    }
    let page = server.browse("/portfolios/Tech%20Grwth", "", None).text;
    assert!(page.contains("did you mean `Tech Growth`?"), "{page}");
}
