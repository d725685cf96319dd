//! IDX files, as MNIST and its relatives come: one file of images and one of labels, plain or gzipped.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::data::image::files::{ended, exactly, number, stem};
use crate::data::image::labels::names as names_of;
use crate::data::image::{ImageDataset, ImageShape};
use crate::{Error, Result};

/// The type code of bytes.
const BYTES: u8 = 0x08;

impl ImageDataset {
    /// Reads two files of the IDX format (LeCun et al. 1998, the MNIST database): images `(n, height, width)` and labels
    /// `(n)`, each of bytes; gzipped ones are unpacked. The data set is called as the file of images.
    ///
    /// Without `label_names`, the classes are called by their numbers; give the training set's to the test files.
    ///
    /// ```no_run
    /// use tunebook::data::ImageDataset;
    ///
    /// let train = ImageDataset::read_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", None)?;
    /// println!("{train}");
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a file is unreadable, damaged, of another type, or not of these shapes, when the two have different counts, or
    /// a label has no name. The message names the file.
    pub fn read_idx(
        images: impl AsRef<Path>,
        labels: impl AsRef<Path>,
        label_names: Option<&[String]>,
    ) -> Result<Self> {
        let (images, labels) = (images.as_ref(), labels.as_ref());
        let (shape, pixels) = read(images, &["n", "height", "width"])?;
        let (_, classes) = read(labels, &["n"])?;
        let count = shape[0];
        if classes.len() != count {
            return Err(Error::input(
                labels.display(),
                format!("has {} labels for the {count} images of {}", classes.len(), images.display()),
                "give the two files of one part: both train, or both t10k",
            ));
        }
        let classes: Vec<usize> = classes.into_iter().map(usize::from).collect();
        let label_names = names_of(&[(&labels.display().to_string(), &classes)], label_names)?;
        let shape = ImageShape { channels: 1, height: shape[1], width: shape[2] };
        Self::new(&stem(images), pixels, shape, classes, label_names)
    }
}

/// The sides and the bytes of a file that must have as many sides as `names`.
fn read(path: &Path, names: &[&str]) -> Result<(Vec<usize>, Vec<u8>)> {
    let file = File::open(path).map_err(|problem| Error::io(path, problem))?;
    let mut file = BufReader::new(file);
    let gzipped = file.fill_buf().map_err(|problem| Error::io(path, problem))?.starts_with(&[0x1f, 0x8b]);
    if gzipped { parse(path, MultiGzDecoder::new(file), names) } else { parse(path, file, names) }
}

fn parse(path: &Path, mut reader: impl Read, names: &[&str]) -> Result<(Vec<usize>, Vec<u8>)> {
    let damaged = |problem: String| Error::input(path.display(), problem, "the file is damaged: fetch it again");
    let start = exactly(&mut reader, 4, "its header").map_err(damaged)?;
    let wanted = format!("({})", names.join(", "));
    let mend = format!("give a file of bytes {wanted}; gzipped or not, its first bytes say what it is");
    if start[..2] != [0, 0] {
        return Err(Error::input(path.display(), "is no IDX file", mend));
    }
    if start[2] != BYTES || usize::from(start[3]) != names.len() {
        let problem = format!("holds numbers of the type {:#04x} in {} dimensions", start[2], start[3]);
        return Err(Error::input(path.display(), problem, mend));
    }
    let sides = exactly(&mut reader, 4 * names.len(), "its header").map_err(damaged)?;
    let sides: Vec<usize> = sides.chunks_exact(4).map(|side| number(side) as usize).collect();
    let total = sides.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
    let total = total.ok_or_else(|| damaged(format!("its header claims {sides:?} bytes")))?;
    let bytes = exactly(&mut reader, total, "it").map_err(damaged)?;
    ended(&mut reader, "it").map_err(damaged)?;
    Ok((sides, bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn idx(sides: &[u32], numbers: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, BYTES, sides.len() as u8];
        file.extend(sides.iter().flat_map(|side| side.to_be_bytes()));
        file.extend(numbers);
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn read(images: &[u8], labels: &[u8]) -> Result<ImageDataset> {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["images-idx3-ubyte", "labels-idx1-ubyte"].map(|name| folder.path().join(name));
        std::fs::write(&paths[0], images).unwrap();
        std::fs::write(&paths[1], labels).unwrap();
        ImageDataset::read_idx(&paths[0], &paths[1], None)
    }

    fn error(images: &[u8], labels: &[u8]) -> String {
        read(images, labels).unwrap_err().to_string()
    }

    fn images() -> Vec<u8> {
        idx(&[2, 2, 3], &(0..12).collect::<Vec<_>>())
    }

    #[test]
    fn plain_and_gzipped_files_are_read_alike() {
        let plain = read(&images(), &idx(&[2], &[2, 0])).unwrap();
        assert_eq!((plain.labels(), plain.pixels(1)), (&[2, 0][..], &[6, 7, 8, 9, 10, 11][..]));
        assert_eq!(
            (plain.shape().to_string(), plain.label_names()),
            ("1x2x3".into(), ["0", "1", "2"].map(String::from).to_vec())
        );
        assert_eq!(read(&gzip(&images()), &gzip(&idx(&[2], &[2, 0]))).unwrap(), plain);
    }

    #[test]
    fn damage_is_named_with_its_file() {
        let labels = idx(&[2], &[1, 0]);
        assert!(
            error(&images(), &idx(&[3], &[1, 0, 1])).contains("labels-idx1-ubyte: has 3 labels for the 2 images of")
        );
        assert!(error(&labels, &labels).contains("images-idx3-ubyte: holds numbers of the type 0x08 in 1 dimensions"));
        assert!(error(b"text, not images", &labels).contains("is no IDX file"));
        let mut floats = images();
        floats[2] = 0x0d;
        assert!(error(&floats, &labels).contains("type 0x0d in 3 dimensions"));
        assert!(error(&[images(), vec![0]].concat(), &labels).contains("more bytes than its header says"));
        assert!(error(&idx(&[u32::MAX; 3], &[]), &labels).contains("its header claims"));
        assert!(error(&idx(&[2, 60_000, 60_000], &[1]), &labels).contains("it ends after 1 of 7200000000 bytes"));
        assert!(error(&idx(&[2, 0, 3], &[]), &labels).contains("hold no pixels"));
    }

    #[test]
    fn no_truncation_is_read() {
        let labels = gzip(&idx(&[2], &[1, 0]));
        for whole in [images(), gzip(&images())] {
            for length in 0..whole.len() {
                let message = error(&whole[..length], &labels);
                assert!(message.contains("images-idx3-ubyte"), "{message}");
            }
        }
        for length in 0..labels.len() {
            assert!(error(&images(), &labels[..length]).contains("labels-idx1-ubyte"));
        }
    }
}
