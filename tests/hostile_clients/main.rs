//! Clients that hold connections, send slowly, read slowly or never stop sending: the server goes on
//! answering, with flat memory.
//!
//! The test takes seconds. `just hostile-clients` makes the same with ten thousand idle connections
//! for an hour.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the test lasts as long as it is told, and prints what it measured"
)]

mod clients;
mod health_probe;
mod resources;
#[path = "../support/server_process.rs"]
#[allow(
    dead_code,
    reason = "this test target uses only a part of the server process"
)]
mod server_process;
#[path = "../command_line/workspace.rs"]
#[allow(
    dead_code,
    reason = "this test target uses only a part of the workspace"
)]
mod workspace;

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use plimsoll::domain::RunId;
use plimsoll::environment::Environment;
use plimsoll::store::{Lease, NewRun, Progress, Store, StoreError};

use crate::clients::{Clients, Target};
use crate::health_probe::HealthProbe;
use crate::resources::Resources;
use crate::server_process::serve_with;
use crate::workspace::Workspace;

const WORLD: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
    \"P01..P40\" = { complete = \"..2026-01-08\" }\n";

/// The most bytes that the server may grow by between the warm-up and the end.
const MAX_GROWTH: u64 = 24 << 20;
/// Connections of the server (256, a reserve of 16, and 512 that wait), its database, its listener and
/// its runtime.
const MAX_DESCRIPTORS: usize = 256 + 16 + 512 + 64;
/// The main thread, two that serve HTTP, six that may block, one that waits for Ctrl-C and one that
/// makes the readers' slots.
const MAX_THREADS: u64 = 1 + 2 + 6 + 1 + 1;

/// Returns a number from an environment variable, or the default.
fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name);
    text.map_or(default, |text| text.parse().unwrap())
}

#[test]
fn hostile_clients_leave_memory_flat_and_the_server_answering() {
    let duration = Duration::from_secs(setting("HOSTILE_SECONDS", 16));
    let idle = setting("HOSTILE_IDLE", 400) as usize;
    let workspace = Workspace::from_world(WORLD);
    let token = workspace.run_ok(&["-q", "token", "new", "clients", "--scope", "admin"]);
    start_foreign_run(&workspace);
    let server = serve_with(&workspace, &["--no-schedule"]);
    let target = Target {
        address: server.address.parse().unwrap(),
        token: token.trim().to_owned(),
    };

    let end = Instant::now() + duration;
    let probe = HealthProbe::start(target.address, end);
    let clients = Clients::start(target, idle, end);
    // Buffers and caches exist after a third of the time, at most after five minutes.
    std::thread::sleep((duration / 3).min(Duration::from_secs(300)));
    let warm = Resources::of(server.child.id());
    let mut most = warm;
    while Instant::now() < end {
        std::thread::sleep((duration / 60).min(Duration::from_secs(10)));
        most = most.max(Resources::of(server.child.id()));
    }
    let connections = clients.finish();
    let answers = probe.finish();
    let cold = Resources::of(server.child.id());
    println!(
        "{connections} connections by {idle} idle and other clients in {} s\n\
         after the warm-up: {warm}\nat most: {most}\nat the end: {cold}\nhealth probe: {answers}",
        duration.as_secs()
    );

    assert!(connections > idle as u64, "{connections} connections");
    assert!(
        most.memory <= warm.memory + MAX_GROWTH,
        "{warm}, then {most}"
    );
    assert!(most.descriptors <= MAX_DESCRIPTORS, "{most}");
    // Threads are made when they are needed first, which can be late.
    assert!(most.threads <= MAX_THREADS, "{most}");
    // The process that hammers the server shares its processors here.
    assert!(answers.answered > answers.asked / 2, "{answers}");
    // A probe that got through is never refused for the places that the others take.
    assert_eq!(answers.refused, 0, "{answers}");
    // All clients are gone: the server is as before.
    let page = server.request_anonymously("localhost", "/");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let (code, log) = server.stop("-TERM");
    assert_eq!(code, Some(0));
    assert!(!log.contains("panicked"), "{log}");
}

/// Starts a run as another process that holds the lease, so that event streams stay open.
fn start_foreign_run(workspace: &Workspace) {
    let environment = Environment::system(None);
    let start = NewRun {
        key: RunId::new(environment.ids.next()),
        started: environment.wall_clock.now(),
        policy: "per-cell".to_owned(),
        scope: "all active".to_owned(),
        target: "2026-01-08".parse().unwrap(),
        plan: String::new(),
        progress: Progress::default(),
    };
    let store = Store::open(workspace.path("plimsoll.db")).unwrap();
    let lease = store.writer().unwrap().write(|writing| {
        let run = writing.runs().start(&start)?;
        writing
            .lease()
            .acquire(run, &environment, TimeDelta::hours(2))
    });
    let _: Lease = lease.map_err(|error: StoreError| error).unwrap();
}
