//! Checks real responses against the OpenAPI document: every operation, every status that can be
//! provoked, every schema.

use std::collections::BTreeSet;

use plimsoll::query::Mark;
use serde_json::{Value, json};

use crate::test_server::{JAN_8, TestResponse, TestServer, start_server};

/// A world with open, partial, stale, blocked and quarantined cells, deleted and closed portfolios,
/// and recorded failures.
pub(crate) const MIXED_STATES: &str = "now = 2026-01-08T18:00:00-05:00\nseed = 5\n[portfolios]\n\
    Harbour = { complete = \"..2026-01-07\" }\n\
    Crashed = { complete = \"..2026-01-06\", phases = { 2026-01-07 = [\"snapshot\"] } }\n\
    Stuck = { complete = \"..2026-01-05\", quarantined = { 2026-01-06 = [\"snapshot\"] } }\n\
    Flaky = { complete = \"..2026-01-07\", failed = { 2026-01-06 = { risk = 2 } } }\n\
    Gone = { complete = \"..2025-12-31\", deleted-at = 2026-01-02T09:00:00-05:00 }\n\
    Closed = { inception = 2025-12-01, closed = 2025-12-31, complete = \"..\" }\n\
    Lone = { inception = 2026-01-02, complete = \"..2026-01-05\", cash = 10_000, holdings = { ACME = 100 } }\n\
    [prices]\nACME = { 2026-01-02 = 10.00, 2026-01-05 = 10.50, 2026-01-06 = \"missing\", 2026-01-07 = \"missing\", 2026-01-08 = \"missing\" }\n\
    [[correction]]\nsymbol = \"WIDE\"\nday = 2026-01-06\nclose = 199.99\n";

struct OpenApi {
    document: Value,
    /// Operation ids and statuses that were received and matched.
    seen: BTreeSet<(String, String)>,
}

impl OpenApi {
    fn read(server: &TestServer) -> Self {
        let answer = server.request("GET", "/api/v1/openapi.json", None);
        Self {
            document: answer.json(),
            seen: BTreeSet::new(),
        }
    }

    /// Checks a response against the document; panics on any difference.
    fn check(&mut self, method: &str, template: &str, answer: &TestResponse) {
        let status = answer.status.to_string();
        let operation = &self.document["paths"][template][method.to_lowercase()];
        let place = format!("{method} {template} → {status}");
        let mut response = &operation["responses"][&status];
        if let Some(reference) = response["$ref"].as_str() {
            response = self.document.pointer(&reference[1..]).unwrap();
        }
        assert!(
            response.is_object(),
            "{place} is not described: {}",
            answer.text
        );
        let kind = answer.header("content-type").split(';').next().unwrap();
        let schema = &response["content"][kind]["schema"];
        assert!(schema.is_object(), "{place}: `{kind}` is not described");
        let bodies = match kind {
            "text/event-stream" => events(&answer.text),
            "text/plain" => vec![Value::from(answer.text.clone())],
            _ => vec![answer.json()],
        };
        let errors = bodies.iter().flat_map(|body| self.errors(schema, body));
        let errors: Vec<_> = errors.collect();
        assert!(errors.is_empty(), "{place}: {errors:#?}\n{}", answer.text);
        let id = operation["operationId"].as_str().unwrap().to_owned();
        self.seen.insert((id, status));
    }

    fn errors(&self, schema: &Value, body: &Value) -> Vec<String> {
        let mut full_schema = schema.clone();
        full_schema["components"] = self.document["components"].clone();
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&full_schema)
            .unwrap();
        let errors = validator.iter_errors(body);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

/// Parses an event stream into events with their fields; comments are skipped.
fn events(stream: &str) -> Vec<Value> {
    let blocks = stream.split("\n\n").map(|block| {
        let fields = block.lines().filter(|line| !line.starts_with(':'));
        let fields = fields.filter_map(|line| line.split_once(": "));
        fields
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect::<serde_json::Map<_, _>>()
    });
    let events: Vec<_> = blocks
        .filter(|fields| !fields.is_empty())
        .map(Value::from)
        .collect();
    assert!(!events.is_empty(), "no event: {stream}");
    events
}

/// Sends a GET request and checks the response.
fn check(
    server: &TestServer,
    description: &mut OpenApi,
    template: &str,
    path: &str,
) -> TestResponse {
    let answer = server.get(path);
    description.check("GET", template, &answer);
    answer
}

const BATCH: &str = "/api/v1/admin/batch";

#[test]
fn every_response_matches_the_openapi_document() {
    let incident = start_server(JAN_8);
    let mut description = OpenApi::read(&incident);
    let troubled = start_server(MIXED_STATES);
    let live = start_server(MIXED_STATES);
    let elsewhere = live.hold_foreign_run();
    for server in [&incident, &troubled, &live] {
        request_every_path(server, &mut description);
    }
    let run = incident.start_run("");
    incident.wait_for_end(&run);
    request_every_path(&incident, &mut description);
    request_invalid(&troubled, &mut description);
    start_and_cancel(&live, &elsewhere, &troubled, &mut description);

    let paths = description.document["paths"].as_object().unwrap();
    let operations = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values());
    for operation in operations {
        let id = operation["operationId"].as_str().unwrap();
        for status in operation["responses"].as_object().unwrap().keys() {
            // Covered by other tests: a failing store, a cancelled run, too many failures,
            // metrics without anonymous access, bodies that do not arrive.
            let elsewhere = ["408", "429", "503"].contains(&status.as_str())
                || (id, status.as_str()) == ("cancel", "202")
                || (id, status.as_str()) == ("metrics", "401")
                || is_shared(id, status);
            let seen = description.seen.contains(&(id.to_owned(), status.clone()));
            assert!(seen || elsewhere, "{id} was never seen to answer {status}");
        }
    }
}

/// Statuses that come from code shared by several operations and are provoked at some of them:
/// ambiguous names, days beyond the calendar.
fn is_shared(id: &str, status: &str) -> bool {
    let of_portfolio = [
        "portfolio",
        "snapshots",
        "positions",
        "realized",
        "exposures",
        "risk",
        "explain",
    ];
    match status {
        "409" => of_portfolio.contains(&id) || ["run", "plan"].contains(&id),
        "422" => ["status", "portfolios"].contains(&id) || of_portfolio.contains(&id),
        _ => false,
    }
}

fn request_every_path(server: &TestServer, description: &mut OpenApi) {
    let mut request = |template: &str, path: &str| check(server, description, template, path);
    request("/healthz", "/healthz");
    request("/readyz", "/readyz");
    request("/metrics", "/metrics");
    request("/api/v1/openapi.json", "/api/v1/openapi.json");
    request("/api/v1/status", "/api/v1/status");
    request("/api/v1/plan", "/api/v1/plan");
    request(
        "/api/v1/plan",
        "/api/v1/plan?force_rerun=true&start_date=2026-01-05&end_date=2026-01-08",
    );
    request(
        "/api/v1/plan",
        "/api/v1/plan?policy=global-max&limit_cells=3",
    );
    request("/api/v1/coverage", "/api/v1/coverage?limit=20");
    request(&format!("{BATCH}/history"), &format!("{BATCH}/history"));
    request(
        &format!("{BATCH}/run/current"),
        &format!("{BATCH}/run/current"),
    );
    let newest = request(
        &format!("{BATCH}/history"),
        &format!("{BATCH}/history?limit=1"),
    )
    .json();
    if let Some(run) = newest["items"][0]["key"].as_str() {
        request(
            &format!("{BATCH}/history/{{id}}"),
            &format!("{BATCH}/history/{run}"),
        );
    }
    let list = request("/api/v1/portfolios", "/api/v1/portfolios").json();
    for portfolio in list["items"].as_array().unwrap() {
        let id = portfolio["key"].as_str().unwrap();
        let route = "/api/v1/portfolios/{id}";
        let at = format!("/api/v1/portfolios/{id}");
        request(route, &at);
        for part in ["snapshots", "positions", "realized", "exposures", "risk"] {
            request(&format!("{route}/{part}"), &format!("{at}/{part}"));
        }
        for day in [
            "2026-01-02",
            "2026-01-03",
            "2026-01-06",
            "2026-01-07",
            "2026-01-08",
        ] {
            request(
                &format!("{route}/explain/{{day}}"),
                &format!("{at}/explain/{day}"),
            );
        }
    }
}

fn request_invalid(server: &TestServer, description: &mut OpenApi) {
    let paths = description.document["paths"].as_object().unwrap().clone();
    for (template, operations) in &paths {
        let route = |day: &str| {
            let path = template.replace("{day}", day);
            path.replace("{id}", "Harbour")
        };
        if operations.get("get").is_none() {
            continue;
        }
        let unknown = format!("{}?no_such_parameter=1", route("2026-01-08"));
        assert_eq!(check(server, description, template, &unknown).status, 400);
        let with_body =
            server.send_body("GET", &route("2026-01-08"), Some(&server.reader), "", "{}");
        assert_eq!(with_body.status, 415);
        description.check("GET", template, &with_body);
        if !template.contains("/api/v1/") || template.ends_with("openapi.json") {
            continue;
        }
        let anonymous = server.request("GET", &route("2026-01-08"), None);
        assert_eq!(anonymous.status, 401);
        description.check("GET", template, &anonymous);
        if template.contains("{id}") {
            let unknown = template
                .replace("{id}", "Unknown")
                .replace("{day}", "2026-01-08");
            assert_eq!(check(server, description, template, &unknown).status, 404);
        }
    }
    for path in ["/progress?x=1", "/assets/style.css?w=1", "/?x=1"] {
        assert_eq!(server.get(path).status, 400, "{path}");
    }
    assert_eq!(server.get("/assets/style.css?v=1").status, 200);
    let mut refused = |template: &str, path: &str, status| {
        assert_eq!(
            check(server, description, template, path).status,
            status,
            "{path}"
        );
    };
    let batch = |path: &str| format!("{BATCH}{path}");
    refused(
        "/api/v1/coverage",
        "/api/v1/coverage?from=2026-01-08&to=2026-01-05",
        422,
    );
    refused("/api/v1/plan", "/api/v1/plan?force_rerun=true", 422);
    let no_run = "00000000-0000-4000-8000-000000000000";
    refused(
        &batch("/history"),
        &batch(&format!("/history?after={no_run}")),
        404,
    );
    refused(
        "/api/v1/portfolios/{id}/snapshots",
        "/api/v1/portfolios/Harbour/snapshots?from=2026-01-08&to=2026-01-05",
        422,
    );
    refused(
        "/api/v1/portfolios/{id}/explain/{day}",
        "/api/v1/portfolios/Harbour/explain/2150-01-01",
        422,
    );
}

fn start_and_cancel(
    busy: &TestServer,
    elsewhere: &str,
    idle: &TestServer,
    description: &mut OpenApi,
) {
    let run = format!("{BATCH}/run");
    let cancel = format!("{BATCH}/run/{{id}}/cancel");
    let mut post = |server: &TestServer, template: &str, path: &str, token, status| {
        let answer = server.request("POST", path, token);
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        description.check("POST", template, &answer);
        answer
    };
    let (admin, reader) = (Some(idle.admin.as_str()), Some(idle.reader.as_str()));
    post(idle, &run, &run, None, 401);
    post(idle, &run, &run, reader, 403);
    post(
        idle,
        &run,
        &format!("{run}?start_date=yesterday"),
        admin,
        400,
    );
    post(idle, &run, &format!("{run}?force_rerun=true"), admin, 422);
    post(idle, &run, &format!("{run}?max_cells=1"), admin, 422);
    post(idle, &run, &format!("{run}?plan=0000"), admin, 409);
    post(busy, &run, &run, Some(busy.admin.as_str()), 409);

    let none = cancel.replace("{id}", "00000000-0000-4000-8000-000000000000");
    post(idle, &cancel, &none, None, 401);
    post(idle, &cancel, &none, reader, 403);
    post(idle, &cancel, &none, admin, 404);
    post(idle, &cancel, &format!("{none}?now=1"), admin, 400);
    let started = post(idle, &run, &run, admin, 202).json();
    for (template, path) in [(&run, &run), (&cancel, &none)] {
        let with_body = idle.send_body("POST", path, admin, "", "{}");
        assert_eq!(with_body.status, 415, "{path}");
        description.check("POST", template, &with_body);
    }
    let long = "x".repeat(20_000);
    let too_large = idle.send_body("POST", &run, admin, "", &long);
    assert_eq!(too_large.status, 413);
    description.check("POST", &run, &too_large);
    let id = started["run"].as_str().unwrap();
    let events = format!("{BATCH}/run/current/events");
    let stream = check(idle, description, &events, &events);
    assert!(stream.text.contains("event: ended"), "{}", stream.text);
    idle.wait_for_end(id);
    let ended = idle.post(&cancel.replace("{id}", id));
    assert_eq!(ended.status, 409);
    description.check("POST", &cancel, &ended);
    let refused = busy.post(&cancel.replace("{id}", elsewhere));
    assert_eq!(refused.json()["code"], "elsewhere");
    description.check("POST", &cancel, &refused);
}

#[test]
fn the_openapi_document_lists_every_route() {
    let server = start_server("now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n");
    let description = OpenApi::read(&server);
    let paths = description.document["paths"].as_object().unwrap();
    let routes = include_str!("../../src/serve/api/routes.rs");
    let described = paths.keys().filter(|path| path.starts_with("/api/v1/"));
    assert_eq!(described.count(), routes.matches(".route(\"").count());
}

#[test]
fn the_openapi_document_lists_every_mark() {
    let server = start_server("now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n");
    let document = OpenApi::read(&server).document;
    let marks = "/components/schemas/Grid/properties/rows/items/properties/marks/items/enum";
    let described = document.pointer(marks).unwrap().as_array().unwrap().iter();
    let described: BTreeSet<_> = described.map(Value::to_string).collect();
    assert_eq!(
        described,
        Mark::ALL.map(|mark| json!(mark).to_string()).into()
    );
}

#[test]
fn schemas_reject_invalid_values() {
    let server = start_server("now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n");
    let description = OpenApi::read(&server);
    let schema = json!({ "$ref": "#/components/schemas/Progress" });
    let good = json!({ "planned": 1, "done": 1, "failed": 0, "blocked": 0, "skipped": 0 });
    assert!(description.errors(&schema, &good).is_empty());
    for (key, value) in [
        ("done", json!(-1)),
        ("more", json!(1)),
        ("failed", json!("0")),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(!description.errors(&schema, &bad).is_empty(), "{bad}");
    }
    let day = json!({ "$ref": "#/components/schemas/Day" });
    assert!(!description.errors(&day, &json!("8.1.2026")).is_empty());
}
