//! A folder with books, an inbox, and a vendor that is right, slow, wrong, rate-limited or down.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use plimsoll::app::{AppContext, FetchOutcome, FetchedPrices, PriceFeed, RequestedCloses};
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::plan::Policy;
use plimsoll::query::ConcernLimits;
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;

/// Books whose closes end two sessions before the target.
pub(crate) const WORLD: &str = "\
now = 2026-01-08T18:00:00-05:00
[risk]
benchmark = \"MKT\"
[market]
last = 2026-01-06
[prices]
NIMB = { 2026-01-06 = 100 }
MKT = { 2026-01-06 = 400 }
[portfolios]
A = { inception = 2026-01-05, complete = \"..2026-01-06\", cash = 1_000, holdings = { NIMB = 100 } }
";

/// The closes of the vendor for them.
pub(crate) const CLOSES: &str = "\
NIMB,2026-01-07,101
NIMB,2026-01-08,102
MKT,2026-01-07,401
MKT,2026-01-08,402
";

/// The configuration that names the vendor.
pub(crate) const CONFIGURATION: &str = "\
[inbox]
folder = \"inbox\"
[prices]
command = [\"python3\", \"vendor.py\"]
attempts = 1
";

/// Writes the vendor and its closes into a folder.
pub(crate) fn write_vendor(folder: &Path, mode: &str, closes: &str) {
    std::fs::write(folder.join("vendor.py"), include_str!("vendor.py")).unwrap();
    std::fs::write(folder.join("closes.csv"), closes).unwrap();
    std::fs::write(folder.join("mode"), mode).unwrap();
}

/// The books in this process, with a clock that stands still, so that pauses take no time.
pub(crate) struct Books {
    folder: tempfile::TempDir,
    pub(crate) app: AppContext,
}

impl Books {
    pub(crate) fn new(world: &str, mode: &str, closes: &str, attempts: u32) -> Self {
        let world = World::read(world).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write_vendor(folder.path(), mode, closes);
        let inbox = folder.path().join("inbox");
        std::fs::create_dir(&inbox).unwrap();
        let settings = Settings {
            calendar: world.calendar.clone(),
            ..Settings::new_york()
        };
        let path = folder.path().join("books.db");
        let app = AppContext {
            store: load(&world, "test", &path, &settings, &|_| {}).unwrap(),
            settings,
            policy: Policy::default(),
            jobs: None,
            price_feed: Some(PriceFeed {
                command: ["python3", "vendor.py"].map(str::to_owned).into(),
                folder: folder.path().to_owned(),
                timeout: Duration::from_secs(600),
                attempts,
                inbox: inbox.clone(),
            }),
            inbox: Some(inbox),
            profiles: plimsoll::import::profile::Profiles::shipped().clone(),
            limits: ConcernLimits::default(),
            environment: Environment::fixed(world.now, 1),
        };
        Self { folder, app }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn set_mode(&self, mode: &str) {
        std::fs::write(self.path("mode"), mode).unwrap();
    }

    pub(crate) fn add_close(&self, row: &str) {
        let closes = std::fs::read_to_string(self.path("closes.csv")).unwrap();
        std::fs::write(self.path("closes.csv"), format!("{closes}{row}\n")).unwrap();
    }

    pub(crate) fn fetch(&self, which: RequestedCloses) -> FetchedPrices {
        let _ = std::fs::remove_file(self.path("attempts"));
        let _ = std::fs::remove_file(self.path("request.jsonl"));
        let fetched = self.app.fetch_prices(which, &AtomicBool::new(false));
        fetched.unwrap().unwrap()
    }

    /// Returns the number of attempts of the last request.
    pub(crate) fn attempts(&self) -> usize {
        let attempts = std::fs::read_to_string(self.path("attempts")).unwrap_or_default();
        attempts.lines().count()
    }

    /// Returns the symbols of the last request, each with its days.
    pub(crate) fn requested(&self) -> Vec<String> {
        let asked = std::fs::read_to_string(self.path("request.jsonl")).unwrap_or_default();
        let lines = asked.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let days = line["days"].as_array().unwrap().iter();
            let days: Vec<_> = days.map(|day| day.as_str().unwrap().to_owned()).collect();
            format!("{} {}", line["symbol"].as_str().unwrap(), days.join(" "))
        });
        lines.collect()
    }

    /// Returns the recorded failure, as the concern words it.
    pub(crate) fn failure(&self) -> Option<String> {
        let last = self
            .app
            .store
            .read(|reading| reading.price_requests().last());
        last.unwrap()
            .and_then(|last| last.failure)
            .map(|failure| failure.reason)
    }
}

/// Returns the text of a request's failure.
pub(crate) fn failed(fetched: &FetchedPrices) -> String {
    match &fetched.outcome {
        FetchOutcome::Failed(failed) => failed.to_string(),
        other => panic!("{other:?}"),
    }
}
