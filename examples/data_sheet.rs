//! The data sheet of the embedded tickets, and of a copy that is damaged as real data is: what is wrong, what a cleaning
//! does about it, which labels may be wrong, and whether the newest rows are still like the others.
//!
//! `cargo run --release --example data_sheet` takes some seconds. With a path as argument it also writes the last sheet as
//! a page: `cargo run --release --example data_sheet -- sheet.html`.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tunebook::data::{Conflicts, DriftConfig, LabelNoise, LabelNoiseSearch, NearDuplicateSearch, RawRow};
use tunebook::prelude::*;

fn main() -> Result<()> {
    let tickets = TextDataset::embedded("support-tickets")?;
    let leakage = tickets.fixed_split()?.leakage(&NearDuplicateSearch::default())?;
    println!("{}\n", DataSheet::of(&tickets)?.with_leakage(leakage));

    let (damaged, wrong) = damaged(&tickets, 42)?;
    println!("{}\n", DataSheet::of(&damaged)?);
    let cleaner = Cleaner {
        html: true,
        conflicts: Conflicts::DropAll,
        near_duplicates: Some(NearDuplicateSearch::default()),
        ..Cleaner::default()
    };
    let (clean, report) = cleaner.clean(&damaged)?;
    println!("{report}\n");

    let encoder = TextEncoder::from_pretrained(Pretrained::embedded())?;
    let vectors = embed(&encoder, &clean)?;
    let noise = clean.label_noise_from_vectors(&vectors, &LabelNoiseSearch::default())?;
    let parts = clean.stratified_split(7, 0.2, 0.2)?;
    let leakage = parts.leakage(&NearDuplicateSearch::default())?;
    // Later tickets: half of them shouted and short, and nearly all about one thing.
    let later = later(&clean)?;
    let drift = clean.drift_with_vectors(&later, &vectors, &embed(&encoder, &later)?, &DriftConfig::default())?;
    println!("{}\n", found(&noise, &wrong));
    println!("{noise}\n\n{drift}\n");
    let sheet = DataSheet::of(&clean)?.with_leakage(leakage).with_label_noise(noise).with_drift(drift);
    println!("{sheet}");
    if let Some(path) = std::env::args().nth(1) {
        let shown = sheet.display();
        let head = "<!doctype html><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
                    <style>:root{color-scheme:light dark;font-family:sans-serif}</style>";
        let page = format!("{head}{}", shown.get("text/html").unwrap_or_default());
        std::fs::write(&path, page).map_err(|problem| Error::io(&path, problem))?;
    }
    Ok(())
}

/// The tickets with every kind of damage, and the texts of the rows whose labels were changed.
fn damaged(tickets: &TextDataset, seed: u64) -> Result<(TextDataset, Vec<String>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows: Vec<(String, String)> = (0..tickets.len())
        .map(|row| (tickets.texts()[row].clone(), tickets.label_name(tickets.labels()[row]).to_owned()))
        .collect();
    rows.shuffle(&mut rng);
    let names = tickets.label_names();
    let mut wrong = Vec::new();
    for (text, label) in &mut rows[..20] {
        let others: Vec<&String> = names.iter().filter(|name| *name != label).collect();
        others[rng.random_range(0..others.len())].clone_into(label);
        wrong.push(text.clone());
    }
    for (text, _) in &mut rows[20..30] {
        *text = format!("<p>{}</p>", text.replace('&', "&amp;").replace(". ", ".<br>"));
    }
    for (text, _) in &mut rows[30..40] {
        *text = text.replacen(' ', "\u{a0}\u{200b} ", 2) + "  ";
    }
    for (text, _) in &mut rows[40..45] {
        text.clear();
    }
    for at in 45..60 {
        let (text, label) = rows[at].clone();
        let text = if at % 3 == 0 { text } else { format!("{text} Thanks!") };
        rows.push((text, label));
    }
    for at in 60..64 {
        let (text, label) = &rows[at];
        let other = names.iter().find(|name| *name != label).cloned().unwrap_or_default();
        rows.push((text.clone(), other));
    }
    let texts = rows.iter().map(|(text, _)| text.clone()).collect();
    let labels = rows.iter().filter_map(|(_, label)| names.iter().position(|name| name == label)).collect();
    Ok((TextDataset::new("damaged tickets", texts, labels, names)?, wrong))
}

/// A set as it could come in a year later.
fn later(tickets: &TextDataset) -> Result<TextDataset> {
    let rows: Vec<RawRow> = (0..tickets.len())
        .filter(|row| tickets.labels()[*row] == 0 || row % 4 == 0)
        .map(|row| {
            let text: String = tickets.texts()[row].chars().take(80).collect();
            let text = if row % 2 == 0 { text.to_uppercase() } else { text };
            let label = tickets.label_name(tickets.labels()[row]).to_owned();
            RawRow { text: Some(text), label: Some(label) }
        })
        .collect();
    Ok(Cleaner::default().clean_rows("later tickets", &rows)?.0)
}

/// Sentence embeddings of length 1: the penalty of the drift's probe is made for numbers of that size.
fn embed(encoder: &TextEncoder, data: &TextDataset) -> Result<Vec<Vec<f32>>> {
    let texts: Vec<&str> = data.texts().iter().map(String::as_str).collect();
    let mut vectors: Vec<Vec<f32>> = encoder.embed(&texts)?.to_vec2()?;
    for vector in &mut vectors {
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        for number in vector {
            *number /= length;
        }
    }
    Ok(vectors)
}

/// How many of the labels changed on purpose are among the suspects.
fn found(noise: &LabelNoise, wrong: &[String]) -> String {
    let found = noise.suspects().iter().filter(|suspect| wrong.contains(&suspect.text)).count();
    let (suspects, expected) = (noise.suspects().len(), noise.expected_wrong());
    format!(
        "{found} of {} labels changed on purpose are among {suspects} suspects; {expected:.1} were expected to be wrong",
        wrong.len()
    )
}
