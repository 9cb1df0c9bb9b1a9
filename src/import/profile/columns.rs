//! Collects the columns that a profile and its rules read.

use std::collections::BTreeSet;

use super::spec::{FieldSources, Profile, RowRule, is_same_column};

impl Profile {
    /// Returns the columns that the profile reads or ignores.
    pub(super) fn known_columns(&self) -> BTreeSet<&str> {
        let mut columns = self.read_columns();
        columns.extend(self.file.ignored.iter().map(String::as_str));
        columns
    }

    /// Returns the columns that the profile reads.
    pub(super) fn read_columns(&self) -> BTreeSet<&str> {
        let same = self.file.same.iter().flatten();
        let mut columns: BTreeSet<&str> = same.map(String::as_str).collect();
        let Self {
            security,
            portfolio,
            ..
        } = self;
        let texts = [
            &security.name,
            &security.class,
            &security.currency,
            &portfolio.currency,
        ];
        for text in texts.into_iter().flatten() {
            columns.extend(text.columns.iter().map(String::as_str));
        }
        self.columns.add_columns(&mut columns);
        for rule in &self.rows {
            rule.add_conditions(&mut columns);
            for transaction in &rule.transactions {
                transaction.add_columns(&mut columns);
            }
        }
        columns
    }

    /// Returns the columns that hold numbers.
    pub(super) fn number_columns(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        let templates = self.rows.iter().flat_map(|rule| &rule.transactions);
        for fields in templates.chain([&self.columns]) {
            fields.add_number_columns(&mut columns);
        }
        columns
    }

    /// Returns the columns of numbers that other rules read, that a rule does not, and that count.
    pub(super) fn unread_columns(&self, rule: &RowRule) -> Vec<&str> {
        let mut read: BTreeSet<&str> = self.file.informative.iter().map(String::as_str).collect();
        rule.add_conditions(&mut read);
        for transaction in &rule.transactions {
            transaction.add_columns(&mut read);
        }
        let mut unread: Vec<&str> = self.number_columns().into_iter().collect();
        unread.retain(|column| !read.iter().any(|read| is_same_column(read, column)));
        unread
    }
}

impl FieldSources {
    pub(super) fn add_columns<'s>(&'s self, columns: &mut BTreeSet<&'s str>) {
        let texts = [
            &self.id,
            &self.portfolio,
            &self.date,
            &self.time,
            &self.symbol,
            &self.currency,
            &self.fee_currency,
            &self.from_currency,
        ];
        for text in texts.into_iter().flatten() {
            columns.extend(text.columns.iter().map(String::as_str));
        }
        self.add_number_columns(columns);
    }

    pub(super) fn add_number_columns<'s>(&'s self, columns: &mut BTreeSet<&'s str>) {
        let numbers = [
            &self.condition,
            &self.quantity,
            &self.price,
            &self.amount,
            &self.fee,
            &self.from_amount,
        ];
        for number in numbers.into_iter().flatten() {
            number.add_columns(columns);
        }
    }
}

impl RowRule {
    /// Adds the columns that decide whether the rule fits.
    pub(super) fn add_conditions<'s>(&'s self, columns: &mut BTreeSet<&'s str>) {
        let lists = self.filled.0.iter().chain(&self.empty.0);
        columns.extend(self.when.keys().chain(lists).map(String::as_str));
        if let Some(negative) = &self.negative {
            negative.add_columns(columns);
        }
    }
}
