//! Authentication, host checks, rate limits, size limits and the form of errors.

use plimsoll::environment::Environment;
use plimsoll::serve::access::revoke_token;
use plimsoll::serve::{PublicUrl, ServeSettings};

use crate::test_server::{TestServer, start_server, start_server_with};

const SMALL: &str =
    "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = { complete = \"..2026-01-06\" }\n";

fn status_with(server: &TestServer, authorization: &str) -> String {
    let response = server.send_raw(&format!(
        "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{authorization}\r\n"
    ));
    response.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn requests_without_a_valid_token_are_rejected() {
    let server = start_server(SMALL);
    let good = &server.reader;
    assert_eq!(
        status_with(&server, &format!("Authorization: Bearer {good}\r\n")),
        "200"
    );
    assert_eq!(
        status_with(&server, &format!("authorization: bearer {good}\r\n")),
        "200"
    );
    for wrong in [
        String::new(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Basic {good}\r\n"),
        format!("Authorization: Bearer {}\r\n", good.to_uppercase()),
        format!(
            "Authorization: Bearer {}0\r\n",
            &good[..good.len() - 1].replace('0', "1")
        ),
    ] {
        assert_eq!(status_with(&server, &wrong), "401", "{wrong}");
    }
    let in_address = server.request("GET", &format!("/api/v1/status?token={good}"), None);
    assert_eq!(in_address.status, 401);
    assert_eq!(in_address.header("www-authenticate"), "Bearer");
}

#[test]
fn a_revoked_token_is_refused_at_once() {
    let server = start_server(SMALL);
    assert_eq!(server.get("/api/v1/status").status, 200);
    revoke_token(&server.store, &Environment::system(None), "reader").unwrap();
    assert_eq!(server.get("/api/v1/status").status, 401);
    assert_eq!(
        server
            .request("GET", "/api/v1/status", Some(&server.admin))
            .status,
        200
    );
}

#[test]
fn a_token_of_scope_read_changes_nothing() {
    let server = start_server(SMALL);
    let before = server.get("/api/v1/admin/batch/history").text;
    for path in [
        "/api/v1/admin/batch/run",
        "/api/v1/admin/batch/run?force_rerun=true&start_date=2026-01-05&end_date=2026-01-06",
        "/api/v1/admin/batch/run/00000000-0000-4000-8000-000000000000/cancel",
    ] {
        let refused = server.request("POST", path, Some(&server.reader));
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (403, Some("forbidden"))
        );
    }
    assert_eq!(server.get("/api/v1/admin/batch/history").text, before);
}

#[test]
fn too_many_failures_give_retry_after_and_a_valid_token_still_passes() {
    let server = start_server(SMALL);
    let wrong = server.reader.replace("plm_", "plm_0");
    let tries = (0..12).map(|_| server.request("GET", "/api/v1/status", Some(&wrong)));
    let tries: Vec<_> = tries.collect();
    assert!(tries[..10].iter().all(|answer| answer.status == 401));
    let last = &tries[11];
    assert_eq!(last.status, 429);
    let seconds: u64 = last.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&seconds));
    assert!(!last.text.contains(&wrong));
    assert_eq!(server.get("/api/v1/status").status, 200);
}

#[test]
fn every_response_has_the_security_headers() {
    let server = start_server(SMALL);
    for path in [
        "/healthz",
        "/",
        "/api/v1/status",
        "/nowhere",
        "/assets/style.css",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
        let kept = if path.starts_with("/assets/") {
            "max-age=86400"
        } else {
            "no-store"
        };
        assert_eq!(answer.header("cache-control"), kept);
        assert_eq!(answer.header("strict-transport-security"), "");
    }
}

#[test]
fn foreign_host_names_are_rejected() {
    let behind_proxy = |settings: ServeSettings| {
        let url = PublicUrl::parse("https://books.example.com").unwrap();
        ServeSettings::new(settings.address, Some(url))
    };
    let server = start_server_with(SMALL, 8, behind_proxy);
    let ask = |path: &str, host: &str| {
        let request = format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        server.send_raw(&request)
    };
    let evil = ask("/api/v1/openapi.json", "Host: evil.example\r\n");
    assert!(evil.starts_with("HTTP/1.1 421"), "{evil}");
    let own = ask("/api/v1/openapi.json", "Host: books.example.com\r\n");
    assert!(own.starts_with("HTTP/1.1 200"), "{own}");
    assert!(own.contains("strict-transport-security: max-age"), "{own}");
    assert!(ask("/healthz", "Host: probe\r\n").starts_with("HTTP/1.1 200"));
    assert!(ask("/api/v1/openapi.json", "").starts_with("HTTP/1.1 4"));
}

#[test]
fn oversized_requests_are_rejected() {
    let server = start_server(SMALL);
    let long = "a".repeat(200_000);
    let close = "Host: localhost\r\nConnection: close\r\n";
    let head = server.send_raw(&format!("GET /{long} HTTP/1.1\r\n{close}\r\n"));
    assert!(
        head.starts_with("HTTP/1.1 4") && !head.contains(" 404"),
        "{head}"
    );
    let head = server.send_raw(&format!(
        "GET /healthz HTTP/1.1\r\n{close}X-Long: {long}\r\n\r\n"
    ));
    assert!(head.starts_with("HTTP/1.1 431"), "{head}");
    let fields: String = (0..80).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = server.send_raw(&format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"
    ));
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    let body = server.send_raw(
        "POST /api/v1/admin/batch/run HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: 99999999\r\n\r\n",
    );
    assert!(body.starts_with("HTTP/1.1 413"), "{body}");
    assert!(body.contains("\"code\":\"too-large\""), "{body}");
}

#[test]
fn errors_are_problem_documents() {
    let server = start_server(SMALL);
    for (method, path, status, code) in [
        ("GET", "/api/nowhere", 404, "not-found"),
        ("GET", "/api/v1/../../etc/passwd", 404, "not-found"),
        ("GET", "/api/v1/portfolios/%ff", 400, "malformed"),
        ("GET", "/api/v1/portfolios/%2e%2e%2f", 404, "not-found"),
        ("DELETE", "/api/v1/status", 405, "method"),
        ("GET", "/api/v1/admin/batch/run", 405, "method"),
        ("POST", "/api/v1/plan", 405, "method"),
    ] {
        let answer = server.request(method, path, Some(&server.admin));
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{path}"
        );
        assert_eq!(answer.json()["code"], code);
        assert_eq!(answer.header("allow").is_empty(), status != 405);
    }
}
