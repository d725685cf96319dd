//! From hours to the columns of a table.

use super::calendar::Hour;
use super::hour::Seen;
use super::service::Service;
use crate::data::TableColumn;

/// Names and cells, in the order of the table; every row gives each of them one cell.
#[derive(Default)]
pub(super) struct Rows {
    words: Vec<(&'static str, Vec<Option<String>>)>,
    numbers: Vec<(&'static str, Vec<Option<f64>>)>,
    answers: Vec<(&'static str, Vec<Option<String>>)>,
}

impl Rows {
    pub(super) fn push(&mut self, hour: &Hour, service: &Service, seen: &Seen) {
        let words = [
            ("time", hour.iso()),
            ("weekday", hour.weekday().to_owned()),
            ("service", service.name.clone()),
            ("kind", service.kind.name().to_owned()),
            ("region", service.region.to_owned()),
        ];
        let numbers = [
            ("hour", Some(hour.of_day() as f64)),
            ("requests_per_second", Some(rounded(seen.requests, 2))),
            ("error_percent", Some(rounded(seen.errors, 3))),
            ("latency_p50_ms", seen.median.map(|value| rounded(value, 2))),
            ("latency_p99_ms", seen.slowest.map(|value| rounded(value, 1))),
            ("cpu", seen.cpu.map(|value| rounded(value, 3))),
            ("memory", seen.memory.map(|value| rounded(value, 3))),
            ("queue_depth", Some(rounded(seen.queue, 1))),
            ("restarts", Some(seen.restarts)),
            ("hours_since_deploy", seen.since_deployment.map(|hours| hours as f64)),
        ];
        let answers = [
            ("cause", seen.cause.unwrap_or("none").to_owned()),
            ("incident", if seen.cause.is_some() { "yes" } else { "no" }.to_owned()),
        ];
        add(&mut self.words, words.map(|(name, cell)| (name, Some(cell))));
        add(&mut self.numbers, numbers);
        add(&mut self.answers, answers.map(|(name, cell)| (name, Some(cell))));
    }

    pub(super) fn into_columns(self) -> Vec<TableColumn> {
        let words = |columns: Vec<(&'static str, _)>| {
            columns.into_iter().map(|(name, cells)| TableColumn::categorical(name, cells))
        };
        let numbers = self.numbers.into_iter().map(|(name, cells)| TableColumn::numeric(name, cells));
        words(self.words).chain(numbers).chain(words(self.answers)).collect()
    }
}

/// One cell to each column.
fn add<T, const N: usize>(columns: &mut Vec<(&'static str, Vec<T>)>, cells: [(&'static str, T); N]) {
    columns.resize_with(N, || ("", Vec::new()));
    for ((name, column), (cell_name, cell)) in columns.iter_mut().zip(cells) {
        *name = cell_name;
        column.push(cell);
    }
}

/// As a dashboard's export would write it. It also hides the last bits in which mathematics libraries differ.
fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}
