//! Makes `grader/src/rubric/order/table.txt` from the prose of documentation comments:
//!
//!     cargo run --release -p tunebook-grader --example word_order -- FOLDER > grader/src/rubric/order/table.txt
//!
//! FOLDER holds Rust sources. The committed table was made from the standard library's (component `rust-src`), without
//! a FOLDER the same is read from the toolchain that runs.

#[path = "../src/rubric/order/class.rs"]
mod class;

use std::error::Error;
use std::path::{Path, PathBuf};

use class::{CLASSES, class};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = if let Some(folder) = std::env::args().nth(1) {
        PathBuf::from(folder)
    } else {
        let rustc = std::process::Command::new("rustc").args(["--print", "sysroot"]).output()?;
        Path::new(String::from_utf8(rustc.stdout)?.trim()).join("lib/rustlib/src/rust/library")
    };
    // Half a pair is added everywhere, so that an unseen pair is rare and not impossible.
    let mut pairs = vec![[0.5_f64; CLASSES]; CLASSES];
    let mut files = Vec::new();
    sources(&folder, &mut files)?;
    files.sort();
    for file in &files {
        for clause in clauses(&std::fs::read_to_string(file)?) {
            let mut before = 0;
            for here in clause.iter().map(|word| class(word)).chain([0]) {
                pairs[before][here] += 1.0;
                before = here;
            }
        }
    }
    let total: f64 = pairs.iter().flatten().sum();
    let follows: Vec<f64> = (0..CLASSES).map(|b| pairs.iter().map(|row| row[b]).sum()).collect();
    for row in &pairs {
        let leads: f64 = row.iter().sum();
        let cells =
            row.iter().zip(&follows).map(|(pair, follow)| (10.0 * (pair * total / (leads * follow)).ln()).round());
        println!("{}", cells.map(|cell| cell.clamp(-40.0, 30.0).to_string()).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The clauses of three words or more in a file's documentation comments; code blocks, tables and headings are left out.
fn clauses(source: &str) -> Vec<Vec<String>> {
    let mut prose = String::new();
    let mut in_code = false;
    for line in source.lines() {
        let line = line.trim_start();
        let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            prose.push('.');
            in_code = false;
            continue;
        };
        if text.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !text.trim_start().starts_with('#') && !text.contains('|') {
            prose.push(' ');
            prose.push_str(text);
        }
    }
    // A link's target is no prose.
    while let Some(start) = prose.find("](") {
        let end = prose[start..].find(')').map_or(prose.len(), |i| start + i + 1);
        prose.replace_range(start..end, "");
    }
    let prose = prose.to_lowercase().replace(['`', '[', ']', '*', '\'', '\u{2019}'], "");
    let clause = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    prose.split(['.', '!', '?', ';', ':', ',', '(', ')']).map(clause).filter(|c: &Vec<String>| c.len() >= 3).collect()
}
