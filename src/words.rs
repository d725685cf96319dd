//! Numbers as people write them.

use std::fmt::Write as _;

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1,032 of 3,118,984 (under 0.1 %)`
pub(crate) fn part_of(part: usize, whole: usize) -> String {
    let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
    let share = match share {
        share if share > 0.0 && share < 0.1 => "under 0.1".to_string(),
        share if share < 10.0 && share.fract() != 0.0 => format!("{share:.1}"),
        share => format!("{share:.0}"),
    };
    format!("{} of {} ({share} %)", grouped(part), grouped(whole))
}

/// A text on one line, cut after `most` characters with "…" in the place of what is left out.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// Bytes as two digits each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn an_excerpt_is_one_line_and_says_that_it_is_cut() {
        assert_eq!(excerpt(" one\n two ", 7), "one two");
        assert_eq!(excerpt("über alles", 5), "über…");
    }

    #[test]
    fn a_small_share_is_not_nothing() {
        assert_eq!(part_of(1_032, 3_118_984), "1,032 of 3,118,984 (under 0.1 %)");
        assert_eq!(part_of(1, 40), "1 of 40 (2.5 %)");
        assert_eq!([part_of(7, 7), part_of(0, 7), part_of(0, 0)], ["7 of 7 (100 %)", "0 of 7 (0 %)", "0 of 0 (0 %)"]);
    }
}
