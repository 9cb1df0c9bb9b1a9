//! Measures the worlds a second that `job fuzz` checks with a compiled job on SQLite, as a process for
//! each run and as one that stays up: `cargo bench --bench jobs -- [SECONDS]`.
//!
//! The job is this program itself: with `run` it fills the tables of the example jobs, with `serve` it
//! makes a run for each line of JSON.

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use plimsoll::environment::Clock;
use plimsoll::job::{JobFuzzOptions, JobFuzzTimes, fuzz_job, read_job};
use plimsoll::parallel::available_threads;
use rusqlite::Connection;

/// The allocator of the program, so that the numbers apply to it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

static CANCEL: AtomicBool = AtomicBool::new(false);

/// The time of each measurement, unless an argument says otherwise.
const SECONDS: u64 = 10;

/// Does each open cell up to a day, in one transaction.
const FILL: &str = "
BEGIN IMMEDIATE;
CREATE TEMP TABLE work AS
SELECT p.id, d.day FROM portfolios p JOIN trading_days d
    ON d.day BETWEEN p.inception AND min(coalesce(p.closed_on, '9999-12-31'), '{target}')
WHERE p.deleted_at IS NULL AND NOT (
    EXISTS (SELECT 1 FROM snapshots s WHERE (s.portfolio_id, s.day) = (p.id, d.day) AND s.is_complete)
    AND EXISTS (SELECT 1 FROM positions s WHERE (s.portfolio_id, s.day) = (p.id, d.day))
    AND EXISTS (SELECT 1 FROM exposures s WHERE (s.portfolio_id, s.day) = (p.id, d.day))
    AND EXISTS (SELECT 1 FROM risk s WHERE (s.portfolio_id, s.day) = (p.id, d.day)));
INSERT INTO snapshots (portfolio_id, day, nav) SELECT id, day, 100 FROM work WHERE true
    ON CONFLICT DO UPDATE SET is_complete = 1 WHERE NOT is_complete;
INSERT INTO positions SELECT id, day, 1 FROM work WHERE true ON CONFLICT DO NOTHING;
INSERT INTO exposures SELECT id, day, 1 FROM work WHERE true ON CONFLICT DO NOTHING;
INSERT INTO risk SELECT id, day, 1 FROM work WHERE true ON CONFLICT DO NOTHING;
COMMIT;";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run", path, target] => fill(path, target),
        ["serve"] => serve(),
        others => {
            // Cargo adds options of its own.
            let seconds = others.iter().find(|word| !word.starts_with('-'));
            let seconds = seconds.map_or(Ok(SECONDS), |word| word.parse())?;
            measure(Duration::from_secs(seconds))
        }
    }
}

fn fill(path: &str, target: &str) -> Result<(), Box<dyn Error>> {
    let database = Connection::open(path)?;
    database.busy_timeout(Duration::from_secs(30))?;
    database.execute_batch(&FILL.replace("{target}", target))?;
    Ok(())
}

fn serve() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let request: serde_json::Value = serde_json::from_str(&line?)?;
        let word = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let (exit, output) = match fill(&word("path"), &word("target")) {
            Ok(()) => (0, String::new()),
            Err(error) => (1, error.to_string()),
        };
        let answer = serde_json::json!({ "exit": exit, "output": output });
        writeln!(std::io::stdout(), "{answer}")?;
    }
    Ok(())
}

fn measure(budget: Duration) -> Result<(), Box<dyn Error>> {
    let threads = available_threads();
    let mut output = std::io::stdout();
    writeln!(output, "worlds a second, {threads} at a time")?;
    // Two promises mostly wait: one for the moment at which it kills a run, one until both of two runs
    // have looked for work.
    let without_waits = "killed-run-heals = false\ntwo-runs-do-each-cell-once = false\n";
    for (promises, off) in [
        ("all promises", ""),
        ("without kills and pairs", without_waits),
    ] {
        for (mode, serves) in [("a process a run", false), ("one that stays up", true)] {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("job.toml");
            std::fs::write(&path, job_file(serves, off)?)?;
            let job = Arc::new(read_job(&path, &|_| None)?);
            let options = JobFuzzOptions {
                seed: 1,
                jobs: threads,
            };
            let clock = Clock::system();
            let times = JobFuzzTimes {
                draws_on: &|| clock.elapsed() < budget,
                shrinks_on: Arc::new(|| true),
            };
            let report = fuzz_job(&job, options, &CANCEL, &times, &|_, _| {})?;
            if let Some(found) = report.found {
                return Err(format!("the job breaks a promise: {:?}", found.broken).into());
            }
            let rate = report.worlds as f64 / clock.elapsed().as_secs_f64();
            writeln!(output, "{promises}, {mode}: {rate:.0}")?;
        }
    }
    Ok(())
}

/// Returns a job file whose commands are this program.
fn job_file(serves: bool, off: &str) -> Result<String, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/jobs");
    let serve = match serves {
        true => format!("serve = [{program:?}, \"serve\"]"),
        false => String::new(),
    };
    Ok(format!(
        "map-file = {:?}\n[database]\nschema = {:?}\n[write]\nids = \"text\"\n\
         [write.values]\nsnapshots = {{ nav = 0 }}\npositions = {{ value = 0 }}\n\
         exposures = {{ value = 0 }}\nrisk = {{ value = 0 }}\n\
         [commands]\nrun = [{program:?}, \"run\", \"{{path}}\", \"{{target}}\"]\n{serve}\n\
         [promises]\n{off}",
        jobs.join("map.toml"),
        jobs.join("schema.sql"),
    ))
}
