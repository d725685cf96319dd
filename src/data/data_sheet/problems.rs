//! Findings as sentences, each with what to do.

use std::collections::BTreeMap;
use std::fmt;

use super::DataSheet;
use crate::data::clean::CleaningStep;
use crate::data::text::Part;
use crate::data::{ClassBalance, DriftReport, DriftVerdict, LabelNoise, LeakageReport, comparable_text};
use crate::words::part_of;

/// The most frequent label has so many times the rows of the rarest before it is worth a word.
const IMBALANCED: f64 = 3.0;

/// A label with fewer rows than this has too few to be learned and measured.
const FEW: usize = 10;

/// Something that is wrong with a data set, and what to do about it.
///
/// ```
/// use tunebook::data::{DataSheet, TextDataset};
/// let texts = ["disk full", "disk full", "invoice"].map(String::from).to_vec();
/// let data = TextDataset::new("tickets", texts, vec![0, 0, 1], ["storage", "billing"].map(String::from).to_vec())?;
/// for problem in DataSheet::of(&data)?.problems() {
///     println!("{}: {}", problem.problem, problem.mend);
/// }
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataProblem {
    /// What is wrong, with the number of rows and the first of them.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

/// One line: the problem, and what to do.
impl fmt::Display for DataProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.problem, self.mend)
    }
}

impl DataSheet {
    /// The problems found, in the order in which they are best mended: rows first, then labels, then the split.
    pub fn problems(&self) -> Vec<DataProblem> {
        let mut problems = Vec::new();
        let mut add = |problem: String, mend: &str| problems.push(DataProblem { problem, mend: mend.to_owned() });
        if !self.damaged.is_empty() {
            add(
                format!(
                    "{} rows hold the character U+FFFD ({}): the file was read in the wrong encoding.",
                    part_of(self.damaged.len(), self.rows()),
                    first(self.damaged.iter().map(String::as_str))
                ),
                "Read the source again in its own encoding; what is lost cannot be cleaned.",
            );
        }
        for step in self.cleaning.steps().iter().filter(|step| !step.is_empty()) {
            let changed = step.changed.len();
            let touched = changed + step.removed.len() + step.noted.len();
            let notes = step.removed.iter().chain(&step.noted).map(|note| note.id.as_str());
            let examples = first(step.examples.iter().map(|example| example.id.as_str()).chain(notes));
            let (what, mend) = sentence(step.step);
            add(format!("{} rows {what} ({examples}).", part_of(touched, step.rows)), mend);
        }
        self.label_problems(&mut add);
        leakage_problem(self.leakage.as_ref(), &mut add);
        drift_problem(self.drift.as_ref(), &mut add);
        problems
    }

    fn label_problems(&self, add: &mut dyn FnMut(String, &str)) {
        label_problems(&self.balance, &self.label_names, add);
        // A row is to be read when labels are wrong for sure, not when the model alone may be.
        let shown = |noise: &&LabelNoise| !noise.suspects().is_empty() && noise.noise_interval().0 > 0.0;
        if let Some(noise) = self.label_noise.as_ref().filter(shown) {
            let suspects = noise.suspects();
            let examples = first(suspects.iter().map(|suspect| suspect.id.as_str()));
            add(
                format!(
                    "Some labels are wrong, an estimated {}: about {:.0} of the {} most suspect rows ({examples}).",
                    noise.rate_in_words(),
                    noise.expected_wrong(),
                    suspects.len()
                ),
                "Read these rows, the first ones first, and correct the labels that are wrong.",
            );
        }
    }
}

/// Rows that stand on two sides of a split.
pub(in crate::data) fn leakage_problem(leakage: Option<&LeakageReport>, add: &mut dyn FnMut(String, &str)) {
    if let Some(leakage) = leakage.filter(|leakage| !leakage.is_clean()) {
        let [validation, test] = [Part::Validation, Part::Test].map(|part| leakage.count(part));
        add(
            format!("{validation} validation rows and {test} test rows stand in an earlier part too, or nearly."),
            "Scores on them measure memory: drop their likes from training, or split by group.",
        );
    }
}

/// A second set that is not like the first.
pub(in crate::data) fn drift_problem(drift: Option<&DriftReport>, add: &mut dyn FnMut(String, &str)) {
    if let Some(drift) = drift.filter(|drift| drift.verdict() != DriftVerdict::Stable) {
        let moved: Vec<String> = drift
            .features()
            .iter()
            .filter(|feature| feature.verdict != DriftVerdict::Stable)
            .map(|feature| format!("{} ({}: {})", feature.name, feature.verdict, feature.change))
            .collect();
        add(
            format!("The second set is not like this one: {}.", moved.join("; ")),
            "Label some rows of the second set and measure the model on them before you trust it there.",
        );
    }
}

/// What is wrong with the labels of any kind of rows.
pub(in crate::data) fn label_problems(balance: &ClassBalance, names: &[String], add: &mut dyn FnMut(String, &str)) {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        alike.entry(comparable_text(name)).or_default().push(name);
    }
    for alike in alike.values().filter(|names| names.len() > 1) {
        add(
            format!("The labels \"{}\" differ only in case or white space.", alike.join("\", \"")),
            "Give them one name in the source.",
        );
    }
    let counts = balance.counts();
    let few: Vec<String> = counts
        .iter()
        .zip(names)
        .filter(|(count, _)| **count < FEW)
        .map(|(count, name)| format!("{name} ({count})"))
        .collect();
    if counts.len() < 2 {
        add("There is one label only, so there is nothing to tell apart.".into(), "Add rows of another label.");
    }
    if !few.is_empty() {
        add(
            format!("Labels with fewer than {FEW} rows: {}.", few.join(", ")),
            "Collect more rows, merge the label with another, or leave it out.",
        );
    }
    let ratio = balance.imbalance_ratio();
    if ratio.is_finite() && ratio >= IMBALANCED {
        add(
            format!("The most frequent label has {ratio:.1} times the rows of the rarest."),
            "Judge by macro F1, split stratified, and try class weights.",
        );
    }
}

/// What a step's rows are, and what to do about them.
fn sentence(step: CleaningStep) -> (&'static str, &'static str) {
    match step {
        CleaningStep::Html => ("hold HTML markup", "If it is not meant, clean with `Cleaner { html: true, .. }`."),
        CleaningStep::Unicode => ("are not in Unicode NFC", "Clean with `Cleaner::default()`."),
        CleaningStep::Invisible => ("hold invisible characters", "Clean with `Cleaner::default()`."),
        CleaningStep::Whitespace => ("have white space to spare", "Clean with `Cleaner::default()`."),
        CleaningStep::MissingText => ("have no text", "Clean with `Cleaner::default()`, or fill the texts in."),
        CleaningStep::MissingLabel => ("have no label", "Label them, or clean with `Cleaner::default()`."),
        CleaningStep::Conflicts => (
            "have the text of a row with another label",
            "Read them and decide; or choose `conflicts` of the `Cleaner`.",
        ),
        CleaningStep::Duplicates => ("repeat an earlier row", "Clean with `Cleaner::default()`, before you split."),
        CleaningStep::NearDuplicates => (
            "are nearly the same as an earlier row",
            "Clean with `near_duplicates` of the `Cleaner`, or keep likes in one part of a split.",
        ),
        CleaningStep::LengthOutliers => (
            "are far shorter or longer than the rest",
            "Read them: they may be two rows in one, or cut off; and a model cuts what is longer than it reads.",
        ),
    }
}

/// The first three ids, and how many there are besides is said elsewhere.
pub(in crate::data) fn first<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut ids: Vec<&str> = ids.take(4).collect();
    if ids.len() > 3 {
        ids[3] = "…";
    }
    ids.join(", ")
}
