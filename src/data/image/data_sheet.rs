//! The data sheet of an image data set: what it holds, what is wrong with it and what to do, in one value.

use std::fmt;

use crate::data::data_sheet::{first, label_problems, leakage_problem, sheet_html, write_sheet};
use crate::data::image::ImageNearDuplicateSearch;
use crate::data::{ClassBalance, DataProblem, DuplicateGroup, ImageDataset, ImageShape, LeakageReport, NearDuplicate};
use crate::notebook::Display;
use crate::words::{grouped, part_of};
use crate::{Error, Result};

/// An image data set at a glance: images, labels, copies and nearly equal images, images of a single colour, leakage; with
/// the problems, and what to do about each. For texts there is [`DataSheet`](crate::data::DataSheet).
///
/// ```
/// use tunebook::data::{ImageDataSheet, ImageDataset, ImageShape};
///
/// let shape = ImageShape { channels: 1, height: 1, width: 3 };
/// let pixels = vec![10, 90, 40, 12, 92, 42, 90, 10, 40, 5, 5, 5];
/// let data = ImageDataset::new("dots", pixels, shape, vec![0, 0, 1, 1], vec!["left".into(), "right".into()])?;
/// let sheet = ImageDataSheet::of(&data)?;
/// assert_eq!(sheet.near_duplicates()[0].row, 1);
/// println!("{sheet}");
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDataSheet {
    name: String,
    shape: ImageShape,
    label_names: Vec<String>,
    ids: Vec<String>,
    labels: Vec<usize>,
    balance: ClassBalance,
    duplicates: Vec<DuplicateGroup>,
    search: ImageNearDuplicateSearch,
    near_duplicates: Vec<NearDuplicate>,
    /// Rows whose image has a single colour.
    even: Vec<usize>,
    leakage: Option<LeakageReport>,
}

impl ImageDataSheet {
    /// The sheet of `data`, near-duplicates searched with the default settings.
    ///
    /// # Errors
    /// When there are no images.
    pub fn of(data: &ImageDataset) -> Result<Self> {
        Self::with_search(data, &ImageNearDuplicateSearch::default())
    }

    /// The same with near-duplicates searched as given.
    ///
    /// # Errors
    /// When there are no images, and those of [`ImageDataset::near_duplicates`].
    pub fn with_search(data: &ImageDataset, search: &ImageNearDuplicateSearch) -> Result<Self> {
        search.check()?;
        if data.is_empty() {
            return Err(Error::input(data.name(), "there are no images to look at", "give one image at least"));
        }
        let shape = data.shape();
        let area = shape.height * shape.width;
        let is_even = |row: &usize| {
            data.pixels(*row).chunks_exact(area).all(|channel| channel.iter().all(|pixel| *pixel == channel[0]))
        };
        Ok(Self {
            name: data.name().to_owned(),
            shape,
            label_names: data.label_names(),
            ids: data.ids().to_vec(),
            labels: data.labels().to_vec(),
            balance: data.class_balance(),
            duplicates: data.duplicates(),
            search: *search,
            near_duplicates: data.near_duplicates(search)?,
            even: (0..data.len()).filter(is_even).collect(),
            leakage: None,
        })
    }

    /// The sheet with the leakage across a split of the data
    /// ([`ImageSplits::near_leakage`](crate::data::ImageSplits::near_leakage)).
    pub fn with_leakage(self, leakage: LeakageReport) -> Self {
        Self { leakage: Some(leakage), ..self }
    }

    /// How many images there are.
    pub fn images(&self) -> usize {
        self.ids.len()
    }

    /// The labels' counts and shares.
    pub fn balance(&self) -> &ClassBalance {
        &self.balance
    }

    /// Groups of images that are equal pixel for pixel.
    pub fn duplicates(&self) -> &[DuplicateGroup] {
        &self.duplicates
    }

    /// Images that are nearly the same as an earlier one, equal ones among them.
    pub fn near_duplicates(&self) -> &[NearDuplicate] {
        &self.near_duplicates
    }

    /// The leakage across a split, if it was looked for.
    pub fn leakage(&self) -> Option<&LeakageReport> {
        self.leakage.as_ref()
    }

    /// The problems found, in the order in which they are best mended: images first, then labels, then the split.
    pub fn problems(&self) -> Vec<DataProblem> {
        let mut problems = Vec::new();
        let mut add = |problem: String, mend: &str| problems.push(DataProblem { problem, mend: mend.to_owned() });
        if !self.even.is_empty() {
            add(
                format!("{} images have a single colour ({}).", self.of_all(self.even.len()), self.named(&self.even)),
                "Look at them: a file may be damaged or empty. Leave out those that show nothing.",
            );
        }
        let repeated: Vec<usize> = self.duplicates.iter().flat_map(|group| &group.rows[1..]).copied().collect();
        if !repeated.is_empty() {
            add(
                format!("{} images repeat an earlier one ({}).", self.of_all(repeated.len()), self.named(&repeated)),
                "Keep the first of each group, before you split.",
            );
        }
        let near: Vec<usize> =
            self.near_duplicates.iter().filter(|near| near.similarity < 1.0).map(|near| near.row).collect();
        if !near.is_empty() {
            add(
                format!(
                    "{} images are nearly the same as an earlier one ({}).",
                    self.of_all(near.len()),
                    self.named(&near)
                ),
                "Look at some pairs: keep one of each pair of copies, or keep likes in one part of a split.",
            );
        }
        let conflicts: Vec<usize> = self
            .near_duplicates
            .iter()
            .filter(|near| self.labels[near.row] != self.labels[near.like])
            .map(|near| near.row)
            .collect();
        if !conflicts.is_empty() {
            add(
                format!(
                    "{} images have another label than the image they are like ({}).",
                    self.of_all(conflicts.len()),
                    self.named(&conflicts)
                ),
                "Look at each pair and decide: one of the two labels may be wrong.",
            );
        }
        label_problems(&self.balance, &self.label_names, &mut add);
        leakage_problem(self.leakage.as_ref(), &mut add);
        problems
    }

    /// The sheet as a rich value: figures, labels, problems with what to do; and as text.
    pub fn display(&self) -> Display {
        let html = sheet_html(&self.name, &self.figures(), &self.balance, &self.label_names, &self.problems());
        Display::html(html).with("text/plain", self.to_string())
    }

    /// What evcxr calls when this value is the last expression of a cell.
    pub fn evcxr_display(&self) {
        self.display().show();
    }

    fn of_all(&self, rows: usize) -> String {
        part_of(rows, self.images())
    }

    fn named(&self, rows: &[usize]) -> String {
        first(rows.iter().map(|&row| self.ids[row].as_str()))
    }

    fn figures(&self) -> Vec<(String, String)> {
        let found = |rows: usize| if rows == 0 { "none".to_owned() } else { self.of_all(rows) };
        let repeated = self.duplicates.iter().map(|group| group.rows.len() - 1).sum();
        let leakage = self.leakage.as_ref().map_or("not looked for: with_leakage".to_owned(), |leakage| {
            format!("{} held-out rows", grouped(leakage.rows().len()))
        });
        [
            ("images", grouped(self.images())),
            ("shape", self.shape.to_string()),
            ("labels", grouped(self.label_names.len())),
            ("a single colour", found(self.even.len())),
            ("duplicates", found(repeated)),
            (
                "near-duplicates",
                format!(
                    "{}, at a correlation of {} and more",
                    found(self.near_duplicates.len()),
                    self.search.threshold
                ),
            ),
            ("leakage", leakage),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// The figures, the labels, and the problems with what to do.
impl fmt::Display for ImageDataSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_sheet(f, &self.name, &self.figures(), &self.balance, &self.problems())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageSplits;

    #[test]
    fn each_kind_of_damage_is_a_problem_of_its_own() {
        let shape = ImageShape { channels: 1, height: 1, width: 9 };
        let image = |seed: u32| (0..9).map(move |at| (seed * 7919 + at * at * 31 * seed) as u8 / 2);
        let pixels = |seeds: &[u32]| seeds.iter().flat_map(|&seed| image(seed)).collect::<Vec<u8>>();
        let names = ["a", "b"].map(String::from).to_vec();
        let data = |pixels: Vec<u8>, labels: Vec<usize>| {
            ImageDataset::new("made", pixels, shape, labels, names.clone()).unwrap()
        };
        let clean = ImageDataSheet::of(&data(pixels(&[3, 5]), vec![0, 1])).unwrap();
        let has = |sheet: &ImageDataSheet, words: &str| sheet.to_string().contains(words);
        assert!(has(&clean, "near-duplicates       none") && !has(&clean, "repeat"), "{clean}");
        let brighter = image(5).map(|pixel| pixel + 7);
        let all: Vec<u8> = pixels(&[3, 5, 3]).into_iter().chain(brighter).chain([8; 9]).collect();
        let all = data(all, vec![0, 1, 0, 0, 1]);
        let split = ImageSplits { train: all.select(&[0, 1]), validation: all.select(&[2]), test: all.select(&[3]) };
        let leakage = split.near_leakage(&ImageNearDuplicateSearch::default()).unwrap();
        let sheet = ImageDataSheet::of(&all).unwrap().with_leakage(leakage);
        for words in [
            "1 of 5 (20 %) images have a single colour (4).",
            "1 of 5 (20 %) images repeat an earlier one (2).",
            "1 of 5 (20 %) images are nearly the same as an earlier one (3).",
            "1 of 5 (20 %) images have another label than the image they are like (3).",
            "Labels with fewer than 10 rows: a (3), b (2).",
            "1 validation rows and 1 test rows stand in an earlier part too",
            "near-duplicates       2 of 5 (40 %), at a correlation of 0.98 and more",
        ] {
            assert!(has(&sheet, words), "{words}: {sheet}");
        }
        assert!(sheet.display().get("text/html").unwrap().contains("Problems, and what to do"));
        assert!(ImageDataSheet::of(&all.select(&[])).unwrap_err().to_string().contains("no images"));
    }
}
