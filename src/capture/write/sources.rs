//! The sources of a state that was captured with them.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::text::{key, quote};
use crate::capture::CaptureError;
use crate::capture::sources::GivenSources;
use crate::capture::state::State;
use crate::domain::{Currency, Money, Quantity, RiskModel, Security, SecurityId, Transaction};

/// The lines at the top of the file: that nothing is made up, and the transactions, one a line.
pub(super) fn transactions_toml(state: &State, given: &GivenSources, labels: &[String]) -> String {
    let symbols = symbols(given);
    let mut text = "sources = \"given\"\n".to_owned();
    let mut lines = String::new();
    for (one, label) in state.portfolios.iter().zip(labels) {
        let entries = given.transactions.get(&one.portfolio.id.0);
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

/// Securities, splits, the risk model and the closes.
pub(super) fn source_tables(given: &GivenSources) -> Result<String, CaptureError> {
    let symbols = symbols(given);
    let mut text = String::new();
    if !given.securities.is_empty() {
        text += "\n[securities]\n";
    }
    let keys: Vec<String> = given
        .securities
        .iter()
        .map(|one| key(&one.symbol))
        .collect();
    let wide = keys
        .iter()
        .map(|key| key.chars().count())
        .max()
        .unwrap_or(0);
    for (one, key) in given.securities.iter().zip(&keys) {
        let _ = writeln!(text, "{key:wide$} = {{ {} }}", security_keys(one));
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
    for one in &given.securities {
        let Some(closes) = given.closes.get(&one.id) else {
            continue;
        };
        let _ = write!(text, "\n[prices.{}]\n", key(&one.symbol));
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
        .map(|one| (one.id, one.symbol.as_str()))
        .collect()
}

/// What a line says of a security that is not what a world takes for granted.
fn security_keys(one: &Security) -> String {
    let mut said = Vec::new();
    if one.name != one.symbol {
        said.push(format!("name = {}", quote(&one.name)));
    }
    said.push(format!("class = \"{}\"", one.class));
    if !one.sector.is_empty() {
        said.push(format!("sector = {}", quote(&one.sector)));
    }
    if one.currency != Currency::USD {
        said.push(format!("currency = \"{}\"", one.currency));
    }
    if one.multiplier != Quantity::whole(1) {
        said.push(format!("multiplier = {}", one.multiplier));
    }
    said.extend(
        one.inactive_from
            .map(|day| format!("inactive-from = {day}")),
    );
    said.join(", ")
}

fn transaction_keys(entry: &Transaction, label: &str, symbols: &Symbols<'_>) -> String {
    let mut said = vec![
        format!("portfolio = {}", quote(label)),
        format!("day = {}", entry.day),
        format!("kind = \"{}\"", entry.kind),
    ];
    let symbol = entry.security.map(|id| symbols[&id]);
    said.extend(symbol.map(|symbol| format!("symbol = {}", quote(symbol))));
    if entry.quantity != Quantity::ZERO {
        said.push(format!("quantity = {}", entry.quantity));
    }
    said.extend(entry.price.map(|price| format!("price = {price}")));
    said.extend(entry.amount.map(|amount| format!("amount = {amount}")));
    if entry.fee != Money::ZERO {
        said.push(format!("fee = {}", entry.fee));
    }
    said.push(format!("reference = {}", quote(&entry.reference)));
    said.join(", ")
}

/// The risk model, where there is one.
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
