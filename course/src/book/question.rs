//! A question as a form that works in the page. Everything it needs stands in the page; `theme/tunebook.js` grades
//! choices and numbers, and without scripts the questions and the options can still be read.

use std::fmt::Write as _;

use serde::Deserialize;
use tunebook_grader::{Question, QuestionKind, escape_html, markdown_to_html};

use crate::{Error, Lesson, Result, files};

pub(super) fn render(lesson: &Lesson, question: &Question, number: usize) -> Result<String> {
    let id = question.id();
    let kind = match question.kind() {
        QuestionKind::ChoiceOne => "one",
        QuestionKind::ChoiceMany => "many",
        QuestionKind::Numeric => "number",
        _ => "short",
    };
    let mut html = format!(
        "<form class=\"tb-question\" id=\"question-{id}\" data-question=\"{id}\" data-kind=\"{kind}\" novalidate>\
         <p class=\"tb-kind\">Question {number}</p>\
         <div class=\"tb-prompt\" id=\"prompt-{id}\">{}</div>",
        markdown_to_html(question.prompt())
    );
    match kind {
        "one" | "many" => options(&mut html, question),
        "number" => number_field(&mut html, lesson, question)?,
        _ => short_field(&mut html, question),
    }
    let verb = if kind == "short" { "Compare with the key points" } else { "Check" };
    let _ = write!(
        html,
        "<p class=\"tb-buttons\"><button type=\"submit\">{verb}</button> \
         <button type=\"button\" class=\"tb-again\" hidden>Try again</button></p>\
         <div class=\"tb-feedback\" role=\"status\" aria-live=\"polite\"></div>"
    );
    explanation(&mut html, lesson, question);
    html.push_str("</form>");
    Ok(html)
}

fn options(html: &mut String, question: &Question) {
    let (role, kind) =
        if question.kind() == QuestionKind::ChoiceMany { ("group", "checkbox") } else { ("radiogroup", "radio") };
    let id = question.id();
    let _ = write!(html, "<div class=\"tb-options\" role=\"{role}\" aria-labelledby=\"prompt-{id}\">");
    for option in question.options() {
        let _ = write!(
            html,
            "<div class=\"tb-option\"><label><input type=\"{kind}\" name=\"{id}\" value=\"{0}\"{1}> <span>{2}</span></label>",
            escape_html(&option.id),
            if option.right { " data-right" } else { "" },
            inline(&option.text)
        );
        if let Some(why) = &option.why {
            let _ = write!(html, "<div class=\"tb-why\" hidden>{}</div>", markdown_to_html(why));
        }
        html.push_str("</div>");
    }
    html.push_str("</div>");
}

/// The numbers of a quiz file that the page needs for grading.
#[derive(Deserialize)]
struct Numbers {
    question: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    id: String,
    value: Option<f64>,
    tolerance: Option<f64>,
    #[serde(default)]
    units: std::collections::BTreeMap<String, f64>,
    #[serde(default)]
    unit_required: bool,
    #[serde(default)]
    mistake: Vec<WrongValue>,
}

#[derive(Deserialize)]
struct WrongValue {
    value: f64,
    message: String,
}

fn number_field(html: &mut String, lesson: &Lesson, question: &Question) -> Result<()> {
    let path = lesson.folder.join("quiz.toml");
    let text = files::read(&path)?;
    let numbers: Numbers = toml::from_str(&text).map_err(|e| Error::toml(&path, 1, &text, &e))?;
    let id = question.id();
    let number = numbers.question.into_iter().find(|number| number.id == id);
    let number =
        number.ok_or_else(|| Error::input(path.display(), format!("there is no question `{id}`"), "add it"))?;
    let mistakes: Vec<_> = number.mistake.iter().map(|m| (m.value, inline(&m.message))).collect();
    let _ = write!(
        html,
        "<p class=\"tb-field\"><label for=\"answer-{id}\">Your number</label> \
         <input id=\"answer-{id}\" type=\"text\" inputmode=\"text\" autocomplete=\"off\" aria-describedby=\"prompt-{id}\" \
         data-value=\"{}\" data-tolerance=\"{}\" data-units=\"{}\" data-unit-required=\"{}\" data-mistakes=\"{}\"></p>",
        number.value.unwrap_or_default(),
        number.tolerance.unwrap_or_default(),
        json(&number.units),
        number.unit_required,
        json(&mistakes),
    );
    Ok(())
}

/// A value as JSON inside an attribute. Maps with text keys and lists of numbers and texts always can be written.
fn json(value: &impl serde::Serialize) -> String {
    escape_html(&serde_json::to_string(value).unwrap_or_default())
}

fn short_field(html: &mut String, question: &Question) {
    let id = question.id();
    let _ = write!(
        html,
        "<p class=\"tb-field\"><label for=\"answer-{id}\">Your answer, in a sentence or two</label>\
         <textarea id=\"answer-{id}\" rows=\"3\" aria-describedby=\"prompt-{id}\"></textarea></p>"
    );
}

/// What is revealed after an answer.
fn explanation(html: &mut String, lesson: &Lesson, question: &Question) {
    html.push_str("<div class=\"tb-explanation\" hidden>");
    if let Some(rubric) = question.rubric() {
        html.push_str("<p>A good answer says:</p><ul>");
        for point in rubric.points() {
            let _ = write!(html, "<li>{}</li>", inline(point.text()));
        }
        let _ = write!(
            html,
            "</ul><p>To have it graded point by point: <code>:quiz {}</code> in the notebook, or \
             <code>tunebook quiz {}</code> in a terminal.</p>",
            question.id(),
            lesson.meta.id
        );
    }
    html.push_str(&markdown_to_html(question.explanation()));
    if let Some(read) = question.read() {
        let _ = write!(html, "<p>Read again: {}</p>", section_link(lesson, read));
    }
    html.push_str("</div>");
}

/// A link to the heading, when the lesson has it.
fn section_link(lesson: &Lesson, heading: &str) -> String {
    let anchor = crate::notebook::heading_id(&format!("# {heading}")).unwrap_or_default();
    if lesson.headings().iter().any(|known| *known == anchor) {
        format!("<a href=\"#{anchor}\">{}</a>", inline(heading))
    } else {
        format!("<em>{}</em>", inline(heading))
    }
}

/// One line of Markdown without the paragraph around it.
fn inline(text: &str) -> String {
    let html = markdown_to_html(text);
    let html = html.trim();
    let inner = html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>"));
    inner.filter(|html| !html.contains("<p>")).unwrap_or(html).to_owned()
}
