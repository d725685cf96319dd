//! Tables from files: CSV, TSV, JSON Lines and Parquet, and how a column's type is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{ColumnValues, TableColumn, TabularDataset};
use crate::data::read::{Cell, FileCells, Wanted, missing_column, number, read_cells};
use crate::words::grouped;
use crate::{Error, Result};

/// Cells that mean "missing": what spreadsheets, pandas and databases write.
const MISSING: [&str; 12] = ["", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "none", "?", "-"];

/// Whole numbers with at most so many different values may be codes.
const FEW: usize = 10;

/// How the columns of a file are read, where the types that are found are not the right ones.
///
/// A column is numeric when all its cells that are not missing are numbers; otherwise its cells are categories. What a
/// data set prints says why. Codes such as postal codes look like numbers: say [`categorical`](Self::categorical). A
/// column with a few cells that are no numbers becomes categorical: say [`numeric`](Self::numeric), and the error names
/// the first of them.
///
/// ```
/// use tunebook::data::TableSchema;
/// let schema = TableSchema::new().categorical("zone").numeric("cpu").ignore("id").missing_values(&["", "n.d."]);
/// # let _ = schema;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSchema {
    kinds: BTreeMap<String, Kind>,
    missing: BTreeSet<String>,
    only_declared: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Numeric,
    Categorical,
    Ignored,
}

impl Default for TableSchema {
    fn default() -> Self {
        Self { kinds: BTreeMap::new(), missing: MISSING.map(str::to_owned).into(), only_declared: false }
    }
}

impl TableSchema {
    /// Types as they are found. An empty cell is missing, and so is one of `NA`, `N/A`, `#N/A`, `NaN`, `nan`, `null`,
    /// `NULL`, `None`, `none`, `?` and `-`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The column of this name holds numbers; a cell that is none is an error.
    pub fn numeric(self, column: &str) -> Self {
        self.with(column, Kind::Numeric)
    }

    /// The column of this name holds categories, also where they look like numbers.
    pub fn categorical(self, column: &str) -> Self {
        self.with(column, Kind::Categorical)
    }

    /// The column of this name is left out.
    pub fn ignore(self, column: &str) -> Self {
        self.with(column, Kind::Ignored)
    }

    /// Columns without a declared type are left out: what a file holds beside the columns of a model does not matter then.
    ///
    /// ```
    /// use tunebook::data::TableSchema;
    /// let schema = TableSchema::new().numeric("cpu").categorical("zone").only_declared(); // two columns, whatever there is
    /// # let _ = schema;
    /// ```
    pub fn only_declared(mut self) -> Self {
        self.only_declared = true;
        self
    }

    /// The cells that mean "missing", in place of the usual ones.
    pub fn missing_values(mut self, values: &[&str]) -> Self {
        self.missing = values.iter().map(|value| value.trim().to_owned()).collect();
        self
    }

    fn with(mut self, column: &str, kind: Kind) -> Self {
        self.kinds.insert(column.to_owned(), kind);
        self
    }
}

impl TabularDataset {
    /// Reads a table from a CSV, TSV, JSON Lines or Parquet file; the format follows the ending, and the types of the columns
    /// are found ([`TableSchema`]). Dates of a Parquet file are text, as 2024-01-31. It has no target yet: see [`TabularDataset::label_column`] and
    /// [`TabularDataset::target_column`].
    ///
    /// ```no_run
    /// use tunebook::data::TabularDataset;
    /// let data = TabularDataset::read("loads.csv")?.label_column("tier")?;
    /// println!("{data}"); // what each column was taken for, and why
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file is unreadable, has no rows, or a row is broken; each message names file, line (in Parquet the row) and,
    /// where there is one, column. Without the crate's feature `parquet`, for a Parquet file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_with(path, &TableSchema::new())
    }

    /// The same with types given for some of the columns.
    ///
    /// # Errors
    /// Those of [`TabularDataset::read`], when the schema names a column that is not there, and when a cell of a column
    /// that was declared numeric is no number.
    pub fn read_with(path: impl AsRef<Path>, schema: &TableSchema) -> Result<Self> {
        let path = path.as_ref();
        let leave_out = |name: &str| match schema.kinds.get(name) {
            Some(kind) => *kind == Kind::Ignored,
            None => schema.only_declared,
        };
        let mut file = read_cells(path, &Wanted::AllBut(&leave_out))?.with_rows()?;
        if let Some(unknown) = schema.kinds.keys().find(|name| !file.names.contains(name)) {
            return Err(missing_column(path.display(), unknown, &file.names));
        }
        let mut columns = Vec::with_capacity(file.columns.len());
        for at in 0..file.columns.len() {
            let cells = schema.cells(&mut file, at)?;
            let reading = Reading { file: &file, at };
            let name = &file.columns[at].name;
            let (values, reason) = match schema.kinds.get(name) {
                Some(Kind::Numeric) => (reading.numbers(&cells)?, "declared numeric".to_owned()),
                Some(Kind::Categorical) => (ColumnValues::Categorical(cells), "declared categorical".to_owned()),
                Some(Kind::Ignored) | None => reading.inferred(cells)?,
            };
            columns.push(TableColumn::with_reason(name.clone(), values, reason));
        }
        Self::with_places(&path.display().to_string(), columns, std::mem::take(&mut file.lines), file.unit())
    }
}

impl TableSchema {
    /// The cells of a column as text; `None` where one is missing. They are taken out of the file.
    fn cells(&self, file: &mut FileCells, column: usize) -> Result<Vec<Option<String>>> {
        let text = |(row, cell): (usize, Cell)| match cell {
            Cell::Missing => Ok(None),
            Cell::Word(text) | Cell::Fraction(text) => {
                let text = text.trim();
                Ok((!self.missing.contains(text)).then(|| text.to_owned()))
            }
            Cell::List(_) => Err(row),
        };
        let cells = std::mem::take(&mut file.columns[column].cells);
        cells.into_iter().enumerate().map(text).collect::<Result<_, usize>>().map_err(|row| {
            let mend = "give each cell one number or one text, or ignore the column";
            Error::input(file.cell_place(row, column), "is a list", mend)
        })
    }
}

/// A column that is being read, for its messages.
struct Reading<'a> {
    file: &'a FileCells,
    at: usize,
}

impl Reading<'_> {
    /// All cells as numbers, or an error for the first that is none.
    fn numbers(&self, cells: &[Option<String>]) -> Result<ColumnValues> {
        let mut numbers = Vec::with_capacity(cells.len());
        for (row, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else {
                numbers.push(None);
                continue;
            };
            match number(cell) {
                Some(number) if number.is_finite() => numbers.push(Some(number)),
                outcome => {
                    let problem = if outcome.is_none() { "is not a number" } else { "is not a finite number" };
                    return Err(Error::input(
                        self.file.cell_place(row, self.at),
                        format!("\"{cell}\" {problem}"),
                        "mend the cell, add it to missing_values(...), or declare the column categorical",
                    ));
                }
            }
        }
        Ok(ColumnValues::Numeric(numbers))
    }

    /// The cells as what they look like, and why.
    fn inferred(&self, cells: Vec<Option<String>>) -> Result<(ColumnValues, String)> {
        let present: Vec<(usize, &str)> =
            cells.iter().enumerate().filter_map(|(row, cell)| Some((row, cell.as_deref()?))).collect();
        let is_code = |cell: &str| cell.len() > 1 && cell.starts_with('0') && cell.bytes().all(|b| b.is_ascii_digit());
        let word = present.iter().find(|(_, cell)| number(cell).is_none());
        let code = present.iter().find(|(_, cell)| is_code(cell));
        let Some((row, cell)) = word.or(code) else {
            let reason = numeric_reason(&present);
            return Ok((self.numbers(&cells)?, reason));
        };
        let place = self.file.row(*row);
        let different = present.iter().map(|(_, cell)| *cell).collect::<BTreeSet<_>>().len();
        let numbers = present.iter().filter(|(_, cell)| number(cell).is_some()).count();
        let found = match word {
            Some(_) => format!("{place} has \"{cell}\""),
            None => format!("{place} has \"{cell}\", a code that begins with 0"),
        };
        let reason = if word.is_some() && 10 * numbers >= 9 * present.len() {
            let (numbers, all) = (grouped(numbers), grouped(present.len()));
            format!("{found}; {numbers} of {all} values are numbers: declare it numeric to find the others")
        } else if different == present.len() && different > 2 * FEW {
            format!("{found}; every value is different: ignore it if it is an id")
        } else {
            found
        };
        Ok((ColumnValues::Categorical(cells), reason))
    }
}

fn numeric_reason(present: &[(usize, &str)]) -> String {
    if present.is_empty() {
        return "no values; taken as numbers".to_owned();
    }
    let all = format!("all {} values are numbers", grouped(present.len()));
    let different: BTreeSet<u64> = present.iter().filter_map(|(_, cell)| number(cell)).map(f64::to_bits).collect();
    let whole = different.iter().all(|bits| f64::from_bits(*bits).fract() == 0.0);
    if whole && (3..=FEW).contains(&different.len()) && present.len() >= 5 * different.len() {
        return format!("{all}, {} different whole ones; declare it categorical if these are codes", different.len());
    }
    all
}
