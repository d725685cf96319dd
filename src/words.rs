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

/// A number in few characters, three digits of it from 0.001 to a million, else two: `16`, `0.00123`, `3.2e-5`, `1e-4`.
pub(crate) fn short_number(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e6).contains(&value.abs()) {
        return format!("{value:.1e}").replace(".0e", "e");
    }
    let decimals = if value == 0.0 { 0 } else { (2 - value.abs().log10().floor() as i32).clamp(0, 6) };
    let text = format!("{value:.*}", decimals as usize);
    let digits = text.trim_end_matches(|c| text.contains('.') && c == '0');
    digits.trim_end_matches('.').to_owned()
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

/// More names than this are not all said.
const MOST_NAMES: usize = 20;

/// Names with commas between them; of very many the first.
pub(crate) fn listed(names: &[String]) -> String {
    let said = names.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => said,
        more => format!("{said} and {} more", grouped(more)),
    }
}

/// The name that was probably meant: the same but for upper and lower case, or a third of its letters at most.
pub(crate) fn nearest<'a>(wanted: &str, names: &'a [String]) -> Option<&'a str> {
    let lower = wanted.to_lowercase();
    let most = wanted.chars().count() / 3;
    let distance = |name: &'a String| (edits(&lower, &name.to_lowercase()), name.as_str());
    let best = names.iter().map(distance).min_by_key(|(edits, _)| *edits);
    best.filter(|(edits, _)| *edits <= most).map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed to make one word the other (Levenshtein's distance).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Whether a name has the form of a pattern, in which `*` stands for any characters, none included, and `?` for one.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // The last star, and where what follows it was last tried.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                // The star takes one character more.
                Some((place, tried)) => {
                    *tried += 1;
                    (p, n) = (*place + 1, *tried);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
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
    fn numbers_are_short_and_keep_what_counts() {
        assert_eq!(
            [0.0, 16.0, 4096.0, 12_345.0, 0.25, -1.5, 0.001_234, 2e-5, 1.5e-4, 3e6, 999.9].map(short_number),
            ["0", "16", "4096", "12345", "0.25", "-1.5", "0.00123", "2e-5", "1.5e-4", "3e6", "1000"]
        );
        assert_eq!([f64::NAN, f64::INFINITY].map(short_number), ["NaN", "inf"]);
    }

    #[test]
    fn an_excerpt_is_one_line_and_says_that_it_is_cut() {
        assert_eq!(excerpt(" one\n two ", 7), "one two");
        assert_eq!(excerpt("über alles", 5), "über…");
    }

    #[test]
    fn the_nearest_name_is_a_slip_away_and_not_any_name() {
        let names: Vec<String> = ["text", "Labels", "queue"].map(String::from).to_vec();
        assert_eq!(nearest("label", &names), Some("Labels"));
        assert_eq!(nearest("TEXT", &names), Some("text"));
        assert_eq!(nearest("qeueu", &names), None);
        assert_eq!(nearest("quee", &names), Some("queue"));
        assert_eq!(nearest("score", &names), None);
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn very_many_names_are_not_all_said() {
        let names: Vec<String> = (0..1023).map(|n| n.to_string()).collect();
        assert_eq!(listed(&names[..3]), "0, 1, 2");
        assert!(listed(&names).ends_with("18, 19 and 1,003 more"));
    }

    #[test]
    fn a_star_is_any_characters_and_a_question_mark_one() {
        for pattern in ["a.b.weight", "*", "a.*", "*.weight", "a*b*t", "a.?.weight", "**", "a.b.weight*", "*b.w*g*t"] {
            assert!(matches(pattern, "a.b.weight"), "{pattern}");
        }
        for pattern in ["", "a", "a.b", "*.bias", "a.??.weight", "b*", "*a", "?", "a.b.weights", "*weight?"] {
            assert!(!matches(pattern, "a.b.weight"), "{pattern}");
        }
        assert!(matches("", "") && matches("*", "") && !matches("?", "") && matches("ü?", "üß"));
    }

    #[test]
    fn a_small_share_is_not_nothing() {
        assert_eq!(part_of(1_032, 3_118_984), "1,032 of 3,118,984 (under 0.1 %)");
        assert_eq!(part_of(1, 40), "1 of 40 (2.5 %)");
        assert_eq!([part_of(7, 7), part_of(0, 7), part_of(0, 0)], ["7 of 7 (100 %)", "0 of 7 (0 %)", "0 of 0 (0 %)"]);
    }
}
