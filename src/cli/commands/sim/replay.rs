//! `plimsoll sim replay`.

use clap::Args;

use super::run_selection::find_run;
use super::text::{findings_text, paragraph, seed_and_version, version};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::report::count_with_noun;
use crate::sim::{
    Disturbance, ReplayDetail, ReplayReport, ReplayToken, SecondCrash, SimError, Survival,
    check_generated, fault_name, generate_scenario, replay,
};
use crate::store::disk::Allocations;

/// Sees one finding again: what happened to the run, what that left of its disk, and what does
/// not hold.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim replay explore:1:7:117:power-cut@scenarios/mine.toml
  plimsoll sim replay fault:1:243:full:always@scenarios/mine.toml
  plimsoll sim replay pair:1:17@scenarios/mine.toml
  plimsoll sim replay fuzz:1000017")]
pub(super) struct ReplayArgs {
    /// The token, as a finding has it
    #[arg(value_name = "TOKEN")]
    token: ReplayToken,
}

pub(super) fn execute(context: &Context, args: &ReplayArgs) -> Result<Exit, CliError> {
    let token = &args.token;
    if let Disturbance::Memory { .. } = token.disturbance {
        // Before SQLite is used for the first time.
        Allocations::install().ok_or(SimError::MemoryInUse)?;
    }
    if let Disturbance::Fuzz { seed } = token.disturbance {
        return replay_generated(context, seed);
    }
    let (_, run) = find_run(token)?;
    let replayed = replay(&run, token)?;
    match context.format() {
        Format::Json => print_json(&replayed)?,
        Format::Text => print(&as_text(&replayed, token))?,
    }
    Ok(if replayed.findings.is_empty() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

/// Tells a tale again, with its scenario.
fn replay_generated(context: &Context, seed: u64) -> Result<Exit, CliError> {
    let text = generate_scenario(seed);
    let tried = check_generated(&text, seed)?;
    match context.format() {
        Format::Json => print_json(&serde_json::json!({
            "seed": seed, "scenario": text, "wrong": tried.violations,
        }))?,
        Format::Text => {
            let said = match tried.violations.len() {
                0 => "everything held".to_owned(),
                some => count_with_noun(some as u64, "finding"),
            };
            let wrong: String = tried
                .violations
                .iter()
                .map(|says| paragraph(says))
                .collect();
            let identity = seed_and_version(seed);
            print(&format!(
                "{identity}\n\n{text}\n{said}\n{wrong}{identity}\n"
            ))?;
        }
    }
    Ok(if tried.violations.is_empty() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(replayed: &ReplayReport, token: &ReplayToken) -> String {
    let mut text = format!("{}\n\n", version());
    text += &format!("step {}: {}\n", replayed.step, replayed.description);
    text += &match (&replayed.detail, token.disturbance) {
        (
            ReplayDetail::Crash {
                operations,
                last,
                pending,
            },
            Disturbance::Crash {
                point,
                image,
                second_crash: again,
                ..
            },
        ) => {
            let mut told = format!(
                "crash after {point} of {}, {image}\n",
                count_with_noun(*operations as u64, "operation"),
            );
            if let Some(again) = again {
                let SecondCrash { point, image } = again;
                told += &format!("and of its recovery after {point}, {image}\n");
            }
            if let Some(last) = last {
                told += &format!("last: {last}\n");
            }
            if !pending.is_empty() {
                told += "\nnot yet synced\n";
            }
            for one in pending {
                let left = match one.survival {
                    Survival::Full => "left",
                    Survival::Torn => "torn",
                    Survival::Lost => "gone",
                };
                told += &format!("  {left}  {}\n", one.operation);
            }
            told
        }
        (ReplayDetail::Fault { calls, call, end }, Disturbance::Fault(strike)) => format!(
            "{} {} at call {} of {}, a {}: the run ended {end}\n",
            fault_name(strike.fault),
            serialized_name(&strike.duration),
            strike.at,
            calls,
            serialized_name(call),
        ),
        (
            ReplayDetail::Memory { allocations, end },
            Disturbance::Memory {
                allocation: at,
                lasting,
            },
        ) => format!(
            "no memory {} at allocation {at} of {allocations}: the run ended {end}\n",
            serialized_name(&lasting),
        ),
        (
            ReplayDetail::Pair {
                longest_turn,
                frozen_at,
                calls,
                ends,
            },
            _,
        ) => {
            let frozen = frozen_at.map_or(String::new(), |call| {
                format!(", the first stands still before its call {call}")
            });
            format!(
                "two at once, turns of at most {}{frozen}\n{} and {} calls: they ended {} and {}\n",
                count_with_noun(u64::from(*longest_turn), "call"),
                calls[0],
                calls[1],
                ends[0],
                ends[1],
            )
        }
        _ => String::new(),
    };
    text += "\n";
    if replayed.findings.is_empty() {
        text += "everything held\n";
    } else {
        text += &count_with_noun(replayed.findings.len() as u64, "finding");
        text += "\n";
        text += &findings_text(&replayed.findings);
    }
    text + &version() + "\n"
}

/// The word that JSON has for a value that is a word.
fn serialized_name(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str);
    word.unwrap_or_default().to_owned()
}
