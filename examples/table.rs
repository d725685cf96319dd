//! A table from raw cells to a saved model: which size of machine a cloud workload needs, and what it costs a month.
//!
//! `cargo run --release --example table` takes some seconds. The workloads are made here, from a seed: requests, CPU,
//! memory, region and instance type, with cells that are missing, codes that look like numbers, and counters gone wild.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tunebook::data::{CategoricalSteps, CategoryEncoder, NumericImputer, OutlierAction, OutlierRule, Scaler};
use tunebook::prelude::*;

const ROWS: usize = 3000;

/// The workloads as a file would give them.
fn workloads(seed: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut csv = String::from("id,requests,cpu,memory,region,zone,instance,tier,cost\n");
    for row in 0..ROWS {
        let regions = [("eu-west", 1.0), ("us-east", 0.8), ("ap-south", 1.3)];
        let instances = [("burstable", 0.7), ("general", 1.0), ("memory", 1.4)];
        let (region, price) = regions[rng.random_range(0..3)];
        let (instance, weight) = instances[rng.random_range(0..3)];
        // Long tails, as requests have them: a few workloads carry most of the load.
        let requests = 20.0 * (3.0 * rng.random::<f64>()).exp();
        let cpu = (requests / 400.0 * (0.6 + 0.8 * rng.random::<f64>())).min(1.0);
        let memory = 2.0 + 30.0 * rng.random::<f64>() * weight;
        let need = cpu + memory / 48.0 + 0.08 * rng.random::<f64>();
        let tier = if need < 0.45 {
            "small"
        } else if need < 0.85 {
            "medium"
        } else {
            "large"
        };
        let cost = price
            * weight
            * (20.0 + 90.0 * cpu + 1.6 * memory + if requests > 250.0 { 40.0 } else { 0.0 })
            * (0.95 + 0.1 * rng.random::<f64>());
        // What real monitoring does to it.
        let requests = if rng.random_bool(0.01) { requests * 1e4 } else { requests };
        let hole =
            |rng: &mut ChaCha8Rng, share: f64, cell: String| if rng.random_bool(share) { "n/a".into() } else { cell };
        let cells = [
            format!("w{row:05}"),
            format!("{requests:.1}"),
            hole(&mut rng, 0.05, format!("{cpu:.3}")),
            hole(&mut rng, 0.08, format!("{memory:.1}")),
            hole(&mut rng, 0.03, region.to_owned()),
            (1 + row % 3).to_string(),
            instance.to_owned(),
            tier.to_owned(),
            format!("{cost:.2}"),
        ];
        csv += &cells.join(",");
        csv.push('\n');
    }
    csv
}

fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("tunebook-table-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, e))?;
    let outcome = run(&folder);
    std::fs::remove_dir_all(&folder).map_err(|e| Error::io(&folder, e))?;
    outcome
}

fn run(folder: &std::path::Path) -> Result<()> {
    let path = folder.join("workloads.csv");
    std::fs::write(&path, workloads(42)).map_err(|e| Error::io(&path, e))?;

    // Zones are codes, an id says nothing, and this monitoring writes "n/a".
    let schema = TableSchema::new().categorical("zone").ignore("id").missing_values(&["", "n/a"]);
    let table = TabularDataset::read_with(&path, &schema)?;

    // What is wrong with it? With a path as argument the sheet is written there too, as a page.
    let sheet = TableDataSheet::of_splits(&table.clone().label_column("tier")?.stratified_split(42, 0.2, 0.2)?)?;
    println!("{sheet}\n");
    if let Some(path) = std::env::args().nth(1) {
        let head = "<!doctype html><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
                    <style>:root{color-scheme:light dark;font-family:sans-serif}</style>";
        let page = format!("{head}{}", sheet.display().get("text/html").unwrap_or_default());
        std::fs::write(&path, page).map_err(|problem| Error::io(&path, problem))?;
    }

    // Which tier? The cost would give it away, so it must not be among the columns.
    let tiers = table.without_columns(&["cost"])?.label_column("tier")?;
    println!("{tiers}");
    let data = tiers.stratified_split(42, 0.2, 0.2)?;
    let preprocessor = Preprocessor::new()
        .numeric(NumericSteps {
            imputer: NumericImputer::Median,
            indicator: true,
            outliers: Some((OutlierRule::Iqr(3.0), OutlierAction::Clip)),
            scaler: Scaler::Standard,
        })
        .categorical_column(
            "zone",
            CategoricalSteps { encoder: CategoryEncoder::Ordinal, ..CategoricalSteps::default() },
        )
        .fit(&data.train)?;
    println!("{preprocessor}");
    println!("{}\n", preprocessor.report(&data.test)?);

    let model = TabularClassifier::new(&preprocessor, data.label_names(), &[32, 16], 42)?;
    let config = TrainingConfig { epochs: 12, ..TrainingConfig::default() };
    let report = Trainer::new(model)
        .config(config.clone())
        .early_stopping(EarlyStopping::on("val_loss").patience(3))
        .observer(Quiet)
        .fit(&data.train, &data.validation)?;
    println!("{report}\n");
    println!("{}\n", report.model().evaluate(&data.test)?.classification_report());

    // A saved model takes raw rows: it brings its preprocessor along.
    let saved = folder.join("tier-model");
    report.model().save(&saved)?;
    let model = TabularClassifier::load(&saved)?;
    let fresh = data.test.select(&[0, 1, 2, 3]);
    println!("{}", model.predict(&fresh)?);

    // What does it cost? The same columns, a number as the target, and the tier model's hidden layers to begin with.
    let costs = table.without_columns(&["tier"])?.target_column("cost")?.random_split(42, 0.2, 0.2)?;
    for (name, model) in [
        ("from scratch", TabularRegressor::new(&preprocessor, &costs.train, &[32, 16], 42)?),
        ("hidden layers of the tier model", TabularRegressor::from_pretrained(&saved, &costs.train, 42)?),
    ] {
        let report = Trainer::new(model).config(config.clone()).observer(Quiet).fit(&costs.train, &costs.validation)?;
        println!("cost, {name}: {} ({:.1} s)", report.model().evaluate(&costs.test)?, report.seconds());
    }
    Ok(())
}
