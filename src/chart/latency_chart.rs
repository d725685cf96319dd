//! Latency by batch size.

use super::canvas::Area;
use super::line_chart::range;
use super::output::{Picture, chart_methods};
use super::panel::{Axis, Line, NO_DATA, Panel};
use super::style::series_color;
use super::ticks::{self, Unit};
use crate::{Error, Result};

/// The median and the 95th and 99th percentile of the time of a call, by batch size. Where the lines part, some calls take
/// much longer than most.
///
/// Batch sizes have a logarithmic axis. A time that is not finite leaves a gap.
///
/// ```
/// use tunebook::chart::LatencyChart;
///
/// let chart = LatencyChart::new("Latency on a laptop").batch(1, 9.0, 11.0, 14.0)?.batch(8, 40.0, 44.0, 58.0)?;
/// assert!(chart.to_svg()?.contains("batch size"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyChart {
    title: String,
    /// Batch sizes, rising, with the times of the three percentiles in milliseconds.
    batches: Vec<(usize, [f64; 3])>,
    size: Option<(u32, u32)>,
}

chart_methods!(LatencyChart, "LatencyChart::new(\"Latency\").batch(1, 9.0, 11.0, 14.0).unwrap()");

const PERCENTILES: [&str; 3] = ["p50", "p95", "p99"];

impl LatencyChart {
    /// A chart without batch sizes.
    ///
    /// See [`LatencyChart`] for an example.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), batches: Vec::new(), size: None }
    }

    /// Adds a batch size with its percentiles in milliseconds: a row of a `LatencyReport`.
    ///
    /// An error when the batch size is 0 or a time is below zero.
    ///
    /// See [`LatencyChart`] for an example.
    pub fn batch(mut self, batch_size: usize, p50_ms: f64, p95_ms: f64, p99_ms: f64) -> Result<Self> {
        if batch_size == 0 {
            let problem = "0 has no place on a logarithmic axis";
            return Err(Error::input("batch size", problem, "pass sizes from 1"));
        }
        let times = [p50_ms, p95_ms, p99_ms];
        if let Some(time) = times.iter().find(|time| **time < 0.0) {
            let place = format!("batch size {batch_size}");
            return Err(Error::input(place, format!("{time} ms is below zero"), "pass milliseconds"));
        }
        self.batches.push((batch_size, times));
        self.batches.sort_by_key(|(batch_size, _)| *batch_size);
        Ok(self)
    }
}

impl Picture for LatencyChart {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 380))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        if self.batches.is_empty() {
            return format!("Milliseconds for each call, by batch size: {NO_DATA}.");
        }
        let batch = |(batch_size, times): &(usize, [f64; 3])| {
            let [p50, p95, p99] = times.map(|time| Unit::Plain.format_value(time));
            format!("{batch_size}: {p50}, {p95}, {p99}")
        };
        let batches: Vec<String> = self.batches.iter().map(batch).collect();
        format!("Milliseconds for each call (p50, p95, p99) by batch size. {}.", batches.join("; "))
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let place = |batch_size: usize| (batch_size as f64).log10();
        let (min, max) = range(self.batches.iter().map(|(batch_size, _)| place(*batch_size)));
        let (_, highest) = range(self.batches.iter().flat_map(|(_, times)| times.iter().copied()).chain([0.0]));
        let top = ticks::ceiling(highest);
        let line = |(index, name): (usize, &&str)| Line {
            name: Some((*name).into()),
            points: self.batches.iter().map(|(batch_size, times)| (place(*batch_size), times[index])).collect(),
            color: series_color(index),
            width: 2,
            mark: Some(index),
            mark_every: 1,
        };
        let sizes = self.batches.iter().map(|(batch_size, _)| (place(*batch_size), batch_size.to_string()));
        let lines = PERCENTILES.iter().enumerate().map(line).filter(|line| !line.points.is_empty()).collect();
        Panel {
            title: self.title.clone(),
            x: Axis { label: "batch size".into(), min, max, ticks: sizes.collect() },
            y: Axis {
                label: "milliseconds for each call".into(),
                min: 0.0,
                max: top,
                ticks: ticks::linear(0.0, top, 5, Unit::Plain),
            },
            lines,
            markers: Vec::new(),
        }
        .draw(area)
    }
}
