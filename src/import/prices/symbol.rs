//! Extracts the symbol from the name of a vendor's file.

/// Returns the symbol in a file's name: `aapl.us.csv`, `aapl_us_d.csv`, `AAPL.csv` and
/// `daily_AAPL.csv` all give `AAPL`. Suffixes of other markets than Stooq's `.us` stay: `cdr.pl.csv`
/// gives `CDR.PL`.
pub(super) fn symbol_from_file_name(file: &str) -> Option<String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = name.to_uppercase();
    let name = name
        .strip_suffix(".CSV")
        .or_else(|| name.strip_suffix(".TXT"))
        .unwrap_or(&name);
    let name = ["DAILY_ADJUSTED_", "DAILY_"]
        .into_iter()
        .find_map(|start| name.strip_prefix(start))
        .unwrap_or(name);
    let name = name.strip_suffix("_D").unwrap_or(name);
    let name = name.strip_suffix("_US").unwrap_or(name);
    let name = strip_us_suffix(name);
    (!name.is_empty()).then(|| name.to_owned())
}

/// Removes Stooq's suffix of US markets.
pub(super) fn strip_us_suffix(symbol: &str) -> &str {
    symbol
        .strip_suffix(".US")
        .or_else(|| symbol.strip_suffix(".us"))
        .unwrap_or(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_symbol_from_vendor_file_names() {
        for file in [
            "aapl.us.csv",
            "in/aapl_us_d.csv",
            "C:\\in\\AAPL.csv",
            "daily_AAPL.csv",
            "daily_adjusted_aapl.csv",
            "aapl.us.txt",
        ] {
            assert_eq!(
                symbol_from_file_name(file).as_deref(),
                Some("AAPL"),
                "{file}"
            );
        }
        assert_eq!(symbol_from_file_name("^spx_d.csv").as_deref(), Some("^SPX"));
        assert_eq!(symbol_from_file_name("BRK.B.csv").as_deref(), Some("BRK.B"));
        assert_eq!(symbol_from_file_name(".csv"), None);
    }
}
