//! Renders the outcome of a run as JSON.

use serde_json::{Value, json};

use super::{blocked, watermark};
use crate::engine::{Outcome, Times};
use crate::query::Names;

/// The outcome as JSON, with all cells that were done, failed or blocked.
pub fn outcome_json(outcome: &Outcome, names: &Names) -> Value {
    let done = outcome.done.iter();
    let done = done.map(|(day, cells)| (day.to_string(), json!(names.portfolios(cells))));
    let failures: Vec<_> = (outcome.failures.iter())
        .map(|failed| {
            json!({
                "portfolio": names.portfolio(failed.cell.portfolio),
                "day": failed.cell.day,
                "phase": failed.phase,
                "reason": failed.reason,
            })
        })
        .collect();
    let blocked_days = outcome.blocked.iter();
    let blocked_days = blocked_days.map(|(day, cells)| (day.to_string(), blocked(cells, names)));
    let warnings: Vec<_> = outcome.warnings.iter().map(ToString::to_string).collect();
    let skipped: Vec<_> = outcome.plan.skipped_days().map(|day| day.day).collect();
    let certificate = &outcome.certificate;
    json!({
        "run": outcome.run,
        "state": outcome.state,
        "started": outcome.started,
        "ended": outcome.ended,
        "plan": outcome.plan_id,
        "target": outcome.plan.target.day,
        "policy": outcome.plan.policy.name(),
        "progress": outcome.progress,
        "watermark-before": watermark(&outcome.watermark_before, names),
        "watermark-after": watermark(&outcome.watermark_after, names),
        "certificate": {
            "expected": certificate.expected,
            "done-before": certificate.done_before,
            "done-now": certificate.done_now,
            "failed": certificate.failed,
            "blocked": certificate.blocked,
            "deferred": certificate.deferred,
            "verdict": certificate.verdict,
        },
        "done": done.collect::<Value>(),
        "skipped-days": skipped,
        "failures": failures,
        "blocked": blocked_days.collect::<Value>(),
        "unpriced": outcome.plan.unpriced,
        "warnings": warnings,
        "milliseconds": milliseconds(&outcome.times),
    })
}

fn milliseconds(times: &Times) -> Value {
    let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1_000.0;
    json!({
        "whole": milliseconds(times.total),
        "planning": milliseconds(times.planning),
        "loading": milliseconds(times.loading),
        "securities": milliseconds(times.phases.securities),
        "books": milliseconds(times.phases.books),
        "exposures": milliseconds(times.phases.exposures),
        "risk": milliseconds(times.phases.risk),
        "committing": milliseconds(times.committing),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{names, outcome};

    #[test]
    fn done_failed_and_blocked_cells_are_listed_by_name() {
        let json = outcome_json(&outcome(), &names());
        assert_eq!(json["done"]["2026-01-08"].as_array().unwrap().len(), 11);
        assert_eq!(json["failures"][0]["portfolio"], "B");
        assert_eq!(json["failures"][0]["phase"], "risk");
        assert_eq!(json["blocked"]["2026-01-08"][1]["portfolio"], "M");
        assert_eq!(json["certificate"]["verdict"], "holds");
        assert_eq!(json["watermark-after"]["day"], "2026-01-06");
        assert_eq!(json["skipped-days"], json!(["2026-01-05"]));
    }
}
