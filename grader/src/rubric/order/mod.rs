//! Whether words stand in an order that English uses.
//!
//! `table.txt` says for each pair of word classes how much more often the second follows the first than chance would
//! have it (ten times the natural logarithm). An answer's real neighbours are compared with all pairs that its own words could
//! form: written sentences do clearly better than that, shuffled ones don't. Since the words are the same on both sides,
//! their choice, typos and jargon don't matter, only their order.
//!
//! The table is made by `cargo run --release -p tunebook-grader --example word_order`.

mod class;

use class::{CLASSES, class};

use crate::text::Sentence;

const TABLE: &str = include_str!("table.txt");

/// Fewer words than this have too little order to judge.
const ENOUGH_WORDS: usize = 6;

/// Below this gain over chance (in hundredths of the table's unit) the order is no better than shuffling gives. About one
/// in a thousand real learner answers falls below.
const SHUFFLED: i64 = 60;
/// Below this the order is unusual: notes and telegram style do that, and half of what is shuffled.
const UNUSUAL: i64 = 350;
/// The same for answers below ten words, whose gain varies more.
const UNUSUAL_SHORT: i64 = 200;
/// A pair of neighbours this far below chance is odd (`to so`, `the would`). One is a slip; two in an answer, and an eighth of
/// all pairs, are found in one of two hundred real answers and in every second shuffled one.
const ODD: i64 = -20;

/// What the order of an answer's words looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As people write.
    Plain,
    /// It could be notes, it could be thrown together: credit needs words that stand close together.
    Unusual,
    /// No better than chance.
    Shuffled,
}

/// Judges the order of the words of an answer as it was written.
pub(crate) fn order(sentences: &[Sentence]) -> Order {
    let unusual = match sentences.iter().map(|s| s.tokens.len()).sum::<usize>() {
        ..ENOUGH_WORDS => return Order::Plain,
        ENOUGH_WORDS..10 => UNUSUAL_SHORT,
        _ => UNUSUAL,
    };
    let table = table();
    let classes = classes(sentences);
    let gain = gain(&classes, &table);
    let odd = classes.windows(2).filter(|w| table[w[0] * CLASSES + w[1]] <= ODD).count();
    if gain < SHUFFLED || odd >= 2 && odd * 8 >= classes.len() - 1 {
        Order::Shuffled
    } else if gain < unusual || odd > 0 {
        Order::Unusual
    } else {
        Order::Plain
    }
}

/// The table's cells, row by row; short of a cell only if the file is damaged, which a test would tell.
fn table() -> Vec<i64> {
    let mut cells: Vec<i64> = TABLE.split_ascii_whitespace().filter_map(|cell| cell.parse().ok()).collect();
    cells.resize(CLASSES * CLASSES, 0);
    cells
}

/// The classes of all words, with a break at each end of a sentence or clause.
fn classes(sentences: &[Sentence]) -> Vec<usize> {
    let mut all = vec![0];
    for sentence in sentences {
        for (i, token) in sentence.tokens.iter().enumerate() {
            if token.after_comma && i > 0 {
                all.push(0);
            }
            all.push(class(&token.word));
        }
        all.push(0);
    }
    all
}

/// The mean over neighbours less the mean over all pairs, in hundredths of the table's unit.
fn gain(classes: &[usize], table: &[i64]) -> i64 {
    let score = |a: usize, b: usize| table[a * CLASSES + b];
    let real: i64 = classes.windows(2).map(|w| score(w[0], w[1])).sum();
    let mut counts = [0_i64; CLASSES];
    for &c in classes {
        counts[c] += 1;
    }
    let mut chance = 0;
    for a in 0..CLASSES {
        for b in 0..CLASSES {
            chance += counts[a] * (counts[b] - i64::from(a == b)) * score(a, b);
        }
    }
    let n = classes.len() as i64;
    real * 100 / (n - 1) - chance * 100 / (n * (n - 1))
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, Order, TABLE, order};
    use crate::text::sentences;

    #[test]
    fn the_table_is_whole() {
        let cells: Vec<i64> = TABLE.split_ascii_whitespace().map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(cells.len(), CLASSES * CLASSES);
        assert!(cells.iter().all(|c| (-40..=30).contains(c)));
    }

    #[test]
    fn shuffled_sentences_stand_out() {
        let real = "Because a big step would overwrite the weights which were learned in pretraining.";
        assert_eq!(order(&sentences(real)), Order::Plain);
        let shuffled = "pretraining would the learned step were because weights a in overwrite which big the";
        assert_eq!(order(&sentences(shuffled)), Order::Shuffled);
    }
}
