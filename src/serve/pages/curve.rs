//! Curves as drawings of our own: a line over an area, with lines to read it by.
//!
//! A drawing has two layers: the curve, stretched to whatever room there is, and the labels,
//! which keep their size.

use crate::domain::Day;

/// How wide and high the inside of a drawing is, in units of its own.
const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 100.0;
/// About how many lines there are to read a curve by.
const GRID_LINES: f64 = 4.0;
/// How far right a month's name may begin, in percent, so that it has room.
const LAST_LABEL_X: f64 = 90.0;
/// How many months are named at most.
const MAX_MONTH_LABELS: usize = 6;

/// A curve over sessions.
#[derive(Debug)]
pub(super) struct Curve {
    /// The line, as the commands of an SVG path.
    pub(super) line: String,
    /// The area between the line and the foot.
    pub(super) area: String,
    /// Height in percent from above, and what stands there.
    pub(super) levels: Vec<(f64, String)>,
    /// Way in percent from the left, and what stands there.
    pub(super) months: Vec<(f64, String)>,
}

/// Where the area of a curve ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AreaBase {
    /// At the lowest level.
    Lowest,
    /// At zero, which is the highest level.
    Zero,
}

impl Curve {
    /// The curve of these values, which ascend by day; a missing value is a gap. Nothing where
    /// there are not two values to draw.
    pub(super) fn new(
        points: &[(Day, Option<f64>)],
        foot: AreaBase,
        label: impl Fn(f64) -> String,
    ) -> Option<Self> {
        let values = points.iter().filter_map(|(_, value)| *value);
        let (mut low, mut high) = values.clone().fold((f64::MAX, f64::MIN), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        if values.count() < 2 {
            return None;
        }
        if foot == AreaBase::Zero {
            high = 0.0;
        }
        if high - low <= f64::EPSILON * high.abs().max(1.0) {
            let room = (high.abs() * 0.01).max(0.01);
            (low, high) = match foot {
                AreaBase::Zero => (-room, 0.0),
                AreaBase::Lowest => (low - room, high + room),
            };
        }
        let step = round_step((high - low) / GRID_LINES);
        let first = (low / step).floor();
        let last = match foot {
            AreaBase::Zero => 0.0,
            AreaBase::Lowest => (high / step).ceil(),
        };
        let (low, high) = (first * step, last * step);
        let height = |value: f64| (high - value) / (high - low) * HEIGHT;
        let way = |at: usize| at as f64 / (points.len() - 1) as f64 * WIDTH;
        let count = (last - first).round() as usize;
        let levels = (0..=count).map(|n| {
            let value = (first + n as f64) * step;
            (height(value), label(value))
        });
        let (line, area) = paths(points, &way, &height, foot);
        Some(Self {
            line,
            area,
            levels: levels.collect(),
            months: months(points, &way),
        })
    }
}

/// The line and the area below or above it, one piece for each stretch without a gap.
fn paths(
    points: &[(Day, Option<f64>)],
    way: &impl Fn(usize) -> f64,
    height: &impl Fn(f64) -> f64,
    foot: AreaBase,
) -> (String, String) {
    let foot = match foot {
        AreaBase::Lowest => HEIGHT,
        AreaBase::Zero => 0.0,
    };
    let (mut line, mut area) = (String::new(), String::new());
    let mut at = 0;
    while at < points.len() {
        let Some(length) = (points[at..].iter().position(|(_, value)| value.is_none()))
            .or(Some(points.len() - at))
            .filter(|length| *length > 0)
        else {
            at += 1;
            continue;
        };
        let piece = points[at..at + length].iter().enumerate();
        let piece = piece.filter_map(|(n, (_, value))| Some((way(at + n), height((*value)?))));
        let piece: Vec<_> = piece.map(|(x, y)| format!("{x:.1} {y:.2}")).collect();
        let piece = piece.join("L");
        let (start, end) = (way(at), way(at + length - 1));
        line += &format!("M{piece}");
        area += &format!("M{start:.1} {foot}L{piece}L{end:.1} {foot}Z");
        at += length;
    }
    (line, area)
}

/// A round step that is at least `rough`: 1, 2 or 5 times a power of ten.
fn round_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].into_iter();
    let mut steps = steps.map(|step| step * power);
    steps.find(|step| *step >= rough).unwrap_or(10.0 * power)
}

/// The first session of each month, thinned out until all of them have room.
fn months(points: &[(Day, Option<f64>)], way: &impl Fn(usize) -> f64) -> Vec<(f64, String)> {
    let name = |day: Day| day.to_date().format("%b %Y").to_string();
    let mut starts = Vec::new();
    for (at, pair) in points.windows(2).enumerate() {
        let month = name(pair[1].0);
        if name(pair[0].0) != month {
            starts.push((way(at + 1) / WIDTH * 100.0, month));
        }
    }
    let every = starts.len().div_ceil(MAX_MONTH_LABELS).max(1);
    let named = starts.into_iter().step_by(every);
    named.filter(|(way, _)| *way <= LAST_LABEL_X).collect()
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
        assert_eq!(curve.months, [], "there is no room for a name at the end");
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
        for foot in [AreaBase::Lowest, AreaBase::Zero] {
            let value = if foot == AreaBase::Zero { 0.0 } else { 1e9 };
            let flat = points(&[Some(value), Some(value)]);
            let curve = Curve::new(&flat, foot, |value| format!("{value}")).unwrap();
            assert!(
                !curve.line.contains("NaN") && !curve.line.contains("inf"),
                "{}",
                curve.line
            );
        }
        assert!(Curve::new(&points(&[Some(1.0)]), AreaBase::Lowest, |_| String::new()).is_none());
    }
}
