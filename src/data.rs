//! Data sets for fine-tuning: reading, checking, splitting.
//!
//! Read [`text`] first (what a text data set is and where it comes from), then [`read`] (files of one's own), then
//! [`split`] (fixed, stratified and few-shot subsets), [`folds`] (grouped, by time, k-fold; several labels and
//! numbers by `iterative.rs`), [`balance`] (rows of each label), [`duplicates`] and [`leakage`] (texts that stand
//! twice, within a set and across a split), [`outliers`] (values and lengths far from the rest), [`clean`] (one
//! form for texts, without what stands twice or is missing), [`probe`] and [`label_noise`] (labels that may be
//! wrong), [`bag_of_words`] (the baseline for any text task), [`drift`] (what has changed since), [`data_sheet`] (all
//! of that at a glance), [`text_augmentation`] (changed copies of training texts), [`embedded`] (what ships inside the
//! library), [`export`] (a file as a help desk exports it, and the key to its defects), [`HubDataset`] (a data set of
//! the Hugging Face Hub), [`rows`] (what all kinds of data sets have in common), [`image`] (images; [`ChestPhantoms`]
//! are made from a seed), [`table`] (tables) and [`CloudMetrics`] (a table with incidents, made from a seed).

pub mod bag_of_words;
pub mod balance;
pub mod clean;
mod cloud_metrics;
pub mod data_sheet;
pub mod drift;
pub mod duplicates;
pub mod embedded;
pub mod export;
pub mod folds;
#[cfg(test)]
mod golden;
mod hub;
pub mod image;
mod iterative;
pub mod label_noise;
mod lbfgs;
pub mod leakage;
pub mod outliers;
pub mod probe;
pub mod read;
pub mod rows;
pub mod split;
pub mod table;
pub mod text;
pub mod text_augmentation;
mod text_targets;

pub use bag_of_words::{BagOfWords, BagOfWordsConfig, TermWeight, TextBaseline};
pub use balance::ClassBalance;
pub use clean::{
    Cleaner, CleaningExample, CleaningReport, CleaningStep, Conflicts, MissingLabel, MissingText, RawRow, RowNote,
    StepReport, Whitespace,
};
pub use cloud_metrics::CloudMetrics;
pub use data_sheet::{DataProblem, DataSheet, TextLengths};
pub use drift::{
    ClassifierTest, DriftColumn, DriftConfig, DriftReport, DriftValues, DriftVerdict, FeatureDrift, FeatureKind,
};
pub use duplicates::{DuplicateGroup, NearDuplicate, NearDuplicateSearch, Shingle, comparable_text};
pub use export::{AnswerKey, DefectKind, EmbeddedExport, ExportRow, KeyReport, KeyRow, LookAlike, PlantedDefect};
pub use folds::Fold;
pub use hub::HubDataset;
pub use image::{
    Augmentation, ChestPhantoms, FolderImages, ImageDataSheet, ImageDataset, ImageNearDuplicateSearch, ImageShape,
    Normalization, OutlinePhantoms, Padding, PerceptualHash, PublicImages,
};
pub use label_noise::{LabelNoise, LabelNoiseSearch, LabelSuspect};
pub use leakage::{LeakageReport, LeakedRow};
pub use outliers::{OutlierRule, Outliers};
pub use probe::{LogisticProbe, ProbeConfig, cross_validated_probabilities};
pub use read::{Columns, TextFormat};
pub use rows::{LabelledRows, Rows};
pub use split::{ImageSplits, Splits, TextSplits};
pub(crate) use table::prepare::Exact;
pub use table::prepare::{
    CategoricalSteps, CategoryEncoder, CategoryImputer, ColumnIssues, FeatureMatrix, FittedPreprocessor,
    NumericImputer, NumericSteps, OutlierAction, PreparationReport, Preprocessor, Scaler, UnknownCategory,
};
pub use table::{
    ColumnSpread, ColumnSummary, ColumnValues, NumberSpread, TableColumn, TableDataSheet, TableSchema, TableTarget,
    TabularDataset, TabularSplits,
};
pub use text::{Part, TextDataset};
pub(crate) use text_augmentation::row_seed;
pub use text_augmentation::{AugmentationExamples, Synonyms, TextAugmentation};
pub(crate) use text_targets::mean_and_deviation;
pub use text_targets::{MultiLabelDataset, TextRegressionDataset};
