//! Folders of PNG and JPEG files, one folder for each class.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::io::Reader;
use image::{DynamicImage, ImageError};
use rayon::prelude::*;

use crate::data::image::{ImageDataset, ImageShape};
use crate::{Error, Result};

/// The endings of files that are read.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// The endings of images that are not: leaving them out without a word would be a smaller data set than expected.
const OTHER_IMAGES: [&str; 8] = ["avif", "bmp", "dcm", "gif", "heic", "tif", "tiff", "webp"];

/// An image of more pixels than this is damage, or nothing to train on.
const MOST_PIXELS: u64 = 100_000_000;

/// How the files of a folder become images of one shape.
///
/// ```
/// use tunebook::data::FolderImages;
///
/// let small = FolderImages { size: Some((64, 64)), ..Default::default() };
/// assert_eq!(small.channels, None);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FolderImages {
    /// Height and width that all images are resized to, whatever their sides' ratio; bilinear over the whole area, as
    /// Pillow does it. `None`, the default, takes them as they are: then all must have one size.
    pub size: Option<(usize, usize)>,
    /// 1 for grey, 3 for colour. `None`, the default, is grey if all images are, and colour otherwise.
    pub channels: Option<usize>,
}

impl ImageDataset {
    /// Reads `path/<class>/<any name>.png` (or `.jpg`, `.jpeg`): the layout of torchvision's `ImageFolder`. Label names
    /// are the folders' names, sorted, and the rows stand in the order of the files' names; ids are `class/file`.
    /// Transparency and the camera's note on which side is up are not looked at.
    ///
    /// Pass the training folder's `label_names` for a validation or test folder.
    ///
    /// ```no_run
    /// use tunebook::data::{FolderImages, ImageDataset};
    ///
    /// let images = FolderImages { size: Some((64, 64)), ..Default::default() };
    /// let train = ImageDataset::read_folder("flowers/train", &images, None)?;
    /// let test = ImageDataset::read_folder("flowers/test", &images, Some(&train.label_names()))?;
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a folder or file is unreadable, there are no folders, one has no images, an image is broken, in a format that
    /// is not read, or of another size than the first and no size is asked for; when a folder is none of `label_names`.
    /// The message names the file.
    pub fn read_folder(path: impl AsRef<Path>, images: &FolderImages, label_names: Option<&[String]>) -> Result<Self> {
        let path = path.as_ref();
        images.check()?;
        let classes = classes(path)?;
        let names = label_names.map_or_else(|| classes.iter().map(|(name, _)| name.clone()).collect(), <[_]>::to_vec);
        let (mut ids, mut labels, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for (name, folder) in &classes {
            let label = names.iter().position(|known| known == name).ok_or_else(|| {
                Error::input(
                    folder.display(),
                    "is not named after one of the training labels",
                    format!("the labels are: {}", names.join(", ")),
                )
            })?;
            for file in image_files(folder)? {
                let file_name = file.file_name().unwrap_or_default().display().to_string();
                ids.push(format!("{name}/{file_name}"));
                labels.push(label);
                paths.push(file);
            }
        }
        let (pixels, shape) = images.decode(&paths)?;
        let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.display().to_string());
        Self::with_ids(&name, ids, pixels, shape, labels, names, None)
    }
}

impl FolderImages {
    /// The PNG and JPEG files of a folder and of the folders in it, in the order of their paths, to predict on
    /// ([`ImageClassifier::predict_files`](crate::model::ImageClassifier::predict_files)); hidden ones and other files are left
    /// out.
    ///
    /// ```
    /// use tunebook::data::FolderImages;
    /// let folder = std::env::temp_dir().join(format!("tunebook-files-{}", std::process::id()));
    /// std::fs::create_dir_all(folder.join("cats")).unwrap();
    /// std::fs::write(folder.join("cats/a.png"), b"").unwrap();
    /// std::fs::write(folder.join("notes.txt"), b"").unwrap();
    /// assert_eq!(FolderImages::files(&folder)?, [folder.join("cats/a.png")]);
    /// # std::fs::remove_dir_all(folder).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a folder cannot be read, there is an image of a format that is not read, or there are none.
    pub fn files(folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        let (folder, mut files) = (folder.as_ref(), Vec::new());
        collect(folder, &mut files)?;
        if files.is_empty() {
            return Err(Error::input(folder.display(), "holds no images", "give a folder with PNG or JPEG files"));
        }
        Ok(files)
    }

    fn check(&self) -> Result<()> {
        if let Some((height, width)) = self.size
            && (height == 0 || width == 0 || (height as u64).saturating_mul(width as u64) > MOST_PIXELS)
        {
            let problem = format!("{height} x {width} is no size for an image");
            return Err(Error::input(
                "FolderImages::size",
                problem,
                "give height and width in pixels, often 28 to 224",
            ));
        }
        match self.channels {
            None | Some(1 | 3) => Ok(()),
            Some(other) => {
                Err(Error::input("FolderImages::channels", format!("is {other}"), "give 1 for grey or 3 for colour"))
            }
        }
    }

    /// Files whose labels nobody knows, in their order; each has the first of `label_names`. Ids are the paths.
    pub(crate) fn read_files(&self, paths: &[PathBuf], label_names: &[String]) -> Result<ImageDataset> {
        self.check()?;
        let (pixels, shape) = self.decode(paths)?;
        let ids: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let labels = vec![0; ids.len()];
        ImageDataset::with_ids("files", ids, pixels, shape, labels, label_names.to_vec(), None)
    }

    /// The pixels of all files, `(images, channels, height, width)`, and the shape that they have in common.
    fn decode(&self, paths: &[PathBuf]) -> Result<(Vec<u8>, ImageShape)> {
        let read: Vec<Result<DynamicImage>> = paths.par_iter().map(|path| self.read(path)).collect();
        // Errors are told in the order of the files, whichever thread met one first.
        let read: Vec<DynamicImage> = read.into_iter().collect::<Result<_>>()?;
        let sides = |image: &DynamicImage| (image.height() as usize, image.width() as usize);
        let (height, width) = read.first().map_or((0, 0), sides);
        if let Some((path, other)) = paths.iter().zip(&read).find(|(_, image)| sides(image) != (height, width)) {
            return Err(Error::input(
                path.display(),
                format!(
                    "is {} x {} pixels (height x width), {} is {height} x {width}",
                    other.height(),
                    other.width(),
                    paths[0].display()
                ),
                "ask for one size: FolderImages { size: Some((64, 64)), ..Default::default() }",
            ));
        }
        let grey = read.iter().all(|image| !image.color().has_color());
        let channels = self.channels.unwrap_or(if grey { 1 } else { 3 });
        let planes = |image: DynamicImage| -> Vec<u8> {
            if channels == 1 {
                return image.into_luma8().into_raw();
            }
            let pixels = image.into_rgb8().into_raw();
            (0..3).flat_map(|channel| pixels.iter().skip(channel).step_by(3).copied()).collect()
        };
        let pixels = read.into_iter().flat_map(planes).collect();
        Ok((pixels, ImageShape { channels, height, width }))
    }

    fn read(&self, path: &Path) -> Result<DynamicImage> {
        self.parse(path, &std::fs::read(path).map_err(|problem| Error::io(path, problem))?)
    }

    /// The image that the bytes of the file `path` hold.
    fn parse(&self, path: &Path, bytes: &[u8]) -> Result<DynamicImage> {
        let broken = |problem: ImageError| {
            Error::input(path.display(), format!("is no whole PNG or JPEG file ({problem})"), "mend or drop the file")
        };
        // The format is what the bytes say: many a file's ending is wrong.
        let reader = || Reader::new(Cursor::new(bytes)).with_guessed_format();
        let sides = reader().map_err(|problem| Error::io(path, problem))?.into_dimensions().map_err(broken)?;
        if u64::from(sides.0) * u64::from(sides.1) > MOST_PIXELS {
            let problem = format!("claims {} x {} pixels", sides.1, sides.0);
            return Err(Error::input(path.display(), problem, "scale it down, or drop the file"));
        }
        let image = reader().map_err(|problem| Error::io(path, problem))?.decode().map_err(broken)?;
        Ok(match self.size {
            Some((height, width)) if (image.height() as usize, image.width() as usize) != (height, width) => {
                image.resize_exact(width as u32, height as u32, FilterType::Triangle)
            }
            _ => image,
        })
    }
}

/// What is in a folder, by name; hidden entries are left out.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = std::fs::read_dir(folder).map_err(|problem| Error::io(folder, problem))?;
    let mut paths = list
        .map(|entry| entry.map(|entry| entry.path()).map_err(|problem| Error::io(folder, problem)))
        .collect::<Result<Vec<_>>>()?;
    paths.retain(|path| !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")));
    paths.sort();
    Ok(paths)
}

/// The classes' names and folders, sorted.
fn classes(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    let folders = entries(path)?.into_iter().filter(|entry| entry.is_dir());
    let classes: Vec<(String, PathBuf)> =
        folders.map(|folder| (folder.file_name().unwrap_or_default().display().to_string(), folder)).collect();
    if classes.is_empty() {
        let mend = "put the images of each class into a folder named after the class";
        return Err(Error::input(path.display(), "holds no folders", mend));
    }
    Ok(classes)
}

/// The images of a folder and of those in it.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = entries(folder)?;
    check_formats(&entries)?;
    for entry in entries {
        // A link to a folder above would lead round in a circle.
        if entry.is_dir() && !entry.is_symlink() {
            collect(&entry, files)?;
        } else if ends_in(&entry, &ENDINGS) {
            files.push(entry);
        }
    }
    Ok(())
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

/// That no image is of a format that is not read.
fn check_formats(entries: &[PathBuf]) -> Result<()> {
    match entries.iter().find(|path| ends_in(path, &OTHER_IMAGES)) {
        Some(other) => {
            Err(Error::input(other.display(), "is of a format that is not read", "convert it to PNG or JPEG"))
        }
        None => Ok(()),
    }
}

/// The images of one class, by name.
fn image_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = entries(folder)?;
    check_formats(&entries)?;
    let files: Vec<PathBuf> = entries.iter().filter(|path| ends_in(path, &ENDINGS)).cloned().collect();
    if !files.is_empty() {
        return Ok(files);
    }
    let (problem, mend) = if entries.iter().any(|entry| entry.is_dir()) {
        ("holds folders where images were expected", "read each part of the data by itself, such as the folder train")
    } else {
        ("holds no images", "add PNG or JPEG files, or remove the folder")
    };
    Err(Error::input(folder.display(), problem, mend))
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
