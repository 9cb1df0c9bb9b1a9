//! A local HTTP server that records requests and answers with the statuses that a test sets.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A request as it was received.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedRequest {
    /// The request line, such as `POST /ping/start?rid=… HTTP/1.1`.
    pub(crate) request_line: String,
    /// Header lines, with their names in lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl ReceivedRequest {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn has_header(&self, header: &str) -> bool {
        self.headers.iter().any(|line| line == header)
    }
}

/// A server that records requests on a thread of its own.
pub(crate) struct FakeReceiver {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

impl FakeReceiver {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            statuses: Arc::default(),
        };
        let (requests, statuses) = (
            Arc::clone(&receiver.requests),
            Arc::clone(&receiver.statuses),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let request = receive(stream.unwrap(), &statuses);
                requests.lock().unwrap().extend(request);
            }
        });
        receiver
    }

    /// Queues the statuses of the next responses; responses after these have status 200.
    pub(crate) fn respond_with(&self, statuses: &[u16]) {
        self.statuses.lock().unwrap().extend(statuses);
    }

    /// Takes the requests received since the last call.
    pub(crate) fn take_requests(&self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// Takes the request lines, without the HTTP version and without ids of runs.
    pub(crate) fn take_request_lines(&self) -> Vec<String> {
        let requests = self.take_requests();
        let lines = requests.iter().map(|request| {
            let line = request.request_line.trim_end_matches(" HTTP/1.1");
            line.split("rid=").next().unwrap().to_owned()
        });
        lines.collect()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Reads and answers a request; `None` if the client closed the connection.
fn receive(stream: TcpStream, statuses: &Mutex<VecDeque<u16>>) -> Option<ReceivedRequest> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ")?;
        headers.push(format!("{}: {value}", name.to_ascii_lowercase()));
    }
    let length = headers
        .iter()
        .find_map(|header| header.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let status = statuses.lock().unwrap().pop_front().unwrap_or(200);
    let response =
        format!("HTTP/1.1 {status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    reader.into_inner().write_all(response.as_bytes()).ok()?;
    Some(ReceivedRequest {
        request_line: line.trim_end().to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
