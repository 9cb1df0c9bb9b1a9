//! Writes securities under their first symbols, and corporate actions, the changes of symbols among them.
//!
//! A security can have a symbol that another one had before. An import accepts it only once the other
//! one is called otherwise, so such securities are in files of their own, each after the changes of
//! symbols that it needs.

use std::collections::BTreeMap;

use super::error::ExportError;
use super::script::Script;
use super::sources::by_id;
use super::table_file::{ExportedTable, TableFile, optional};
use super::target::Target;
use crate::domain::{ActionName, CorporateAction, Day, Security, SecurityId, Split, SplitKind};
use crate::import::SECURITY_COLUMNS;
use crate::store::ReadTransaction;

const ACTION_COLUMNS: [&str; 8] = [
    "symbol",
    "date",
    "kind",
    "ratio",
    "received",
    "cash",
    "cost_share",
    "new_symbol",
];

/// A change of a symbol.
struct SymbolChange<'s> {
    day: Day,
    was: &'s str,
    now: &'s str,
}

pub(super) fn write(
    reading: &ReadTransaction<'_>,
    target: Target<'_>,
    securities: &[Security],
    script: &mut Script,
) -> Result<Vec<ExportedTable>, ExportError> {
    let mut changes: Vec<_> = securities.iter().flat_map(symbol_changes).collect();
    changes.sort_by_key(|change| change.day);
    let mut changes = changes.into_iter().peekable();
    let mut tables = Vec::new();
    for (number, (free_from, part)) in (1..).zip(by_free_symbol(securities)) {
        let suffix = match number {
            1 => String::new(),
            later => format!("-{later}"),
        };
        if let Some(day) = free_from {
            let name = format!("symbols{suffix}");
            let mut table = TableFile::begin(target, &name, ACTION_COLUMNS)?;
            while let Some(change) = changes.next_if(|change| change.day <= day) {
                table.add(change_row(&change))?;
            }
            let table = table.finish()?;
            script.import("actions", &table, &[]);
            tables.push(table);
        }
        let mut table = TableFile::begin(target, &format!("securities{suffix}"), SECURITY_COLUMNS)?;
        for security in part {
            for row in security_rows(security, free_from) {
                table.add(row)?;
            }
        }
        let table = table.finish()?;
        script.import("securities", &table, &[]);
        tables.push(table);
    }
    let mut table = TableFile::begin(target, "actions", ACTION_COLUMNS)?;
    for change in changes {
        table.add(change_row(&change))?;
    }
    let securities = by_id(securities);
    let symbol = |id: SecurityId, day: Day| {
        let security = securities.get(&id);
        optional(security.map(|security| security.symbol_on(day)))
    };
    for (kind, split) in reading.splits().recorded()? {
        table.add(split_row(kind, &split, symbol))?;
    }
    for action in reading.corporate_actions().all()? {
        table.add(action_row(&action, symbol))?;
    }
    let table = table.finish()?;
    script.import("actions", &table, &[]);
    tables.push(table);
    Ok(tables)
}

/// Returns the securities in the order of their ids, by the day from which on no other one has their
/// first symbol any more; those first whose symbol no other one had. There is always a part without a
/// day.
fn by_free_symbol(securities: &[Security]) -> BTreeMap<Option<Day>, Vec<&Security>> {
    let mut ends: BTreeMap<&str, Vec<Day>> = BTreeMap::new();
    for (symbol, end) in securities.iter().flat_map(Security::symbols_with_ends) {
        ends.entry(symbol).or_default().push(end);
    }
    let mut parts = BTreeMap::from([(None, Vec::new())]);
    for security in securities {
        let (symbol, end) = security.symbol_order();
        let earlier = ends[symbol].iter().filter(|other| **other < end);
        let free_from = earlier.max().copied();
        parts
            .entry(free_from)
            .or_insert_with(Vec::new)
            .push(security);
    }
    parts
}

fn symbol_changes(security: &Security) -> impl Iterator<Item = SymbolChange<'_>> {
    security.former_symbols.iter().map(|former| SymbolChange {
        day: former.until,
        was: &former.symbol,
        now: security.symbol_on(former.until),
    })
}

fn change_row(change: &SymbolChange<'_>) -> [String; 8] {
    let none = String::new;
    [
        change.was.to_owned(),
        change.day.to_string(),
        ActionName::SymbolChange.to_string(),
        none(),
        none(),
        none(),
        none(),
        change.now.to_owned(),
    ]
}

/// Returns the row of a security with its first attributes, and one for each day on which they change.
fn security_rows(security: &Security, symbol_from: Option<Day>) -> Vec<[String; 10]> {
    let symbol = security.symbol_order().0;
    let days = [None]
        .into_iter()
        .chain(security.attribute_days().map(Some));
    let rows = days.map(|valid_from| {
        let day = valid_from.unwrap_or(Day::MIN);
        let (class, multiplier) = (security.class_on(day), security.multiplier_on(day));
        // The other attributes are the same on all days.
        let undated = |text: String| match valid_from {
            None => text,
            Some(_) => String::new(),
        };
        [
            symbol.to_owned(),
            undated(security.name.clone()),
            class.to_string(),
            security.sector_on(day).to_owned(),
            undated(security.currency.to_string()),
            multiplier.to_string(),
            undated(optional(security.inactive_from)),
            undated(optional(security.calendar.as_deref())),
            optional(symbol_from),
            optional(valid_from),
        ]
    });
    rows.collect()
}

fn split_row(
    kind: SplitKind,
    split: &Split,
    symbol: impl Fn(SecurityId, Day) -> String,
) -> [String; 8] {
    let none = String::new;
    // A stock dividend is stored as the split with the same effect, and written as units added.
    let new = match kind {
        SplitKind::Split => split.new,
        SplitKind::StockDividend => split.new - split.old,
    };
    [
        symbol(split.security, split.day),
        split.day.to_string(),
        ActionName::Split(kind).to_string(),
        format!("{new}:{}", split.old),
        none(),
        none(),
        none(),
        none(),
    ]
}

fn action_row(action: &CorporateAction, symbol: impl Fn(SecurityId, Day) -> String) -> [String; 8] {
    let (day, received) = (action.day, action.received);
    [
        symbol(action.security, day),
        day.to_string(),
        action.kind.to_string(),
        optional(received.map(|units| format!("{}:{}", units.new, units.old))),
        optional(received.map(|units| symbol(units.security, day))),
        optional(action.cash),
        optional(action.cost_share),
        String::new(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn security(id: u32, symbol: &str) -> Security {
        crate::domain::NewSecurity::equity(symbol).with_id(SecurityId(id))
    }

    #[test]
    fn a_symbol_that_another_security_had_is_in_a_later_part() {
        let fund = security(1, "META").with_symbol_from(day("2022-01-31"), "METV");
        let facebook = security(2, "FB").with_symbol_from(day("2022-06-09"), "META");
        let second = security(3, "META").with_symbol_from(day("2022-03-01"), "MMM");
        let third = security(4, "FB");
        let securities = [fund, facebook, second, third, security(5, "AAPL")];
        let parts = by_free_symbol(&securities);
        let ids = |part: &Vec<&Security>| part.iter().map(|known| known.id.0).collect::<Vec<_>>();
        let parts: Vec<_> = parts.iter().map(|(day, part)| (*day, ids(part))).collect();
        assert_eq!(
            parts,
            [
                (None, vec![1, 2, 5]),
                (Some(day("2022-01-31")), vec![3]),
                (Some(day("2022-06-09")), vec![4]),
            ]
        );
        let changes: Vec<_> = symbol_changes(&securities[1])
            .map(|change| (change.was, change.now))
            .collect();
        assert_eq!(changes, [("FB", "META")]);
    }
}
