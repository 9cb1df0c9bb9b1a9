//! Validates prices: converts them to raw closes, compares these with the stored ones, and refuses
//! doubtful ones.

use std::collections::BTreeMap;

use super::raw_closes::{Origin, Point, RawClose, final_zeros, find_jumps, to_raw_close};
use super::read::PriceRows;
use super::restated::{
    Overlap, SplitLikeMove, find_restatement, has_stored_neighbour, split_like_moves,
};
use crate::domain::{AssetClass, Change, CloseChange, CloseSigns, Day, Price, SecurityId};
use crate::import::existing::ExistingRecords;
use crate::import::options::{AdjustedAsOf, Basis, Jumps, Restatements};
use crate::import::restatement::{SplitJump, SplitRatio};
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::verdict::{LineVerdict, Validated, Verdict};
use crate::import::warning::Warning;

/// Rules for validating prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRules {
    /// Handling of closes that are implausibly far from their neighbours.
    pub jumps: Jumps,
    /// The day up to which split-adjusted closes are adjusted.
    pub adjusted_as_of: AdjustedAsOf,
    /// Handling of closes that contradict the stored ones by the factor of a split.
    pub restatements: Restatements,
    /// The day of the import: later closes are questionable.
    pub today: Day,
}

/// Changes that a file of prices makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceChanges {
    /// Closes to add or correct, in the file's order.
    pub closes: Vec<CloseChange>,
}

/// Validates a file of prices. `known` must hold all securities, the splits of those in the file,
/// and their closes in and around its [days](PriceRows::spans).
pub fn validate_prices(
    rows: &PriceRows,
    known: &ExistingRecords,
    rules: PriceRules,
) -> Validated<PriceChanges> {
    let mut series: ClosesBySecurity = BTreeMap::new();
    let mut outcomes: Vec<Result<RowOutcome, Vec<RowError>>> = Vec::with_capacity(rows.lines.len());
    let decimals = rows.decimals();
    for (index, line) in rows.lines.iter().enumerate() {
        let raw = match &line.row {
            Ok(row) => to_raw_close(row, rows.basis, decimals, known, rules.adjusted_as_of.day()),
            Err(errors) => Err(errors.clone()),
        };
        let outcome = raw.and_then(|raw| {
            let days = series.entry(raw.security).or_default();
            match days.get(&raw.day) {
                Some(&(first, price)) => {
                    validate_repeat(rows.lines[first].number, price, raw.price)
                }
                None => {
                    days.insert(raw.day, (index, raw.price));
                    Ok(RowOutcome::First(raw))
                }
            }
        });
        outcomes.push(outcome);
    }
    let moves = refuse_doubtful(rows, &series, known, rules, &mut outcomes);
    let mut changes = PriceChanges::default();
    let verdicts = rows
        .lines
        .iter()
        .zip(outcomes)
        .map(|(line, outcome)| LineVerdict {
            line: line.number,
            verdict: outcome.map_or_else(Verdict::Invalid, |outcome| {
                outcome.verdict(known, &mut changes)
            }),
            warnings: Vec::new(),
        })
        .collect();
    Validated::new(&rows.file, verdicts, changes).with_warnings(|index| {
        let row = rows.lines[index].row.as_ref();
        let late = row.ok().filter(|row| row.day > rules.today);
        let warning = late.map(|row| Warning::Future {
            day: row.day,
            today: rules.today,
        });
        let moves = moves.get(&index).into_iter().flatten().cloned();
        let moves = moves.map(Warning::SplitLikeMove);
        warning.into_iter().chain(moves).collect()
    })
}

/// The file's raw closes by security and day, each with the index of its row.
type ClosesBySecurity = BTreeMap<SecurityId, BTreeMap<Day, (usize, Price)>>;

/// Result of a valid row.
enum RowOutcome {
    /// The first row with a close of this security and day.
    First(RawClose),
    /// A row that repeats the close of an earlier row.
    Repeat,
}

impl RowOutcome {
    fn verdict(self, known: &ExistingRecords, changes: &mut PriceChanges) -> Verdict {
        let Self::First(raw) = self else {
            return Verdict::Same;
        };
        let (was, price) = raw.compare(known);
        let verdict = match was {
            Some(was) if was == price => return Verdict::Same,
            Some(was) => Verdict::Corrected(Vec::from_iter(Change::between("close", &was, &price))),
            None => Verdict::Added,
        };
        changes.closes.push(CloseChange {
            security: raw.security,
            day: raw.day,
            previous: was,
            price,
        });
        verdict
    }
}

fn validate_repeat(line: u64, earlier: Price, close: Price) -> Result<RowOutcome, Vec<RowError>> {
    match Change::between("close", &earlier, &close) {
        None => Ok(RowOutcome::Repeat),
        Some(change) => {
            let differs = vec![change];
            let reason = RowErrorKind::ConflictingRow { line, differs };
            Err(vec![RowError::in_row(reason)])
        }
    }
}

/// Makes the closes of a security invalid if some of them jump, or contradict the stored ones by the
/// factor of a split. A close that is stored already is never refused. Returns the moves by about the
/// factor of a split that are not refused, by the index of a row.
fn refuse_doubtful(
    rows: &PriceRows,
    series: &ClosesBySecurity,
    known: &ExistingRecords,
    rules: PriceRules,
    outcomes: &mut [Result<RowOutcome, Vec<RowError>>],
) -> BTreeMap<usize, Vec<SplitJump>> {
    let mut moves: BTreeMap<usize, Vec<SplitJump>> = BTreeMap::new();
    for (security, days) in series {
        let (points, overlap) = merge(*security, days, known, outcomes);
        let mut errors = Vec::new();
        if rules.jumps == Jumps::Refused {
            let units = |after, upto| known.units_between(*security, after, upto);
            let in_order: Vec<Point> = points.values().copied().collect();
            let classes = known.security_with_id(*security).into_iter();
            let signs = classes.flat_map(|security| security.classes().map(AssetClass::closes));
            let signs = signs.max().unwrap_or(CloseSigns::Positive);
            let jumps = find_jumps(&in_order, signs, units).into_iter();
            errors.extend(jumps.map(|jump| {
                let reason = RowErrorKind::Jump {
                    close: jump.close,
                    neighbour: jump.neighbour.close,
                    neighbour_day: jump.neighbour.day,
                };
                (jump.index, jump.close, reason)
            }));
        }
        if rules.restatements == Restatements::Refused && errors.is_empty() {
            errors.extend(find_restated(*security, days, &points, &overlap, known));
            if let (Basis::SplitAdjusted, AdjustedAsOf::Assumed(today)) =
                (rows.basis, rules.adjusted_as_of)
                && errors.is_empty()
                && overlap.is_empty()
            {
                errors.extend(find_later_split(*security, days, &points, known, today));
            }
        }
        let Some((first, _, _)) = errors.first() else {
            if rules.restatements == Restatements::Refused {
                for (index, jump) in warned_moves(*security, &points, known) {
                    moves.entry(index).or_default().push(jump);
                }
            }
            continue;
        };
        let line = rows.lines[*first].number;
        for (index, _) in days.values() {
            let is_change =
                matches!(&outcomes[*index], Ok(RowOutcome::First(raw)) if !raw.is_known(known));
            if is_change {
                let reason = RowErrorKind::HeldBack { line };
                outcomes[*index] = Err(vec![RowError::in_row(reason)]);
            }
        }
        for (index, close, reason) in errors {
            outcomes[index] = Err(vec![RowError::in_column("close", close, reason)]);
        }
    }
    moves
}

/// Returns the moves of a security by about the factor of a split that are not refused, each with the
/// index of the row of one of its closes.
fn warned_moves(
    security: SecurityId,
    points: &BTreeMap<Day, Point>,
    known: &ExistingRecords,
) -> Vec<(usize, SplitJump)> {
    let units = |after, upto| known.units_between(security, after, upto);
    let security = known.security_with_id(security).into_iter();
    let moves = security.flat_map(|security| split_like_moves(security, points, units));
    let warned = moves.filter_map(|found| match found {
        SplitLikeMove::Warned(jump) => Some((row_of(&jump, points)?, jump)),
        SplitLikeMove::Refused(_) => None,
    });
    warned.collect()
}

/// Returns the index of the row of the later close of a move, else that of the one before.
fn row_of(jump: &SplitJump, points: &BTreeMap<Day, Point>) -> Option<usize> {
    let from_file = |day: &Day| match points.get(day)?.origin {
        Origin::File(index) => Some(index),
        Origin::Books => None,
    };
    from_file(&jump.day).or_else(|| from_file(&jump.before_day))
}

/// Returns the closes of a security by day, those of the file in place of the stored ones, and the
/// days that have both.
fn merge(
    security: SecurityId,
    days: &BTreeMap<Day, (usize, Price)>,
    known: &ExistingRecords,
    outcomes: &[Result<RowOutcome, Vec<RowError>>],
) -> (BTreeMap<Day, Point>, Vec<Overlap>) {
    let mut points: BTreeMap<Day, Point> = BTreeMap::new();
    for (&day, &close) in known.closes(security).into_iter().flatten() {
        let origin = Origin::Books;
        points.insert(day, Point { day, close, origin });
    }
    let mut overlap = Vec::new();
    for (&day, &(index, close)) in days {
        // The stored close of this day is among the points already.
        let is_same = matches!(&outcomes[index], Ok(RowOutcome::First(raw)) if raw.is_known(known));
        if let Some(stored) = points.get(&day) {
            overlap.push(Overlap {
                day,
                stored: stored.close,
                file: close,
                is_same,
            });
        }
        if !is_same {
            let origin = Origin::File(index);
            points.insert(day, Point { day, close, origin });
        }
    }
    (points, overlap)
}

/// Returns the row, the close and the reason if the closes of a security contradict the stored ones,
/// or move by the factor of a split.
fn find_restated(
    security: SecurityId,
    days: &BTreeMap<Day, (usize, Price)>,
    points: &BTreeMap<Day, Point>,
    overlap: &[Overlap],
    known: &ExistingRecords,
) -> Option<(usize, Price, RowErrorKind)> {
    let security = known.security_with_id(security)?;
    if let Some(restatement) = find_restatement(security, overlap, points) {
        let (index, close) = days.get(&restatement.days.0)?;
        return Some((*index, *close, restatement.into()));
    }
    let units = |after, upto| known.units_between(security.id, after, upto);
    if final_zeros(points.values()).is_some() {
        // A security that ends at zero halves on the way without a split.
        return None;
    }
    let jump = split_like_moves(security, points, units).find_map(|found| match found {
        SplitLikeMove::Refused(jump) => Some(jump),
        SplitLikeMove::Warned(_) => None,
    })?;
    let index = row_of(&jump, points)?;
    Some((index, jump.close, jump.into()))
}

/// Returns the last row, its close and the reason if a split is known after the last close of a file
/// whose closes nothing compares with stored ones: it may have been saved before the split.
fn find_later_split(
    security: SecurityId,
    days: &BTreeMap<Day, (usize, Price)>,
    points: &BTreeMap<Day, Point>,
    known: &ExistingRecords,
    today: Day,
) -> Option<(usize, Price, RowErrorKind)> {
    let (last, (index, close)) = days.last_key_value()?;
    let mut splits = known.splits_of(security);
    let split = splits.find(|split| *last < split.day && split.day <= today)?;
    if has_stored_neighbour(points) {
        return None;
    }
    let reason = RowErrorKind::SplitAfterFile {
        symbol: known.symbol_of(security),
        last: *last,
        split: split.day,
        ratio: SplitRatio {
            new: split.new,
            old: split.old,
        },
    };
    Some((*index, *close, reason))
}

#[cfg(test)]
mod tests;
