//! People sign in, start a run and stop it; and nobody else's page can do it for them.

use plimsoll::environment::Environment;
use plimsoll::serve::access::revoke_token;
use plimsoll::serve::{AnonymousAccess, PublicUrl, ServeSettings};

use crate::test_server::{JAN_8, TestResponse, TestServer, start_server, start_server_with};

/// Signs in, and gives the cookie as a browser sends it back.
pub(crate) fn sign_in(house: &TestServer, token: &str) -> String {
    let answer = house.browse("/sign-in", "", Some(&format!("token={token}&next=/plan")));
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

/// The value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let value = page
        .split(&start)
        .nth(1)
        .unwrap_or_else(|| panic!("no `{name}` in {page}"));
    value.split('"').next().unwrap().to_owned()
}

/// The secret of the form that starts a run, and the id of the plan that it shows.
pub(crate) fn read_plan_form(house: &TestServer, cookie: &str) -> (String, String) {
    let page = house.browse("/plan", cookie, None).text;
    assert!(page.contains("Run exactly this"), "{page}");
    (field(&page, "form"), field(&page, "plan"))
}

fn assert_refused(answer: &TestResponse, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/html"));
}

#[test]
fn an_admin_previews_a_plan_and_starts_exactly_that() {
    let house = start_server(JAN_8);
    let cookie = sign_in(&house, &house.admin);
    let (form, plan) = read_plan_form(&house, &cookie);
    let sent = format!("form={form}&plan={plan}&portfolio_id=&start_date=&end_date=");
    let started = house.browse("/plan", &cookie, Some(&sent));
    assert_eq!(started.status, 303, "{}", started.text);
    let place = started.header("location").to_owned();
    let run = house.wait_for_end(place.strip_prefix("/runs/").unwrap());
    assert_eq!(
        (&run["state"], &run["plan"]),
        (&"complete".into(), &plan.as_str().into())
    );
    let page = house.browse(&place, &cookie, None).text;
    assert!(page.contains("holds: it adds up"), "{page}");
    assert_refused(&house.browse("/plan", &cookie, Some(&sent)), 409);
}

#[test]
fn the_plan_page_takes_a_scope_and_a_range_and_explains_invalid_input() {
    let house = start_server(JAN_8);
    let one = house.browse(
        "/plan?portfolio_id=Tech+Growth&start_date=&end_date=",
        "",
        None,
    );
    assert!(
        one.text.contains("2 cells to do on 2 sessions"),
        "{}",
        one.text
    );
    let forced = "/plan?start_date=2026-01-05&end_date=2026-01-08&force_rerun=true";
    let page = house.browse(forced, "", None).text;
    assert!(page.contains("52 cells to do on 4 sessions"), "{page}");
    assert!(page.contains("Sign in</a> with a token"), "{page}");
    for (query, said) in [
        ("portfolio_id=Nobody", "no portfolio is known as"),
        ("force_rerun=true", "needs"),
        ("start_date=2026-01-08&end_date=2026-01-05", "after its end"),
    ] {
        let refused = house.browse(&format!("/plan?{query}"), "", None);
        assert_refused(&refused, 422);
        assert!(refused.text.contains(said), "{query}: {}", refused.text);
    }
}

#[test]
fn a_form_without_the_csrf_token_of_its_login_is_rejected() {
    let house = start_server(JAN_8);
    let cookie = sign_in(&house, &house.admin);
    let other = sign_in(&house, &house.admin);
    let (form, plan) = read_plan_form(&house, &cookie);
    let (of_other, _) = read_plan_form(&house, &other);
    let sent = |form: &str| format!("form={form}&plan={plan}");
    assert_refused(&house.browse("/plan", &cookie, Some(&sent(""))), 403);
    assert_refused(&house.browse("/plan", &cookie, Some(&sent(&of_other))), 403);
    assert_refused(&house.browse("/plan", "", Some(&sent(&form))), 401);
    let body = sent(&form);
    for origin in ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"] {
        let answer = house.send_raw(&format!(
            "POST /plan HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {cookie}\r\n{origin}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            house.address,
            body.len()
        ));
        assert!(answer.starts_with("HTTP/1.1 403"), "{origin}: {answer}");
    }
    let history = house.get("/api/v1/admin/batch/history").json();
    assert_eq!(
        history["items"].as_array().unwrap().len(),
        1,
        "only the past of the world"
    );
}

#[test]
fn a_read_only_user_cannot_start_a_run() {
    let house = start_server(JAN_8);
    let cookie = sign_in(&house, &house.reader);
    let page = house.browse("/plan", &cookie, None).text;
    assert!(
        !page.contains("Run exactly this") && page.contains("of scope read"),
        "{page}"
    );
    let form = field(&page, "form");
    let answer = house.browse("/plan", &cookie, Some(&format!("form={form}")));
    assert_refused(&answer, 403);
}

#[test]
fn signing_out_and_revoking_the_token_end_the_login() {
    let house = start_server(JAN_8);
    let cookie = sign_in(&house, &house.reader);
    let signed_in = |cookie: &str| house.browse("/", cookie, None).text.contains("Sign out");
    assert!(signed_in(&cookie));
    let form = field(&house.browse("/", &cookie, None).text, "form");
    assert_refused(&house.browse("/sign-out", &cookie, Some("form=")), 403);
    let left = house.browse("/sign-out", &cookie, Some(&format!("form={form}")));
    assert!(left.header("set-cookie").contains("Max-Age=0"));
    assert!(!signed_in(&cookie));

    let other = sign_in(&house, &house.admin);
    assert!(signed_in(&other));
    revoke_token(&house.store, &Environment::system(None), "admin").unwrap();
    assert!(!signed_in(&other));
    assert!(!signed_in("plimsoll=0123"));
}

#[test]
fn anonymous_users_are_redirected_to_sign_in_and_back() {
    let refusing = |settings| ServeSettings {
        anonymous: AnonymousAccess::None,
        ..settings
    };
    let house = start_server_with(JAN_8, 4_096, refusing);
    for path in [
        "/",
        "/runs",
        "/health",
        "/plan",
        "/portfolios/Individual",
        "/progress",
    ] {
        let answer = house.browse(path, "", None);
        assert_eq!(answer.status, 303, "{path}");
        assert!(
            answer.header("location").starts_with("/sign-in?next=%2F"),
            "{path}"
        );
        assert!(answer.text.is_empty(), "{path}");
    }
    assert_eq!(house.browse("/sign-in", "", None).status, 200);
    assert_eq!(house.browse("/looks/style.css", "", None).status, 200);
    let cookie = sign_in(&house, &house.reader);
    assert!(
        house
            .browse("/", &cookie, None)
            .text
            .contains("13 portfolios")
    );
}

#[test]
fn a_wrong_token_is_reported_and_too_many_are_throttled() {
    let house = start_server(JAN_8);
    let bad = |_| house.browse("/sign-in", "", Some("token=plm_x&next=//evil.example"));
    let tries: Vec<_> = (0..11).map(bad).collect();
    assert_refused(&tries[0], 401);
    assert!(tries[0].text.contains("This token is not good"));
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
    let house = start_server_with(JAN_8, 4_096, behind_proxy);
    let sent = format!("token={}", house.reader);
    let answer = house.browse("/sign-in", "", Some(&sent));
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
    let house = start_server_with(long, 8, |settings| settings);
    let cookie = sign_in(&house, &house.admin);
    let run = house.start_run("");
    let page = house.browse("/", &cookie, None).text;
    assert!(
        page.contains("A run is at work") && page.contains("<progress"),
        "{page}"
    );
    let page = house.browse(&format!("/runs/{run}"), &cookie, None).text;
    assert!(
        page.contains("Stop after the current transaction"),
        "{page}"
    );
    let form = field(&page, "form");
    let place = format!("/runs/{run}/cancel");
    assert_refused(&house.browse(&place, &cookie, Some("form=")), 403);
    let stopped = house.browse(&place, &cookie, Some(&format!("form={form}")));
    assert_eq!(stopped.header("location"), format!("/runs/{run}"));
    assert_eq!(house.wait_for_end(&run)["state"], "cancelled");
}
