//! Files of portfolios: `id?, name, currency?, inception, closed?, deleted_at?`.
//!
//! A portfolio is known by its id, or by its name where the file has no id. A column that is
//! absent leaves what is known; an empty cell takes an optional thing away.

use chrono::{DateTime, Utc};

use super::cells::{Cells, Kind, words};
use super::verdict::{Heard, repeated};
use super::{
    Change, Correction, DateOrder, Flaw, ImportError, Judged, Known, Reason, Rows, Said, Verdict,
};
use crate::domain::{Currency, Day, Lifecycle, NewPortfolio, Portfolio, PortfolioKey};

const KIND: Kind = Kind {
    columns: &[
        "id",
        "name",
        "currency",
        "inception",
        "closed",
        "deleted_at",
    ],
    required: &["name", "inception"],
    days: &["inception", "closed", "deleted_at"],
};

/// One row of a file of portfolios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioRow {
    /// Its id: a UUID, or a word that stands for one.
    pub id: Said<String>,
    /// What people call it.
    pub name: String,
    /// The currency of its books; US dollars for a new one that says nothing.
    pub currency: Said<Currency>,
    /// Its first day.
    pub inception: Day,
    /// Its last day.
    pub closed: Said<Day>,
    /// When it was deleted.
    pub deleted_at: Said<DateTime<Utc>>,
}

/// What a file of portfolios changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortfolioChanges {
    /// The new ones, in the file's order.
    pub added: Vec<NewPortfolio>,
    /// The changed ones, in the file's order.
    pub corrected: Vec<Correction<Portfolio>>,
}

/// Reads a file of portfolios.
pub fn read_portfolios(
    file: &str,
    bytes: &[u8],
    order: Option<DateOrder>,
) -> Result<Rows<PortfolioRow>, ImportError> {
    KIND.read(file, bytes, order, row)
}

fn row(cells: &mut Cells<'_>) -> Option<PortfolioRow> {
    let dates = cells.dates;
    let id = cells.optional("id", words);
    let name = cells.required("name", words);
    let currency = cells.optional("currency", str::parse);
    let inception = cells.day("inception");
    let closed = cells.optional("closed", |text| dates.day(text));
    let deleted_at = cells.optional("deleted_at", |text| dates.instant(text));
    Some(PortfolioRow {
        id,
        name: name?,
        currency,
        inception: inception?,
        closed,
        deleted_at,
    })
}

/// Judges a file of portfolios. `known` holds all portfolios, and the days on which those of the
/// file have transactions.
pub fn judge_portfolios(rows: &Rows<PortfolioRow>, known: &Known) -> Judged<PortfolioChanges> {
    let mut heard = Heard::nothing();
    Judged::row_by_row(rows, |line, row, changes: &mut PortfolioChanges| {
        let was = meant(row, known)?;
        let now = said(row, was)?;
        if let Some((line, earlier)) = heard.note(now.key, line, &now) {
            return repeated(line, differences(&earlier, &now));
        }
        let Some(was) = was else {
            changes.added.push(now);
            return Ok(Verdict::Added);
        };
        trades_within(&now, was, known)?;
        let differs = differences(&was.without_id(), &now);
        if differs.is_empty() {
            return Ok(Verdict::Same);
        }
        let now = Portfolio {
            id: was.id,
            key: was.key,
            name: now.name,
            currency: now.currency,
            lifecycle: now.lifecycle,
        };
        let was = was.clone();
        changes.corrected.push(Correction { was, now });
        Ok(Verdict::Corrected(differs))
    })
}

/// The known portfolio that a row is about.
fn meant<'a>(row: &PortfolioRow, known: &'a Known) -> Result<Option<&'a Portfolio>, Vec<Flaw>> {
    if let Said::Value(id) = &row.id {
        return Ok(known.find_portfolio(PortfolioKey::from_name(id)));
    }
    known
        .portfolio_meant(&row.name)
        .map_err(|reason| vec![Flaw::at("name", &row.name, reason)])
}

/// The portfolio as the row says it is, on top of what is known.
fn said(row: &PortfolioRow, was: Option<&Portfolio>) -> Result<NewPortfolio, Vec<Flaw>> {
    let life = was.map(|was| was.lifecycle);
    let closed = row
        .closed
        .or_known(life.and_then(|life| life.closing_day()));
    let deleted_at = row
        .deleted_at
        .or_known(life.and_then(|life| life.deleted_at()));
    let lifecycle = Lifecycle::new(row.inception)
        .with_closing_day(closed)
        .map_err(|error| vec![Flaw::of_row(error.into())])?
        .with_deleted_at(deleted_at);
    let id = match &row.id {
        Said::Value(id) => id,
        _ => &row.name,
    };
    Ok(NewPortfolio {
        key: was.map_or_else(|| PortfolioKey::from_name(id), |was| was.key),
        name: row.name.clone(),
        currency: row
            .currency
            .or(was.map_or(Currency::USD, |was| was.currency)),
        lifecycle,
    })
}

fn differences(was: &NewPortfolio, now: &NewPortfolio) -> Vec<Change> {
    let (old, new) = (was.lifecycle, now.lifecycle);
    [
        Change::of("name", &was.name, &now.name),
        Change::of("currency", &was.currency, &now.currency),
        Change::of("inception", &old.inception(), &new.inception()),
        Change::of_optional("closed", &old.closing_day(), &new.closing_day()),
        Change::of_optional("deleted_at", &old.deleted_at(), &new.deleted_at()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A life may move, and not away from under its transactions: they would never be booked. A life
/// that the row doesn't move is not questioned.
fn trades_within(now: &NewPortfolio, was: &Portfolio, known: &Known) -> Result<(), Vec<Flaw>> {
    let Some(traded) = known.traded(was.id) else {
        return Ok(());
    };
    let (first, last) = (traded.first(), traded.last());
    let inception = now.lifecycle.inception();
    let mut flaws = Vec::new();
    if inception > first && inception != was.lifecycle.inception() {
        let reason = Reason::TradedBefore { inception, first };
        flaws.push(Flaw::at("inception", inception, reason));
    }
    if let Some(closed) = now.lifecycle.closing_day()
        && closed < last
        && Some(closed) != was.lifecycle.closing_day()
    {
        let reason = Reason::TradedAfter { closed, last };
        flaws.push(Flaw::at("closed", closed, reason));
    }
    if flaws.is_empty() { Ok(()) } else { Err(flaws) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DayRange, PortfolioId};

    fn judged(text: &str, known: &Known) -> Judged<PortfolioChanges> {
        let rows = read_portfolios("p.csv", text.as_bytes(), None).unwrap();
        judge_portfolios(&rows, known)
    }

    /// What is known once the changes are made.
    fn after(judged: Judged<PortfolioChanges>) -> Known {
        let added = judged.changes.unwrap().added.into_iter();
        Known::default().with_portfolios(added.zip(1..).map(|(new, id)| Portfolio {
            id: PortfolioId(id),
            key: new.key,
            name: new.name,
            currency: new.currency,
            lifecycle: new.lifecycle,
        }))
    }

    const TWO: &str =
        "id,name,inception,closed\na,Alpha,2026-01-05,\nb,Beta,2026-01-05,2026-03-31\n";

    #[test]
    fn a_second_import_is_all_the_same() {
        let first = judged(TWO, &Known::default());
        assert_eq!(first.counts.added, 2);
        let second = judged(TWO, &after(first));
        assert_eq!((second.counts.same, second.counts.added), (2, 0));
        assert_eq!(second.changes, Some(PortfolioChanges::default()));
    }

    #[test]
    fn an_empty_cell_reopens_and_an_absent_column_leaves() {
        let known = after(judged(TWO, &Known::default()));
        let open = judged("id,name,inception,closed\nb,Beta,2026-01-05,\n", &known);
        assert_eq!(
            open.verdicts[0].verdict,
            Verdict::Corrected(vec![Change {
                column: "closed",
                was: "2026-03-31".to_owned(),
                now: String::new(),
            }])
        );
        let left = judged("id,name,inception\nb,Beta,2026-01-05\n", &known);
        assert_eq!(left.verdicts[0].verdict, Verdict::Same);
    }

    #[test]
    fn without_an_id_the_name_is_the_id() {
        let known = after(judged(TWO, &Known::default()));
        let moved = judged(
            "name,inception\nAlpha,2026-01-02\nGamma,2026-01-02\n",
            &known,
        );
        assert_eq!((moved.counts.corrected, moved.counts.added), (1, 1));
        assert_eq!(
            moved.changes.unwrap().added[0].key,
            PortfolioKey::from_name("Gamma")
        );
    }

    #[test]
    fn a_life_never_leaves_its_transactions_behind() {
        let (first, last) = ("2026-01-05".parse().unwrap(), "2026-02-02".parse().unwrap());
        let known = after(judged(TWO, &Known::default()))
            .with_traded([(PortfolioId(1), DayRange::new(first, last).unwrap())]);
        let late = judged(
            "id,name,inception,closed\na,Alpha,2026-01-06,2026-02-01\n",
            &known,
        );
        assert!(matches!(&late.verdicts[0].verdict, Verdict::Invalid(flaws) if flaws.len() == 2));
        assert!(late.is_refused());
    }

    #[test]
    fn the_same_portfolio_twice_must_say_the_same() {
        let text = "name,inception\nA,2026-01-05\nA,2026-01-05\nA,2026-01-06\n";
        let judged = judged(text, &Known::default());
        assert_eq!((judged.counts.added, judged.counts.same), (1, 1));
        assert_eq!(judged.counts.invalid, 1);
    }

    #[test]
    fn a_life_that_ends_before_it_begins_is_invalid() {
        let text = "name,inception,closed\nA,2026-01-05,2026-01-02\n";
        assert!(judged(text, &Known::default()).is_refused());
    }
}
