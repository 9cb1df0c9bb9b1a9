//! Login sessions: signing in and out, starting and cancelling runs from pages, CSRF protection.

use plimsoll::environment::Environment;
use plimsoll::serve::access::revoke_token;
use plimsoll::serve::{AnonymousAccess, PublicUrl, ServeSettings};

use crate::test_server::{JAN_8, TestResponse, TestServer, start_server, start_server_with};

/// Signs in and returns the cookie as a browser sends it back.
pub(crate) fn sign_in(server: &TestServer, token: &str) -> String {
    let answer = server.browse("/sign-in", "", Some(&format!("token={token}&next=/plan")));
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), "/plan");
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(
        !cookie.contains(token) && !cookie.contains("Secure"),
        "{cookie}"
    );
    cookie.split(';').next().unwrap().to_owned()
}

/// The value of a hidden field in a page.
fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let value = page
        .split(&start)
        .nth(1)
        .unwrap_or_else(|| panic!("no `{name}` in {page}"));
    value.split('"').next().unwrap().to_owned()
}

/// The CSRF token and the plan id in the form of the plan page.
pub(crate) fn read_plan_form(server: &TestServer, cookie: &str) -> (String, String) {
    let page = server.browse("/plan", cookie, None).text;
    assert!(page.contains("Run exactly this"), "{page}");
    (field(&page, "csrf_token"), field(&page, "plan"))
}

fn assert_refused(answer: &TestResponse, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/html"));
}

#[test]
fn an_admin_previews_a_plan_and_starts_exactly_that() {
    let server = start_server(JAN_8);
    let cookie = sign_in(&server, &server.admin);
    let (csrf_token, plan) = read_plan_form(&server, &cookie);
    let sent = format!("csrf_token={csrf_token}&plan={plan}&portfolio_id=&start_date=&end_date=");
    let started = server.browse("/plan", &cookie, Some(&sent));
    assert_eq!(started.status, 303, "{}", started.text);
    let place = started.header("location").to_owned();
    let run = server.wait_for_end(place.strip_prefix("/runs/").unwrap());
    assert_eq!(
        (&run["state"], &run["plan"]),
        (&"complete".into(), &plan.as_str().into())
    );
    let page = server.browse(&place, &cookie, None).text;
    assert!(page.contains("holds: the sum is right"), "{page}");
    assert_refused(&server.browse("/plan", &cookie, Some(&sent)), 409);
}

#[test]
fn the_plan_page_takes_a_scope_and_a_range_and_explains_invalid_input() {
    let server = start_server(JAN_8);
    let page = server.browse(
        "/plan?portfolio_id=Tech+Growth&start_date=&end_date=",
        "",
        None,
    );
    assert!(
        page.text.contains("2 cells to do on 2 sessions"),
        "{}",
        page.text
    );
    let forced = "/plan?start_date=2026-01-05&end_date=2026-01-08&force_rerun=true";
    let page = server.browse(forced, "", None).text;
    assert!(page.contains("52 cells to do on 4 sessions"), "{page}");
    assert!(page.contains("Sign in</a> with a token"), "{page}");
    for (query, expected) in [
        ("portfolio_id=Unknown", "unknown portfolio"),
        ("force_rerun=true", "needs"),
        ("start_date=2026-01-08&end_date=2026-01-05", "after its end"),
    ] {
        let refused = server.browse(&format!("/plan?{query}"), "", None);
        assert_refused(&refused, 422);
        assert!(refused.text.contains(expected), "{query}: {}", refused.text);
    }
}

#[test]
fn a_form_without_the_csrf_token_of_its_login_is_rejected() {
    let server = start_server(JAN_8);
    let cookie = sign_in(&server, &server.admin);
    let other = sign_in(&server, &server.admin);
    let (csrf_token, plan) = read_plan_form(&server, &cookie);
    let (other_token, _) = read_plan_form(&server, &other);
    let sent = |csrf_token: &str| format!("csrf_token={csrf_token}&plan={plan}");
    assert_refused(&server.browse("/plan", &cookie, Some(&sent(""))), 403);
    assert_refused(
        &server.browse("/plan", &cookie, Some(&sent(&other_token))),
        403,
    );
    assert_refused(&server.browse("/plan", "", Some(&sent(&csrf_token))), 401);
    let body = sent(&csrf_token);
    for origin in ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"] {
        let answer = server.send_raw(&format!(
            "POST /plan HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {cookie}\r\n{origin}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            server.address,
            body.len()
        ));
        assert!(answer.starts_with("HTTP/1.1 403"), "{origin}: {answer}");
    }
    let history = server.get("/api/v1/admin/batch/history").json();
    assert_eq!(
        history["items"].as_array().unwrap().len(),
        1,
        "only the past of the world"
    );
}

#[test]
fn a_read_only_user_cannot_start_a_run() {
    let server = start_server(JAN_8);
    let cookie = sign_in(&server, &server.reader);
    let page = server.browse("/plan", &cookie, None).text;
    assert!(
        !page.contains("Run exactly this") && page.contains("of scope read"),
        "{page}"
    );
    let csrf_token = field(&page, "csrf_token");
    let answer = server.browse("/plan", &cookie, Some(&format!("csrf_token={csrf_token}")));
    assert_refused(&answer, 403);
}

#[test]
fn signing_out_and_revoking_the_token_end_the_login() {
    let server = start_server(JAN_8);
    let cookie = sign_in(&server, &server.reader);
    let signed_in = |cookie: &str| server.browse("/", cookie, None).text.contains("Sign out");
    assert!(signed_in(&cookie));
    let csrf_token = field(&server.browse("/", &cookie, None).text, "csrf_token");
    assert_refused(
        &server.browse("/sign-out", &cookie, Some("csrf_token=")),
        403,
    );
    let body = format!("csrf_token={csrf_token}");
    let signed_out = server.browse("/sign-out", &cookie, Some(&body));
    assert!(signed_out.header("set-cookie").contains("Max-Age=0"));
    assert!(!signed_in(&cookie));

    let other = sign_in(&server, &server.admin);
    assert!(signed_in(&other));
    revoke_token(&server.store, &Environment::system(None), "admin").unwrap();
    assert!(!signed_in(&other));
    assert!(!signed_in("plimsoll=0123"));
}

#[test]
fn anonymous_users_are_redirected_to_sign_in_and_back() {
    let refusing = |settings| ServeSettings {
        anonymous: AnonymousAccess::None,
        ..settings
    };
    let server = start_server_with(JAN_8, 4_096, refusing);
    for path in [
        "/",
        "/runs",
        "/health",
        "/plan",
        "/portfolios/Individual",
        "/progress",
    ] {
        let answer = server.browse(path, "", None);
        assert_eq!(answer.status, 303, "{path}");
        assert!(
            answer.header("location").starts_with("/sign-in?next=%2F"),
            "{path}"
        );
        assert!(answer.text.is_empty(), "{path}");
    }
    assert_eq!(server.browse("/sign-in", "", None).status, 200);
    assert_eq!(server.browse("/assets/style.css", "", None).status, 200);
    let cookie = sign_in(&server, &server.reader);
    assert!(
        server
            .browse("/", &cookie, None)
            .text
            .contains("13 portfolios")
    );
}

#[test]
fn a_wrong_token_is_reported_and_too_many_are_throttled() {
    let server = start_server(JAN_8);
    let bad = |_| server.browse("/sign-in", "", Some("token=plm_x&next=//evil.example"));
    let tries: Vec<_> = (0..11).map(bad).collect();
    assert_refused(&tries[0], 401);
    assert!(tries[0].text.contains("Invalid token"));
    assert_eq!(field(&tries[0].text, "next"), "/");
    assert!(!tries[0].text.contains("plm_x"));
    assert_refused(&tries[10], 429);
}

#[test]
fn behind_tls_the_cookie_is_secure() {
    let behind_proxy = |settings: ServeSettings| {
        let url = PublicUrl::parse("https://books.example.com").unwrap();
        ServeSettings::new(settings.address, Some(url))
    };
    let server = start_server_with(JAN_8, 4_096, behind_proxy);
    let sent = format!("token={}", server.reader);
    let answer = server.browse("/sign-in", "", Some(&sent));
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-plimsoll=") && cookie.contains("; Secure"),
        "{cookie}"
    );
}

#[test]
fn a_running_run_is_shown_and_can_be_cancelled() {
    let long = "now = 2026-01-08T18:00:00-05:00\nseed = 3\n[portfolios]\n\
        \"P01..P48\" = { inception = 2025-07-08 }\n";
    let server = start_server_with(long, 8, |settings| settings);
    let cookie = sign_in(&server, &server.admin);
    let run = server.start_run("");
    let page = server.browse("/", &cookie, None).text;
    assert!(
        page.contains("Run in progress") && page.contains("<progress"),
        "{page}"
    );
    let page = server.browse(&format!("/runs/{run}"), &cookie, None).text;
    assert!(
        page.contains("Stop after the current transaction"),
        "{page}"
    );
    let csrf_token = field(&page, "csrf_token");
    let place = format!("/runs/{run}/cancel");
    assert_refused(&server.browse(&place, &cookie, Some("csrf_token=")), 403);
    let body = format!("csrf_token={csrf_token}");
    let stopped = server.browse(&place, &cookie, Some(&body));
    assert_eq!(stopped.header("location"), format!("/runs/{run}"));
    assert_eq!(server.wait_for_end(&run)["state"], "cancelled");
}
