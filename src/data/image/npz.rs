//! NPZ files as MedMNIST lays them out: images and labels of three parts, as numpy arrays in one zip archive.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use crate::data::image::npy::Array;
use crate::data::image::{ImageDataset, ImageShape, files, labels};
use crate::data::text::Part;
use crate::{Error, Result};

/// The parts as the files name them.
const PARTS: [(Part, &str); 3] = [(Part::Train, "train"), (Part::Validation, "val"), (Part::Test, "test")];

impl ImageDataset {
    /// Reads a file of MedMNIST (Yang et al. 2023, "MedMNIST v2"), or one of the same layout: the arrays `train_images`
    /// `(n, height, width)` or `(n, height, width, channels)` of bytes and `train_labels` `(n, 1)` or `(n)` of whole
    /// numbers, and the same with `val_` and `test_`, which may be missing. The parts are the data set's
    /// [`fixed_split`](Self::fixed_split).
    ///
    /// Without `label_names`, the classes are called by their numbers.
    ///
    /// ```no_run
    /// use tunebook::data::ImageDataset;
    ///
    /// let names = ["normal", "pneumonia"].map(String::from);
    /// let parts = ImageDataset::read_npz("pneumoniamnist.npz", Some(&names))?.fixed_split()?;
    /// println!("{}", parts.train);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file is unreadable, no zip archive, or damaged; when an array is missing, unknown, or of another type or
    /// shape; when a label has no name. The message names the file and the array.
    pub fn read_npz(path: impl AsRef<Path>, label_names: Option<&[String]>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
        Self::parse_npz(path, BufReader::new(file), label_names)
    }

    /// The same for the bytes of a file that is called `path`.
    fn parse_npz(path: &Path, file: impl Read + Seek, label_names: Option<&[String]>) -> Result<Self> {
        let mut archive = ZipArchive::new(file).map_err(|problem| {
            Error::input(
                path.display(),
                format!("is not a whole NPZ file ({problem})"),
                "fetch it again, or save it with numpy.savez_compressed",
            )
        })?;
        let there = array_names(path, &mut archive)?;
        let mut pixels = Vec::new();
        let mut shape: Option<(ImageShape, String)> = None;
        let mut found: Vec<(Part, String, Vec<usize>)> = Vec::new();
        for (part, prefix) in PARTS {
            let (images, labels) = (format!("{prefix}_images"), format!("{prefix}_labels"));
            if part != Part::Train && !there.contains(&images) && !there.contains(&labels) {
                continue;
            }
            let images = read(path, &mut archive, &images, &there)?;
            let labels = read(path, &mut archive, &labels, &there)?;
            let (count, of_these) = image_shape(&images)?;
            let (first, first_place) = shape.get_or_insert_with(|| (of_these, images.place().to_owned()));
            if *first != of_these {
                return Err(Error::input(
                    images.place(),
                    format!("its images are {of_these}, those of {first_place} {first}"),
                    "give all parts images of one size",
                ));
            }
            let of_part = part_labels(&labels, count)?;
            found.push((part, labels.place().to_owned(), of_part));
            planar(&images.into_bytes()?, of_these, &mut pixels);
        }
        let (shape, _) = shape.ok_or_else(|| missing(path, "train_images", &there))?;
        let arrays: Vec<(&str, &[usize])> =
            found.iter().map(|(_, place, labels)| (place.as_str(), labels.as_slice())).collect();
        let label_names = labels::names(&arrays, label_names)?;
        let parts: Vec<Part> = found.iter().flat_map(|(part, _, labels)| labels.iter().map(|_| *part)).collect();
        let labels: Vec<usize> = found.into_iter().flat_map(|(.., labels)| labels).collect();
        let ids = (0..labels.len()).map(|row| row.to_string()).collect();
        Self::with_ids(&files::stem(path), ids, pixels, shape, labels, label_names, Some(parts))
    }
}

/// The arrays in the file, without their ending.
fn array_names(path: &Path, archive: &mut ZipArchive<impl Read + Seek>) -> Result<Vec<String>> {
    let names = archive.file_names().map(|name| name.map(Cow::into_owned));
    let names: Vec<String> = names.collect::<std::result::Result<_, _>>().map_err(|problem| {
        Error::input(path.display(), format!("its list of arrays is damaged ({problem})"), "fetch the file again")
    })?;
    let names: Vec<String> = names.iter().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
    let known = |name: &String| {
        PARTS.iter().any(|(_, prefix)| *name == format!("{prefix}_images") || *name == format!("{prefix}_labels"))
    };
    match names.iter().find(|name| !known(name)) {
        Some(unknown) => Err(Error::input(
            format!("{}, array {unknown}", path.display()),
            "is none of the arrays that such a file has",
            "name them train_images, train_labels, val_images, val_labels, test_images, test_labels",
        )),
        None => Ok(names),
    }
}

fn read(path: &Path, archive: &mut ZipArchive<impl Read + Seek>, name: &str, there: &[String]) -> Result<Array> {
    if !there.iter().any(|there| there == name) {
        return Err(missing(path, name, there));
    }
    let place = format!("{}, array {name}", path.display());
    let entry = archive.by_name(&format!("{name}.npy")).map_err(|problem| {
        Error::input(&place, format!("cannot be read ({problem})"), "the file is damaged: fetch or save it again")
    })?;
    Array::read(place, entry)
}

fn missing(path: &Path, name: &str, there: &[String]) -> Error {
    let there = if there.is_empty() { "nothing".to_owned() } else { there.join(", ") };
    Error::input(path.display(), format!("there is no array {name}, the file holds {there}"), "add the array")
}

/// How many images the array holds, and their shape.
fn image_shape(images: &Array) -> Result<(usize, ImageShape)> {
    match *images.shape() {
        [count, height, width] => Ok((count, ImageShape { channels: 1, height, width })),
        [count, height, width, channels @ 1..=4] => Ok((count, ImageShape { channels, height, width })),
        ref other => Err(Error::input(
            images.place(),
            format!("has the shape {other:?}"),
            "images are (n, height, width), or (n, height, width, channels) with 1 to 4 channels; volumes are not read",
        )),
    }
}

fn part_labels(labels: &Array, count: usize) -> Result<Vec<usize>> {
    match *labels.shape() {
        [rows] | [rows, 1] if rows == count => labels.labels(),
        [rows] | [rows, 1] => Err(Error::input(
            labels.place(),
            format!("has {rows} labels for {count} images"),
            "give each image one label",
        )),
        ref other => Err(Error::input(
            labels.place(),
            format!("has the shape {other:?}"),
            "labels are (n, 1) or (n): one class for each image",
        )),
    }
}

/// Appends images `(n, height, width, channels)` as `(n, channels, height, width)`.
fn planar(interleaved: &[u8], shape: ImageShape, pixels: &mut Vec<u8>) {
    pixels.reserve(interleaved.len());
    for image in interleaved.chunks_exact(shape.numel().max(1)) {
        for channel in 0..shape.channels {
            pixels.extend(image.iter().skip(channel).step_by(shape.channels));
        }
    }
}

#[cfg(test)]
#[path = "npz_tests.rs"]
mod tests;
