//! Writes a tree of TOML values. The same tree gives the same bytes.
//!
//! Single values come first, then sections. A transaction, portfolio or security takes one line, so
//! that a file with thousands of them can be read.

use std::fmt::Write;

use serde::Serialize;

use super::node::{Node, TableKind};

/// Maximum width of a line with a list, in bytes; longer lists are wrapped.
const MAX_LINE_WIDTH: usize = 100;
/// Longer names do not widen the column of names.
const MAX_NAME_WIDTH: usize = 40;

type Entry = (String, Node);
type Entries = [Entry];

/// Writes a world or a scenario.
pub(crate) fn to_toml(spec: &impl Serialize) -> String {
    let Node::Table(_, mut root) = Node::from_spec(spec) else {
        return String::new();
    };
    let is_given = |(key, node): &Entry| key == "sources" && *node == text_node("given");
    let given = root.iter().any(is_given);
    if given {
        // A captured state comes before the sources that it was captured with.
        let after = |key: &str| ["securities", "split", "action", "risk", "prices"].contains(&key);
        root.sort_by_key(|(key, _)| after(key));
    }
    let (mut sections, single): (Vec<_>, Vec<_>) =
        root.into_iter().partition(|(_, node)| is_section(node));
    // A list with its key belongs to the table whose heading comes before it.
    sections.sort_by_key(|(key, _)| key != "transaction");
    let mut text = lines(&single);
    for (key, node) in &sections {
        match (key.as_str(), node) {
            ("transaction", Node::List(list)) => {
                text += "\ntransaction = [\n";
                for transaction in list {
                    let _ = writeln!(text, "  {},", inline(transaction));
                }
                text += "]\n";
            }
            ("portfolios", Node::Table(_, rows)) => text += &aligned_lines(key, rows),
            ("securities", Node::Table(_, rows)) if given => text += &aligned_lines(key, rows),
            ("securities" | "prices" | "policy", Node::Table(_, tables)) => {
                for (name, table) in tables {
                    let path = format!("{key}.{}", quote_key(name));
                    text += &table_section(&path, table);
                }
            }
            ("risk", _) => text += &nested_section(key, node),
            ("expect", Node::Table(_, entries)) => text += &expectation_sections(entries),
            (_, Node::List(tables)) => {
                for table in tables {
                    text += &format!("\n[[{key}]]\n{}", lines(entries(table)));
                }
            }
            (_, Node::Table(_, entries)) if entries.is_empty() => {}
            _ => text += &table_section(key, node),
        }
    }
    text
}

/// Writes a spec as an inline table without its braces.
pub(crate) fn inline_text(spec: &impl Serialize) -> String {
    let node = Node::from_spec(spec);
    entry_list(entries(&node))
}

fn text_node(text: &str) -> Node {
    Node::Text(text.to_owned())
}

/// Returns whether a value takes a section of its own: a table, or a list of tables.
fn is_section(node: &Node) -> bool {
    match node {
        Node::List(list) => list.iter().any(|node| matches!(node, Node::Table(..))),
        node => matches!(node, Node::Table(..)),
    }
}

fn entries(node: &Node) -> &Entries {
    match node {
        Node::Table(_, entries) => entries,
        _ => &[],
    }
}

fn table_section(path: &str, node: &Node) -> String {
    format!("\n[{path}]\n{}", lines(entries(node)))
}

/// Writes each entry as one line, with aligned equals signs.
fn aligned_lines(key: &str, rows: &Entries) -> String {
    let mut text = format!("\n[{key}]\n");
    let names: Vec<_> = rows.iter().map(|(name, _)| quote_key(name)).collect();
    let widths = names.iter().map(|name| name.chars().count());
    let width = widths.filter(|width| *width <= MAX_NAME_WIDTH).max();
    let width = width.unwrap_or(0);
    for (name, (_, row)) in names.iter().zip(rows) {
        let _ = writeln!(text, "{name:width$} = {}", inline(row));
    }
    text
}

/// Writes a table, and the tables below it as sections of their own, at any depth. The header is
/// left out if a section below implies it.
fn nested_section(path: &str, node: &Node) -> String {
    let (sections, single) = split_sections(node);
    let header = match single.is_empty() && !sections.is_empty() {
        true => String::new(),
        false => format!("\n[{path}]\n{}", lines(&single)),
    };
    header + &sections_below(path, &sections)
}

fn sections_below(path: &str, sections: &Entries) -> String {
    let mut text = String::new();
    for (key, node) in sections {
        let path = format!("{path}.{}", quote_key(key));
        let Node::List(tables) = node else {
            text += &nested_section(&path, node);
            continue;
        };
        for table in tables {
            let (sections, single) = split_sections(table);
            text += &format!("\n[[{path}]]\n{}", lines(&single));
            text += &sections_below(&path, &sections);
        }
    }
    text
}

fn split_sections(node: &Node) -> (Vec<Entry>, Vec<Entry>) {
    let entries = entries(node).iter().cloned();
    entries.partition(|(_, node)| is_section(node))
}

/// Writes the expectations under all policies, then those under single ones.
fn expectation_sections(entries: &Entries) -> String {
    let (policies, common): (Vec<_>, Vec<_>) = (entries.iter().cloned())
        .partition(|(_, node)| matches!(node, Node::Table(TableKind::Struct, _)));
    let mut text = String::new();
    if !common.is_empty() {
        text += &format!("\n[expect]\n{}", dotted_lines(&common));
    }
    for (policy, expected) in &policies {
        let policy = quote_key(policy);
        let lines = dotted_lines(self::entries(expected));
        text += &format!("\n[expect.{policy}]\n{lines}");
    }
    text
}

/// Writes each entry as one line, those of tables with dotted keys.
fn dotted_lines(entries: &Entries) -> String {
    let mut text = String::new();
    for (key, node) in entries {
        match node {
            Node::Table(_, below) => {
                for (name, node) in below {
                    text += &line(&format!("{key}.{}", quote_key(name)), node);
                }
            }
            node => text += &line(key, node),
        }
    }
    text
}

fn lines(entries: &Entries) -> String {
    let lines = entries.iter();
    lines
        .map(|(key, node)| line(&quote_key(key), node))
        .collect()
}

fn line(key: &str, node: &Node) -> String {
    format!("{}\n", entry(key, node))
}

/// Writes `key = value`. Wraps a list that is too wide.
fn entry(key: &str, node: &Node) -> String {
    let line = format!("{key} = {}", inline(node));
    let Node::List(values) = node else {
        return line;
    };
    if line.len() <= MAX_LINE_WIDTH || is_section(node) {
        return line;
    }
    let mut lines = format!("{key} = [\n");
    let mut line = String::from("   ");
    for value in values.iter().map(inline) {
        if line.len() + value.len() + 2 > MAX_LINE_WIDTH {
            lines += &line;
            lines += "\n";
            line = String::from("   ");
        }
        let _ = write!(line, " {value},");
    }
    lines + &line + "\n]"
}

fn inline(node: &Node) -> String {
    match node {
        Node::Absent(_) => String::new(),
        Node::Literal(text) => text.clone(),
        Node::Text(text) => quote(text),
        Node::List(values) => {
            let values: Vec<_> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        Node::Table(_, entries) if entries.is_empty() => "{}".to_owned(),
        Node::Table(_, entries) => format!("{{ {} }}", entry_list(entries)),
    }
}

fn entry_list(entries: &Entries) -> String {
    let entries: Vec<_> = (entries.iter())
        .map(|(key, node)| entry(&quote_key(key), node))
        .collect();
    entries.join(", ")
}

/// Writes a text as a basic TOML string.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes a key, in quotes if it needs them.
fn quote_key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !text.is_empty() && text.chars().all(bare) {
        true => text.to_owned(),
        false => quote(text),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn quoted_text_round_trips() {
        for text in ["", "A", "O'Neil \"Growth\"", "a\\b\n\tc\r", "\u{7f}\u{1}é…"] {
            let table = format!("{} = {}", quote(text), quote(text));
            let read: toml::Table = table.parse().unwrap();
            assert_eq!(read[text].as_str(), Some(text));
            let read: toml::Table = format!("{} = 1", quote_key(text)).parse().unwrap();
            assert!(read.contains_key(text));
        }
        assert_eq!(quote_key("P-01"), "P-01");
    }

    #[test]
    fn transactions_come_before_the_first_table() {
        #[derive(Serialize)]
        struct World {
            calendar: BTreeMap<&'static str, &'static str>,
            transaction: Vec<BTreeMap<&'static str, &'static str>>,
        }
        let text = to_toml(&World {
            calendar: BTreeMap::from([("name", "own")]),
            transaction: vec![BTreeMap::from([("kind", "buy")])],
        });
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["transaction"][0]["kind"].as_str(), Some("buy"));
        assert_eq!(read["calendar"].as_table().unwrap().len(), 1);
    }

    #[test]
    fn long_list_is_wrapped_and_round_trips() {
        let values: Vec<_> = (0..40).map(|n| text_node(&format!("P{n:03}"))).collect();
        let text = entry("portfolios", &Node::List(values));
        assert!(text.lines().all(|line| line.len() <= MAX_LINE_WIDTH));
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["portfolios"].as_array().unwrap().len(), 40);
    }
}
