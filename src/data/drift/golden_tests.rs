//! Compared with scipy: `tests/data/quality/make_golden.py` made the values.

use serde_json::Value;

use super::*;
use crate::data::golden::{floats, golden};
use crate::metrics::chance_of_heads;

#[track_caller]
fn near(what: &str, ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours}, not {theirs}");
}

fn counts(value: &Value) -> Vec<usize> {
    floats(value).into_iter().map(|count| count as usize).collect()
}

#[test]
fn kolmogorov_smirnov_equals_scipy() {
    for case in golden("ks") {
        let name = case["name"].as_str().unwrap();
        let ours = kolmogorov_smirnov(&floats(&case["a"]), &floats(&case["b"])).unwrap();
        near(name, ours.statistic, &case["statistic"], 1e-12);
        near(name, ours.p_value, &case["p_value"], 1e-9 * case["p_value"].as_f64().unwrap());
    }
}

#[test]
fn kolmogorov_smirnov_of_many_values_equals_scipy() {
    for case in golden("ks_large") {
        let [m, n] = ["m", "n"].map(|key| case[key].as_u64().unwrap() as usize);
        let [scale, shift] = ["scale", "shift"].map(|key| case[key].as_f64().unwrap());
        let a: Vec<f64> = (0..m).map(|row| row as f64 / m as f64).collect();
        let b: Vec<f64> = (0..n).map(|row| (row as f64 + 0.5) / n as f64 * scale + shift).collect();
        let ours = kolmogorov_smirnov(&a, &b).unwrap();
        near(&format!("{m} {n}"), ours.statistic, &case["statistic"], 1e-12);
        near(&format!("{m} {n}"), ours.p_value, &case["p_value"], 1e-9);
    }
}

#[test]
fn chi_squared_equals_scipy() {
    for case in golden("chi_squared") {
        let ours = chi_squared(&counts(&case["table"][0]), &counts(&case["table"][1])).unwrap();
        let name = case["table"].to_string();
        near(&name, ours.statistic, &case["statistic"], 1e-10);
        near(&name, ours.p_value, &case["p_value"], 1e-12);
        let theirs = case["p_value"].as_f64().unwrap();
        assert!((ours.p_value / theirs - 1.0).abs() < 1e-9, "{name}: {} {theirs}", ours.p_value);
    }
}

#[test]
fn the_stability_index_follows_numpy_s_quantiles() {
    for case in golden("psi") {
        let ours = stability_index(&floats(&case["a"]), &floats(&case["b"]), 10).unwrap();
        near("index", ours, &case["psi"], 1e-12);
    }
}

#[test]
fn the_chance_of_heads_equals_scipy() {
    for case in golden("binomial") {
        let [hits, count] = ["hits", "count"].map(|key| case[key].as_u64().unwrap() as usize);
        near("binomial", chance_of_heads(count - hits, count), &case["p_value"], 1e-10);
    }
}
