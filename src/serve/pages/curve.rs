//! Line charts as SVG: a line over an area, with grid lines.
//!
//! A chart has two layers: the curve, which is stretched to the available space, and the labels,
//! which keep their size.

use crate::domain::Day;

/// The width and height of the drawing area, in SVG units.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 100.0;
/// The approximate number of horizontal grid lines.
const GRID_LINES: f64 = 4.0;
/// The rightmost position of a month label in percent, so that it is not cut off.
const LAST_LABEL_X: f64 = 90.0;
/// The largest number of month labels.
const MAX_MONTH_LABELS: usize = 6;

/// A line chart over sessions.
#[derive(Debug)]
pub(super) struct Curve {
    /// The line as SVG path commands; gaps in the values split it.
    pub(super) line: String,
    /// The area between the line and its base, as SVG path commands.
    pub(super) area: String,
    /// Grid lines: distance from the top in percent, and label.
    pub(super) levels: Vec<(f64, String)>,
    /// Month labels: distance from the left in percent, and label.
    pub(super) months: Vec<(f64, String)>,
}

/// The base of the area under or above the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AreaBase {
    /// The lowest grid line.
    Lowest,
    /// Zero, which is the highest grid line; for drawdowns.
    Zero,
}

impl Curve {
    /// Draws `points`, which must be sorted by day; a missing value is a gap. Returns `None` for
    /// fewer than two values.
    pub(super) fn new(
        points: &[(Day, Option<f64>)],
        base: AreaBase,
        label: impl Fn(f64) -> String,
    ) -> Option<Self> {
        let values = points.iter().filter_map(|(_, value)| *value);
        let (mut low, mut high) = values.clone().fold((f64::MAX, f64::MIN), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        if values.count() < 2 {
            return None;
        }
        if base == AreaBase::Zero {
            high = 0.0;
        }
        // A flat curve has no range to divide by; widen it by 1 %.
        if high - low <= f64::EPSILON * high.abs().max(1.0) {
            let margin = (high.abs() * 0.01).max(0.01);
            (low, high) = match base {
                AreaBase::Zero => (-margin, 0.0),
                AreaBase::Lowest => (low - margin, high + margin),
            };
        }
        let step = round_step((high - low) / GRID_LINES);
        let first = (low / step).floor();
        let last = match base {
            AreaBase::Zero => 0.0,
            AreaBase::Lowest => (high / step).ceil(),
        };
        let (low, high) = (first * step, last * step);
        let y = |value: f64| (high - value) / (high - low) * HEIGHT;
        let x = |index: usize| index as f64 / (points.len() - 1) as f64 * WIDTH;
        let count = (last - first).round() as usize;
        let levels = (0..=count).map(|n| {
            let value = (first + n as f64) * step;
            (y(value), label(value))
        });
        let (line, area) = paths(points, &x, &y, base);
        Some(Self {
            line,
            area,
            levels: levels.collect(),
            months: months(points, &x),
        })
    }
}

/// The paths of line and area, one segment for each interval without a gap.
fn paths(
    points: &[(Day, Option<f64>)],
    x: &impl Fn(usize) -> f64,
    y: &impl Fn(f64) -> f64,
    base: AreaBase,
) -> (String, String) {
    let base = match base {
        AreaBase::Lowest => HEIGHT,
        AreaBase::Zero => 0.0,
    };
    let (mut line, mut area) = (String::new(), String::new());
    let mut index = 0;
    while index < points.len() {
        let Some(length) = (points[index..]
            .iter()
            .position(|(_, value)| value.is_none()))
        .or(Some(points.len() - index))
        .filter(|length| *length > 0) else {
            index += 1;
            continue;
        };
        let segment = points[index..index + length].iter().enumerate();
        let segment = segment.filter_map(|(n, (_, value))| Some((x(index + n), y((*value)?))));
        let segment: Vec<_> = segment.map(|(x, y)| format!("{x:.1} {y:.2}")).collect();
        let segment = segment.join("L");
        let (start, end) = (x(index), x(index + length - 1));
        line += &format!("M{segment}");
        area += &format!("M{start:.1} {base}L{segment}L{end:.1} {base}Z");
        index += length;
    }
    (line, area)
}

/// The smallest round step that is at least `rough`: 1, 2 or 5 times a power of ten.
fn round_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].into_iter();
    let mut steps = steps.map(|step| step * power);
    steps.find(|step| *step >= rough).unwrap_or(10.0 * power)
}

/// Labels where a new month begins after the first point, at most [`MAX_MONTH_LABELS`] of them.
fn months(points: &[(Day, Option<f64>)], x: &impl Fn(usize) -> f64) -> Vec<(f64, String)> {
    let name = |day: Day| day.to_date().format("%b %Y").to_string();
    let mut starts = Vec::new();
    for (index, pair) in points.windows(2).enumerate() {
        let month = name(pair[1].0);
        if name(pair[0].0) != month {
            starts.push((x(index + 1) / WIDTH * 100.0, month));
        }
    }
    let every = starts.len().div_ceil(MAX_MONTH_LABELS).max(1);
    let named = starts.into_iter().step_by(every);
    named.filter(|(x, _)| *x <= LAST_LABEL_X).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[Option<f64>]) -> Vec<(Day, Option<f64>)> {
        let first: Day = "2025-12-30".parse().unwrap();
        let days = (0..).map(|n| first.saturating_add(n));
        days.zip(values.iter().copied()).collect()
    }

    #[test]
    fn a_curve_is_drawn_between_round_levels() {
        let values = points(&[Some(101.0), Some(118.0), Some(104.0)]);
        let curve = Curve::new(&values, AreaBase::Lowest, |value| format!("{value}")).unwrap();
        assert_eq!(curve.line, "M0.0 95.00L500.0 10.00L1000.0 80.00");
        assert!(curve.area.ends_with("L1000.0 100Z"), "{}", curve.area);
        let levels: Vec<_> = curve
            .levels
            .iter()
            .map(|(_, label)| label.as_str())
            .collect();
        assert_eq!(levels, ["100", "105", "110", "115", "120"]);
        assert_eq!(curve.levels[0].0, 100.0);
        assert_eq!(
            curve.months,
            [],
            "a label at the right end would be cut off"
        );
    }

    #[test]
    fn a_gap_splits_the_line_and_a_drawdown_area_starts_at_zero() {
        let values = points(&[Some(0.0), Some(-0.04), None, Some(-0.02), Some(-0.01)]);
        let curve = Curve::new(&values, AreaBase::Zero, |value| format!("{value:.2}")).unwrap();
        assert_eq!(curve.line.matches('M').count(), 2);
        assert!(curve.area.starts_with("M0.0 0L"), "{}", curve.area);
        assert_eq!(curve.levels.last().unwrap().0, 0.0);
    }

    #[test]
    fn a_flat_curve_is_drawn_and_a_single_value_is_not() {
        for base in [AreaBase::Lowest, AreaBase::Zero] {
            let value = if base == AreaBase::Zero { 0.0 } else { 1e9 };
            let flat = points(&[Some(value), Some(value)]);
            let curve = Curve::new(&flat, base, |value| format!("{value}")).unwrap();
            assert!(
                !curve.line.contains("NaN") && !curve.line.contains("inf"),
                "{}",
                curve.line
            );
        }
        assert!(Curve::new(&points(&[Some(1.0)]), AreaBase::Lowest, |_| String::new()).is_none());
    }
}
