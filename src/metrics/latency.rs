//! How long predictions take, by batch size.

use std::fmt;
use std::time::Instant;

use super::html::{Cell, HtmlTable};
use super::significance::quantile;
use crate::notebook::Display;
use crate::{Error, Result};

/// How to measure latency.
///
/// ```
/// let runs = tunebook::metrics::LatencyRuns::default();
/// assert_eq!((runs.warmup, runs.repeats), (3, 30));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencyRuns {
    /// Calls before the clock starts, for each batch size: caches fill and memory is reserved.
    pub warmup: usize,
    /// Calls that are timed, for each batch size. The 99th percentile means something from about 100 on.
    pub repeats: usize,
}

impl Default for LatencyRuns {
    fn default() -> Self {
        Self { warmup: 3, repeats: 30 }
    }
}

/// The latency of one batch size.
///
/// ```
/// use tunebook::metrics::{LatencyReport, LatencyRuns};
/// let report = LatencyReport::measure(&[4], LatencyRuns { warmup: 1, repeats: 20 }, |_| Ok(()))?;
/// let row = report.rows()[0];
/// assert!(row.batch_size == 4 && row.p50_ms <= row.p95_ms && row.p95_ms <= row.p99_ms);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// Samples in a call.
    pub batch_size: usize,
    /// Half of the calls take at most so many milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 calls take at most so many milliseconds.
    pub p95_ms: f64,
    /// 99 of 100 calls take at most so many milliseconds.
    pub p99_ms: f64,
    /// Samples in a second, over all timed calls.
    pub throughput: f64,
}

/// Latency and throughput by batch size.
///
/// ```
/// use tunebook::metrics::{LatencyReport, LatencyRuns};
///
/// let runs = LatencyRuns { warmup: 1, repeats: 5 };
/// let report = LatencyReport::measure(&[1, 8], runs, |batch_size| {
///     let batch: Vec<f64> = (0..batch_size * 1000).map(|value| (value as f64).sqrt()).collect();
///     std::hint::black_box(batch);
///     Ok(())
/// })?;
/// assert_eq!(report.rows()[1].batch_size, 8);
/// println!("{report}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyReport {
    rows: Vec<Latency>,
    runs: LatencyRuns,
    threads: usize,
}

impl LatencyReport {
    /// Calls `predict` with each batch size and takes the times. On an accelerator `predict` must wait for the result.
    ///
    /// An error when there are no batch sizes, one of them or the number of repeats is 0, and whatever error `predict`
    /// gives.
    ///
    /// See [`LatencyReport`] for an example.
    pub fn measure(
        batch_sizes: &[usize],
        runs: LatencyRuns,
        mut predict: impl FnMut(usize) -> Result<()>,
    ) -> Result<Self> {
        if batch_sizes.is_empty() || batch_sizes.contains(&0) {
            let problem = "there is no batch size, or one of 0";
            return Err(Error::input("batch sizes", problem, "pass sizes from 1, such as 1, 8 and 32"));
        }
        if runs.repeats == 0 {
            return Err(Error::input("repeats", "no call would be timed", "choose 30 or more"));
        }
        let mut rows = Vec::new();
        for &batch_size in batch_sizes {
            for _ in 0..runs.warmup {
                predict(batch_size)?;
            }
            let mut times = Vec::new();
            for _ in 0..runs.repeats {
                let start = Instant::now();
                predict(batch_size)?;
                times.push(1e3 * start.elapsed().as_secs_f64());
            }
            rows.push(Latency::of_times(batch_size, times));
        }
        Ok(Self { rows, runs, threads: rayon::current_num_threads() })
    }

    /// One row for each batch size, in the order they were asked for.
    ///
    /// See [`LatencyReport`] for an example.
    pub fn rows(&self) -> &[Latency] {
        &self.rows
    }

    /// The threads that rayon, and so matrix products on the CPU, had.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The report as a rich value: an HTML table and text.
    ///
    /// See [`LatencyReport`] for an example of the report.
    pub fn display(&self) -> Display {
        let headers = ["batch size", "p50 (ms)", "p95 (ms)", "p99 (ms)", "samples/s"];
        let mut table = HtmlTable::new("Latency", &headers);
        for row in &self.rows {
            table.row(&row.batch_size.to_string(), &row.cells().map(Cell::plain), false);
        }
        Display::html(table.finish(&[self.conditions()])).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    ///
    /// See [`display`](Self::display).
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn conditions(&self) -> String {
        let LatencyRuns { warmup, repeats } = self.runs;
        format!("Timed calls: {repeats} for each batch size, after {warmup} for warming up. Threads: {}.", self.threads)
    }
}

impl Latency {
    fn of_times(batch_size: usize, mut milliseconds: Vec<f64>) -> Self {
        milliseconds.sort_by(f64::total_cmp);
        let total: f64 = milliseconds.iter().sum();
        let [p50_ms, p95_ms, p99_ms] = [0.5, 0.95, 0.99].map(|q| quantile(&milliseconds, q));
        // A call can be shorter than the clock's step.
        let throughput = 1e3 * (batch_size * milliseconds.len()) as f64 / total.max(1e-6);
        Self { batch_size, p50_ms, p95_ms, p99_ms, throughput }
    }

    fn cells(&self) -> [String; 4] {
        let [p50, p95, p99] = [self.p50_ms, self.p95_ms, self.p99_ms].map(|time| format!("{time:.3}"));
        [p50, p95, p99, format!("{:.1}", self.throughput)]
    }
}

/// A text table, and the conditions below it.
impl fmt::Display for LatencyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "batch size  {:>10} {:>10} {:>10} {:>12}", "p50 (ms)", "p95 (ms)", "p99 (ms)", "samples/s")?;
        for row in &self.rows {
            let [p50, p95, p99, throughput] = row.cells();
            writeln!(f, "{:>10}  {p50:>10} {p95:>10} {p99:>10} {throughput:>12}", row.batch_size)?;
        }
        f.write_str(&self.conditions())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warmup_is_not_timed_and_every_size_is() {
        let mut calls = Vec::new();
        let runs = LatencyRuns { warmup: 2, repeats: 3 };
        let report = LatencyReport::measure(&[4, 1], runs, |batch_size| {
            calls.push(batch_size);
            Ok(())
        });
        assert_eq!(calls, [4, 4, 4, 4, 4, 1, 1, 1, 1, 1]);
        let report = report.unwrap();
        assert_eq!(report.rows().iter().map(|row| row.batch_size).collect::<Vec<_>>(), [4, 1]);
        assert!(report.threads() >= 1);
        assert!(report.to_string().contains("Timed calls: 3 for each batch size, after 2 for warming up."));
        assert!(report.display().get("text/html").unwrap().contains("samples/s"));
    }

    #[test]
    fn percentiles_and_throughput_come_from_the_times() {
        let row = Latency::of_times(8, (1..=100).rev().map(f64::from).collect());
        let expected =
            Latency { batch_size: 8, p50_ms: 50.5, p95_ms: 95.05, p99_ms: 99.01, throughput: 158.415_841_584 };
        let pairs = [
            (row.p50_ms, expected.p50_ms),
            (row.p95_ms, expected.p95_ms),
            (row.p99_ms, expected.p99_ms),
            (row.throughput, expected.throughput),
        ];
        assert!(pairs.iter().all(|(ours, theirs)| (ours - theirs).abs() < 1e-6), "{row:?}");
    }

    #[test]
    fn bad_calls_are_named_before_anything_runs() {
        let error = |sizes: &[usize], repeats| {
            let runs = LatencyRuns { warmup: 1, repeats };
            LatencyReport::measure(sizes, runs, |_| panic!("must not run")).unwrap_err().to_string()
        };
        assert!(error(&[], 1).contains("batch sizes") && error(&[1, 0], 1).contains("batch sizes"));
        assert!(error(&[1], 0).contains("repeats"));
        let failing = LatencyReport::measure(&[1], LatencyRuns::default(), |_| Err(Error::Training("no".into())));
        assert!(failing.unwrap_err().to_string().contains("no"));
    }
}
