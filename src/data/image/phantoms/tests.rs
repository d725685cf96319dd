use sha2::{Digest, Sha256};

use super::{ChestPhantoms, OutlinePhantoms};
use crate::data::ImageDataset;
use crate::words::hexadecimal;

fn all_pixels(data: &ImageDataset) -> Vec<u8> {
    (0..data.len()).flat_map(|row| data.pixels(row).to_vec()).collect()
}

fn sha256(data: &ImageDataset) -> String {
    hexadecimal(&Sha256::digest(all_pixels(data)))
}

fn chests(images: usize) -> ChestPhantoms {
    ChestPhantoms { images, ..ChestPhantoms::default() }
}

fn outlines(images: usize) -> OutlinePhantoms {
    OutlinePhantoms { images, ..OutlinePhantoms::default() }
}

/// The bytes that every system makes: a change of them is another data set, and the embedded network's card, the data
/// sheet and the lessons then need new figures.
#[test]
fn a_seed_gives_these_bytes() {
    assert_eq!(
        sha256(&chests(200).generate().unwrap()),
        "e2a3fb37155465635a8af2b9248e116acea5f48933e3120e2a2635a1a69d6acb"
    );
    assert_eq!(
        sha256(&ChestPhantoms { side: 64, ..chests(20) }.generate().unwrap()),
        "95bc9fde5a62055ba4583519ffce8bfc62f124c8fbc09146c2dd3a68839af61d"
    );
    assert_eq!(
        sha256(&outlines(216).generate().unwrap()),
        "9ad3e81b4b21ee19dae60c5eadf24f273a46a5b879f4657d2f4d29df96960dac"
    );
}

#[test]
fn an_image_depends_on_its_seed_and_number_alone() {
    let (few, many) = (chests(11).generate().unwrap(), chests(40).generate().unwrap());
    assert_eq!(all_pixels(&few), all_pixels(&many)[..11 * 784]);
    assert_ne!(all_pixels(&few), all_pixels(&ChestPhantoms { seed: 7, ..chests(11) }.generate().unwrap()));
    let (few, many) = (outlines(7).generate().unwrap(), outlines(50).generate().unwrap());
    assert_eq!(all_pixels(&few), all_pixels(&many)[..7 * 784]);
    assert_ne!(all_pixels(&few), all_pixels(&OutlinePhantoms { seed: 7, ..outlines(7) }.generate().unwrap()));
    // No two are alike.
    let data = chests(400).generate().unwrap();
    let mut rows: Vec<&[u8]> = (0..data.len()).map(|row| data.pixels(row)).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), 400);
}

#[test]
fn classes_have_their_exact_share_and_images_their_size() {
    for (share, counts) in [(0.5, [50, 50]), (0.25, [75, 25]), (0.03, [97, 3]), (0.0, [100, 0]), (1.0, [0, 100])] {
        let data = ChestPhantoms { with_opacity: share, ..chests(100) }.generate().unwrap();
        assert_eq!(data.label_counts(), counts);
    }
    let data = ChestPhantoms { side: 40, ..chests(3) }.generate().unwrap();
    assert_eq!((data.shape().to_string(), data.pixels(2).len()), ("1x40x40".to_owned(), 1600));
    assert_eq!(data.label_names(), ["normal", "opacity"]);
    let data = outlines(73).generate().unwrap();
    assert_eq!((data.label_counts()[0], data.label_counts()[1], data.label_names().len()), (3, 2, 36));
    assert_eq!((data.label_name(0), data.label_name(35)), ("lobes, plain", "pear with grain"));
}

#[test]
fn an_opacity_makes_some_of_the_same_chest_brighter_and_the_rest_as_it_was() {
    let of = |with_opacity, visibility| ChestPhantoms { with_opacity, visibility, ..chests(300) }.generate().unwrap();
    let (normal, opacity) = (of(0.0, 1.0), of(1.0, 1.0));
    // Without density there is nothing to see.
    assert_eq!(all_pixels(&normal), all_pixels(&of(1.0, 0.0)));
    let mut shares = Vec::new();
    let mut strongest = Vec::new();
    for row in 0..normal.len() {
        let rises: Vec<i32> =
            normal.pixels(row).iter().zip(opacity.pixels(row)).map(|(&a, &b)| i32::from(b) - i32::from(a)).collect();
        assert!(rises.iter().all(|rise| *rise >= -20), "image {row}");
        shares.push(rises.iter().filter(|rise| **rise > 3).count() as f64 / rises.len() as f64);
        strongest.push(rises.into_iter().max().unwrap());
    }
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    assert!((0.02..0.15).contains(&mean), "{mean}");
    strongest.sort_unstable();
    // Some can hardly be seen, most can.
    assert!(strongest[6] < 30 && strongest[150] > 35 && strongest[290] < 140, "{strongest:?}");
}

/// Brightness alone must not give the answer away.
#[test]
fn the_mean_of_an_image_says_little() {
    let data = ChestPhantoms { images: 2000, ..ChestPhantoms::default() }.generate().unwrap();
    let mut means: Vec<(f64, usize)> = (0..data.len())
        .map(|row| (data.pixels(row).iter().map(|&p| f64::from(p)).sum::<f64>(), data.labels()[row]))
        .collect();
    means.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The area under the curve by ranks.
    let ranks: f64 = means.iter().enumerate().filter(|(_, (_, label))| *label == 1).map(|(at, _)| at as f64).sum();
    let area = (ranks - 1000.0 * 999.0 / 2.0) / 1e6;
    assert!((0.45..0.6).contains(&area), "{area}");
}

#[test]
fn settings_out_of_range_are_refused() {
    let refused = |settings: ChestPhantoms| settings.generate().unwrap_err().to_string();
    assert!(refused(chests(0)).contains("ChestPhantoms, images: 0 is out of range; give 1 to 1000000"));
    assert!(refused(ChestPhantoms { side: 8, ..chests(1) }).contains("16 to 256 pixels"));
    assert!(refused(ChestPhantoms { with_opacity: 1.1, ..chests(1) }).contains("with_opacity: 1.1"));
    assert!(refused(ChestPhantoms { with_opacity: f64::NAN, ..chests(1) }).contains("with_opacity: NaN"));
    assert!(refused(ChestPhantoms { visibility: -1.0, ..chests(1) }).contains("visibility: -1"));
    assert!(outlines(0).generate().unwrap_err().to_string().contains("OutlinePhantoms, images"));
    assert!(OutlinePhantoms { side: 300, ..outlines(1) }.generate().is_err());
}
