//! Adds portfolios, securities and transactions by command: the books equal those of files.

use crate::workspace::Workspace;

const NOW: &str = "2026-01-08T18:00:00-05:00";

const RECORDS: [&[&str]; 4] = [
    &[
        "portfolio",
        "add",
        "Harbour",
        "--inception",
        "2026-01-02",
        "--currency",
        "EUR",
    ],
    &[
        "security",
        "add",
        "ACME",
        "--currency",
        "EUR",
        "--sector",
        "Media",
    ],
    &[
        "transaction",
        "add",
        "deposit",
        "--portfolio",
        "Harbour",
        "--date",
        "2026-01-02",
        "--amount",
        "10000",
        "--id",
        "d1",
    ],
    &[
        "transaction",
        "add",
        "buy",
        "--portfolio",
        "Harbour",
        "--date",
        "2026-01-05",
        "--symbol",
        "ACME",
        "--quantity",
        "10",
        "--price",
        "11.5",
        "--fee",
        "-1",
        "--id",
        "b1",
    ],
];

fn with_prices(workspace: &Workspace) {
    workspace.write(
        "prices.csv",
        "symbol,date,close\nACME,2026-01-02,11\nACME,2026-01-05,11\nACME,2026-01-06,12\n\
         ACME,2026-01-07,12\nACME,2026-01-08,12\n",
    );
    workspace.run_ok(&["--now", NOW, "import", "prices", "prices.csv"]);
    workspace.run_ok(&["--now", NOW, "run", "-q"]);
}

#[test]
fn records_added_by_command_make_the_books_of_files() {
    let (commands, files) = (Workspace::new(), Workspace::new());
    commands.run_ok(&["init"]);
    for record in RECORDS {
        let dry = [&["--now", NOW], record, &["--dry-run"]].concat();
        commands.run_ok(&dry);
        commands.run_ok(&[&["--now", NOW], record].concat());
    }
    with_prices(&commands);
    files.run_ok(&["init"]);
    for (kind, text) in [
        (
            "portfolios",
            "name,inception,currency\nHarbour,2026-01-02,EUR\n",
        ),
        ("securities", "symbol,currency,sector\nACME,EUR,Media\n"),
        (
            "transactions",
            "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n\
             d1,Harbour,2026-01-02,deposit,,,,10000,\nb1,Harbour,2026-01-05,buy,ACME,10,11.5,,-1\n",
        ),
    ] {
        files.write("file.csv", text);
        files.run_ok(&["--now", NOW, "import", kind, "file.csv"]);
    }
    with_prices(&files);
    assert_eq!(commands.books(), files.books());
}

#[test]
fn a_known_record_is_not_added_and_an_unknown_one_not_edited() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    for record in RECORDS {
        workspace.run_ok(&[&["--now", NOW], record].concat());
        let again = workspace.run(&[&["--now", NOW], record].concat());
        assert_eq!(again.code, 3, "{}", again.stdout);
        assert!(
            again.stderr.contains("it exists already"),
            "{}",
            again.stderr
        );
    }
    let edit = |symbol, sector: &[&str]| {
        workspace.run(&[&["--now", NOW, "security", "edit", symbol], sector].concat())
    };
    let unknown = edit("ACMI", &["--sector", "Tech"]);
    assert_eq!(unknown.code, 3);
    assert!(
        unknown.stderr.contains("it does not exist"),
        "{}",
        unknown.stderr
    );
    assert_eq!(edit("ACME", &[]).code, 2);
    let edited = edit("ACME", &["--sector", "Tech"]);
    assert_eq!(edited.code, 0, "{}", edited.stderr);
    assert!(edited.stdout.contains("1 corrected"), "{}", edited.stdout);
}

#[test]
fn a_transaction_without_an_id_is_booked_once_and_an_invalid_one_names_the_value() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    workspace.run_ok(&[&["--now", NOW], RECORDS[0]].concat());
    let deposit = |amount: &str| {
        let fields = [
            "--portfolio",
            "Harbour",
            "--date",
            "2026-01-05",
            "--amount",
            amount,
        ];
        workspace.run(
            &[
                &["--now", NOW, "transaction", "add", "deposit"],
                &fields[..],
            ]
            .concat(),
        )
    };
    assert_eq!(deposit("5").code, 0);
    assert_eq!(deposit("6").code, 0);
    let again = deposit("5");
    assert_eq!(again.code, 3);
    assert!(again.stderr.contains("--id"), "{}", again.stderr);
    let invalid = deposit("5,00");
    assert_eq!(invalid.code, 3);
    assert!(
        invalid.stderr.contains("column `amount`"),
        "{}",
        invalid.stderr
    );
}
