//! Methods as rows, figures as columns, in Markdown or JSON.

use std::fmt;

use crate::options::Options;
use crate::spread::Spread;

/// One method: for each column the values of all seeds.
struct Row {
    method: String,
    figures: Vec<Vec<f64>>,
}

pub(crate) struct Table {
    /// What stands above it.
    about: String,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn new(about: String, columns: &[&'static str]) -> Self {
        Self { about, columns: columns.to_vec(), rows: Vec::new() }
    }

    /// A method; `runs` has one list of figures for each seed.
    pub(crate) fn add(&mut self, method: &str, runs: &[Vec<f64>]) {
        let figures = (0..self.columns.len()).map(|column| runs.iter().map(|run| run[column]).collect()).collect();
        self.rows.push(Row { method: method.to_owned(), figures });
    }

    pub(crate) fn json(&self, options: &Options) -> String {
        let rows: Vec<serde_json::Value> = self
            .rows
            .iter()
            .map(|row| {
                let figures: serde_json::Map<String, serde_json::Value> = self
                    .columns
                    .iter()
                    .zip(&row.figures)
                    .map(|(name, values)| ((*name).into(), (*values).clone().into()))
                    .collect();
                serde_json::json!({ "method": row.method, "figures": figures })
            })
            .collect();
        serde_json::json!({ "about": self.about, "seeds": options.seeds, "share": options.share, "rows": rows })
            .to_string()
    }
}

/// Mean, and the standard deviation where the values differ.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.about)?;
        writeln!(f, "| | {} |", self.columns.join(" | "))?;
        writeln!(f, "| --- {}|", "| ---: ".repeat(self.columns.len()))?;
        for row in &self.rows {
            let cells: Vec<String> =
                self.columns.iter().zip(&row.figures).map(|(column, values)| summary(column, values)).collect();
            writeln!(f, "| {} | {} |", row.method, cells.join(" | "))?;
        }
        Ok(())
    }
}

/// Per cent with one decimal in columns that say so, else three decimals.
fn summary(column: &str, values: &[f64]) -> String {
    let (scale, digits) = if column.ends_with('%') { (100.0, 1) } else { (1.0, 3) };
    let scaled: Vec<f64> = values.iter().map(|value| scale * value).collect();
    Spread::of(&scaled).rounded(digits)
}
