//! Training: the loop, the methods, and what keeps them honest.
//!
//! Reading order: [`Trainer`] (the run), [`Method`] (which parameters learn), [`TrainingConfig`] and [`Schedule`],
//! [`AdamW`], [`GradientAudit`] (a run with a cut graph is an error), [`EarlyStopping`], [`History`] and
//! [`TrainingReport`] (what comes out), [`Observer`] and [`Live`] (what is shown meanwhile), [`stop`].

mod adamw;
mod audit;
mod batches;
mod config;
mod diagram;
mod early_stopping;
mod evaluate;
mod examples;
mod history;
mod live;
mod loss;
mod method;
mod observer;
mod report;
mod run;
mod schedule;
pub mod stop;
#[cfg(test)]
mod tests;
mod trainer;

pub use adamw::AdamW;
pub use audit::GradientAudit;
pub use config::TrainingConfig;
pub use early_stopping::EarlyStopping;
pub use history::{EpochRecord, History};
pub use live::Live;
pub use loss::cross_entropy;
pub use method::Method;
pub use observer::{Observer, Quiet, StepRecord, TrainingPlan};
pub use report::{StopReason, TrainingReport};
pub use schedule::Schedule;
pub use trainer::Trainer;
