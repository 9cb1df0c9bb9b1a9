//! Files of securities: `symbol, name?, class?, sector?, currency?, multiplier?,
//! inactive_from?`.
//!
//! A security is known by its symbol. A column that is absent leaves what is known.

use super::cells::{Cells, Kind, decimal, words};
use super::verdict::{Heard, repeated};
use super::{
    Change, Correction, DateOrder, Flaw, ImportError, Judged, Known, Reason, Rows, Said, Verdict,
};
use crate::domain::{AssetClass, Currency, Day, NewSecurity, Quantity, Security};

const KIND: Kind = Kind {
    columns: &[
        "symbol",
        "name",
        "class",
        "sector",
        "currency",
        "multiplier",
        "inactive_from",
    ],
    required: &["symbol"],
    days: &["inactive_from"],
};

/// One row of a file of securities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityRow {
    /// Its symbol.
    pub symbol: String,
    /// What people call it; its symbol for a new one that says nothing.
    pub name: Said<String>,
    /// What kind of thing it is; equity for a new one that says nothing.
    pub class: Said<AssetClass>,
    /// Its sector.
    pub sector: Said<String>,
    /// The currency in which it is priced; for a new one that says nothing US dollars, or of a
    /// pair of currencies the second.
    pub currency: Said<Currency>,
    /// What one unit stands for, above zero; 1 for a new one that says nothing.
    pub multiplier: Said<Quantity>,
    /// From which day on nobody waits for its price.
    pub inactive_from: Said<Day>,
}

/// What a file of securities changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityChanges {
    /// The new ones, in the file's order.
    pub added: Vec<NewSecurity>,
    /// The changed ones, in the file's order.
    pub corrected: Vec<Correction<Security>>,
}

/// Reads a file of securities.
pub fn read_securities(
    file: &str,
    bytes: &[u8],
    order: Option<DateOrder>,
) -> Result<Rows<SecurityRow>, ImportError> {
    KIND.read(file, bytes, order, row)
}

fn row(cells: &mut Cells<'_>) -> Option<SecurityRow> {
    let dates = cells.dates;
    let symbol = cells.required("symbol", words);
    let name = cells.optional("name", words);
    let class = cells.optional("class", str::parse);
    let sector = cells.optional("sector", words);
    let currency = cells.optional("currency", str::parse);
    let multiplier = cells.optional("multiplier", multiplier);
    let inactive_from = cells.optional("inactive_from", |text| dates.day(text));
    Some(SecurityRow {
        symbol: symbol?,
        name,
        class,
        sector,
        currency,
        multiplier,
        inactive_from,
    })
}

fn multiplier(text: &str) -> Result<Quantity, Reason> {
    let quantity = Quantity::from_decimal(decimal(text)?)?;
    if quantity <= Quantity::ZERO {
        return Err(Reason::NotPositive(text.to_owned()));
    }
    Ok(quantity)
}

/// Judges a file of securities. `known` holds all securities.
pub fn judge_securities(rows: &Rows<SecurityRow>, known: &Known) -> Judged<SecurityChanges> {
    let mut heard = Heard::nothing();
    Judged::row_by_row(rows, |line, row, changes: &mut SecurityChanges| {
        let was = known.find_security(&row.symbol);
        let now = said(row, was);
        pair_is_named(&now)?;
        if let Some((line, earlier)) = heard.note(now.symbol.clone(), line, &now) {
            return repeated(line, differences(&earlier, &now));
        }
        let Some(was) = was else {
            changes.added.push(now);
            return Ok(Verdict::Added);
        };
        let differs = differences(&was.without_id(), &now);
        if differs.is_empty() {
            return Ok(Verdict::Same);
        }
        let now = Security {
            id: was.id,
            symbol: now.symbol,
            name: now.name,
            class: now.class,
            sector: now.sector,
            currency: now.currency,
            multiplier: now.multiplier,
            inactive_from: now.inactive_from,
        };
        let was = was.clone();
        changes.corrected.push(Correction { was, now });
        Ok(Verdict::Corrected(differs))
    })
}

/// The security as the row says it is, on top of what is known or usual.
fn said(row: &SecurityRow, was: Option<&Security>) -> NewSecurity {
    let was = was.map_or_else(|| usual(row), Security::without_id);
    NewSecurity {
        symbol: was.symbol,
        name: row.name.clone().or(was.name),
        class: row.class.or(was.class),
        sector: row
            .sector
            .clone()
            .or_known(Some(was.sector))
            .unwrap_or_default(),
        currency: row.currency.or(was.currency),
        multiplier: row.multiplier.or(was.multiplier),
        inactive_from: row.inactive_from.or_known(was.inactive_from),
    }
}

/// What a new security is where its row says nothing.
fn usual(row: &SecurityRow) -> NewSecurity {
    let quote = row.symbol.get(3..).and_then(|quote| quote.parse().ok());
    let currency = match row.class {
        Said::Value(AssetClass::Fx) => quote,
        _ => None,
    };
    NewSecurity {
        symbol: row.symbol.clone(),
        name: row.symbol.clone(),
        class: AssetClass::Equity,
        sector: String::new(),
        currency: currency.unwrap_or(Currency::USD),
        multiplier: Quantity::whole(1),
        inactive_from: None,
    }
}

/// A rate of exchange is looked up by its symbol, so a pair must be called what it is.
fn pair_is_named(security: &NewSecurity) -> Result<(), Vec<Flaw>> {
    let symbol = &security.symbol;
    let base = symbol.get(..3).and_then(|base| base.parse().ok());
    let named = base.is_some_and(|base: Currency| *symbol == base.pair_with(security.currency));
    if security.class != AssetClass::Fx || named {
        return Ok(());
    }
    let reason = Reason::NoPair {
        symbol: symbol.clone(),
        currency: security.currency.to_string(),
    };
    Err(vec![Flaw::at("symbol", symbol, reason)])
}

fn differences(was: &NewSecurity, now: &NewSecurity) -> Vec<Change> {
    [
        Change::of("name", &was.name, &now.name),
        Change::of("class", &was.class, &now.class),
        Change::of("sector", &was.sector, &now.sector),
        Change::of("currency", &was.currency, &now.currency),
        Change::of("multiplier", &was.multiplier, &now.multiplier),
        Change::of_optional("inactive_from", &was.inactive_from, &now.inactive_from),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SecurityId;

    fn judged(text: &str, known: &Known) -> Judged<SecurityChanges> {
        let rows = read_securities("s.csv", text.as_bytes(), None).unwrap();
        judge_securities(&rows, known)
    }

    fn after(judged: Judged<SecurityChanges>) -> Known {
        let added = judged.changes.unwrap().added.into_iter();
        Known::default().with_securities(added.zip(1..).map(|(new, id)| Security {
            id: SecurityId(id),
            symbol: new.symbol,
            name: new.name,
            class: new.class,
            sector: new.sector,
            currency: new.currency,
            multiplier: new.multiplier,
            inactive_from: new.inactive_from,
        }))
    }

    #[test]
    fn a_bare_symbol_is_a_share_in_dollars() {
        let judged = judged("symbol,class\nAAPL,\nEURUSD,fx\n", &Known::default());
        let added = judged.changes.unwrap().added;
        assert_eq!(
            (added[0].class, added[0].currency),
            (AssetClass::Equity, Currency::USD)
        );
        assert_eq!(
            (added[0].name.as_str(), added[0].multiplier),
            ("AAPL", Quantity::whole(1))
        );
        assert_eq!(added[1].currency, Currency::USD);
    }

    #[test]
    fn a_second_import_is_all_the_same_and_a_sector_is_corrected() {
        let text = "symbol,sector,multiplier\nAAPL,Tech,1\nOPT,,100\n";
        let known = after(judged(text, &Known::default()));
        assert_eq!(judged(text, &known).counts.same, 2);
        let moved = judged(
            "symbol,sector,inactive_from\nAAPL,Media,2026-01-05\n",
            &known,
        );
        let Verdict::Corrected(changes) = &moved.verdicts[0].verdict else {
            panic!("{:?}", moved.verdicts);
        };
        assert_eq!(changes[0].to_string(), "sector `Tech` → `Media`");
        assert_eq!(changes[1].column, "inactive_from");
    }

    #[test]
    fn a_pair_of_currencies_is_called_what_it_is() {
        let text =
            "symbol,class,currency\nEURUSD,fx,USD\nEURUSD2,fx,USD\nUSDJPY,fx,\nEURGBP,fx,USD\n";
        let judged = judged(text, &Known::default());
        assert_eq!((judged.counts.added, judged.counts.invalid), (2, 2));
    }

    #[test]
    fn words_and_numbers_that_are_none_are_invalid() {
        let text = "symbol,class,currency,multiplier\nA,stock,usd,0\n";
        let judged = judged(text, &Known::default());
        assert!(matches!(&judged.verdicts[0].verdict, Verdict::Invalid(flaws) if flaws.len() == 3));
    }
}
