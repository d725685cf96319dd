//! How long a build will still take.
//!
//! Cargo counts crates, but a few of them take as long as all the others together and come last.
//! They weigh more here; with equal weights the estimate is "10 seconds" for minutes.
use std::time::{Duration, Instant};

/// What the large crates weigh more than a usual one, from times measured on two cores.
const HEAVY: [(&str, usize); 14] = [
    ("candle-core", 70),
    ("tunebook", 40),
    ("tokenizers", 35),
    ("tunebook-facade", 25),
    ("regex-automata", 20),
    ("pulp", 15),
    ("syn", 8),
    ("regex-syntax", 10),
    ("candle-nn", 10),
    ("image", 10),
    ("zerocopy", 8),
    ("plotters", 8),
    ("rayon", 6),
    ("tunebook-grader", 6),
];

/// The rate of a build so far, and what is left of it.
pub(super) struct Estimate {
    /// Heavy crates that are not compiled yet.
    heavy: Vec<(&'static str, usize)>,
    began: Option<(Instant, usize)>,
    /// Extra weight that was compiled since.
    finished: usize,
}

impl Estimate {
    /// An estimate for a build of the crates in a lock file.
    pub(super) fn new(lock: &str) -> Self {
        let heavy = HEAVY.into_iter().filter(|(name, _)| lock.contains(&format!("name = \"{name}\"\n"))).collect();
        Self { heavy, began: None, finished: 0 }
    }

    /// A crate is there; `fresh` when it was there before.
    pub(super) fn finished(&mut self, name: &str, fresh: bool) {
        if let Some(index) = self.heavy.iter().position(|(heavy, _)| *heavy == name) {
            let (_, weight) = self.heavy.swap_remove(index);
            self.finished += if fresh { 0 } else { weight };
        }
    }

    /// The time left; `None` as long as there is no rate.
    pub(super) fn remaining(&mut self, done: usize, total: usize) -> Option<Duration> {
        let (began, before) = *self.began.get_or_insert((Instant::now(), done));
        let left = total.saturating_sub(done) + self.heavy.iter().map(|(_, weight)| weight).sum::<usize>();
        remaining(began.elapsed(), done.saturating_sub(before) + self.finished, left)
    }
}

fn remaining(elapsed: Duration, worked: usize, left: usize) -> Option<Duration> {
    (worked > 0).then(|| elapsed.mul_f64(left as f64 / worked as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_crates_count_for_more() {
        let mut estimate = Estimate::new("name = \"candle-core\"\nname = \"serde\"\n");
        assert_eq!(estimate.remaining(10, 20), None);
        estimate.finished("serde", false);
        assert_eq!(estimate.heavy.iter().map(|(_, weight)| weight).sum::<usize>(), 70);
        estimate.finished("candle-core", true);
        assert_eq!((estimate.heavy.len(), estimate.finished), (0, 0));
        assert_eq!(remaining(Duration::from_secs(10), 5, 20), Some(Duration::from_secs(40)));
    }
}
