use super::*;

const SHAPE: ImageShape = ImageShape { channels: 2, height: 6, width: 8 };

/// Every pixel another value, the second channel the first one upside down in value.
fn image(shape: ImageShape) -> Vec<f32> {
    let area = shape.height * shape.width;
    let value = |at: usize| (at % area) as f32 / area as f32;
    (0..shape.numel()).map(|at| if at < area { value(at) } else { 1.0 - value(at) }).collect()
}

fn off() -> Augmentation {
    Augmentation::default()
}

#[test]
fn off_changes_nothing() {
    assert_eq!(off().apply(&image(SHAPE), SHAPE, 3).unwrap(), image(SHAPE));
    let out_of_range = vec![-3.0, 7.5];
    let shape = ImageShape { channels: 1, height: 1, width: 2 };
    assert_eq!(off().apply(&out_of_range, shape, 3).unwrap(), out_of_range);
}

#[test]
fn the_seed_decides_bit_by_bit() {
    let all = Augmentation {
        horizontal_flip: 0.5,
        vertical_flip: 0.5,
        shift: 0.2,
        rotation: 20.0,
        scale: 0.2,
        brightness: 0.3,
        contrast: 0.3,
        random_erasing: 0.5,
        ..off()
    };
    let copies: Vec<_> = (0..20).map(|seed| all.apply(&image(SHAPE), SHAPE, seed).unwrap()).collect();
    for (seed, copy) in copies.iter().enumerate() {
        assert_eq!(*copy, all.apply(&image(SHAPE), SHAPE, seed as u64).unwrap());
        assert!(copy.iter().all(|pixel| (0.0..=1.0).contains(pixel)), "{copy:?}");
        assert!(copies[..seed].iter().all(|other| other != copy));
    }
}

#[test]
fn flips_mirror_each_channel() {
    let mut expected: Vec<f32> = image(SHAPE);
    expected.chunks_exact_mut(SHAPE.width).for_each(<[f32]>::reverse);
    assert_eq!(Augmentation { horizontal_flip: 1.0, ..off() }.apply(&image(SHAPE), SHAPE, 0).unwrap(), expected);
    let upside_down: Vec<f32> = image(SHAPE)
        .chunks_exact(SHAPE.height * SHAPE.width)
        .flat_map(|channel| channel.chunks_exact(SHAPE.width).rev().flatten().copied().collect::<Vec<_>>())
        .collect();
    assert_eq!(Augmentation { vertical_flip: 1.0, ..off() }.apply(&image(SHAPE), SHAPE, 0).unwrap(), upside_down);
    let flip = Augmentation { horizontal_flip: 0.3, ..off() };
    let flipped = (0..1000).filter(|&seed| flip.apply(&image(SHAPE), SHAPE, seed).unwrap() == expected).count();
    assert!((250..350).contains(&flipped), "{flipped} of 1000 at a chance of 0.3");
}

#[test]
fn a_shift_moves_whole_pixels_and_pads() {
    let shape = ImageShape { channels: 1, height: 1, width: 5 };
    let row = [0.1, 0.2, 0.3, 0.4, 0.5];
    let (mut mirrored, mut black) = (Vec::new(), Vec::new());
    for seed in 0..200 {
        for (padding, seen) in [(Padding::Reflect, &mut mirrored), (Padding::Zero, &mut black)] {
            let copy = Augmentation { shift: 0.4, padding, ..off() }.apply(&row, shape, seed).unwrap();
            if !seen.contains(&copy) {
                seen.push(copy);
            }
        }
    }
    for copies in [&mut mirrored, &mut black] {
        copies.sort_by(|a, b| a[2].total_cmp(&b[2]));
    }
    let shifted = [[0.3, 0.2, 0.1, 0.2, 0.3], [0.2, 0.1, 0.2, 0.3, 0.4], row, [0.2, 0.3, 0.4, 0.5, 0.4]];
    assert_eq!(mirrored[..4], shifted);
    assert_eq!(mirrored[4..], [[0.3, 0.4, 0.5, 0.4, 0.3]]);
    assert_eq!(black[0], [0.0, 0.0, 0.1, 0.2, 0.3]);
    assert_eq!(black[4], [0.3, 0.4, 0.5, 0.0, 0.0]);
}

#[test]
fn turning_right_round_by_quarters_comes_back() {
    // The change itself, so that the angle is exact.
    let shape = ImageShape { channels: 1, height: 5, width: 5 };
    let change = |angle: f32, scale| Change {
        flip_x: false,
        flip_y: false,
        shift_x: 0.0,
        shift_y: 0.0,
        angle: angle.to_radians(),
        scale,
        padding: Padding::Zero,
        brightness: None,
        contrast: None,
        erases: false,
    };
    let start = image(shape);
    let quarter = change(90.0, 1.0).moved(&start, shape);
    // A quarter to the right: the first row becomes the last column.
    let column: Vec<f32> = quarter.chunks_exact(5).map(|row| row[4]).collect();
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(near(&column, &start[..5]), "{column:?}");
    let mut turned = start.clone();
    for _ in 0..4 {
        turned = change(90.0, 1.0).moved(&turned, shape);
    }
    assert!(near(&turned, &start));
    // Twice as large: a step of one pixel is half a step of the image.
    let large = change(0.0, 2.0).moved(&start, shape);
    assert!((large[12] - start[12]).abs() < 1e-6 && (large[13] - f32::midpoint(start[12], start[13])).abs() < 1e-6);
}

#[test]
fn a_linear_ramp_stays_one_under_rotation() {
    // Bilinear sampling is exact on a plane: a = x seen at an angle is cos * x + sin * y, away from the edges.
    let shape = ImageShape { channels: 1, height: 21, width: 21 };
    let ramp: Vec<f32> = (0..441).map(|at| (at % 21) as f32 / 20.0).collect();
    let rotate = Augmentation { rotation: 30.0, ..off() };
    for seed in 0..5 {
        let copy = rotate.apply(&ramp, shape, seed).unwrap();
        let (across, down) = (copy[221] - copy[220], copy[241] - copy[220]);
        assert!((across.hypot(down) - 0.05).abs() < 1e-5 && (copy[220] - 0.5).abs() < 1e-5, "{across} {down}");
        assert!((copy[223] - copy[220] - 3.0 * across).abs() < 1e-5);
    }
}

#[test]
fn brightness_scales_and_contrast_keeps_the_mean() {
    let shape = ImageShape { channels: 1, height: 1, width: 4 };
    let row = [0.2, 0.3, 0.5, 0.6];
    for seed in 0..50 {
        let bright = Augmentation { brightness: 0.4, ..off() }.apply(&row, shape, seed).unwrap();
        let factor = bright[0] / row[0];
        assert!((0.6..=1.4).contains(&factor));
        assert!(bright.iter().zip(&row).all(|(new, old)| (new - old * factor).abs() < 1e-6));
        let contrast = Augmentation { contrast: 0.5, ..off() }.apply(&row, shape, seed).unwrap();
        assert!((contrast.iter().sum::<f32>() / 4.0 - 0.4).abs() < 1e-6, "{contrast:?}");
        let spread = (contrast[3] - contrast[0]) / 0.4;
        assert!((0.5..=1.5).contains(&spread), "{spread}");
    }
}

#[test]
fn erasing_fills_one_rectangle_of_the_size_asked_for() {
    let shape = ImageShape { channels: 2, height: 20, width: 30 };
    let start = vec![2.0; shape.numel()];
    let erasing = Augmentation { random_erasing: 1.0, ..off() };
    let mut areas = Vec::new();
    for seed in 0..200 {
        let copy = erasing.apply(&start, shape, seed).unwrap();
        let places: Vec<Vec<usize>> =
            copy.chunks_exact(600).map(|channel| (0..600).filter(|&at| channel[at] < 2.0).collect()).collect();
        assert_eq!(places[0], places[1]);
        let rows: Vec<usize> = places[0].iter().map(|at| at / 30).collect();
        let columns: Vec<usize> = places[0].iter().map(|at| at % 30).collect();
        let sides = [&rows, &columns].map(|side| side.iter().max().unwrap() - side.iter().min().unwrap() + 1);
        assert_eq!(sides[0] * sides[1], places[0].len());
        areas.push(places[0].len());
    }
    // Sides are whole pixels, so an area may lie a little beyond the bounds.
    assert!(areas.iter().all(|area| (8..=230).contains(area)), "{areas:?}");
    assert!(areas.iter().any(|&area| area < 60) && areas.iter().any(|&area| area > 150));
}

#[test]
fn turning_one_change_on_leaves_the_others() {
    let flip = Augmentation { horizontal_flip: 0.5, ..off() };
    let with_erasing = Augmentation { random_erasing: 1.0, ..flip };
    for seed in 0..20 {
        let (plain, erased) =
            (flip.apply(&image(SHAPE), SHAPE, seed).unwrap(), with_erasing.apply(&image(SHAPE), SHAPE, seed).unwrap());
        let same = plain.iter().zip(&erased).filter(|(a, b)| a.to_bits() == b.to_bits()).count();
        assert!(same >= SHAPE.numel() / 2, "{same}");
    }
}

#[test]
fn one_pixel_and_no_pixel_are_images_too() {
    let all = Augmentation { shift: 0.9, rotation: 180.0, scale: 0.9, random_erasing: 1.0, ..off() };
    let dot = ImageShape { channels: 1, height: 1, width: 1 };
    for padding in [Padding::Reflect, Padding::Zero] {
        assert_eq!(Augmentation { padding, ..all }.apply(&[0.5], dot, 1).unwrap().len(), 1);
    }
    assert_eq!(all.apply(&[], ImageShape { height: 0, ..dot }, 1).unwrap(), Vec::<f32>::new());
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    for (name, wrong) in [
        ("horizontal_flip", Augmentation { horizontal_flip: 1.5, ..off() }),
        ("vertical_flip", Augmentation { vertical_flip: -0.1, ..off() }),
        ("shift", Augmentation { shift: 1.0, ..off() }),
        ("rotation", Augmentation { rotation: 181.0, ..off() }),
        ("scale", Augmentation { scale: f32::NAN, ..off() }),
        ("brightness", Augmentation { brightness: f32::INFINITY, ..off() }),
        ("contrast", Augmentation { contrast: -1.0, ..off() }),
        ("random_erasing", Augmentation { random_erasing: 2.0, ..off() }),
    ] {
        let message = wrong.apply(&image(SHAPE), SHAPE, 0).unwrap_err().to_string();
        assert!(message.starts_with(&format!("Augmentation::{name}: is ")), "{message}");
    }
    let message = off().apply(&[0.0; 3], SHAPE, 0).unwrap_err().to_string();
    assert!(message.contains("3 pixels for an image of 2x6x8") && message.contains("give 96"), "{message}");
}
