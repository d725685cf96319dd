//! Does pretraining transfer? Few labelled tickets, the pretrained encoder against the same network with random weights.
//!
//! ```text
//! cargo run --release --example transfer [-- --per-label 8 --seeds 5 --model FOLDER]
//! ```
//!
//! For each seed: `per-label` tickets of every queue are drawn from the training part; a head is trained on the frozen
//! encoder (linear probe), and the whole network is fine-tuned; both are measured on the 96 test tickets.

use tunebook::prelude::*;

struct Options {
    per_label: usize,
    seeds: u64,
    source: Pretrained,
}

fn main() {
    if let Err(problem) = options().and_then(|options| run(&options)) {
        eprintln!("error: {problem}");
        std::process::exit(2);
    }
}

fn options() -> Result<Options> {
    let mut options = Options { per_label: 8, seeds: 5, source: Pretrained::embedded() };
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| Error::input(&name, "needs a value", ""))?;
        let broken = |_| Error::input(&name, format!("\"{value}\" is not a whole number"), "");
        match name.as_str() {
            "--per-label" => options.per_label = value.parse().map_err(broken)?,
            "--seeds" => options.seeds = value.parse().map_err(broken)?,
            "--model" => options.source = Pretrained::folder(&value),
            _ => return Err(Error::input(&name, "unknown option", "use --per-label, --seeds, --model")),
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<()> {
    let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    println!("{} tickets a queue, accuracy on {} test tickets, in per cent\n", options.per_label, data.test.len());
    println!("{:>6}  {:>21}  {:>21}", "", "linear probe", "full fine-tuning");
    println!("{:>6}  {:>10} {:>10}  {:>10} {:>10}", "seed", "pretrained", "random", "pretrained", "random");
    let mut rows = Vec::new();
    for seed in 1..=options.seeds {
        let few = data.train.few_shot(options.per_label, seed)?;
        let mut row = [0.0; 4];
        for (column, value) in row.iter_mut().enumerate() {
            let labels = data.label_names();
            let model = if column % 2 == 0 {
                TextClassifier::from_pretrained_seeded(options.source.clone(), labels, seed)?
            } else {
                TextClassifier::from_scratch(options.source.clone(), labels, seed)?
            };
            let (method, epochs) = if column < 2 { (Method::FeatureExtraction, 60) } else { (Method::Full, 15) };
            let report = Trainer::new(model)
                .method(method)
                .config(TrainingConfig { epochs, seed, ..Default::default() })
                .observer(Quiet)
                .fit(&few, &data.validation)?;
            *value = 100.0 * report.model().evaluate(&data.test)?.accuracy;
        }
        println!("{seed:>6}  {:>10.1} {:>10.1}  {:>10.1} {:>10.1}", row[0], row[1], row[2], row[3]);
        rows.push(row);
    }
    let mean = |column: usize| rows.iter().map(|row: &[f64; 4]| row[column]).sum::<f64>() / rows.len() as f64;
    let means: Vec<f64> = (0..4).map(mean).collect();
    println!("{:>6}  {:>10.1} {:>10.1}  {:>10.1} {:>10.1}", "mean", means[0], means[1], means[2], means[3]);
    println!("\nPretraining is worth {:+.1} points to a linear probe", means[0] - means[1]);
    println!("and {:+.1} points to full fine-tuning.", means[2] - means[3]);
    Ok(())
}
