//! Typos: how many keystrokes apart two words are.

/// Whether `typed` is plausibly a slip for `meant`: same first letter, and one edit for words of five to eight letters,
/// two for longer ones. Shorter words must be exact, because `loss` and `less` are both words.
pub(crate) fn is_typo_of(typed: &str, meant: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    let allowed = match a.len().min(b.len()) {
        0..5 => return false,
        5..9 => 1,
        _ => 2,
    };
    // A prefix such as un-, in- or de- turns a word into its opposite within two edits; the first letter tells.
    a[0] == b[0] && a.len().abs_diff(b.len()) <= allowed && a.len() <= 40 && edits(&a, &b) <= allowed
}

/// The same for stems, which are shorter: `memori(ze)` and `memor(y)` are one edit apart and two words.
pub(crate) fn is_typo_of_stem(typed: &str, meant: &str) -> bool {
    typed.chars().count().min(meant.chars().count()) >= 6 && is_typo_of(typed, meant)
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
fn edits(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut two_back = vec![0; width];
    let mut back: Vec<usize> = (0..width).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; width];
        for j in 1..width {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (back[j] + 1).min(row[j - 1] + 1).min(back[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(two_back[j - 2] + 1);
            }
        }
        two_back = std::mem::replace(&mut back, row);
    }
    back[b.len()]
}

#[cfg(test)]
mod tests {
    use super::is_typo_of;

    #[test]
    fn slips_are_typos() {
        for (typed, meant) in [
            ("validaton", "validation"),
            ("laerning", "learning"),
            ("pretrianed", "pretrained"),
            ("wieghts", "weights"),
        ] {
            assert!(is_typo_of(typed, meant), "{typed} for {meant}");
        }
    }

    #[test]
    fn other_words_are_not() {
        for (typed, meant) in [
            ("less", "loss"),
            ("increase", "decrease"),
            ("unfrozen", "frozen"),
            ("unstable", "stable"),
            ("slower", "lower"),
        ] {
            assert!(!is_typo_of(typed, meant), "{typed} for {meant}");
        }
    }
}
