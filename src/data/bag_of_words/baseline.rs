//! Logistic regression on a bag of words: what a text classifier has to beat.

use std::fmt;

use rayon::prelude::*;

use super::{BagOfWords, BagOfWordsConfig, SparseRow, TermWeight};
use crate::data::probe::most_probable;
use crate::data::{LogisticProbe, ProbeConfig, TextDataset};
use crate::metrics::{Evaluation, log_loss};
use crate::notebook::Display;
use crate::{Error, Result};

/// Penalties that [`TextBaseline::tuned`] chooses among.
const C: [f64; 6] = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

/// Logistic regression on a [`BagOfWords`]: fitted in a fraction of a second, and the first number to write down for any
/// text task. A fine-tuned network that does not beat it is not worth its cost.
///
/// ```
/// use tunebook::data::{BagOfWordsConfig, ProbeConfig, TextBaseline};
/// use tunebook::prelude::*;
///
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let baseline = TextBaseline::fit(&data.train, &BagOfWordsConfig::default(), &ProbeConfig::default())?;
/// let evaluation = baseline.evaluate(&data.test)?;
/// assert!(evaluation.accuracy > 0.25, "twice as good as guessing one of eight");
///
/// let words = baseline.strongest_terms("billing", 10)?;
/// assert!(words.len() == 10 && words[0].1 > words[9].1);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TextBaseline {
    bag: BagOfWords,
    probe: LogisticProbe,
    probe_config: ProbeConfig,
    label_names: Vec<String>,
}

impl TextBaseline {
    /// Learns words and coefficients from the training rows.
    ///
    /// # Errors
    /// Those of [`BagOfWords::fit`] and [`LogisticProbe::fit`].
    pub fn fit(train: &TextDataset, words: &BagOfWordsConfig, probe: &ProbeConfig) -> Result<Self> {
        let bag = BagOfWords::fit(train.texts(), words)?;
        Self::on(&bag, &rows(&bag, train.texts()), train, probe)
    }

    /// Fits with each of 24 settings and keeps the one with the highest accuracy on the validation rows (the first of
    /// equals): words, or words and pairs; tf-idf, plain or sublinear; six penalties. The test rows are not asked.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit) and [`evaluate`](Self::evaluate).
    ///
    /// ```
    /// use tunebook::data::TextBaseline;
    /// use tunebook::prelude::*;
    /// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// let baseline = TextBaseline::tuned(&data.train.few_shot(10, 1)?, &data.validation)?;
    /// println!("{baseline}: {:.3}", baseline.evaluate(&data.test)?.accuracy);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn tuned(train: &TextDataset, validation: &TextDataset) -> Result<Self> {
        let mut best: Option<(f64, Self)> = None;
        for n_grams in [(1, 1), (1, 2)] {
            for weight in [TermWeight::TfIdf, TermWeight::SublinearTfIdf] {
                let bag = BagOfWords::fit(train.texts(), &BagOfWordsConfig { n_grams, weight, ..Default::default() })?;
                let rows = rows(&bag, train.texts());
                for c in C {
                    let config = ProbeConfig { c, ..ProbeConfig::default() };
                    let baseline = Self::on(&bag, &rows, train, &config)?;
                    let accuracy = baseline.evaluate(validation)?.accuracy;
                    if best.as_ref().is_none_or(|(most, _)| accuracy > *most) {
                        best = Some((accuracy, baseline));
                    }
                }
            }
        }
        best.map(|(_, baseline)| baseline).ok_or_else(|| Error::input("settings", "there are none", ""))
    }

    fn on(bag: &BagOfWords, rows: &[SparseRow], train: &TextDataset, config: &ProbeConfig) -> Result<Self> {
        let label_names = train.label_names();
        let probe = LogisticProbe::fit_sparse(rows, bag.terms().len(), train.labels(), label_names.len(), config)?;
        Ok(Self { bag: bag.clone(), probe, probe_config: *config, label_names })
    }

    /// One row of probabilities for each text, one column for each label name; the sum of a row is 1.
    ///
    /// ```
    /// # use tunebook::data::{BagOfWordsConfig, ProbeConfig, TextBaseline, TextDataset};
    /// let texts = ["disk full", "invoice wrong"].map(String::from).to_vec();
    /// let names = ["storage", "billing"].map(String::from).to_vec();
    /// let data = TextDataset::new("tickets", texts, vec![0, 1], names)?;
    /// let baseline = TextBaseline::fit(&data, &BagOfWordsConfig::default(), &ProbeConfig::default())?;
    /// assert!(baseline.probabilities(&["the disk"])[0][0] > 0.5);
    /// assert_eq!(baseline.predict(&["wrong invoice"]), ["billing"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn probabilities<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Vec<Vec<f32>> {
        self.probe.probabilities_sparse(&rows(&self.bag, texts))
    }

    /// The most probable label of each text. A text without a known word gets the label that is most probable before a
    /// word is read.
    ///
    /// [`probabilities`](Self::probabilities) has an example.
    pub fn predict<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Vec<String> {
        let most = |row: &Vec<f32>| self.label_names[most_probable(row)].clone();
        self.probabilities(texts).iter().map(most).collect()
    }

    /// Loss, predictions and scores on labelled rows.
    ///
    /// # Errors
    /// When there are no rows, or their label names are not those of training.
    pub fn evaluate(&self, data: &TextDataset) -> Result<Evaluation> {
        if data.label_names() != self.label_names {
            return Err(Error::input(
                data.name(),
                format!("its labels are {:?}, those of training are {:?}", data.label_names(), self.label_names),
                "take both parts from one data set, or read the second file with the first one's label names",
            ));
        }
        let probabilities = self.probabilities(data.texts());
        let loss = log_loss(data.labels(), &probabilities)?;
        Evaluation::new(loss, data.labels().to_vec(), probabilities, self.label_names.clone())
    }

    /// The terms that speak most for a label, with their coefficients, the largest first.
    ///
    /// # Errors
    /// For a label that the training rows do not have.
    pub fn strongest_terms(&self, label: &str, count: usize) -> Result<Vec<(String, f64)>> {
        let classes = self.probe.classes();
        let place = classes.iter().position(|&class| self.label_names[class] == label).ok_or_else(|| {
            let there: Vec<&str> = classes.iter().map(|&class| self.label_names[class].as_str()).collect();
            Error::input(label, "no training row has this label", format!("the labels are: {}", there.join(", ")))
        })?;
        // Two classes share one row of coefficients, which speak for the second.
        let (row, sign) = match (classes.len(), place) {
            (2, 0) => (0, -1.0),
            (2, _) => (0, 1.0),
            _ => (place, 1.0),
        };
        let mut terms: Vec<(String, f64)> = self
            .bag
            .terms()
            .iter()
            .zip(&self.probe.coefficients()[row])
            .map(|(term, coefficient)| (term.clone(), sign * coefficient))
            .collect();
        terms.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        terms.truncate(count);
        Ok(terms)
    }

    /// The words it knows.
    pub fn bag(&self) -> &BagOfWords {
        &self.bag
    }

    /// The regression: [`bag`](Self::bag) has the terms of its coefficients' columns.
    pub fn probe(&self) -> &LogisticProbe {
        &self.probe
    }

    /// What evcxr calls when this value is the last expression of a cell: one line.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: `logistic regression (C = 10) on a bag of 4,321 terms (words) from 815 texts, sublinear tf-idf`
impl fmt::Display for TextBaseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.bag.config.weight {
            TermWeight::Count => "counts",
            TermWeight::TfIdf => "tf-idf",
            TermWeight::SublinearTfIdf => "sublinear tf-idf",
        };
        write!(f, "logistic regression (C = {}) on {}, {weight}", self.probe_config.c, self.bag)
    }
}

fn rows<S: AsRef<str> + Sync>(bag: &BagOfWords, texts: &[S]) -> Vec<SparseRow> {
    texts.par_iter().map(|text| bag.sparse_row(text.as_ref())).collect()
}
