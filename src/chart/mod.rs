//! Charts as values: build one from plain numbers, then show it in a cell, turn it into SVG, or save it.
//!
//! Every chart has `to_svg`, `save` (`.svg` or `.png`), `display`, `evcxr_display` and `with_size`, made by one macro in
//! `output.rs`. All draw with plotters and an embedded font, on a light card of their own (readable on dark pages),
//! in Okabe and Ito's colours, which people with any form of colour blindness can tell apart.
//!
//! Reading order: `output.rs` (from a chart to a file), `canvas.rs` (the two backends as one), `text.rs` and `style.rs`,
//! `ticks.rs`, `panel.rs` (axes, lines and legend), `rows.rs` (an axis of names), then one file for each chart.

mod bar_chart;
mod canvas;
mod class_balance_chart;
mod contact_sheet;
mod drift_chart;
mod embedding_map;
mod gradient_norm_chart;
mod heat_map;
mod latency_chart;
mod layer_diagram;
mod learning_curves;
mod learning_rate_finder;
mod length_histogram;
mod line_chart;
mod output;
mod panel;
mod precision_recall_curve;
mod reliability_chart;
mod roc_curve;
mod rows;
mod schedule_chart;
mod strategy_comparison;
mod style;
mod sweep_chart;
mod text;
mod ticks;

pub use bar_chart::BarChart;
pub use class_balance_chart::ClassBalanceChart;
pub use contact_sheet::ContactSheet;
pub use drift_chart::{DistributionChart, DriftChart};
pub use embedding_map::EmbeddingMap;
pub use gradient_norm_chart::GradientNormChart;
pub use heat_map::ConfusionHeatMap;
pub use latency_chart::LatencyChart;
pub use layer_diagram::{LayerBlock, LayerDiagram};
pub use learning_curves::LearningCurves;
pub use learning_rate_finder::LearningRateFinderChart;
pub use length_histogram::LengthHistogram;
pub use line_chart::LineChart;
pub use precision_recall_curve::PrecisionRecallChart;
pub use reliability_chart::ReliabilityChart;
pub use roc_curve::RocCurveChart;
pub use schedule_chart::ScheduleChart;
pub use strategy_comparison::StrategyComparison;
pub use sweep_chart::SweepChart;

#[cfg(test)]
mod tests;
