#![no_main]
//! Query strings and bodies of the API, sent to a server in this process. The first line of the input
//! is the query string, the rest is the body. The server never fails and never takes a valid token for
//! an invalid one, and it answers each request that it has read whole.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use plimsoll::app::AppContext;
use plimsoll::domain::TokenScope;
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::import::profile::Profiles;
use plimsoll::notify::{Channels, Notifier};
use plimsoll::plan::Policy;
use plimsoll::query::ConcernLimits;
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::serve::access::new_token;
use plimsoll::serve::{Schedule, ServeSettings, Server, ServerContext};

/// Requests that read parameters, with a method and a path each.
const REQUESTS: [(&str, &str); 16] = [
    ("POST", "/api/v1/admin/batch/run"),
    (
        "POST",
        "/api/v1/admin/batch/run/00000000-0000-4000-8000-000000000000/cancel",
    ),
    ("GET", "/api/v1/admin/batch/history"),
    ("GET", "/api/v1/plan"),
    ("GET", "/api/v1/coverage"),
    ("GET", "/api/v1/status"),
    ("GET", "/api/v1/portfolios"),
    ("GET", "/api/v1/portfolios/Alpha/snapshots"),
    ("GET", "/api/v1/portfolios/Alpha/positions"),
    ("GET", "/api/v1/portfolios/Alpha/realized"),
    ("GET", "/api/v1/portfolios/Alpha/exposures"),
    ("GET", "/api/v1/portfolios/Alpha/risk"),
    ("GET", "/api/v1/portfolios/Alpha/explain/2026-01-06"),
    ("POST", "/sign-in"),
    ("GET", "/plan"),
    ("GET", "/runs"),
];

fn server() -> &'static (SocketAddr, String) {
    static SERVER: OnceLock<(SocketAddr, String)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let world = World::read(fuzz_support::WORLD).expect("the world is valid");
        let folder = tempfile::tempdir().expect("a folder").keep();
        let settings = Settings::new_york();
        let store = load(&world, "fuzz", folder.join("books.db"), &settings, &|_| {});
        let store = store.expect("the world can be loaded");
        let environment = Environment::system(Some(world.now));
        let token = new_token(&store, &environment, "fuzz", TokenScope::Admin, None);
        let server = Server::bind(ServerContext {
            app: AppContext {
                store,
                settings,
                policy: Policy::default(),
                jobs: None,
                inbox: None,
                price_feed: None,
                profiles: Profiles::shipped().clone(),
                limits: ConcernLimits::default(),
                environment,
            },
            settings: ServeSettings::new("127.0.0.1:0".parse().expect("an address"), None),
            schedule: Schedule::Never,
            notifier: Notifier::new(Channels::default()),
        })
        .expect("the server starts");
        let address = server.address();
        std::thread::spawn(move || server.run());
        (address, token.expect("a token").text)
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((picked, rest)) = data.split_first() else {
        return;
    };
    let (method, path) = REQUESTS[usize::from(picked & 15)];
    let content_type = match picked & 16 {
        0 => "application/json",
        _ => "application/x-www-form-urlencoded",
    };
    let line = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len());
    let (query, body) = (&rest[..line], rest.get(line + 1..).unwrap_or_default());
    let (address, token) = server();
    let mut request = format!("{method} {path}?").into_bytes();
    request.extend(query);
    request.extend(
        format!(
            " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .bytes(),
    );
    request.extend(body);
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    // A server that refuses a request early closes before everything is sent.
    let sent = stream.write_all(&request);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let status = answer.get(9..12).unwrap_or_default();
    let text = String::from_utf8_lossy(&answer);
    assert_ne!(status, b"500", "{text}");
    if path.starts_with("/api/") {
        assert_ne!(status, b"401", "{text}");
    }
    // Data that the server leaves unread can take its answer away.
    let is_read_whole = body.is_empty() && query.iter().all(u8::is_ascii_graphic);
    assert!(
        !is_read_whole || sent.is_err() || answer.starts_with(b"HTTP/1.1 "),
        "no answer to {method} {path}"
    );
});
