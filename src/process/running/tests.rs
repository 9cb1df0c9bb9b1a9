//! Runs small shell scripts, in each way that a command can end.

use super::*;
use crate::process::output::KEPT;

fn run(script: &str, timeout: u64, kill: Option<KillInWrite<'_>>) -> FinishedProcess {
    let cancel = AtomicBool::new(false);
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    let running = RunningProcess::start(&mut command).unwrap();
    running
        .wait(ProcessLimits {
            timeout: Duration::from_millis(timeout),
            kill,
            cancel: &cancel,
        })
        .unwrap()
}

#[test]
fn output_and_exit_code_are_kept() {
    let finished = run("echo out; echo err >&2; exit 3", 5_000, None);
    assert_eq!(finished.end, ProcessEnd::Exited(3));
    assert!(finished.output.contains("out\n") && finished.output.contains("err\n"));
}

#[test]
fn a_hanging_command_is_killed_with_its_children() {
    let finished = run("sleep 60 & sleep 60", 200, None);
    assert_eq!(finished.end, ProcessEnd::TimedOut);
    assert!(finished.elapsed < Duration::from_secs(5));
}

#[test]
fn a_command_is_killed_in_a_write_and_at_no_other_time() {
    let kill = |is_in_write| KillInWrite {
        is_in_write,
        time: Duration::from_millis(50),
    };
    let hangs = run("sleep 60", 60_000, Some(kill(&|| true)));
    assert_eq!(hangs.end, ProcessEnd::Killed);
    let waits = run("sleep 1", 60_000, Some(kill(&|| false)));
    assert_eq!(waits.end, ProcessEnd::Exited(0));
}

#[test]
fn processes_that_outlive_the_command_are_an_end_of_its_own() {
    let finished = run("sleep 60 >/dev/null 2>&1 & exit 0", 5_000, None);
    assert_eq!(finished.end, ProcessEnd::LeftProcesses);
}

#[test]
fn processes_that_left_the_group_are_found_too() {
    let finished = run(
        "setsid sleep 60 >/dev/null 2>&1 & sleep 0.05; exit 0",
        5_000,
        None,
    );
    assert_eq!(finished.end, ProcessEnd::LeftProcesses);
}

#[test]
fn a_large_output_is_cut_in_the_middle() {
    let finished = run("head -c 100000000 /dev/zero; echo end", 60_000, None);
    assert_eq!(finished.end, ProcessEnd::Exited(0));
    assert!(finished.output.len() < 3 * KEPT && finished.output.ends_with("end\n"));
    assert!(finished.output.contains("bytes left out"));
}

fn ask(script: &str, request: &[u8], max_answer: usize) -> FinishedProcess {
    let cancel = AtomicBool::new(false);
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    let exchange = Exchange {
        request: request.to_vec(),
        max_answer,
    };
    let running = RunningProcess::ask(&mut command, exchange).unwrap();
    running
        .wait(ProcessLimits {
            timeout: Duration::from_secs(60),
            kill: None,
            cancel: &cancel,
        })
        .unwrap()
}

#[test]
fn an_answer_is_whole_and_apart_from_the_errors() {
    let request = b"line\n".repeat(100_000);
    let finished = ask("echo asked >&2; cat", &request, request.len());
    assert_eq!(finished.end, ProcessEnd::Exited(0));
    assert_eq!(finished.answer, request);
    assert_eq!(finished.output, "asked\n");
    // One that does not read the request is no failure.
    let deaf = ask("echo answer", &request, 100);
    assert_eq!(
        (deaf.end, deaf.answer),
        (ProcessEnd::Exited(0), b"answer\n".to_vec())
    );
}

#[test]
fn an_endless_answer_is_cut_and_the_command_killed() {
    let finished = ask("yes", b"", 1_000_000);
    assert_eq!(finished.end, ProcessEnd::TooLarge);
    assert!(finished.answer.len() < 2_000_000);
    // Also if the command has ended before it is noticed.
    assert_eq!(ask("echo answer", b"", 3).end, ProcessEnd::TooLarge);
}

#[test]
fn a_signal_of_the_command_itself_is_not_a_kill_on_purpose() {
    assert_eq!(run("kill -9 $$", 5_000, None).end, ProcessEnd::Signalled(9));
}
