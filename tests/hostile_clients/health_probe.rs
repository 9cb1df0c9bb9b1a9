//! A health probe that asks once a second, as an orchestrator does.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The time after which the probe takes the server for dead.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct HealthProbe(JoinHandle<Answers>);

/// The answers of the server to its health probe.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Answers {
    pub(crate) asked: u64,
    pub(crate) answered: u64,
    /// Probes with another answer than that the server is well.
    pub(crate) refused: u64,
    /// The most consecutive probes without an answer.
    pub(crate) longest_silence: u64,
    slowest: Duration,
}

impl HealthProbe {
    /// Asks once a second until `end`.
    pub(crate) fn start(address: SocketAddr, end: Instant) -> Self {
        Self(std::thread::spawn(move || {
            let (mut answers, mut silence) = (Answers::default(), 0);
            while Instant::now() < end {
                let started = Instant::now();
                answers.asked += 1;
                match ask(address).as_deref() {
                    Ok(answer) if answer.starts_with("HTTP/1.1 200") => {
                        answers.answered += 1;
                        answers.slowest = answers.slowest.max(started.elapsed());
                        silence = 0;
                    }
                    unanswered => {
                        answers.refused += u64::from(unanswered.is_ok_and(|text| !text.is_empty()));
                        silence += 1;
                        answers.longest_silence = answers.longest_silence.max(silence);
                    }
                }
                std::thread::sleep(Duration::from_secs(1).saturating_sub(started.elapsed()));
            }
            answers
        }))
    }

    pub(crate) fn finish(self) -> Answers {
        self.0.join().unwrap()
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            asked,
            answered,
            refused,
            longest_silence,
            slowest,
        } = self;
        write!(
            f,
            "{answered} of {asked} answered, the slowest after {} ms, {refused} refused, at most \
             {longest_silence} in a row not answered",
            slowest.as_millis()
        )
    }
}
