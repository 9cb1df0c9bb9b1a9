//! A server whose connections are all taken.

use std::io::Write;
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
    .take(256)
    .collect();
    let probe = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = server.send_raw(probe);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"status\":\"ok\""), "{answer}");
    let page = "GET /runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // A connection takes its place when the server sees its first bytes, which may take a moment.
    let refused = (0..200).find_map(|_| {
        let answer = server.send_raw(page);
        if answer.starts_with("HTTP/1.1 503") {
            return Some(answer);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        None
    });
    let refused = refused.expect("a page that is refused while all places are taken");
    assert!(refused.contains("retry-after: 5"), "{refused}");
    drop(held);
}
