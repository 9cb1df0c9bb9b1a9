//! Lays out the bars beside numbers, on one scale that includes zero.

/// A row of a bar chart. Positions and widths are in percent of the chart's width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) name: String,
    /// The formatted value, or a dash if it is missing.
    pub(super) value: String,
    /// The reason why the value is missing; empty if it is not.
    pub(super) reason: String,
    /// The position of zero.
    pub(super) zero: f64,
    /// The position of the left end.
    pub(super) start: f64,
    pub(super) width: f64,
    /// CSS class: `up`, or `down` for a negative value.
    pub(super) class: &'static str,
}

/// Lays out one bar for each name, value and reason why the value is missing. `show` formats a
/// value. A missing value gets a bar of width 0.
pub(super) fn bars(
    named: impl IntoIterator<Item = (String, Option<f64>, String)>,
    show: impl Fn(f64) -> String,
) -> Vec<Bar> {
    let named: Vec<_> = named.into_iter().collect();
    let values = named.iter().filter_map(|(_, value, _)| *value);
    let low = values.clone().fold(0.0, f64::min);
    let high = values.fold(0.0, f64::max);
    let range = if high > low { high - low } else { 1.0 };
    let zero = -low / range * 100.0;
    let bar = |(name, value, reason): (String, Option<f64>, String)| {
        let width = value.unwrap_or(0.0) / range * 100.0;
        Bar {
            name,
            value: value.map_or_else(|| crate::report::number::ABSENT.to_owned(), &show),
            reason,
            zero,
            start: if width < 0.0 { zero + width } else { zero },
            width: width.abs(),
            class: if width < 0.0 { "down" } else { "up" },
        }
    };
    named.into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_share_one_scale_around_zero() {
        let named = [("A", Some(0.75)), ("B", Some(-0.25)), ("C", None)];
        let named = named.map(|(name, value)| (name.to_owned(), value, String::new()));
        let bars = bars(named, |value| format!("{value}"));
        let place = |bar: &Bar| (bar.start, bar.width, bar.class);
        assert_eq!(place(&bars[0]), (25.0, 75.0, "up"));
        assert_eq!(place(&bars[1]), (0.0, 25.0, "down"));
        assert_eq!((bars[2].width, &*bars[2].value), (0.0, "–"));
    }
}
