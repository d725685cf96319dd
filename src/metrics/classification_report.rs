//! Precision, recall and F1 for each class, and their averages.

use std::fmt;

use super::ConfusionMatrix;
use super::html::{Cell, HtmlTable};
use crate::Result;
use crate::notebook::Display;

/// What a score counts as when it is 0 / 0: the precision of a class that was never predicted, the recall of a class that
/// never occurs.
///
/// ```
/// use tunebook::metrics::{ClassificationReport, ConfusionMatrix, ZeroDivision};
/// // The second class was never predicted: its precision is 0 / 0.
/// let matrix = ConfusionMatrix::new(&[0, 1], &[0, 0], &["a".to_owned(), "b".to_owned()])?;
/// let precision = |zero| ClassificationReport::from_matrix(&matrix, zero).classes()[1].precision;
/// assert_eq!((precision(ZeroDivision::Zero), precision(ZeroDivision::One)), (0.0, 1.0));
/// assert!(precision(ZeroDivision::Nan).is_nan());
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroDivision {
    /// It counts as 0 (what scikit-learn does unless told otherwise).
    #[default]
    Zero,
    /// It counts as 1.
    One,
    /// It is not a number, and averages leave it out.
    Nan,
}

impl ZeroDivision {
    fn value(self) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::One => 1.0,
            Self::Nan => f64::NAN,
        }
    }

    fn divide(self, numerator: u64, denominator: u64) -> f64 {
        if denominator == 0 { self.value() } else { numerator as f64 / denominator as f64 }
    }
}

/// Precision, recall and F1 of one class or of an average, each from 0 to 1.
///
/// ```
/// use tunebook::metrics::{ClassificationReport, ConfusionMatrix, ZeroDivision};
/// let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 1, 1], &["a".to_owned(), "b".to_owned()])?;
/// let report = ClassificationReport::from_matrix(&matrix, ZeroDivision::Zero);
/// let a = &report.classes()[0];
/// assert_eq!((a.name.as_str(), a.precision, a.recall, a.support), ("a", 1.0, 0.5, 2));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// The class, or the average's name.
    pub name: String,
    /// Of the items predicted as this class, the share that are of it: tp / (tp + fp).
    pub precision: f64,
    /// Of the items of this class, the share that were found: tp / (tp + fn).
    pub recall: f64,
    /// The harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn).
    pub f1: f64,
    /// How many items are of this class.
    pub support: u64,
}

/// Precision, recall, F1 and support of each class, with accuracy and averages: scikit-learn's `classification_report`.
///
/// ```
/// use tunebook::metrics::ClassificationReport;
///
/// let names = ["cat".to_string(), "dog".to_string()];
/// let report = ClassificationReport::new(&[0, 0, 1, 1], &[0, 1, 1, 1], &names)?;
/// assert_eq!(report.classes()[0].recall, 0.5);
/// assert_eq!(report.accuracy(), 0.75);
/// println!("{report}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClassificationReport {
    classes: Vec<Scores>,
    micro: Scores,
    accuracy: f64,
    /// Sentences about scores that are 0 / 0.
    undefined: Vec<String>,
    matrix: ConfusionMatrix,
}

impl ClassificationReport {
    /// A report over pairs of true and predicted class numbers; 0 / 0 counts as 0.
    ///
    /// Errors are those of [`ConfusionMatrix::new`].
    pub fn new(true_labels: &[usize], predicted: &[usize], label_names: &[String]) -> Result<Self> {
        let matrix = ConfusionMatrix::new(true_labels, predicted, label_names)?;
        Ok(Self::from_matrix(&matrix, ZeroDivision::Zero))
    }

    /// A report over counts that exist already.
    ///
    /// ```
    /// use tunebook::metrics::{ClassificationReport, ConfusionMatrix, ZeroDivision};
    ///
    /// let names = ["cat".to_string(), "dog".to_string()];
    /// let matrix = ConfusionMatrix::new(&[0, 1], &[0, 0], &names)?;
    /// let report = ClassificationReport::from_matrix(&matrix, ZeroDivision::Nan);
    /// assert!(report.classes()[1].precision.is_nan()); // no item was predicted as a dog
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn from_matrix(matrix: &ConfusionMatrix, zero_division: ZeroDivision) -> Self {
        let (names, counts) = (matrix.label_names(), matrix.counts());
        let mut undefined = Vec::new();
        let mut totals = (0, 0, 0);
        let classes = names
            .iter()
            .enumerate()
            .map(|(class, name)| {
                let hits = counts[class][class];
                let support: u64 = counts[class].iter().sum();
                let predicted: u64 = counts.iter().map(|row| row[class]).sum();
                totals = (totals.0 + hits, totals.1 + predicted, totals.2 + support);
                if predicted == 0 {
                    undefined.push(format!("No item was predicted as {name}: its precision is 0 / 0."));
                }
                if support == 0 {
                    undefined.push(format!("No item is of class {name}: its recall is 0 / 0."));
                }
                scores(name, zero_division, hits, predicted, support)
            })
            .collect();
        let micro = scores("micro avg", zero_division, totals.0, totals.1, totals.2);
        Self { classes, micro, accuracy: matrix.accuracy(), undefined, matrix: matrix.clone() }
    }

    /// The same report with another value for 0 / 0.
    ///
    /// ```
    /// use tunebook::metrics::{ClassificationReport, ZeroDivision};
    ///
    /// let names = ["cat".to_string(), "dog".to_string()];
    /// let report = ClassificationReport::new(&[0, 1], &[0, 0], &names)?.with_zero_division(ZeroDivision::One);
    /// assert_eq!(report.classes()[1].precision, 1.0);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn with_zero_division(&self, zero_division: ZeroDivision) -> Self {
        Self::from_matrix(&self.matrix, zero_division)
    }

    /// The scores of each class, in the order of the class names.
    ///
    /// See [`ClassificationReport`] for an example.
    pub fn classes(&self) -> &[Scores] {
        &self.classes
    }

    /// The share of items predicted as what they are.
    ///
    /// See [`ClassificationReport`] for an example.
    pub fn accuracy(&self) -> f64 {
        self.accuracy
    }

    /// The mean over classes, each class counting the same: small classes weigh as much as large ones.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let report = tunebook::metrics::ClassificationReport::new(&[0, 0, 1], &[0, 0, 0], &names)?;
    /// assert_eq!(report.macro_average().recall, 0.5);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn macro_average(&self) -> Scores {
        average(&self.classes, "macro avg", |_| 1.0)
    }

    /// The mean over classes, each counting by its support.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let report = tunebook::metrics::ClassificationReport::new(&[0, 0, 0, 1], &[0, 0, 0, 0], &names)?;
    /// assert_eq!(report.weighted_average().recall, 0.75);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn weighted_average(&self) -> Scores {
        average(&self.classes, "weighted avg", |class| class.support as f64)
    }

    /// Scores over the summed counts of all classes. With one label an item, all three equal the accuracy.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let report = tunebook::metrics::ClassificationReport::new(&[0, 0, 1], &[0, 1, 1], &names)?;
    /// assert_eq!(report.micro_average().f1, report.accuracy());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn micro_average(&self) -> Scores {
        self.micro.clone()
    }

    /// One sentence for each score that is 0 / 0 in this report.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let report = tunebook::metrics::ClassificationReport::new(&[0, 1], &[0, 0], &names)?;
    /// assert_eq!(report.undefined(), ["No item was predicted as dog: its precision is 0 / 0."]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn undefined(&self) -> &[String] {
        &self.undefined
    }

    /// The report as a rich value: an HTML table and scikit-learn's text.
    ///
    /// ```
    /// # let names = ["cat".to_string(), "dog".to_string()];
    /// let report = tunebook::metrics::ClassificationReport::new(&[0, 1], &[0, 1], &names)?;
    /// assert!(report.display().get("text/html").is_some());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn display(&self) -> Display {
        let mut table =
            HtmlTable::new("Classification report", &["class", "precision", "recall", "F1-score", "support"]);
        let cells = |scores: &Scores| {
            let mut cells = [scores.precision, scores.recall, scores.f1].map(|score| Cell::plain(two_digits(score)));
            if scores.name == "macro avg" {
                cells[2].strong = true;
            }
            cells.into_iter().chain([Cell::plain(scores.support.to_string())]).collect::<Vec<_>>()
        };
        for class in &self.classes {
            table.row(&class.name, &cells(class), false);
        }
        let accuracy = Cell { text: two_digits(self.accuracy), strong: true };
        let row = [Cell::plain(""), Cell::plain(""), accuracy, Cell::plain(self.micro.support.to_string())];
        table.row("accuracy", &row, true);
        for average in [self.macro_average(), self.weighted_average()] {
            table.row(&average.name, &cells(&average), false);
        }
        Display::html(table.finish(&self.undefined)).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    ///
    /// See [`display`](Self::display).
    pub fn evcxr_display(&self) {
        self.display().show();
    }
}

/// The weighted mean of the classes' scores; those that are not a number are left out.
pub(super) fn average(classes: &[Scores], name: &str, weight: impl Fn(&Scores) -> f64) -> Scores {
    let mean = |score: fn(&Scores) -> f64| {
        let defined: Vec<(f64, f64)> =
            classes.iter().map(|class| (score(class), weight(class))).filter(|(score, _)| !score.is_nan()).collect();
        let total: f64 = defined.iter().map(|(_, weight)| weight).sum();
        if total > 0.0 {
            defined.iter().map(|(score, weight)| score * weight).sum::<f64>() / total
        } else {
            // As in scikit-learn: when all remaining classes weigh nothing, each counts the same.
            defined.iter().map(|(score, _)| score).sum::<f64>() / defined.len() as f64
        }
    };
    Scores {
        name: name.to_string(),
        precision: mean(|class| class.precision),
        recall: mean(|class| class.recall),
        f1: mean(|class| class.f1),
        support: classes.iter().map(|class| class.support).sum(),
    }
}

/// The scores of one class from its counts.
pub(super) fn scores(name: &str, zero: ZeroDivision, hits: u64, predicted: u64, support: u64) -> Scores {
    Scores {
        name: name.to_string(),
        precision: zero.divide(hits, predicted),
        recall: zero.divide(hits, support),
        f1: zero.divide(2 * hits, predicted + support),
        support,
    }
}

fn two_digits(score: f64) -> String {
    if score.is_nan() { "nan".to_string() } else { format!("{score:.2}") }
}

fn text_row(scores: &Scores, width: usize) -> String {
    let [precision, recall, f1] = [scores.precision, scores.recall, scores.f1].map(two_digits);
    format!("{:>width$}  {precision:>9} {recall:>9} {f1:>9} {:>9}", scores.name, scores.support)
}

/// scikit-learn's text, without the newline at its end.
impl fmt::Display for ClassificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0);
        let width = longest.max("weighted avg".len());
        let empty = "";
        write!(f, "{empty:>width$}  {:>9} {:>9} {:>9} {:>9}\n\n", "precision", "recall", "f1-score", "support")?;
        for class in &self.classes {
            writeln!(f, "{}", text_row(class, width))?;
        }
        let accuracy = two_digits(self.accuracy);
        write!(f, "\n{:>width$}  {empty:>9} {empty:>9} {accuracy:>9} {:>9}\n", "accuracy", self.micro.support)?;
        writeln!(f, "{}", text_row(&self.macro_average(), width))?;
        f.write_str(&text_row(&self.weighted_average(), width))
    }
}

#[cfg(test)]
#[path = "classification_report_tests.rs"]
mod tests;
