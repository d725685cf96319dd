//! The values that tests of this folder compare with; `tests/data/quality/make_golden.py` made them.

use serde_json::Value;

/// The cases under one name.
pub(super) fn golden(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../tests/data/quality/golden.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

pub(super) fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
