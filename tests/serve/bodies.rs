//! Parameters in a body are read or refused, never ignored.

use crate::sign_in::{read_plan_form, sign_in};
use crate::test_server::{JAN_8, TestResponse, TestServer, start_server};

const RUN: &str = "/api/v1/admin/batch/run";
const JSON: &str = "{\"portfolio_id\":\"Tech Growth\"}";
const FORM: &str = "portfolio_id=Tech+Growth";

fn count_of_runs(server: &TestServer) -> usize {
    let history = server.get("/api/v1/admin/batch/history").json();
    history["items"].as_array().unwrap().len()
}

const AS_JSON: &str = "Content-Type: application/json; charset=utf-8\r\n";
const AS_FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[test]
fn a_run_reads_its_parameters_from_a_body() {
    let server = start_server(JAN_8);
    let admin = Some(server.admin.as_str());
    let chunked = format!("{AS_JSON}Transfer-Encoding: chunked\r\n");
    let in_chunks = format!("{:x}\r\n{JSON}\r\n0\r\n\r\n", JSON.len());
    let requests: [&dyn Fn() -> TestResponse; 5] = [
        &|| server.send_body("POST", RUN, admin, AS_JSON, JSON),
        &|| server.send_body("POST", RUN, admin, AS_FORM, FORM),
        &|| {
            server.send_body(
                "POST",
                RUN,
                admin,
                AS_JSON,
                "{\"portfolio_id\":[\"Tech Growth\"]}",
            )
        },
        &|| server.send("POST", RUN, admin, &chunked, &in_chunks),
        // A name in the address and another one in the body.
        &|| {
            server.send_body(
                "POST",
                &format!("{RUN}?portfolio_id=Tech+Growth"),
                admin,
                AS_JSON,
                "{\"limit_cells\":1,\"force_rerun\":false}",
            )
        },
    ];
    for request in requests {
        let answer = request();
        assert_eq!(answer.status, 202, "{}", answer.text);
        server.wait_for_end(answer.json()["run"].as_str().unwrap());
        // The other portfolios are late as before.
        let status = server.get("/api/v1/portfolios/Individual").json();
        assert_eq!(status["watermark"], "2026-01-05", "{status}");
    }
    let status = server.get("/api/v1/portfolios/Tech%20Growth").json();
    assert_eq!(status["watermark"], "2026-01-08", "{status}");
    let unready = server.request("GET", "/readyz", None);
    assert_eq!(
        (unready.status, &unready.json()["concerns"][0]["kind"]),
        (503, &"late".into())
    );

    // An empty body of any type is no body.
    let bodiless = server.send_body("POST", RUN, admin, "Content-Type: text/plain\r\n", "");
    assert_eq!(bodiless.status, 202, "{}", bodiless.text);
    server.wait_for_end(bodiless.json()["run"].as_str().unwrap());
    let ready = server.request("GET", "/readyz", None);
    assert_eq!(ready.status, 200, "{}", ready.text);
}

#[test]
fn a_body_that_cannot_be_used_whole_is_refused_and_nothing_starts() {
    let server = start_server(JAN_8);
    let before = count_of_runs(&server);
    let admin = Some(server.admin.as_str());
    let both = format!("{RUN}?portfolio_id=Individual");
    for (path, head, body, status, part) in [
        (
            RUN,
            AS_JSON,
            "{\"portolio_id\":\"A\"}",
            400,
            "unknown parameter `portolio_id`",
        ),
        (
            RUN,
            AS_FORM,
            "portolio_id=A",
            400,
            "unknown parameter `portolio_id`",
        ),
        (&both, AS_JSON, JSON, 400, "in the address and in the body"),
        (&both, AS_FORM, FORM, 400, "in the address and in the body"),
        (
            RUN,
            AS_JSON,
            "{\"target\":\"2026-01-07\",\"target\":\"2026-01-08\"}",
            400,
            "2 times",
        ),
        (RUN, AS_JSON, "{\"portfolio_id\":[]}", 400, "`portfolio_id`"),
        (
            RUN,
            AS_JSON,
            "{\"portfolio_id\":null}",
            400,
            "`portfolio_id`",
        ),
        (RUN, AS_JSON, "[\"Tech Growth\"]", 400, "invalid JSON body"),
        (RUN, AS_JSON, "{\"portfolio_id\":", 400, "invalid JSON body"),
        (RUN, AS_JSON, FORM, 400, "invalid JSON body"),
        (RUN, AS_FORM, JSON, 400, "unknown parameter"),
        (RUN, "", JSON, 415, "without a content type"),
        (
            RUN,
            "Content-Type: text/plain\r\n",
            FORM,
            415,
            "`text/plain`",
        ),
        (
            RUN,
            "Content-Type: application/jsonl\r\n",
            JSON,
            415,
            "`application/jsonl`",
        ),
    ] {
        let answer = server.send_body("POST", path, admin, head, body);
        assert_eq!(answer.status, status, "{head}{body}: {}", answer.text);
        assert!(answer.detail().contains(part), "{}", answer.text);
    }
    let long = format!("portfolio_id={}", "x".repeat(20_000));
    let sent = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let head = format!("{AS_FORM}Transfer-Encoding: chunked\r\n");
    assert_eq!(server.send("POST", RUN, admin, &head, &sent).status, 413);
    // The token is checked first.
    assert_eq!(server.send_body("POST", RUN, None, "", JSON).status, 401);
    let reader = Some(server.reader.as_str());
    assert_eq!(
        server.send_body("POST", RUN, reader, AS_JSON, JSON).status,
        403
    );
    assert_eq!(count_of_runs(&server), before);
}

#[test]
fn every_operation_refuses_a_body_of_another_type() {
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
