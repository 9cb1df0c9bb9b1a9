//! Checks the plans of 2026-01-08 under each policy against the incident's report.

use std::collections::BTreeMap;

use plimsoll::domain::{Cell, Day, PortfolioId, Scope};
use plimsoll::plan::{
    Decision, Level, PolicyName, RangeStart, Request, SkipReason, StepKind, notices, watermarks,
};

use super::world::{World, request_up_to};

fn date(text: &str) -> Day {
    text.parse().unwrap()
}

/// Builds thirteen portfolios since 2025-12-01: one complete through Jan 7, one through Jan 6,
/// eleven through Jan 5.
fn incident_world() -> World {
    let mut world = World::default();
    let mut day = date("2025-12-01");
    while day <= date("2026-01-09") {
        // 1970-01-01 was a Thursday, so Saturday and Sunday are 2 and 3.
        let weekend = matches!(day.number().rem_euclid(7), 2 | 3);
        let holiday = [date("2025-12-25"), date("2026-01-01")].contains(&day);
        if !weekend && !holiday {
            world.sessions.push(day);
        }
        day = day.next();
    }
    for id in 1..=13 {
        world.add_portfolio(id, date("2025-12-01"));
        let through = match id {
            1 => date("2026-01-07"),
            2 => date("2026-01-06"),
            _ => date("2026-01-05"),
        };
        for session in world.sessions.clone() {
            if session <= through {
                world.complete(session, id);
            }
        }
    }
    world
}

fn request(policy: PolicyName, target: &str) -> Request {
    Request {
        policy: policy.policy(),
        ..request_up_to(date(target))
    }
}

fn steps_per_day(world: &World, request: &Request) -> Vec<(String, u64)> {
    let plan = world.plan(request).unwrap();
    let days = plan.days_with_work();
    days.map(|day| (day.day.to_string(), day.step_count()))
        .collect()
}

fn counts(counts: [(&str, u64); 3]) -> Vec<(String, u64)> {
    counts.map(|(day, count)| (day.to_owned(), count)).to_vec()
}

#[test]
fn global_max_plans_nothing_while_twelve_portfolios_are_behind() {
    let world = incident_world();
    let plan = world
        .plan(&request(PolicyName::GlobalMax, "2026-01-07"))
        .unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.skipped_days().count(), 0);
    assert_eq!(plan.start, RangeStart::After(date("2026-01-07")));
    let behind = BTreeMap::from([(date("2026-01-06"), 11), (date("2026-01-07"), 12)]);
    assert_eq!(plan.left_behind(), behind);
}

#[test]
fn global_max_never_fills_the_holes() {
    let mut world = incident_world();
    let next_night = request(PolicyName::GlobalMax, "2026-01-08");
    assert_eq!(
        steps_per_day(&world, &next_night),
        [("2026-01-08".to_owned(), 13)]
    );
    let plan = world.plan(&next_night).unwrap();
    let behind = BTreeMap::from([(date("2026-01-06"), 11), (date("2026-01-07"), 12)]);
    assert_eq!(plan.left_behind(), behind);
    world.execute(&plan);
    for policy in [
        PolicyName::GlobalMax,
        PolicyName::MinOfMax,
        PolicyName::TargetOnly,
    ] {
        let plan = world.plan(&request(policy, "2026-01-08")).unwrap();
        assert!(plan.is_empty(), "{policy}");
        assert_eq!(plan.left_behind(), behind, "{policy}");
    }
    let per_cell = steps_per_day(&world, &request(PolicyName::PerCell, "2026-01-08"));
    assert_eq!(
        per_cell,
        [("2026-01-06".to_owned(), 11), ("2026-01-07".to_owned(), 12)]
    );
}

#[test]
fn min_of_max_and_per_cell_fill_the_holes() {
    let world = incident_world();
    let expected = counts([("2026-01-06", 11), ("2026-01-07", 12), ("2026-01-08", 13)]);
    for policy in [PolicyName::MinOfMax, PolicyName::PerCell] {
        let request = request(policy, "2026-01-08");
        assert_eq!(steps_per_day(&world, &request), expected, "{policy}");
        let plan = world.plan(&request).unwrap();
        assert_eq!(plan.step_count(), 36);
        let mut steps = plan.days.iter().flat_map(|day| &day.steps);
        assert!(steps.all(|step| step.phases.len() == 4));
        let earlier = world
            .sessions
            .iter()
            .filter(|day| **day <= date("2026-01-05"));
        let skipped = match policy {
            PolicyName::PerCell => earlier.count(),
            _ => 0,
        };
        assert_eq!(plan.skipped_days().count(), skipped);
        assert_eq!(
            plan.steps_by_kind(),
            BTreeMap::from([(StepKind::Missing, 36)])
        );
        assert!(plan.left_behind().is_empty());
    }
}

#[test]
fn a_complete_portfolio_skips_all_days_up_to_the_target() {
    let request = Request {
        to: Some(date("2026-01-07")),
        ..request(PolicyName::PerCell, "2026-01-05")
    };
    let plan = incident_world().plan(&request).unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.days.last().unwrap().day, date("2026-01-07"));
    assert_eq!(plan.skipped_days().last().unwrap().day, date("2026-01-05"));
}

#[test]
fn target_only_processes_only_the_target() {
    let plan = incident_world()
        .plan(&request(PolicyName::TargetOnly, "2026-01-08"))
        .unwrap();
    assert_eq!(plan.step_count(), 13);
    assert_eq!(plan.left_behind().values().sum::<u64>(), 23);
    let hidden = plan.decision(Cell::new(date("2026-01-07"), PortfolioId(2)));
    assert_eq!(hidden, Decision::Skip(SkipReason::HiddenByWatermark));
}

#[test]
fn the_watermark_names_the_cell_that_holds_it_back() {
    let survey = incident_world().survey();
    let marks = watermarks(&survey, &Scope::AllActive, date("2026-01-08"));
    assert_eq!(marks.scope_watermark().day(), Some(date("2026-01-05")));
    let held_by = marks.scope_watermark().held_by().unwrap().cell;
    assert_eq!(held_by, Cell::new(date("2026-01-06"), PortfolioId(3)));
    assert_eq!(marks.get(PortfolioId(1)), Some(date("2026-01-07")));
    assert_eq!(marks.sessions_behind(PortfolioId(13)), 3);
    assert_eq!(marks.portfolios_behind(), 13);
}

#[test]
fn log_lines_match_the_incident_log() {
    let world = incident_world();
    let log_lines = |policy, target| {
        let plan = world.plan(&request(policy, target)).unwrap();
        let marks = watermarks(&world.survey(), &plan.scope, plan.target.day);
        let notices = notices(&plan, &marks.scope_watermark()).into_iter();
        notices
            .map(|notice| (notice.level, notice.text))
            .collect::<Vec<_>>()
    };
    let info = |text: &str| (Level::Info, text.to_owned());
    assert_eq!(
        log_lines(PolicyName::MinOfMax, "2026-01-08"),
        [
            info("System watermark (most lagging portfolio): 2026-01-05"),
            info("Processing 2026-01-06: 11 portfolios need updates (2 already have snapshots)"),
            info("Processing 2026-01-07: 12 portfolios need updates (1 already have snapshots)"),
            info("Processing 2026-01-08: 13 portfolios need updates (0 already have snapshots)"),
        ]
    );
    let warn = |text: &str| (Level::Warn, text.to_owned());
    assert_eq!(
        log_lines(PolicyName::GlobalMax, "2026-01-07"),
        [
            info("System watermark (newest snapshot of any portfolio): 2026-01-07"),
            warn("Left behind on 2026-01-06: 11 hidden-by-watermark"),
            warn("Left behind on 2026-01-07: 12 hidden-by-watermark"),
        ]
    );
    let complete = log_lines(PolicyName::PerCell, "2026-01-05");
    let skipped = "Skipping 2026-01-05: all portfolios already have snapshots";
    assert_eq!(complete.last(), Some(&(Level::Debug, skipped.to_owned())));
}
