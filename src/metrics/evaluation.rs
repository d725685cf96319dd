//! What a model's run over a labelled data set gives.

use std::fmt;

use super::{
    Average, Bootstrap, Calibration, ClassificationReport, ConfidenceInterval, ConfusionMatrix, KappaWeights, McNemar,
    PairedBootstrap, PrecisionRecallCurve, RocCurve, ZeroDivision, agreement, probability, ranking,
};
use crate::notebook::Display;
use crate::{Error, Result};

/// A model's loss, predictions and probabilities on a labelled data set.
///
/// ```
/// use tunebook::metrics::Evaluation;
///
/// let names = vec!["cat".to_string(), "dog".to_string()];
/// let evaluation = Evaluation::new(0.4, vec![0, 1], vec![vec![0.9, 0.1], vec![0.6, 0.4]], names)?;
/// assert_eq!(evaluation.predictions, [0, 0]);
/// assert_eq!(evaluation.accuracy, 0.5);
/// println!("{}", evaluation.classification_report());
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Share of right predictions, 0 to 1.
    pub accuracy: f64,
    /// The true class of each item.
    pub labels: Vec<usize>,
    /// The most probable class of each item.
    pub predictions: Vec<usize>,
    /// For each item, the probability of each class.
    pub probabilities: Vec<Vec<f32>>,
    /// The class names; a class number is a place in this list.
    pub label_names: Vec<String>,
    /// Counted once, when everything was checked: later methods cannot fail.
    matrix: ConfusionMatrix,
}

impl Evaluation {
    /// Checks the parts, and takes the most probable class of each row as its prediction (the first of equals).
    ///
    /// `loss` is the mean cross-entropy; `labels` are true class numbers; `probabilities` has one row for each label and
    /// one column for each name. An error when shapes differ, there are no items, a label has no name, or a probability is
    /// not finite.
    ///
    /// See [`Evaluation`] for an example.
    pub fn new(loss: f64, labels: Vec<usize>, probabilities: Vec<Vec<f32>>, label_names: Vec<String>) -> Result<Self> {
        for (item, row) in probabilities.iter().enumerate() {
            if row.len() != label_names.len() {
                return Err(Error::input(
                    format!("probabilities of item {item}"),
                    format!("{} values for {} classes", row.len(), label_names.len()),
                    "give one probability for each class",
                ));
            }
            if row.iter().any(|probability| !probability.is_finite()) {
                return Err(Error::input(
                    format!("probabilities of item {item}"),
                    "they are not all finite numbers: the model has diverged",
                    "train again with a lower learning rate",
                ));
            }
        }
        let predictions: Vec<usize> = probabilities.iter().map(|row| most_probable(row)).collect();
        let matrix = ConfusionMatrix::new(&labels, &predictions, &label_names)?;
        Ok(Self { loss, accuracy: matrix.accuracy(), labels, predictions, probabilities, label_names, matrix })
    }

    /// Precision, recall and F1 of each class, with averages; 0 / 0 counts as 0.
    ///
    /// See [`Evaluation`] for an example.
    pub fn classification_report(&self) -> ClassificationReport {
        ClassificationReport::from_matrix(&self.matrix, ZeroDivision::Zero)
    }

    /// Which class was taken for which.
    ///
    /// ```
    /// use tunebook::metrics::Evaluation;
    ///
    /// let names = vec!["cat".to_string(), "dog".to_string()];
    /// let evaluation = Evaluation::new(0.9, vec![1], vec![vec![0.6, 0.4]], names)?;
    /// assert_eq!(evaluation.confusion_matrix().count(1, 0), 1);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn confusion_matrix(&self) -> ConfusionMatrix {
        self.matrix.clone()
    }

    /// The mean of the classes' F1 scores: each class counts the same.
    ///
    /// ```
    /// # let names = vec!["cat".to_string(), "dog".to_string()];
    /// let right = tunebook::metrics::Evaluation::new(0.1, vec![0, 1], vec![vec![1.0, 0.0], vec![0.0, 1.0]], names)?;
    /// assert_eq!(right.macro_f1(), 1.0);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn macro_f1(&self) -> f64 {
        self.classification_report().macro_average().f1
    }

    /// Accuracy in which each class counts the same; see [`balanced_accuracy`](super::balanced_accuracy).
    ///
    /// ```
    /// # let names = vec!["cat".to_string(), "dog".to_string()];
    /// # let rows = vec![vec![0.9, 0.1], vec![0.6, 0.4], vec![0.8, 0.2]];
    /// let evaluation = tunebook::metrics::Evaluation::new(0.4, vec![0, 0, 1], rows, names)?;
    /// assert_eq!(evaluation.balanced_accuracy()?, 0.5);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn balanced_accuracy(&self) -> Result<f64> {
        agreement::balanced_accuracy(&self.labels, &self.predictions)
    }

    /// Agreement beyond chance; see [`cohen_kappa`](super::cohen_kappa).
    pub fn cohen_kappa(&self, weights: KappaWeights) -> Result<f64> {
        agreement::cohen_kappa(&self.labels, &self.predictions, weights)
    }

    /// The correlation of true and predicted classes; see [`matthews_correlation`](super::matthews_correlation).
    pub fn matthews_correlation(&self) -> Result<f64> {
        agreement::matthews_correlation(&self.labels, &self.predictions)
    }

    /// The share of items whose true class is among the `k` most probable; see [`top_k_accuracy`](super::top_k_accuracy).
    ///
    /// An error when `k` is 0.
    pub fn top_k_accuracy(&self, k: usize) -> Result<f64> {
        ranking::top_k_accuracy(&self.labels, &self.probabilities, k)
    }

    /// The area under the ROC curve: with two classes that of the second, with more the mean of each against the rest.
    ///
    /// Not a number when a class never occurs or is the only one; see
    /// [`roc_auc_one_vs_rest`](super::roc_auc_one_vs_rest).
    ///
    /// ```
    /// # let names = vec!["cat".to_string(), "dog".to_string()];
    /// # let rows = vec![vec![0.9, 0.1], vec![0.6, 0.4]];
    /// let evaluation = tunebook::metrics::Evaluation::new(0.4, vec![0, 1], rows, names)?;
    /// assert_eq!(evaluation.roc_auc()?, 1.0); // every dog looks more like a dog than any cat
    /// assert_eq!(evaluation.accuracy, 0.5);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn roc_auc(&self) -> Result<f64> {
        if self.label_names.len() == 2 {
            let (positive, scores) = ranking::one_vs_rest(&self.labels, &self.probabilities, 1);
            return ranking::roc_auc(&positive, &scores);
        }
        ranking::roc_auc_one_vs_rest(&self.labels, &self.probabilities, Average::Macro)
    }

    /// The ROC curve of the class with this name against the rest.
    ///
    /// An error when there is no such class.
    ///
    /// ```
    /// # let names = vec!["cat".to_string(), "dog".to_string()];
    /// # let rows = vec![vec![0.9, 0.1], vec![0.6, 0.4]];
    /// let evaluation = tunebook::metrics::Evaluation::new(0.4, vec![0, 1], rows, names)?;
    /// assert_eq!(evaluation.roc_curve("dog")?.area(), 1.0);
    /// assert!(evaluation.roc_curve("dgo").is_err());
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn roc_curve(&self, label: &str) -> Result<RocCurve> {
        let (positive, scores) = self.one_vs_rest(label)?;
        RocCurve::new(&positive, &scores)
    }

    /// The precision-recall curve of the class with this name against the rest.
    ///
    /// An error when there is no such class.
    pub fn precision_recall_curve(&self, label: &str) -> Result<PrecisionRecallCurve> {
        let (positive, scores) = self.one_vs_rest(label)?;
        PrecisionRecallCurve::new(&positive, &scores)
    }

    /// The mean cross-entropy from the probabilities, in nats; see [`log_loss`](super::log_loss).
    ///
    /// An error when they are not probabilities.
    pub fn log_loss(&self) -> Result<f64> {
        probability::log_loss(&self.labels, &self.probabilities)
    }

    /// The mean squared distance of the probabilities from the truth; see [`brier_score`](super::brier_score).
    ///
    /// An error when they are not probabilities.
    pub fn brier_score(&self) -> Result<f64> {
        probability::brier_score(&self.labels, &self.probabilities)
    }

    /// How far the probabilities of predicted classes are from accuracy, in ten bins; see [`Calibration`].
    ///
    /// An error when they are not probabilities.
    pub fn calibration(&self) -> Result<Calibration> {
        Calibration::new(&self.labels, &self.probabilities, 10)
    }

    /// The bootstrap interval of a metric; see [`Bootstrap::interval`].
    ///
    /// `metric` gets evaluations of samples; their `loss` is that of the whole.
    ///
    /// ```
    /// use tunebook::metrics::{Bootstrap, Evaluation};
    /// # let names = vec!["cat".to_string(), "dog".to_string()];
    /// # let rows = vec![vec![0.9, 0.1], vec![0.6, 0.4], vec![0.8, 0.2]];
    /// # let evaluation = Evaluation::new(0.4, vec![0, 0, 1], rows, names)?;
    /// let interval = evaluation.bootstrap(&Bootstrap::default(), Evaluation::macro_f1)?;
    /// assert!(interval.lower <= interval.estimate && interval.estimate <= interval.upper);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn bootstrap(&self, bootstrap: &Bootstrap, metric: impl Fn(&Self) -> f64) -> Result<ConfidenceInterval> {
        bootstrap.interval(self.labels.len(), |items| self.score_of(items, &metric))
    }

    /// How far this model is ahead of another on the same items; see [`Bootstrap::paired`].
    ///
    /// An error when the other evaluation has other true labels.
    pub fn paired_bootstrap(
        &self,
        other: &Self,
        bootstrap: &Bootstrap,
        metric: impl Fn(&Self) -> f64,
    ) -> Result<PairedBootstrap> {
        self.check_same_items(other)?;
        bootstrap.paired(
            self.labels.len(),
            |items| self.score_of(items, &metric),
            |items| other.score_of(items, &metric),
        )
    }

    /// McNemar's test against another model on the same items; see [`McNemar`].
    ///
    /// An error when the other evaluation has other true labels.
    ///
    /// ```
    /// # use tunebook::metrics::Evaluation;
    /// # let names = vec!["cat".to_string(), "dog".to_string()];
    /// # let first = Evaluation::new(0.4, vec![0, 1], vec![vec![0.9, 0.1], vec![0.6, 0.4]], names.clone())?;
    /// # let second = Evaluation::new(0.4, vec![0, 1], vec![vec![0.9, 0.1], vec![0.1, 0.9]], names)?;
    /// let test = first.mcnemar(&second)?;
    /// assert_eq!((test.only_second_right, test.p_value), (1, 1.0)); // one item proves nothing
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn mcnemar(&self, other: &Self) -> Result<McNemar> {
        self.check_same_items(other)?;
        McNemar::new(&self.labels, &self.predictions, &other.predictions)
    }

    fn one_vs_rest(&self, label: &str) -> Result<(Vec<bool>, Vec<f64>)> {
        let Some(class) = self.label_names.iter().position(|name| name == label) else {
            return Err(Error::input(
                format!("class {label:?}"),
                "the model has no class of this name",
                format!("choose one of {}", self.label_names.join(", ")),
            ));
        };
        Ok(ranking::one_vs_rest(&self.labels, &self.probabilities, class))
    }

    fn check_same_items(&self, other: &Self) -> Result<()> {
        let (place, mend) = ("the other evaluation", "evaluate both models on the same items, in the same order");
        if self.label_names != other.label_names {
            return Err(Error::input(place, "its classes are others, or in another order", mend));
        }
        if self.labels != other.labels {
            return Err(Error::input(place, "its true labels are others", mend));
        }
        Ok(())
    }

    /// The metric on some of the items, each as often as it is named.
    fn score_of(&self, items: &[usize], metric: impl Fn(&Self) -> f64) -> f64 {
        let labels = items.iter().map(|item| self.labels[*item]).collect();
        let rows = items.iter().map(|item| self.probabilities[*item].clone()).collect();
        Self::new(self.loss, labels, rows, self.label_names.clone()).map_or(f64::NAN, |sample| metric(&sample))
    }

    /// What evcxr calls when this value is the last expression of a cell: one line with loss and accuracy.
    pub fn evcxr_display(&self) {
        Display::text(self.to_string()).show();
    }
}

/// One line: items, loss, accuracy, macro F1.
impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (items, percent) = (self.labels.len(), 100.0 * self.accuracy);
        write!(f, "{items} items: loss {:.4}, accuracy {percent:.1} %, macro F1 {:.3}", self.loss, self.macro_f1())
    }
}

/// The class with the highest probability, the first of equals.
pub(super) fn most_probable(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, probability) in row.iter().enumerate() {
        if *probability > row[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(labels: &[usize], probabilities: &[[f32; 2]]) -> Result<Evaluation> {
        let rows = probabilities.iter().map(|row| row.to_vec()).collect();
        Evaluation::new(0.5, labels.to_vec(), rows, vec!["a".into(), "b".into()])
    }

    #[test]
    fn the_first_of_equals_wins() {
        let evaluation = evaluate(&[0, 1], &[[0.5, 0.5], [0.2, 0.8]]).unwrap();
        assert_eq!(evaluation.predictions, [0, 1]);
        assert_eq!(evaluation.to_string(), "2 items: loss 0.5000, accuracy 100.0 %, macro F1 1.000");
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "both sides run the same code, or are exact")]
    fn methods_measure_what_their_functions_do() {
        let names = ["a", "b", "c"].map(String::from).to_vec();
        let rows =
            vec![vec![0.5, 0.25, 0.25], vec![0.5, 0.375, 0.125], vec![0.125, 0.25, 0.625], vec![0.25, 0.5, 0.25]];
        let evaluation = Evaluation::new(0.5, vec![0, 1, 2, 1], rows.clone(), names.clone()).unwrap();
        let (truth, guess) = ([0, 1, 2, 1], [0, 0, 2, 1]);
        assert_eq!(evaluation.balanced_accuracy().unwrap(), 2.5 / 3.0);
        let kappa = agreement::cohen_kappa(&truth, &guess, KappaWeights::Quadratic).unwrap();
        assert_eq!(evaluation.cohen_kappa(KappaWeights::Quadratic).unwrap(), kappa);
        let mcc = agreement::matthews_correlation(&truth, &guess).unwrap();
        assert_eq!(evaluation.matthews_correlation().unwrap(), mcc);
        assert_eq!([1, 2].map(|k| evaluation.top_k_accuracy(k).unwrap()), [0.75, 1.0]);
        assert_eq!(evaluation.log_loss().unwrap(), probability::log_loss(&truth, &rows).unwrap());
        assert_eq!(evaluation.brier_score().unwrap(), probability::brier_score(&truth, &rows).unwrap());
        let calibration = evaluation.calibration().unwrap();
        let expected = Calibration::new(&truth, &rows, 10).unwrap().expected_error;
        assert_eq!((calibration.bins.len(), calibration.expected_error), (10, expected));
        let areas = ["a", "b", "c"].map(|name| evaluation.roc_curve(name).unwrap().area());
        assert!((evaluation.roc_auc().unwrap() - areas.iter().sum::<f64>() / 3.0).abs() < 1e-12);
        assert_eq!(evaluation.precision_recall_curve("c").unwrap().average_precision(), 1.0);

        let right = (0..3).map(|class| (0..3).map(|other| f32::from(u8::from(other == class))).collect());
        let right: Vec<Vec<f32>> = right.collect();
        let perfect = [0, 1, 2, 1].map(|class: usize| right[class].clone()).to_vec();
        let perfect = Evaluation::new(0.0, truth.to_vec(), perfect, names.clone()).unwrap();
        let paired = perfect.paired_bootstrap(&evaluation, &Bootstrap::default(), |sample| sample.accuracy).unwrap();
        assert_eq!(paired.difference.estimate, 0.25);
        let interval = evaluation.bootstrap(&Bootstrap::default(), |sample| sample.accuracy).unwrap();
        assert_eq!((interval.estimate, interval.upper), (0.75, 1.0));
        let test = perfect.mcnemar(&evaluation).unwrap();
        assert_eq!((test.only_first_right, test.only_second_right), (1, 0));

        let other = Evaluation::new(0.5, vec![0, 1, 2, 2], rows, names).unwrap();
        assert!(other.mcnemar(&perfect).unwrap_err().to_string().contains("true labels are others"));
        assert!(other.roc_curve("d").unwrap_err().to_string().contains("choose one of a, b, c"));
    }

    #[test]
    fn bad_parts_are_named() {
        let error = |result: Result<Evaluation>| result.unwrap_err().to_string();
        assert!(error(evaluate(&[0], &[[f32::NAN, 0.5]])).contains("item 0: they are not all finite"));
        assert!(error(evaluate(&[0, 1], &[[0.5, 0.5]])).contains("1 predictions for 2"));
        assert!(error(evaluate(&[2], &[[0.5, 0.5]])).contains("class 2 has no name"));
        assert!(error(evaluate(&[], &[])).contains("nothing to measure"));
        let ragged = Evaluation::new(0.5, vec![0], vec![vec![1.0]], vec!["a".into(), "b".into()]);
        assert!(error(ragged).contains("1 values for 2 classes"));
    }
}
