//! Closes that are fetched between runs.

use super::*;

/// A portfolio whose last session has no close.
const LATE: &str = "
now = 2026-01-08T18:00:00-05:00
[risk]
benchmark = \"MKT\"
[market]
last = 2026-01-07
[prices]
NIMB = { 2026-01-07 = 101 }
MKT = { 2026-01-07 = 401 }
[portfolios]
Alba = { inception = 2026-01-05, cash = 1_000, holdings = { NIMB = 100 } }
";

#[tokio::test(flavor = "multi_thread")]
async fn missing_closes_are_requested_between_runs() {
    let mut server = ScheduledServer::with_store("2026-01-08T23:00:00Z", |path| {
        let world = World::read(LATE).unwrap();
        load(&world, "late", path, &Settings::new_york(), &|_| {}).unwrap()
    });
    let folder = server.folder.path().to_owned();
    let feed = PriceFeed {
        command: ["sh", "-c", "echo >> asked; cat answer.csv"]
            .map(str::to_owned)
            .into(),
        folder: folder.clone(),
        timeout: std::time::Duration::from_secs(600),
        attempts: 1,
        inbox: folder.join("inbox"),
    };
    let environment = Environment::fixed(server.now(), 2);
    server.state = app_state(
        &server.store,
        &folder,
        environment,
        &server.stop,
        Some(feed),
    );
    server.scheduler = Scheduler::new(&server.state);
    let requests = || {
        std::fs::read_to_string(folder.join("asked"))
            .unwrap_or_default()
            .len()
    };
    let answer = |rows: &str| {
        std::fs::write(
            folder.join("answer.csv"),
            format!("symbol,date,close\n{rows}"),
        )
        .unwrap();
    };
    answer("");
    let incomplete = TickOutcome::Ran(RunEnd::Finished(RunState::Incomplete));
    assert_eq!(server.tick().await, incomplete);
    assert_eq!(requests(), 1, "the run asks");
    server.advance(TimeDelta::minutes(29));
    assert!(matches!(server.tick().await, TickOutcome::Idle(_)));
    assert_eq!(requests(), 1);
    answer("NIMB,2026-01-08,102\nMKT,2026-01-08,402\n");
    server.advance(TimeDelta::minutes(1));
    assert!(matches!(server.tick().await, TickOutcome::Idle(_)));
    assert_eq!(requests(), 2);
    server.advance(TimeDelta::seconds(30));
    assert_eq!(server.tick().await, COMPLETE);
    assert_eq!(requests(), 2, "no close is missing");
}
