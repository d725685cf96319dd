//! What does a pretrained network save? Fine-tuned against from scratch, by the number of labelled images.
//!
//! `cargo run --release --example image_transfer` draws chest phantoms and takes about half an hour on two cores. For each
//! number of images and each seed, the same network learns from the same images three times: from fresh weights, with the
//! embedded weights below a fresh head, and with those weights frozen. Each way has its own learning rate and keeps its best
//! epoch, both chosen by the balanced accuracy on the validation images; the rate with a seed that is not used again. Printed is the
//! balanced accuracy on the test images, which no choice has seen: mean and standard deviation over the seeds. The chart is
//! written beside it.
//!
//! | option | |
//! | --- | --- |
//! | `--data FILE.npz` | MedMNIST's grey images with two classes or more, and a fixed split, in place of phantoms |
//! | `--sizes 40,160,all` | numbers of training images, the same share of each class; `all` takes them as they are |
//! | `--seeds 5` | how often each is repeated, with other images and other fresh weights |
//! | `--model FOLDER` | another pretrained network of the same kind |
//! | `--chart FILE.svg` | where the chart goes; `image_transfer.svg` |

#[path = "shared/spread.rs"]
mod spread;

use std::path::PathBuf;
use std::time::Instant;

use spread::Spread;
use tunebook::prelude::*;

const EPOCHS: usize = 20;
const BATCH: usize = 16;
/// Not the loss: chosen by that, 40 images from fresh weights stayed at chance.
const CHOSEN_BY: &str = "val_balanced_accuracy";
/// Images of an epoch at least: fewer come several times, so that all runs take enough steps.
const EPOCH: usize = 192;
/// Of the phantoms: images to test on, to choose on, and to learn from.
const PHANTOMS: [usize; 3] = [1000, 250, 1000];

fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let data = options.data()?;
    println!("{}\n{} to choose on, {} to test on\n", data.train, data.validation.len(), data.test.len());
    let started = Instant::now();
    println!("balanced accuracy on the test images, {} seeds", options.seeds);
    println!(
        "{:>8} {:>16} {:>16} {:>16} {:>8}",
        "images",
        Start::Fresh.name(),
        Start::Frozen.name(),
        Start::Tuned.name(),
        "gain"
    );
    let mut lines = [Start::Fresh, Start::Frozen, Start::Tuned].map(|start| (start, Vec::new()));
    for &size in &options.sizes {
        let mut cells = Vec::new();
        for (start, points) in &mut lines {
            let rate = rate(&options, &data, size, *start)?;
            let scores = (0..options.seeds).map(|seed| {
                let report = train(&options, &data, size, *start, rate, seed)?;
                report.model().evaluate(&data.test)?.balanced_accuracy()
            });
            let score = Spread::of(&scores.collect::<Result<Vec<f64>>>()?);
            points.push((size.unwrap_or(data.train.len()) as f64, score.mean));
            cells.push(score);
        }
        let name = size.map_or_else(|| format!("all {}", data.train.len()), |size| size.to_string());
        let gain = 100.0 * (cells[2].mean - cells[0].mean);
        let [fresh, frozen, tuned] = [0, 1, 2].map(|at: usize| in_per_cent(&cells[at]));
        println!("{name:>8} {fresh:>16} {frozen:>16} {tuned:>16} {gain:>+8.1}");
    }
    println!("\n{:.0} s", started.elapsed().as_secs_f64());
    let title = format!("{}: what pretraining saves", data.train.name());
    let chart = LineChart::new(title, "labelled images", "balanced accuracy on the test images").log_x().percent_y();
    let chart = lines.into_iter().fold(chart, |chart, (start, points)| chart.series(start.name(), points));
    chart.with_y_range(0.4, 1.0).save(&options.chart)?;
    println!("chart: {}", options.chart.display());
    Ok(())
}

/// What a run starts from, and what of it learns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Fresh weights; everything learns.
    Fresh,
    /// Pretrained weights; the head learns.
    Frozen,
    /// Pretrained weights; everything learns.
    Tuned,
}

impl Start {
    fn name(self) -> &'static str {
        match self {
            Self::Fresh => "from scratch",
            Self::Frozen => "head alone",
            Self::Tuned => "fine-tuned",
        }
    }

    /// Learning rates to choose from on the validation images: as many for fresh weights as for pretrained ones.
    fn rates(self) -> [f64; 2] {
        match self {
            Self::Fresh => [1e-3, 4e-3],
            Self::Frozen => [3e-3, 1e-2],
            Self::Tuned => [1e-3, 3e-3],
        }
    }
}

/// The learning rate with the best score on the validation images, by a seed that is not used again.
fn rate(options: &Options, data: &ImageSplits, size: Option<usize>, start: Start) -> Result<f64> {
    let mut found = (f64::NEG_INFINITY, start.rates()[0]);
    for rate in start.rates() {
        let report = train(options, data, size, start, rate, options.seeds)?;
        let score = report.kept_epoch().and_then(|epoch| epoch.metric(CHOSEN_BY)).unwrap_or(f64::NAN);
        if score > found.0 {
            found = (score, rate);
        }
    }
    Ok(found.1)
}

/// One run, with the weights of its best epoch.
fn train(
    options: &Options,
    data: &ImageSplits,
    size: Option<usize>,
    start: Start,
    rate: f64,
    seed: u64,
) -> Result<TrainingReport<ImageClassifier>> {
    let classes = data.train.label_names().len();
    let train = match size {
        Some(size) => data.train.few_shot(size / classes, seed)?,
        None => data.train.clone(),
    };
    let (model, method) = match start {
        Start::Fresh => (ImageClassifier::small(&train, seed)?, Method::Full),
        Start::Frozen => (options.pretrained(&train, seed)?, Method::FeatureExtraction),
        Start::Tuned => (options.pretrained(&train, seed)?, Method::Full),
    };
    let config = TrainingConfig {
        epochs: EPOCHS,
        batch_size: BATCH,
        learning_rate: Some(rate),
        schedule: Schedule::OneCycle,
        class_weights: ClassWeights::Balanced,
        seed,
        ..TrainingConfig::default()
    };
    let again: Vec<usize> = (0..EPOCH.max(train.len())).map(|row| row % train.len()).collect();
    Trainer::new(model)
        .method(method)
        .config(config)
        .early_stopping(EarlyStopping::on(CHOSEN_BY).patience(EPOCHS))
        .observer(Quiet)
        .fit(&train.select(&again), &data.validation)
}

fn in_per_cent(spread: &Spread) -> String {
    format!("{:.1} ± {:.1} %", 100.0 * spread.mean, 100.0 * spread.deviation)
}

struct Options {
    file: Option<PathBuf>,
    model: Option<PathBuf>,
    /// None for all that there are.
    sizes: Vec<Option<usize>>,
    seeds: u64,
    chart: PathBuf,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let sizes = [10, 20, 40, 80, 160, 320, 640].map(Some).to_vec();
        let mut options = Self { file: None, model: None, sizes, seeds: 5, chart: "image_transfer.svg".into() };
        while let Some(option) = arguments.next() {
            let value = arguments.next().ok_or_else(|| {
                let known = "--data FILE, --sizes 40,160,all, --seeds 5, --model FOLDER or --chart FILE";
                Error::input(&option, "stands without a value or is unknown", format!("give {known}"))
            })?;
            let wrong = |mend: &str| Error::input(format!("{option} {value}"), "cannot be used", mend);
            match option.as_str() {
                "--data" => options.file = Some(value.into()),
                "--model" => options.model = Some(value.into()),
                "--chart" => options.chart = value.into(),
                "--seeds" => {
                    let seeds = value.parse().ok().filter(|seeds| *seeds > 0);
                    options.seeds = seeds.ok_or_else(|| wrong("give a whole number, 1 or more"))?;
                }
                "--sizes" => {
                    let size = |word: &str| match word {
                        "all" => Some(None),
                        word => word.parse().ok().filter(|size| *size > 1).map(Some),
                    };
                    let sizes: Option<Vec<_>> = value.split(',').map(size).collect();
                    options.sizes = sizes.ok_or_else(|| wrong("give numbers from 2, or all: 40,160,all"))?;
                }
                _ => return Err(wrong("use --data, --sizes, --seeds, --model or --chart")),
            }
        }
        Ok(options)
    }

    fn data(&self) -> Result<ImageSplits> {
        if let Some(file) = &self.file {
            return ImageDataset::read_npz(file, None)?.fixed_split();
        }
        let all = ChestPhantoms { images: PHANTOMS.iter().sum(), ..ChestPhantoms::default() }.generate()?;
        let [test, validation, _] = PHANTOMS;
        let rows: Vec<usize> = (0..all.len()).collect();
        let (test, rest) = rows.split_at(test);
        let (validation, train) = rest.split_at(validation);
        let [train, validation, test] = [train, validation, test].map(|rows| all.select(rows));
        Ok(ImageSplits { train, validation, test })
    }

    fn pretrained(&self, train: &ImageDataset, seed: u64) -> Result<ImageClassifier> {
        let source = self.model.as_ref().map_or_else(Pretrained::embedded, Pretrained::folder);
        ImageClassifier::from_pretrained_seeded(source, train.label_names(), seed)
    }
}
