//! The job file in `docs/jobs.md`, beside the example jobs.

use crate::workspace::{Workspace, examples};

const PAGE: &str = include_str!("../../docs/jobs.md");

#[test]
fn the_job_file_of_the_page_is_right() {
    let (_, block) = PAGE.split_once("```toml\n").unwrap();
    let job = block.split("```").next().unwrap();
    let workspace = Workspace::new("");
    for entry in std::fs::read_dir(examples()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let copy = workspace.path(path.file_name().unwrap().to_str().unwrap());
            std::fs::copy(&path, copy).unwrap();
        }
    }
    workspace.write("job.toml", job);
    let output = workspace.run(&["job", "check", "job.toml"]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
}

#[test]
fn the_written_job_file_is_read() {
    let workspace = Workspace::new("");
    let written = workspace.run(&["job", "new", "mine/nightly.toml"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert!(
        written
            .stdout
            .contains("plimsoll job check mine/nightly.toml")
    );
    // Its tables are not there yet, which is the first thing to fill in.
    let check = workspace.run(&["job", "check", "mine/nightly.toml"]);
    assert_eq!(check.code, 3);
    let text = check.stderr;
    assert!(
        text.contains("failed to make the database") && text.contains("schema.sql"),
        "{text}"
    );
    let again = workspace.run(&["job", "new", "mine/nightly.toml"]);
    assert_ne!(again.code, 0, "a job file is overwritten");
}

#[test]
fn all_promises_are_on_the_page() {
    for promise in plimsoll::job::Promise::ALL {
        assert!(PAGE.contains(&format!("`{promise}`")), "{promise}");
    }
}
