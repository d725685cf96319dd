//! Criteria as rows, networks as columns.

use std::fmt;

use crate::spread::Spread;

pub(crate) struct Table {
    networks: Vec<String>,
    /// Criterion, network, values over the seeds.
    cells: Vec<(&'static str, usize, Vec<f64>)>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self { networks: Vec::new(), cells: Vec::new() }
    }

    /// More values of a network.
    pub(crate) fn add(&mut self, network: &str, rows: Vec<(&'static str, Vec<f64>)>) {
        let place = self.networks.iter().position(|name| name == network).unwrap_or_else(|| {
            self.networks.push(network.to_owned());
            self.networks.len() - 1
        });
        for (criterion, values) in rows {
            match self.cells.iter_mut().find(|(name, at, _)| *name == criterion && *at == place) {
                Some((_, _, all)) => all.extend(values),
                None => self.cells.push((criterion, place, values)),
            }
        }
    }
}

/// In Markdown: mean, and the standard deviation where there are several values.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | {} |", self.networks.join(" | "))?;
        writeln!(f, "| --- {}|", "| ---: ".repeat(self.networks.len()))?;
        let mut criteria: Vec<&str> = Vec::new();
        for (criterion, ..) in &self.cells {
            if !criteria.contains(criterion) {
                criteria.push(criterion);
            }
        }
        for criterion in criteria {
            write!(f, "| {criterion} |")?;
            for place in 0..self.networks.len() {
                let cell = self.cells.iter().find(|(name, at, _)| *name == criterion && *at == place);
                write!(f, " {} |", cell.map_or("-".to_owned(), |(_, _, values)| summary(criterion, values)))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn summary(criterion: &str, values: &[f64]) -> String {
    let digits = if criterion.ends_with('%') { 1 } else { 3 };
    Spread::of(values).rounded(digits)
}
