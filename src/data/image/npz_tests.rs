use std::io::Write;
use std::path::PathBuf;

use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

/// An array of bytes in numpy's format.
fn array(shape: &str, numbers: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(numbers);
    file
}

/// The bytes of an archive, deflated as `numpy.savez_compressed` does it.
fn archive(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Three images for training, one for validation, two for the test, of 2 x 2 grey pixels.
fn whole() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("train_images", array("(3, 2, 2)", &(0..12).collect::<Vec<_>>())),
        ("train_labels", array("(3, 1)", &[0, 1, 1])),
        ("val_images", array("(1, 2, 2)", &[20, 21, 22, 23])),
        ("val_labels", array("(1, 1)", &[0])),
        ("test_images", array("(2, 2, 2)", &[30; 8])),
        ("test_labels", array("(2, 1)", &[1, 0])),
    ]
}

fn with(changes: &[(&'static str, Vec<u8>)]) -> Vec<u8> {
    let mut arrays = whole();
    for (name, bytes) in changes {
        match arrays.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => old.clone_from(bytes),
            None => arrays.push((name, bytes.clone())),
        }
    }
    archive(&arrays)
}

fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.npz");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn read(bytes: &[u8]) -> Result<ImageDataset> {
    ImageDataset::parse_npz("small.npz".as_ref(), std::io::Cursor::new(bytes), None)
}

fn error(bytes: &[u8]) -> String {
    let message = read(bytes).unwrap_err().to_string();
    assert!(message.contains("small.npz"), "{message}");
    message
}

#[test]
fn the_parts_are_the_fixed_split() {
    let data = read(&archive(&whole())).unwrap();
    assert_eq!((data.name(), data.len(), data.shape().to_string()), ("small", 6, "1x2x2".to_owned()));
    assert_eq!(data.label_names(), ["0", "1"]);
    let parts = data.fixed_split().unwrap();
    assert_eq!((parts.train.labels(), parts.train.pixels(1)), (&[0, 1, 1][..], &[4, 5, 6, 7][..]));
    assert_eq!((parts.validation.labels(), parts.validation.pixels(0)), (&[0][..], &[20, 21, 22, 23][..]));
    assert_eq!((parts.test.labels(), parts.test.ids()), (&[1, 0][..], &["4", "5"].map(String::from)[..]));
}

#[test]
fn colours_are_put_in_planes() {
    let arrays = [
        // Two pixels: red 1 and 4, green 2 and 5, blue 3 and 6.
        ("train_images", array("(1, 1, 2, 3)", &[1, 2, 3, 4, 5, 6])),
        ("train_labels", array("(1,)", &[0])),
    ];
    let data = read(&archive(&arrays)).unwrap();
    assert_eq!((data.shape().to_string(), data.pixels(0)), ("3x1x2".to_owned(), &[1, 4, 2, 5, 3, 6][..]));
    assert!(data.fixed_split().unwrap().test.is_empty());
}

#[test]
fn names_are_taken_and_must_be_enough() {
    let (_folder, path) = file(&archive(&whole()));
    let names = ["normal", "pneumonia"].map(String::from);
    assert_eq!(ImageDataset::read_npz(&path, Some(&names)).unwrap().label_names(), names);
    let message = ImageDataset::read_npz(&path, Some(&names[..1])).unwrap_err().to_string();
    assert!(message.contains("array train_labels, row 1: the label is 1, there are 1 label names"), "{message}");
}

#[test]
fn wrong_arrays_are_refused_by_name() {
    let grey = |count: usize| array(&format!("({count}, 2, 2)"), &vec![0; 4 * count]);
    for (changes, expected) in [
        (vec![("train_labels", array("(2, 1)", &[0, 1]))], "array train_labels: has 2 labels for 3 images"),
        (vec![("val_labels", array("(1, 14)", &[0; 14]))], "array val_labels: has the shape [1, 14]"),
        (vec![("train_images", array("(3, 4)", &[0; 12]))], "array train_images: has the shape [3, 4]"),
        (vec![("train_images", array("(3, 2, 2, 28)", &[0; 336]))], "volumes are not read"),
        (vec![("test_images", array("(2, 1, 2)", &[0; 4]))], "array test_images: its images are 1x1x2, those of"),
        (vec![("test_images", grey(2)), ("holdout_images", grey(2))], "array holdout_images: is none of"),
        (vec![("val_images", array("(0, 2, 2)", &[])), ("val_labels", array("(0,)", &[1]))], "more bytes than"),
        (vec![("train_images", b"\x93NUMPY\x09\x00".to_vec())], "array train_images: is of the format's version 9"),
        (vec![("test_images", b"none".to_vec())], "array test_images: its header ends after 4 of 8 bytes"),
        (
            vec![("train_images", array("(3, 0, 2)", &[])), ("val_images", array("(1, 0, 2)", &[]))],
            "array test_images: its images are",
        ),
    ] {
        let message = error(&with(&changes));
        assert!(message.contains(expected), "{message}");
    }
    let floats = String::from_utf8_lossy(&array("(3, 1)", &[0; 12])).replace("|u1", "<f4").into_bytes();
    // The replacement character that stands for the magic byte is three bytes long.
    let floats = [b"\x93", &floats[3..]].concat();
    assert!(error(&with(&[("train_labels", floats)])).contains("array train_labels: holds numbers of the type <f4"));
    let less = |dropped: &str| archive(&whole().into_iter().filter(|(name, _)| *name != dropped).collect::<Vec<_>>());
    assert!(error(&less("train_images")).contains("there is no array train_images, the file holds train_labels"));
    assert!(error(&less("val_labels")).contains("there is no array val_labels"));
    assert!(error(&archive(&[])).contains("the file holds nothing"));
    assert!(error(b"not a zip").contains("not a whole NPZ file"));
    assert!(error(b"").contains("not a whole NPZ file"));
    let nowhere = ImageDataset::read_npz("nowhere/small.npz", None).unwrap_err();
    assert!(matches!(nowhere, Error::Io { .. }), "{nowhere}");
}

#[test]
fn no_truncation_is_read_and_none_panics() {
    let bytes = archive(&whole());
    for length in 0..bytes.len() {
        error(&bytes[..length]);
    }
}

#[test]
fn a_changed_byte_is_refused_or_changes_no_pixel() {
    let bytes = archive(&whole());
    let whole = read(&bytes).unwrap();
    let mut refused = 0;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            match read(&damaged) {
                // Dates, versions and flags of the archive do not matter to the arrays.
                Ok(data) => assert_eq!(data, whole, "byte {at}"),
                Err(message) => {
                    assert!(message.to_string().contains("small.npz"), "{message}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > bytes.len(), "{refused} of {}", 2 * bytes.len());
}

#[cfg(feature = "hub")]
#[test]
fn a_published_file_is_fetched_checked_and_read_with_its_labels() {
    use md5::{Digest, Md5};

    use crate::data::image::public::{ALL, PublicImages};
    use crate::hub::test_server::Server;

    let folder = tempfile::tempdir().unwrap();
    let served = folder.path().join("served");
    std::fs::create_dir(&served).unwrap();
    let (right, wrong) = (with(&[]), with(&[("val_labels", array("(1, 1)", &[1]))]));
    std::fs::write(served.join("right.npz"), &right).unwrap();
    std::fs::write(served.join("wrong.npz"), &wrong).unwrap();
    let server = Server::start("some/files", &[("main", &served)]);
    let md5: &'static str = Box::leak(crate::words::hexadecimal(&Md5::digest(&right)).into_boxed_str());
    let data = PublicImages { name: "halves", md5, ..ALL[0] };
    let to = folder.path().join("kept").join("halves.npz");

    let problem = data.fetch(&to, Some(&server.url("wrong.npz"))).unwrap_err().to_string();
    assert!(problem.contains("cannot fetch halves") && problem.contains(md5), "{problem}");
    assert!(std::fs::read_dir(to.parent().unwrap()).unwrap().next().is_none());
    let partial = to.with_extension("npz.incomplete");
    for earlier in [&right[..10], &wrong[..], &right[..]] {
        std::fs::write(&partial, earlier).unwrap();
        data.fetch(&to, Some(&server.url("right.npz"))).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), right);
        assert!(!partial.exists());
        // What somebody put there in its place is fetched again.
        std::fs::write(&to, &wrong).unwrap();
        assert!(data.check(&to).unwrap_err().to_string().contains("as published"));
        data.fetch(&to, Some(&server.url("right.npz"))).unwrap();
        std::fs::rename(&to, to.with_extension("old")).unwrap();
    }
    let sent = server.sent();
    std::fs::write(&to, &right).unwrap();
    data.fetch(&to, Some(&server.url("right.npz"))).unwrap();
    assert_eq!(server.sent(), sent);
    let read = data.read(&to).unwrap();
    assert_eq!(read.label_names(), ["normal", "pneumonia"]);
    let split = read.fixed_split().unwrap();
    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (3, 1, 2));
    let unknown = ImageDataset::public("chests").unwrap_err().to_string();
    assert!(unknown.contains("there are: pneumoniamnist"), "{unknown}");
}
