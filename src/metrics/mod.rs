//! How good predictions are: the conventions of scikit-learn, over plain class numbers.
//!
//! Start with [`ConfusionMatrix`], which counts; [`ClassificationReport`] derives precision, recall and F1 from the
//! counts; [`Evaluation`] is what a model's run over a data set gives; [`ComparisonTable`] sets several runs side by side.

mod classification_report;
mod comparison_table;
mod confusion_matrix;
mod evaluation;
mod html;

pub use classification_report::{ClassificationReport, Scores, ZeroDivision};
pub use comparison_table::{Column, ColumnKind, ComparisonTable};
pub use confusion_matrix::{ConfusionMatrix, accuracy};
pub use evaluation::Evaluation;
