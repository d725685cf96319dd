//! What CI asks of an exercise: the starter never passes, the solution always does, each wrong answer gets its message.

use super::{Checker, Exercise};
use crate::{Error, Result, files};

/// What was validated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validated {
    /// How many wrong answers were tried.
    pub wrong: usize,
    /// Everything that is not as promised.
    pub problems: Vec<Error>,
}

/// Runs starter, solution and wrong answers of an exercise. Fewer than three wrong answers are a problem too.
pub fn validate(checker: &Checker, exercise: &Exercise) -> Result<Validated> {
    let mut done = Validated::default();
    let place = |file: &str| format!("exercises/{}/{file}", exercise.id);
    let read = |file: &str| files::read(&exercise.folder.join(file));

    // Run as if it were an answer: a starter that happens to pass must not hide behind being the starter.
    if checker.run(exercise, &read("starter.rs")?)?.passed() {
        done.problems.push(Error::work(
            place("starter.rs"),
            "the starter passes",
            "leave something to do, or check more",
        ));
    }
    let solution = checker.run(exercise, &read("solution.rs")?)?;
    if !solution.passed() {
        let problem = format!("the solution does not pass:\n{solution}");
        done.problems.push(Error::work(place("solution.rs"), problem, "correct the solution or the check"));
    }
    for path in files::entries(&exercise.folder.join("wrong"))? {
        let file = format!("wrong/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.extension().is_none_or(|extension| extension != "rs") {
            done.problems.push(Error::input(place(&file), "this file is not a wrong answer", "remove it"));
            continue;
        }
        done.wrong += 1;
        let code = files::read(&path)?;
        let Some(message) = code.lines().next().and_then(|line| line.strip_prefix("//~ MESSAGE:")).map(str::trim)
        else {
            let mend = "start with `//~ MESSAGE: what it must be told`";
            done.problems.push(Error::input(format!("{}:1", place(&file)), "the expected message is missing", mend));
            continue;
        };
        let report = checker.run(exercise, &code)?;
        if report.passed() {
            done.problems.push(Error::work(place(&file), "the wrong answer passes", "check more"));
        } else if message.is_empty() || !report.to_string().contains(message) {
            let problem = format!("it is not told `{message}` but:\n{report}");
            done.problems.push(Error::work(place(&file), problem, "correct the message or the check"));
        }
    }
    if done.wrong < 3 {
        let problem = format!("there are {} wrong answers", done.wrong);
        done.problems.push(Error::input(place("wrong"), problem, "add plausible ones until there are three"));
    }
    Ok(done)
}
