//! The rows of a table of a call: read with the types of their columns, split, prepared; and a network for them.

use std::path::Path;

use tunebook::data::FittedPreprocessor;
use tunebook::prelude::*;

use super::Finetune;
use super::texts::{Parts, check_classes, named, parts};
use crate::failure::{Failure, Result, outln};

/// The hidden layers of a fresh network when nothing is said.
const HIDDEN: [usize; 1] = [64];

/// Rows with one class each, and what was learned of the training rows.
pub(super) fn classes(call: &Finetune) -> Result<(FittedPreprocessor, Parts<TabularDataset>)> {
    let target = call.data.label_column();
    let schema = schema(call).categorical(target);
    let all = read(call, &call.data.train, &schema)?.label_column(target)?;
    let names = all.label_names();
    check_classes(call, &names, all.len())?;
    let label =
        |path: &Path| Ok(read(call, path, &known(&all).categorical(target))?.known_label_column(target, &names)?);
    let data = parts(call, all.clone(), label, |all| all.stratified_split(call.training.seed, 0.2, 0.0))?;
    prepared(call, data)
}

/// Rows with one number each, and what was learned of the training rows.
pub(super) fn numbers(call: &Finetune) -> Result<(FittedPreprocessor, Parts<TabularDataset>)> {
    let target = call.data.label_column();
    let schema = schema(call).numeric(target);
    let all = read(call, &call.data.train, &schema)?.target_column(target)?;
    let number = |path: &Path| Ok(read(call, path, &known(&all).numeric(target))?.target_column(target)?);
    let data = parts(call, all.clone(), number, |all| all.random_split(call.training.seed, 0.2, 0.0))?;
    prepared(call, data)
}

/// A fresh network for classes, or the hidden layers of a saved one below a fresh last layer.
pub(super) fn classifier(
    call: &Finetune,
    preprocessor: &FittedPreprocessor,
    labels: Vec<String>,
) -> Result<TabularClassifier> {
    Ok(match &call.model.model {
        Some(folder) => TabularClassifier::from_pretrained(folder, labels, call.training.seed)?,
        None => TabularClassifier::new(preprocessor, labels, hidden(call), call.training.seed)?,
    })
}

/// The same for numbers.
pub(super) fn regressor(
    call: &Finetune,
    preprocessor: &FittedPreprocessor,
    train: &TabularDataset,
) -> Result<TabularRegressor> {
    Ok(match &call.model.model {
        Some(folder) => TabularRegressor::from_pretrained(folder, train, call.training.seed)?,
        None => TabularRegressor::new(preprocessor, train, hidden(call), call.training.seed)?,
    })
}

fn hidden(call: &Finetune) -> &[usize] {
    if call.model.hidden.is_empty() { &HIDDEN } else { &call.model.hidden }
}

/// The types that were said.
fn schema(call: &Finetune) -> TableSchema {
    let data = &call.data;
    let schema = data.ignore_columns.iter().fold(TableSchema::new(), |schema, column| schema.ignore(column));
    let schema = data.numeric_columns.iter().fold(schema, |schema, column| schema.numeric(column));
    data.categorical_columns.iter().fold(schema, |schema, column| schema.categorical(column))
}

/// How the files beside the training file are read: only its columns, with the types that they have there.
fn known(all: &TabularDataset) -> TableSchema {
    let typed = all.columns().iter().fold(TableSchema::new(), |schema, column| {
        if column.is_numeric() { schema.numeric(column.name()) } else { schema.categorical(column.name()) }
    });
    typed.only_declared()
}

fn read(call: &Finetune, path: &Path, schema: &TableSchema) -> Result<TabularDataset> {
    TabularDataset::read_with(path, schema).map_err(|error| named(call, error))
}

/// What the training rows say about the columns. A saved model that is trained on knows its own.
fn prepared(call: &Finetune, data: Parts<TabularDataset>) -> Result<(FittedPreprocessor, Parts<TabularDataset>)> {
    if call.model.model.is_some() && !call.model.hidden.is_empty() {
        return Err(Failure::input(
            "--hidden: the model of --model has its own hidden layers; leave one of the two out",
        ));
    }
    let preprocessor = Preprocessor::new().fit(&data.train)?;
    if !call.results.json {
        outln!("{}", data.train);
        if call.model.model.is_none() {
            outln!("{preprocessor}");
        }
    }
    Ok((preprocessor, data))
}
