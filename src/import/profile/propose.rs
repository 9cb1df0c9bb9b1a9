//! Proposes a profile for a file: compares its columns and values with words that exports use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::source_table::{HeaderLine, column_names};
use super::spec::{Profile, is_profile_name, is_same_column};
use super::words::{DATE_FORMATS, Meaning, is_date, kind_of, meanings};
use crate::domain::TransactionKind::{self, Buy, Dividend, Fee, Interest, Sell};
use crate::import::content;
use crate::import::error::Refusal;
use crate::import::numbers::{NumberReader, without_ornaments};
use crate::import::options::{DecimalMark, Encoding};
use crate::import::profile_error::ProfileRefusal;
use crate::import::source_text::to_utf8;
use crate::import::table::{Escape, Record, Table};

/// Returns the text of a profile for a file. It has rules for the kinds of rows that it understands,
/// and names the others in comments.
///
/// # Errors
///
/// Refuses a file that is not a table, and a name that a profile cannot have.
pub fn propose_profile(name: &str, bytes: &[u8]) -> Result<String, Refusal> {
    if !is_profile_name(name) {
        let name = name.to_owned();
        return Err(ProfileRefusal::Name { name }.into());
    }
    let encoding = match content::decode(bytes) {
        Err(Refusal::NotUtf8 { .. }) => Some(Encoding::Windows1252),
        _ => None,
    };
    let converted = to_utf8(bytes, encoding)?;
    let text = match content::decode(&converted) {
        Err(Refusal::Html { .. } | Refusal::Json { .. }) => {
            return Err(ProfileRefusal::NoProposal.into());
        }
        text => text?,
    };
    let is_header = |fields: &[String]| {
        let known = fields.iter().filter(|field| !meanings(field).is_empty());
        known.count() >= 3
    };
    let header = HeaderLine::find(text, is_header)?.ok_or(ProfileRefusal::NoProposal)?;
    let mut table = header.split(Escape::DoubledQuote)?;
    // Lines with a single field are notes below the rows.
    let (notes, records) = (table.records.into_iter())
        .partition::<Vec<_>, _>(|record| record.fields.iter().skip(1).all(str::is_empty));
    table.records = records;
    let notes = notes.iter().map(|record| record.field(0).to_owned());
    let proposal = Proposal {
        encoding,
        ..Proposal::new(name, header.titles().into_iter().chain(notes), &table)
    };
    let has = |meaning| proposal.column(meaning).is_some();
    match has(Meaning::Date) && (has(Meaning::Kind) || has(Meaning::Quantity)) {
        true => Ok(proposal.text()),
        false => Err(ProfileRefusal::NoProposal.into()),
    }
}

/// Returns a text as a TOML string of one line, since it can stand in a comment.
fn quoted(text: &str) -> String {
    match text.contains(char::is_control) {
        false => toml::Value::from(text).to_string(),
        // A string of JSON is one of TOML, but for this character.
        true => serde_json::Value::from(text)
            .to_string()
            .replace('\u{7f}', "\\u007f"),
    }
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.map(quoted).collect();
    format!("[{}]", texts.join(", "))
}

struct Proposal<'t> {
    name: &'t str,
    columns: Vec<String>,
    records: &'t [Record],
    /// The column of each meaning.
    found: BTreeMap<Meaning, usize>,
    /// The first fields of the lines above the header and of the notes below the rows.
    titles: Vec<String>,
    mark: Option<DecimalMark>,
    encoding: Option<Encoding>,
}

impl<'t> Proposal<'t> {
    fn new(name: &'t str, titles: impl Iterator<Item = String>, table: &'t Table) -> Self {
        let columns = column_names(&table.header);
        let mut ranked: BTreeMap<Meaning, (usize, usize)> = BTreeMap::new();
        for (position, column) in columns.iter().enumerate() {
            for (meaning, rank) in meanings(column) {
                let best = ranked.entry(meaning).or_insert((rank, position));
                *best = (*best).min((rank, position));
            }
        }
        let found: BTreeMap<Meaning, usize> = (ranked.into_iter())
            .map(|(meaning, (_, position))| (meaning, position))
            .collect();
        let numbers = [
            Meaning::Quantity,
            Meaning::Price,
            Meaning::Amount,
            Meaning::Fee,
            Meaning::Tax,
        ];
        let numbers = numbers.iter().filter_map(|meaning| found.get(meaning));
        let numbers: Vec<String> = numbers
            .flat_map(|position| table.records.iter().map(|record| record.field(*position)))
            .map(without_ornaments)
            .collect();
        Self {
            name,
            columns,
            records: &table.records,
            found,
            titles: titles.collect(),
            mark: NumberReader::detect(numbers.iter().map(String::as_str), None).certain_mark(),
            encoding: None,
        }
    }

    fn column(&self, meaning: Meaning) -> Option<&str> {
        let position = self.found.get(&meaning)?;
        Some(&self.columns[*position])
    }

    fn text(&self) -> String {
        let sources = self.sources() + &self.rows();
        let draft = Profile::read(&(self.head(&[]) + &sources));
        let read = draft.as_ref().map(Profile::read_columns);
        let read = read.unwrap_or_default();
        let ignored = self.columns.iter().map(String::as_str);
        let is_read = |column: &&str| read.iter().any(|read| is_same_column(read, column));
        let ignored: Vec<&str> = ignored.filter(|column| !is_read(column)).collect();
        self.head(&ignored) + &sources
    }

    /// Returns the part of the profile that describes the form of the file.
    fn head(&self, ignored: &[&str]) -> String {
        let header = [
            Meaning::Date,
            Meaning::Kind,
            Meaning::Quantity,
            Meaning::Price,
            Meaning::Amount,
        ];
        let header = header
            .into_iter()
            .filter_map(|meaning| self.column(meaning));
        let mut text = format!(
            "name = {}\ntitle = {}\n\n[file]\nheader = {}\n# Map those that you need.\nignored = {}\n",
            quoted(self.name),
            quoted(&format!("{}: transactions", self.name)),
            list(header),
            list(ignored.iter().copied()),
        );
        if !self.titles.is_empty() {
            let titles = list(self.titles.iter().map(String::as_str));
            let _ = writeln!(text, "skipped-lines = {titles}");
        }
        if let Some(encoding) = self.encoding {
            let _ = writeln!(text, "encoding = {}", quoted(&encoding.to_string()));
        }
        text += &self.dates();
        if let Some(mark) = self.mark {
            let _ = writeln!(text, "decimal = {}", quoted(&mark.to_string()));
        }
        text
    }

    /// Returns the parts of the profile that say where texts come from.
    fn sources(&self) -> String {
        let transactions = [
            ("id", Meaning::Id),
            ("portfolio", Meaning::Portfolio),
            ("date", Meaning::Date),
            ("symbol", Meaning::Symbol),
            ("currency", Meaning::Currency),
        ];
        let security = [("name", Meaning::Name), ("currency", Meaning::Currency)];
        let mut text = String::new();
        for (part, keys) in [
            ("columns", transactions.as_slice()),
            ("security", &security),
        ] {
            let _ = writeln!(text, "\n[{part}]");
            for (key, meaning) in keys {
                if let Some(column) = self.column(*meaning) {
                    let _ = writeln!(text, "{key} = {}", quoted(column));
                }
            }
        }
        text
    }

    /// Returns the formats that read all dates. Two of them need a choice by hand.
    fn dates(&self) -> String {
        let position = self.found.get(&Meaning::Date);
        let texts = position.into_iter().flat_map(|position| {
            let fields = self.records.iter().map(|record| record.field(*position));
            fields.filter(|field| !field.is_empty())
        });
        let texts: Vec<&str> = texts.collect();
        let fits = |format: &&&str| texts.iter().all(|text| is_date(text, format));
        let formats: Vec<&str> = DATE_FORMATS.iter().filter(fits).copied().collect();
        let (comment, formats) = match formats.len() {
            0 => ("# No known format reads all dates.\n", vec!["%Y-%m-%d"]),
            1 => ("", formats),
            _ => ("# Several formats read all dates: choose one.\n", formats),
        };
        format!("{comment}dates = {}\n", list(formats.into_iter()))
    }

    fn rows(&self) -> String {
        let mut text = String::new();
        let Some(position) = self.found.get(&Meaning::Kind) else {
            let rule = |kind, condition: &str| {
                format!("\n[[rows]]\n{condition}{}", self.transaction(kind))
            };
            let quantity = self
                .column(Meaning::Quantity)
                .map(quoted)
                .unwrap_or_default();
            return rule(Sell, &format!("negative = {quantity}\n"))
                + &rule(Buy, &format!("filled = {quantity}\n"));
        };
        let column = quoted(&self.columns[*position]);
        let values: BTreeSet<&str> = self
            .records
            .iter()
            .map(|record| record.field(*position))
            .collect();
        let mut by_kind: BTreeMap<Option<TransactionKind>, Vec<String>> = BTreeMap::new();
        for value in values {
            by_kind
                .entry(kind_of(value))
                .or_default()
                .push(quoted(value));
        }
        for (kind, values) in &by_kind {
            let values = values.join(", ");
            let when = format!("when = {{ {column} = [{values}] }}");
            let _ = match kind {
                Some(kind) => writeln!(
                    text,
                    "\n[[rows]]\n{when}\n{}",
                    self.transaction(*kind).trim_end()
                ),
                None => writeln!(
                    text,
                    "\n# These rows need rules, with transactions or the reason to skip them.\n# [[rows]]\n# {when}\n# skip = \"\""
                ),
            };
        }
        text
    }

    fn transaction(&self, kind: TransactionKind) -> String {
        let amount = self.column(Meaning::Amount);
        let mut fields = vec![format!("kind = {}", quoted(kind.name()))];
        let absolute = |column: &str| quoted(&format!("|[{column}]|"));
        if kind.is_movement() {
            if let Some(column) = self.column(Meaning::Quantity) {
                fields.push(format!("quantity = {}", absolute(column)));
            }
            match (self.column(Meaning::Price), amount) {
                (Some(column), _) => fields.push(format!("price = {}", quoted(column))),
                (None, Some(column)) => fields.push(format!("amount = {}", absolute(column))),
                (None, None) => {}
            }
        } else if let Some(column) = amount {
            let is_signed = matches!(kind, Dividend | Interest);
            let amount = if is_signed {
                quoted(column)
            } else {
                absolute(column)
            };
            fields.push(format!("amount = {amount}"));
        }
        if let Some(column) = self.column(Meaning::Fee)
            && kind != Fee
        {
            fields.push(format!("fee = {}", absolute(column)));
        }
        let tax = (self.column(Meaning::Tax))
            .filter(|_| matches!(kind, Buy | Sell | Dividend | Interest));
        let taxed = tax.map_or(String::new(), |column| {
            let column = quoted(column);
            format!("\n    {{ kind = \"tax\", if = {column}, amount = {column} }},")
        });
        format!(
            "transactions = [\n    {{ {} }},{taxed}\n]\n",
            fields.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_a_profile_that_names_what_it_does_not_understand() {
        let file = "My export;;\nDatum;Typ;Ticker;Stück;Kurs;Gebühren;Währung;Notiz\n\
            31.01.2026;Kauf;SAP;2;100,50;1,00;EUR;x\n05.01.2026;Umtausch;SAP;2;100,50;;EUR;\n";
        let text = propose_profile("mine", file.as_bytes()).unwrap();
        let profile = Profile::parse(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        assert_eq!(profile.name, "mine");
        for part in [
            "skipped-lines = [\"My export\"]",
            "dates = [\"%d.%m.%Y\"]",
            "decimal = \"comma\"",
            "ignored = [\"Notiz\"]",
            "kind = \"buy\", quantity = \"|[Stück]|\", price = \"Kurs\"",
            "# when = { \"Typ\" = [\"Umtausch\"] }",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn a_file_that_is_not_utf_8_has_its_encoding_in_the_profile() {
        let file = b"Datum;Typ;St\xfcck;Kurs\n31.01.2026;Kauf;2;100,50\n";
        let text = propose_profile("mine", file).unwrap();
        assert!(text.contains("encoding = \"windows-1252\""), "{text}");
        assert!(text.contains("\"|[Stück]|\""), "{text}");
        Profile::parse(&text).unwrap();
    }

    #[test]
    fn a_value_of_several_lines_stays_on_one_line_of_the_proposal() {
        let file = "Date,Action,Quantity\n2026-01-05,\"a\n\u{7f}b\",1\n2026-01-05,buy,1\n";
        let text = propose_profile("mine", file.as_bytes()).unwrap();
        let comment = r#"# when = { "Action" = ["a\n\u007fb"] }"#;
        assert!(text.contains(comment), "{text}");
        Profile::parse(&text).unwrap();
    }

    #[test]
    fn a_file_without_kinds_and_quantities_has_no_proposal() {
        let file = "Date,Symbol,Name\n05/01/2026,X,A share\n";
        let refused = propose_profile("mine", file.as_bytes()).unwrap_err();
        assert_eq!(refused, ProfileRefusal::NoProposal.into());
    }

    #[test]
    fn ambiguous_dates_are_left_to_the_user() {
        let file = "Date,Symbol,Quantity,Price\n05/01/2026,X,1,2.5\n";
        let text = propose_profile("mine", file.as_bytes()).unwrap();
        assert!(text.contains("choose one"), "{text}");
        assert!(text.contains("negative = \"Quantity\""), "{text}");
        Profile::parse(&text).unwrap();
        let prose = propose_profile("mine", b"Dear customer,\nnothing happened\n");
        assert!(prose.is_err());
        assert!(propose_profile("My broker", file.as_bytes()).is_err());
    }
}
