//! Slips of fingers on a keyboard.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::TextAugmentation;

/// The letters of an English keyboard, each row a little to the right of the one above.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Words of fewer letters get no typo: little would be left of them.
const SHORTEST: usize = 3;

/// The keys around a letter: beside it, and the two above and below that it stands between. None for other characters.
fn neighbours(letter: char) -> Vec<char> {
    let find = |row: &str| row.chars().position(|key| key == letter);
    let Some((row, at)) = ROWS.iter().enumerate().find_map(|(row, keys)| Some((row, find(keys)?))) else {
        return Vec::new();
    };
    let key = |row: Option<usize>, at: Option<usize>| ROWS.get(row?)?.chars().nth(at?);
    let (left, above, below) = (at.checked_sub(1), row.checked_sub(1), Some(row + 1));
    let around = [
        key(Some(row), left),
        key(Some(row), Some(at + 1)),
        key(above, Some(at)),
        key(above, Some(at + 1)),
        key(below, left),
        key(below, Some(at)),
    ];
    around.into_iter().flatten().collect()
}

/// Letters become their neighbours on the keyboard; capital ones stay capital.
#[allow(clippy::ptr_arg, reason = "all changes have one signature")]
pub(super) fn press_neighbours(with: &TextAugmentation, words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
    for word in words {
        let pressed = |letter: char| {
            if rng.random::<f32>() >= with.keyboard {
                return letter;
            }
            let key = neighbours(letter.to_ascii_lowercase()).choose(rng).copied();
            key.map_or(letter, |key| if letter.is_ascii_uppercase() { key.to_ascii_uppercase() } else { key })
        };
        *word = word.chars().map(pressed).collect();
    }
}

/// Words get one typo each.
#[allow(clippy::ptr_arg, reason = "all changes have one signature")]
pub(super) fn misspell(with: &TextAugmentation, words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
    for word in words {
        // The draws are the same for any word: a longer text does not change what happens to an earlier word.
        let (hit, kind, place) = (rng.random::<f32>() < with.typos, rng.random_range(0..3), rng.random::<f32>());
        let mut letters: Vec<char> = word.chars().collect();
        let pairs: Vec<usize> =
            (1..letters.len()).filter(|&at| letters[at - 1].is_alphabetic() && letters[at].is_alphabetic()).collect();
        if !hit || pairs.len() + 1 < SHORTEST {
            continue;
        }
        let at = pairs[(place * pairs.len() as f32) as usize % pairs.len()];
        match kind {
            0 => letters.swap(at - 1, at),
            1 => {
                letters.remove(at);
            }
            _ => letters.insert(at, letters[at]),
        }
        *word = letters.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::neighbours;

    #[test]
    fn neighbours_are_mutual_and_near() {
        assert_eq!(neighbours('s'), ['a', 'd', 'w', 'e', 'z', 'x']);
        assert_eq!(neighbours('q'), ['w', 'a']);
        assert!(neighbours('!').is_empty() && neighbours('\u{e9}').is_empty());
        for letter in 'a'..='z' {
            for other in neighbours(letter) {
                assert!(neighbours(other).contains(&letter), "{letter} {other}");
            }
        }
    }
}
