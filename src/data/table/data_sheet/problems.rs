//! Findings as sentences, each with what to do.

use super::{ColumnSummary, TableDataSheet};
use crate::data::DataProblem;
use crate::data::data_sheet::{drift_problem, first, label_problems, leakage_problem};
use crate::words::part_of;

/// A column that tells so much of the target alone is looked at.
const GIVES_AWAY: f64 = 0.9;

/// From this share of its rows on a value is nearly the only one.
const NEARLY_ALL: f64 = 0.99;

/// From this share of different values on a column of categories is one of names.
const NEARLY_UNIQUE: f64 = 0.9;

/// With fewer values, all of them may be different by chance.
const FEW: usize = 20;

/// From this share of outliers on the distribution is like that.
const TAIL: f64 = 0.01;

impl TableDataSheet {
    /// The problems found, in the order in which they are best mended: columns that should not be there first, then rows,
    /// cells, the target, the split.
    pub fn problems(&self) -> Vec<DataProblem> {
        let mut problems = Vec::new();
        let mut add = |problem: String, mend: &str| problems.push(DataProblem { problem, mend: mend.to_owned() });
        self.column_problems(&mut add);
        self.row_problems(&mut add);
        self.cell_problems(&mut add);
        self.target_problems(&mut add);
        leakage_problem(self.leakage.as_ref(), &mut add);
        drift_problem(self.drift.as_ref(), &mut add);
        problems
    }

    /// The names of the columns for which `is` holds.
    fn columns_where(&self, is: impl Fn(&ColumnSummary) -> bool) -> String {
        self.columns
            .iter()
            .filter(|column| is(column))
            .map(|column| column.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn column_problems(&self, add: &mut dyn FnMut(String, &str)) {
        for column in &self.columns {
            if let (Some(alone), Some(target)) = (column.alone.filter(|alone| *alone >= GIVES_AWAY), &self.target) {
                let what = match self.target_spread {
                    Some(_) => format!("explains {:.0} % of the variance of", 100.0 * alone),
                    None => format!("saves {:.0} % of the mistakes about", 100.0 * alone),
                };
                add(
                    format!("\"{}\" alone {what} \"{target}\".", column.name),
                    "Ask whether it is known when the model is asked; if it is filled in afterwards, leave it out with \
                     `without_columns`.",
                );
            }
        }
        let empty = self.columns_where(|column| column.present == 0);
        if !empty.is_empty() {
            add(format!("Columns without any value: {empty}."), "Leave them out with `without_columns`.");
        }
        let constant = self.columns_where(|column| {
            column.present > 1 && column.most_frequent as f64 >= NEARLY_ALL * column.present as f64
        });
        if !constant.is_empty() {
            add(
                format!("Columns with one value in (nearly) all rows: {constant}."),
                "They tell rows apart in no way, or only rare ones: leave them out, or find out what the others are.",
            );
        }
        let names = self.columns_where(|column| {
            let all_differ = column.distinct as f64 >= NEARLY_UNIQUE * column.present as f64;
            column.present >= FEW && ((!column.is_numeric && all_differ) || column.counts_rows)
        });
        if !names.is_empty() {
            add(
                format!("Columns with a value of its own in nearly each row: {names}."),
                "Ids and row numbers are learned by heart: leave them out. For texts use a text model.",
            );
        }
    }

    fn row_problems(&self, add: &mut dyn FnMut(String, &str)) {
        let named = |rows: &[usize]| first(rows.iter().map(|&row| self.row_names[row].as_str()));
        let (conflicting, equal): (Vec<_>, Vec<_>) = self.duplicates.iter().partition(|group| group.is_conflicting());
        let repeated: Vec<usize> = equal.iter().flat_map(|group| &group.rows[1..]).copied().collect();
        if !repeated.is_empty() {
            let share = part_of(repeated.len(), self.rows());
            add(
                format!("{share} rows repeat an earlier one cell by cell ({}).", named(&repeated)),
                "If they are one case entered twice, keep the first, before you split.",
            );
        }
        let conflicting: Vec<usize> = conflicting.iter().flat_map(|group| &group.rows).copied().collect();
        if !conflicting.is_empty() {
            let share = part_of(conflicting.len(), self.rows());
            add(
                format!("{share} rows are equal to a row with another target ({}).", named(&conflicting)),
                "These columns cannot tell them apart: correct the targets, or find the column that is missing.",
            );
        }
    }

    fn cell_problems(&self, add: &mut dyn FnMut(String, &str)) {
        let mut missing: Vec<&ColumnSummary> =
            self.columns.iter().filter(|column| column.missing > 0 && column.present > 0).collect();
        missing.sort_by_key(|column| std::cmp::Reverse(column.missing));
        if !missing.is_empty() {
            let listed: Vec<String> = missing
                .iter()
                .map(|column| format!("{} ({:.1} %)", column.name, 100.0 * column.missing as f64 / self.rows() as f64))
                .collect();
            add(
                format!("Columns with missing cells: {}.", first(listed.iter().map(String::as_str))),
                "Choose how a `Preprocessor` fills them in, and whether it marks them; ask why they are missing.",
            );
        }
        let far: Vec<String> = self
            .columns
            .iter()
            .filter(|column| column.outliers() > 0)
            .map(|column| format!("{} ({})", column.name, column.outliers()))
            .collect();
        if !far.is_empty() {
            add(
                format!("Columns with values far from the rest: {}.", first(far.iter().map(String::as_str))),
                "Look at them: mend what is a mistake; for long tails choose `OutlierAction` or a robust `Scaler`.",
            );
        }
    }

    fn target_problems(&self, add: &mut dyn FnMut(String, &str)) {
        if let Some(spread) = &self.target_spread {
            if spread.smallest >= spread.largest {
                add("All targets are equal, so there is nothing to learn.".into(), "Choose another target column.");
            } else if spread.outliers as f64 >= TAIL * self.rows() as f64 {
                let share = part_of(spread.outliers, self.rows());
                add(
                    format!("{share} targets lie far from the rest."),
                    "A few large errors will outweigh all others: learn the logarithm, or judge by the absolute error.",
                );
            }
        } else if self.target.is_some() {
            label_problems(&self.balance, &self.label_names, add);
        }
    }
}
