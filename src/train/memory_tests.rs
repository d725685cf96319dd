//! Memory stays flat however long a run is: a process of its own, in which nothing else takes memory.

use std::process::Command;

use super::{Method, Observer, StepRecord, Trainer, TrainingConfig};
use crate::model::fixture::{tiny, tiny_data, tiny_folder};
use crate::model::{LoraConfig, TextClassifier};
use crate::ops::idle_memory;

const CHILD: &str = "TUNEBOOK_TEST_MEMORY_CHILD";

/// After each hundredth step: resident memory in bytes, and the memory that operations keep to use again, in numbers.
#[derive(Default)]
struct Measured(Vec<(u64, usize)>);

impl Observer for Measured {
    fn on_step(&mut self, record: &StepRecord) {
        if record.step.is_multiple_of(100) {
            self.0.push((resident_bytes(), idle_memory()));
        }
    }
}

/// From Linux's count of resident pages; 0 elsewhere, where the test sees only what operations keep.
fn resident_bytes() -> u64 {
    let counts = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    counts.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// Runs only in the processes that the test below starts: ten steps an epoch, texts of different lengths, 500 steps.
#[test]
fn child() {
    let method = match std::env::var(CHILD).as_deref() {
        Ok("full") => Method::Full,
        Ok("lora") => Method::Lora(LoraConfig { rank: 2, dropout: 0.1, ..LoraConfig::default() }),
        _ => return,
    };
    let dir = tiny_folder();
    let model = TextClassifier::from_pretrained(tiny(&dir), tiny_data(3, 0).label_names()).unwrap();
    let config = TrainingConfig { epochs: 50, batch_size: 8, learning_rate: Some(1e-3), ..TrainingConfig::default() };
    let mut measured = Measured::default();
    let trainer = Trainer::new(model).observer(&mut measured).method(method).config(config);
    trainer.fit(&tiny_data(80, 0), &tiny_data(24, 1)).unwrap();
    for (resident, idle) in measured.0 {
        println!("\nmemory {resident} {idle}");
    }
}

#[test]
fn five_hundred_steps_need_the_memory_of_one_hundred() {
    for method in ["full", "lora"] {
        let program = std::env::current_exe().unwrap();
        let out = Command::new(program)
            .args(["--exact", "train::memory_tests::child", "--nocapture"])
            .env(CHILD, method)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let out = String::from_utf8(out.stdout).unwrap();
        let numbers = |line: &str| -> Vec<u64> { line.split(' ').map(|word| word.parse().unwrap()).collect() };
        let measured: Vec<Vec<u64>> =
            out.lines().filter_map(|line| line.strip_prefix("memory ")).map(numbers).collect();
        assert_eq!(measured.len(), 5, "{out}");
        let (first, last) = (&measured[0], &measured[4]);
        // One gradient of each parameter makes 30 KB: kept at every step, they would be twelve megabytes.
        assert!(last[0] < first[0] + (1 << 20), "{method}: resident bytes, kept numbers: {measured:?}");
        // Two threads that meet in the same operation for the first time take a buffer more; one kept at every step would
        // be 100,000 numbers at least.
        assert!(last[1] < first[1] + (1 << 14), "{method}: resident bytes, kept numbers: {measured:?}");
    }
}
