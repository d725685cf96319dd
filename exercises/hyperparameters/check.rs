//! `try_rates` is called twice: with a usual rate, a tiny one and the usual one again, and then on validation tickets whose labels are all
//! wrong on purpose, where only an answer that measures elsewhere looks good. `best` gets tables written by hand.

use crate::support::{Observations, Verdict};
#[cfg(probe)]
use tunebook::prelude::*;

/// A usual step, hardly a step, and the usual one again: in no order, so that sorting them shows.
const RATES: [f64; 3] = [2e-3, 1e-7, 2e-3];

/// The least accuracy that a usual rate reaches when it gets enough epochs.
#[cfg(judge)]
const LEARNED: f64 = 0.3;

/// Tables for `best`: learning rate, validation accuracy, validation loss. The expected index stands beside them in `EXPECTED`.
const TABLES: [&[(f64, f64, f64)]; 6] = [
    &[(1e-5, 0.20, 2.0), (1e-3, 0.80, 0.7), (1e-1, 0.13, 9.0)],
    &[(1e-4, 0.75, 0.9), (1e-3, 0.75, 0.8), (1e-2, 0.75, 1.1)],
    &[(1e-2, 0.50, 0.4), (1e-3, 0.60, 1.4)],
    &[(1e-3, 0.60, 1.4), (1e-2, 0.50, 0.4)],
    &[(3e-3, 0.70, 1.0), (1e-3, 0.60, 1.1), (3e-4, 0.50, 1.2)],
    &[(2e-4, 0.10, 2.2)],
];
#[cfg(judge)]
const EXPECTED: [f64; 6] = [1e-3, 1e-3, 1e-3, 1e-3, 3e-3, 2e-4];

#[cfg(probe)]
fn note(seen: &mut Observations, call: &str, trials: &[crate::learner::Trial]) {
    let column = |of: fn(&crate::learner::Trial) -> f64| trials.iter().map(of).collect::<Vec<f64>>();
    seen.record(&format!("{call}-rates"), column(|trial| trial.learning_rate));
    seen.record(&format!("{call}-accuracies"), column(|trial| trial.val_accuracy));
    seen.record(&format!("{call}-losses"), column(|trial| trial.val_loss));
}

#[cfg(probe)]
pub fn probe(seen: &mut Observations) {
    seen.attempt("try_rates", |seen| {
        let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
        let train = data.train.few_shot(16, 1)?;
        note(seen, "honest", &crate::learner::try_rates(&train, &data.validation, &RATES)?);

        let wrong = data.validation.labels().iter().map(|label| (label + 1) % 8).collect();
        let turned =
            TextDataset::new("validation", data.validation.texts().to_vec(), wrong, data.validation.label_names())?;
        note(seen, "turned", &crate::learner::try_rates(&train, &turned, &RATES[1..])?);
        Ok(())
    });
    seen.attempt("best", |seen| {
        let mut chosen = Vec::new();
        for table in TABLES {
            let trials = table.iter().map(|&(learning_rate, val_accuracy, val_loss)| crate::learner::Trial {
                learning_rate,
                val_accuracy,
                val_loss,
            });
            chosen.push(crate::learner::best(&trials.collect::<Vec<_>>()).unwrap_or(f64::NAN));
        }
        seen.record("chosen", chosen);
        Ok(())
    });
    seen.attempt("best-empty", |seen| {
        seen.record("none", crate::learner::best(&[]).is_none());
        Ok(())
    });
}

#[cfg(judge)]
pub fn judge(seen: &Observations, verdict: &mut Verdict) {
    judge_trials(seen, verdict);
    let failed = seen.failure("best").map(|why| format!("It ended with: {why}"));
    let chosen = seen.numbers("chosen").unwrap_or_default();
    let wrong = chosen.iter().zip(EXPECTED).position(|(chosen, expected)| *chosen != expected);
    verdict.require(
        "best-by-validation",
        failed.is_none() && chosen.len() == EXPECTED.len() && wrong.is_none(),
        failed.unwrap_or_else(|| {
            let at = wrong.unwrap_or(0);
            let table: Vec<String> =
                TABLES[at].iter().map(|(rate, accuracy, loss)| format!("({rate:e}, {accuracy}, {loss})")).collect();
            format!(
                "Of the trials (rate, accuracy, loss) {} it chose {:e}; {:e} is the best.",
                table.join(", "),
                chosen.get(at).copied().unwrap_or(f64::NAN),
                EXPECTED[at]
            )
        }),
    );
    let why = seen.failure("best-empty").map_or("It returned a rate.".to_owned(), |why| format!("It ended with: {why}"));
    verdict.require("best-of-none", seen.flag("none"), why);
}

#[cfg(judge)]
fn judge_trials(seen: &Observations, verdict: &mut Verdict) {
    let column = |name: &str| seen.numbers(name).unwrap_or_default();
    let rates = column("honest-rates");
    let missing = seen.failure("try_rates").map_or_else(
        || format!("For {RATES:?} it returned trials for {rates:?}."),
        |why| format!("It ended with: {why}"),
    );
    let complete = rates == RATES && column("turned-rates") == &RATES[1..];
    verdict.require("one-trial-each", complete, missing);
    if !complete {
        for check in ["rate-is-used", "fresh-start", "on-validation"] {
            verdict.require(check, false, "First there must be one trial for each learning rate.");
        }
        return;
    }
    let (accuracies, losses) = (column("honest-accuracies"), column("honest-losses"));
    verdict.require(
        "rate-is-used",
        losses[0] != losses[1] && accuracies[0] > accuracies[1],
        format!(
            "With the learning rates 1e-7 and 2e-3 the accuracies are {:.3} and {:.3}. A rate of 1e-7 hardly learns anything: does \
             the rate reach the training, as `learning_rate: Some(rate)`? And does the usual one get enough epochs?",
            accuracies[1], accuracies[0]
        ),
    );
    verdict.require(
        "fresh-start",
        losses[0] == losses[2] && accuracies[0] == accuracies[2],
        format!(
            "2e-3 tried twice gave the validation losses {:.4} and {:.4}. Each trial must start from a fresh pretrained model (a \
             clone shares its weights with the original) and use the same seed.",
            losses[0], losses[2]
        ),
    );
    let turned = column("turned-accuracies")[1];
    verdict.require(
        "on-validation",
        accuracies[0] > LEARNED,
        format!(
            "With the learning rate 2e-3 your accuracy is {:.1} %, and at least {:.0} % is expected. Train for more epochs, and measure \
             on `validation`.",
            100.0 * accuracies[0],
            100.0 * LEARNED
        ),
    );
    verdict.require(
        "on-validation",
        turned < LEARNED && column("turned-losses")[1] > losses[0],
        format!(
            "On the real validation tickets you report an accuracy of {:.3}, and {turned:.3} on tickets whose labels are all wrong on \
             purpose. The numbers must come from the data set `validation`, after training on `train`.",
            accuracies[0]
        ),
    );
}
