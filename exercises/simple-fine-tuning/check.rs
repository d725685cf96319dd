//! `fine_tune` is called once, on the course's tickets. Some validation labels are turned into wrong ones on purpose: a
//! model that was trained on the validation tickets has learned the wrong answers and gives itself away.

use crate::support::{Observations, Verdict};
use tunebook::prelude::*;

/// Every twelfth validation ticket gets the label after its own.
const TURNED: usize = 12;

/// Share of right answers that is asked for.
const BAR: f64 = 0.4;

fn turned(data: &TextDataset) -> Result<TextDataset> {
    let labels = data.labels().iter().enumerate().map(|(row, &label)| if row % TURNED == 0 { next(label) } else { label });
    TextDataset::new("validation", data.texts().to_vec(), labels.collect(), data.label_names())
}

fn next(label: usize) -> usize {
    (label + 1) % 8
}

/// The encoder's parameters, as one list of numbers each: name and values.
#[cfg(probe)]
fn encoder_values(model: &TextClassifier) -> Result<Vec<(String, Vec<f32>)>> {
    let of_encoder = |name: &str| !name.starts_with("classifier.");
    let parameters = model.store().all().into_iter().filter(|parameter| of_encoder(parameter.name()));
    parameters.map(|p| Ok((p.name().to_owned(), p.var().flatten_all()?.to_vec1()?))).collect()
}

/// Cosine of the angle between two lists of numbers: near 1 for weights that were only adjusted.
#[cfg(probe)]
fn likeness(a: &[(String, Vec<f32>)], b: &[(String, Vec<f32>)]) -> f64 {
    let (mut product, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for ((_, a), (_, b)) in a.iter().zip(b) {
        for (&a, &b) in a.iter().zip(b) {
            let (a, b) = (f64::from(a), f64::from(b));
            product += a * b;
            of_a += a * a;
            of_b += b * b;
        }
    }
    product / (of_a * of_b).sqrt()
}

#[cfg(probe)]
pub fn probe(seen: &mut Observations) {
    seen.attempt("fine_tune", |seen| {
        let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
        let validation = turned(&data.validation)?;
        let report = crate::learner::fine_tune(&data.train, &validation)?;
        let model = report.model();
        seen.record("reported_loss", report.val_loss());
        seen.record("epochs", report.history().epochs().len());
        seen.record("samples", report.samples());
        seen.record("learning_rate", report.learning_rate());

        let evaluation = model.evaluate(&validation)?;
        seen.record("loss", evaluation.loss);
        seen.record("predictions", evaluation.predictions);

        let pretrained = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
        let (before, after) = (encoder_values(&pretrained)?, encoder_values(model)?);
        seen.record("changed", before.iter().zip(&after).filter(|(b, a)| b != a).count());
        seen.record("likeness", likeness(&before, &after));
        Ok(())
    });
}

#[cfg(judge)]
pub fn judge(seen: &Observations, verdict: &mut Verdict) {
    let failure = seen.failure("fine_tune");
    verdict.require("returns-report", failure.is_none(), format!("It ended with: {}", failure.unwrap_or_default()));
    let first = "First `fine_tune` must return a report.";

    let Some(likeness) = seen.number("likeness") else {
        for check in ["starts-pretrained", "encoder-trains", "watches-validation", "accuracy", "no-leak"] {
            verdict.require(check, false, first);
        }
        return;
    };
    verdict.require(
        "starts-pretrained",
        likeness > 0.9,
        "The encoder's weights have nothing in common with the pretrained ones. Start from `TextClassifier::from_pretrained`; \
         if you do, the learning rate is so high that training has overwritten them.",
    );
    let changed = seen.number("changed").unwrap_or(0.0);
    verdict.require(
        "encoder-trains",
        changed > 0.0,
        "No weight of the encoder has changed: only the head was trained. Choose a method that reaches into the encoder.",
    );
    let (reported, measured) = (seen.number("reported_loss").unwrap_or(f64::NAN), seen.number("loss").unwrap_or(f64::NAN));
    verdict.require(
        "watches-validation",
        (reported - measured).abs() < 1e-3 * (1.0 + measured),
        format!(
            "The report says that the validation loss is {reported:.3}; on `validation` it is {measured:.3}. Pass `validation`, \
             and nothing else, as the second argument of `fit`."
        ),
    );

    let data = TextDataset::embedded("support-tickets").and_then(|data| data.fixed_split()).expect("the course's data");
    let truth = data.validation.labels();
    let predictions: Vec<usize> = seen.numbers("predictions").unwrap_or_default().iter().map(|&p| p as usize).collect();
    let right = predictions.iter().zip(truth).filter(|(p, t)| p == t).count();
    let accuracy = right as f64 / truth.len() as f64;
    let epochs = seen.number("epochs").unwrap_or(0.0);
    let rate = seen.number("learning_rate").unwrap_or(f64::NAN);
    verdict.require(
        "accuracy",
        predictions.len() == truth.len() && accuracy >= BAR,
        format!(
            "{:.1} % of the validation tickets go to the right queue, {:.0} % are asked for. Look at your settings: \
             epochs {epochs:.0}, learning rate {rate:e}.",
            100.0 * accuracy,
            100.0 * BAR
        ),
    );

    let fooled = (0..truth.len()).step_by(TURNED).filter(|&row| predictions.get(row) == Some(&next(truth[row]))).count();
    let samples = seen.number("samples").unwrap_or(0.0);
    verdict.require(
        "no-leak",
        samples <= data.train.len() as f64,
        format!(
            "`train` has {} tickets, and the model learned from {samples:.0}: it was trained on the validation tickets too. Train on \
             `train` only.",
            data.train.len()
        ),
    );
    verdict.require(
        "no-leak",
        fooled <= 3,
        "The check gave some validation tickets a wrong label on purpose, and your model repeats the wrong labels: it was trained on \
         the validation tickets. Train on `train` only.",
    );
}
