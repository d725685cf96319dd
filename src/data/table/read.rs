//! Tables from files: CSV, TSV and JSON Lines, and how a column's type is found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde_json::Value;

use super::{ColumnValues, TableColumn, TabularDataset};
use crate::data::TextFormat;
use crate::data::read::{broken_row, json_objects, open_delimited};
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Numeric,
    Categorical,
    Ignored,
}

impl Default for TableSchema {
    fn default() -> Self {
        Self { kinds: BTreeMap::new(), missing: MISSING.map(str::to_owned).into() }
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

/// The cells of a file as text, by column; `None` where one is missing.
struct RawTable {
    names: Vec<String>,
    columns: Vec<Vec<Option<String>>>,
    lines: Vec<u64>,
}

impl TabularDataset {
    /// Reads a table from a CSV, TSV or JSON Lines file; the format follows the ending, and the types of the columns are
    /// found ([`TableSchema`]). It has no target yet: see [`TabularDataset::label_column`] and
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
    /// When the file is unreadable, has no rows, or a row is broken; each message names file, line and, where there is
    /// one, column.
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
        let raw = match TextFormat::of(path)? {
            TextFormat::Csv => delimited(path, b',', schema)?,
            TextFormat::Tsv => delimited(path, b'\t', schema)?,
            TextFormat::JsonLines => json_lines(path, schema)?,
            TextFormat::Parquet => {
                let problem = "tables are not read from Parquet";
                return Err(Error::input(path.display(), problem, "use a file that ends in .csv, .tsv or .jsonl"));
            }
        };
        if raw.lines.is_empty() {
            return Err(Error::input(path.display(), "the file has no rows", "give at least one row"));
        }
        if let Some(unknown) = schema.kinds.keys().find(|name| !raw.names.contains(name)) {
            return Err(Error::input(
                path.display(),
                format!("there is no column \"{unknown}\""),
                format!("the columns are: {}", raw.names.join(", ")),
            ));
        }
        let mut columns = Vec::with_capacity(raw.names.len());
        for (name, cells) in raw.names.into_iter().zip(raw.columns) {
            let reading = Reading { path, lines: &raw.lines, name: &name };
            let (values, reason) = match schema.kinds.get(&name) {
                Some(Kind::Ignored) => continue,
                Some(Kind::Numeric) => (reading.numbers(&cells)?, "declared numeric".to_owned()),
                Some(Kind::Categorical) => (ColumnValues::Categorical(cells), "declared categorical".to_owned()),
                None => reading.inferred(cells)?,
            };
            columns.push(TableColumn::with_reason(name, values, reason));
        }
        Self::with_places(&path.display().to_string(), columns, raw.lines, true)
    }
}

fn delimited(path: &Path, delimiter: u8, schema: &TableSchema) -> Result<RawTable> {
    let (mut reader, names) = open_delimited(path, delimiter)?;
    // pandas writes its index under an empty name.
    let names = (1..).zip(names).map(|(n, name)| if name.is_empty() { format!("column {n}") } else { name });
    let names: Vec<String> = names.collect();
    let mut columns = vec![Vec::new(); names.len()];
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|problem| broken_row(path, problem))?;
        lines.push(record.position().map_or(0, csv::Position::line));
        for (column, cell) in columns.iter_mut().zip(&record) {
            let cell = cell.trim();
            column.push((!schema.missing.contains(cell)).then(|| cell.to_owned()));
        }
    }
    Ok(RawTable { names, columns, lines })
}

/// The columns are the keys of all objects, in the order in which they come up; a key that an object lacks is a missing
/// cell.
fn json_lines(path: &Path, schema: &TableSchema) -> Result<RawTable> {
    let mut table = RawTable { names: Vec::new(), columns: Vec::new(), lines: Vec::new() };
    let mut place_of: HashMap<String, usize> = HashMap::new();
    for object in json_objects(path)? {
        let (line, object) = object?;
        let before = table.lines.len();
        for (name, value) in object {
            let cell = match value {
                Value::Null => None,
                Value::String(text) => Some(text.trim().to_owned()),
                Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
                Value::Array(_) | Value::Object(_) => {
                    return Err(Error::input(
                        format!("{}, line {line}, column \"{name}\"", path.display()),
                        "is a list or an object",
                        "give each cell one number or one text",
                    ));
                }
            };
            let at = *place_of.entry(name.clone()).or_insert_with(|| {
                table.names.push(name);
                table.columns.push(vec![None; before]);
                table.columns.len() - 1
            });
            table.columns[at].push(cell.filter(|cell| !schema.missing.contains(cell)));
        }
        table.lines.push(line);
        for column in &mut table.columns {
            column.resize(before + 1, None);
        }
    }
    Ok(table)
}

/// A column that is being read, for its messages.
struct Reading<'a> {
    path: &'a Path,
    lines: &'a [u64],
    name: &'a str,
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
                        format!("{}, line {}, column \"{}\"", self.path.display(), self.lines[row], self.name),
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
        let line = self.lines[*row];
        let different = present.iter().map(|(_, cell)| *cell).collect::<BTreeSet<_>>().len();
        let numbers = present.iter().filter(|(_, cell)| number(cell).is_some()).count();
        let found = match word {
            Some(_) => format!("line {line} has \"{cell}\""),
            None => format!("line {line} has \"{cell}\", a code that begins with 0"),
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

/// A cell as a number; `inf` is one, so that a column of numbers with an infinite one is an error, not categories.
fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| !number.is_nan())
}
