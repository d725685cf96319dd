//! Cleaning while reading: files with empty cells.

use std::path::Path;

use super::{Cleaner, CleaningReport, RawRow};
use crate::data::read::{Wanted, read_cells};
use crate::data::{Columns, TextDataset};
use crate::{Error, Result};

impl Cleaner {
    /// Reads a labelled file with empty cells and cleans it: what [`TextDataset::read`] refuses row by row is handled by
    /// [`missing_text`](Cleaner::missing_text) and [`missing_label`](Cleaner::missing_label), and the report says which rows
    /// it was. Ids are the places in the file: `line 7`, or `row 7` in Parquet.
    ///
    /// A cell is empty when nothing but white space is in it (after the steps that run before), when it holds a
    /// [missing marker](Cleaner::missing_markers), in JSON Lines when it is `null` or its key is not there though other rows
    /// have it, and in Parquet when it is null or the class -1 of a named class. Label names are sorted; a Parquet file of
    /// the Hub that names its classes keeps their order. Label names lose white space at their ends.
    ///
    /// # Errors
    /// When the file is unreadable, a column is missing in all rows, or a row is broken: a CSV row with too few or too many
    /// cells is no row with empty cells. When the file has no rows. And those of [`clean`](Self::clean).
    ///
    /// ```
    /// use tunebook::data::{Cleaner, Columns, MissingLabel};
    ///
    /// let path = std::env::temp_dir().join(format!("tunebook-gaps-{}.csv", std::process::id()));
    /// std::fs::write(&path, "text,label\nAll good,happy\n,angry\nIt broke,\nNo answer,n/a\n").unwrap();
    /// let cleaner = Cleaner { missing_label: MissingLabel::Fill("unknown".into()), ..Cleaner::default() };
    /// let (data, report) = cleaner.read(&path, &Columns::default())?;
    /// assert_eq!(data.ids(), ["line 2", "line 4", "line 5"]); // line 3 has no text
    /// assert_eq!(data.label_names(), ["angry", "happy", "unknown"]);
    /// println!("{report}");
    /// # std::fs::remove_file(path).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn read(&self, path: impl AsRef<Path>, columns: &Columns) -> Result<(TextDataset, CleaningReport)> {
        let path = path.as_ref();
        let file = read_cells(path, &Wanted::Columns(&[&columns.text, &columns.label]))?.with_rows()?;
        let cell = |row: usize, column: usize| match file.columns[column].cells[row].text() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(Error::input(
                file.cell_place(row, column),
                "holds a list, not one value",
                "give each row one text and one label",
            )),
        };
        let rows = (0..file.lines.len())
            .map(|row| Ok(RawRow { text: cell(row, 0)?, label: cell(row, 1)? }))
            .collect::<Result<Vec<RawRow>>>()?;
        let class_names = file.columns[1].class_names.as_deref();
        self.clean_rows_with(&path.display().to_string(), &rows, |row| file.row(row), class_names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::clean::{CleaningStep, MissingLabel, MissingText};

    fn read(cleaner: &Cleaner, name: &str, content: &str) -> Result<(TextDataset, CleaningReport)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        cleaner.read(&path, &Columns::default())
    }

    fn removed(report: &CleaningReport, step: CleaningStep) -> Vec<&str> {
        report.step(step).unwrap().removed.iter().map(|note| note.id.as_str()).collect()
    }

    #[test]
    fn empty_cells_of_every_kind_are_found_where_they_stand() {
        let csv = "text,label\ngood,b\n\u{200b},a\nnan,a\n\"two\nlines\",\nlast, a \nbad,N/A\n";
        let json = "{\"text\":\"good\",\"label\":\"b\"}\n{\"text\":null,\"label\":\"a\"}\n{\"label\":\"a\"}\n\n\
                    {\"text\":\"two lines\"}\n{\"text\":\"last\",\"label\":\"a\"}\n{\"text\":\"bad\",\"label\":null}\n";
        for (name, content, last) in [("a.csv", csv, ["line 5", "line 8"]), ("a.jsonl", json, ["line 5", "line 7"])] {
            let (data, report) = read(&Cleaner::default(), name, content).unwrap();
            assert_eq!((data.texts().join(" "), data.labels()), ("good last".into(), &[1, 0][..]), "{name}");
            assert_eq!(
                removed(&report, CleaningStep::MissingText),
                ["line 3", "line 4"].map(|id| match name {
                    "a.csv" => id,
                    _ if id == "line 3" => "line 2",
                    _ => "line 3",
                })
            );
            assert_eq!(removed(&report, CleaningStep::MissingLabel), last, "{name}");
            assert!(report.to_string().contains(&format!("{} removed: it has no label", last[0])), "{report}");
        }
    }

    #[test]
    fn cells_are_filled_in_as_wished() {
        let cleaner = Cleaner {
            missing_text: MissingText::Fill("[EMPTY]".into()),
            missing_label: MissingLabel::Fill("unknown".into()),
            ..Cleaner::default()
        };
        let (data, report) = read(&cleaner, "a.tsv", "text\tlabel\na\tx\n\tx\nb\t\nc\ty\n").unwrap();
        assert_eq!(data.texts(), ["a", "[EMPTY]", "b", "c"]);
        assert_eq!((data.labels(), data.label_names().join(" ")), (&[0, 0, 2, 1][..], "x y unknown".into()));
        let step = report.step(CleaningStep::MissingLabel).unwrap();
        assert_eq!((step.examples[0].id.as_str(), step.examples[0].after.as_str()), ("line 4", "unknown"));
        // A label that is there already is not made a second time.
        let known = Cleaner { missing_label: MissingLabel::Fill("y".into()), ..cleaner };
        let (data, _) = read(&known, "a.tsv", "text\tlabel\na\tx\nb\t\nc\ty\n").unwrap();
        assert_eq!((data.labels(), data.label_names().len()), (&[0, 1, 1][..], 2));
    }

    #[test]
    fn what_is_no_empty_cell_stays_an_error() {
        let error = |name: &str, content: &str| read(&Cleaner::default(), name, content).unwrap_err().to_string();
        assert!(error("a.csv", "text,label\na,b\nc\n").contains("line 3"));
        assert!(error("a.csv", "text,topic\na,b\n").contains("no column \"label\""));
        assert!(
            error("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n").contains("line 1: there is no column \"label\"")
        );
        assert!(error("a.csv", "text,label\n").contains("no rows"));
        let bad = Cleaner { missing_label: MissingLabel::Fill(" NaN ".into()), ..Cleaner::default() };
        assert!(read(&bad, "a.csv", "text,label\na,\n").unwrap_err().to_string().contains("itself a missing one"));
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn values_absent_from_a_parquet_file_are_empty_cells() {
        let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet").join(name);
        let columns = |text: &str, label: &str| Columns { text: text.into(), label: label.into() };
        let (data, report) = Cleaner::default().read(file("odd.parquet"), &columns("plain", "sometimes")).unwrap();
        assert_eq!(removed(&report, CleaningStep::MissingLabel), ["row 2"]);
        assert!(data.ids().iter().all(|id| id.starts_with("row ")) && !data.is_empty());
        // The class -1 stands for "not given", and the names keep their order.
        let (data, _) = Cleaner::default().read(file("hub.parquet"), &columns("sentence", "label")).unwrap();
        assert_eq!(data.label_names(), ["unacceptable", "acceptable"]);
        let (data, _) = Cleaner::default().read(file("hub-unlabelled.parquet"), &columns("sentence", "label")).unwrap();
        assert!(data.is_empty());
    }
}
