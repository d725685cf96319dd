//! A model as a table: its parts, how large they are, and which of them train.

use std::fmt;

use super::ParameterStore;
use crate::words::{grouped, part_of};

/// One part of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// The part: `embeddings`, `encoder.layer.0`, `classifier`.
    pub name: String,
    /// How many numbers it holds.
    pub parameters: usize,
    /// How many of them training may change.
    pub trainable: usize,
}

/// The parts of a model from input to output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSummary {
    title: String,
    rows: Vec<SummaryRow>,
}

impl ModelSummary {
    pub(super) fn of(store: &ParameterStore, title: String) -> Self {
        let mut rows: Vec<SummaryRow> = Vec::new();
        for parameter in store.all() {
            let name = part(parameter.name());
            let trainable = if parameter.is_trainable() { parameter.count() } else { 0 };
            match rows.iter_mut().find(|row| row.name == name) {
                Some(row) => {
                    row.parameters += parameter.count();
                    row.trainable += trainable;
                }
                None => rows.push(SummaryRow { name, parameters: parameter.count(), trainable }),
            }
        }
        rows.sort_by_key(|row| depth(&row.name));
        Self { title, rows }
    }

    /// What the table is about.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The parts, from input to output.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.rows
    }

    /// How many numbers the model holds.
    pub fn parameters(&self) -> usize {
        self.rows.iter().map(|row| row.parameters).sum()
    }

    /// How many numbers training may change.
    pub fn trainable(&self) -> usize {
        self.rows.iter().map(|row| row.trainable).sum()
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        crate::notebook::Display::text(self.to_string()).show();
    }
}

/// `encoder.layer.3.output.dense.bias` belongs to `encoder.layer.3`; other names to their first word.
pub(crate) fn part(name: &str) -> String {
    let words = if name.starts_with("encoder.layer.") { 3 } else { 1 };
    name.split('.').take(words).collect::<Vec<_>>().join(".")
}

/// Where a part lies between input and output.
fn depth(part: &str) -> (usize, usize) {
    match part.strip_prefix("encoder.layer.") {
        Some(n) => (1, n.parse().unwrap_or(0)),
        None if part == "embeddings" => (0, 0),
        None if part == "pooler" => (2, 0),
        None => (3, 0),
    }
}

impl fmt::Display for ModelSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max("part".len());
        writeln!(f, "{:<width$}  {:>12}  trains", "part", "parameters")?;
        for row in &self.rows {
            let trains = match row.trainable {
                0 => "frozen",
                n if n == row.parameters => "yes",
                _ => "partly",
            };
            writeln!(f, "{:<width$}  {:>12}  {trains}", row.name, grouped(row.parameters))?;
        }
        writeln!(f, "trainable: {}", part_of(self.trainable(), self.parameters()))
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_name_says_its_part() {
        assert_eq!(part("encoder.layer.11.output.dense.bias"), "encoder.layer.11");
        assert_eq!(part("embeddings.LayerNorm.weight"), "embeddings");
    }
}
