//! `plimsoll sim replay`.

use clap::Args;

use super::generated::Generated;
use super::run_selection::find_run;
use super::text::{finding_count, findings_text, paragraph, seed_and_version, version};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::disk::Allocations;
use crate::report::count_with_noun;
use crate::sim::{
    Disturbance, ReplayDetail, ReplayReport, ReplayToken, SecondCrash, SimError, Survival,
    fault_name, replay,
};

/// Reproduces one finding: the disturbance of the run, the state of its disk, and the violations.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim replay explore:1:7:117:power-cut@scenarios/mine.toml
  plimsoll sim replay fault:1:243:full:always@scenarios/mine.toml
  plimsoll sim replay pair:1:17@scenarios/mine.toml
  plimsoll sim replay fuzz:1000017
  plimsoll sim replay history:1000017")]
pub(super) struct ReplayArgs {
    /// Token of the finding
    #[arg(value_name = "TOKEN")]
    token: ReplayToken,
}

pub(super) fn execute(context: &Context, args: &ReplayArgs) -> Result<Exit, CliError> {
    let token = &args.token;
    if let Disturbance::Memory { .. } = token.disturbance {
        // SQLite accepts another allocator only before its first use.
        Allocations::install().ok_or(SimError::MemoryInUse)?;
    }
    if let Some(generated) = Generated::of(token.disturbance)? {
        return show_generated(context, &generated);
    }
    let (_, run) = find_run(token)?;
    let replayed = replay(&run, token)?;
    context.show(&replayed, || as_text(&replayed, token))?;
    Ok(Exit::complete_if(replayed.findings.is_empty()))
}

/// Prints a generated scenario and its violations.
fn show_generated(context: &Context, generated: &Generated) -> Result<Exit, CliError> {
    let Generated {
        seed,
        text,
        violations,
    } = generated;
    match context.format() {
        Format::Json => print_json(&serde_json::json!({
            "seed": seed, "scenario": text, "wrong": violations,
        }))?,
        Format::Text => {
            let verdict = finding_count(violations.len());
            let violations: String = violations
                .iter()
                .map(|violation| paragraph(&violation.to_string()))
                .collect();
            let identity = seed_and_version(*seed);
            print(&format!(
                "{identity}\n\n{text}\n{verdict}\n{violations}{identity}\n"
            ))?;
        }
    }
    Ok(Exit::complete_if(violations.is_empty()))
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
                second_crash,
                ..
            },
        ) => {
            let mut text = format!(
                "crash after {point} of {}, {image}\n",
                count_with_noun(*operations as u64, "operation"),
            );
            if let Some(SecondCrash { point, image }) = second_crash {
                text += &format!("crash of its recovery after {point}, {image}\n");
            }
            if let Some(last) = last {
                text += &format!("last operation: {last}\n");
            }
            if !pending.is_empty() {
                text += "\nnot yet synced\n";
            }
            for operation in pending {
                let survival = match operation.survival {
                    Survival::Full => "kept",
                    Survival::Torn => "torn",
                    Survival::Lost => "lost",
                };
                text += &format!("  {survival}  {}\n", operation.operation);
            }
            text
        }
        (ReplayDetail::Fault { calls, call, end }, Disturbance::Fault(injected)) => format!(
            "{} {} at call {} of {}, a {}: the run ended {end}\n",
            fault_name(injected.fault),
            serialized_name(&injected.duration),
            injected.at,
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
                format!(", the first paused before its call {call}")
            });
            format!(
                "two runs, interleaved by at most {}{frozen}\n{} and {} calls: they ended {} and {}\n",
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
    text += &finding_count(replayed.findings.len());
    text += "\n";
    text += &findings_text(&replayed.findings);
    text + &version() + "\n"
}

/// Returns the JSON name of an enum variant without fields.
fn serialized_name(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str);
    word.unwrap_or_default().to_owned()
}
