//! Writes the sources of a state that was captured with them.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::text::{key, quote};
use crate::capture::CaptureError;
use crate::capture::sources::GivenSources;
use crate::capture::state::State;
use crate::domain::{Currency, Money, Quantity, RiskModel, Security, SecurityId, Transaction};

/// Writes the lines at the top of the file: `sources = "given"`, and the transactions, one a line.
pub(super) fn transactions_toml(state: &State, given: &GivenSources, labels: &[String]) -> String {
    let symbols = symbols(given);
    let mut text = "sources = \"given\"\n".to_owned();
    let mut lines = String::new();
    for (captured, label) in state.portfolios.iter().zip(labels) {
        let entries = given.transactions.get(&captured.portfolio.id.0);
        for entry in entries.into_iter().flatten() {
            let _ = writeln!(
                lines,
                "  {{ {} }},",
                transaction_keys(entry, label, &symbols)
            );
        }
    }
    if !lines.is_empty() {
        let _ = write!(text, "\ntransaction = [\n{lines}]\n");
    }
    text
}

/// Writes the securities, splits, the risk model and the closes.
pub(super) fn source_tables(given: &GivenSources) -> Result<String, CaptureError> {
    let symbols = symbols(given);
    let mut text = String::new();
    if !given.securities.is_empty() {
        text += "\n[securities]\n";
    }
    let keys: Vec<String> = given
        .securities
        .iter()
        .map(|security| key(&security.symbol))
        .collect();
    let width = keys
        .iter()
        .map(|key| key.chars().count())
        .max()
        .unwrap_or(0);
    for (security, key) in given.securities.iter().zip(&keys) {
        let _ = writeln!(text, "{key:width$} = {{ {} }}", security_keys(security));
    }
    let mut splits: Vec<_> = given.splits.iter().collect();
    splits.sort_by_key(|split| (split.day, symbols[&split.security]));
    for split in splits {
        let _ = write!(
            text,
            "\n[[split]]\nsymbol = {}\nday = {}\nnew = {}\nold = {}\n",
            quote(symbols[&split.security]),
            split.day,
            split.new,
            split.old
        );
    }
    text += &risk_toml(&given.model)?;
    for security in &given.securities {
        let Some(closes) = given.closes.get(&security.id) else {
            continue;
        };
        let _ = write!(text, "\n[prices.{}]\n", key(&security.symbol));
        for (day, close) in closes {
            let _ = writeln!(text, "{day} = {close}");
        }
    }
    Ok(text)
}

type Symbols<'g> = BTreeMap<SecurityId, &'g str>;

fn symbols(given: &GivenSources) -> Symbols<'_> {
    let securities = given.securities.iter();
    securities
        .map(|security| (security.id, security.symbol.as_str()))
        .collect()
}

/// Writes the keys of a security, without values that are the defaults of a world.
fn security_keys(security: &Security) -> String {
    let mut keys = Vec::new();
    if security.name != security.symbol {
        keys.push(format!("name = {}", quote(&security.name)));
    }
    keys.push(format!("class = \"{}\"", security.class));
    if !security.sector.is_empty() {
        keys.push(format!("sector = {}", quote(&security.sector)));
    }
    if security.currency != Currency::USD {
        keys.push(format!("currency = \"{}\"", security.currency));
    }
    if security.multiplier != Quantity::whole(1) {
        keys.push(format!("multiplier = {}", security.multiplier));
    }
    keys.extend(
        security
            .inactive_from
            .map(|day| format!("inactive-from = {day}")),
    );
    keys.join(", ")
}

fn transaction_keys(entry: &Transaction, label: &str, symbols: &Symbols<'_>) -> String {
    let mut keys = vec![
        format!("portfolio = {}", quote(label)),
        format!("day = {}", entry.day),
        format!("kind = \"{}\"", entry.kind),
    ];
    let symbol = entry.security.map(|id| symbols[&id]);
    keys.extend(symbol.map(|symbol| format!("symbol = {}", quote(symbol))));
    if entry.quantity != Quantity::ZERO {
        keys.push(format!("quantity = {}", entry.quantity));
    }
    keys.extend(entry.price.map(|price| format!("price = {price}")));
    keys.extend(entry.amount.map(|amount| format!("amount = {amount}")));
    if entry.fee != Money::ZERO {
        keys.push(format!("fee = {}", entry.fee));
    }
    keys.push(format!("reference = {}", quote(&entry.reference)));
    keys.join(", ")
}

/// Writes the risk model; empty if it is the default.
fn risk_toml(model: &RiskModel) -> Result<String, CaptureError> {
    #[derive(Serialize)]
    struct Risk<'m> {
        risk: &'m RiskModel,
    }
    if *model == RiskModel::default() {
        return Ok(String::new());
    }
    let text = toml::to_string(&Risk { risk: model });
    Ok(format!("\n{}", text.map_err(CaptureError::Model)?))
}
