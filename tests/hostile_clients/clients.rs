//! Clients that misuse their connections, each again and again until the end.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout, timeout_at};

/// The server and a token for it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

/// A way to misuse a connection.
#[derive(Debug, Clone, Copy)]
enum Misuse {
    /// Sends nothing until it is closed.
    Idle,
    /// Sends the head of a request a byte at a time.
    SlowHead,
    /// Sends a body a byte at a time.
    SlowBody,
    /// Sends a body without an end.
    EndlessBody,
    /// Sends requests and reads no answer.
    UnreadAnswers,
    /// Reads answers a byte at a time.
    SlowReader,
    /// Closes its sending half and reads nothing.
    HalfClosed,
    /// Goes away in the middle of a request.
    Vanishing,
    /// Follows a run without reading its events.
    EventStream,
}

/// The clients besides the idle ones, this many of each.
const OTHERS: [(Misuse, usize); 8] = [
    (Misuse::SlowHead, 12),
    (Misuse::SlowBody, 12),
    (Misuse::EndlessBody, 4),
    (Misuse::UnreadAnswers, 8),
    (Misuse::SlowReader, 8),
    (Misuse::HalfClosed, 8),
    (Misuse::Vanishing, 8),
    (Misuse::EventStream, 32),
];

const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// The pause of a slow client between two bytes.
const BYTE_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Clients {
    thread: JoinHandle<()>,
    connections: Arc<AtomicU64>,
}

impl Clients {
    /// Starts `idle` idle clients and the others on a thread of their own.
    pub(crate) fn start(target: Target, idle: usize, end: Instant) -> Self {
        let connections = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&connections);
        let target = Arc::new(target);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            let misuses = std::iter::repeat_n(Misuse::Idle, idle).chain(
                OTHERS
                    .into_iter()
                    .flat_map(|(misuse, count)| std::iter::repeat_n(misuse, count)),
            );
            runtime.block_on(async {
                let clients: Vec<_> = misuses
                    .enumerate()
                    .map(|(number, misuse)| {
                        let (target, count) = (Arc::clone(&target), Arc::clone(&count));
                        tokio::spawn(async move {
                            // Not all at once, at the start and again after each connection.
                            let pause = Duration::from_millis((number as u64 * 37) % 3_000);
                            let work = repeat(misuse, &target, &count, pause);
                            let _ = timeout_at(end.into(), work).await;
                        })
                    })
                    .collect();
                for client in clients {
                    client.await.unwrap();
                }
            });
        });
        Self {
            thread,
            connections,
        }
    }

    /// Waits until the end and returns the number of connections made.
    pub(crate) fn finish(self) -> u64 {
        self.thread.join().unwrap();
        self.connections.load(Ordering::Relaxed)
    }
}

async fn repeat(misuse: Misuse, target: &Target, connections: &AtomicU64, pause: Duration) {
    loop {
        sleep(pause).await;
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(target.address)).await;
        if let Ok(Ok(stream)) = connected {
            connections.fetch_add(1, Ordering::Relaxed);
            // The server ends the connection sooner or later, which is the error here.
            let _ = misuse_connection(misuse, target, stream).await;
        }
    }
}

async fn misuse_connection(misuse: Misuse, target: &Target, stream: TcpStream) -> io::Result<()> {
    let post = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n";
    let get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    match misuse {
        Misuse::Idle => wait_for_end(&stream).await,
        Misuse::SlowHead => {
            write_all(&stream, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ").await?;
            send_slowly(&stream).await
        }
        Misuse::SlowBody => {
            let head = format!("{post}Content-Length: 10000\r\n\r\ntoken=");
            write_all(&stream, &head).await?;
            send_slowly(&stream).await
        }
        Misuse::EndlessBody => {
            let head = format!("{post}Transfer-Encoding: chunked\r\n\r\n");
            write_all(&stream, &head).await?;
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
            loop {
                write_all(&stream, &chunk).await?;
                sleep(Duration::from_millis(5)).await;
            }
        }
        Misuse::UnreadAnswers => loop {
            write_all(&stream, get).await?;
            sleep(Duration::from_millis(20)).await;
        },
        Misuse::SlowReader => {
            write_all(&stream, &get.repeat(100)).await?;
            let mut byte = [0];
            while read(&stream, &mut byte).await? > 0 {
                sleep(BYTE_PAUSE).await;
            }
            Ok(())
        }
        Misuse::HalfClosed => {
            write_all(&stream, get).await?;
            let stream = stream.into_std()?;
            stream.shutdown(Shutdown::Write)?;
            sleep(Duration::from_secs(30)).await;
            Ok(())
        }
        Misuse::Vanishing => {
            stream.set_zero_linger()?;
            let head = format!("{post}Content-Length: 100\r\n\r\ntok");
            write_all(&stream, &head).await?;
            sleep(Duration::from_millis(200)).await;
            Ok(())
        }
        Misuse::EventStream => {
            let token = &target.token;
            let head = format!(
                "GET /api/v1/admin/batch/run/current/events HTTP/1.1\r\nHost: localhost\r\n\
                 Authorization: Bearer {token}\r\n\r\n"
            );
            write_all(&stream, &head).await?;
            sleep(Duration::from_secs(20)).await;
            Ok(())
        }
    }
}

async fn send_slowly(stream: &TcpStream) -> io::Result<()> {
    loop {
        sleep(BYTE_PAUSE).await;
        write_all(stream, "x").await?;
    }
}

async fn wait_for_end(stream: &TcpStream) -> io::Result<()> {
    let mut received = [0; 64];
    while read(stream, &mut received).await? > 0 {}
    Ok(())
}

async fn write_all(stream: &TcpStream, text: &str) -> io::Result<()> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        stream.writable().await?;
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns the number of bytes received; 0 at the end of the connection.
async fn read(stream: &TcpStream, received: &mut [u8]) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        match stream.try_read(received) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            ended => return ended,
        }
    }
}
