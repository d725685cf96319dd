//! Sweeps over known functions.

use super::{SearchSpace, Sweep};
use crate::Error;
use crate::train::stop;

fn space() -> SearchSpace {
    SearchSpace::new().choice("a", &[1.0, 2.0, 3.0]).choice("b", &[0.001, 1.0])
}

#[test]
fn a_grid_is_every_combination_once() {
    let results = Sweep::grid(space()).run(|trial, _| Ok(trial.get("a")? * trial.get("b")?)).unwrap();
    let pairs: Vec<_> =
        results.all().iter().map(|r| (r.trial.get_usize("a").unwrap(), r.trial.get("b").unwrap())).collect();
    assert_eq!(pairs, [(1, 0.001), (1, 1.0), (2, 0.001), (2, 1.0), (3, 0.001), (3, 1.0)]);
    assert_eq!((results.best().trial.number(), results.logarithmic()), (6, &[false, true][..]));
    let svg = results.chart().unwrap().to_svg().unwrap();
    assert!(svg.contains("Sweep") && svg.contains("score"), "{svg}");
    let text = results.to_string();
    assert!(text.ends_with("best: trial 6: a 3, b 1"), "{text}");
    assert!(results.best().trial.get("c").unwrap_err().to_string().contains("a, b"));
    assert!(results.all()[0].trial.get_usize("b").is_err());
}

#[test]
fn random_choices_follow_the_seed_and_stay_in_range() {
    let space = SearchSpace::new().log_uniform("rate", 1e-5, 1e-1).uniform("decay", 0.1, 0.2);
    let run = |seed| {
        let results = Sweep::random(space.clone(), 200, seed).run(|trial, _| trial.get("rate")).unwrap();
        results.all().iter().map(|r| (r.trial.get("rate").unwrap(), r.trial.get("decay").unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert!(run(1).iter().all(|(rate, decay)| (1e-5..1e-1).contains(rate) && (0.1..0.2).contains(decay)));
    // Half of the draws lie below the middle of the logarithm.
    let below = run(1).iter().filter(|(rate, _)| *rate < 1e-3).count();
    assert!((70..130).contains(&below), "{below}");
}

#[test]
fn halving_gives_the_best_third_three_times_as_much() {
    let mut calls = Vec::new();
    let space = SearchSpace::new().uniform("x", 0.0, 1.0);
    let results = Sweep::successive_halving(space, 9, 1, 9, 3).run(|trial, budget| {
        calls.push(budget);
        trial.get("x")
    });
    let results = results.unwrap();
    assert_eq!(calls, [[1; 9].to_vec(), vec![3; 3], vec![9]].concat());
    let largest = results.all().iter().map(|r| r.score).fold(0.0, f64::max);
    assert!((results.best().score - largest).abs() < 1e-12 && results.best().budget == 9);
}

#[test]
fn a_score_that_is_no_number_is_never_the_best() {
    let results = Sweep::grid(space()).run(|t, _| Ok(if t.number() == 4 { -5.0 } else { f64::NAN })).unwrap();
    assert_eq!(results.best().trial.number(), 4);
}

#[test]
fn a_training_that_failed_is_the_worst_result_and_another_error_ends_the_sweep() {
    let diverged = |number: usize| Error::Training(format!("the loss became NaN at step {number}"));
    let results = Sweep::grid(space()).run(|t, _| if t.number() == 2 { Ok(0.25) } else { Err(diverged(t.number())) });
    let results = results.unwrap();
    assert_eq!((results.best().trial.number(), results.all().len()), (2, 6));
    assert_eq!(results.all()[0].problem.as_deref(), Some("the loss became NaN at step 1"));
    assert!(results.to_string().contains("NaN      0.0  failed: the loss became NaN at step 1"), "{results}");
    assert!(results.chart().unwrap().to_svg().unwrap().contains("Sweep"));
    let message = Sweep::grid(space()).run(|t, _| Err(diverged(t.number()))).unwrap_err().to_string();
    assert!(message.contains("every trial of the sweep failed, the first with: the loss became NaN at step 1"));
    let message = Sweep::grid(space()).run(|t, _| t.get("c")).unwrap_err().to_string();
    assert!(message.contains("no parameter of the sweep"), "{message}");
}

#[test]
fn a_request_that_stops_a_trial_stops_the_sweep() {
    let results = Sweep::grid(space()).run(|trial, _| {
        if trial.number() == 3 {
            stop::request_here();
            assert!(stop::take());
        }
        Ok(0.5)
    });
    let results = results.unwrap();
    assert!(results.was_stopped() && results.to_string().contains("stopped on request"));
    assert_eq!(results.all().iter().map(|r| r.trial.number()).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn spaces_and_plans_that_make_no_sense_are_errors() {
    let error = |sweep: Sweep| sweep.run(|_, _| Ok(0.0)).unwrap_err().to_string();
    assert!(error(Sweep::grid(SearchSpace::new())).contains("no parameters"));
    assert!(error(Sweep::grid(space().uniform("c", 0.0, 1.0))).contains("Sweep::random"));
    assert!(error(Sweep::random(space(), 0, 1)).contains("0 trials"));
    assert!(error(Sweep::random(space().choice("a", &[1.0]), 3, 1)).contains("twice"));
    assert!(error(Sweep::random(SearchSpace::new().log_uniform("r", 0.0, 1.0), 3, 1)).contains("SearchSpace, r"));
    assert!(error(Sweep::successive_halving(space(), 3, 5, 2, 1)).contains("5 to 2"));
}
