//! Splitting a data set: fixed by the data, stratified by a seed, or a few rows a label.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::data::text::Part;
use crate::data::{ImageDataset, LabelledRows, Rows, TextDataset};
use crate::{Error, Result};

/// The three parts of a data set.
///
/// ```
/// use tunebook::data::TextDataset;
/// let splits = TextDataset::embedded("support-tickets")?.stratified_split(42, 0.2, 0.2)?;
/// assert_eq!(splits.train.len() + splits.validation.len() + splits.test.len(), 512);
/// assert_eq!(splits.label_names().len(), 8);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Splits<D> {
    /// What the model learns from.
    pub train: D,
    /// What decisions are made on: when to stop, which learning rate.
    pub validation: D,
    /// What is looked at once, at the end.
    pub test: D,
}

/// The three parts of a text data set.
pub type TextSplits = Splits<TextDataset>;

/// The three parts of an image data set.
pub type ImageSplits = Splits<ImageDataset>;

impl<D: LabelledRows> Splits<D> {
    /// The names of the labels, the same in all three parts.
    pub fn label_names(&self) -> Vec<String> {
        self.train.label_names().to_vec()
    }
}

impl<D: Rows> Splits<D> {
    /// Shows the sizes in a notebook cell.
    pub fn evcxr_display(&self) {
        let labels = match self.train.names_of_labels() {
            [] => String::new(),
            names => format!("; labels: {}", names.join(", ")),
        };
        println!(
            "{}: {} for training, {} for validation, {} for the test{labels}",
            self.train.name(),
            self.train.len(),
            self.validation.len(),
            self.test.len(),
        );
    }
}

/// The rows of each label, shuffled by `seed`.
pub(super) fn shuffled_by_label(data: &impl LabelledRows, seed: u64) -> Vec<Vec<usize>> {
    shuffled_by_class(data.labels(), data.label_names().len(), seed)
}

/// The places of each class in `labels`, shuffled by `seed`.
pub(super) fn shuffled_by_class(labels: &[usize], classes: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut by_label = vec![Vec::new(); classes];
    for (row, &label) in labels.iter().enumerate() {
        by_label[label].push(row);
    }
    for rows in &mut by_label {
        rows.shuffle(&mut rng);
    }
    by_label
}

/// Refuses fractions that are none or that leave nothing to train on; `place` is the method that was called.
pub(super) fn check_fractions(place: &str, validation: f64, test: f64) -> Result<()> {
    for (name, fraction) in [("validation", validation), ("test", test)] {
        if !fraction.is_finite() || !(0.0..1.0).contains(&fraction) {
            return Err(Error::input(name, format!("{fraction} is not a fraction"), "give a number from 0 to below 1"));
        }
    }
    if validation + test >= 1.0 {
        return Err(Error::input(
            place,
            format!("{validation} and {test} leave nothing to train on"),
            "make the two fractions add up to less than 1",
        ));
    }
    Ok(())
}

/// The split that `parts`, one for each row, stands for.
pub(super) fn fixed<D: Rows>(data: &D, parts: Option<&[Part]>) -> Result<Splits<D>> {
    data.check_held_out()?;
    let parts = parts.ok_or_else(|| {
        Error::input(data.name(), "this data set has no fixed split", "use stratified_split(seed, 0.2, 0.2)")
    })?;
    let part = |wanted| data.select(&(0..parts.len()).filter(|&row| parts[row] == wanted).collect::<Vec<_>>());
    Ok(Splits { train: part(Part::Train), validation: part(Part::Validation), test: part(Part::Test) })
}

/// `parts` as they are, when there is one for each row.
pub(super) fn checked_parts(data: &impl Rows, parts: Vec<Part>) -> Result<Vec<Part>> {
    if parts.len() == data.len() {
        return Ok(parts);
    }
    let problem = format!("{} parts for {} rows", parts.len(), data.len());
    Err(Error::input(data.name(), problem, "give each row one part, in row order"))
}

/// The parts of the rows at `rows`.
pub(super) fn select_parts(parts: Option<&[Part]>, rows: &[usize]) -> Option<Vec<Part>> {
    parts.map(|parts| rows.iter().map(|&row| parts[row]).collect())
}

pub(super) fn stratified<D: LabelledRows>(data: &D, seed: u64, validation: f64, test: f64) -> Result<Splits<D>> {
    data.check_held_out()?;
    check_fractions("stratified_split", validation, test)?;
    let (mut train, mut held_out, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for rows in shuffled_by_label(data, seed) {
        let count = rows.len() as f64;
        let spare = rows.len().saturating_sub(1);
        let for_test = ((count * test).round() as usize).min(spare);
        let for_validation = ((count * validation).round() as usize).min(spare - for_test);
        last.extend(&rows[..for_test]);
        held_out.extend(&rows[for_test..for_test + for_validation]);
        train.extend(&rows[for_test + for_validation..]);
    }
    for rows in [&mut train, &mut held_out, &mut last] {
        rows.sort_unstable();
    }
    Ok(Splits { train: data.select(&train), validation: data.select(&held_out), test: data.select(&last) })
}

/// Shares of all rows, whatever their labels.
pub(super) fn random<D: Rows>(data: &D, seed: u64, validation: f64, test: f64) -> Result<Splits<D>> {
    data.check_held_out()?;
    check_fractions("random_split", validation, test)?;
    let mut order: Vec<usize> = (0..data.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let count = data.len() as f64;
    let spare = data.len().saturating_sub(1);
    let for_test = ((count * test).round() as usize).min(spare);
    let for_validation = ((count * validation).round() as usize).min(spare - for_test);
    let (last, rest) = order.split_at_mut(for_test);
    let (held_out, train) = rest.split_at_mut(for_validation);
    for rows in [&mut *train, &mut *held_out, &mut *last] {
        rows.sort_unstable();
    }
    Ok(Splits { train: data.select(train), validation: data.select(held_out), test: data.select(last) })
}

pub(super) fn few_shot<D: LabelledRows>(data: &D, per_label: usize, seed: u64) -> Result<D> {
    let mut chosen = Vec::new();
    for (label, rows) in shuffled_by_label(data, seed).into_iter().enumerate() {
        if rows.len() < per_label {
            return Err(Error::input(
                data.name(),
                format!("label \"{}\" has {} rows, {per_label} were asked for", data.label_names()[label], rows.len()),
                "ask for fewer rows a label",
            ));
        }
        chosen.extend(&rows[..per_label]);
    }
    chosen.sort_unstable();
    Ok(data.select(&chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(counts: &[usize]) -> TextDataset {
        let mut texts = Vec::new();
        let mut labels = Vec::new();
        for (label, &count) in counts.iter().enumerate() {
            for row in 0..count {
                texts.push(format!("text {label} {row}"));
                labels.push(label);
            }
        }
        let names = (0..counts.len()).map(|label| format!("label {label}")).collect();
        TextDataset::new("made", texts, labels, names).unwrap()
    }

    #[test]
    fn a_stratified_split_keeps_the_shares_and_loses_nothing() {
        let all = data(&[50, 100, 10]);
        let parts = all.stratified_split(7, 0.2, 0.1).unwrap();
        assert_eq!(parts.validation.label_counts(), [10, 20, 2]);
        assert_eq!(parts.test.label_counts(), [5, 10, 1]);
        let mut ids: Vec<_> =
            [&parts.train, &parts.validation, &parts.test].iter().flat_map(|part| part.ids().to_vec()).collect();
        ids.sort();
        let mut expected = all.ids().to_vec();
        expected.sort();
        assert_eq!(ids, expected);
    }

    #[test]
    fn the_seed_decides_the_split() {
        let all = data(&[30, 30]);
        let split = |seed| all.stratified_split(seed, 0.2, 0.2).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn a_label_with_one_row_stays_in_training() {
        let parts = data(&[1, 9]).stratified_split(0, 0.4, 0.4).unwrap();
        assert_eq!(parts.train.label_counts()[0], 1);
    }

    #[test]
    fn fractions_that_make_no_sense_are_refused() {
        let all = data(&[5, 5]);
        for (validation, test) in [(0.5, 0.5), (-0.1, 0.2), (f64::NAN, 0.1), (1.0, 0.0)] {
            assert!(all.stratified_split(0, validation, test).is_err(), "{validation} {test}");
        }
    }

    #[test]
    fn few_shot_takes_the_same_number_of_every_label() {
        let all = data(&[5, 9]);
        assert_eq!(all.few_shot(4, 1).unwrap().label_counts(), [4, 4]);
        let message = all.few_shot(6, 1).unwrap_err().to_string();
        assert!(message.contains("label 0") && message.contains("5 rows"), "{message}");
    }
}
