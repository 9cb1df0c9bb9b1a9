//! Attributes of securities over time: class, sector and multiplier can change on a day, and what was
//! true before stays so.

use super::correction::Change;
use super::day::Day;
use super::division::greatest_common_divisor;
use super::fine_amount::Quantity;
use super::security::{AssetClass, DatedAttributes, FormerAttributes, NewSecurity, Security};

/// New values of dated attributes; `None` leaves an attribute as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttributeValues {
    /// New class of the security.
    pub class: Option<AssetClass>,
    /// Sector name; empty to have none.
    pub sector: Option<String>,
    /// Factor from quantity × price to value.
    pub multiplier: Option<Quantity>,
}

/// The days on which attributes get new values. A change of an attribute ends at its next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeSpan {
    /// From this day to the next change of the attribute.
    From(Day),
    /// From the change before this day, or the first day, to the change after it.
    Around(Day),
}

/// A change of a multiplier on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MultiplierChange {
    /// The first day of the new multiplier.
    pub day: Day,
    /// The multiplier up to the day before.
    pub was: Quantity,
    /// The multiplier from the day on.
    pub now: Quantity,
}

impl MultiplierChange {
    /// Returns the new multiplier and the one before as two numbers with the same ratio, reduced. Those
    /// that do not fit lose their last bits.
    pub fn ratio(&self) -> (i64, i64) {
        let size = |of: Quantity| of.fine_units().unsigned_abs();
        let (mut new, mut old) = (size(self.now), size(self.was));
        let divisor = greatest_common_divisor(new, old);
        (new, old) = (new / divisor, old / divisor);
        while new.max(old) > i64::MAX as u128 {
            (new, old) = (new / 2, old / 2);
        }
        (new.max(1) as i64, old.max(1) as i64)
    }
}

/// All attributes of a security: one row for each interval between two changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Periods {
    /// The first days of the rows after the first.
    starts: Vec<Day>,
    /// One more than there are starts.
    rows: Vec<DatedAttributes>,
}

impl Periods {
    fn new(former: &[FormerAttributes], last: DatedAttributes) -> Self {
        let rows = former.iter().map(|former| former.attributes.clone());
        Self {
            starts: former.iter().map(|former| former.until).collect(),
            rows: rows.chain([last]).collect(),
        }
    }

    /// Returns the index of the row of a day.
    fn index(&self, day: Day) -> usize {
        self.starts.partition_point(|start| *start <= day)
    }

    /// Begins a row on a day, with the values of the row that it divides. Returns its index.
    fn divide(&mut self, day: Day) -> usize {
        let at = self.index(day);
        if at == 0 || self.starts[at - 1] != day {
            self.starts.insert(at, day);
            self.rows.insert(at + 1, self.rows[at].clone());
            return at + 1;
        }
        at
    }

    /// Sets one attribute over a span of its own changes.
    fn set<T: PartialEq + Clone>(
        &mut self,
        span: AttributeSpan,
        value: &T,
        of: impl Fn(&mut DatedAttributes) -> &mut T,
    ) {
        let (mut first, day) = match span {
            AttributeSpan::From(day) => (self.divide(day), day),
            AttributeSpan::Around(day) => (self.index(day), day),
        };
        let was = of(&mut self.rows[first]).clone();
        if span == AttributeSpan::Around(day) {
            while first > 0 && *of(&mut self.rows[first - 1]) == was {
                first -= 1;
            }
        }
        for row in &mut self.rows[first..] {
            if *of(row) != was {
                break;
            }
            of(row).clone_from(value);
        }
    }

    /// Returns the former attributes and the last ones, without changes that change nothing.
    fn into_parts(mut self) -> (Vec<FormerAttributes>, DatedAttributes) {
        let mut last = self.rows.remove(0);
        let mut former = Vec::new();
        for (until, row) in self.starts.into_iter().zip(self.rows) {
            if row != last {
                let attributes = std::mem::replace(&mut last, row);
                former.push(FormerAttributes { until, attributes });
            }
        }
        (former, last)
    }

    /// Returns the differences between two histories, each with its first day.
    fn differences(&self, now: &Self) -> Vec<Change> {
        let mut days: Vec<_> = self.starts.iter().chain(&now.starts).copied().collect();
        days.sort_unstable();
        days.dedup();
        let days = [None].into_iter().chain(days.into_iter().map(Some));
        let rows = days.map(|day| {
            let on = |periods: &Self| periods.index(day.unwrap_or(Day::MIN));
            (day, &self.rows[on(self)], &now.rows[on(now)])
        });
        let rows: Vec<_> = rows.collect();
        let of_column = |change: fn(&DatedAttributes, &DatedAttributes) -> Option<Change>| {
            let changes = rows.iter().map(|(day, was, now)| (day, change(was, now)));
            let mut before = None;
            let starting = changes.filter_map(|(day, change)| {
                let is_new = change != before;
                before.clone_from(&change);
                change
                    .filter(|_| is_new)
                    .map(|change| change.beginning(*day))
            });
            starting.collect::<Vec<_>>()
        };
        [
            of_column(|was, now| Change::between("class", &was.class, &now.class)),
            of_column(|was, now| Change::between("sector", &was.sector, &now.sector)),
            of_column(|was, now| Change::between("multiplier", &was.multiplier, &now.multiplier)),
        ]
        .concat()
    }
}

impl NewSecurity {
    fn periods(&self) -> Periods {
        let last = DatedAttributes {
            class: self.class,
            sector: self.sector.clone(),
            multiplier: self.multiplier,
        };
        Periods::new(&self.former_attributes, last)
    }

    /// Returns the security with new values of dated attributes over a span.
    #[must_use]
    pub fn with_attributes(self, span: AttributeSpan, values: &AttributeValues) -> Self {
        let mut periods = self.periods();
        if let Some(class) = &values.class {
            periods.set(span, class, |row| &mut row.class);
        }
        if let Some(sector) = &values.sector {
            periods.set(span, sector, |row| &mut row.sector);
        }
        if let Some(multiplier) = &values.multiplier {
            periods.set(span, multiplier, |row| &mut row.multiplier);
        }
        let (former_attributes, last) = periods.into_parts();
        Self {
            class: last.class,
            sector: last.sector,
            multiplier: last.multiplier,
            former_attributes,
            ..self
        }
    }

    /// Returns the changes of dated attributes to those of `now`.
    pub fn attribute_changes(&self, now: &Self) -> Vec<Change> {
        self.periods().differences(&now.periods())
    }

    /// Returns all classes that the security has or had, the first one first.
    pub fn classes(&self) -> impl Iterator<Item = AssetClass> {
        classes(&self.former_attributes, self.class)
    }
}

fn classes(former: &[FormerAttributes], last: AssetClass) -> impl Iterator<Item = AssetClass> {
    let former = former.iter().map(|former| former.attributes.class);
    former.chain([last])
}

impl Security {
    fn former_on(&self, day: Day) -> Option<&DatedAttributes> {
        let mut former = self.former_attributes.iter();
        let found = former.find(|former| day < former.until);
        found.map(|former| &former.attributes)
    }

    /// Returns the asset class on a day.
    pub fn class_on(&self, day: Day) -> AssetClass {
        self.former_on(day)
            .map_or(self.class, |former| former.class)
    }

    /// Returns the name of the sector on a day; empty if it has none.
    pub fn sector_on(&self, day: Day) -> &str {
        self.former_on(day)
            .map_or(&self.sector, |former| &former.sector)
    }

    /// Returns the multiplier on a day.
    pub fn multiplier_on(&self, day: Day) -> Quantity {
        self.former_on(day)
            .map_or(self.multiplier, |former| former.multiplier)
    }

    /// Returns all classes that the security has or had, the first one first.
    pub fn classes(&self) -> impl Iterator<Item = AssetClass> {
        classes(&self.former_attributes, self.class)
    }

    /// Returns the changes of the multiplier, ascending by day.
    pub fn multiplier_changes(&self) -> impl Iterator<Item = MultiplierChange> {
        let former = self.former_attributes.iter();
        let changes = former.map(|former| MultiplierChange {
            day: former.until,
            was: former.attributes.multiplier,
            now: self.multiplier_on(former.until),
        });
        changes.filter(|change| change.was != change.now)
    }

    /// Returns the days on which dated attributes change, ascending.
    pub fn attribute_days(&self) -> impl Iterator<Item = Day> {
        self.former_attributes.iter().map(|former| former.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AttributeSpan::{Around, From};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn sector(name: &str) -> AttributeValues {
        AttributeValues {
            sector: Some(name.to_owned()),
            ..AttributeValues::default()
        }
    }

    /// Alphabet was moved from Information Technology to Communication Services after the close of
    /// 2018-09-28 (S&P Dow Jones Indices and MSCI, revision of the GICS structure in 2018).
    fn alphabet() -> NewSecurity {
        NewSecurity {
            sector: "Information Technology".to_owned(),
            ..NewSecurity::equity("GOOGL")
        }
        .with_attributes(From(day("2018-10-01")), &sector("Communication Services"))
    }

    fn sectors(of: &NewSecurity) -> Vec<(&str, Option<String>)> {
        let former = of.former_attributes.iter().map(|former| {
            let until = Some(former.until.to_string());
            (former.attributes.sector.as_str(), until)
        });
        former.chain([(of.sector.as_str(), None)]).collect()
    }

    #[test]
    fn a_published_reclassification_keeps_the_sector_before_it() {
        let known = alphabet().with_id(crate::domain::SecurityId(1));
        assert_eq!(known.sector_on(day("2018-09-28")), "Information Technology");
        assert_eq!(known.sector_on(day("2018-10-01")), "Communication Services");
        assert_eq!(known.class_on(day("2018-09-28")), AssetClass::Equity);
    }

    #[test]
    fn a_value_without_a_day_changes_the_interval_around_it() {
        let now = alphabet().with_attributes(Around(Day::MAX), &sector("Media"));
        let first = ("Information Technology", Some("2018-10-01".to_owned()));
        assert_eq!(sectors(&now), [first.clone(), ("Media", None)]);
        let was = alphabet().with_attributes(Around(day("2018-09-28")), &sector("Software"));
        let first = ("Software", first.1);
        assert_eq!(sectors(&was), [first, ("Communication Services", None)]);
    }

    #[test]
    fn a_change_ends_at_the_next_one_of_its_attribute_and_one_without_effect_is_none() {
        let fund = AttributeValues {
            class: Some(AssetClass::Fund),
            ..AttributeValues::default()
        };
        let twice = alphabet().with_attributes(From(day("2020-01-02")), &fund);
        let thrice = twice.with_attributes(From(day("2019-01-02")), &sector("Media"));
        // The change of the class is none of the sector.
        let media = ("Media", Some("2020-01-02".to_owned()));
        assert_eq!(sectors(&thrice)[2..], [media, ("Media", None)]);
        let undone =
            alphabet().with_attributes(From(day("2018-10-01")), &sector("Information Technology"));
        assert_eq!(sectors(&undone), [("Information Technology", None)]);
    }

    #[test]
    fn differences_name_the_day_from_which_on_they_hold() {
        let texts = |was: &NewSecurity, now: &NewSecurity| {
            let changes = was.attribute_changes(now).into_iter();
            changes.map(|change| change.to_string()).collect::<Vec<_>>()
        };
        let plain = NewSecurity {
            sector: "Information Technology".to_owned(),
            ..NewSecurity::equity("GOOGL")
        };
        assert_eq!(
            texts(&plain, &alphabet()),
            ["sector `Information Technology` → `Communication Services` from 2018-10-01"]
        );
        let later = plain
            .clone()
            .with_attributes(Around(Day::MIN), &sector("Media"));
        assert_eq!(
            texts(&plain, &later),
            ["sector `Information Technology` → `Media`"]
        );
        assert!(texts(&alphabet(), &alphabet()).is_empty());
    }
}
