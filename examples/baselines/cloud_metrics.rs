//! The generated table of metrics: which hours are incidents? The split is by time, so the seed changes no rows: it is that
//! of the weights and of the order of the rows.

use tunebook::data::ColumnValues;
use tunebook::metrics::best_f1_threshold;
use tunebook::prelude::*;

use crate::options::Options;
use crate::say;
use crate::table::Table;

pub(crate) fn table(options: &Options) -> Result<Table> {
    let table = CloudMetrics::default().generate()?;
    let times: Vec<usize> = (0..table.len()).collect();
    let table = table.without_columns(&["time", "cause"])?.label_column("incident")?;
    let data = table.time_split(&times, 0.15, 0.15)?;
    let positive = |part: &TabularDataset| part.labels().iter().map(|&label| label == 1).collect::<Vec<_>>();
    let (validation, test) = (positive(&data.validation), positive(&data.test));
    let figures = |chosen_on: &[f32], scores: &[f32]| figures(&validation, chosen_on, &test, scores);
    let about = format!(
        "cloud-metrics: the first {} hours to train on, {} to choose thresholds by, the last {} to test on; {} seeds",
        data.train.len(),
        validation.len(),
        test.len(),
        options.seeds
    );
    let mut out = Table::new(about, &["accuracy, %", "average precision", "F1"]);
    let nothing = |part: &[bool]| vec![0.0; part.len()];
    let mut always_no = figures(&nothing(&validation), &nothing(&test))?;
    // With equal scores the best threshold says "yes" to all; to say "no" is right more often, and finds nothing.
    (always_no[0], always_no[2]) = (test.iter().filter(|is| !**is).count() as f64 / test.len() as f64, 0.0);
    out.add("always \"no\"", &[always_no]);
    for column in ["error_percent", "latency_p99_ms", "queue_depth", "cpu"] {
        let scores = |part: &TabularDataset| match part.column(column).map(|column| column.values().clone()) {
            Ok(ColumnValues::Numeric(values)) => {
                Ok(values.into_iter().map(|value| value.unwrap_or(0.0) as f32).collect::<Vec<f32>>())
            }
            _ => Err(Error::input(column, "is no column of numbers", "")),
        };
        out.add(&format!("threshold on `{column}`"), &[figures(&scores(&data.validation)?, &scores(&data.test)?)?]);
    }
    let preprocessor = Preprocessor::new().fit(&data.train)?;
    for (name, hidden) in [("logistic regression", &[][..]), ("perceptron, 64 and 32 hidden units", &[64, 32])] {
        let mut runs = Vec::new();
        for seed in 1..=options.seeds {
            say(options, name, seed);
            let model = TabularClassifier::new(&preprocessor, data.label_names(), hidden, seed)?;
            let config = TrainingConfig { epochs: 12, seed, ..TrainingConfig::default() };
            let report = Trainer::new(model).config(config).observer(Quiet).fit(&data.train, &data.validation)?;
            let scores = |part: &TabularDataset| -> Result<Vec<f32>> {
                let predictions = report.model().predict(part)?;
                Ok(predictions.items().iter().map(|item| item.probabilities[1]).collect())
            };
            runs.push(figures(&scores(&data.validation)?, &scores(&data.test)?)?);
        }
        out.add(name, &runs);
    }
    Ok(out)
}

/// Accuracy, average precision and F1 on the test rows, with the threshold that has the best F1 on the validation rows.
fn figures(validation: &[bool], chosen_on: &[f32], test: &[bool], scores: &[f32]) -> Result<Vec<f64>> {
    let threshold = best_f1_threshold(validation, chosen_on)?.unwrap_or(f32::INFINITY);
    let as_f64: Vec<f64> = scores.iter().map(|&score| f64::from(score)).collect();
    let answers = || scores.iter().map(|&score| score >= threshold).zip(test);
    let hits = answers().filter(|&(said, &is)| said && is).count() as f64;
    let (said, are) = (answers().filter(|(said, _)| *said).count(), test.iter().filter(|is| **is).count());
    let right = answers().filter(|(said, is)| said == *is).count() as f64;
    let precision = PrecisionRecallCurve::new(test, &as_f64)?.average_precision();
    Ok(vec![right / test.len() as f64, precision, 2.0 * hits / (said + are) as f64])
}
