//! Changes the values of an `expect` table, one at a time.

use toml::{Table, Value};

use crate::played::{END_NAMES, Place, Played, expectation_at};
use crate::truth::sessions;

/// A scenario as TOML, with one value changed.
pub(crate) struct Changed {
    pub(crate) what: String,
    pub(crate) root: Value,
}

/// Returns the changes of each value at a place.
pub(crate) fn of_place(played: &Played<'_>, place: &Place) -> Vec<Changed> {
    let mut root = played.root.clone();
    let table = expectation_at(&mut root, place).as_table().unwrap().clone();
    let mut changes = Vec::new();
    for (key, value) in &table {
        // A key that names a policy holds expectations of its own.
        if *place == Place::Scenario && played.scenario.expected_by_policy.contains_key(key) {
            continue;
        }
        for changed in of_value(played, key, value) {
            let mut root = played.root.clone();
            let at = expectation_at(&mut root, place).as_table_mut().unwrap();
            changes.push(Changed {
                what: format!("{key} = {changed}"),
                root: {
                    at.insert(key.clone(), changed);
                    root
                },
            });
        }
    }
    changes
}

fn of_value(played: &Played<'_>, key: &str, value: &Value) -> Vec<Value> {
    match (key, value) {
        (_, Value::Integer(number)) => {
            let fewer = (*number > 0).then(|| Value::Integer(number - 1));
            fewer
                .into_iter()
                .chain([Value::Integer(number + 1)])
                .collect()
        }
        ("end", _) => END_NAMES.map(Value::from).to_vec(),
        ("watermark", _) => watermarks(played),
        ("says", Value::Array(texts)) => (0..texts.len())
            .map(|at| {
                let mut texts = texts.clone();
                texts[at] = format!("{} ¬", texts[at].as_str().unwrap()).into();
                Value::Array(texts)
            })
            .collect(),
        ("says", text) => vec![format!("{} ¬", text.as_str().unwrap()).into()],
        ("cash-in", Value::Table(currencies)) => of_entries(currencies, |entries| {
            changes_of_amounts(entries.as_table().unwrap())
        }),
        ("nav" | "cash" | "pnl" | "realized" | "unrealized" | "fx-gain", Value::Table(entries)) => {
            changes_of_amounts(entries)
        }
        ("quality", Value::Table(entries)) => of_entries(entries, |days| {
            let count = |number: &Value| vec![(number.as_integer().unwrap() + 1).into()];
            let kinds = |kinds: &Value| of_entries(kinds.as_table().unwrap(), count);
            of_entries(days.as_table().unwrap(), kinds)
        }),
        ("reasons", Value::Table(entries)) => of_entries(entries, |days| {
            of_entries(days.as_table().unwrap(), |_| names(played))
        }),
        ("phases", Value::Table(entries)) => of_entries(entries, |days| {
            of_entries(days.as_table().unwrap(), |_| phases())
        }),
        ("watermarks", Value::Table(entries)) => of_entries(entries, |_| watermarks(played)),
        (_, Value::Table(days)) => of_entries(days, |_| names(played)),
        (key, value) => panic!("no change is known for `{key} = {value}`"),
    }
}

/// Changes each amount of a table of portfolios and days.
fn changes_of_amounts(entries: &Table) -> Vec<Value> {
    of_entries(entries, |days| {
        let amount = |_: &Value| vec!["none".into(), "123456789.5".into()];
        of_entries(days.as_table().unwrap(), amount)
    })
}

/// Changes each entry of a table by itself.
fn of_entries(table: &Table, change: impl Fn(&Value) -> Vec<Value>) -> Vec<Value> {
    let changed = table.iter().flat_map(|(name, value)| {
        change(value).into_iter().map(move |changed| {
            let mut table = table.clone();
            table.insert(name.clone(), changed);
            Value::Table(table)
        })
    });
    changed.collect()
}

fn watermarks(played: &Played<'_>) -> Vec<Value> {
    let days = sessions(played).into_iter().rev().take(2);
    let days = days.map(|day| Value::from(day.to_string()));
    days.chain(["none".into()]).collect()
}

/// Returns lists of phases; at most one of them is the expected one.
fn phases() -> Vec<Value> {
    let all = ["snapshot", "positions", "exposures", "risk"].map(Value::from);
    vec![
        Value::Array(Vec::new()),
        Value::Array(all[..1].to_vec()),
        Value::Array(all.to_vec()),
    ]
}

/// Returns lists of names; at most one of them is the expected one.
fn names(played: &Played<'_>) -> Vec<Value> {
    let portfolios = played.scenario.portfolios();
    let names: Vec<Value> = portfolios
        .map(|known| known.portfolio.name.clone().into())
        .collect();
    vec![
        Value::Array(Vec::new()),
        Value::Array(names[..1].to_vec()),
        Value::Array(names),
    ]
}
