//! Requests with parameters where the server does not read them are refused, never ignored.

use crate::sign_in::{read_plan_form, sign_in};
use crate::test_server::{JAN_8, TestServer, start_server};

const RUN: &str = "/api/v1/admin/batch/run";
const JSON: &str = "{\"portfolio_id\":\"Tech Growth\"}";
const FORM: &str = "portfolio_id=Tech+Growth";

fn count_of_runs(server: &TestServer) -> usize {
    let history = server.get("/api/v1/admin/batch/history").json();
    history["items"].as_array().unwrap().len()
}

#[test]
fn a_run_with_a_body_is_refused_and_nothing_starts() {
    let server = start_server(JAN_8);
    let before = count_of_runs(&server);
    let admin = Some(server.admin.as_str());
    for (head, body) in [
        ("Content-Type: application/json\r\n", JSON),
        ("Content-Type: application/x-www-form-urlencoded\r\n", FORM),
        ("", JSON),
        ("Content-Type: application/json\r\n", "{}"),
        ("Content-Type: text/plain\r\n", " "),
    ] {
        let answer = server.send_body("POST", RUN, admin, head, body);
        assert_eq!(answer.status, 415, "{head}{body}: {}", answer.text);
        assert_eq!(answer.json()["code"], "body-not-read");
        assert!(answer.detail().contains(&format!("`POST {RUN}`")));
        let hint = answer.json()["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains("query string"), "{hint}");
    }
    // A body of unannounced length, and one beside query parameters.
    let chunked = "Transfer-Encoding: chunked\r\n";
    let sent = format!("{:x}\r\n{JSON}\r\n0\r\n\r\n", JSON.len());
    let answer = server.send("POST", RUN, admin, chunked, &sent);
    assert_eq!(answer.status, 415, "{}", answer.text);
    let place = format!("{RUN}?portfolio_id=Individual");
    let answer = server.send_body("POST", &place, admin, "", JSON);
    assert_eq!(answer.status, 415, "{}", answer.text);
    assert_eq!(count_of_runs(&server), before);

    // The token is checked first, and an empty body is accepted.
    assert_eq!(server.send_body("POST", RUN, None, "", JSON).status, 401);
    let reader = Some(server.reader.as_str());
    assert_eq!(server.send_body("POST", RUN, reader, "", JSON).status, 403);
    let answer = server.send("POST", RUN, admin, chunked, "0\r\n\r\n");
    assert_eq!(answer.status, 202, "{}", answer.text);
    server.wait_for_end(answer.json()["run"].as_str().unwrap());
    let typed = "Content-Type: application/json\r\n";
    let answer = server.send_body("POST", RUN, admin, typed, "");
    assert_eq!(answer.status, 202, "{}", answer.text);
    server.wait_for_end(answer.json()["run"].as_str().unwrap());
}

#[test]
fn every_described_operation_refuses_a_body() {
    let server = start_server(JAN_8);
    let description = server.get("/api/v1/openapi.json").json();
    let mut operations = 0;
    for (template, methods) in description["paths"].as_object().unwrap() {
        let path = template
            .replace("/portfolios/{id}", "/portfolios/Individual")
            .replace("{day}", "2026-01-08")
            .replace("{id}", "00000000-0000-4000-8000-000000000000");
        for (method, operation) in methods.as_object().unwrap() {
            // Operations without parameters and tokens: nothing is read from these requests.
            if !path.starts_with("/api/v1/") || path.ends_with("openapi.json") {
                continue;
            }
            let method = method.to_uppercase();
            let admin = Some(server.admin.as_str());
            let answer = server.send_body(&method, &path, admin, "", JSON);
            assert_eq!(answer.status, 415, "{method} {path}: {}", answer.text);
            assert!(operation["responses"]["415"].is_object(), "{template}");
            operations += 1;
        }
    }
    assert!(operations >= 15, "{operations}");
}

#[test]
fn a_form_of_a_page_refuses_parameters_in_its_address() {
    let server = start_server(JAN_8);
    let before = count_of_runs(&server);
    let cookie = sign_in(&server, &server.admin);
    let (csrf_token, plan) = read_plan_form(&server, &cookie);
    let sent = format!("csrf_token={csrf_token}&plan={plan}");
    for path in [
        "/plan?portfolio_id=Individual",
        "/runs/00000000-0000-4000-8000-000000000000/cancel?now=true",
        "/sign-out?everywhere=true",
        "/sign-in?next=/runs",
    ] {
        let answer = server.browse(path, &cookie, Some(&sent));
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        assert!(answer.text.contains("query string"), "{path}");
    }
    assert_eq!(count_of_runs(&server), before);
}
