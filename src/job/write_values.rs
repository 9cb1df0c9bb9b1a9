//! Defines the values that a job file gives to columns, and fills their placeholders.

use chrono::{DateTime, Utc};
use toml::Value;
use uuid::Uuid;

use super::placeholders::{mentions, replace};
use super::spec::{DayForm, IdForm};
use crate::domain::{Day, Portfolio, PortfolioKey};
use crate::store::ScratchValue;

/// The placeholders in rows of the world as a whole.
pub(super) const WORLD_NAMES: [&str; 3] = ["now", "number", "uuid"];
/// The placeholders in rows of portfolios.
pub(super) const PORTFOLIO_NAMES: [&str; 6] = ["id", "name", "inception", "now", "number", "uuid"];
/// The placeholders in rows of sessions.
pub(super) const SESSION_NAMES: [&str; 4] = ["day", "now", "number", "uuid"];
/// The placeholders in rows of cells.
pub(super) const CELL_NAMES: [&str; 6] = ["id", "name", "day", "now", "number", "uuid"];

/// The value of a column, with placeholders.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CellValue {
    Null,
    Integer(i64),
    Real(f64),
    /// A text with placeholders.
    Text(String),
    /// An SQL expression with placeholders.
    Expression(String),
}

/// The thing that a row is about, for placeholders.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowContext<'r> {
    pub(super) portfolio: Option<&'r Portfolio>,
    pub(super) day: Option<Day>,
    pub(super) now: &'r str,
    /// The number of the row among those of its world.
    pub(super) number: u64,
    pub(super) ids: IdForm,
    pub(super) days: DayForm,
}

impl CellValue {
    /// Returns the value of a key; `None` for lists and other tables.
    pub(super) fn from_toml(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Integer(number) => Self::Integer(*number),
            Value::Float(number) => Self::Real(*number),
            Value::Boolean(yes) => Self::Integer(i64::from(*yes)),
            Value::String(text) => Self::Text(text.clone()),
            Value::Datetime(at) => Self::Text(at.to_string()),
            Value::Table(table) => match (table.len(), table.get("sql")) {
                (1, Some(Value::String(sql))) => Self::Expression(sql.clone()),
                _ => return None,
            },
            Value::Array(_) => return None,
        })
    }

    /// Returns whether the value has a placeholder.
    pub(super) fn mentions(&self, name: &str) -> bool {
        match self {
            Self::Text(text) | Self::Expression(text) => mentions(text, name),
            Self::Null | Self::Integer(_) | Self::Real(_) => false,
        }
    }

    /// Returns the value without placeholders.
    pub(super) fn plain(self) -> ScratchValue {
        match self {
            Self::Null => ScratchValue::Null,
            Self::Integer(number) => ScratchValue::Integer(number),
            Self::Real(number) => ScratchValue::Real(number),
            Self::Text(text) => ScratchValue::Text(text),
            Self::Expression(sql) => ScratchValue::Expression(sql),
        }
    }

    /// Returns the value with its placeholders filled.
    pub(super) fn fill(&self, context: &RowContext<'_>) -> ScratchValue {
        match self {
            Self::Null => ScratchValue::Null,
            Self::Integer(number) => ScratchValue::Integer(*number),
            Self::Real(number) => ScratchValue::Real(*number),
            // A lone placeholder keeps the type of its value.
            Self::Text(text) if text == "{id}" => context.id(),
            Self::Text(text) if text == "{number}" => {
                ScratchValue::Integer(i64::try_from(context.number).unwrap_or(i64::MAX))
            }
            Self::Text(text) => ScratchValue::Text(context.replace(text, str::to_owned)),
            Self::Expression(sql) => {
                let quote = |value: &str| format!("'{}'", value.replace('\'', "''"));
                ScratchValue::Expression(context.replace(sql, quote))
            }
        }
    }
}

impl RowContext<'_> {
    /// Returns the id of the portfolio as the database has it.
    pub(super) fn id(&self) -> ScratchValue {
        self.portfolio.map_or(ScratchValue::Null, |portfolio| {
            id_value(portfolio, self.ids)
        })
    }

    /// Returns the day as the database has it.
    pub(super) fn day_value(&self) -> ScratchValue {
        self.day.map_or(ScratchValue::Null, |day| {
            ScratchValue::Text(day_text(day, self.days))
        })
    }

    fn replace(&self, text: &str, quote: impl Fn(&str) -> String) -> String {
        let id = self.portfolio.map(|portfolio| id_text(portfolio, self.ids));
        let day = self.day.map(|day| day_text(day, self.days));
        let (id, day) = (id.unwrap_or_default(), day.unwrap_or_default());
        let lifecycle = self.portfolio.map(|portfolio| portfolio.lifecycle);
        let inception = lifecycle.map(|lifecycle| day_text(lifecycle.inception(), self.days));
        let inception = inception.unwrap_or_default();
        let number = self.number.to_string();
        let uuid = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("row {number}").as_bytes());
        let uuid = uuid.to_string();
        let values = [
            ("id", id.as_str()),
            (
                "name",
                self.portfolio.map_or("", |portfolio| &portfolio.name),
            ),
            ("inception", &inception),
            ("day", &day),
            ("now", self.now),
            ("number", &number),
            ("uuid", &uuid),
        ];
        replace(text, &values, quote)
    }
}

/// Returns the id of a portfolio as the database has it.
pub(super) fn id_value(portfolio: &Portfolio, form: IdForm) -> ScratchValue {
    match form {
        IdForm::Integer => ScratchValue::Integer(i64::from(portfolio.id.0)),
        IdForm::UuidBlob => ScratchValue::Blob(portfolio.key.uuid().as_bytes().to_vec()),
        IdForm::Uuid | IdForm::UuidHex | IdForm::Text => {
            ScratchValue::Text(id_text(portfolio, form))
        }
    }
}

/// Returns the id of a portfolio as an argument of a command.
pub(super) fn id_text(portfolio: &Portfolio, form: IdForm) -> String {
    let key = portfolio.key.uuid();
    match form {
        IdForm::Uuid | IdForm::UuidBlob => key.to_string(),
        IdForm::UuidHex => key.simple().to_string(),
        IdForm::Integer => portfolio.id.0.to_string(),
        IdForm::Text => portfolio.name.clone(),
    }
}

/// Returns an id that no portfolio has, in the form of the database.
pub(super) fn unknown_id(name: &str, form: IdForm) -> String {
    let key = PortfolioKey::from_name(name).uuid();
    match form {
        IdForm::Uuid | IdForm::UuidBlob => key.to_string(),
        IdForm::UuidHex => key.simple().to_string(),
        IdForm::Integer => "999999999".to_owned(),
        IdForm::Text => name.to_owned(),
    }
}

/// Returns an instant as databases write it, in UTC.
pub(super) fn instant_text(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns a day as the database has it.
pub(super) fn day_text(day: Day, form: DayForm) -> String {
    match form {
        DayForm::Date => day.to_string(),
        DayForm::Timestamp => format!("{day} 00:00:00"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CostBasis, Currency, Lifecycle, PortfolioId};

    fn portfolio() -> Portfolio {
        Portfolio {
            id: PortfolioId(7),
            key: PortfolioKey::from_name("A"),
            name: "A's".to_owned(),
            currency: Currency::USD,
            cost_basis: CostBasis::default(),
            calendar: None,
            lifecycle: Lifecycle::new(Day::MIN),
        }
    }

    #[test]
    fn placeholders_are_typed_and_expressions_are_quoted() {
        let portfolio = portfolio();
        let context = RowContext {
            portfolio: Some(&portfolio),
            day: Some("2026-01-08".parse().unwrap()),
            now: "now",
            number: 3,
            ids: IdForm::Integer,
            days: DayForm::Timestamp,
        };
        let fill = |text: &str| CellValue::Text(text.to_owned()).fill(&context);
        assert_eq!(fill("{id}"), ScratchValue::Integer(7));
        assert_eq!(fill("{number}"), ScratchValue::Integer(3));
        let text = ScratchValue::Text("7 on 2026-01-08 00:00:00".to_owned());
        assert_eq!(fill("{id} on {day}"), text);
        let sql = CellValue::Expression("lower({name})".to_owned()).fill(&context);
        assert_eq!(sql, ScratchValue::Expression("lower('A''s')".to_owned()));
    }

    #[test]
    fn ids_have_the_form_of_the_database() {
        let portfolio = portfolio();
        let key = portfolio.key.uuid();
        assert_eq!(id_text(&portfolio, IdForm::Uuid), key.to_string());
        assert_eq!(
            id_text(&portfolio, IdForm::UuidHex),
            key.simple().to_string()
        );
        assert_eq!(id_text(&portfolio, IdForm::Text), "A's");
        let blob = ScratchValue::Blob(key.as_bytes().to_vec());
        assert_eq!(id_value(&portfolio, IdForm::UuidBlob), blob);
    }
}
