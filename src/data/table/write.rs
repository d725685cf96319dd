//! A table as a file.

use std::path::Path;

use super::{TableTarget, TabularDataset};
use crate::model::write_atomically;
use crate::{Error, Result};

impl TabularDataset {
    /// Writes the table as CSV: the columns' names, then the rows, the target's column last; a missing cell is empty.
    /// A file of that name is replaced once the new one is whole.
    ///
    /// ```
    /// use tunebook::data::{TableColumn, TabularDataset};
    ///
    /// let cpu = TableColumn::numeric("cpu", vec![Some(0.25), None]);
    /// let tier = TableColumn::categorical("tier", ["small", "large"].map(|name| Some(name.into())).to_vec());
    /// let table = TabularDataset::new("loads", vec![cpu, tier])?.label_column("tier")?;
    /// let path = std::env::temp_dir().join(format!("loads-{}.csv", std::process::id()));
    /// table.save_csv(&path)?;
    /// assert_eq!(std::fs::read_to_string(&path).unwrap(), "cpu,tier\n0.25,small\n,large\n");
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let failed = |problem| Error::io(path, problem);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = self.write_rows(&mut writer).map_err(std::io::Error::from);
        let bytes =
            written.and_then(|()| writer.into_inner().map_err(csv::IntoInnerError::into_error)).map_err(failed)?;
        write_atomically(path, &bytes)
    }

    fn write_rows(&self, writer: &mut csv::Writer<Vec<u8>>) -> csv::Result<()> {
        let target = self.target.as_ref().map(TableTarget::column);
        writer.write_record(self.columns.iter().map(super::TableColumn::name).chain(target))?;
        for row in 0..self.len() {
            let target = self.target.as_ref().map(|target| match target {
                TableTarget::Labels { labels, names, .. } => names[labels[row]].clone(),
                TableTarget::Numbers { values, .. } => values[row].to_string(),
            });
            writer.write_record(self.columns.iter().map(|column| column.cell(row)).chain(target))?;
        }
        Ok(())
    }
}
