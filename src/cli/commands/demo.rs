//! `plimsoll demo`: shows the incident and fixes it.

use std::path::Path;

use clap::Args;

use super::run;
use crate::app::{AppContext, RunSpec};
use crate::cli::output::{Format, print};
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::engine::Outcome;
use crate::environment::Environment;
use crate::plan::{Plan, PolicyName, ScopeWatermark};
use crate::query::{Grid, Names};
use crate::report::{self, Palette};
use crate::scenario::load;
use crate::scenario::world::World;
use crate::store::{Store, StoreError};

/// The state of the incident, as a world.
const JAN_8: &str = include_str!("../../../fixtures/jan_8_production.toml");
/// The number of sessions in the grids.
const SESSIONS: usize = 6;
/// The name of the world in the database; it marks a database of the demonstration.
const WORLD_NAME: &str = "jan_8_production";

/// Creates a database with the production state of January 8, 2026, shows each policy's plan on
/// it, runs the default one, and keeps the database for the other commands. A second
/// demonstration replaces the first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll demo                   use plimsoll.db
  plimsoll --db demo.db demo      use another file")]
pub(crate) struct DemoArgs {}

const INTRODUCTION: &str = "\
January 8, 2026, after the close. Thirteen portfolios. The nightly job asks for
the newest snapshot of any of them, finds January 7, and says that it is caught
up. Twelve portfolios are behind since then, and no later run will fill them.
";

pub(super) fn execute(context: &Context, _: &DemoArgs) -> Result<Exit, CliError> {
    let path = &context.configuration.database;
    clear_earlier_demo(path)?;
    let world = World::read(JAN_8)?;
    if context.format() == Format::Text {
        print(INTRODUCTION)?;
    }
    let store = create_store(context, &world, path)?;
    let app = AppContext {
        policy: PolicyName::PerCell.policy(),
        ..context.app_on(store, Environment::system(Some(world.now)))?
    };
    let plans = plans(&app)?;
    let (_, per_cell) = plans.last().expect("there is a plan for each policy");
    let none = ScopeWatermark::NoneDue;
    let names = Names::for_plan(&app.store, per_cell, &none)?;
    if context.format() == Format::Text {
        print(&plans_text(&plans, per_cell, &names))?;
    }
    // Refused unless its plan is the one shown.
    let spec = RunSpec {
        expected_plan: Some(per_cell.id().to_string()),
        ..RunSpec::default()
    };
    let run_request = app.resolve(&spec)?.run_request;
    let outcome = app.run(&run_request, &run::Terminal::new(context, &app))?;
    context.show(&json(&plans, &outcome, &names, path), || {
        outcome_text(&outcome, &names, context)
    })?;
    Ok(run::exit_code(&outcome))
}

fn plans_text(plans: &[(PolicyName, Plan)], per_cell: &Plan, names: &Names) -> String {
    let heading = "Cells that each policy would process on this state, up to January 8:\n\n";
    let policies = report::policies_text(plans, Palette::Colour);
    let bug = plans
        .iter()
        .find(|(name, _)| *name == PolicyName::GlobalMax);
    let bug_text = bug.map_or_else(String::new, |(_, plan)| {
        let grid = Grid::from_plan(plan, names.portfolio_names(), SESSIONS);
        let grid = report::grid_text(&grid, Palette::Colour);
        format!("\nThe job of the incident, global-max:\n\n{grid}")
    });
    let grid = Grid::from_plan(per_cell, names.portfolio_names(), SESSIONS);
    let grid = report::grid_text(&grid, Palette::Colour);
    format!(
        "\n{heading}{policies}{bug_text}\nPlimsoll's default, per-cell; this plan runs now:\n\n{grid}\n"
    )
}

fn outcome_text(outcome: &Outcome, names: &Names, context: &Context) -> String {
    let grid = Grid::from_outcome(outcome, names.portfolio_names(), SESSIONS);
    let grid = report::grid_text(&grid, Palette::Colour);
    let text = report::outcome_text(outcome, names, Palette::Colour);
    let database = context.configuration.database.display();
    let program = context.program();
    format!(
        "{text}\n{grid}\n\
         The database is {database}. Next commands:\n\n  \
           {program} status\n  \
           {program} show \"Hedge Fund Style\"\n  \
           {program} explain \"Tech Growth\" 2026-01-07\n  \
           {program} runs show last\n  \
           {program} verify --all\n"
    )
}

fn json(
    plans: &[(PolicyName, Plan)],
    outcome: &Outcome,
    names: &Names,
    path: &Path,
) -> serde_json::Value {
    let policies: serde_json::Map<_, _> = plans
        .iter()
        .map(|(name, plan)| {
            let policy = serde_json::json!({
                "plan": plan.id().to_string(),
                "cells": plan.step_count(),
                "left-behind": plan.left_behind().values().sum::<u64>(),
            });
            (name.to_string(), policy)
        })
        .collect();
    serde_json::json!({
        "database": path,
        "policies": policies,
        "outcome": report::outcome_json(outcome, names),
    })
}

/// Removes the database of an earlier demonstration. Any other database is an error.
fn clear_earlier_demo(path: &Path) -> Result<(), CliError> {
    let world = match Store::open(path) {
        Err(StoreError::Absent(_)) => return Ok(()),
        other => other?.read(|reading| reading.world())?,
    };
    if world.is_none_or(|world| world.name != WORLD_NAME) {
        return Err(CliError::NotADemo(path.to_owned()));
    }
    // A stale log could be applied to the new database.
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(CliError::File {
                    path: name.into(),
                    source,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn create_store(context: &Context, world: &World, path: &Path) -> Result<Store, CliError> {
    let meter = Meter::new(context);
    let settings = &context.configuration.engine;
    let store = load(world, WORLD_NAME, path, settings, &|progress| {
        meter.show(progress)
    });
    meter.finish();
    Ok(store?)
}

/// Plans this state under each policy, the default one last.
fn plans(app: &AppContext) -> Result<Vec<(PolicyName, Plan)>, CliError> {
    let mut plans = Vec::new();
    for name in PolicyName::ALL {
        let spec = RunSpec {
            policy: Some(name.policy()),
            ..RunSpec::default()
        };
        plans.push((name, app.preview(&spec)?.plan));
    }
    Ok(plans)
}
