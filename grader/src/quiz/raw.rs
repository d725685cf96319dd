//! The file `quiz.toml` as it is written, every value with its place.

use serde::Deserialize;
use toml::Spanned;

use crate::rubric::Expected;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub quiz: RawHead,
    #[serde(default)]
    pub question: Vec<RawQuestion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHead {
    pub lesson: Spanned<String>,
    pub version: Spanned<u32>,
    pub title: Option<String>,
    #[serde(default)]
    pub synonyms: Vec<Spanned<Vec<String>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawKind {
    Choice,
    Short,
    Numeric,
}

/// All kinds in one, because places are lost inside tagged enums; `build` refuses what a kind doesn't know.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuestion {
    pub id: Spanned<String>,
    pub kind: Spanned<RawKind>,
    pub prompt: Spanned<String>,
    pub explanation: Spanned<String>,
    pub read: Option<String>,
    // choice
    pub many: Option<Spanned<bool>>,
    pub option: Option<Vec<Spanned<RawOption>>>,
    // short
    pub minimum: Option<Spanned<u32>>,
    pub max_words: Option<Spanned<usize>>,
    pub synonyms: Option<Vec<Spanned<Vec<String>>>>,
    pub point: Option<Vec<Spanned<RawPoint>>>,
    pub misconception: Option<Vec<Spanned<RawMisconception>>>,
    pub sample: Option<Vec<Spanned<RawSample>>>,
    // numeric
    pub value: Option<Spanned<f64>>,
    pub tolerance: Option<Spanned<f64>>,
    pub units: Option<Spanned<std::collections::BTreeMap<String, f64>>>,
    pub unit_required: Option<Spanned<bool>>,
    pub mistake: Option<Vec<Spanned<RawMistake>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOption {
    pub id: Spanned<String>,
    pub text: Spanned<String>,
    #[serde(default)]
    pub right: bool,
    pub why: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPoint {
    pub id: Spanned<String>,
    pub text: Spanned<String>,
    pub weight: Option<Spanned<u32>>,
    pub read: Option<String>,
    pub wordings: Vec<Spanned<String>>,
    #[serde(default)]
    pub needs: Vec<Spanned<String>>,
    #[serde(default)]
    pub excludes: Vec<Spanned<String>>,
    #[serde(default)]
    pub from_question: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMisconception {
    pub id: Spanned<String>,
    pub message: Spanned<String>,
    pub wordings: Vec<Spanned<String>>,
    #[serde(default)]
    pub excludes: Vec<Spanned<String>>,
    #[serde(default)]
    pub contradicts: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSample {
    pub answer: Spanned<String>,
    pub verdict: Expected,
    pub credits: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMistake {
    pub id: Spanned<String>,
    pub value: f64,
    pub message: String,
}
