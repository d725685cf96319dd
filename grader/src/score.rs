//! A score between 0 and 1, kept as whole thousandths so that it is the same bytes on every machine.

use std::fmt;

use serde::{Serialize, Serializer};

/// A score from 0 to 1 in whole thousandths.
///
/// It prints and serialises with at most three decimals.
///
/// ```
/// use tunebook_grader::Score;
///
/// let two_of_three = Score::ratio(2, 3);
/// assert_eq!(two_of_three.thousandths(), 667);
/// assert_eq!(two_of_three.to_string(), "0.667");
/// assert_eq!(serde_json::to_string(&two_of_three).unwrap(), "0.667");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Score(u16);

impl Score {
    /// No credit.
    pub const ZERO: Self = Self(0);
    /// Full credit.
    pub const FULL: Self = Self(1000);

    /// `part / whole`, rounded half up and kept within 0 and 1; 0 when `whole` is 0.
    ///
    /// ```
    /// use tunebook_grader::Score;
    /// assert_eq!(Score::ratio(1, 2).thousandths(), 500);
    /// assert_eq!(Score::ratio(3, 2), Score::FULL);
    /// assert_eq!(Score::ratio(1, 0), Score::ZERO);
    /// ```
    pub fn ratio(part: u32, whole: u32) -> Self {
        if whole == 0 {
            return Self::ZERO;
        }
        let rounded = (u64::from(part) * 2000 + u64::from(whole)) / (u64::from(whole) * 2);
        Self(rounded.min(1000) as u16)
    }

    /// The score in thousandths, 0 to 1000.
    ///
    /// ```
    /// assert_eq!(tunebook_grader::Score::FULL.thousandths(), 1000);
    /// ```
    pub fn thousandths(self) -> u16 {
        self.0
    }

    /// The score as a number from 0 to 1.
    ///
    /// ```
    /// assert!((tunebook_grader::Score::ratio(1, 4).as_f64() - 0.25).abs() < 1e-12);
    /// ```
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}
