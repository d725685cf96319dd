//! Few-shot fine-tuning with contrastive pairs.

use candle_core::{D, Tensor};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::schedule::warmup_steps;
use super::step::step_seed;
use super::{
    Examples, GradientAudit, Gradients, Method, Observer, Optimizer, OptimizerState, ParameterGroups, Schedule,
    TextInputs, Trainable, Trainer, TrainingConfig, TrainingReport, stop,
};
use crate::data::TextDataset;
use crate::model::{Pass, TextClassifier, TokenBatch};
use crate::notebook::Progress;
use crate::{Error, Result};

/// SetFit (Tunstall et al., 2022, "Efficient Few-Shot Learning Without Prompts"): first the encoder learns to put texts
/// of one label close together and others apart, from pairs, of which few texts give many; then a head learns on its
/// vectors.
///
/// The loss of a pair is the squared difference between the cosine of its vectors and 1 (same label) or 0 (another).
///
/// ```no_run
/// use tunebook::prelude::*;
/// use tunebook::train::SetFit;
/// # fn main() -> tunebook::Result<()> {
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let few = data.train.few_shot(8, 42)?;
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let report = SetFit::default().fit(model, &few, &data.validation)?;
/// println!("{}", report.model().evaluate(&data.test)?.accuracy);
/// report.model().encoder().save("tickets-encoder")?; // the tuned encoder, for sentence-transformers too
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SetFit {
    /// Pairs of each kind, same label and another, that each text begins; 1 or more.
    pub iterations: usize,
    /// Pairs in one step; 1 or more.
    pub batch_size: usize,
    /// Largest learning rate of the encoder. `None`: the pretrained source's own for full fine-tuning.
    pub learning_rate: Option<f64>,
    /// Epochs of the head; its learning rate is the source's own.
    pub head_epochs: usize,
    /// Seed of pairs, dropout and the head's order.
    pub seed: u64,
}

impl Default for SetFit {
    fn default() -> Self {
        Self { iterations: 10, batch_size: 16, learning_rate: None, head_epochs: 30, seed: 42 }
    }
}

impl SetFit {
    /// Both phases, the head's with live curves.
    ///
    /// A stop request ([`super::stop::request`]) in the first phase ends that: the head still learns, in seconds, on what
    /// the encoder has become. Another one ends that too.
    ///
    /// # Errors
    /// For settings out of range, for data without two labels, and as [`Trainer::fit`].
    pub fn fit(
        &self,
        model: TextClassifier,
        train: &TextDataset,
        validation: &TextDataset,
    ) -> Result<TrainingReport<TextClassifier>> {
        self.fit_with(model, train, validation, super::Live::new())
    }

    /// The same, with something else that watches the head's phase.
    pub fn fit_with<O: Observer>(
        &self,
        model: TextClassifier,
        train: &TextDataset,
        validation: &TextDataset,
        observer: O,
    ) -> Result<TrainingReport<TextClassifier>> {
        self.check()?;
        model.check(train, "training data")?;
        model.check(validation, "validation data")?;
        let stopped = self.contrast(&model, &model.prepare(train)?, train)?;
        let config = TrainingConfig { epochs: self.head_epochs, seed: self.seed, ..TrainingConfig::default() };
        let trainer = Trainer::new(model).method(Method::FeatureExtraction).config(config);
        let report = trainer.observer(observer).fit(train, validation)?;
        Ok(if stopped { report.stopped_on_request() } else { report })
    }

    fn check(&self) -> Result<()> {
        let numbers =
            [("iterations", self.iterations), ("batch_size", self.batch_size), ("head_epochs", self.head_epochs)];
        if let Some((name, _)) = numbers.iter().find(|(_, value)| *value == 0) {
            return Err(Error::input(format!("SetFit::{name}"), "is 0", "give 1 or more"));
        }
        if let Some(rate) = self.learning_rate.filter(|rate| !(*rate > 0.0 && rate.is_finite())) {
            let mend = "give a positive number such as 1e-4, or None for the default";
            return Err(Error::input("SetFit::learning_rate", format!("is {rate}"), mend));
        }
        Ok(())
    }

    /// The first phase: one pass over the pairs. True when it was asked to stop before its end.
    fn contrast(&self, model: &TextClassifier, examples: &Examples<TextInputs>, train: &TextDataset) -> Result<bool> {
        let (TextInputs::Tokens(tokens) | TextInputs::Changing { tokens, .. }) = &examples.inputs else {
            return Err(Error::Training("contrastive pairs are made of tokens".into()));
        };
        let pairs = pairs(train.labels(), self.iterations, self.seed).map_err(|problem| {
            Error::input(format!("training data {}", train.name()), problem, "give 2 labels, 2 texts each")
        })?;
        let head = model.groups() - 1;
        model.store().set_trainable(|name| model.group_of(name) < head);
        let parameters = model.store().trainable();
        let groups = ParameterGroups::new(parameters.clone(), 0.01);
        let mut optimizer = OptimizerState::new(Optimizer::default(), &groups)?;
        let rate = self.learning_rate.unwrap_or(model.learning_rates().full);
        let total = pairs.len().div_ceil(self.batch_size);
        let warmup = warmup_steps(0.1, total);
        let mut progress = Progress::new("contrasting pairs", total as u64);
        for (step, batch) in pairs.chunks(self.batch_size).enumerate() {
            if stop::take() {
                progress.finish();
                return Ok(true);
            }
            let pass = Pass::training(step_seed(self.seed, step));
            let loss = pair_loss(model, tokens, batch, &pass)?;
            let gradients = Gradients::of(&parameters, &loss)?;
            if step == 0 {
                GradientAudit::from_gradients(&gradients)?.check()?;
            }
            let norm = optimizer.step(&gradients, rate * Schedule::Linear.factor(step, warmup, total), Some(1.0))?;
            if !norm.is_finite() {
                return Err(Error::Training(format!(
                    "the gradient norm became {norm} at pair step {}; give SetFit a smaller learning_rate than {rate:e}",
                    step + 1
                )));
            }
            progress.advance(1);
        }
        progress.finish();
        Ok(false)
    }
}

/// Two texts, and whether they have one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    first: usize,
    second: usize,
    same: bool,
}

/// For each text and iteration one partner with its label and one with another, shuffled.
fn pairs(labels: &[usize], iterations: usize, seed: u64) -> Result<Vec<Pair>, String> {
    let classes = labels.iter().max().map_or(0, |last| last + 1);
    let mut by_label = vec![Vec::new(); classes];
    for (row, &label) in labels.iter().enumerate() {
        by_label[label].push(row);
    }
    if by_label.iter().filter(|rows| !rows.is_empty()).count() < 2 {
        return Err("has texts of only one label, so no pair of two labels".to_owned());
    }
    if by_label.iter().all(|rows| rows.len() < 2) {
        return Err("has one text for each label, so no pair of one label".to_owned());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pairs = Vec::new();
    for _ in 0..iterations {
        for (first, &label) in labels.iter().enumerate() {
            let mates = &by_label[label];
            if mates.len() > 1 {
                // The place among the others: one's own is skipped.
                let own = mates.binary_search(&first).unwrap_or(0);
                let place = rng.random_range(0..mates.len() - 1);
                pairs.push(Pair { first, second: mates[place + usize::from(place >= own)], same: true });
            }
            let others = labels.len() - mates.len();
            let place = rng.random_range(0..others);
            let second = (0..labels.len()).filter(|&row| labels[row] != label).nth(place).unwrap_or(first);
            pairs.push(Pair { first, second, same: false });
        }
    }
    pairs.shuffle(&mut rng);
    Ok(pairs)
}

/// Mean squared difference between the pairs' cosines and their labels.
fn pair_loss(model: &TextClassifier, tokens: &[Vec<u32>], batch: &[Pair], pass: &Pass) -> Result<Tensor> {
    let rows = batch.iter().map(|p| p.first).chain(batch.iter().map(|p| p.second));
    let rows: Vec<&[u32]> = rows.map(|row| tokens[row].as_slice()).collect();
    let encoder = model.encoder();
    let vectors = encoder.forward(&TokenBatch::new(&rows, encoder.tokenizer().pad_id())?, pass)?;
    let norms = (vectors.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?;
    let unit = vectors.broadcast_div(&norms)?;
    let cosines = (unit.narrow(0, 0, batch.len())? * unit.narrow(0, batch.len(), batch.len())?)?.sum(D::Minus1)?;
    let target: Vec<f32> = batch.iter().map(|pair| if pair.same { 1.0 } else { 0.0 }).collect();
    let target = Tensor::from_vec(target, batch.len(), vectors.device())?;
    Ok((cosines - target)?.sqr()?.mean_all()?)
}

#[cfg(test)]
mod tests {
    use super::{SetFit, pair_loss, pairs};
    use crate::model::fixture::{tiny, tiny_data, tiny_folder};
    use crate::model::{Pass, Pretrained, TextClassifier, TextEncoder};
    use crate::train::{Quiet, StopReason, TextInputs, Trainable, stop};

    fn model() -> TextClassifier {
        let dir = tiny_folder();
        TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap()
    }

    #[test]
    fn pairs_are_what_they_say_and_every_text_begins_its_share() {
        let labels = [0, 1, 0, 1, 1, 2];
        let pairs = pairs(&labels, 5, 1).unwrap();
        for pair in &pairs {
            assert_eq!(labels[pair.first] == labels[pair.second], pair.same);
            assert_ne!(pair.first, pair.second);
        }
        // The only text of its label has no partner of the same.
        assert_eq!((pairs.iter().filter(|p| p.same).count(), pairs.len()), (25, 55));
        assert_eq!(super::pairs(&labels, 5, 1).unwrap(), pairs);
        assert!(super::pairs(&[0, 0], 1, 1).is_err() && super::pairs(&[0, 1], 1, 1).is_err());
    }

    #[test]
    fn the_first_phase_brings_one_label_together_and_the_second_learns() {
        let model = model();
        let (train, validation) = (tiny_data(24, 0), tiny_data(24, 1));
        let examples = model.prepare(&train).unwrap();
        let TextInputs::Tokens(tokens) = &examples.inputs else { panic!("tokens") };
        let probe = pairs(train.labels(), 4, 9).unwrap();
        let loss = || pair_loss(&model, tokens, &probe, &Pass::evaluation()).unwrap().to_scalar::<f32>().unwrap();
        let before = loss();
        let set_fit = SetFit { learning_rate: Some(5e-3), iterations: 30, head_epochs: 40, ..SetFit::default() };
        let report = set_fit.fit_with(model.clone(), &train, &validation, Quiet).unwrap();
        assert!(loss() < 0.3 * before, "{} from {before}", loss());
        assert!(report.val_accuracy() > 0.95, "{report}");
        // What was saved is the tuned encoder, not the one it started from.
        let folder = tempfile::tempdir().unwrap();
        report.model().encoder().save(&folder).unwrap();
        let saved = TextEncoder::from_pretrained(Pretrained::folder(&folder)).unwrap();
        let vectors = |encoder: &TextEncoder| encoder.embed(&["my disk is full"]).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(vectors(&saved), vectors(report.model().encoder()));
        assert_ne!(vectors(&saved), vectors(self::model().encoder()));
    }

    #[test]
    fn a_request_among_the_pairs_leaves_a_head_that_has_learned() {
        stop::request_here();
        let (train, validation) = (tiny_data(24, 0), tiny_data(24, 1));
        let set_fit = SetFit { iterations: 1000, head_epochs: 5, ..SetFit::default() };
        let report = set_fit.fit_with(model(), &train, &validation, Quiet).unwrap();
        assert_eq!((report.stop_reason(), report.history().epochs().len()), (StopReason::Requested, 5));
        assert!(report.to_string().contains("stopped on request"), "{report}");
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let error = |set_fit: SetFit| {
            set_fit.fit_with(model(), &tiny_data(9, 0), &tiny_data(9, 1), Quiet).unwrap_err().to_string()
        };
        assert!(error(SetFit { iterations: 0, ..SetFit::default() }).contains("SetFit::iterations"));
        assert!(error(SetFit { learning_rate: Some(-1.0), ..SetFit::default() }).contains("SetFit::learning_rate"));
    }
}
