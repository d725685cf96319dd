//! Texts with other targets than one label: any number of labels, or a number. `splits.rs` has their parts and folds.

mod multi_label;
mod regression;
mod splits;

pub use multi_label::MultiLabelDataset;
pub use regression::TextRegressionDataset;

use crate::{Error, Result};

/// Mean and standard deviation of training targets; the deviation is 1 where all are equal.
pub(crate) fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone, name: &str) -> Result<(f64, f64)> {
    let count = values.clone().count();
    if count == 0 {
        return Err(Error::input(name, "has no rows", "give at least one row to learn from"));
    }
    let mean = values.clone().sum::<f64>() / count as f64;
    let deviation = (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64).sqrt();
    if !(mean.is_finite() && deviation.is_finite()) {
        let problem = "the targets are too large to be standardised";
        return Err(Error::input(name, problem, "give them in a larger unit"));
    }
    // What rounding leaves of equal targets is no spread.
    let is_spread = deviation > 1e-12 * mean.abs() && deviation > 0.0;
    Ok((mean, if is_spread { deviation } else { 1.0 }))
}

fn check_one_each(name: &str, texts: usize, found: usize, what: &str) -> Result<()> {
    if texts == found {
        return Ok(());
    }
    Err(Error::input(name, format!("{texts} texts but {found} {what}"), "give one for each text"))
}

#[cfg(test)]
mod tests {
    use super::{MultiLabelDataset, TextRegressionDataset};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn rows_that_do_not_fit_are_named() {
        let error = |labels: Vec<Vec<bool>>, names: &[&str]| {
            MultiLabelDataset::new("made", words(&["a", "b"]), labels, words(names)).unwrap_err().to_string()
        };
        assert!(error(vec![vec![true]], &["x"]).contains("made: 2 texts but 1 rows of labels"));
        assert!(error(vec![vec![true], vec![]], &["x"]).contains("row 1 has 0 labels"));
        assert!(error(vec![vec![], vec![]], &[]).contains("no label names"));
        assert!(error(vec![vec![true, false]; 2], &["x", "x"]).contains("\"x\" stands twice"));
        let unknown = MultiLabelDataset::from_names("made", words(&["a"]), &[vec!["y"]], words(&["x"]));
        assert!(unknown.unwrap_err().to_string().contains("row 0 has the label \"y\""));
        let error = |targets| TextRegressionDataset::new("made", words(&["a"]), targets).unwrap_err().to_string();
        assert!(error(vec![]).contains("1 texts but 0 targets"));
        assert!(error(vec![f32::NAN]).contains("row 0 is NaN"));
    }

    #[test]
    fn a_random_split_keeps_texts_and_targets_together() {
        let texts: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let data = TextRegressionDataset::new("made", texts, (0..50u16).map(f32::from).collect()).unwrap();
        let parts = data.random_split(1, 0.2, 0.1).unwrap();
        assert_eq!([parts.train.len(), parts.validation.len(), parts.test.len()], [35, 10, 5]);
        let mut seen = Vec::new();
        for part in [&parts.train, &parts.validation, &parts.test] {
            for (text, target) in part.texts().iter().zip(part.targets()) {
                assert_eq!(*text, target.to_string());
                seen.push(*target as usize);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        assert_eq!(data.to_string(), "made: 50 texts, targets from 0 to 49, mean 24.500");
    }
}
