//! Everything a lesson uses: `use tunebook::prelude::*;`.

pub use crate::chart::{
    BarChart, ClassBalanceChart, ConfusionHeatMap, ContactSheet, DistributionChart, DriftChart, EmbeddingMap,
    GradientNormChart, LatencyChart, LayerBlock, LayerDiagram, LearningCurves, LearningRateFinderChart,
    LengthHistogram, LineChart, PrecisionRecallChart, ReliabilityChart, RocCurveChart, ScheduleChart,
    StrategyComparison, SweepChart,
};
pub use crate::data::{
    Augmentation, CategoricalSteps, ChestPhantoms, Cleaner, CloudMetrics, DataSheet, FolderImages, HubDataset,
    ImageDataSheet, ImageDataset, ImageShape, ImageSplits, MultiLabelDataset, NumericSteps, OutlinePhantoms,
    Preprocessor, TableColumn, TableDataSheet, TableSchema, TabularDataset, TextAugmentation, TextDataset,
    TextRegressionDataset, TextSplits,
};
pub use crate::metrics::{
    Bootstrap, Calibration, ClassificationReport, Column, ColumnKind, ComparisonTable, ConfusionMatrix, Evaluation,
    KappaWeights, LatencyReport, LatencyRuns, ModelCost, MultiLabelReport, Pca, PrecisionRecallCurve,
    RegressionEvaluation, RocCurve, ZeroDivision,
};
pub use crate::model::{
    ImageClassifier, LearningRates, LoraConfig, ModelSummary, MultiLabelClassifier, Pass, Pooling, Prediction,
    Predictions, Pretrained, SavedModel, TabularClassifier, TabularRegressor, TextClassifier, TextEncoder,
    TextRegressor, TokenBatch, device,
};
pub use crate::notebook::{Display, LiveDisplay, Progress, record};
pub use crate::train::{
    Checkpoint, Checkpoints, ClassWeights, EarlyStopping, EpochRecord, GradientAudit, GradientNorms, History,
    LearningRateSearch, Method, Observer, Optimizer, Quiet, Schedule, SearchSpace, SetFit, Sweep, SweepResults,
    Trainable, Trainer, TrainingConfig, TrainingReport,
};
pub use crate::{Error, Result};
