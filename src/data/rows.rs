//! What texts, images and tables have in common: rows that can be selected, most often with a label each.

/// A data set as a split sees it.
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
}

/// Rows with one label each out of a fixed list.
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
pub(super) fn name_problem(names: &[String]) -> Option<(String, &'static str)> {
    let twice = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
    twice.map(|(_, name)| (format!("the label name \"{name}\" stands twice"), "name each once"))
}
