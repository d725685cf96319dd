//! Classifiers and regressors of tables as the trainer sees them: features, or what frozen hidden layers make of them.

use candle_core::Tensor;

use super::answers::evaluation;
use super::{Examples, Mix, Targets, Trainable};
use crate::data::{TableTarget, TabularDataset};
use crate::metrics::{Evaluation, RegressionEvaluation};
use crate::model::{LearningRates, ParameterStore, Pass, TabularClassifier, TabularNetwork, TabularRegressor};
use crate::{Error, Result};

/// Steps that small networks on scaled columns bear: a last layer alone, or biases, larger ones than the whole.
const LEARNING_RATES: LearningRates =
    LearningRates { feature_extraction: 1e-2, partial: 3e-3, full: 3e-3, lora: 3e-3, bitfit: 1e-2 };

/// Rows of a table as a step reads them.
///
/// ```
/// use tunebook::prelude::*;
/// use tunebook::train::TableInputs;
/// let columns = vec![
///     TableColumn::numeric("load", vec![Some(1.0), Some(2.0)]),
///     TableColumn::categorical("tier", ["low", "high"].map(|name| Some(name.to_owned())).to_vec()),
/// ];
/// let data = TabularDataset::new("loads", columns)?.label_column("tier")?;
/// let model = TabularClassifier::new(&Preprocessor::new().fit(&data)?, data.label_names(), &[4], 42)?;
/// let rows = model.prepare(&data)?.inputs;
/// let frozen = model.freeze_inputs(&rows, &mut |_| Ok(()))?; // what the hidden layer makes of each row
/// assert!(matches!(frozen, TableInputs::Hidden(hidden) if hidden.dims() == [2, 4]));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum TableInputs {
    /// Features `(rows, features)`.
    Rows(Tensor),
    /// What the frozen hidden layers make of each row, `(rows, width)`, computed once.
    Hidden(Tensor),
}

impl TableInputs {
    /// What the network makes of its inputs after `choose` has taken some of the rows.
    fn outputs(
        &self,
        network: &TabularNetwork,
        pass: &Pass,
        choose: impl Fn(&Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        match self {
            Self::Rows(rows) => network.mlp().forward(&choose(rows)?, pass),
            Self::Hidden(hidden) => network.mlp().head(&choose(hidden)?, pass),
        }
    }
}

/// Some rows of a tensor, in this order.
pub(super) fn select(rows: &Tensor, places: &[usize]) -> Result<Tensor> {
    let ids: Vec<u32> = places.iter().map(|&place| place as u32).collect();
    Ok(rows.index_select(&Tensor::from_vec(ids, places.len(), rows.device())?, 0)?)
}

/// The trainer's view of a model around a [`TabularNetwork`]; the model adds `check_target` and `targets`.
macro_rules! trainable {
    ($model:ty) => {
        impl Trainable for $model {
            type Data = TabularDataset;
            type Inputs = TableInputs;

            fn store(&self) -> &ParameterStore {
                self.network().store()
            }

            fn source(&self) -> &str {
                self.network().source()
            }

            /// The features, which have no parameters; each hidden layer; the last layer.
            fn groups(&self) -> usize {
                self.network().mlp().config().hidden.len() + 2
            }

            fn group_of(&self, name: &str) -> usize {
                match hidden_layer_of(name) {
                    Some(layer) => layer + 1,
                    None => self.groups() - 1,
                }
            }

            fn learning_rates(&self) -> LearningRates {
                LEARNING_RATES
            }

            fn check(&self, data: &TabularDataset, what: &str) -> Result<()> {
                let place = format!("{what} {}", data.name());
                if data.is_empty() {
                    return Err(Error::input(place, "has no rows", "give at least one row"));
                }
                self.check_target(data, &place)
            }

            fn prepare(&self, data: &TabularDataset) -> Result<Examples<TableInputs>> {
                Ok(Examples { inputs: TableInputs::Rows(self.network().rows(data)?), targets: self.targets(data) })
            }

            /// In one pass: a table's network takes no time worth telling.
            fn freeze_inputs(
                &self,
                inputs: &TableInputs,
                _: &mut dyn FnMut(usize) -> Result<()>,
            ) -> Result<TableInputs> {
                Ok(match inputs {
                    TableInputs::Rows(rows) => {
                        TableInputs::Hidden(self.network().mlp().features(rows, &Pass::evaluation())?)
                    }
                    TableInputs::Hidden(_) => inputs.clone(),
                })
            }

            fn outputs(&self, inputs: &TableInputs, rows: &[usize], pass: &Pass) -> Result<Tensor> {
                inputs.outputs(self.network(), pass, |all| select(all, rows))
            }

            /// Features are mixed as they are; on frozen hidden layers, what these make of them ("manifold mixup", Verma et
            /// al., 2019).
            fn mixed_outputs(&self, inputs: &TableInputs, rows: &[usize], mix: &Mix, pass: &Pass) -> Result<Tensor> {
                inputs.outputs(self.network(), pass, |all| {
                    let (first, second) = (select(all, rows)?, select(all, &mix.partners)?);
                    let share = f64::from(mix.share);
                    Ok(((first * share)? + (second * (1.0 - share))?)?)
                })
            }
        }
    };
}

trainable!(TabularClassifier);
trainable!(TabularRegressor);

impl TabularClassifier {
    fn check_target(&self, data: &TabularDataset, place: &str) -> Result<()> {
        let Some(TableTarget::Labels { names, .. }) = data.target() else {
            let problem = "has no labels, and the model is a classifier";
            return Err(Error::input(place, problem, "name the column of the classes with label_column(...)"));
        };
        if names != self.labels() {
            let problem = format!("has the labels {names:?}, the model {:?}", self.labels());
            let mend = "make the model with data.label_names() of the same data set, or read the table with \
                        known_label_column(column, model.labels())";
            return Err(Error::input(place, problem, mend));
        }
        Ok(())
    }

    #[allow(clippy::unused_self, reason = "as for the regressor, whose targets depend on the model")]
    fn targets(&self, data: &TabularDataset) -> Targets {
        Targets::Classes(data.labels().to_vec())
    }

    /// Loss, accuracy, predictions and probabilities on a table with the same columns and labels.
    ///
    /// # Errors
    /// When it has no rows or other labels; and those of
    /// [`FittedPreprocessor::transform`](crate::data::FittedPreprocessor::transform).
    pub fn evaluate(&self, data: &TabularDataset) -> Result<Evaluation> {
        evaluation(self, data, self.labels())
    }
}

impl TabularRegressor {
    #[allow(clippy::unused_self, reason = "as for the classifier, whose labels are compared")]
    fn check_target(&self, data: &TabularDataset, place: &str) -> Result<()> {
        if matches!(data.target(), Some(TableTarget::Numbers { .. })) {
            return Ok(());
        }
        let problem = "has no target of numbers, and the model is a regressor";
        Err(Error::input(place, problem, "name the column of the target with target_column(...)"))
    }

    /// Standardised as the network learns them: losses are mean squared errors in squared deviations of the training
    /// targets.
    fn targets(&self, data: &TabularDataset) -> Targets {
        Targets::Values(data.targets().iter().map(|value| self.standardised(*value)).collect())
    }

    /// Mean absolute and squared errors and R² on a table with the same columns, in the target's own unit; the loss as in
    /// training, in squared deviations of the training targets.
    ///
    /// # Errors
    /// When it has no rows or no target of numbers; and those of
    /// [`FittedPreprocessor::transform`](crate::data::FittedPreprocessor::transform).
    pub fn evaluate(&self, data: &TabularDataset) -> Result<RegressionEvaluation> {
        self.check(data, "evaluation data")?;
        let evaluation = RegressionEvaluation::new(data.targets().to_vec(), self.predict(data)?)?;
        Ok(evaluation.in_deviations_of(self.deviation()))
    }
}

/// The hidden layer a parameter belongs to: 1 for `hidden.1.dense.bias`.
fn hidden_layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("hidden.")?.split('.').next()?.parse().ok()
}
