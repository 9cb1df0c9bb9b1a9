//! Holds the words by which exports name columns and kinds, and the formats of their dates.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::domain::TransactionKind::{
    self, Buy, Deposit, Dividend, Fee, Interest, Sell, Tax, Withdrawal,
};

/// Something that a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    Date,
    Kind,
    Symbol,
    Quantity,
    Price,
    Amount,
    Fee,
    Tax,
    Currency,
    Name,
    Portfolio,
    Id,
}

/// The words that name columns, without blanks and signs. Earlier ones are better.
const COLUMN_WORDS: [(Meaning, &[&str]); 12] = [
    (
        Meaning::Date,
        &[
            "tradedate",
            "date",
            "datetime",
            "rundate",
            "datum",
            "buchungstag",
            "time",
            "fecha",
            "data",
        ],
    ),
    (
        Meaning::Kind,
        &[
            "activitytype",
            "transactiontype",
            "action",
            "type",
            "kind",
            "typ",
            "vorgang",
            "art",
            "buysell",
        ],
    ),
    (
        Meaning::Symbol,
        &[
            "symbol",
            "ticker",
            "tickersymbol",
            "kürzel",
            "code",
            "isin",
            "wkn",
        ],
    ),
    (
        Meaning::Quantity,
        &[
            "quantity",
            "shares",
            "noofshares",
            "units",
            "qty",
            "stück",
            "anzahl",
            "aantal",
            "cantidad",
        ],
    ),
    (
        Meaning::Price,
        &[
            "unitprice",
            "price",
            "priceshare",
            "tradeprice",
            "kurs",
            "koers",
            "preis",
        ],
    ),
    (
        Meaning::Amount,
        &[
            "amount",
            "total",
            "netamount",
            "value",
            "betrag",
            "wert",
            "bedrag",
            "montant",
            "importe",
        ],
    ),
    (
        Meaning::Fee,
        &[
            "fee",
            "fees",
            "commission",
            "feescomm",
            "provision",
            "gebühren",
            "gebühr",
            "kosten",
        ],
    ),
    (
        Meaning::Tax,
        &["tax", "taxes", "withholdingtax", "steuer", "steuern"],
    ),
    (
        Meaning::Currency,
        &[
            "currency",
            "ccy",
            "transactioncurrency",
            "currencyprimary",
            "währung",
            "valuta",
            "devise",
        ],
    ),
    (
        Meaning::Name,
        &[
            "securityname",
            "name",
            "product",
            "description",
            "wertpapiername",
            "wertpapier",
        ],
    ),
    (
        Meaning::Portfolio,
        &[
            "accountname",
            "account",
            "accountid",
            "portfolio",
            "konto",
            "depot",
        ],
    ),
    (
        Meaning::Id,
        &["id", "transactionid", "tradeid", "reference"],
    ),
];

/// The beginnings of words that name kinds.
const KIND_WORDS: [(TransactionKind, &[&str]); 8] = [
    (
        Buy,
        &[
            "buy", "bought", "purchase", "kauf", "koop", "aankoop", "achat", "compra",
        ],
    ),
    (
        Sell,
        &[
            "sell", "sold", "sale", "verkauf", "verkoop", "vente", "venta",
        ],
    ),
    (Dividend, &["dividend", "ausschüttung", "distribution"]),
    (Interest, &["interest", "zins", "rente"]),
    (Deposit, &["deposit", "einlage", "einzahlung", "storting"]),
    (
        Withdrawal,
        &["withdraw", "removal", "entnahme", "auszahlung", "opname"],
    ),
    (Tax, &["tax", "withholding", "steuer"]),
    (Fee, &["fee", "charge", "gebühr", "kosten"]),
];

/// The formats of dates that are tried.
pub(super) const DATE_FORMATS: [&str; 14] = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%+",
];

/// Returns what a column may hold, each with its rank; less is better.
pub(super) fn meanings(column: &str) -> BTreeMap<Meaning, usize> {
    let word = plain(column);
    let mut found = BTreeMap::new();
    for (meaning, words) in COLUMN_WORDS {
        if let Some(rank) = words.iter().position(|known| *known == word) {
            found.insert(meaning, rank);
        }
    }
    found
}

/// Returns the letters and digits of a text, in lower case.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Returns the kind that a value names.
pub(super) fn kind_of(value: &str) -> Option<TransactionKind> {
    let lower = value.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    words.find_map(|word| {
        let mut kinds = KIND_WORDS.iter();
        kinds
            .find(|(_, known)| known.iter().any(|known| word.starts_with(known)))
            .map(|(kind, _)| *kind)
    })
}

/// Returns whether a text is a date in a format.
pub(super) fn is_date(text: &str, format: &str) -> bool {
    DateTime::parse_from_str(text, format).is_ok()
        || NaiveDateTime::parse_from_str(text, format).is_ok()
        || NaiveDate::parse_from_str(text, format).is_ok()
}
