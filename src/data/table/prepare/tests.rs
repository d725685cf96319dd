//! What is learned of a column, in what order, and what refuses to be transformed.

use super::{
    CategoricalSteps, CategoryEncoder, CategoryImputer, FittedPreprocessor, NumericImputer, NumericSteps,
    OutlierAction, Preprocessor, Scaler, UnknownCategory,
};
use crate::Result;
use crate::data::OutlierRule;
use crate::data::table::{TableColumn, TabularDataset};

fn numbers(values: &[Option<f64>]) -> TabularDataset {
    TabularDataset::new("made", vec![TableColumn::numeric("n", values.to_vec())]).unwrap()
}

fn words(values: &[&str]) -> TabularDataset {
    let values = values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect();
    TabularDataset::new("made", vec![TableColumn::categorical("c", values)]).unwrap()
}

fn plain(imputer: NumericImputer) -> NumericSteps {
    NumericSteps { imputer, scaler: Scaler::None, ..NumericSteps::default() }
}

fn column(preprocessor: &FittedPreprocessor, data: &TabularDataset, at: usize) -> Vec<f64> {
    let features = preprocessor.transform(data).unwrap();
    (0..features.rows()).map(|row| features.row(row)[at]).collect()
}

fn error<T>(outcome: Result<T>) -> String {
    outcome.err().unwrap().to_string()
}

#[test]
#[allow(clippy::float_cmp, reason = "these numbers are exact")]
fn each_strategy_fills_with_its_own_value() {
    let train = numbers(&[Some(1.0), Some(2.0), None, Some(2.0), Some(7.0)]);
    for (imputer, expected) in [
        (NumericImputer::Mean, 3.0),
        (NumericImputer::Median, 2.0),
        (NumericImputer::MostFrequent, 2.0),
        (NumericImputer::Constant(-1.0), -1.0),
    ] {
        let fitted = Preprocessor::new().numeric(plain(imputer)).fit(&train).unwrap();
        assert_eq!(column(&fitted, &train, 0)[2], expected, "{imputer:?}");
    }
    let steps = NumericSteps { indicator: true, ..plain(NumericImputer::Mean) };
    let fitted = Preprocessor::new().numeric(steps.clone()).fit(&train).unwrap();
    assert_eq!(
        (fitted.features(), column(&fitted, &train, 1)),
        (&["n".into(), "n_missing".into()][..], vec![0.0, 0.0, 1.0, 0.0, 0.0])
    );
    // Nothing was missing in training: no indicator, and a missing value is filled all the same.
    let whole = numbers(&[Some(1.0), Some(3.0)]);
    let fitted = Preprocessor::new().numeric(steps).fit(&whole).unwrap();
    assert_eq!((fitted.features().len(), column(&fitted, &numbers(&[None]), 0)), (1, vec![2.0]));
}

#[test]
fn rows_are_dropped_by_the_fit_and_by_drop_rows_but_never_by_a_transform() {
    let train = numbers(&[Some(1.0), None, Some(3.0), Some(1e6), Some(2.0), Some(2.0)]);
    let steps = NumericSteps {
        outliers: Some((OutlierRule::RobustZ(3.5), OutlierAction::DropRow)),
        ..plain(NumericImputer::DropRow)
    };
    let fitted = Preprocessor::new().numeric(NumericSteps { scaler: Scaler::MinMax, ..steps }).fit(&train).unwrap();
    let kept = fitted.drop_rows(&train).unwrap();
    assert_eq!((kept.len(), column(&fitted, &kept, 0)), (4, vec![0.0, 1.0, 0.5, 0.5]));
    assert!(fitted.to_string().starts_with("preprocessor fitted on 6 rows, 2 dropped"), "{fitted}");
    assert!(column(&fitted, &numbers(&[Some(1e6)]), 0)[0] > 1e5, "an outlier in use stays");
    let message = error(fitted.transform(&train));
    assert!(
        message.contains("made, row 1, column \"n\": the value is missing") && message.contains("drop_rows"),
        "{message}"
    );
    let none = numbers(&[None, None]);
    let dropping = Preprocessor::new().numeric(plain(NumericImputer::DropRow));
    assert!(error(dropping.fit(&none)).contains("none of the 2 rows is left"));
}

#[test]
fn outliers_are_clipped_before_means_are_taken() {
    let mut values: Vec<Option<f64>> = (1..=9).map(|n| Some(f64::from(n))).collect();
    values.extend([Some(1000.0), None]);
    let train = numbers(&values);
    // numpy: quartiles 3.25 and 7.75 of the ten values, so the upper fence is 14.5.
    let steps =
        NumericSteps { outliers: Some((OutlierRule::Iqr(1.5), OutlierAction::Clip)), ..plain(NumericImputer::Mean) };
    let fitted = Preprocessor::new().numeric(steps).fit(&train).unwrap();
    let features = column(&fitted, &train, 0);
    assert!((features[9] - 14.5).abs() < 1e-12 && (features[10] - (45.0 + 14.5) / 10.0).abs() < 1e-12, "{features:?}");
    assert!(fitted.to_string().contains("1 found"), "{fitted}");
    let report = fitted.report(&numbers(&[Some(5.0), Some(99.0), None])).unwrap();
    assert_eq!((report.columns()[0].missing, report.columns()[0].outliers), (1, 1));
    assert!(
        report.to_string().contains("n: missing in 1 of 3 (33 %) rows; outliers in 1 of 3 (33 %) rows"),
        "{report}"
    );
    let quiet = fitted.report(&numbers(&[Some(5.0)])).unwrap().to_string();
    assert!(quiet.contains("nothing missing"), "{quiet}");
}

#[test]
fn categories_that_training_did_not_have_are_ignored_or_refused() {
    let train = words(&["b", "a", "", "b"]);
    let fitted = Preprocessor::new().fit(&train).unwrap();
    assert_eq!(fitted.features(), ["c=a", "c=b", "c=missing"]);
    let fresh = words(&["c", ""]);
    let features = fitted.transform(&fresh).unwrap();
    assert_eq!((features.row(0), features.row(1)), (&[0.0, 0.0, 0.0][..], &[0.0, 0.0, 1.0][..]));
    assert_eq!(fitted.report(&fresh).unwrap().columns()[0].unknown, ["c"]);

    let steps = CategoricalSteps {
        imputer: CategoryImputer::MostFrequent,
        indicator: true,
        encoder: CategoryEncoder::Ordinal,
        unknown: UnknownCategory::Ignore,
    };
    let fitted = Preprocessor::new().categorical(steps.clone()).fit(&train).unwrap();
    assert_eq!(column(&fitted, &train, 0), [1.0, 0.0, 1.0, 1.0]);
    assert_eq!(column(&fitted, &train, 1), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(column(&fitted, &fresh, 0), [-1.0, 1.0]);

    let refuse = CategoricalSteps { unknown: UnknownCategory::Refuse, ..steps };
    let fitted = Preprocessor::new().categorical(refuse).fit(&train).unwrap();
    let message = error(fitted.transform(&fresh));
    assert!(message.contains("row 0, column \"c\": \"c\" was not in the training rows"), "{message}");
    let refuse = CategoricalSteps { imputer: CategoryImputer::Refuse, ..CategoricalSteps::default() };
    let fitted = Preprocessor::new().categorical(refuse).fit(&words(&["a"])).unwrap();
    assert!(error(fitted.transform(&words(&["a", ""]))).contains("row 1, column \"c\": the value is missing"));
}

#[test]
fn columns_are_found_by_name_and_must_have_the_type_of_training() {
    let columns = |a: &[Option<f64>], b: &[&str]| {
        let words = b.iter().map(|word| (!word.is_empty()).then(|| (*word).to_owned())).collect();
        vec![TableColumn::categorical("b", words), TableColumn::numeric("a", a.to_vec())]
    };
    let train = TabularDataset::new("t", columns(&[Some(0.0), Some(2.0)], &["x", "y"])).unwrap();
    let own = Preprocessor::new().numeric_column("a", plain(NumericImputer::Median));
    let fitted = own.fit(&train).unwrap();
    assert_eq!((fitted.columns(), fitted.features()), (vec!["b", "a"], &["b=x".into(), "b=y".into(), "a".into()][..]));
    let mut other = columns(&[Some(5.0)], &["y"]);
    other.reverse();
    other.push(TableColumn::numeric("further", vec![None]));
    let other = TabularDataset::new("o", other).unwrap();
    assert_eq!(fitted.transform(&other).unwrap().row(0), [0.0, 1.0, 5.0]);

    assert!(error(fitted.transform(&numbers(&[Some(1.0)]))).contains("no column \"b\""));
    let swapped =
        vec![TableColumn::numeric("b", vec![None, Some(1.0)]), TableColumn::numeric("a", vec![Some(1.0), Some(1.0)])];
    let message = error(fitted.transform(&TabularDataset::new("s", swapped).unwrap()));
    assert!(
        message.contains("s, row 1, column \"b\": holds numbers here") && message.contains("schema()"),
        "{message}"
    );
    // A column without any value passes as either.
    let empty = vec![TableColumn::numeric("b", vec![None]), TableColumn::categorical("a", vec![None])];
    assert_eq!(fitted.transform(&TabularDataset::new("e", empty).unwrap()).unwrap().row(0), [0.0, 0.0, 1.0]);

    let wrong = |preprocessor: Preprocessor| error(preprocessor.fit(&train));
    assert!(wrong(Preprocessor::new().numeric_column("c", NumericSteps::default())).contains("no column \"c\""));
    let message = wrong(Preprocessor::new().categorical_column("a", CategoricalSteps::default()));
    assert!(
        message.contains("column \"a\": holds numbers") && message.contains("steps are for categories"),
        "{message}"
    );
}

#[test]
fn what_cannot_be_learned_or_computed_is_an_error() {
    let fit = |data: &TabularDataset| Preprocessor::new().fit(data);
    assert!(error(fit(&numbers(&[]))).contains("no rows"));
    assert!(error(fit(&numbers(&[None]))).contains("column \"n\": has no value"));
    assert!(error(fit(&numbers(&[Some(1.0)]).target_column("n").unwrap())).contains("no column beside the target"));
    let outliers = Some((OutlierRule::ZScore(-1.0), OutlierAction::Clip));
    let message =
        error(Preprocessor::new().numeric(NumericSteps { outliers, ..Default::default() }).fit(&numbers(&[Some(1.0)])));
    assert!(message.contains("made, column \"n\": -1"), "{message}");
    let names: Vec<String> = (0..1001).map(|n| format!("u{n}")).collect();
    let ids = words(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(error(fit(&ids)).contains("1,001 categories"));
    let ordinal = CategoricalSteps { encoder: CategoryEncoder::Ordinal, ..CategoricalSteps::default() };
    assert!(Preprocessor::new().categorical(ordinal).fit(&ids).is_ok());
    let fitted = fit(&numbers(&[Some(0.0), Some(1e-3)])).unwrap();
    let message = error(fitted.transform(&numbers(&[Some(0.0), Some(1e37)])));
    assert!(message.contains("row 1, column \"n\"") && message.contains("too large"), "{message}");
    assert!(
        error(Preprocessor::new().numeric(plain(NumericImputer::Constant(f64::NAN))).fit(&numbers(&[None])))
            .contains("NaN")
    );
}

#[test]
fn a_column_without_spread_is_moved_but_not_stretched() {
    for scaler in [Scaler::Standard, Scaler::MinMax, Scaler::Robust] {
        let steps = NumericSteps { scaler, ..NumericSteps::default() };
        let train = numbers(&[Some(0.1), Some(0.1), Some(0.1)]);
        let fitted = Preprocessor::new().numeric(steps).fit(&train).unwrap();
        let features = column(&fitted, &numbers(&[Some(0.1), Some(2.1)]), 0);
        assert!(features[0].abs() < 1e-12 && (features[1] - 2.0).abs() < 1e-12, "{scaler:?}: {features:?}");
    }
}

#[test]
fn a_saved_preprocessor_is_the_same_and_a_broken_one_says_why() {
    let values = [Some(0.1), Some(1.0 / 3.0), None, Some(1e300)];
    let columns = vec![
        TableColumn::numeric("n", values.to_vec()),
        TableColumn::categorical("c", ["ü", "a", "a", "b"].map(|word| Some(word.to_owned())).to_vec()),
    ];
    let train = TabularDataset::new("t", columns).unwrap();
    let outliers = Some((OutlierRule::RobustZ(3.5), OutlierAction::Clip));
    let fitted = Preprocessor::new().numeric(NumericSteps { outliers, ..NumericSteps::default() }).fit(&train).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("preprocessor.json");
    fitted.save(&path).unwrap();
    let back = FittedPreprocessor::load(&path).unwrap();
    assert_eq!(back, fitted);
    assert_eq!(back.transform(&train).unwrap(), fitted.transform(&train).unwrap());
    assert_eq!(back.to_string(), fitted.to_string());

    let json = fitted.to_json();
    let broken = |from: &str, to: &str| {
        assert!(json.contains(from), "{json}");
        error(FittedPreprocessor::from_json(&json.replacen(from, to, 1), "p.json"))
    };
    assert!(broken("\"format\": 1", "\"format\": 2").contains("format 2"));
    assert!(broken("\"name\": \"c\"", "\"name\": \"n\"").contains("stands twice"));
    assert!(broken("\"a\",", "\"z\",").contains("not sorted"));
    assert!(broken("\"imputer\": \"median\"", "\"imputer\": \"refuse\"").contains("do not belong together"));
    assert!(broken("\"fill\": \"", "\"fill\": \"x").contains("not a finite number"));
    let message = broken("\"rows\"", "\"lines\"");
    assert!(message.contains("p.json") && message.contains("FittedPreprocessor::save"), "{message}");
}
