//! Texts with several labels from files with one column for each label.

use std::path::Path;

use super::{Cell, Wanted, number, read_cells};
use crate::data::MultiLabelDataset;
use crate::{Error, Result};

impl MultiLabelDataset {
    /// Reads texts with any number of labels from a CSV, TSV, JSON Lines or Parquet file with one column for each label: 1 or
    /// `true` where a text has it, 0 or `false` where it does not, as in the Toxic Comment data. The columns' names are the
    /// labels, in this order.
    ///
    /// ```
    /// use tunebook::data::MultiLabelDataset;
    /// let file = std::env::temp_dir().join(format!("tunebook-multi-hot-{}.csv", std::process::id()));
    /// std::fs::write(&file, "id,comment,toxic,insult\n1,You fool!,1,1\n2,Thank you.,0,0\n").unwrap();
    /// let data = MultiLabelDataset::read_columns(&file, "comment", &["toxic", "insult"])?;
    /// assert_eq!(data.label_names(), ["toxic", "insult"]);
    /// assert_eq!(data.labels(), [[true, true], [false, false]]);
    /// # std::fs::remove_file(file).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`TextDataset::read`](crate::data::TextDataset::read) about file, columns and texts; for no label columns or
    /// one that stands twice; and for a cell that is neither 0 nor 1: the message names its line and column.
    pub fn read_columns(path: impl AsRef<Path>, text_column: &str, label_columns: &[impl AsRef<str>]) -> Result<Self> {
        let (path, names) = (path.as_ref(), label_columns.iter().map(AsRef::as_ref));
        if names.clone().any(|name| name == text_column) {
            let problem = format!("\"{text_column}\" is the column of the texts");
            return Err(Error::input("label_columns", problem, "name the columns of the labels only"));
        }
        let columns: Vec<&str> = std::iter::once(text_column).chain(names.clone()).collect();
        let file = read_cells(path, &Wanted::Columns(&columns))?.with_rows()?;
        let texts = file.texts(0)?;
        let row = |row: usize| -> Result<Vec<bool>> {
            let given = |column: usize| {
                is_given(&file.columns[column].cells[row])
                    .map_err(|(problem, mend)| Error::input(file.cell_place(row, column), problem, mend))
            };
            (1..columns.len()).map(given).collect()
        };
        let rows = (0..texts.len()).map(row).collect::<Result<_>>()?;
        Self::new(&path.display().to_string(), texts, rows, names.map(str::to_owned).collect())
    }
}

/// Whether a cell says that the label of its column is given, or what is wrong with it and the mend.
fn is_given(cell: &Cell) -> Result<bool, (String, &'static str)> {
    let Some(text) = cell.text().map(str::trim) else {
        let mend = "a column of lists is read as one column of labels: name it alone";
        return Err(("holds a list, not 0 or 1".to_owned(), mend));
    };
    if text.is_empty() {
        return Err((
            "is empty".to_owned(),
            "write 1 where the text has the label and 0 where it has not, or drop the row",
        ));
    }
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        // As numbers, because tables that once had gaps hold 1.0.
        text => match number(text) {
            Some(0.0) => Ok(false),
            Some(1.0) => Ok(true),
            Some(value) if value > 0.0 && value < 1.0 => Err((
                format!("is {text}, between 0 and 1"),
                "round it: from where on the text has the label is yours to say",
            )),
            _ => Err((
                format!("is \"{text}\", neither 0 nor 1"),
                "write 1 where the text has the label and 0 where it has not; names of labels belong into one column",
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::data::MultiLabelDataset;

    fn read(name: &str, content: &str, labels: &[&str]) -> crate::Result<MultiLabelDataset> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        MultiLabelDataset::read_columns(&path, "text", labels)
    }

    #[test]
    fn ones_and_truth_values_of_every_format_are_labels() {
        let expected = [[true, false], [false, true], [false, false]];
        for (name, content) in [
            ("a.csv", "id,urgent,text,billing\n1,1,x,0\n2,0,y,1\n3, 0,z,0\n"),
            ("a.csv", "urgent,billing,text\n1.0,0.0,x\n0.0,1.0,y\n0,0,z\n"),
            ("a.tsv", "text\turgent\tbilling\nx\tTrue\tFalse\ny\tfalse\ttrue\nz\tFALSE\t0\n"),
            (
                "a.jsonl",
                "{\"text\":\"x\",\"urgent\":true,\"billing\":0}\n{\"text\":\"y\",\"urgent\":0,\"billing\":1}\n\
                 {\"text\":\"z\",\"urgent\":\"0\",\"billing\":false}\n",
            ),
        ] {
            let data = read(name, content, &["urgent", "billing"]).unwrap();
            assert_eq!(
                (data.texts(), data.labels()),
                (&["x", "y", "z"].map(String::from)[..], &expected.map(Vec::from)[..])
            );
            assert_eq!(data.label_names(), ["urgent", "billing"]);
        }
    }

    #[test]
    fn what_is_neither_yes_nor_no_is_named_with_its_place() {
        let error = |cell: &str| {
            let content = format!("text,urgent,billing\nx,1,0\ny,{cell},1\n");
            read("a.csv", &content, &["urgent", "billing"]).unwrap_err().to_string()
        };
        for (cell, problem) in [
            ("2", "is \"2\", neither 0 nor 1; write 1 where"),
            ("-1", "neither 0 nor 1"),
            ("yes", "is \"yes\", neither 0 nor 1"),
            ("0.7", "is 0.7, between 0 and 1; round it"),
            ("", "is empty; write 1"),
            ("nan", "neither 0 nor 1"),
        ] {
            let message = error(cell);
            assert!(message.contains("a.csv, line 3, column \"urgent\": ") && message.contains(problem), "{message}");
        }
        let list = read("a.jsonl", "{\"text\":\"x\",\"a\":[1,0]}\n", &["a"]).unwrap_err().to_string();
        assert!(list.contains("holds a list") && list.contains("line 1"), "{list}");
        let content = "text,urgent\nx,1\n";
        let error = |labels: &[&str]| read("a.csv", content, labels).unwrap_err().to_string();
        assert!(error(&["urgnt"]).contains("there is no column \"urgnt\""));
        assert!(error(&["urgent", "urgent"]).contains("stands twice"));
        assert!(error(&["text"]).contains("is the column of the texts"));
        assert!(error(&[]).contains("no label names"));
    }
}
