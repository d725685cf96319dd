//! Text data sets of the Hugging Face Hub: their Parquet files, by split.

#[cfg(feature = "hub")]
mod download;
#[cfg(all(test, feature = "hub", feature = "parquet"))]
mod tests;

use std::path::{Path, PathBuf};

use super::read::{FileCells, LabelPlaces, Wanted, read_cells, sorted_names};
use super::{Columns, Part, TextDataset};
use crate::hub::{Kind, cache, check_id};
use crate::{Error, Result};

/// The branch on which the Hub keeps Parquet files that it made of a data set in another format.
const CONVERTED: &str = "refs/convert/parquet";

/// Words for the parts of a data set, as they begin the names of files and folders.
const WORDS: [(&str, Part); 7] = [
    ("train", Part::Train),
    ("partial-train", Part::Train),
    ("validation", Part::Validation),
    ("valid", Part::Validation),
    ("val", Part::Validation),
    ("dev", Part::Validation),
    ("test", Part::Test),
];

/// A text data set of the Hugging Face Hub that is named but not loaded yet.
///
/// Its Parquet files are read, or those that the Hub made of it (branch `refs/convert/parquet`); `train`, `validation` and
/// `test` become the parts of [`TextDataset::fixed_split`], other splits are left out, and so is a split whose labels are
/// all -1, which is how answers are kept back. With the crate's feature `hub` the files are fetched into the Hub's cache once
/// and read from there afterwards; without it they are read from the cache. The environment variables are those of
/// [`crate::model::Pretrained::hub`]; reading needs the feature `parquet`.
///
/// ```no_run
/// use tunebook::data::{Columns, HubDataset};
/// let columns = Columns { text: "sentence".into(), label: "label".into() };
/// let data = HubDataset::new("nyu-mll/glue").config("sst2").columns(columns).load()?.fixed_split()?;
/// println!("{}", data.train);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubDataset {
    id: String,
    config: Option<String>,
    columns: Columns,
    revision: Option<String>,
    offline: bool,
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "only what fetches can verify"))]
    verify: bool,
}

impl HubDataset {
    /// The data set `owner/name`, with the columns `text` and `label`.
    pub fn new(id: &str) -> Self {
        let columns = Columns::default();
        Self { id: id.to_owned(), config: None, columns, revision: None, offline: false, verify: false }
    }

    /// One of several tables under the same name, such as `sst2` of `nyu-mll/glue`.
    pub fn config(mut self, name: &str) -> Self {
        self.config = Some(name.to_owned());
        self
    }

    /// The columns of the text and the label.
    pub fn columns(mut self, columns: Columns) -> Self {
        self.columns = columns;
        self
    }

    /// A branch, tag or commit; a full commit hash makes a run repeatable. What the Hub made of other formats is looked
    /// for only when no revision is given.
    pub fn revision(mut self, name: &str) -> Self {
        self.revision = Some(name.to_owned());
        self
    }

    /// Reads the Hub's cache only, as `HF_HUB_OFFLINE=1` does.
    pub fn offline(mut self, only_cache: bool) -> Self {
        self.offline = only_cache;
        self
    }

    /// Compares files that are cached already with the checksums that the Hub gave for them, and fetches again what differs.
    /// Files that arrive are always compared. Without the crate's feature `hub`, this changes nothing.
    pub fn verify(mut self, also_cached: bool) -> Self {
        self.verify = also_cached;
        self
    }

    /// Fetches what is not cached yet, and reads it. Rows are in the order of the files, the training part first; their
    /// ids are the part and the place in it, such as `train-17`. Labels are named as the files say, or as they stand
    /// there, sorted.
    ///
    /// # Errors
    /// When there is no such data set, no Parquet file, no training part, no column of this name, or several configs and
    /// none chosen; when a text or label is missing; and as [`TextDataset::read`].
    pub fn load(self) -> Result<TextDataset> {
        check_id(Kind::Dataset, &self.id)?;
        let offline = self.offline || cache::is_offline();
        let root = cache::root()?;
        #[cfg(feature = "hub")]
        if !offline {
            return self.assemble(&download::fetch(&self, &root)?);
        }
        let files = self.cached(&root, offline)?;
        #[cfg(feature = "hub")]
        if self.verify {
            let mut paths = files.iter().map(|(_, path)| path);
            paths.try_for_each(|path| crate::hub::download::check_cached(Kind::Dataset, &self.id, path))?;
        }
        self.assemble(&files)
    }

    /// The branches to look for files on, in this order.
    fn branches(&self) -> Vec<&str> {
        self.revision.as_deref().map_or_else(|| vec!["main", CONVERTED], |revision| vec![revision])
    }

    /// The files of the cache.
    fn cached(&self, root: &Path, offline: bool) -> Result<Vec<(Part, PathBuf)>> {
        let repository = cache::repository(root, Kind::Dataset, &self.id);
        for branch in self.branches() {
            let snapshot = cache::snapshot(&repository, branch);
            let mut paths = Vec::new();
            walk(&snapshot, "", &mut paths);
            let chosen = self.choose(paths)?;
            // Files are fetched from the last to the first: the first one is there only when all are.
            if chosen.first().is_some_and(|(part, path)| *part == Part::Train && is_first(path)) {
                return Ok(chosen.into_iter().map(|(part, path)| (part, snapshot.join(path))).collect());
            }
        }
        let what = format!("the Parquet files of revision {} are", self.revision.as_deref().unwrap_or("main"));
        Err(cache::missing(Kind::Dataset, &self.id, &repository, &what, offline))
    }

    /// The files of the chosen config, by part and number; none when no file has a name that says its part.
    fn choose(&self, paths: Vec<String>) -> Result<Vec<(Part, String)>> {
        let named: Vec<(String, Part, String)> =
            paths.into_iter().filter_map(|path| place_of(&path).map(|(config, part)| (config, part, path))).collect();
        let mut configs: Vec<&str> = named.iter().map(|(config, ..)| config.as_str()).collect();
        configs.sort_unstable();
        configs.dedup();
        let config = match (&self.config, configs.as_slice()) {
            (_, []) => return Ok(Vec::new()),
            (Some(wanted), _) if configs.contains(&wanted.as_str()) => wanted.clone(),
            (None, [only]) => (*only).to_owned(),
            (None, _) if configs.contains(&"default") => "default".to_owned(),
            (wanted, _) => {
                let problem = match wanted {
                    Some(wanted) => format!("there is no config \"{wanted}\""),
                    None => format!("there are {} configs", configs.len()),
                };
                return Err(Error::input(&self.id, problem, format!("choose one of: {}", configs.join(", "))));
            }
        };
        let mut chosen: Vec<(Part, String)> =
            named.into_iter().filter(|(of, ..)| *of == config).map(|(_, part, path)| (part, path)).collect();
        chosen.sort();
        Ok(chosen)
    }

    /// That the Hub has a training part.
    #[cfg(feature = "hub")]
    fn check_train(&self, chosen: &[(Part, String)]) -> Result<()> {
        if !chosen.iter().any(|(part, _)| *part == Part::Train) {
            let problem = "the Parquet files have no training part";
            return Err(Error::input(&self.id, problem, "fetch the files and read them with TextDataset::read"));
        }
        Ok(())
    }

    fn assemble(&self, files: &[(Part, PathBuf)]) -> Result<TextDataset> {
        let (mut ids, mut texts, mut labels, mut parts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut names: Option<Vec<String>> = None;
        for part in [Part::Train, Part::Validation, Part::Test] {
            let of_part = files.iter().filter(|(of, _)| *of == part).map(|(_, path)| path);
            let wanted = [self.columns.text.as_str(), self.columns.label.as_str()];
            let read = |path: &PathBuf| read_cells(path, &Wanted::Columns(&wanted));
            let files: Vec<FileCells> = of_part.map(read).collect::<Result<_>>()?;
            let is_labelled = |file: &FileCells| file.columns[1].cells.iter().any(|c| c.text() != Some(""));
            if !files.iter().any(is_labelled) {
                continue;
            }
            let before = parts.len();
            for file in files {
                let mut file = file.with_rows()?;
                texts.extend(file.texts(0)?);
                labels.extend(file.labels(1)?);
                names = names.or(file.columns[1].class_names.take());
                ids.extend((parts.len()..labels.len()).map(|row| format!("{part}-{}", row - before)));
                parts.resize(labels.len(), part);
            }
        }
        let names = names.unwrap_or_else(|| sorted_names(labels.iter()));
        let places = LabelPlaces::new(&names);
        let labels = labels.iter().map(|label| places.find(label, || self.id.clone()));
        let labels = labels.collect::<Result<Vec<_>>>()?;
        TextDataset::with_ids(&self.id, ids, texts, labels, names, Some(parts))
    }
}

impl TextDataset {
    /// A data set of the Hugging Face Hub, `owner/name`, with the columns `text` and `label` and its fixed split. For other
    /// columns, configs and revisions see [`HubDataset`].
    ///
    /// ```no_run
    /// use tunebook::data::TextDataset;
    /// let data = TextDataset::hub("stanfordnlp/imdb")?.fixed_split()?;
    /// assert_eq!(data.train.label_names(), ["neg", "pos"]);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`HubDataset::load`].
    pub fn hub(id: &str) -> Result<Self> {
        HubDataset::new(id).load()
    }
}

/// Config and part that a file's path says: `data/train-00000-of-00001.parquet`, `sst2/test.parquet`,
/// `default/validation/0003.parquet`.
fn place_of(path: &str) -> Option<(String, Part)> {
    let mut folders: Vec<&str> = path.strip_suffix(".parquet")?.split('/').collect();
    let stem = folders.pop()?;
    let is_number = !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_digit());
    // The number of a file follows the word: train-00000-of-00001, train_0.
    let word = if is_number { folders.pop()? } else { stem.split("-0").next()?.split("_0").next()? };
    let (_, part) = WORDS.iter().find(|(known, _)| *known == word)?;
    let config = folders.into_iter().filter(|folder| *folder != "data").collect::<Vec<_>>().join("/");
    Some((if config.is_empty() { "default".to_owned() } else { config }, *part))
}

/// Whether a file is the first of its part: the first number in its name is 0, or there is none.
fn is_first(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let digits: String = name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.bytes().all(|b| b == b'0')
}

/// The paths of all Parquet files below a folder, relative to it; none where there is no folder.
fn walk(root: &Path, below: &str, paths: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(root.join(below)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if root.join(&path).is_dir() {
            walk(root, &path, paths);
        } else if path.ends_with(".parquet") {
            paths.push(path);
        }
    }
}
