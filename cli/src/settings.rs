//! Settings of the library by the options that set them: an error about `TrainingConfig::epochs` is one about `--epochs`.

use tunebook::Error;

/// A setting as the library's errors name it, the option that sets it, and what to do where the library's own advice is for
/// people who write Rust.
const SETTINGS: &[(&str, &str, Option<&str>)] = &[
    ("TrainingConfig::epochs", "--epochs", None),
    ("TrainingConfig::batch_size", "--batch-size", None),
    ("TrainingConfig::accumulation_steps", "--accumulation-steps", None),
    (
        "TrainingConfig::learning_rate",
        "--learning-rate",
        Some("give a positive number such as 3e-4, or leave it out for the default"),
    ),
    ("TrainingConfig::weight_decay", "--weight-decay", None),
    ("TrainingConfig::warmup_ratio", "--warmup", None),
    ("TrainingConfig::layer_decay", "--layer-decay", None),
    ("TrainingConfig::label_smoothing", "--label-smoothing", None),
    ("TrainingConfig::mixup", "--mixup", None),
    ("Augmentation::horizontal_flip", "--augment horizontal-flip", None),
    ("Augmentation::vertical_flip", "--augment vertical-flip", None),
    ("Augmentation::shift", "--augment shift", None),
    ("Augmentation::rotation", "--augment rotation", None),
    ("Augmentation::scale", "--augment scale", None),
    ("Augmentation::brightness", "--augment brightness", None),
    ("Augmentation::contrast", "--augment contrast", None),
    ("Augmentation::random_erasing", "--augment random-erasing", None),
    ("TrainingConfig::class_weights", "--balance-classes", Some("leave it out: it is for one label of several")),
    ("TrainingConfig::max_length", "--max-length", None),
    ("max_length", "--max-length", None),
    ("EarlyStopping::on", "--monitor", None),
    ("EarlyStopping::patience", "--patience", None),
    ("Method::Partial::last_n_layers", "--layers", Some("give fewer, or use --method feature-extraction for none")),
    ("Method::Lora", "--method lora", Some("use another --method")),
    ("LoraConfig::rank", "--rank", None),
    ("LoraConfig::alpha", "--lora-alpha", None),
    ("LoraConfig::target_modules", "--lora-targets", None),
    ("MlpConfig", "--hidden", None),
    ("label_columns", "--label-columns", None),
];

/// The same error about the option, where it is about a setting that has one.
pub(crate) fn as_option(error: Error) -> Error {
    let Error::Input { place, problem, mend } = error else { return error };
    match SETTINGS.iter().find(|(setting, ..)| *setting == place) {
        Some((_, option, own)) => Error::input(option, problem, own.map_or(mend, str::to_owned)),
        None => Error::input(place, problem, mend),
    }
}

/// The same error with the option that names the column, where it is about a column that is not there.
pub(crate) fn naming_column(error: Error, columns: &[(&str, &str)]) -> Error {
    let Error::Input { place, problem, mend } = error else { return error };
    let is_missing = |column: &str| problem == format!("there is no column \"{column}\"");
    match columns.iter().find(|(column, _)| is_missing(column)) {
        Some((_, option)) => Error::input(place, problem, format!("{mend}; name the right one with {option}")),
        None => Error::input(place, problem, mend),
    }
}

#[cfg(test)]
mod tests {
    use tunebook::prelude::*;

    use super::{as_option, naming_column};

    /// What the library says about settings out of range is said of options, without a word of Rust.
    #[test]
    fn errors_about_settings_speak_of_options() {
        const METRICS: [&str; 5] = ["balanced_accuracy", "macro_f1", "weighted_f1", "matthews_correlation", "roc_auc"];
        let config = TrainingConfig::default;
        let lora = LoraConfig::default;
        let encoder = || TextClassifier::from_pretrained(Pretrained::embedded(), vec!["a".into(), "b".into()]).unwrap();
        let apply = |method: Method| method.apply(&mut encoder(), 1).unwrap_err();
        let data =
            TextDataset::new("t", vec!["x".into(), "y".into()], vec![0, 1], vec!["a".into(), "b".into()]).unwrap();
        let fit = |config: TrainingConfig| {
            let trainer = Trainer::new(encoder()).config(config).observer(Quiet);
            trainer.fit(&data, &data).map(|_| ()).unwrap_err()
        };
        let stopping = |rule: EarlyStopping| {
            let trainer = Trainer::new(encoder()).early_stopping(rule).observer(Quiet);
            trainer.fit(&data, &data).map(|_| ()).unwrap_err()
        };
        for (error, option) in [
            (TrainingConfig { epochs: 0, ..config() }.check().unwrap_err(), "--epochs"),
            (TrainingConfig { mixup: 2.0, ..config() }.check().unwrap_err(), "--mixup"),
            (Augmentation { shift: 4.0, ..Default::default() }.check().unwrap_err(), "--augment shift"),
            (TrainingConfig { batch_size: 0, ..config() }.check().unwrap_err(), "--batch-size"),
            (TrainingConfig { accumulation_steps: 0, ..config() }.check().unwrap_err(), "--accumulation-steps"),
            (TrainingConfig { learning_rate: Some(0.0), ..config() }.check().unwrap_err(), "--learning-rate"),
            (TrainingConfig { weight_decay: -1.0, ..config() }.check().unwrap_err(), "--weight-decay"),
            (TrainingConfig { warmup_ratio: 2.0, ..config() }.check().unwrap_err(), "--warmup"),
            (TrainingConfig { layer_decay: 0.0, ..config() }.check().unwrap_err(), "--layer-decay"),
            (TrainingConfig { label_smoothing: 1.0, ..config() }.check().unwrap_err(), "--label-smoothing"),
            (fit(TrainingConfig { max_length: Some(1_000_000), ..config() }), "--max-length"),
            (fit(TrainingConfig { max_length: Some(1), ..config() }), "--max-length"),
            (stopping(EarlyStopping::on("val_loss").patience(0)), "--patience"),
            (stopping(EarlyStopping::on("val_r2")), "--monitor"),
            (apply(Method::Partial { last_n_layers: 99 }), "--layers"),
            (apply(Method::Lora(LoraConfig { rank: 0, ..lora() })), "--rank"),
            (apply(Method::Lora(LoraConfig { alpha: -1.0, ..lora() })), "--lora-alpha"),
            (apply(Method::Lora(LoraConfig { target_modules: vec!["quary".into()], ..lora() })), "--lora-targets"),
        ] {
            let message = as_option(error).to_string();
            assert!(message.starts_with(&format!("{option}: ")), "{message}");
            // What is watched has an underscore on the command line too.
            let rust = message.replace("val_", "");
            let rust = METRICS.iter().fold(rust, |text, name| text.replace(name, ""));
            assert!(!rust.contains("::") && !rust.contains("None") && !rust.contains('_'), "{message}");
        }
        let other = Error::input("tickets.csv", "is empty", "fill it");
        assert_eq!(as_option(other).to_string(), "tickets.csv: is empty; fill it");
    }

    #[test]
    fn a_column_that_is_not_there_names_its_option() {
        let options = [("text", "--text-column"), ("label", "--label-column")];
        let missing = || Error::input("a.csv", "there is no column \"label\"", "the columns are: text, queue");
        let message = naming_column(missing(), &options).to_string();
        assert!(message.ends_with("the columns are: text, queue; name the right one with --label-column"), "{message}");
        assert_eq!(naming_column(missing(), &options[..1]).to_string(), missing().to_string());
    }
}
