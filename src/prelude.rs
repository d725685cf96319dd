//! Everything a lesson uses: `use tunebook::prelude::*;`.

pub use crate::chart::{BarChart, ConfusionHeatMap, LayerBlock, LayerDiagram, LearningCurves, LineChart};
pub use crate::data::{TextDataset, TextSplits};
pub use crate::metrics::{
    ClassificationReport, Column, ColumnKind, ComparisonTable, ConfusionMatrix, Evaluation, ZeroDivision,
};
pub use crate::notebook::{Display, LiveDisplay, Progress, record};
pub use crate::{Error, Result};
