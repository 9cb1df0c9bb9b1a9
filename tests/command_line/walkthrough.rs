//! The pages that show commands: every command of the walkthrough is run, and the README is checked.

use std::path::Path;

use crate::workspace::Workspace;

const WALKTHROUGH: &str = include_str!("../../docs/walkthrough.md");
const README: &str = include_str!("../../README.md");

/// Returns the commands of a page in order: the lines of console blocks that start with a prompt.
fn commands<'p>(page: &'p str, program: &str) -> Vec<Vec<&'p str>> {
    let blocks = page.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let commands = lines.filter_map(|line| line.strip_prefix("$ "));
    let commands = commands.map(|line| line.split(' ').collect::<Vec<_>>());
    commands
        .filter(|words| words[0] == program)
        .map(|words| words[1..].to_vec())
        .collect()
}

pub(crate) fn copy_examples(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Imports all example files.
pub(crate) fn import_examples(workspace: &Workspace) {
    for kind in [
        "portfolios",
        "securities",
        "transactions",
        "actions",
        "prices",
    ] {
        workspace.run_ok(&["import", kind, &format!("examples/{kind}.csv")]);
    }
}

#[test]
fn every_walkthrough_command_succeeds() {
    let workspace = Workspace::new();
    copy_examples(&workspace.path("examples"));
    let commands = commands(WALKTHROUGH, "plimsoll");
    assert!(commands.len() > 12);
    let mut outputs = Vec::new();
    for command in &commands {
        outputs.push(workspace.run_ok(command));
    }
    let last_output = |arguments: &[&str]| {
        let at = commands
            .iter()
            .rposition(|command| command.starts_with(arguments))
            .unwrap();
        &outputs[at]
    };
    assert!(last_output(&["verify"]).contains("all 12 claims proven"));
    let reason = "price, close of ALTA on 2026-01-06 corrected from";
    let explained = last_output(&["explain"]);
    assert!(explained.contains(reason), "{explained}");
    let run = last_output(&["run"]);
    assert!(run.contains("3 of 3 cells done"), "{run}");
    workspace.run_ok(&["verify", "--all", "--now", "2026-01-08T18:00:00-05:00"]);
}

#[test]
fn importing_everything_again_changes_nothing() {
    let workspace = Workspace::new();
    copy_examples(&workspace.path("examples"));
    workspace.run_ok(&["init"]);
    import_examples(&workspace);
    let now = ["--now", "2026-01-08T18:00:00-05:00"];
    workspace.run_ok(&["run", now[0], now[1]]);
    let books = workspace.books();
    import_examples(&workspace);
    assert_eq!(workspace.books(), books);
    assert!(
        workspace
            .run_ok(&["plan", now[0], now[1]])
            .starts_with("nothing to do")
    );
}

#[test]
fn a_file_with_one_invalid_row_is_refused_completely_if_all_or_nothing() {
    let workspace = Workspace::new();
    copy_examples(&workspace.path("examples"));
    workspace.run_ok(&["init"]);
    workspace.run_ok(&["import", "portfolios", "examples/portfolios.csv"]);
    workspace.write(
        "securities.csv",
        "symbol,name,class\nALTA,Alta,equity\nBORE,Borealis,equty\n",
    );
    let whole = ["import", "securities", "securities.csv", "--all-or-nothing"];
    let refused = workspace.run(&whole);
    assert_eq!(refused.code, 3);
    assert!(
        refused.stdout.contains("line 3") && refused.stdout.contains("equty"),
        "{}",
        refused.stdout
    );
    let prices = workspace.run(&["import", "prices", "examples/prices.csv"]);
    assert!(
        prices.stdout.contains("ALTA"),
        "{}{}",
        prices.stdout,
        prices.stderr
    );
    assert_eq!(prices.code, 3);
    workspace.write(
        "page.csv",
        "<!doctype html><html><body>Too many requests</body></html>",
    );
    let page = workspace.run(&["import", "prices", "page.csv"]);
    assert_eq!(page.code, 3);
    assert!(
        page.stderr.contains("a web page or XML, not a table"),
        "{}",
        page.stderr
    );
}

#[test]
fn the_inbox_is_imported_before_a_run() {
    let workspace = Workspace::new();
    copy_examples(&workspace.path("examples"));
    workspace.run_ok(&["init"]);
    workspace.write("plimsoll.toml", "[inbox]\nfolder = \"inbox\"\n");
    for kind in [
        "portfolios",
        "securities",
        "transactions",
        "actions",
        "prices",
    ] {
        std::fs::create_dir_all(workspace.path(&format!("inbox/{kind}"))).unwrap();
        let file = format!("examples/{kind}.csv");
        let text = std::fs::read_to_string(workspace.path(&file)).unwrap();
        workspace.write(&format!("inbox/{kind}/2026-01-08.csv"), &text);
    }
    workspace.write(
        "inbox/prices/broken.csv",
        "symbol,date,close\nALTA,2026-01-08,-1\n",
    );
    let output = workspace.run(&["run", "--now", "2026-01-08T18:00:00-05:00"]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    assert!(
        output
            .stderr
            .contains("prices/2026-01-08.csv imported: 345 added"),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.contains("prices/broken.csv refused"),
        "{}",
        output.stderr
    );
    assert!(
        output.stdout.contains("115 of 115 cells done"),
        "{}",
        output.stdout
    );
    let report = workspace.path("inbox/rejected/prices/broken.csv.report.txt");
    assert!(
        std::fs::read_to_string(report)
            .unwrap()
            .contains("line 2: ")
    );
}

#[test]
fn the_readme_has_two_cargo_commands_and_its_links_exist() {
    let cargo_commands = commands(README, "cargo");
    assert_eq!(
        cargo_commands,
        [vec!["run", "--release", "--", "demo"], vec!["test"]]
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let links = README
        .split("](")
        .skip(1)
        .map(|rest| rest.split([')', '#']).next().unwrap());
    let mut pages = 0;
    for link in links {
        assert!(root.join(link).exists(), "{link}");
        pages += 1;
    }
    assert!(pages > 8);
}

#[test]
fn a_deleted_portfolio_is_skipped_and_a_restored_one_has_its_gap_filled() {
    let workspace = Workspace::new();
    workspace.run_ok(&["-q", "demo"]);
    workspace.run_ok(&["portfolio", "delete", "Small Test"]);
    assert_eq!(
        workspace.run(&["portfolio", "delete", "Small Test"]).code,
        3
    );
    workspace.run_ok(&[
        "invalidate",
        "--from",
        "2026-01-07",
        "--to",
        "2026-01-08",
        "--reason",
        "a test",
    ]);
    let run = workspace.run_ok(&["run"]);
    assert!(run.contains("24 of 24 cells done"), "{run}");
    workspace.run_ok(&["portfolio", "restore", "Small Test"]);
    assert!(workspace.run_ok(&["plan"]).starts_with("nothing to do"));
    workspace.run_ok(&["portfolio", "close", "Small Test", "--on", "2026-01-07"]);
    assert!(
        workspace
            .run_ok(&["portfolio", "list"])
            .contains("2026-01-07")
    );
    workspace.run_ok(&["verify", "--all"]);
}

#[test]
fn completions_and_man_pages_are_generated() {
    let workspace = Workspace::new();
    assert!(
        workspace
            .run_ok(&["completions", "bash"])
            .contains("_plimsoll")
    );
    workspace.run_ok(&["man", "pages"]);
    assert!(workspace.path("pages/plimsoll-run.1").exists());
    for command in ["run", "plan", "import", "show"] {
        assert!(
            workspace.run_ok(&[command, "--help"]).contains("Example"),
            "{command}"
        );
    }
}
