//! The page `docs/prices.md` and the scripts in `examples/prices`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::vendor::WORLD;
use crate::workspace::Workspace;

const PAGE: &str = include_str!("../../docs/prices.md");

fn examples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/prices")
}

/// Returns the first fenced block of the page with this info string.
fn block(info: &str) -> &'static str {
    let (_, after) = PAGE.split_once(&format!("```{info}\n")).unwrap();
    after.split("```").next().unwrap()
}

#[test]
fn the_examples_of_the_page_work() {
    let workspace = Workspace::from_world(WORLD);
    for folder in ["inbox", "prices", "closes"] {
        std::fs::create_dir(workspace.path(folder)).unwrap();
    }
    let script = workspace.path("prices/folder.py");
    std::fs::copy(examples().join("folder.py"), script).unwrap();
    workspace.write("plimsoll.toml", block("toml plimsoll.toml"));
    workspace.write("closes/NIMB.csv", block("csv closes/NIMB.csv"));
    let session = block("console");
    let mut commands = session.split("$ ").skip(1);
    // The first one shows the request, in the format that the page explains.
    let shown = commands.next().unwrap().split_once('\n').unwrap();
    assert_eq!(shown.0, "plimsoll price missing --lines");
    assert_eq!(workspace.run_ok(&["price", "missing", "--lines"]), shown.1);
    let shown = commands.next().unwrap().split_once('\n').unwrap();
    assert_eq!(shown.0, "plimsoll price fetch");
    assert_eq!(workspace.run_ok(&["price", "fetch"]), shown.1);
    let shown = commands.next().unwrap().split_once('\n').unwrap();
    assert_eq!(shown.0, "plimsoll price missing");
    let missing = workspace.run_ok(&["price", "missing"]);
    assert_eq!(
        missing.replace('\u{a0}', " "),
        shown.1.trim_end().to_owned() + "\n"
    );
    assert!(commands.next().is_none());
    // The run goes on without the closes that are still missing, and finds no unpriced session.
    workspace.run_ok(&["run"]);
    // The answer that the page shows is one that `import prices` reads.
    workspace.write("answer.csv", block("csv answer"));
    workspace.run_ok(&["import", "prices", "answer.csv"]);
}

/// Answers one request a connection, with the answers of `answer` to path and authorization.
fn serve(answer: impl Fn(&str, &str) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let reader = BufReader::new(stream.try_clone().unwrap());
            let head: Vec<_> = (reader.lines().map_while(Result::ok))
                .take_while(|line| !line.is_empty())
                .collect();
            let path = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
            let find = |line: &String| {
                let (name, value) = line.split_once(": ")?;
                (name.eq_ignore_ascii_case("authorization")).then(|| value.to_owned())
            };
            let key = head.iter().find_map(find).unwrap_or_default();
            let (status, body) = answer(&path, &key);
            let length = body.len();
            let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {length}\r\n");
            let _ = write!(stream, "{head}Connection: close\r\n\r\n{body}");
        }
    });
    address
}

fn vendor(folder: &Path, url: &str, request: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new("python3")
        .arg(examples().join("vendor.py"))
        .args([
            "--key-file",
            "vendor.key",
            "--symbols",
            "symbols.csv",
            "--url",
            url,
        ])
        .current_dir(folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(request.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_vendor_script_asks_with_the_key_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("vendor.key"), "s3cr3t\n").unwrap();
    std::fs::write(
        folder.path().join("symbols.csv"),
        "symbol,vendor\nBRK/B,BRK-B\n",
    )
    .unwrap();
    let line = |symbol: &str, class: &str| {
        format!(
            "{{\"symbol\":\"{symbol}\",\"class\":\"{class}\",\"currency\":\"USD\",\
             \"first\":\"2026-01-07\",\"last\":\"2026-01-09\",\
             \"days\":[\"2026-01-07\",\"2026-01-09\"]}}\n"
        )
    };
    let request = [
        line("BRK/B", "equity"),
        line("GONE", "equity"),
        line("EURUSD", "fx"),
    ]
    .concat();
    let url = serve(|path, key| {
        assert_eq!(key, "Token s3cr3t");
        let query = "startDate=2026-01-07&endDate=2026-01-09&format=csv";
        match path {
            path if path == format!("/tiingo/daily/BRK-B/prices?{query}") => (
                200,
                "date,close,open,adjClose\n2026-01-07,101.5,1,1\n2026-01-08,102,1,1\n\
                 2026-01-09,103,1,1\n"
                    .to_owned(),
            ),
            _ => (404, String::new()),
        }
    });
    let (code, output, errors) = vendor(folder.path(), &url, &request);
    assert_eq!(code, Some(0), "{errors}");
    // Only the days of the request, and no row of a symbol that is unknown or of another class.
    let expected = "symbol,date,close,currency\nBRK/B,2026-01-07,101.5,USD\n\
                    BRK/B,2026-01-09,103,USD\n";
    assert_eq!(output, expected);
    assert_eq!(errors, "unknown symbol GONE\n");
    for (status, body, reason) in [
        (429, "slow down", "the vendor answered 429\n"),
        (200, "day,price\n1,2\n", "ValueError: unexpected columns"),
    ] {
        let url = serve(move |_, _| (status, body.to_owned()));
        let (code, _, errors) = vendor(folder.path(), &url, &request);
        assert_eq!(code, Some(75));
        assert!(
            errors.starts_with(reason) && !errors.contains("s3cr3t"),
            "{errors}"
        );
    }
}
