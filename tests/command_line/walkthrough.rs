//! The pages that tell a person what to type: every command of theirs is run.

use std::path::Path;

use crate::bench::Bench;

const WALKTHROUGH: &str = include_str!("../../docs/walkthrough.md");
const README: &str = include_str!("../../README.md");

/// The commands of a page, in order: lines of a console block that start with the prompt.
fn commands<'p>(page: &'p str, program: &str) -> Vec<Vec<&'p str>> {
    let blocks = page.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let typed = lines.filter_map(|line| line.strip_prefix("$ "));
    let typed = typed.map(|line| line.split(' ').collect::<Vec<_>>());
    typed
        .filter(|words| words[0] == program)
        .map(|words| words[1..].to_vec())
        .collect()
}

fn copy_examples(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn every_command_of_the_walkthrough_ends_well() {
    let bench = Bench::new();
    copy_examples(&bench.path("examples"));
    let commands = commands(WALKTHROUGH, "plimsoll");
    assert!(commands.len() > 12);
    let mut said = Vec::new();
    for command in &commands {
        said.push(bench.ok(command));
    }
    let after = |words: &[&str]| {
        let at = commands
            .iter()
            .rposition(|command| command.starts_with(words))
            .unwrap();
        &said[at]
    };
    assert!(after(&["verify"]).contains("all 9 claims proven"));
    let why = "price, close of ALTA on 2026-01-06 corrected from";
    assert!(after(&["explain"]).contains(why), "{}", after(&["explain"]));
    assert!(
        after(&["run"]).contains("3 of 3 cells done"),
        "{}",
        after(&["run"])
    );
    bench.ok(&["verify", "--all", "--now", "2026-01-08T18:00:00-05:00"]);
}

#[test]
fn importing_everything_again_changes_nothing() {
    let bench = Bench::new();
    copy_examples(&bench.path("examples"));
    bench.ok(&["init"]);
    let all = |bench: &Bench| {
        for kind in [
            "portfolios",
            "securities",
            "transactions",
            "actions",
            "prices",
        ] {
            bench.ok(&["import", kind, &format!("examples/{kind}.csv")]);
        }
    };
    all(&bench);
    let now = ["--now", "2026-01-08T18:00:00-05:00"];
    bench.ok(&["run", now[0], now[1]]);
    let books = bench.books();
    all(&bench);
    assert_eq!(bench.books(), books);
    assert!(
        bench
            .ok(&["plan", now[0], now[1]])
            .starts_with("nothing to do")
    );
}

#[test]
fn a_file_with_one_bad_row_is_refused_whole() {
    let bench = Bench::new();
    copy_examples(&bench.path("examples"));
    bench.ok(&["init"]);
    bench.ok(&["import", "portfolios", "examples/portfolios.csv"]);
    bench.write(
        "securities.csv",
        "symbol,name,class\nALTA,Alta,equity\nBORE,Borealis,equty\n",
    );
    let said = bench.run(&["import", "securities", "securities.csv"]);
    assert_eq!(said.code, 3);
    assert!(
        said.out.contains("line 3") && said.out.contains("equty"),
        "{}",
        said.out
    );
    let prices = bench.run(&["import", "prices", "examples/prices.csv"]);
    assert!(prices.out.contains("ALTA"), "{}{}", prices.out, prices.err);
    assert_eq!(prices.code, 3);
    bench.write(
        "page.csv",
        "<!doctype html><html><body>Too many requests</body></html>",
    );
    let page = bench.run(&["import", "prices", "page.csv"]);
    assert_eq!(page.code, 3);
    assert!(page.err.contains("a web page, not a table"), "{}", page.err);
}

#[test]
fn the_inbox_is_taken_in_before_a_run() {
    let bench = Bench::new();
    copy_examples(&bench.path("examples"));
    bench.ok(&["init"]);
    bench.write("plimsoll.toml", "[inbox]\nfolder = \"inbox\"\n");
    for kind in [
        "portfolios",
        "securities",
        "transactions",
        "actions",
        "prices",
    ] {
        std::fs::create_dir_all(bench.path(&format!("inbox/{kind}"))).unwrap();
        let file = format!("examples/{kind}.csv");
        let text = std::fs::read_to_string(bench.path(&file)).unwrap();
        bench.write(&format!("inbox/{kind}/2026-01-08.csv"), &text);
    }
    bench.write(
        "inbox/prices/broken.csv",
        "symbol,date,close\nALTA,2026-01-08,-1\n",
    );
    let said = bench.run(&["run", "--now", "2026-01-08T18:00:00-05:00"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(
        said.err
            .contains("prices/2026-01-08.csv taken in: 345 added"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("prices/broken.csv refused"),
        "{}",
        said.err
    );
    assert!(said.out.contains("115 of 115 cells done"), "{}", said.out);
    let report = bench.path("inbox/rejected/prices/broken.csv.report.txt");
    assert!(
        std::fs::read_to_string(report)
            .unwrap()
            .contains("line 2: ")
    );
}

#[test]
fn the_readme_names_the_two_commands_and_its_pages_exist() {
    let two = commands(README, "cargo");
    assert_eq!(two, [vec!["run", "--release", "--", "demo"], vec!["test"]]);
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
fn a_deleted_portfolio_is_left_alone_and_a_restored_one_comes_back_with_its_gap() {
    let bench = Bench::new();
    bench.ok(&["-q", "demo"]);
    bench.ok(&["portfolio", "delete", "Small Test"]);
    assert_eq!(bench.run(&["portfolio", "delete", "Small Test"]).code, 3);
    bench.ok(&[
        "invalidate",
        "--from",
        "2026-01-07",
        "--to",
        "2026-01-08",
        "--why",
        "a test",
    ]);
    let said = bench.ok(&["run"]);
    assert!(said.contains("24 of 24 cells done"), "{said}");
    bench.ok(&["portfolio", "restore", "Small Test"]);
    assert!(bench.ok(&["plan"]).starts_with("nothing to do"));
    bench.ok(&["portfolio", "close", "Small Test", "--on", "2026-01-07"]);
    assert!(bench.ok(&["portfolio", "list"]).contains("2026-01-07"));
    bench.ok(&["verify", "--all"]);
}

#[test]
fn the_shell_and_the_manual_are_served() {
    let bench = Bench::new();
    assert!(bench.ok(&["completions", "bash"]).contains("_plimsoll"));
    bench.ok(&["man", "pages"]);
    assert!(bench.path("pages/plimsoll-run.1").exists());
    for command in ["run", "plan", "import", "show"] {
        assert!(
            bench.ok(&[command, "--help"]).contains("Example"),
            "{command}"
        );
    }
}
