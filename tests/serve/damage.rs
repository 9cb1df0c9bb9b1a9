//! Damage that a request meets.

use crate::openapi::MIXED_STATES;
use crate::test_server::{TestServer, start_server};

fn set_currency(server: &TestServer, currency: &str) {
    server.execute(&format!(
        "UPDATE portfolio SET currency = '{currency}' WHERE name = 'Harbour'"
    ));
}

#[test]
fn damage_that_a_request_meets_stays_a_concern() {
    for path in [
        "/",
        "/portfolios/Harbour",
        "/metrics",
        "/readyz",
        "/api/v1/status",
        "/api/v1/portfolios/Harbour/positions",
        "/api/v1/plan",
    ] {
        let server = start_server(MIXED_STATES);
        let concerns = || {
            let status = server.get("/api/v1/status");
            assert_eq!(status.status, 200, "{path}: {}", status.text);
            status.json()["concerns"].to_string()
        };
        assert!(!concerns().contains("damage"), "{path}");
        set_currency(&server, "??");
        let answer = server.get(path);
        assert_eq!(answer.status, 503, "{path}: {}", answer.text);
        set_currency(&server, "USD");
        let found = concerns();
        assert!(found.contains("\"kind\":\"damage\""), "{path}: {found}");
        let ready = server.get("/readyz");
        assert!(ready.text.contains("damage"), "{path}: {}", ready.text);
    }
}
