//! What `:check`, `:hint` and friends do in a cell: the learner's loop behind the kernel's trait.

use std::sync::OnceLock;

use tunebook_grader::{escape_html, markdown_to_html};
use tunebook_kernel::command::{CellCommands, CommandCall, CommandReply};

use crate::exercise::Checker;
use crate::learner::Learner;
use crate::{Error, Home, Result};

/// The commands of a learner.
pub struct Commands {
    learner: Learner,
    home: Home,
    checker: OnceLock<Checker>,
}

/// Plain text and HTML of an answer.
struct Shown {
    text: String,
    html: String,
}

const COMMANDS: [(&str, &str); 6] = [
    ("check", ":check EXERCISE: checks the code in the rest of the cell, or your file when there is none"),
    ("hint", ":hint EXERCISE: one more hint"),
    ("solution", ":solution EXERCISE: the course's solution, once yours has passed"),
    ("reset", ":reset EXERCISE or LESSON: the starter again; what you wrote is kept as a backup"),
    ("progress", ":progress: what you have done so far"),
    ("quiz", ":quiz QUESTION: grades the answer on the lines below"),
];

impl Commands {
    /// The commands for one learner; exercises are compiled against the seed in `home`.
    pub fn new(learner: Learner, home: Home) -> Self {
        Self { learner, home, checker: OnceLock::new() }
    }

    /// The commands with a checker of the caller's.
    pub fn with_checker(learner: Learner, home: Home, checker: Checker) -> Self {
        Self { learner, home, checker: OnceLock::from(checker) }
    }

    fn answer(&self, call: &CommandCall) -> Result<Shown> {
        match call.name.as_str() {
            "check" => self.check(one_word(call, "check EXERCISE")?, &call.body),
            "hint" => self.hint(one_word(call, "hint EXERCISE")?),
            "solution" => {
                let code = self.learner.solution(one_word(call, "solution EXERCISE")?)?;
                Ok(Shown { html: format!("<pre style=\"overflow-x:auto\">{}</pre>", escape_html(&code)), text: code })
            }
            "reset" => self.reset(one_word(call, "reset EXERCISE")?),
            "quiz" => self.quiz(one_word(call, "quiz QUESTION")?, &call.body),
            "progress" => {
                let text = self.learner.standing()?.to_string();
                let html = format!("<pre>{}</pre>", escape_html(&text));
                Ok(Shown { text, html })
            }
            other => Err(Error::input(format!(":{other}"), "there is no such command", "`:help` lists them")),
        }
    }

    fn check(&self, id: &str, body: &str) -> Result<Shown> {
        let checker = self.checker()?;
        if body.trim().is_empty() {
            let report = self.learner.check(checker, id)?;
            return Ok(Shown { html: report.to_html(), text: report.to_string() });
        }
        let checked = self.learner.check_code(checker, id, body)?;
        let (mut text, mut html) = (checked.report.to_string(), checked.report.to_html());
        if let Some(path) = checked.not_stored {
            let note = format!(
                "{} was edited outside of the notebook and is left as it is; `:reset {id}` replaces it.",
                path.display()
            );
            html += "<p>";
            html += &escape_html(&note);
            html += "</p>";
            text = format!("{text}\n{note}");
        }
        Ok(Shown { text, html })
    }

    fn hint(&self, id: &str) -> Result<Shown> {
        let hint = self.learner.hint(id)?;
        let head = format!("Hint {} of {}", hint.number, hint.total);
        let html = format!(
            "<div style=\"border-left:4px solid #b8860b;padding:0.4em 0.9em\"><strong>{head}</strong>{}</div>",
            markdown_to_html(&hint.text)
        );
        Ok(Shown { text: format!("{head}\n{}", hint.text.trim()), html })
    }

    fn reset(&self, name: &str) -> Result<Shown> {
        let text = match self.learner.reset(name)? {
            Some(backup) => {
                format!("`{name}` is as it was at the start. What you had written is in {}", backup.display())
            }
            None => format!("`{name}` is as it was at the start."),
        };
        Ok(Shown { html: format!("<p>{}</p>", escape_html(&text)), text })
    }

    fn quiz(&self, id: &str, body: &str) -> Result<Shown> {
        // A line that is a comment is a note of the notebook's, not an answer.
        let answer: Vec<&str> = body.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let verdict = self.learner.answer(id, &answer.join("\n"))?;
        Ok(Shown { html: verdict.to_html(), text: verdict.to_string() })
    }

    fn checker(&self) -> Result<&Checker> {
        if let Some(checker) = self.checker.get() {
            return Ok(checker);
        }
        let checker = Checker::new(&self.home)?;
        Ok(self.checker.get_or_init(|| checker))
    }
}

fn one_word<'a>(call: &'a CommandCall, usage: &str) -> Result<&'a str> {
    match call.args.as_slice() {
        [word] => Ok(word),
        words => {
            let problem = format!("it takes one word, not {}", words.len());
            Err(Error::input(format!(":{}", call.name), problem, format!("write `:{usage}`")))
        }
    }
}

impl CellCommands for Commands {
    fn names(&self) -> Vec<(String, String)> {
        COMMANDS.iter().map(|(name, help)| ((*name).to_owned(), (*help).to_owned())).collect()
    }

    fn interrupt(&self) {
        if let Some(checker) = self.checker.get() {
            checker.stop().request();
        }
    }

    fn run(&self, call: &CommandCall) -> CommandReply {
        match self.answer(call) {
            Ok(shown) => {
                let mut reply = CommandReply { ok: true, ..CommandReply::default() };
                reply.data.insert("text/plain".into(), shown.text.into());
                reply.data.insert("text/html".into(), shown.html.into());
                reply
            }
            Err(error) => CommandReply { error: Some(error.to_string()), ..CommandReply::default() },
        }
    }
}
