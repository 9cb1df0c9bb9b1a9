//! Tests of the deadlines of connections, and of the reserve for `/healthz`.

use std::io::{ErrorKind, Read, Write};

use axum::routing::{get, post};

use super::*;
use crate::serve::http::BodyTimeout;

const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 2,
    reserve: 1,
    waiting: 4,
    head: Duration::from_millis(300),
    body: Duration::from_millis(300),
    answer: Duration::from_millis(300),
    probe: Duration::from_millis(300),
};
/// Far more than all limits together; a test that waits for it fails.
const FOREVER: Duration = Duration::from_secs(20);

/// Listens with small limits, on a thread of its own that ends with the returned sender.
fn listen() -> (SocketAddr, watch::Sender<bool>) {
    listen_with(LIMITS)
}

fn listen_with(limits: ConnectionLimits) -> (SocketAddr, watch::Sender<bool>) {
    let read = |body: Body| async move {
        match axum::body::to_bytes(body, 1_024).await {
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(error) => format!("timed out: {}", BodyTimeout::caused(&error)),
        }
    };
    let all = Router::new()
        .route("/healthz", get(|| async { "alive" }))
        .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/read", post(read));
    let reserve = Router::new()
        .route("/healthz", get(|| async { "reserve" }))
        .fallback(|| async { "crowded" });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = watch::Sender::new(false);
    let (routes, shutdown) = (Routes { all, reserve }, stop.subscribe());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            accept(listener, routes, limits, shutdown).await;
        });
    });
    (address, stop)
}

fn open(address: SocketAddr, sent: &str) -> std::net::TcpStream {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    stream
}

/// Returns all that is received until the server ends the connection.
fn read_to_end(mut stream: std::net::TcpStream) -> String {
    let mut received = Vec::new();
    // A connection that is reset has ended as well.
    if let Err(error) = stream.read_to_end(&mut received) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    String::from_utf8_lossy(&received).into_owned()
}

const GET: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
const CLOSE: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

#[test]
fn every_state_of_a_connection_has_a_deadline() {
    let (address, _stop) = listen();
    let silent = open(address, "");
    assert_eq!(read_to_end(silent), "");
    let half_a_head = open(address, "GET /healthz HTTP/1.1\r\nhost:");
    assert!(!read_to_end(half_a_head).contains("alive"));
    let idle = open(address, GET);
    assert!(read_to_end(idle).ends_with("alive"));
    let body = "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf";
    let half_a_body = open(address, body);
    let answer = read_to_end(half_a_body);
    assert!(answer.ends_with("timed out: true"), "{answer}");
}

#[test]
fn an_answer_that_is_not_read_ends_its_connection() {
    let (address, _stop) = listen();
    let large = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n";
    let unread = [open(address, large), open(address, large)];
    // All places are free again after the deadline, though both clients are still there.
    let free = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        read_to_end(open(address, CLOSE)).ends_with("alive")
    });
    assert!(free, "no place became free");
    drop(unread);
}

#[test]
fn a_full_server_answers_the_health_probe_from_its_reserve() {
    let (address, _stop) = listen();
    let body = "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf";
    let held = [open(address, body), open(address, body)];
    let probe = read_to_end(open(address, GET));
    assert!(probe.ends_with("reserve"), "{probe}");
    let large = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n";
    let other = read_to_end(open(address, large));
    assert!(other.ends_with("crowded"), "{other}");
    for stream in held {
        read_to_end(stream);
    }
    let again = read_to_end(open(address, CLOSE));
    assert!(again.ends_with("alive"), "{again}");
}

#[test]
fn idle_connections_take_no_place_and_a_new_one_ends_the_oldest() {
    let (address, _stop) = listen_with(ConnectionLimits {
        // Nothing else ends a connection while the test waits.
        head: 3 * FOREVER,
        ..LIMITS
    });
    let silent: Vec<_> = (0..40).map(|_| open(address, "")).collect();
    let answer = read_to_end(open(address, CLOSE));
    assert!(answer.ends_with("alive"), "{answer}");
    // At most four connections wait, and these were the first to come.
    for oldest in silent.into_iter().take(30) {
        assert_eq!(read_to_end(oldest), "");
    }
}
