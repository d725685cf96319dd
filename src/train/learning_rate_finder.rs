//! The learning-rate finder: a short run whose rate grows until the loss explodes.

use std::fmt;

use super::phases::Phase;
use super::step::{gradients, step_seed};
use super::{Observer, OptimizerState, ParameterGroups, Trainable, Trainer, batches, prepare, stop};
use crate::chart::LearningRateFinderChart;
use crate::notebook::{Display, Progress};
use crate::{Error, Result};

/// Where the run starts and ends, how many steps it takes, and when it is over: fastai's numbers.
const FIRST: f64 = 1e-7;
const LAST: f64 = 10.0;
const STEPS: usize = 100;
const TOO_LARGE: f64 = 4.0;
const SMOOTHING: f64 = 0.98;

/// Steps at the start and at the end that suggestions do not look at: the loss is still settling, or already exploding.
const IGNORED_START: usize = STEPS / 10;
const IGNORED_END: usize = 5;

impl<M: Trainable, O: Observer> Trainer<M, O> {
    /// Tries learning rates from 1e-7 upwards, one step each (Smith, 2017, "Cyclical Learning Rates for Training Neural
    /// Networks"), and ends at 10 or when the loss is four times its best. The model's weights are put back, so a clone
    /// of it is unchanged.
    ///
    /// Method, optimizer, batches, seed and the differences between the layers' rates are the trainer's; its learning rate
    /// and schedule play no part. The rate that is tried is the head's.
    ///
    /// ```no_run
    /// use tunebook::prelude::*;
    /// # fn main() -> tunebook::Result<()> {
    /// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    /// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
    /// let search = Trainer::new(model.clone()).find_learning_rate(&data.train)?;
    /// let config = TrainingConfig { learning_rate: Some(search.valley()), ..Default::default() };
    /// let report = Trainer::new(model).config(config).fit(&data.train, &data.validation)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Trainer::fit`]; and when the loss explodes before a tenth of the steps.
    pub fn find_learning_rate(self, train: &M::Data) -> Result<LearningRateSearch> {
        let Self { mut model, method, config, .. } = self;
        prepare::check(&mut model, &method, &config, train)?;
        let (examples, settings, _) = prepare::examples(&model, &config, train)?;
        let parameters = model.store().trainable();
        let names: Vec<String> = parameters.iter().map(|p| p.name().to_owned()).collect();
        let before = model.store().copy_of(&names)?;
        let groups = ParameterGroups::new(parameters.clone(), config.weight_decay);
        // The phase in which all of these parameters learn is the last.
        let phases = Phase::of(&method, &config, LAST, &model);
        let groups =
            groups.with_rate_factors(|name| phases.last().map_or(1.0, |phase| phase.rate_factor(&model, name)));
        let mut optimizer = OptimizerState::new(config.optimizer, &groups)?;

        let mut search = LearningRateSearch::default();
        let mut progress = Progress::new("trying learning rates", STEPS as u64);
        let epochs = (1..).flat_map(|epoch| batches::of_epoch(&model, &examples, &config, epoch));
        let mut outcome = Ok(());
        for (step, rows) in epochs.take(STEPS).enumerate() {
            if stop::take() {
                outcome =
                    Err(Error::Training("stopped while learning rates were tried; the weights are put back".into()));
                break;
            }
            let rate = FIRST * (LAST / FIRST).powf(step as f64 / (STEPS - 1) as f64);
            let seed = step_seed(config.seed, step);
            let tried = gradients(&model, &examples, &rows, &parameters, &settings, seed)
                .and_then(|(loss, gradients)| Ok((loss, optimizer.step(&gradients, rate, config.max_grad_norm)?)));
            progress.advance(1);
            match tried {
                Ok((loss, norm)) if loss.is_finite() && norm.is_finite() => search.push(rate, loss),
                Ok(_) => break,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
            if search.has_exploded() {
                break;
            }
        }
        progress.finish();
        // Also after an error: the weights belong to the caller.
        model.store().restore(&before)?;
        outcome?;
        search.check()?;
        Ok(search)
    }
}

/// The losses of a learning-rate search, and what they suggest.
///
/// ```
/// use tunebook::prelude::*;
/// let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
/// let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
/// let trainer = Trainer::new(model).method(Method::BitFit);
/// let config = TrainingConfig { batch_size: 4, ..Default::default() };
/// let search = trainer.config(config).find_learning_rate(&data.train.few_shot(2, 42)?)?;
/// for (name, rate) in search.suggestions() {
///     println!("{name}: {rate:.1e}");
/// }
/// assert!(search.valley() > 1e-7 && search.chart()?.to_svg()?.contains("valley"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningRateSearch {
    rates: Vec<f64>,
    losses: Vec<f64>,
    smoothed: Vec<f64>,
    average: f64,
}

impl LearningRateSearch {
    fn push(&mut self, rate: f64, loss: f64) {
        self.average = SMOOTHING * self.average + (1.0 - SMOOTHING) * loss;
        let steps = self.rates.len() as i32 + 1;
        self.rates.push(rate);
        self.losses.push(loss);
        // The average starts at zero; this takes the bias out, as Adam does.
        self.smoothed.push(self.average / (1.0 - SMOOTHING.powi(steps)));
    }

    fn has_exploded(&self) -> bool {
        let best = self.smoothed.iter().copied().fold(f64::INFINITY, f64::min);
        self.smoothed.last().is_some_and(|loss| *loss > TOO_LARGE * best)
    }

    fn check(&self) -> Result<()> {
        if self.looked_at().len() < 3 {
            return Err(Error::Training(format!(
                "the loss exploded after {} steps of the learning-rate search; check the data and that the weights are \
                 finite, or use a larger batch",
                self.rates.len()
            )));
        }
        Ok(())
    }

    /// The learning rate of each step.
    pub fn learning_rates(&self) -> &[f64] {
        &self.rates
    }

    /// The loss of each step.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The losses, exponentially smoothed.
    pub fn smoothed(&self) -> &[f64] {
        &self.smoothed
    }

    /// The steps that suggestions look at.
    fn looked_at(&self) -> std::ops::Range<usize> {
        let end = self.rates.len().saturating_sub(IGNORED_END);
        IGNORED_START.min(end)..end
    }

    /// Half way down the longest valley: the longest stretch of steps, not necessarily side by side, over which the
    /// smoothed loss falls. A robust choice, and fastai's default.
    pub fn valley(&self) -> f64 {
        let range = self.looked_at();
        let losses = &self.smoothed[range.clone()];
        // The longest decreasing subsequence that ends at each step.
        let mut longest = vec![1usize; losses.len()];
        let mut end = 0;
        for i in 1..losses.len() {
            for j in 0..i {
                if losses[i] < losses[j] && longest[i] < longest[j] + 1 {
                    longest[i] = longest[j] + 1;
                }
            }
            if longest[i] > longest[end] {
                end = i;
            }
        }
        // Subsequence of n steps: its start is taken as n steps before its end.
        let length = longest[end];
        let start = end + 1 - length.min(end + 1);
        self.rates[range.start + usize::midpoint(start, end)]
    }

    /// Where the smoothed loss falls most steeply.
    pub fn steepest(&self) -> f64 {
        let range = self.looked_at();
        let slope =
            |i: usize| (self.smoothed[i + 1] - self.smoothed[i - 1]) / (self.rates[i + 1] / self.rates[i - 1]).ln();
        let inner = (range.start + 1)..(range.end - 1);
        let steepest = inner.min_by(|a, b| slope(*a).total_cmp(&slope(*b)));
        self.rates[steepest.unwrap_or(range.start)]
    }

    /// A tenth of the rate with the smallest smoothed loss: just before it stops helping.
    pub fn minimum_over_ten(&self) -> f64 {
        let range = self.looked_at();
        let lowest = range.clone().min_by(|a, b| self.smoothed[*a].total_cmp(&self.smoothed[*b]));
        self.rates[lowest.unwrap_or(range.start)] / 10.0
    }

    /// Each suggestion with its name.
    pub fn suggestions(&self) -> [(&'static str, f64); 3] {
        [("valley", self.valley()), ("steepest", self.steepest()), ("minimum / 10", self.minimum_over_ten())]
    }

    /// The losses over the learning rates, with the suggestions.
    pub fn chart(&self) -> Result<LearningRateFinderChart> {
        let chart = LearningRateFinderChart::new(&self.rates, &self.losses)?.smoothed(&self.smoothed)?;
        self.suggestions().into_iter().try_fold(chart, |chart, (name, rate)| chart.suggestion(name, rate))
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        match self.chart() {
            Ok(chart) => chart.evcxr_display(),
            Err(_) => Display::text(self.to_string()).show(),
        }
    }
}

impl fmt::Display for LearningRateSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.rates.first().unwrap_or(&FIRST), self.rates.last().unwrap_or(&FIRST));
        write!(f, "{} learning rates tried, from {first:.1e} to {last:.1e}; suggestions:", self.rates.len())?;
        for (name, rate) in self.suggestions() {
            write!(f, " {name} {rate:.1e}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, LAST, LearningRateSearch, STEPS};
    use crate::model::TextClassifier;
    use crate::model::fixture::{tiny, tiny_data, tiny_folder};
    use crate::train::{Method, Quiet, Trainer, TrainingConfig};

    /// Flat, then falling from 1e-5 to 1e-2, then rising.
    fn search() -> LearningRateSearch {
        let mut search = LearningRateSearch::default();
        for step in 0..STEPS {
            let rate = FIRST * (LAST / FIRST).powf(step as f64 / (STEPS - 1) as f64);
            let place = rate.log10();
            let loss = if place < -5.0 {
                2.0
            } else if place < -2.0 {
                2.0 - 0.5 * (place + 5.0)
            } else {
                0.5 + (place + 2.0).powi(2)
            };
            search.rates.push(rate);
            search.losses.push(loss);
            search.smoothed.push(loss);
        }
        search
    }

    #[test]
    fn suggestions_lie_where_they_say() {
        let search = search();
        assert!((1e-4..1e-2).contains(&search.valley()), "{search}");
        assert!((1e-5..2e-2).contains(&search.steepest()), "{search}");
        assert!((5e-4..2e-3).contains(&search.minimum_over_ten()), "{search}");
        assert!(search.chart().unwrap().to_svg().unwrap().contains("valley"));
    }

    #[test]
    fn a_real_search_finds_a_rate_that_learns_and_puts_the_weights_back() {
        let dir = tiny_folder();
        let model = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
        let values = || -> Vec<Vec<f32>> {
            model.store().all().iter().map(|p| p.var().flatten_all().unwrap().to_vec1().unwrap()).collect()
        };
        let before = values();
        let config = TrainingConfig { batch_size: 8, ..TrainingConfig::default() };
        let trainer = Trainer::new(model.clone()).method(Method::Full).config(config).observer(Quiet);
        let search = trainer.find_learning_rate(&tiny_data(60, 0)).unwrap();
        assert_eq!(values(), before);
        assert!(search.learning_rates().len() > 60, "{search}");
        assert!((1e-5..0.5).contains(&search.valley()), "{search}");
    }

    #[test]
    fn layer_decay_and_the_grouping_of_batches_change_the_search() {
        let dir = tiny_folder();
        let losses = |config: TrainingConfig| {
            let model = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
            let trainer = Trainer::new(model).config(TrainingConfig { batch_size: 8, ..config }).observer(Quiet);
            trainer.find_learning_rate(&tiny_data(60, 0)).unwrap().losses().to_vec()
        };
        let plain = losses(TrainingConfig::default());
        assert_eq!(plain, losses(TrainingConfig::default()));
        // The same first batch, and other steps after it.
        let decayed = losses(TrainingConfig { layer_decay: 0.5, ..TrainingConfig::default() });
        assert_eq!((plain[0], plain == decayed), (decayed[0], false));
        assert_ne!(plain, losses(TrainingConfig { group_by_length: false, ..TrainingConfig::default() }));
    }
}
