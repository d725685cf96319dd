//! What a cleaning does with missing values, white space and conflicts, and the rows that it takes.

/// What happens to a row without a text.
///
/// ```
/// use tunebook::data::{Cleaner, MissingText, RawRow};
/// let rows = [
///     RawRow { text: None, label: Some("billing".to_owned()) },
///     RawRow { text: Some("disk full".to_owned()), label: Some("storage".to_owned()) },
/// ];
/// let filled = Cleaner { missing_text: MissingText::Fill("(no text)".to_owned()), ..Cleaner::default() };
/// assert_eq!(filled.clean_rows("tickets", &rows)?.0.texts()[0], "(no text)");
/// assert_eq!(Cleaner::default().clean_rows("tickets", &rows)?.0.len(), 1);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MissingText {
    /// The row is removed.
    #[default]
    Drop,
    /// The text becomes this one.
    Fill(String),
}

/// What happens to a row without a label.
///
/// ```
/// use tunebook::data::{Cleaner, MissingLabel, RawRow};
/// let row = |text: &str, label: Option<&str>| RawRow { text: Some(text.to_owned()), label: label.map(str::to_owned) };
/// let rows = [row("disk full", Some("storage")), row("no space", Some("storage")), row("help", None)];
/// let guessed = Cleaner { missing_label: MissingLabel::MostFrequent, ..Cleaner::default() };
/// assert_eq!(guessed.clean_rows("tickets", &rows)?.0.len(), 3);
/// assert_eq!(Cleaner::default().clean_rows("tickets", &rows)?.0.len(), 2);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MissingLabel {
    /// The row is removed.
    #[default]
    Drop,
    /// The label becomes the most frequent one (the first of equals). A guess: it makes the frequent label look more
    /// frequent, so it is for few rows only.
    MostFrequent,
    /// The label becomes this one, a new one if no row has it: `Fill("unknown".into())` makes what is missing a class of
    /// its own.
    Fill(String),
}

/// What happens to white space.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow, Whitespace};
/// let rows = [RawRow { text: Some("disk   full\n\n\nhelp".to_owned()), label: Some("storage".to_owned()) }];
/// let text = |whitespace| -> tunebook::Result<String> {
///     Ok(Cleaner { whitespace, ..Cleaner::default() }.clean_rows("tickets", &rows)?.0.texts()[0].clone())
/// };
/// assert_eq!(text(Whitespace::Collapse)?, "disk full help");
/// assert_eq!(text(Whitespace::KeepLines)?, "disk full\n\nhelp");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whitespace {
    /// It stays as it is.
    Keep,
    /// Each run becomes one space, line breaks stay, and at most one empty line stands between two others.
    KeepLines,
    /// Each run, line breaks among them, becomes one space; none stands at either end.
    #[default]
    Collapse,
}

/// What happens to rows whose texts are equal and whose labels are not.
///
/// ```
/// use tunebook::data::{Cleaner, Conflicts, RawRow};
/// let row = |text: &str, label: &str| RawRow { text: Some(text.to_owned()), label: Some(label.to_owned()) };
/// let rows = [row("disk full", "storage"), row("disk full", "billing"), row("invoice", "billing")];
/// let strict = Cleaner { conflicts: Conflicts::DropAll, ..Cleaner::default() };
/// assert_eq!(strict.clean_rows("tickets", &rows)?.0.texts(), ["invoice"]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conflicts {
    /// All stay, and the report names them: somebody should read them.
    #[default]
    ReportOnly,
    /// Those with the label of more than half of them stay, the others are removed; without such a label all are.
    KeepMajority,
    /// All are removed.
    DropAll,
}

/// A row as it comes out of a file or a table, where cells can be empty.
///
/// ```
/// use tunebook::data::{Cleaner, RawRow};
/// let row = RawRow { text: Some("  disk full ".to_owned()), label: Some("storage".to_owned()) };
/// let (data, report) = Cleaner::default().clean_rows("tickets", &[row, RawRow::default()])?;
/// assert_eq!((data.texts(), report.removed_rows()), (&["disk full".to_owned()][..], vec![1]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawRow {
    /// The text, if there is one.
    pub text: Option<String>,
    /// The label's name, if there is one.
    pub label: Option<String>,
}
