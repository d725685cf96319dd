// What the probe and the judge of an exercise share. This file is compiled into both programs; it uses only the
// standard library, so that compiling a check takes a moment.

use std::collections::BTreeMap;
use std::fmt::Display;

/// What a probe saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(f64),
    Numbers(Vec<f64>),
    Text(String),
    Flag(bool),
    /// The learner's code returned an error or panicked.
    Failed(String),
}

macro_rules! value_from {
    ($($kind:ident: $($type:ty)*;)*) => {
        $($(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$kind(value as _)
            }
        })*)*
    };
}
value_from! { Number: f64 f32 usize u64 u32 i64 i32; }

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Copy + Into<Value>> From<&[T]> for Value {
    fn from(values: &[T]) -> Self {
        let number = |value: &T| match (*value).into() {
            Value::Number(number) => number,
            Value::Flag(flag) => f64::from(u8::from(flag)),
            _ => f64::NAN,
        };
        Self::Numbers(values.iter().map(number).collect())
    }
}

impl<T: Copy + Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        values.as_slice().into()
    }
}

/// Named values: written by the probe, read by the judge.
#[derive(Debug, Default)]
pub struct Observations {
    seen: BTreeMap<String, Value>,
}

impl Observations {
    /// Notes a value.
    pub fn record(&mut self, name: &str, value: impl Into<Value>) {
        self.seen.insert(name.to_owned(), value.into());
    }

    /// Runs a piece of the probe that calls the learner's code. An error or a panic is noted under `name`, and the
    /// probe goes on.
    pub fn attempt(&mut self, name: &str, work: impl FnOnce(&mut Self) -> Result<(), Box<dyn std::error::Error>>) {
        let mut inner = Self::default();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut inner)));
        self.seen.append(&mut inner.seen);
        let failure = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
                format!("it panicked: {text}")
            }
        };
        self.seen.insert(name.to_owned(), Value::Failed(failure));
    }

    /// The number noted under a name.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.seen.get(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The list of numbers noted under a name.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match self.seen.get(name)? {
            Value::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// The text noted under a name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.seen.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value noted under a name; `false` when there is none.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.seen.get(name), Some(Value::Flag(true)))
    }

    /// Why the attempt of this name failed.
    pub fn failure(&self, name: &str) -> Option<&str> {
        match self.seen.get(name)? {
            Value::Failed(why) => Some(why),
            _ => None,
        }
    }

    /// Every attempt that failed, with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.seen.iter().filter_map(|(name, value)| match value {
            Value::Failed(why) => Some((name.as_str(), why.as_str())),
            _ => None,
        })
    }

    /// One line for each value: name, kind and value with tabs between.
    pub fn to_text(&self) -> String {
        let line = |(name, value): (&String, &Value)| {
            let (kind, value) = match value {
                Value::Number(number) => ("number", format!("{number:?}")),
                Value::Numbers(numbers) => {
                    ("numbers", numbers.iter().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(" "))
                }
                Value::Text(text) => ("text", escape(text)),
                Value::Flag(flag) => ("flag", flag.to_string()),
                Value::Failed(why) => ("failed", escape(why)),
            };
            format!("{}\t{kind}\t{value}\n", escape(name))
        };
        self.seen.iter().map(line).collect()
    }

    /// Reads what `to_text` wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut seen = BTreeMap::new();
        for line in text.lines() {
            let mut fields = line.splitn(3, '\t');
            let (name, kind, value) = (fields.next()?, fields.next()?, fields.next()?);
            let value = match kind {
                "number" => Value::Number(value.parse().ok()?),
                "numbers" => Value::Numbers(
                    value.split(' ').filter(|n| !n.is_empty()).map(|n| n.parse().ok()).collect::<Option<_>>()?,
                ),
                "text" => Value::Text(unescape(value)),
                "flag" => Value::Flag(value.parse().ok()?),
                "failed" => Value::Failed(unescape(value)),
                _ => return None,
            };
            seen.insert(unescape(name), value);
        }
        Some(Self { seen })
    }
}

/// What a judge decided.
#[derive(Debug, Default)]
pub struct Verdict {
    decided: BTreeMap<String, Option<String>>,
}

impl Verdict {
    /// Decides one check; `missing` tells the learner what is missing. Deciding again keeps a miss.
    pub fn require(&mut self, check: &str, passed: bool, missing: impl Display) {
        let missing = (!passed).then(|| missing.to_string());
        let entry = self.decided.entry(check.to_owned()).or_insert(None);
        if entry.is_none() {
            *entry = missing;
        }
    }

    /// One line for each check: `pass` or `miss`, the id and the message with tabs between.
    pub fn to_text(&self) -> String {
        let line = |(check, missing): (&String, &Option<String>)| match missing {
            None => format!("pass\t{check}\n"),
            Some(missing) => format!("miss\t{check}\t{}\n", escape(missing)),
        };
        self.decided.iter().map(line).collect()
    }

    /// Reads what `to_text` wrote: for each check, what is missing, or `None` for a pass.
    pub fn from_text(text: &str) -> Option<BTreeMap<String, Option<String>>> {
        let entry = |line: &str| {
            let mut fields = line.splitn(3, '\t');
            match (fields.next()?, fields.next()?, fields.next()) {
                ("pass", check, None) => Some((check.to_owned(), None)),
                ("miss", check, Some(missing)) => Some((check.to_owned(), Some(unescape(missing)))),
                _ => None,
            }
        };
        text.lines().map(entry).collect()
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('t') => out.push('\t'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}
