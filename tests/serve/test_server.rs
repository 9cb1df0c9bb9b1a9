//! A server over the database of a world, with helpers that send one request each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::TimeDelta;
use plimsoll::app::AppContext;
use plimsoll::domain::{RunId, TokenScope};
use plimsoll::engine::Settings;
use plimsoll::environment::{Clock, Environment};
use plimsoll::notify::{Channels, Notifier};
use plimsoll::plan::Policy;
use plimsoll::query::ConcernLimits;
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::serve::access::new_token;
use plimsoll::serve::{Schedule, ServeSettings, Server, ServerContext, Stopper};
use plimsoll::store::{Lease, NewRun, Progress, Store, StoreError};
use serde_json::Value;

/// The state of production at the incident.
pub(crate) const JAN_8: &str = include_str!("../../fixtures/jan_8_production.toml");

/// A running server, stopped when dropped.
pub(crate) struct TestServer {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    pub(crate) admin: String,
    pub(crate) reader: String,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
    agent: ureq::Agent,
}

/// A response, read to its end.
pub(crate) struct TestResponse {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl TestResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The detail of a problem document.
    pub(crate) fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap().to_owned()
    }
}

/// Starts a server over a world, on any free port.
pub(crate) fn start_server(world: &str) -> TestServer {
    let batches = Settings::new_york().batch_cells.get();
    start_server_with(world, batches, |settings| settings)
}

impl TestServer {
    /// Starts a run as another process that still holds the lease, and returns its id.
    pub(crate) fn hold_foreign_run(&self) -> String {
        let environment = Environment::system(None);
        let key = RunId::new(environment.ids.next());
        let start = NewRun {
            key,
            started: environment.wall_clock.now(),
            policy: "per-cell".to_owned(),
            scope: "all active".to_owned(),
            target: "2026-01-08".parse().unwrap(),
            plan: String::new(),
            progress: Progress::default(),
        };
        let mut writer = self.store.writer().unwrap();
        let lease = writer.write(|writing| {
            let run = writing.runs().start(&start)?;
            writing
                .lease()
                .acquire(run, &environment, TimeDelta::hours(1))
        });
        let _: Lease = lease.map_err(|error: StoreError| error).unwrap();
        key.to_string()
    }
}

/// Starts a server with `batch_cells` cells a transaction and changed settings.
pub(crate) fn start_server_with(
    text: &str,
    batch_cells: usize,
    change: impl FnOnce(ServeSettings) -> ServeSettings,
) -> TestServer {
    let world = World::read(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = Settings {
        batch_cells: batch_cells.try_into().unwrap(),
        ..Settings::new_york()
    };
    let path = folder.path().join("books.db");
    let store = load(&world, "test", &path, &engine, &|_| {}).unwrap();
    let environment = Environment::system(Some(world.now));
    let token = |name, scope| new_token(&store, &environment, name, scope, None).unwrap();
    let admin = token("admin", TokenScope::Admin).text;
    let reader = token("reader", TokenScope::Read).text;
    let any_port = ServeSettings::new("127.0.0.1:0".parse().unwrap(), None);
    let server = Server::bind(ServerContext {
        app: AppContext {
            store: store.clone(),
            settings: engine,
            policy: Policy::default(),
            jobs: None,
            inbox: None,
            price_feed: None,
            profiles: plimsoll::import::profile::Profiles::shipped().clone(),
            limits: ConcernLimits::default(),
            environment,
        },
        settings: change(any_port),
        schedule: Schedule::Never,
        notifier: Notifier::new(Channels::default()),
    })
    .unwrap();
    let (address, stopper) = (server.address(), server.stopper());
    let thread = std::thread::spawn(move || server.run().unwrap());
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    TestServer {
        folder,
        store,
        address,
        admin,
        reader,
        stopper,
        thread: Some(thread),
        agent,
    }
}

impl TestServer {
    /// Sends a GET request with the token of scope read.
    pub(crate) fn get(&self, path: &str) -> TestResponse {
        self.request("GET", path, Some(&self.reader))
    }

    /// Sends a POST request with the token of scope admin.
    pub(crate) fn post(&self, path: &str) -> TestResponse {
        self.request("POST", path, Some(&self.admin))
    }

    pub(crate) fn request(&self, method: &str, path: &str, token: Option<&str>) -> TestResponse {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.run(request.body(()).unwrap())
    }

    /// Sends a request as a browser does: with a cookie, and as POST if a form is given.
    pub(crate) fn browse(&self, path: &str, cookie: &str, form: Option<&str>) -> TestResponse {
        let method = if form.is_some() { "POST" } else { "GET" };
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        if !cookie.is_empty() {
            request = request.header("Cookie", cookie);
        }
        if form.is_some() {
            request = request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Origin", format!("http://{}", self.address));
        }
        self.run(request.body(form.unwrap_or_default().to_owned()).unwrap())
    }

    fn run(&self, request: ureq::http::Request<impl ureq::AsSendBody>) -> TestResponse {
        let mut response = self.agent.run(request).unwrap();
        TestResponse {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.body_mut().read_to_string().unwrap(),
        }
    }

    /// Sends a request with a body, for any method.
    pub(crate) fn send_body(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        head: &str,
        body: &str,
    ) -> TestResponse {
        let head = format!("{head}Content-Length: {}\r\n", body.len());
        self.send(method, path, token, &head, body)
    }

    /// Sends a request with these header lines, followed by these bytes.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        head: &str,
        sent: &str,
    ) -> TestResponse {
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let token = token.unwrap_or_default();
        let answer = self.send_raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             {token}{head}\r\n{sent}"
        ));
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        let (status, fields) = head.split_once("\r\n").unwrap();
        let fields = fields.lines().map(|line| line.split_once(": ").unwrap());
        let headers = fields.map(|(name, value)| {
            let name: ureq::http::HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
        TestResponse {
            status: status.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: headers.collect(),
            text: text.to_owned(),
        }
    }

    /// Sends raw bytes and returns the response up to the end of the connection.
    pub(crate) fn send_raw(&self, sent: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let timeout = Some(Duration::from_secs(20));
        stream.set_read_timeout(timeout).unwrap();
        // A server that refuses a request early closes before everything is sent.
        let _ = stream.write_all(sent.as_bytes());
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        String::from_utf8_lossy(&received).into_owned()
    }

    /// Changes the database beside the server, as another program could.
    pub(crate) fn execute(&self, sql: &str) {
        let path = self.folder.path().join("books.db");
        let connection = rusqlite::Connection::open(path).unwrap();
        assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
    }

    /// Starts a run and returns its id.
    pub(crate) fn start_run(&self, query: &str) -> String {
        let answer = self.post(&format!("/api/v1/admin/batch/run{query}"));
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json()["run"].as_str().unwrap().to_owned()
    }

    /// Waits until a run has ended and returns it.
    pub(crate) fn wait_for_end(&self, run: &str) -> Value {
        let clock = Clock::system();
        loop {
            let answer = self.get(&format!("/api/v1/admin/batch/history/{run}"));
            let json = answer.json();
            if json["state"] != "running" {
                return json;
            }
            assert!(
                clock.elapsed().as_secs() < 60,
                "the run does not end: {json}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops the server and waits for its thread.
    pub(crate) fn stop(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take()
            && !std::thread::panicking()
        {
            thread.join().unwrap();
        }
    }
}
