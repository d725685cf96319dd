//! Choosing the numbers of a fine-tuning, and not losing what was computed: a learning-rate search, a sweep, parameters
//! chosen by name, checkpoints, a run that is stopped and goes on, and the gradient audit.
//!
//! `cargo run --release --example choosing` takes less than a minute on two cores. Charts and checkpoints lie in
//! `target/choosing/`.

use std::path::Path;

use tunebook::prelude::*;
use tunebook::train::{LossOptions, StepRecord};

fn main() -> Result<()> {
    let folder = Path::new("target/choosing");
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    }
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    let train = data.train.few_shot(16, 42)?;
    let model = || TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names());

    println!("1. Which learning rate?");
    let method = Method::Partial { last_n_layers: 1 };
    let search = Trainer::new(model()?).method(method.clone()).find_learning_rate(&train)?;
    println!("{search}");
    search.chart()?.save(folder.join("learning-rates.svg"))?;

    println!(
        "\n2. Is there a better choice around it? Nine trials of one epoch, the best third of three, the best of nine."
    );
    let space = SearchSpace::new()
        .log_uniform("learning_rate", search.valley() / 10.0, search.valley() * 10.0)
        .choice("batch_size", &[8.0, 16.0]);
    let results = Sweep::successive_halving(space, 9, 1, 9, 42).run(|trial, epochs| {
        let config = TrainingConfig {
            epochs,
            learning_rate: Some(trial.get("learning_rate")?),
            batch_size: trial.get_usize("batch_size")?,
            ..TrainingConfig::default()
        };
        let trainer = Trainer::new(model()?).method(method.clone()).config(config).observer(Quiet);
        Ok(trainer.fit(&train, &data.validation)?.val_accuracy())
    })?;
    println!("{results}");
    results.chart()?.save(folder.join("sweep.svg"))?;
    let best = &results.best().trial;
    let config = TrainingConfig {
        epochs: 6,
        learning_rate: Some(best.get("learning_rate")?),
        batch_size: best.get_usize("batch_size")?,
        ..TrainingConfig::default()
    };

    println!("\n3. Only what has a name of our choice learns: attention in the last two layers, and the head.");
    let chosen = || -> Result<TextClassifier> {
        let model = model()?;
        model.store().freeze("*")?;
        model.store().unfreeze("encoder.layer.2.attention.*")?;
        model.store().unfreeze("encoder.layer.3.attention.*")?;
        model.store().unfreeze("classifier.*")?;
        Ok(model)
    };
    println!("{}", chosen()?.summary());

    println!("4. A run that is stopped after ten steps goes on from its checkpoint, and ends as if nothing had been.");
    let trainer =
        || -> Result<_> { Ok(Trainer::new(chosen()?).method(Method::Chosen).config(config.clone()).observer(Quiet)) };
    let whole = trainer()?.fit(&train, &data.validation)?;
    let checkpoints = Checkpoints::in_folder(folder.join("run")).keep_best(2);
    let stopped =
        trainer()?.observer(StopAfter::new(10)).checkpoints(checkpoints.clone()).fit(&train, &data.validation)?;
    println!("stopped: {:?} after {} whole epochs", stopped.stop_reason(), stopped.history().epochs().len());
    let resumed = trainer()?.checkpoints(checkpoints.clone()).resume().fit(&train, &data.validation)?;
    assert_eq!(resumed.history().val_loss(), whole.history().val_loss());
    println!("{resumed}");
    for kept in checkpoints.kept()? {
        let loss =
            kept.epoch().map_or("in the middle of an epoch".to_owned(), |e| format!("val loss {:.4}", e.val_loss));
        println!("  {}: {loss}", kept.folder().display());
    }
    if let Some(best) = checkpoints.best()? {
        best.load_into(resumed.model().store())?;
    }
    println!("test accuracy of the best: {:.1} %", 100.0 * resumed.model().evaluate(&data.test)?.accuracy);

    println!("\n5. Does every parameter get a gradient? Through one of candle's fused operations, none below it does.");
    let model = model()?;
    let few = model.prepare(&train.select(&[0, 20, 40, 60]))?;
    let logits = model.outputs(&few.inputs, &[0, 1, 2, 3], &Pass::gradients())?;
    let cut = candle_nn::ops::softmax_last_dim(&logits)?.log()?;
    for (what, outputs) in [("ours", &logits), ("cut", &cut)] {
        let loss = few.targets.loss(outputs, &[0, 1, 2, 3], None, &LossOptions::default(), 4.0)?;
        let audit = GradientAudit::of(&model.store().trainable(), &loss)?;
        println!("{what}: {}", audit.to_string().lines().last().unwrap_or_default());
        if let Err(error) = audit.check() {
            println!("  the trainer would say: {:.120}...", error.to_string());
        }
    }
    Ok(())
}

/// Asks the run to stop, as a person would with Ctrl-C or the notebook's stop button.
struct StopAfter {
    steps: usize,
    reached: bool,
}

impl StopAfter {
    fn new(steps: usize) -> Self {
        Self { steps, reached: false }
    }
}

impl Observer for StopAfter {
    fn on_step(&mut self, record: &StepRecord) {
        self.reached = record.step >= self.steps;
    }

    fn wants_stop(&self) -> bool {
        self.reached
    }
}
