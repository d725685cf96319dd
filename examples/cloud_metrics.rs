//! Which hours of a cloud service are incidents? What simple and less simple methods reach on the generated table.
//!
//! `cargo run --release --example cloud_metrics` takes about two minutes on two cores. Three hours in a hundred are
//! incidents, so accuracy says nothing: the figures are average precision and the F1 of the threshold that was best on the
//! validation rows. The split is by time. Means of five seeds, with the standard deviation.
//! `-- FILE.csv` writes the table instead.

use tunebook::data::ColumnValues;
use tunebook::metrics::best_f1_threshold;
use tunebook::prelude::*;

const SEEDS: u64 = 5;

fn main() -> Result<()> {
    let table = CloudMetrics::default().generate()?;
    if let Some(path) = std::env::args().nth(1) {
        return table.save_csv(path);
    }
    let times: Vec<usize> = (0..table.len()).collect();
    let table = table.without_columns(&["time", "cause"])?.label_column("incident")?;
    println!("{table}");
    let data = table.time_split(&times, 0.15, 0.15)?;
    let positive = |part: &TabularDataset| part.labels().iter().map(|&label| label == 1).collect::<Vec<_>>();
    let (validation, test) = (positive(&data.validation), positive(&data.test));
    println!("{:<34} {:>14} {:>16} {:>16}", "method", "accuracy", "avg. precision", "F1");
    let always_no = test.iter().filter(|is| !**is).count() as f64 / test.len() as f64;
    println!("{:<34} {always_no:>14.3} {:>16.3} {:>16.3}", "always \"no\"", 1.0 - always_no, 0.0);
    for column in ["error_percent", "latency_p99_ms", "queue_depth", "cpu"] {
        let scores = |part: &TabularDataset| match part.column(column).map(|column| column.values().clone()) {
            Ok(ColumnValues::Numeric(values)) => values.into_iter().map(|value| value.unwrap_or(0.0) as f32).collect(),
            _ => Vec::new(),
        };
        let figures = Figures::new(&validation, &scores(&data.validation), &test, &scores(&data.test))?;
        Figures::print(&format!("threshold on {column}"), &[figures]);
    }
    let preprocessor = Preprocessor::new().fit(&data.train)?;
    for (name, hidden) in [("logistic regression", &[][..]), ("perceptron, 64 and 32 hidden", &[64, 32])] {
        let mut all = Vec::new();
        for seed in 1..=SEEDS {
            let model = TabularClassifier::new(&preprocessor, data.label_names(), hidden, seed)?;
            let config = TrainingConfig { epochs: 12, seed, ..TrainingConfig::default() };
            let report = Trainer::new(model).config(config).observer(Quiet).fit(&data.train, &data.validation)?;
            let scores = |part: &TabularDataset| -> Result<Vec<f32>> {
                let predictions = report.model().predict(part)?;
                Ok(predictions.items().iter().map(|item| item.probabilities[1]).collect())
            };
            all.push(Figures::new(&validation, &scores(&data.validation)?, &test, &scores(&data.test)?)?);
        }
        Figures::print(name, &all);
    }
    Ok(())
}

struct Figures {
    accuracy: f64,
    average_precision: f64,
    f1: f64,
}

impl Figures {
    fn new(validation: &[bool], chosen_on: &[f32], test: &[bool], scores: &[f32]) -> Result<Self> {
        let threshold = best_f1_threshold(validation, chosen_on)?.unwrap_or(f32::INFINITY);
        let as_f64: Vec<f64> = scores.iter().map(|&score| f64::from(score)).collect();
        let answers = || scores.iter().map(|&score| score >= threshold).zip(test);
        let hits = answers().filter(|&(said, &is)| said && is).count() as f64;
        let (said, are) = (answers().filter(|(said, _)| *said).count(), test.iter().filter(|is| **is).count());
        Ok(Self {
            accuracy: answers().filter(|(said, is)| said == *is).count() as f64 / test.len() as f64,
            average_precision: PrecisionRecallCurve::new(test, &as_f64)?.average_precision(),
            f1: 2.0 * hits / (said + are) as f64,
        })
    }

    fn print(name: &str, all: &[Self]) {
        let cell = |of: fn(&Self) -> f64| {
            let mean = all.iter().map(of).sum::<f64>() / all.len() as f64;
            let variance =
                all.iter().map(|one| (of(one) - mean).powi(2)).sum::<f64>() / (all.len() as f64 - 1.0).max(1.0);
            if all.len() == 1 { format!("{mean:.3}") } else { format!("{mean:.3} ± {:.3}", variance.sqrt()) }
        };
        let [accuracy, precision, f1] =
            [cell(|one| one.accuracy), cell(|one| one.average_precision), cell(|one| one.f1)];
        println!("{name:<34} {accuracy:>14} {precision:>16} {f1:>16}");
    }
}
