//! What the checks of data find where it is known what there is to be found.
//!
//! ```sh
//! cargo bench --bench data_quality -- label-noise [MODEL_FOLDER]
//! cargo bench --bench data_quality -- image-duplicates FILE.npz [PAIRS.png]
//! cargo bench --bench data_quality -- text-augmentation MODEL_FOLDER TRAIN.jsonl TEST.jsonl [ROWS]
//! ```
//!
//! - `label-noise`: the embedded tickets with 0 and with 20 labels changed on purpose, three seeds each: the estimate of
//!   wrong labels with its interval, and how many of the first 20 rows in its ranking were changed.
//! - `image-duplicates`: near-duplicates within the training part and across the split, at several thresholds, and a
//!   picture of pairs around the threshold.
//! - `text-augmentation`: accuracy on the test file after training on a few rows (200), as they are, changed anew at each
//!   step, and enlarged once by copies; as many steps each, three seeds.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tunebook::chart::ContactSheet;
use tunebook::data::{Columns, ImageNearDuplicateSearch, LabelNoiseSearch, LeakageReport, Part};
use tunebook::prelude::*;

const SEEDS: [u64; 3] = [1, 2, 3];

/// Labels changed on purpose.
const PLANTED: usize = 20;

/// Passes over the texts, and copies of each where there are any.
const EPOCHS: usize = 10;
const COPIES: usize = 4;

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["label-noise", folder @ ..] => label_noise(folder.first().copied()),
        ["image-duplicates", path, picture @ ..] => image_duplicates(path, picture.first().copied()),
        ["text-augmentation", folder, train, test, rows @ ..] => {
            text_augmentation(folder, train, test, rows.first().map_or(200, |rows| rows.parse().unwrap_or(200)))
        }
        _ => {
            println!("usage: cargo bench --bench data_quality -- label-noise|image-duplicates|text-augmentation ...");
            Ok(())
        }
    }
}

fn label_noise(folder: Option<&str>) -> Result<()> {
    let tickets = TextDataset::embedded("support-tickets")?;
    let source = folder.map_or_else(Pretrained::embedded, Pretrained::folder);
    let texts: Vec<&str> = tickets.texts().iter().map(String::as_str).collect();
    let vectors: Vec<Vec<f32>> = TextEncoder::from_pretrained(source)?.embed(&texts)?.to_vec2()?;
    let labels = tickets.label_names().len();
    for planted in [0, PLANTED] {
        for seed in SEEDS {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut rows: Vec<usize> = (0..tickets.len()).collect();
            rows.shuffle(&mut rng);
            rows.truncate(planted);
            let mut given = tickets.labels().to_vec();
            for &row in &rows {
                given[row] = (given[row] + rng.random_range(1..labels)) % labels;
            }
            let noisy = TextDataset::new("noisy tickets", tickets.texts().to_vec(), given, tickets.label_names())?;
            let search = LabelNoiseSearch { seed, ..LabelNoiseSearch::default() };
            let noise = noisy.label_noise_from_vectors(&vectors, &search)?;
            let (low, high) = noise.noise_interval();
            let found = noise.ranked().iter().take(PLANTED).filter(|suspect| rows.contains(&suspect.row)).count();
            println!(
                "{planted} planted ({:.1} %), seed {seed}: estimate {:.1} % [{:.1}, {:.1}], {} suspects, {:.1} of them \
                 expected wrong; of the first {PLANTED} {found} were planted",
                100.0 * planted as f64 / tickets.len() as f64,
                100.0 * noise.noise_rate(),
                100.0 * low,
                100.0 * high,
                noise.suspects().len(),
                noise.expected_wrong(),
            );
        }
    }
    Ok(())
}

fn image_duplicates(path: &str, picture: Option<&str>) -> Result<()> {
    let parts = ImageDataset::read_npz(path, None)?.fixed_split()?;
    let count = |report: &LeakageReport| {
        let exact = report.rows().iter().filter(|row| row.exact).count();
        format!(
            "{} of validation and {} of test ({exact} exact)",
            report.count(Part::Validation),
            report.count(Part::Test)
        )
    };
    println!("{path}: {} for training", parts.train.len());
    let default = ImageNearDuplicateSearch::default();
    for threshold in [0.9, 0.95, default.threshold, 0.99, 0.995] {
        let search = ImageNearDuplicateSearch { threshold, ..default };
        let within = parts.train.near_duplicates(&search)?;
        let mark = if threshold.total_cmp(&default.threshold).is_eq() { " (the default)" } else { "" };
        println!("from {threshold}{mark}: {} within train, {}", within.len(), count(&parts.near_leakage(&search)?));
    }
    let Some(picture) = picture else { return Ok(()) };
    let mut found = parts.train.near_duplicates(&ImageNearDuplicateSearch { threshold: 0.9, ..default })?;
    found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
    // A row for each degree of similarity, pairs side by side.
    let shape = parts.train.shape();
    let mut sheet = ContactSheet::new("Pairs by similarity", shape.channels, shape.height, shape.width);
    for (low, high) in
        [(0.995, 1.01), (0.99, 0.995), (0.98, 0.99), (0.97, 0.98), (0.96, 0.97), (0.95, 0.96), (0.9, 0.95)]
    {
        let pairs: Vec<_> = found.iter().filter(|pair| (low..high).contains(&pair.similarity)).take(4).collect();
        if !pairs.is_empty() {
            let images: Vec<&[u8]> =
                pairs.iter().flat_map(|pair| [parts.train.pixels(pair.like), parts.train.pixels(pair.row)]).collect();
            sheet = sheet.row(format!("from {low}"), &images)?;
        }
    }
    sheet.save(picture)
}

fn text_augmentation(folder: &str, train: &str, test: &str, rows: usize) -> Result<()> {
    let columns = Columns::default();
    let all = TextDataset::read(train, &columns, None)?;
    let names = all.label_names();
    let test = TextDataset::read(test, &columns, Some(&names))?;
    for method in [Method::FeatureExtraction, Method::Full] {
        for (what, alpha, copies) in
            [("as they are", 0.0, 0), ("anew, 0.05", 0.05, 0), ("anew, 0.1", 0.1, 0), ("copies, 0.1", 0.1, COPIES)]
        {
            let mut accuracies = Vec::new();
            for seed in SEEDS {
                let few = all.few_shot(rows / names.len(), seed)?;
                let few = if alpha > 0.0 { few.augmented(TextAugmentation::eda(alpha))? } else { few };
                let few = if copies > 0 { few.with_copies(copies, seed)? } else { few };
                let learning_rate = if method == Method::Full { 5e-5 } else { 1e-2 };
                let config = TrainingConfig {
                    epochs: EPOCHS / (copies + 1),
                    learning_rate: Some(learning_rate),
                    seed,
                    ..TrainingConfig::default()
                };
                let model = TextClassifier::from_pretrained_seeded(Pretrained::folder(folder), names.clone(), seed)?;
                let watched = test.select(&[0, 1]);
                let trainer = Trainer::new(model).observer(Quiet).method(method.clone()).config(config);
                accuracies.push(100.0 * trainer.fit(&few, &watched)?.model().evaluate(&test)?.accuracy);
            }
            let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
            println!("{method}, {rows} rows {what}: {mean:.2} % {accuracies:.2?}");
        }
    }
    Ok(())
}
