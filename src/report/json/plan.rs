//! Renders a plan as JSON.

use serde_json::{Value, json};

use super::old_keys::with_old_keys;
use super::{blocked, phases, watermark};
use crate::domain::Scope;
use crate::plan::{DayPlan, Plan, SkipGroup, StepGroup};
use crate::query::Names;
use crate::report::plan::PlanReport;

impl PlanReport<'_> {
    /// The plan as JSON with all its steps. Cells that are skipped as complete or not due are only
    /// counted: their number grows with the history, not with the work.
    pub fn to_json(&self) -> Value {
        let Self { plan, names, .. } = *self;
        let days: Vec<_> = plan.days.iter().map(|day| self.day(day)).collect();
        let unknown: Vec<_> = plan.unknown_ids.iter().map(|id| id.0).collect();
        let by_kind = plan.steps_by_kind();
        let reasons = by_kind
            .iter()
            .map(|(kind, cells)| (kind.name().to_owned(), json!(cells)));
        let by_reason = plan.skips_by_reason();
        let skips = by_reason
            .iter()
            .map(|(reason, cells)| (reason.name().to_owned(), json!(cells)));
        let json = json!({
            "id": plan.id(),
            "target": { "day": plan.target.day, "requested": plan.target.replaced_day() },
            "remarks": self.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "policy": {
                "name": plan.policy.name(),
                "rules": plan.policy,
                "range-starts-after": plan.start.watermark(),
            },
            "scope": scope(plan, names),
            "unknown-ids": unknown,
            "phases": phases(plan.phases),
            "watermark": watermark(self.watermark, names),
            "cells": plan.step_count(),
            "left-behind": plan.left_behind().values().sum::<u64>(),
            "steps": reasons.collect::<Value>(),
            "skips": skips.collect::<Value>(),
            "days": days,
        });
        with_old_keys(json, &[("requested", "asked")])
    }

    fn day(&self, day: &DayPlan) -> Value {
        let steps: Vec<_> = day.steps.iter().map(|steps| self.steps(steps)).collect();
        let skips: Vec<_> = day
            .skips
            .iter()
            .map(|skips| skipped(skips, self.names))
            .collect();
        let blocked_cells = self
            .plan
            .blocked
            .get(&day.day)
            .map_or(&[][..], Vec::as_slice);
        json!({
            "day": day.day,
            "steps": steps,
            "skips": skips,
            "blocked": blocked(blocked_cells, self.names),
            "unpriced": self.plan.unpriced.get(&day.day),
        })
    }

    fn steps(&self, steps: &StepGroup) -> Value {
        let known = steps
            .reason
            .invalidation()
            .and_then(|id| self.invalidations.iter().find(|open| open.id == id));
        let changed = known.map(|open| {
            let cause = open.cause.name();
            json!({ "invalidation": open.id, "cause": cause, "why": open.reason })
        });
        json!({
            "reason": steps.reason.kind().name(),
            "changed": changed,
            "phases": phases(steps.phases),
            "portfolios": self.names.portfolios(&steps.cells),
        })
    }
}

fn skipped(skips: &SkipGroup, names: &Names) -> Value {
    let mut skipped = json!({ "reason": skips.reason.name(), "count": skips.cells.len() });
    if skips.reason.is_open() {
        skipped["portfolios"] = json!(names.portfolios(&skips.cells));
    }
    skipped
}

fn scope(plan: &Plan, names: &Names) -> Value {
    match &plan.scope {
        Scope::AllActive => json!("all-active"),
        Scope::Only(members) => members.iter().map(|id| names.portfolio(id)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PolicyName;
    use crate::report::fixture::{mixed_survey, names, plan_for};

    #[test]
    fn every_step_is_listed_and_every_cell_is_counted() {
        let survey = mixed_survey();
        let (plan, watermark) = plan_for(&survey, PolicyName::PerCell);
        let report = PlanReport {
            plan: &plan,
            watermark: &watermark,
            invalidations: &survey.invalidations,
            remarks: &[],
            names: &names(),
            command: "plimsoll run",
        };
        let json = report.to_json();
        assert_eq!(json["id"], plan.id().to_string());
        assert_eq!(json["watermark"]["held-by"]["portfolio"], "A");
        assert_eq!(json["target"]["requested"], json["target"]["asked"]);
        let days = json["days"].as_array().unwrap();
        for day in days {
            let steps = day["steps"].as_array().unwrap().iter();
            let steps: usize = steps
                .map(|steps| steps["portfolios"].as_array().unwrap().len())
                .sum();
            let skips = day["skips"].as_array().unwrap().iter();
            let skips: u64 = skips.map(|skips| skips["count"].as_u64().unwrap()).sum();
            assert_eq!(steps as u64 + skips, 13, "{day}");
        }
        let stale = &days[1]["steps"].as_array().unwrap()[2];
        assert_eq!(stale["changed"]["cause"], "price");
        assert_eq!(stale["portfolios"], json!(["A"]));
        assert_eq!(
            days[3]["blocked"][0]["missing-prices"],
            json!(["AAPL", "MSFT"])
        );
    }
}
