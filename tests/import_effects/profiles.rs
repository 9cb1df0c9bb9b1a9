//! Imports exports of brokers and of other programs by profiles: each sample whole, twice and
//! overlapping, with bad rows, and under the rules that profiles cannot change.

use std::fmt::Write as _;

use plimsoll::domain::{Currency, RiskModel};
use plimsoll::import::apply::{
    ApplyError, CreatedRecords, FileKind, ImportResult, ImportStatus, Mode,
};
use plimsoll::import::profile::Profiles;
use plimsoll::import::{ImportOptions, ProfileRefusal, Refusal, UnknownRecords, Verdict};

use crate::books::{Books, day};
use crate::samples::early;
pub(crate) use crate::samples::{SAMPLES, sample};

const PORTFOLIOS: &str = "name,currency,inception\nAlpha,USD,2026-01-05\nBeta,EUR,2026-01-05\n";
const SECURITIES: &str = "symbol,class,currency,multiplier\nAAPL,,USD,1\nMSFT,,USD,1\nSAP.DE,,EUR,1\n\
    VOD,,GBP,0.01\nIE0000000001,,EUR,1\nUS0000000001,,USD,1\nEURUSD,fx,USD,1\n";

pub(crate) fn books() -> Books {
    let model = RiskModel::default();
    let books = Books::on(day("2026-01-12"), model);
    books.import(FileKind::Portfolios, PORTFOLIOS);
    books.import(FileKind::Securities, SECURITIES);
    books
}

pub(crate) fn options(portfolio: Option<&str>) -> ImportOptions {
    ImportOptions {
        portfolio: portfolio.map(str::to_owned),
        ..ImportOptions::default()
    }
}

fn import(books: &Books, text: &str, portfolio: Option<&str>) -> Result<ImportResult, ApplyError> {
    let options = options(portfolio);
    books.import_with(FileKind::Transactions, text, Mode::Apply, &options)
}

fn refusal(books: &Books, text: &str, options: &ImportOptions) -> Refusal {
    let imported = books.import_with(FileKind::Transactions, text, Mode::Apply, options);
    match imported.unwrap_err() {
        ApplyError::Import(error) => error.refusal,
        other => panic!("{other:?}"),
    }
}

/// Returns all transactions of the database, and the rows of a file that are no transactions.
pub(crate) fn described(books: &Books, result: &ImportResult) -> String {
    let portfolios = books.read(|reading| reading.portfolios().all());
    let securities = books.read(|reading| reading.securities().all());
    let mut text = format!("{} by {:?}\n", result.counts, result.profile);
    for portfolio in portfolios {
        for entry in books.read(|reading| reading.entries().of_portfolio(portfolio.id)) {
            let symbol = securities
                .iter()
                .find(|known| Some(known.id) == entry.security);
            let symbol = symbol.map_or("-", |security| security.symbol.as_str());
            let time = entry.time.map_or(String::new(), |time| format!("T{time}"));
            let _ = write!(
                text,
                "{} {}{time} {} {symbol} {}",
                portfolio.name, entry.day, entry.kind, entry.quantity
            );
            let amounts = [
                ("price", entry.price.map(|price| price.to_string())),
                ("amount", entry.amount.map(|amount| amount.to_string())),
                ("fee", Some(entry.fee.to_string())),
                (
                    "currency",
                    entry.cash.currency.map(|currency| currency.to_string()),
                ),
            ];
            for (name, value) in amounts {
                if let Some(value) = value {
                    let _ = write!(text, " {name} {value}");
                }
            }
            let _ = writeln!(text, " {}", entry.reference);
        }
    }
    for row in &result.verdicts {
        if let Verdict::Skipped(reason) = &row.verdict {
            let warning = if row.warnings.is_empty() {
                ""
            } else {
                " (warning)"
            };
            let _ = writeln!(text, "line {} skipped{warning}: {reason}", row.line);
        }
    }
    text
}

#[test]
fn each_profile_has_a_sample_and_reads_it() {
    let mut names: Vec<&str> = SAMPLES.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let known = Profiles::shipped().all().iter();
    let mut known: Vec<&str> = known.map(|profile| profile.name.as_str()).collect();
    known.sort_unstable();
    assert_eq!(names, known);
    for (profile, portfolio) in SAMPLES {
        let books = books();
        let result = import(&books, &sample(profile), portfolio).unwrap();
        assert_eq!(
            result.status,
            ImportStatus::Applied,
            "{:?}",
            result.first_error()
        );
        assert_eq!(result.profile.as_deref(), Some(profile));
        insta::assert_snapshot!(profile, described(&books, &result));
    }
}

#[test]
fn the_same_export_twice_adds_nothing() {
    for (profile, portfolio) in SAMPLES {
        let (books, text) = (books(), sample(profile));
        let first = import(&books, &text, portfolio).unwrap();
        let again = import(&books, &text, portfolio).unwrap();
        assert_eq!(again.counts.same, first.counts.added, "{profile}");
        assert_eq!(again.counts.added, 0, "{profile}");
    }
}

#[test]
fn an_overlapping_export_adds_only_its_new_rows() {
    for (profile, portfolio) in SAMPLES {
        let text = sample(profile);
        let whole = books();
        let all = import(&whole, &text, portfolio).unwrap();
        let parts = books();
        let first = import(&parts, &early(&text), portfolio).unwrap();
        let second = import(&parts, &text, portfolio).unwrap();
        assert_eq!(second.counts.same, first.counts.added, "{profile}");
        let added = first.counts.added + second.counts.added;
        assert_eq!(added, all.counts.added, "{profile}");
        let described = |books: &Books| described(books, &all);
        assert_eq!(described(&parts), described(&whole), "{profile}");
    }
}

#[test]
fn both_languages_of_portfolio_performance_are_one_export() {
    let books = books();
    let first = import(&books, &sample("portfolio-performance-en"), Some("Beta")).unwrap();
    let second = import(&books, &sample("portfolio-performance-de"), Some("Beta")).unwrap();
    assert_eq!(second.counts.same, first.counts.added);
}

/// Returns the first error of a sample in which a text is replaced.
fn error_of(profile: &str, portfolio: Option<&str>, from: &str, to: &str) -> String {
    let text = sample(profile);
    assert!(text.contains(from), "{profile}: {from}");
    let books = books();
    let result = import(&books, &text.replacen(from, to, 1), portfolio).unwrap();
    assert_eq!(result.status, ImportStatus::Refused, "{profile}: {to}");
    let (line, error) = result.first_error().expect("a row error");
    format!("line {line}: {error}")
}

#[test]
fn a_bad_row_refuses_the_file_and_names_the_line() {
    let bad = [
        ("wealthfolio", None, "\"SELL\"", "\"SHORT\""),
        ("wealthfolio", None, "2026-01-08\",\"2\"", "soon\",\"2\""),
        ("ghostfolio", Some("Alpha"), "200.5", "200,5"),
        ("ghostfolio", Some("Alpha"), "06-01-2026", "06-31-2026"),
        ("ghostfolio-json", None, "\"SELL\"", "\"SWAP\""),
        (
            "ghostfolio-json",
            None,
            "\"AAPL\", \"tags\": [\"a",
            "\"APPL\", \"tags\": [\"a",
        ),
        ("ghostfolio-json", None, "200.5", "\"200,5\""),
        ("ghostfolio-json", None, "\"Alpha\"", "\"Alfa\""),
        (
            "portfolio-performance-en",
            Some("Beta"),
            "Dividend",
            "Divident",
        ),
        (
            "portfolio-performance-de",
            Some("Beta"),
            "-920,00",
            "-920.00",
        ),
        ("portfolio-performance-de", Some("Beta"), "AAPL", "APPL"),
        ("trading212", Some("Beta"), "0.14,EUR", "0.14,USD"),
        ("trading212", Some("Beta"), "Market sell", "Market swap"),
        ("degiro", Some("Beta"), ",5,\"200,0000\"", ",,\"200,0000\""),
        ("fidelity", Some("Alpha"), "YOU SOLD", "YOU LENT"),
        (
            "fidelity",
            Some("Alpha"),
            "10000.00,10000.00,",
            "10k,10000.00,",
        ),
        ("interactive-brokers", None, "\"SELL\"", "\"\""),
        ("interactive-brokers", None, "\"7003\"", "\"7001\""),
        ("interactive-brokers-xml", None, "\"SELL\"", "\"\""),
        ("interactive-brokers-xml", None, "Other Fees", "New Fees"),
        (
            "interactive-brokers-xml",
            None,
            "amount=\"2.6\"",
            "amount=\"\"",
        ),
        ("interactive-brokers-xml", None, "\"7003\"", "\"7001\""),
        ("schwab", Some("Alpha"), "\"Service Fee\"", "\"Surcharge\""),
        ("schwab", Some("Alpha"), ",\"-$25.00\"", ""),
    ];
    let errors = bad.map(|(profile, portfolio, from, to)| {
        let error = error_of(profile, portfolio, from, to);
        format!("{profile}: {error}\n")
    });
    insta::assert_snapshot!(errors.concat());
}

#[test]
fn a_column_that_a_profile_does_not_know_is_refused() {
    let text = sample("ghostfolio").replace("Note\n", "Notes\n");
    let refused = refusal(&books(), &text, &options(Some("Alpha")));
    let expected = ProfileRefusal::UnknownColumn {
        profile: "ghostfolio".to_owned(),
        column: "Notes".to_owned(),
        nearest: Some("Note".to_owned()),
    };
    assert_eq!(refused, Refusal::Profile(expected));
}

#[test]
fn a_file_needs_exactly_one_portfolio_for_its_rows() {
    let (books, text) = (books(), sample("ghostfolio"));
    let refused = refusal(&books, &text, &options(None));
    assert_eq!(refused, Refusal::Profile(ProfileRefusal::NoPortfolio));
    let refused = refusal(&books, &sample("wealthfolio"), &options(Some("Alpha")));
    assert!(
        matches!(
            refused,
            Refusal::Profile(ProfileRefusal::SeveralPortfolios { .. })
        ),
        "{refused:?}"
    );
    // A file with one account can be that of a portfolio with another name.
    let one_account: String = sample("wealthfolio")
        .lines()
        .take(5)
        .map(|line| line.replace("Alpha", "U123") + "\n")
        .collect();
    let result = import(&books, &one_account, Some("Alpha")).unwrap();
    assert_eq!(
        result.status,
        ImportStatus::Applied,
        "{:?}",
        result.first_error()
    );
}

#[test]
fn the_id_of_a_portfolio_makes_the_same_ids_as_its_name() {
    let (books, text) = (books(), sample("ghostfolio"));
    import(&books, &text, Some("Alpha")).unwrap();
    let portfolios = books.read(|reading| reading.portfolios().all());
    let key = portfolios[0].key.to_string();
    let again = import(&books, &text, Some(&key)).unwrap();
    assert_eq!(again.counts.added, 0);
}

#[test]
fn options_without_effect_are_refused() {
    let own = "id,portfolio,date,kind,amount\nt1,Alpha,2026-01-05,deposit,5\n";
    let refused = refusal(&books(), own, &options(Some("Alpha")));
    assert!(matches!(
        refused,
        Refusal::Profile(ProfileRefusal::NotForeign { .. })
    ));
    let named = |name: &str| ImportOptions {
        profile: Some(name.to_owned()),
        ..options(Some("Alpha"))
    };
    let refused = refusal(&books(), own, &named("ghostfolio"));
    assert!(matches!(
        refused,
        Refusal::Profile(ProfileRefusal::NoHeader { .. })
    ));
    let refused = refusal(&books(), own, &named("gostfolio"));
    assert!(
        matches!(
            &refused,
            Refusal::Profile(ProfileRefusal::UnknownProfile { nearest: Some(nearest), .. })
                if nearest == "ghostfolio"
        ),
        "{refused:?}"
    );
    let foreign = "Datum,Soort,Bedrag\n2026-01-05,storting,5\n";
    let refused = refusal(&books(), foreign, &options(Some("Alpha")));
    assert!(matches!(
        refused,
        Refusal::Profile(ProfileRefusal::NoProfile { .. })
    ));
}

#[test]
fn a_title_is_skipped_only_if_the_profile_knows_it() {
    let text = "Another report\n".to_owned() + &sample("schwab");
    let refused = refusal(&books(), &text, &options(Some("Alpha")));
    assert!(
        matches!(
            refused,
            Refusal::TitleLine {
                line: 1,
                header_line: 3,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn unknown_securities_and_portfolios_are_created_on_request() {
    let created = |profile: &str, portfolio: Option<&str>| {
        let books = Books::on(day("2026-01-12"), RiskModel::default());
        // Its transactions are in two currencies.
        let is_mixed = profile.starts_with("interactive-brokers");
        let create = ImportOptions {
            unknown_securities: UnknownRecords::Created,
            unknown_portfolios: UnknownRecords::Created,
            new_currency: is_mixed.then_some(Currency::USD),
            ..options(portfolio)
        };
        let text = sample(profile);
        let import = |mode| books.import_with(FileKind::Transactions, &text, mode, &create);
        let dry = import(Mode::DryRun).unwrap();
        assert_eq!(books.read(|reading| reading.securities().all()), []);
        let result = import(Mode::Apply).unwrap();
        assert_eq!(
            result.status,
            ImportStatus::Applied,
            "{:?}",
            result.first_error()
        );
        assert_eq!(dry.created, result.created);
        let mut text = format!("{profile}\n");
        for security in books.read(|reading| reading.securities().all()) {
            let _ = writeln!(
                text,
                "{} {} {} {} {}",
                security.symbol,
                security.name,
                security.class,
                security.currency,
                security.multiplier
            );
        }
        for portfolio in books.read(|reading| reading.portfolios().all()) {
            let inception = portfolio.lifecycle.inception();
            let _ = writeln!(
                text,
                "{} {} {inception}",
                portfolio.name, portfolio.currency
            );
        }
        let again = import(Mode::Apply).unwrap();
        assert_eq!(
            (again.counts.added, again.created),
            (0, CreatedRecords::default())
        );
        text
    };
    let all = SAMPLES.map(|(profile, portfolio)| created(profile, portfolio));
    insta::assert_snapshot!(all.concat());
}

#[test]
fn a_refused_export_creates_nothing() {
    let books = Books::on(day("2026-01-12"), RiskModel::default());
    let create = ImportOptions {
        unknown_securities: UnknownRecords::Created,
        unknown_portfolios: UnknownRecords::Created,
        ..options(Some("Alpha"))
    };
    let text = sample("ghostfolio").replace("sell", "swap");
    let result = books.import_with(FileKind::Transactions, &text, Mode::Apply, &create);
    assert_eq!(result.unwrap().status, ImportStatus::Refused);
    assert_eq!(books.read(|reading| reading.securities().all()), []);
    assert_eq!(books.read(|reading| reading.portfolios().all()), []);
    let text = sample("ghostfolio").replace("8.01.2026,MSFT,YAHOO,USD", "8.01.2026,AAPL,YAHOO,EUR");
    let refused = refusal(&books, &text, &create);
    assert!(
        matches!(refused, Refusal::Profile(ProfileRefusal::Proposal { .. })),
        "{refused:?}"
    );
}
