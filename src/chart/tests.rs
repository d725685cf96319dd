//! What holds for all charts: valid SVG, no panic on odd data, text inside the card.

use super::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

const QUEUES: [&str; 8] =
    ["access", "billing", "compute", "databases", "deployments", "networking", "security", "storage"];

fn curves() -> LearningCurves {
    let mut curves = LearningCurves::new(10);
    for batch in 0..120 {
        let epoch = f64::from(batch) / 20.0;
        curves.push_batch(epoch, 2.1 * (-epoch / 3.0).exp() + 0.15 * (f64::from(batch) * 1.7).sin());
    }
    for epoch in 1..=6 {
        let x = f64::from(epoch);
        curves.push_epoch(2.1 * (-x / 3.0).exp(), 1.9 * (-x / 4.0).exp() + 0.02 * x, 0.93 - 0.7 * (-x / 2.0).exp());
    }
    curves.set_best_epoch(6);
    curves
}

fn bars() -> BarChart {
    BarChart::new("Accuracy on the test data, mean of 5 seeds", "accuracy")
        .percent()
        .bar_with_error("feature extraction", 0.812, 0.012)
        .bar_with_error("last two layers", 0.885, 0.02)
        .bar_with_error("full fine-tuning with a very long name that wraps onto the next line", 0.93, 0.008)
        .bar("diverged", f64::NAN)
}

fn heat_map() -> ConfusionHeatMap {
    let counts: Vec<Vec<u64>> = (0..8)
        .map(|row| (0..8).map(|column| if row == column { 9 + row } else { (row * column) % 3 }).collect())
        .collect();
    ConfusionHeatMap::new(&counts, &names(&QUEUES)).unwrap()
}

fn layers() -> LayerDiagram {
    let stack = |from: usize| {
        let sizes = [
            ("embeddings", 1_280_000),
            ("layer 1", 297_000),
            ("layer 2", 297_000),
            ("layer 3", 297_000),
            ("head", 1_032),
        ];
        sizes
            .iter()
            .enumerate()
            .map(|(place, (name, size))| LayerBlock::new(*name, *size, place >= from))
            .collect::<Vec<_>>()
    };
    LayerDiagram::new("Which layers train")
        .stack("feature extraction", stack(4))
        .stack("last two layers", stack(2))
        .stack("full fine-tuning", stack(0))
}

fn lines() -> LineChart {
    let sweep = |best: f64| {
        (0..9).map(move |step| {
            (1e-5 * 10f64.powf(f64::from(step) / 2.0), 0.9 - 0.1 * (f64::from(step) - best).powi(2) / 4.0)
        })
    };
    LineChart::new("Validation accuracy after five epochs", "learning rate", "validation accuracy")
        .series("feature extraction", sweep(6.0).collect())
        .series("last two layers", sweep(4.0).collect())
        .series("full fine-tuning", sweep(3.0).collect())
        .log_x()
        .percent_y()
}

fn finder() -> LearningRateFinderChart {
    let rates: Vec<f64> = (0..120).map(|step| 1e-7 * 10f64.powf(f64::from(step) / 17.0)).collect();
    let smooth: Vec<f64> =
        rates.iter().map(|rate| 0.6 + 1.5 / (1.0 + (rate / 3e-4).powf(1.2)) + (rate / 0.1).powi(2)).collect();
    let raw: Vec<f64> = smooth.iter().zip(0..).map(|(loss, step)| loss + 0.2 * (f64::from(step) * 2.3).sin()).collect();
    LearningRateFinderChart::new(&rates, &raw)
        .unwrap()
        .smoothed(&smooth)
        .unwrap()
        .suggestion("valley", 7.2e-4)
        .unwrap()
        .suggestion("steepest", 3e-4)
        .unwrap()
        .suggestion("minimum / 10", 1.6e-3)
        .unwrap()
}

fn schedules() -> ScheduleChart {
    let warmed = |rate: fn(f64) -> f64| {
        (0..600).map(move |step| 5e-5 * f64::min(f64::from(step) / 60.0, rate(f64::from(step) / 600.0))).collect()
    };
    ScheduleChart::new("Schedules with a tenth of warmup")
        .schedule("constant", warmed(|_| 1.0))
        .unwrap()
        .schedule("linear", warmed(|x| (1.0 - x) / 0.9))
        .unwrap()
        .schedule("cosine", warmed(|x| 0.5 + 0.5 * (std::f64::consts::PI * (x - 0.1) / 0.9).cos()))
        .unwrap()
}

fn roc() -> RocCurveChart {
    let rates: Vec<f64> = (0..=40).map(|step| f64::from(step) / 40.0).collect();
    let curve = |power: f64| rates.iter().map(|rate| rate.powf(power)).collect::<Vec<_>>();
    RocCurveChart::new("Which model ranks better")
        .curve("feature extraction", &rates, &curve(0.4))
        .unwrap()
        .curve("last two layers", &rates, &curve(0.2))
        .unwrap()
        .curve("full fine-tuning", &[0.0, 0.0, 0.05, 0.2, 1.0], &[0.0, 0.7, 0.9, 1.0, 1.0])
        .unwrap()
}

fn precision_recall() -> PrecisionRecallChart {
    let recall: Vec<f64> = (0..=20).rev().map(|step| f64::from(step) / 20.0).collect();
    let precision = |power: i32| recall.iter().map(|recall| 1.0 - 0.8 * recall.powi(power)).collect::<Vec<_>>();
    PrecisionRecallChart::new("The rare class")
        .curve("feature extraction", &recall, &precision(2))
        .unwrap()
        .curve("full fine-tuning", &recall, &precision(6))
        .unwrap()
        .prevalence(0.2)
        .unwrap()
}

fn reliability() -> ReliabilityChart {
    let confidence = [0.35, 0.46, 0.55, 0.66, 0.74, 0.86, 0.97];
    let accuracy = [0.3, 0.37, 0.5, 0.52, 0.61, 0.7, 0.84];
    ReliabilityChart::new("How sure, how right", &confidence, &accuracy, &[4, 9, 15, 22, 31, 60, 180]).unwrap()
}

fn latency() -> LatencyChart {
    [1, 2, 4, 8, 16, 32, 64].into_iter().fold(LatencyChart::new("Latency on a laptop"), |chart, batch_size| {
        let time = 4.0 + 3.1 * batch_size as f64;
        chart.batch(batch_size, time, 1.1 * time + 2.0, 1.3 * time + 5.0).unwrap()
    })
}

fn gradient_norms() -> GradientNormChart {
    let layers = ["embeddings", "layer 1", "layer 2", "layer 3", "layer 4", "pooling", "head"];
    let nan = Some(f64::NAN);
    GradientNormChart::new("Gradients of the first steps", &layers)
        .step("step 1", &[None, None, Some(0.0), Some(0.004), Some(0.02), Some(0.3), Some(1.4)])
        .unwrap()
        .step("step 10", &[None, Some(0.0004), Some(0.0011), Some(0.002), Some(0.013), Some(0.2), Some(0.6)])
        .unwrap()
        .step("step 100", &[None, None, Some(0.0003), Some(0.0012), Some(0.04), nan, Some(f64::INFINITY)])
        .unwrap()
}

fn class_balance() -> ClassBalanceChart {
    ClassBalanceChart::new("Items of each class", &QUEUES)
        .split("training", &[1240, 870, 640, 410, 220, 96, 31, 1])
        .unwrap()
        .split("validation", &[155, 109, 80, 51, 27, 12, 4, 0])
        .unwrap()
        .split("test", &[156, 108, 81, 52, 28, 12, 4, 1])
        .unwrap()
}

/// A grid of two parameters with a random third one.
fn sweep() -> SweepChart {
    let (mut rates, mut batches, mut decays, mut scores) = (vec![], vec![], vec![], vec![]);
    for trial in 0..15 {
        let (rate, batch) = (f64::from(trial % 5), f64::from(trial / 5));
        rates.push(1e-5 * 10f64.powf(rate / 2.0));
        batches.push(8.0 * 2f64.powf(batch));
        decays.push(1e-4 * 10f64.powf(f64::from(trial * 7 % 15) / 5.0));
        scores.push(if trial == 4 { f64::NAN } else { 0.93 - 0.05 * (rate - 2.0).powi(2) - 0.03 * batch });
    }
    SweepChart::new("Full fine-tuning", "validation accuracy", &scores)
        .percent()
        .log_parameter("learning rate", &rates)
        .unwrap()
        .parameter("batch size", &batches)
        .unwrap()
        .log_parameter("weight decay", &decays)
        .unwrap()
}

fn sweep_of_one() -> SweepChart {
    let rates: Vec<f64> = (0..9).map(|step| 1e-6 * 10f64.powf(f64::from(step) / 2.0)).collect();
    let losses: Vec<f64> = (0..9).map(|step| 0.4 + 0.06 * f64::from(step - 5).powi(2)).collect();
    SweepChart::new("One parameter", "validation loss", &losses)
        .lower_is_better()
        .log_parameter("learning rate", &rates)
        .unwrap()
}

fn strategies() -> StrategyComparison {
    StrategyComparison::new("What accuracy costs", "training time (s)", "accuracy on the test data")
        .strategy("feature extraction", 3.1, 0.81)
        .strategy_with_error("last two layers", 34.0, 0.885, 0.02)
        .strategy_with_error("LoRA, rank 8", 61.0, 0.915, 0.012)
        .strategy_with_error("full fine-tuning", 88.0, 0.93, 0.008)
        .strategy("BitFit", 58.0, 0.905)
}

fn lengths() -> LengthHistogram {
    let lengths: Vec<usize> =
        (0..2000).map(|text: usize| 6 + (text * 37 % 41) + (text * 101 % 97).pow(2) / 80).collect();
    LengthHistogram::new("Lengths of the training texts", "tokens", &lengths).limit(96).unwrap()
}

fn contact_sheet() -> ContactSheet {
    let image = |seed: usize| -> Vec<u8> { (0..3 * 28 * 28).map(|at| (at * (seed + 3) % 251) as u8).collect() };
    QUEUES.iter().enumerate().fold(ContactSheet::new("Examples of each class", 3, 28, 28), |sheet, (class, name)| {
        let images: Vec<Vec<u8>> = (0..8 - class).map(|place| image(9 * class + place)).collect();
        sheet.row(*name, &images.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
    })
}

fn embedding_map() -> EmbeddingMap {
    let vectors: Vec<Vec<f32>> = (0..320)
        .map(|row: usize| {
            let noise = |at: usize| ((row * 37 + at * 101) % 97) as f32 / 97.0 + ((row * at * 13) % 89) as f32 / 89.0;
            (0..16).map(|at| noise(at + 1) + if at == row % 8 { 1.6 } else { 0.0 } + (row % 8) as f32 * 0.1).collect()
        })
        .collect();
    let labels: Vec<usize> = (0..320).map(|row| row % 8).collect();
    EmbeddingMap::new("Sentence vectors of the test data", &vectors, &labels, &names(&QUEUES)).unwrap()
}

fn drift() -> DriftChart {
    let indices = [0.31, 0.02, 0.11, 0.249, 0.0, 0.04, 0.74, 0.08];
    QUEUES.iter().zip(indices).fold(DriftChart::new("January against June"), |chart, (name, index)| {
        chart.feature(format!("share of {name}"), index).unwrap()
    })
}

fn distribution() -> DistributionChart {
    let bins = ["under 5", "5 to 10", "10 to 15", "15 to 20", "20 to 30", "30 to 50", "50 and more"];
    DistributionChart::new("Length of the tickets", "words", &bins)
        .set("January (reference)", &[40, 190, 260, 210, 150, 90, 60])
        .unwrap()
        .set("June", &[12, 40, 110, 160, 240, 260, 178])
        .unwrap()
}

/// A text of an SVG and the rectangle it fills.
type TextBox = (String, [f64; 4]);

/// All texts of an SVG as plotters writes it, measured with the embedded font.
fn text_boxes(svg: &str) -> Vec<TextBox> {
    let attribute = |tag: &str, name: &str| {
        tag.split_once(&format!(" {name}=\""))
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(value, _)| value.to_string())
    };
    let number =
        |tag: &str, name: &str| attribute(tag, name).and_then(|value| value.parse::<f64>().ok()).unwrap_or(0.0);
    let mut boxes = Vec::new();
    for text in svg.split("<text").skip(1) {
        let (tag, rest) = text.split_once('>').unwrap();
        let content = rest.split("</text>").next().unwrap().trim().replace("&quot;", "\"").replace("&amp;", "&");
        let size = number(tag, "font-size");
        let width = f64::from(text::width(&content, size, tag.contains("bold"))) / 1.08;
        let (x, y) = (number(tag, "x"), number(tag, "y"));
        let left = match attribute(tag, "text-anchor").as_deref() {
            Some("middle") => -width / 2.0,
            Some("end") => -width,
            _ => 0.0,
        };
        // Most letters reach from the base line 0.72 em up; a centred text has its middle at the point.
        let top = if tag.contains("0.76em") { 0.04 * size } else { -0.36 * size };
        let (right, bottom) = (left + width, top + 0.72 * size);
        boxes.push((
            content,
            if tag.contains("rotate") {
                [x + top, y - right, x + bottom, y - left]
            } else {
                [x + left, y + top, x + right, y + bottom]
            },
        ));
    }
    boxes
}

/// Fails, with the texts, when one leaves the card or touches another.
fn check_texts(svg: &str, (width, height): (u32, u32)) {
    let boxes = text_boxes(svg);
    assert!(!boxes.is_empty());
    for (index, (text, [left, top, right, bottom])) in boxes.iter().enumerate() {
        let inside = *left >= 0.0 && *top >= 0.0 && *right <= f64::from(width) && *bottom <= f64::from(height);
        assert!(inside, "{text:?} at {left},{top} to {right},{bottom} leaves {width} x {height}");
        for (other, [from, above, to, below]) in &boxes[..index] {
            let apart = right <= from || left >= to || bottom <= above || top >= below;
            assert!(apart, "{text:?} touches {other:?} in a chart of {width} x {height}");
        }
    }
}

const LONG: &str =
    "a name so long that no chart of any sensible width could ever hold it in one of its lines without a cut";

#[test]
fn texts_stay_inside_and_apart() {
    for size in [(340, 280), (680, 400), (1200, 600)] {
        let long = finder().with_title(LONG).suggestion(LONG, 1e-6).unwrap().suggestion("end", 1.0).unwrap();
        let many = (0..9).fold(schedules(), |chart, index| {
            chart.schedule(format!("{LONG} {index}"), vec![f64::from(index) * 1e-5; 50]).unwrap()
        });
        let crowd = (0..12).fold(strategies(), |chart, index| {
            chart.strategy(format!("{LONG} {index}"), 60.0 + f64::from(index % 3), 0.9)
        });
        for svg in [
            curves().with_size(size.0, size.1).to_svg(),
            curves().with_title(LONG).with_size(size.0, 2 * size.1).to_svg(),
            bars().with_size(size.0, size.1).to_svg(),
            BarChart::new(LONG, LONG).bar(LONG, 1e300).bar(LONG, -1e-300).with_size(size.0, size.1).to_svg(),
            heat_map().with_size(size.0, size.1 + 100).to_svg(),
            ConfusionHeatMap::new(&[vec![u64::MAX, 0], vec![7, 1]], &names(&[LONG, "b"]))
                .unwrap()
                .with_size(size.0, size.1 + 60)
                .to_svg(),
            layers().with_size(size.0, size.1).to_svg(),
            LayerDiagram::new(LONG)
                .stack(LONG, vec![LayerBlock::new(LONG, usize::MAX, true), LayerBlock::new("head", 1, false)])
                .with_size(size.0, size.1)
                .to_svg(),
            lines().with_size(size.0, size.1).to_svg(),
            LineChart::new(LONG, LONG, LONG)
                .series(LONG, vec![(1e-300, -1e300), (1e300, 1e300)])
                .with_size(size.0, size.1)
                .to_svg(),
            contact_sheet().with_size(size.0, size.1).to_svg(),
            embedding_map().with_size(size.0, size.1 + 60).to_svg(),
            EmbeddingMap::new(
                LONG,
                &[vec![1e30, 0.0], vec![-1e30, 1.0], vec![0.0, 2.0]],
                &[0, 1, 1],
                &names(&[LONG, "b"]),
            )
            .unwrap()
            .with_size(size.0, size.1)
            .to_svg(),
            drift().with_size(size.0, size.1).to_svg(),
            DriftChart::new(LONG).feature(LONG, 1e300).unwrap().with_size(size.0, size.1).to_svg(),
            DriftChart::new(LONG).feature("stable", 0.0).unwrap().with_size(size.0, size.1).to_svg(),
            distribution().with_size(size.0, size.1).to_svg(),
            DistributionChart::new(LONG, LONG, &[LONG; 40])
                .set(LONG, &[7; 40])
                .unwrap()
                .with_size(size.0, 300)
                .to_svg(),
            (0..20)
                .fold(ContactSheet::new(LONG, 1, 1, 1), |sheet, _| sheet.row(LONG, &[&[0], &[9]]).unwrap())
                .with_size(size.0, size.1)
                .to_svg(),
            lengths().with_size(size.0, size.1).to_svg(),
            LengthHistogram::new(LONG, LONG, &[usize::MAX, 0]).limit(1).unwrap().with_size(size.0, size.1).to_svg(),
            strategies().with_size(size.0, size.1).to_svg(),
            crowd.with_size(size.0, size.1 + 330).to_svg(),
            finder().with_size(size.0, size.1).to_svg(),
            long.with_size(size.0, size.1 + 60).to_svg(),
            schedules().with_size(size.0, size.1).to_svg(),
            many.with_size(size.0, size.1 + 200).to_svg(),
            roc().curve(LONG, &[0.0, 1.0], &[0.0, 1.0]).unwrap().with_size(size.0, size.1).to_svg(),
            precision_recall().with_size(size.0, size.1).to_svg(),
            reliability().with_size(size.0, size.1).to_svg(),
            latency().with_size(size.0, size.1).to_svg(),
            gradient_norms().with_size(size.0, size.1).to_svg(),
            GradientNormChart::new(LONG, &[LONG; 60]).step(LONG, &[None; 60]).unwrap().with_size(size.0, 800).to_svg(),
            class_balance().with_size(size.0, size.1).to_svg(),
            sweep_of_one().with_size(size.0, size.1).to_svg(),
            sweep().with_size(size.0, 3 * size.1).to_svg(),
            SweepChart::new(LONG, LONG, &[1e300, -1e300, 1e-300])
                .parameter(LONG, &[1e300, -1e300, 0.0])
                .unwrap()
                .log_parameter(LONG, &[1e300, 1e-300, 1.0])
                .unwrap()
                .with_size(size.0, 700)
                .to_svg(),
            class_balance().with_size(size.0, 700).to_svg(),
            ClassBalanceChart::new(LONG, &[LONG]).split(LONG, &[usize::MAX]).unwrap().with_size(size.0, 300).to_svg(),
        ] {
            let svg = svg.unwrap();
            let height = svg.split_once("height=\"").unwrap().1.split_once('"').unwrap().0.parse().unwrap();
            check_texts(&svg, (size.0, height));
        }
    }
}

#[test]
fn the_text_check_can_fail() {
    let text = |x: u32| {
        format!("<text x=\"{x}\" y=\"20\" dy=\"0.5ex\" text-anchor=\"start\" font-size=\"12\">\nword\n</text>")
    };
    let fails = |svg: String| std::panic::catch_unwind(|| check_texts(&svg, (100, 40))).is_err();
    assert!(!fails(text(10) + &text(50)));
    assert!(fails(text(10) + &text(20)) && fails(text(90)));
}

#[test]
fn learning_rate_charts_take_extreme_values() {
    for (rate, loss) in [(1e-300, 1e300), (1e300, -1e300), (1e-3, 0.0), (1e-3, f64::NAN), (1e-3, f64::INFINITY)] {
        for count in [1, 3] {
            let chart = LearningRateFinderChart::new(&vec![rate; count], &vec![loss; count]).unwrap();
            let svg = chart.smoothed(&vec![loss; count]).unwrap().suggestion("only", rate).unwrap().to_svg().unwrap();
            check_texts(&svg, (680, 400));
        }
        let svg = ScheduleChart::new("").schedule("one", vec![rate]).unwrap().to_svg().unwrap();
        check_texts(&svg, (680, 340));
    }
}

#[test]
fn every_chart_is_well_formed_svg_with_a_description() {
    for svg in [
        curves().to_svg(),
        bars().to_svg(),
        heat_map().to_svg(),
        layers().to_svg(),
        lines().to_svg(),
        finder().to_svg(),
        schedules().to_svg(),
        roc().to_svg(),
        precision_recall().to_svg(),
        reliability().to_svg(),
        latency().to_svg(),
        LatencyChart::new("one").batch(1, 0.0, f64::NAN, f64::INFINITY).unwrap().to_svg(),
        gradient_norms().to_svg(),
        class_balance().to_svg(),
        strategies().to_svg(),
        lengths().to_svg(),
        contact_sheet().to_svg(),
        embedding_map().to_svg(),
        drift().to_svg(),
        distribution().to_svg(),
        sweep().to_svg(),
        sweep_of_one().to_svg(),
    ] {
        let svg = svg.unwrap();
        assert!(svg.starts_with("<svg width=") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(svg.contains("role=\"img\" aria-label=\"") && svg.contains("<title>") && svg.contains("<desc>"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(svg.contains("font-family=\"Roboto,Arial") && !svg.contains("font-family=\"Roboto\""));
    }
}

/// Numbers of an SVG attribute, wherever it occurs.
fn numbers(svg: &str, attribute: &str) -> Vec<f64> {
    let mark = format!(" {attribute}=\"");
    svg.split(&mark).skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
}

#[test]
fn everything_lies_on_the_card() {
    let charts = [
        ((860, 340), curves().to_svg()),
        ((420, 560), curves().with_size(420, 560).to_svg()),
        ((680, 380), lines().to_svg()),
        ((300, 220), lines().with_size(300, 220).to_svg()),
        ((700, 300), bars().with_size(700, 300).to_svg()),
        ((600, 500), heat_map().with_size(600, 500).to_svg()),
        ((300, 220), contact_sheet().with_size(300, 220).to_svg()),
        ((340, 300), embedding_map().with_size(340, 300).to_svg()),
        ((340, 300), drift().with_size(340, 300).to_svg()),
        ((340, 300), distribution().with_size(340, 300).to_svg()),
    ];
    for ((width, height), svg) in charts {
        let svg = svg.unwrap();
        for (attribute, limit) in
            [("x", width), ("x1", width), ("x2", width), ("y", height), ("y1", height), ("cx", width)]
        {
            let out: Vec<f64> = numbers(&svg, attribute)
                .into_iter()
                .filter(|place| !(0.0..=f64::from(limit)).contains(place))
                .collect();
            assert!(out.is_empty(), "{attribute} outside of 0..{limit}: {out:?}");
        }
    }
}

#[test]
fn charts_of_metrics_refuse_what_none_can_be() {
    let error = RocCurveChart::new("").curve("probe", &[0.0, 50.0], &[0.0, 1.0]).unwrap_err().to_string();
    assert!(error.contains("curve \"probe\": 50 is not from 0 to 1"), "{error}");
    let error = PrecisionRecallChart::new("").curve("probe", &[0.0], &[]).unwrap_err().to_string();
    assert!(error.contains("1 values for one axis, 0 for the other"), "{error}");
    assert!(PrecisionRecallChart::new("").prevalence(f64::NAN).is_err());
    let error = ReliabilityChart::new("", &[0.5], &[0.5], &[]).unwrap_err().to_string();
    assert!(error.contains("0 counts for 1 bins"), "{error}");
    assert!(LatencyChart::new("").batch(0, 1.0, 1.0, 1.0).unwrap_err().to_string().contains("batch size: 0"));
    let error = LatencyChart::new("").batch(8, 1.0, 1.0, -1.0).unwrap_err().to_string();
    assert!(error.contains("batch size 8: -1 ms"), "{error}");
    // A class that never occurs has no rates.
    let never = RocCurveChart::new("").curve("never", &[0.0, 1.0], &[f64::NAN; 2]).unwrap().to_svg().unwrap();
    assert!(never.contains("never: no area"));
}

#[test]
fn text_is_escaped() {
    let svg = BarChart::new("a < b & \"c\"", "<u>").bar("<script>", 1.0).to_svg().unwrap();
    assert!(!svg.contains("<script>") && !svg.contains("<u>"));
    assert!(svg.contains("a &lt; b &amp; &quot;c&quot;"));
}

#[test]
fn characters_that_xml_forbids_are_replaced() {
    let svg = BarChart::new("a\u{1e}b", "").bar("c\u{0}d", 1.0).to_svg().unwrap();
    assert!(svg.contains("a\u{fffd}b") && svg.contains("c\u{fffd}d"));
    assert!(!svg.contains(['\u{1e}', '\u{0}']));
}

#[test]
fn without_data_charts_say_so() {
    let empty = [
        LearningCurves::new(0).to_svg(),
        BarChart::new("", "").to_svg(),
        ConfusionHeatMap::new(&[], &[]).unwrap().to_svg(),
        LayerDiagram::new("").to_svg(),
        LearningRateFinderChart::new(&[], &[]).unwrap().to_svg(),
        ScheduleChart::new("").to_svg(),
        ScheduleChart::new("").schedule("empty", vec![]).unwrap().to_svg(),
        RocCurveChart::new("").to_svg(),
        PrecisionRecallChart::new("").to_svg(),
        ReliabilityChart::new("", &[], &[], &[]).unwrap().to_svg(),
        LatencyChart::new("").to_svg(),
        ReliabilityChart::new("", &[f64::NAN], &[f64::NAN], &[0]).unwrap().to_svg(),
        GradientNormChart::new("", &["head"]).to_svg(),
        GradientNormChart::new("", &[""; 0]).step("empty", &[]).unwrap().to_svg(),
        ClassBalanceChart::new("", &["cat"]).to_svg(),
        StrategyComparison::new("", "", "").to_svg(),
        LengthHistogram::new("", "", &[]).to_svg(),
        DriftChart::new("").to_svg(),
        DistributionChart::new("", "", &["a"]).to_svg(),
        DistributionChart::new("", "", &[""; 0]).to_svg(),
        ContactSheet::new("", 1, 28, 28).to_svg(),
        ContactSheet::new("", 1, 28, 28).row("none", &[]).unwrap().to_svg(),
        SweepChart::new("", "", &[]).to_svg(),
        SweepChart::new("", "", &[0.5]).to_svg(),
        SweepChart::new("", "", &[f64::NAN]).parameter("epochs", &[3.0]).unwrap().to_svg(),
        LineChart::new("", "", "").to_svg(),
        LineChart::new("", "", "").series("x", vec![]).log_x().to_svg(),
    ];
    for svg in empty {
        assert!(svg.unwrap().contains("no data yet"));
    }
}

#[test]
fn odd_numbers_leave_gaps_and_do_not_panic() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, -1e300, 1e-300, 5.0];
    let mut curves = LearningCurves::new(3);
    for value in odd {
        curves.push_epoch(value, value, value);
        curves.push_batch(value, value);
    }
    let mut with_metric = LearningCurves::new(3).with_metric("val_r2").loss_only("squared error");
    for value in odd {
        with_metric.push_metric(value);
    }
    let _ = with_metric.to_svg();
    curves.set_best_epoch(99);
    // 1e300 batches or epochs cannot be drawn; an error is fine, a panic is not.
    let _ = curves.to_svg();
    let mut bars = BarChart::new("odd", "value");
    let mut points = Vec::new();
    for value in odd {
        bars = bars.bar("x", value).bar_with_error("y", 1.0, value);
        points.push((value, value));
    }
    let _ = bars.to_svg();
    let _ = LineChart::new("odd", "x", "y").series("s", points.clone()).to_svg();
    let log = LineChart::new("odd", "x", "y").series("s", points).log_x().to_svg();
    assert!(log.unwrap_err().to_string().contains("no place on a logarithmic axis"));
    let same = LineChart::new("flat", "x", "y").series("s", vec![(1.0, 2.0), (1.0, 2.0)]).to_svg();
    assert!(same.is_ok());
}

#[test]
fn axes_hold_still_while_training_runs() {
    let ticks = |svg: &str| {
        let start = svg.find("epoch").unwrap();
        assert!(start > 0);
        svg.split("font-size=\"12\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('>')?.1.split('\n').nth(1).map(str::to_string))
            .collect::<Vec<_>>()
    };
    let mut curves = LearningCurves::new(10);
    curves.push_epoch(2.0, 1.9, 0.3);
    let first = ticks(&curves.to_svg().unwrap());
    for epoch in 2..=10 {
        curves.push_epoch(2.0 / f64::from(epoch), 1.9 / f64::from(epoch), 0.3 + 0.06 * f64::from(epoch));
    }
    assert_eq!(first, ticks(&curves.to_svg().unwrap()));
    assert!(first.contains(&"10".to_string()) && first.contains(&"100 %".to_string()), "{first:?}");
    assert!(!first.iter().any(|label| label == "0.25"), "{first:?}");
}

#[test]
fn files_are_saved_by_their_ending() {
    let folder = tempfile::tempdir().unwrap();
    let chart = bars();
    chart.save(folder.path().join("chart.SVG")).unwrap();
    chart.save(folder.path().join("chart.png")).unwrap();
    let png = std::fs::read(folder.path().join("chart.png")).unwrap();
    assert_eq!(&png[1..4], b"PNG");
    // The header holds the size: two pixels for one unit.
    assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 2 * 680);

    let error = chart.save(folder.path().join("chart.pdf")).unwrap_err().to_string();
    assert!(error.contains("chart.pdf") && error.contains(".svg or .png"), "{error}");
    let error = chart.save(folder.path().join("missing/chart.png")).unwrap_err().to_string();
    assert!(error.contains("missing/chart.png"), "{error}");
}

#[test]
fn a_chart_that_cannot_be_drawn_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.png");
    let bad = LineChart::new("bad", "x", "y").series("s", vec![(0.0, 1.0)]).log_x();
    assert!(bad.save(&path).is_err());
    assert!(!path.exists());
    assert!(bars().with_size(10, 10).save(&path).unwrap_err().to_string().contains("10 x 10"));
}

#[test]
fn png_text_is_drawn_with_the_embedded_font() {
    let folder = tempfile::tempdir().unwrap();
    let size = |title: &str| {
        let path = folder.path().join("chart.png");
        BarChart::new(title, "").save(&path).unwrap();
        std::fs::metadata(path).unwrap().len()
    };
    assert!(size("A title of some length") > size("") + 200);
}

/// Both formats of every chart, odd sizes included. To look at them:
/// `TUNEBOOK_CHART_SAMPLES=folder cargo test --release -p tunebook chart_samples`.
#[test]
fn chart_samples() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("TUNEBOOK_CHART_SAMPLES")
        .map_or_else(|| temporary.path().to_path_buf(), std::path::PathBuf::from);
    for ending in ["png", "svg"] {
        let path = |name: &str| folder.join(format!("{name}.{ending}"));
        curves().save(path("curves")).unwrap();
        curves().with_title("Full fine-tuning").with_size(420, 560).save(path("curves-narrow")).unwrap();
        LearningCurves::new(10).save(path("curves-empty")).unwrap();
        bars().save(path("bars")).unwrap();
        BarChart::new("Signed", "change in points")
            .bar("down", -3.2)
            .bar("up", 12.25)
            .save(path("bars-signed"))
            .unwrap();
        heat_map().save(path("heat")).unwrap();
        let long = names(&["a rather long class name", "another class whose name is far too long", "c"]);
        ConfusionHeatMap::new(&[vec![120, 3, 0], vec![7, 99, 1], vec![0, 0, 0]], &long)
            .unwrap()
            .save(path("heat-long"))
            .unwrap();
        layers().save(path("layers")).unwrap();
        lines().save(path("lines")).unwrap();
        finder().save(path("finder")).unwrap();
        finder().with_size(340, 280).save(path("finder-small")).unwrap();
        schedules().save(path("schedules")).unwrap();
        roc().save(path("roc")).unwrap();
        roc().with_size(300, 300).save(path("roc-small")).unwrap();
        precision_recall().save(path("precision-recall")).unwrap();
        reliability().save(path("reliability")).unwrap();
        latency().save(path("latency")).unwrap();
        gradient_norms().save(path("gradient-norms")).unwrap();
        gradient_norms().with_size(340, 300).save(path("gradient-norms-small")).unwrap();
        class_balance().save(path("class-balance")).unwrap();
        strategies().save(path("strategies")).unwrap();
        lengths().save(path("lengths")).unwrap();
        contact_sheet().save(path("contact-sheet")).unwrap();
        embedding_map().save(path("embedding-map")).unwrap();
        embedding_map().with_size(340, 300).save(path("embedding-map-small")).unwrap();
        drift().save(path("drift")).unwrap();
        drift().with_size(340, 300).save(path("drift-small")).unwrap();
        distribution().save(path("distribution")).unwrap();
        distribution().with_size(340, 300).save(path("distribution-small")).unwrap();
        (0..12)
            .fold(strategies(), |chart, index| chart.strategy(format!("seed {index} of the same"), 60.0, 0.9))
            .with_size(420, 460)
            .save(path("strategies-crowd"))
            .unwrap();
        sweep().save(path("sweep")).unwrap();
        sweep_of_one().save(path("sweep-of-one")).unwrap();
        class_balance().with_size(340, 640).save(path("class-balance-small")).unwrap();
        schedules().schedule(LONG, vec![2e-5; 3]).unwrap().with_size(340, 300).save(path("schedules-small")).unwrap();
        lines().with_size(300, 220).save(path("lines-small")).unwrap();
    }
}
