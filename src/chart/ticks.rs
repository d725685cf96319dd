//! Round numbers for axes, and how they are written.

use crate::words::short_number;

/// A place on an axis and its label.
pub(super) type Tick = (f64, String);

/// About `count` round numbers within `min..=max`, each written with the digits that their step needs.
pub(super) fn linear(min: f64, max: f64, count: usize, unit: Unit) -> Vec<Tick> {
    let step = round_step((max - min) / count.max(1) as f64);
    if !step.is_finite() || step <= 0.0 {
        return vec![(min, unit.format(min, 1.0))];
    }
    let first = (min / step - 1e-9).ceil() as i64;
    let last = (max / step + 1e-9).floor() as i64;
    (first..=last).map(|place| place as f64 * step).map(|value| (value, unit.format(value, step))).collect()
}

/// At most `count` whole numbers from 0 (or `min`) to `max`.
pub(super) fn whole(min: f64, max: f64, count: usize) -> Vec<Tick> {
    let step = round_step((max - min) / count.max(1) as f64).max(1.0).ceil();
    let first = (min / step).ceil() as i64;
    let last = (max / step + 1e-9).floor() as i64;
    (first..=last).map(|place| place as f64 * step).map(|value| (value, format!("{value:.0}"))).collect()
}

/// Powers of ten within `min..=max`, both given as decimal logarithms; few decades get 2 and 5 times each power too.
pub(super) fn logarithmic(min: f64, max: f64, count: usize) -> Vec<Tick> {
    let steps: &[f64] = if max - min < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let skip = ((max - min) / count.max(1) as f64).ceil().max(1.0) as i32;
    let mut ticks = Vec::new();
    for power in min.floor() as i32..=max.ceil() as i32 {
        for step in steps {
            let place = f64::from(power) + step.log10();
            if place >= min - 1e-9 && place <= max + 1e-9 && power % skip == 0 {
                ticks.push((place, scientific(*step, power)));
            }
        }
    }
    ticks
}

/// The smallest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 times a power of ten that is not below `value`.
/// An axis that ends there moves rarely while its data grows.
pub(super) fn ceiling(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let power = 10f64.powi(value.log10().floor() as i32);
    let scaled = value / power;
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].into_iter().find(|step| scaled <= step + 1e-9).unwrap_or(10.0)
        * power
}

/// What numbers on an axis or a bar mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Unit {
    /// As they are.
    #[default]
    Plain,
    /// Shares from 0 to 1, written in per cent.
    Percent,
}

impl Unit {
    /// `value` with the decimals that a step of `step` needs.
    pub(super) fn format(self, value: f64, step: f64) -> String {
        let (value, step, sign) = match self {
            Self::Plain => (value, step, ""),
            Self::Percent => (100.0 * value, 100.0 * step, " %"),
        };
        // 2.5 and 0.25 need one decimal more than their power of ten says.
        let decimals = (0..9).find(|decimals| {
            let scaled = step * 10f64.powi(*decimals);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-3)
        });
        let text = match decimals {
            _ if value != 0.0 && (value.abs() >= 1e7 || value.abs() < 1e-6) => format!("{value:.1e}"),
            Some(decimals) => format!("{value:.*}", decimals as usize),
            None => format!("{value:.3}"),
        };
        let text = if text.trim_start_matches(['-', '0', '.']).is_empty() { text.replace('-', "") } else { text };
        format!("{}{sign}", text.replace('-', "\u{2212}"))
    }

    /// `value` as it stands beside a bar: three digits that count.
    pub(super) fn format_value(self, value: f64) -> String {
        match self {
            _ if !value.is_finite() => "not a number".to_string(),
            Self::Percent => format!("{:.1} %", 100.0 * value).replace('-', "\u{2212}"),
            Self::Plain if value == 0.0 => "0".to_string(),
            Self::Plain => {
                let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 6);
                Self::Plain.format(value, 10f64.powi(-digits))
            }
        }
    }
}

/// A learning rate as people write it: `0.01`, `2e−5`, `1.5e−4`.
pub(super) fn learning_rate(value: f64) -> String {
    short_number(value).replace('-', "\u{2212}")
}

/// [`linear`] with labels for learning rates.
pub(super) fn learning_rates(min: f64, max: f64, count: usize) -> Vec<Tick> {
    linear(min, max, count, Unit::Plain).into_iter().map(|(value, _)| (value, learning_rate(value))).collect()
}

fn round_step(raw: f64) -> f64 {
    let power = 10f64.powi(raw.log10().floor() as i32);
    let scaled = raw / power;
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|step| scaled <= step + 1e-9).unwrap_or(10.0) * power
}

/// `0.001` down to three decimals, `2e−5` below.
fn scientific(step: f64, power: i32) -> String {
    if (-3..=4).contains(&power) {
        let value = step * 10f64.powi(power);
        format!("{value:.*}", usize::try_from(-power).unwrap_or(0))
    } else {
        format!("{step:.0}e{power}").replace('-', "\u{2212}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(&linear(0.0, 1.0, 5, Unit::Percent)), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        assert_eq!(labels(&linear(0.0, 2.5, 5, Unit::Plain)), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!(labels(&linear(-1.0, 1.0, 4, Unit::Plain)), ["\u{2212}1.0", "\u{2212}0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&linear(0.0, 10.0, 4, Unit::Plain)), ["0.0", "2.5", "5.0", "7.5", "10.0"]);
    }

    #[test]
    fn no_range_is_one_tick() {
        assert_eq!(linear(3.0, 3.0, 5, Unit::Plain).len(), 1);
    }

    #[test]
    fn epochs_are_whole() {
        assert_eq!(labels(&whole(0.0, 3.0, 10)), ["0", "1", "2", "3"]);
        assert_eq!(labels(&whole(0.0, 1.0, 10)), ["0", "1"]);
        assert_eq!(labels(&whole(0.0, 25.0, 10)), ["0", "3", "6", "9", "12", "15", "18", "21", "24"]);
        assert_eq!(labels(&whole(0.0, 100.0, 10)).len(), 11);
    }

    #[test]
    fn ceilings_are_round_and_not_below() {
        for (value, expected) in [(0.0, 1.0), (0.31, 0.4), (1.0, 1.0), (2.08, 2.5), (7.0, 8.0), (95.0, 100.0)] {
            assert!((ceiling(value) - expected).abs() < 1e-9, "{value}: {}", ceiling(value));
        }
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        assert_eq!(labels(&logarithmic(-5.0, -2.0, 8)), ["1e\u{2212}5", "1e\u{2212}4", "0.001", "0.01"]);
        assert_eq!(labels(&logarithmic(-4.0, -3.0, 8)), ["1e\u{2212}4", "2e\u{2212}4", "5e\u{2212}4", "0.001"]);
        assert!(logarithmic(-20.0, 20.0, 8).len() <= 9);
    }

    #[test]
    fn learning_rates_are_short() {
        assert_eq!(
            [0.0, 0.1, 0.0012, 0.000_15, 2e-5].map(learning_rate),
            ["0", "0.1", "0.0012", "1.5e\u{2212}4", "2e\u{2212}5"]
        );
        assert_eq!(learning_rates(0.0, 2e-5, 2).last().map(|tick| tick.1.as_str()), Some("2e\u{2212}5"));
    }

    #[test]
    fn values_keep_three_digits() {
        assert_eq!(
            [0.0, 12.345, 0.001_234, 1234.5].map(|value| Unit::Plain.format_value(value)),
            ["0", "12.3", "0.00123", "1234"]
        );
        assert_eq!(Unit::Percent.format_value(0.9312), "93.1 %");
    }
}
