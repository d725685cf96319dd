//! How many texts are longer than a model reads.

use std::fmt;

use super::TextEncoder;
use crate::Result;
use crate::words::{grouped, part_of};

/// Texts that are longer than the limit of a model: what is behind it is cut, and the model never sees it.
///
/// ```
/// use tunebook::model::{Pretrained, TextEncoder};
/// let encoder = TextEncoder::from_pretrained(Pretrained::embedded().max_length(6))?;
/// let cut = encoder.texts_cut(&["The disk is full.", "Hello"])?; // [CLS], five tokens, [SEP]
/// assert_eq!((cut.cut, cut.texts, cut.longest), (1, 2, 7));
/// assert_eq!(cut.mend("max_length"), "raise max_length to 7");
/// println!("{cut}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutTexts {
    /// How many texts are cut.
    pub cut: usize,
    /// How many texts there are.
    pub texts: usize,
    /// Tokens of the longest text before it is cut, special tokens included.
    pub longest: usize,
    /// The limit in tokens, special tokens included.
    pub max_length: usize,
    /// The largest limit that the model allows.
    pub positions: usize,
}

impl CutTexts {
    /// The share of the texts that are cut, 0 to 1.
    pub fn share(&self) -> f64 {
        self.cut as f64 / self.texts.max(1) as f64
    }

    /// What keeps the texts whole; `setting` is the name of the limit, such as `max_length`.
    pub fn mend(&self, setting: &str) -> String {
        let Self { longest, max_length, positions, .. } = *self;
        if longest <= positions {
            format!("raise {setting} to {longest}")
        } else if max_length < positions {
            format!("raise {setting} up to {positions}, all that the model can read, or split the texts")
        } else {
            "split the texts, or use a model that reads longer ones".to_owned()
        }
    }
}

/// `12 of 320 texts (3.8 %) are cut at 128 tokens, the longest has 301`
impl fmt::Display for CutTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = part_of(self.cut, self.texts).replacen(" (", " texts (", 1);
        let (limit, longest) = (grouped(self.max_length), grouped(self.longest));
        write!(f, "{part} are cut at {limit} tokens, the longest has {longest}")
    }
}

impl TextEncoder {
    /// How many of the texts are longer than this encoder reads, and how long the longest is.
    pub fn texts_cut(&self, texts: &[&str]) -> Result<CutTexts> {
        self.texts_cut_of(texts, &self.tokenizer.encode(texts)?)
    }

    /// The same from the texts' token ids: only texts that reach the limit can be longer, and only those are read again.
    pub(crate) fn texts_cut_of(&self, texts: &[&str], sequences: &[Vec<u32>]) -> Result<CutTexts> {
        let max_length = self.tokenizer.max_length();
        let at_limit = texts.iter().zip(sequences).filter(|(_, sequence)| sequence.len() >= max_length);
        let lengths = self.tokenizer.lengths(&at_limit.map(|(text, _)| *text).collect::<Vec<_>>())?;
        let longest = sequences.iter().map(Vec::len).chain(lengths.iter().copied()).max().unwrap_or(0);
        Ok(CutTexts {
            cut: lengths.iter().filter(|length| **length > max_length).count(),
            texts: texts.len(),
            longest,
            max_length,
            positions: self.bert.config().max_position_embeddings,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Pretrained, TextEncoder};

    #[test]
    fn a_text_that_just_fits_is_not_cut() {
        let encoder = |limit| TextEncoder::from_pretrained(Pretrained::embedded().max_length(limit)).unwrap();
        let texts = ["The disk is full.", "full", "The disk is full. The disk is full."];
        let whole = encoder(20).texts_cut(&texts).unwrap();
        assert_eq!((whole.cut, whole.longest, whole.share()), (0, 12, 0.0));
        let cut = encoder(7).texts_cut(&texts).unwrap();
        assert_eq!((cut.cut, cut.texts, cut.longest, cut.max_length), (1, 3, 12, 7));
        assert_eq!(cut.to_string(), "1 of 3 texts (33 %) are cut at 7 tokens, the longest has 12");
        assert_eq!(encoder(6).texts_cut(&texts).unwrap().cut, 2);
        let long = "disk ".repeat(2000);
        let cut = encoder(7).texts_cut(&[&long]).unwrap();
        assert_eq!(cut.longest, 2002);
        assert!(cut.mend("max_length").contains(&format!("up to {}", cut.positions)));
        let cut = encoder(cut.positions).texts_cut(&[&long]).unwrap();
        assert!(cut.mend("max_length").starts_with("split the texts"));
    }
}
