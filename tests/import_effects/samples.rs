//! Holds the samples of the profiles: exports with invented figures.

/// The samples, each with the portfolio that the file does not name.
pub(crate) const SAMPLES: [(&str, Option<&str>); 11] = [
    ("fidelity", Some("Alpha")),
    ("interactive-brokers", None),
    ("interactive-brokers-xml", None),
    ("wealthfolio", None),
    ("ghostfolio", Some("Alpha")),
    ("ghostfolio-json", None),
    ("portfolio-performance-en", Some("Beta")),
    ("portfolio-performance-de", Some("Beta")),
    ("trading212", Some("Beta")),
    ("degiro", Some("Beta")),
    ("schwab", Some("Alpha")),
];

pub(crate) fn sample(profile: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/profiles");
    let extension = match profile.rsplit_once('-') {
        Some((_, extension @ ("json" | "xml"))) => extension,
        _ => "csv",
    };
    std::fs::read_to_string(folder.join(format!("{profile}.{extension}"))).unwrap()
}

/// Returns a sample as it was exported earlier, without its last rows.
pub(crate) fn early(text: &str) -> String {
    if let Ok(mut document) = serde_json::from_str::<serde_json::Value>(text) {
        let records = document["activities"].as_array_mut().unwrap();
        records.truncate(records.len() / 2);
        return document.to_string();
    }
    let lines: Vec<&str> = text.lines().collect();
    let end = match text.starts_with('<') {
        // Ends the elements that are open there.
        true => "</CashTransactions>\n</FlexStatement>\n</FlexStatements>\n</FlexQueryResponse>\n",
        false => "",
    };
    lines[..lines.len() / 2 + 1].join("\n") + "\n" + end
}
