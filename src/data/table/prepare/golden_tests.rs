//! Features against scikit-learn's, as `tests/data/table/make_golden.py` recorded them.

use serde::Deserialize;

use super::{
    CategoricalSteps, CategoryEncoder, CategoryImputer, FittedPreprocessor, NumericImputer, NumericSteps,
    OutlierAction, Preprocessor, Scaler,
};
use crate::data::OutlierRule;
use crate::data::table::{TableColumn, TabularDataset};

#[derive(Deserialize)]
struct Golden {
    numeric: Vec<Numeric>,
    categorical: Vec<Categorical>,
}

#[derive(Deserialize)]
struct Numeric {
    name: String,
    train: Vec<Option<f64>>,
    fresh: Vec<Option<f64>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    imputer: String,
    scaler: Scaler,
    outliers: Option<String>,
    train: Vec<f64>,
    fresh: Vec<f64>,
}

#[derive(Deserialize)]
struct Categorical {
    name: String,
    imputer: String,
    encoder: CategoryEncoder,
    train: Vec<Option<String>>,
    fresh: Vec<Option<String>>,
    categories: Vec<String>,
    train_features: Vec<Vec<f64>>,
    fresh_features: Vec<Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../../tests/data/table/scikit-learn.json")).unwrap()
}

fn table(column: TableColumn) -> TabularDataset {
    TabularDataset::new("golden", vec![column]).unwrap()
}

/// Equal to 1e-9, absolute below 1 and relative above.
fn compare(name: &str, fitted: &FittedPreprocessor, rows: &TabularDataset, expected: &[Vec<f64>]) {
    let features = fitted.transform(rows).unwrap();
    assert_eq!(features.rows(), expected.len(), "{name}");
    for (row, expected) in expected.iter().enumerate() {
        assert_eq!(features.row(row).len(), expected.len(), "{name}");
        for (own, sklearn) in features.row(row).iter().zip(expected) {
            let bound = 1e-9 * sklearn.abs().max(1.0);
            assert!((own - sklearn).abs() <= bound, "{name}, row {row}: {own} against {sklearn}");
        }
    }
}

#[test]
fn imputed_and_scaled_numbers_are_scikit_learn_s() {
    let mut compared = 0;
    for column in golden().numeric {
        let train = table(TableColumn::numeric("n", column.train));
        let fresh = table(TableColumn::numeric("n", column.fresh));
        for case in column.cases {
            let name = format!("{}, {}, {:?}, {:?}", column.name, case.imputer, case.scaler, case.outliers);
            let steps = NumericSteps {
                imputer: match case.imputer.as_str() {
                    "mean" => NumericImputer::Mean,
                    "median" => NumericImputer::Median,
                    "most_frequent" => NumericImputer::MostFrequent,
                    _ => NumericImputer::Constant(-7.5),
                },
                indicator: false,
                outliers: case.outliers.map(|rule| {
                    let rule = match rule.as_str() {
                        "iqr" => OutlierRule::Iqr(1.5),
                        "z_score" => OutlierRule::ZScore(2.0),
                        _ => OutlierRule::RobustZ(3.5),
                    };
                    (rule, OutlierAction::Clip)
                }),
                scaler: case.scaler,
            };
            let fitted = Preprocessor::new().numeric(steps).fit(&train).unwrap();
            for (rows, expected) in [(&train, case.train), (&fresh, case.fresh)] {
                compare(&name, &fitted, rows, &expected.into_iter().map(|value| vec![value]).collect::<Vec<_>>());
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 8 * (16 + 6));
}

#[test]
fn encoded_categories_are_scikit_learn_s() {
    let cases = golden().categorical;
    assert_eq!(cases.len(), 12);
    for case in cases {
        let steps = CategoricalSteps {
            imputer: match case.imputer.as_str() {
                "most_frequent" => CategoryImputer::MostFrequent,
                _ => CategoryImputer::default(),
            },
            encoder: case.encoder,
            ..CategoricalSteps::default()
        };
        let train = table(TableColumn::categorical("c", case.train));
        let fitted = Preprocessor::new().categorical(steps).fit(&train).unwrap();
        if case.encoder == CategoryEncoder::OneHot {
            let names: Vec<String> = case.categories.iter().map(|category| format!("c={category}")).collect();
            assert_eq!(fitted.features(), names, "{}", case.name);
        }
        compare(&case.name, &fitted, &train, &case.train_features);
        compare(&case.name, &fitted, &table(TableColumn::categorical("c", case.fresh)), &case.fresh_features);
    }
}
