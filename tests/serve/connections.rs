//! A server whose connections are all taken.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::test_server::{JAN_8, start_server};

#[test]
fn bodies_that_never_arrive_do_not_hide_the_health_probe() {
    let server = start_server(JAN_8);
    let head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ntoken=";
    let held: Vec<_> = std::iter::repeat_with(|| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    })
    .take(300)
    .collect();
    // A connection takes its place when the server sees its first bytes. Once one of these is refused,
    // all 256 places are taken.
    let is_answered = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        stream.read(&mut [0; 12]).is_ok_and(|read| read > 0)
    };
    let is_full = (0..2_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        held.iter().any(is_answered)
    });
    assert!(is_full, "no connection was refused");
    let probe = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = server.send_raw(probe);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"status\":\"ok\""), "{answer}");
    let page = "GET /runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = server.send_raw(page);
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: 5"), "{answer}");
    drop(held);
}
