//! `plimsoll sim replay`.

use clap::Args;

use super::choice::run_of;
use super::looks::{findings, identity, paragraph, version};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::report::count_with_noun;
use crate::sim::{Again, Left, Place, Replayed, SimError, Story, Token, replay, tale, tell, word};
use crate::store::disk::Allocations;

/// Sees one finding again: what happened to the run, what that left of its disk, and what does
/// not hold.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim replay explore:1:7:117:power-cut@scenarios/mine.toml
  plimsoll sim replay fault:1:243:full:always@scenarios/mine.toml
  plimsoll sim replay pair:1:17@scenarios/mine.toml
  plimsoll sim replay tale:1000017")]
pub(super) struct ReplayArgs {
    /// The token, as a finding has it
    #[arg(value_name = "TOKEN")]
    token: Token,
}

pub(super) fn execute(context: &Context, args: &ReplayArgs) -> Result<Exit, CliError> {
    let token = &args.token;
    if let Place::Memory { .. } = token.place {
        // Before SQLite is used for the first time.
        Allocations::watched().ok_or(SimError::MemoryAtWork)?;
    }
    if let Place::Tale { seed } = token.place {
        return tale_again(context, seed);
    }
    let (_, run) = run_of(token)?;
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
fn tale_again(context: &Context, seed: u64) -> Result<Exit, CliError> {
    let text = tale(seed);
    let tried = tell(&text, seed)?;
    match context.format() {
        Format::Json => print_json(&serde_json::json!({
            "seed": seed, "scenario": text, "wrong": tried.wrong,
        }))?,
        Format::Text => {
            let said = match tried.wrong.len() {
                0 => "everything held".to_owned(),
                some => count_with_noun(some as u64, "finding"),
            };
            let wrong: String = tried.wrong.iter().map(|says| paragraph(says)).collect();
            let identity = identity(seed);
            print(&format!(
                "{identity}\n\n{text}\n{said}\n{wrong}{identity}\n"
            ))?;
        }
    }
    Ok(if tried.wrong.is_empty() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(replayed: &Replayed, token: &Token) -> String {
    let mut text = format!("{}\n\n", version());
    text += &format!("step {}: {}\n", replayed.step, replayed.what);
    text += &match (&replayed.story, token.place) {
        (
            Story::Crash {
                operations,
                last,
                pending,
            },
            Place::Crash {
                point,
                image,
                again,
                ..
            },
        ) => {
            let mut told = format!(
                "crash after {point} of {}, {image}\n",
                count_with_noun(*operations as u64, "operation"),
            );
            if let Some(again) = again {
                let Again { point, image } = again;
                told += &format!("and of its recovery after {point}, {image}\n");
            }
            if let Some(last) = last {
                told += &format!("last: {last}\n");
            }
            if !pending.is_empty() {
                told += "\nnot yet synced\n";
            }
            for one in pending {
                let left = match one.left {
                    Left::Whole => "left",
                    Left::Torn => "torn",
                    Left::Nothing => "gone",
                };
                told += &format!("  {left}  {}\n", one.operation);
            }
            told
        }
        (Story::Fault { calls, call, end }, Place::Fault(strike)) => format!(
            "{} {} at call {} of {}, a {}: the run ended {end}\n",
            word(strike.fault),
            serde_word(&strike.duration),
            strike.at,
            calls,
            serde_word(call),
        ),
        (Story::Memory { allocations, end }, Place::Memory { at, lasting }) => format!(
            "no memory {} at allocation {at} of {allocations}: the run ended {end}\n",
            serde_word(&lasting),
        ),
        (
            Story::Pair {
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
        text += &findings(&replayed.findings);
    }
    text + &version() + "\n"
}

/// The word that JSON has for a value that is a word.
fn serde_word(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str);
    word.unwrap_or_default().to_owned()
}
