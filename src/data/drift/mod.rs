//! Whether a second set of data is still like the first: what a model meets in use against what it was trained on.
//!
//! Read `two_sample.rs` first: the two-sample tests on plain values ([`kolmogorov_smirnov`], [`chi_squared`], and the population
//! stability index), with their distributions in `distribution.rs`. `classifier.rs` asks a classifier to tell two sets of
//! vectors apart. `report.rs` puts columns of both kinds into a [`DriftReport`] with a verdict for each, `text.rs`
//! does that for texts and `table.rs` for tables.

mod classifier;
mod distribution;
mod report;
mod table;
mod text;
mod two_sample;

pub use classifier::{ClassifierTest, ClassifierTestResult};
pub use report::{DriftColumn, DriftConfig, DriftReport, DriftValues, DriftVerdict, FeatureDrift, FeatureKind};
pub use two_sample::{TestResult, chi_squared, kolmogorov_smirnov, stability_index, stability_index_of_counts};

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod report_tests;
