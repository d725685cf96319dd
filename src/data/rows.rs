//! What texts, images and tables have in common: rows that can be selected, most often with a label each.

use crate::Result;

/// A data set as a split sees it.
///
/// ```
/// use tunebook::data::{Rows, TextDataset};
/// fn first_half<D: Rows>(data: &D) -> D {
///     data.select(&(0..data.len() / 2).collect::<Vec<_>>())
/// }
/// assert_eq!(first_half(&TextDataset::embedded("support-tickets")?).len(), 256);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub trait Rows: Sized {
    /// The data set's name, for messages.
    fn name(&self) -> &str;

    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows at `rows`, in that order.
    fn select(&self, rows: &[usize]) -> Self;

    /// The names of the labels that rows can have; none by default.
    fn names_of_labels(&self) -> &[String] {
        &[]
    }

    /// Whether rows may be held out of this set, or the set may be measured on as it is: true by default.
    ///
    /// # Errors
    /// For a set that holds changed copies of its rows: a copy in training would betray its row in validation.
    fn check_held_out(&self) -> Result<()> {
        Ok(())
    }
}

/// Rows with one label each out of a fixed list.
///
/// ```
/// use tunebook::data::{LabelledRows, TextDataset};
/// fn most_frequent<D: LabelledRows>(data: &D) -> Option<&String> {
///     let count = |label: usize| data.labels().iter().filter(|given| **given == label).count();
///     (0..data.label_names().len()).max_by_key(|label| count(*label)).map(|label| &data.label_names()[label])
/// }
/// let names = ["storage", "billing"].map(String::from).to_vec();
/// let texts = ["disk", "bill", "invoice"].map(String::from).to_vec();
/// let data = TextDataset::new("tickets", texts, vec![0, 1, 1], names)?;
/// assert_eq!(most_frequent(&data).map(String::as_str), Some("billing"));
/// # Ok::<(), tunebook::Error>(())
/// ```
pub trait LabelledRows: Rows {
    /// The labels, in row order: indices into the names.
    fn labels(&self) -> &[usize];

    /// The names of the labels, in index order.
    fn label_names(&self) -> &[String];
}

/// How many rows each of the `names` labels has, in index order.
pub(super) fn label_counts(labels: &[usize], names: usize) -> Vec<usize> {
    let mut counts = vec![0; names];
    for &label in labels {
        counts[label] += 1;
    }
    counts
}

/// What is wrong with `labels` for so many rows, and the mend; `None` when each row has a label with a name of its own.
pub(super) fn label_problem(
    rows: usize,
    of_what: &str,
    labels: &[usize],
    names: &[String],
) -> Option<(String, &'static str)> {
    if rows != labels.len() {
        return Some((format!("{rows} {of_what} but {} labels", labels.len()), "give each row one label"));
    }
    if let Some(&label) = labels.iter().find(|&&label| label >= names.len()) {
        return Some((format!("label {label} has no name, there are {} names", names.len()), "labels count from 0"));
    }
    name_problem(names)
}

/// The same for names alone: `None` when none stands twice.
pub(crate) fn name_problem(names: &[String]) -> Option<(String, &'static str)> {
    let twice = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
    twice.map(|(_, name)| (format!("the label name \"{name}\" stands twice"), "name each once"))
}
