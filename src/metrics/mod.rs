//! How good predictions are: the conventions of scikit-learn, over plain class numbers.
//!
//! Start with [`ConfusionMatrix`], which counts; [`ClassificationReport`] derives precision, recall and F1 from the
//! counts; [`Evaluation`] is what a model's run over a data set gives; [`ComparisonTable`] sets several runs side by side.
//! Then one file for each family: `agreement.rs` (chance-corrected scores), `ranking.rs` (curves and areas),
//! `probability.rs` (log loss, calibration), `regression.rs` and `correlation.rs` with [`RegressionEvaluation`],
//! `multi_label.rs`, `significance.rs` (intervals and tests); what a model costs: `cost.rs` (size, operations),
//! `latency.rs` (time); and where its vectors differ most: `pca.rs`.

mod agreement;
mod check;
mod classification_report;
mod comparison_table;
mod confusion_matrix;
mod correlation;
mod cost;
mod evaluation;
pub(crate) mod html;
mod latency;
mod multi_label;
mod pca;
mod probability;
mod ranking;
mod regression;
mod regression_evaluation;
mod significance;

pub use agreement::{KappaWeights, balanced_accuracy, cohen_kappa, matthews_correlation};
pub use classification_report::{ClassificationReport, Scores, ZeroDivision};
pub use comparison_table::{Column, ColumnKind, ComparisonTable};
pub use confusion_matrix::{ConfusionMatrix, accuracy};
pub use correlation::{pearson_correlation, spearman_correlation};
pub use cost::{ModelCost, transformer_flops};
pub use evaluation::Evaluation;
pub use latency::{Latency, LatencyReport, LatencyRuns};
pub use multi_label::{MultiLabelReport, best_f1_threshold};
pub use pca::Pca;
pub use probability::{Calibration, ReliabilityBin, brier_score, log_loss};
pub use ranking::{Average, PrecisionRecallCurve, RocCurve, roc_auc, roc_auc_one_vs_rest, top_k_accuracy};
pub use regression::{mean_absolute_error, r2_score, root_mean_squared_error};
pub use regression_evaluation::RegressionEvaluation;
pub use significance::{Bootstrap, ConfidenceInterval, McNemar, PairedBootstrap};
pub(crate) use significance::{chance_of_heads, quantile};

#[cfg(test)]
mod golden_tests;
