//! Training: the loop, the methods, and what keeps them honest.
//!
//! Reading order: [`Trainer`] (the run), [`Method`] (which parameters learn), [`TrainingConfig`] and [`Schedule`],
//! [`Trainable`] (what a model must be able to do), [`Targets`] (what it should answer, and the loss), [`Gradients`] and
//! [`OptimizerState`] (the step), [`GradientAudit`] (a run with a cut graph is an error), [`EarlyStopping`],
//! [`Checkpoints`] and each [`Checkpoint`], [`LearningRateSearch`] and [`Sweep`] (choosing the numbers), [`History`] and
//! [`TrainingReport`] (what comes out), [`Observer`] and [`Live`] (what is shown meanwhile), [`stop`].

mod answers;
mod audit;
#[cfg(test)]
mod bad_input_tests;
mod batches;
mod checkpoint;
mod config;
mod diagram;
mod early_stopping;
mod epoch_metrics;
#[cfg(test)]
mod freezing_tests;
mod gradient_norms;
mod gradients;
mod history;
mod image;
#[cfg(test)]
mod image_tests;
mod kept;
mod learning_rate_finder;
mod live;
mod loss;
#[cfg(test)]
mod memory_tests;
mod method;
mod observer;
mod optimizer;
mod phases;
mod prepare;
mod progress;
mod report;
mod run;
mod schedule;
mod set_fit;
mod step;
pub mod stop;
mod sweep;
mod table;
#[cfg(test)]
mod table_tests;
mod targets;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod text_tests;
mod trainable;
mod trainer;

pub use audit::GradientAudit;
pub use checkpoint::Checkpoints;
pub use config::{ClassWeights, TrainingConfig};
pub use early_stopping::EarlyStopping;
pub use gradient_norms::GradientNorms;
pub use gradients::Gradients;
pub use history::{EpochRecord, History};
pub use image::ImageInputs;
pub use kept::Checkpoint;
pub use learning_rate_finder::LearningRateSearch;
pub use live::Live;
pub use loss::{cross_entropy, weighted_cross_entropy};
pub use method::Method;
pub use observer::{Observer, Quiet, StepRecord, TrainingPlan};
pub use optimizer::{Optimizer, OptimizerState, ParameterGroup, ParameterGroups};
pub use report::{StopReason, TrainingReport};
pub use schedule::Schedule;
pub use set_fit::SetFit;
pub use sweep::{SearchSpace, Sweep, SweepResults, Trial, TrialResult};
pub use table::TableInputs;
pub use targets::{LossOptions, Mix, Targets};
pub use text::{TextInputs, TextModel};
pub use trainable::{Examples, Trainable};
pub use trainer::Trainer;
