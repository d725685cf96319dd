//! A model as a table: its parts, how large they are, and which of them train.

use std::fmt;

use super::ParameterStore;
use crate::words::{grouped, part_of};

/// One part of a model; see [`ModelSummary`].
///
/// ```
/// use tunebook::model::{Mlp, MlpConfig};
/// let model = Mlp::new(MlpConfig { hidden: vec![8], ..MlpConfig::new(4, 3) }, 42)?;
/// let summary = model.summary();
/// let first = &summary.rows()[0];
/// assert_eq!((first.name.as_str(), first.parameters, first.trainable), ("hidden.0", 40, 40));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// The part: `embeddings`, `encoder.layer.0`, `classifier`.
    pub name: String,
    /// How many numbers it holds.
    pub parameters: usize,
    /// How many of them training may change.
    pub trainable: usize,
    /// Every parameter of the part with its shape, in the order of names.
    pub shapes: Vec<(String, Vec<usize>)>,
}

impl SummaryRow {
    /// The shapes of the part's matrices, or of its vectors where it has nothing else: `384x384 (4), 1536x384`.
    fn short_shapes(&self) -> String {
        let most = self.shapes.iter().map(|(_, shape)| shape.len().min(2)).max().unwrap_or(0);
        let mut counted: Vec<(&[usize], usize)> = Vec::new();
        for (_, shape) in self.shapes.iter().filter(|(_, shape)| shape.len() >= most) {
            match counted.iter_mut().find(|(known, _)| known == shape) {
                Some((_, times)) => *times += 1,
                None => counted.push((shape, 1)),
            }
        }
        let word = |(shape, times): (&[usize], usize)| {
            let sides = shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
            if times == 1 { sides } else { format!("{sides} ({times})") }
        };
        counted.into_iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

/// The parts of a model from input to output: how large they are, the shapes of their weights, and which of them train.
///
/// ```
/// use tunebook::model::{Mlp, MlpConfig};
/// let model = Mlp::new(MlpConfig { hidden: vec![16], ..MlpConfig::new(4, 3) }, 42)?;
/// model.store().freeze("hidden.*")?;
/// let summary = model.summary();
/// assert_eq!((summary.parameters(), summary.trainable(), summary.frozen()), (131, 51, 80));
/// assert_eq!(summary.rows()[1].shapes[1], ("output.weight".to_owned(), vec![3, 16]));
/// println!("{summary}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSummary {
    title: String,
    rows: Vec<SummaryRow>,
}

impl ModelSummary {
    pub(super) fn of(store: &ParameterStore, title: String) -> Self {
        Self::of_groups(store, title, |parameter| {
            let name = part(parameter);
            (depth(&name), name)
        })
    }

    /// The same with the parts that `group` gives: for a parameter's name, where its part lies between input and output,
    /// and what the part is called.
    pub(super) fn of_groups<D: Ord>(
        store: &ParameterStore,
        title: String,
        group: impl Fn(&str) -> (D, String),
    ) -> Self {
        let mut rows: Vec<SummaryRow> = Vec::new();
        let mut depths: Vec<(D, String)> = Vec::new();
        for parameter in store.all() {
            let (depth, name) = group(parameter.name());
            let place = rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
                depths.push((depth, name.clone()));
                rows.push(SummaryRow { name, parameters: 0, trainable: 0, shapes: Vec::new() });
                rows.len() - 1
            });
            let row = &mut rows[place];
            row.parameters += parameter.count();
            row.trainable += if parameter.is_trainable() { parameter.count() } else { 0 };
            row.shapes.push((parameter.name().to_owned(), parameter.var().dims().to_vec()));
        }
        // Stable: parts of one depth stay in the order of their parameters' names.
        depths.sort_by(|(a, _), (b, _)| a.cmp(b));
        rows.sort_by_key(|row| depths.iter().position(|(_, name)| *name == row.name));
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

    /// How many numbers training leaves alone.
    pub fn frozen(&self) -> usize {
        self.parameters() - self.trainable()
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        crate::notebook::Display::text(self.to_string()).show();
    }
}

/// `encoder.layer.3.output.dense.bias` belongs to `encoder.layer.3`, `hidden.0.dense.bias` to `hidden.0`; other names to
/// their first word.
pub(crate) fn part(name: &str) -> String {
    let words = match name {
        name if name.starts_with("encoder.layer.") => 3,
        name if name.starts_with("hidden.") => 2,
        _ => 1,
    };
    name.split('.').take(words).collect::<Vec<_>>().join(".")
}

/// Where a part lies between input and output.
fn depth(part: &str) -> (usize, usize) {
    match part.strip_prefix("encoder.layer.").or_else(|| part.strip_prefix("hidden.")) {
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
        writeln!(f, "{:<width$}  {:>12}  trains  shapes", "part", "parameters")?;
        for row in &self.rows {
            let trains = match row.trainable {
                0 => "frozen",
                n if n == row.parameters => "yes",
                _ => "partly",
            };
            let shapes = row.short_shapes();
            writeln!(f, "{:<width$}  {:>12}  {trains:<6}  {shapes}", row.name, grouped(row.parameters))?;
        }
        let (trainable, frozen) = (part_of(self.trainable(), self.parameters()), grouped(self.frozen()));
        writeln!(f, "trainable: {trainable}; frozen: {frozen}")
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_name_says_its_part() {
        assert_eq!(part("encoder.layer.11.output.dense.bias"), "encoder.layer.11");
        assert_eq!(part("embeddings.LayerNorm.weight"), "embeddings");
        assert_eq!(part("hidden.12.dense.weight"), "hidden.12");
    }
}
