use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            folder.add(name, bytes);
        }
        folder
    }

    fn add(&self, name: &str, bytes: &[u8]) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn read(&self, images: &FolderImages) -> Result<ImageDataset> {
        ImageDataset::read_folder(self.0.path(), images, None)
    }

    fn error(&self) -> String {
        self.read(&FolderImages::default()).unwrap_err().to_string()
    }
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A grey image whose pixels count up.
fn grey(height: u32, width: u32) -> Vec<u8> {
    encoded(GrayImage::from_fn(width, height, |x, y| Luma([(10 * (y * width + x)) as u8])), ImageFormat::Png)
}

/// A colour image of one colour.
fn colour(pixel: [u8; 3], format: ImageFormat) -> Vec<u8> {
    encoded(RgbImage::from_pixel(3, 2, Rgb(pixel)), format)
}

#[test]
fn classes_are_folders_and_rows_are_in_order() {
    let folder = Folder::new(&[
        ("dog/b.png", grey(2, 3)),
        ("cat/2.PNG", grey(2, 3)),
        ("cat/10.png", grey(2, 3)),
        ("cat/.hidden.png", b"not looked at".to_vec()),
        ("cat/notes.txt", b"not looked at".to_vec()),
        ("readme.md", b"not looked at".to_vec()),
    ]);
    let data = folder.read(&FolderImages::default()).unwrap();
    assert_eq!(data.label_names(), ["cat", "dog"]);
    assert_eq!(
        (data.ids(), data.labels()),
        (&["cat/10.png", "cat/2.PNG", "dog/b.png"].map(String::from)[..], &[0, 0, 1][..])
    );
    assert_eq!((data.shape().to_string(), data.pixels(2)), ("1x2x3".to_owned(), &[0, 10, 20, 30, 40, 50][..]));
}

#[test]
fn one_colour_image_makes_all_of_them_colour() {
    let folder = Folder::new(&[("a/1.png", grey(2, 3)), ("a/2.png", colour([200, 100, 50], ImageFormat::Png))]);
    let data = folder.read(&FolderImages::default()).unwrap();
    assert_eq!(data.shape().to_string(), "3x2x3");
    assert_eq!(data.pixels(0)[..12], [0, 10, 20, 30, 40, 50, 0, 10, 20, 30, 40, 50]);
    assert_eq!(data.pixels(1), [[200; 6], [100; 6], [50; 6]].concat());
    let grey = folder.read(&FolderImages { channels: Some(1), ..Default::default() }).unwrap();
    // Rec. 709 luma of (200, 100, 50), as the library `image` computes it.
    assert!(grey.pixels(1).iter().all(|pixel| (116..=119).contains(pixel)), "{:?}", grey.pixels(1));
}

#[test]
fn jpeg_is_read_whatever_its_ending_says() {
    let bytes = colour([180, 90, 30], ImageFormat::Jpeg);
    let folder = Folder::new(&[("a/photo.jpg", bytes.clone()), ("a/photo.png", bytes)]);
    let data = folder.read(&FolderImages::default()).unwrap();
    assert_eq!(data.pixels(0), data.pixels(1));
    assert!(data.pixels(0)[..6].iter().all(|&red| red.abs_diff(180) < 6), "{:?}", data.pixels(0));
}

#[test]
fn other_sizes_are_refused_or_resized() {
    let folder = Folder::new(&[("a/1.png", grey(2, 3)), ("b/2.png", grey(4, 4))]);
    let message = folder.error();
    assert!(message.contains("2.png: is 4 x 4 pixels") && message.contains("1.png is 2 x 3"), "{message}");
    let half = Folder::new(&[(
        "a/1.png",
        encoded(GrayImage::from_fn(8, 8, |x, _| Luma([if x < 4 { 0 } else { 200 }])), ImageFormat::Png),
    )]);
    let data = half.read(&FolderImages { size: Some((1, 4)), ..Default::default() }).unwrap();
    // Means over the area, with a soft edge: no pixel is skipped.
    assert_eq!((data.pixels(0)[0], data.pixels(0)[3]), (0, 200));
    assert!((20..=90).contains(&data.pixels(0)[1]) && (110..=180).contains(&data.pixels(0)[2]), "{:?}", data.pixels(0));
}

#[test]
fn empty_and_misplaced_folders_are_explained() {
    assert!(Folder::new(&[]).error().contains("holds no folders"));
    assert!(Folder::new(&[("1.png", grey(2, 2))]).error().contains("folder named after the class"));
    let message = Folder::new(&[("a/1.png", grey(2, 2)), ("b/notes.txt", vec![])]).error();
    assert!(message.contains("b: holds no images"), "{message}");
    let message = Folder::new(&[("train/a/1.png", grey(2, 2)), ("test/a/1.png", grey(2, 2))]).error();
    assert!(message.contains("test: holds folders") && message.contains("each part"), "{message}");
    let message = Folder::new(&[("a/1.png", grey(2, 2)), ("a/2.webp", vec![])]).error();
    assert!(message.contains("2.webp: is of a format that is not read"), "{message}");
    let nowhere = ImageDataset::read_folder("nowhere", &FolderImages::default(), None).unwrap_err();
    assert!(matches!(nowhere, Error::Io { .. }), "{nowhere}");
    let folder = Folder::new(&[("a/1.png", grey(2, 2)), ("c/1.png", grey(2, 2))]);
    let names = ["a", "b"].map(String::from);
    let message = ImageDataset::read_folder(folder.0.path(), &FolderImages::default(), Some(&names)).unwrap_err();
    assert!(message.to_string().contains("c: is not named after one of the training labels; the labels are: a, b"));
    for images in [
        FolderImages { size: Some((0, 5)), ..Default::default() },
        FolderImages { size: Some((usize::MAX, 2)), ..Default::default() },
        FolderImages { channels: Some(2), ..Default::default() },
    ] {
        assert!(folder.read(&images).unwrap_err().to_string().starts_with("FolderImages::"));
    }
}

#[test]
fn broken_files_are_named_and_none_panics() {
    for whole in [grey(5, 7), colour([10, 200, 30], ImageFormat::Jpeg)] {
        let error = |bytes: &[u8]| {
            let message = FolderImages::default().parse("a/broken.png".as_ref(), bytes).unwrap_err().to_string();
            assert!(message.starts_with("a/broken.png: "), "{message}");
            message
        };
        let folder = Folder::new(&[("a/broken.png", whole[..whole.len() / 2].to_vec())]);
        assert!(folder.error().contains("broken.png: is no whole PNG or JPEG file"), "{}", folder.error());
        for length in 0..whole.len() / 2 {
            assert!(error(&whole[..length]).contains("is no whole PNG or JPEG file"));
        }
        // A changed byte may leave another image; what matters is that nothing panics and errors name the file.
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            if FolderImages::default().parse("a/broken.png".as_ref(), &damaged).is_err() {
                error(&damaged);
            }
        }
    }
}
