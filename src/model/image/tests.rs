//! The image networks: gradients, batch normalisation, folders, and what they refuse.

use candle_core::Tensor;
use serde_json::{Value, json};

use super::{ImageClassifier, ImageNetwork, ResNet, ResNetConfig, SmallCnn, SmallCnnConfig};
use crate::data::{ImageDataset, ImageShape, Normalization};
use crate::model::{ModelCard, ParameterStore, Pass, Pretrained, StoreBuilder, Weights};
use crate::ops::verify::{assert_close, assert_gradients_within, random_var, without_kernels};
use crate::train::{Gradients, cross_entropy};

fn images(count: usize, channels: usize, side: usize) -> Tensor {
    random_var(&[count, channels, side, side], 1.5, 8).as_detached_tensor()
}

fn small() -> SmallCnn {
    let config = SmallCnnConfig { widths: vec![4, 6], dropout: 0.25, ..SmallCnnConfig::new(2, 3) };
    SmallCnn::new(config, 5).unwrap()
}

fn tiny_resnet() -> ResNet {
    ResNet::new(ResNetConfig { blocks: [1, 1, 1, 2], channels: 2, classes: 3, width: 4 }, 5).unwrap()
}

fn statistics(store: &ParameterStore) -> Vec<Vec<f64>> {
    let numbers = |t: Tensor| t.to_dtype(candle_core::DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    store.buffers().iter().map(|buffer| numbers(buffer.tensor())).collect()
}

fn labels(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn gradients_of_the_whole_small_network_match_finite_differences() {
    let (network, images) = (small(), images(4, 2, 8));
    for pass in [|| Pass::training(3), Pass::gradients] {
        let loss = || {
            let logits = network.forward(&images, &pass())?;
            Ok(cross_entropy(&logits, &[0, 2, 1, 0], 0.0)?.reshape(1)?)
        };
        for parameter in network.store().all() {
            assert_gradients_within(parameter.name(), &[parameter.var()], loss, 6, 2e-3, 0.06);
        }
    }
}

/// Deeper networks have too many bends for finite differences; each operation has been compared with them.
#[test]
fn networks_of_candle_s_operations_give_the_same_outputs_and_gradients() {
    let (small, resnet) = (small(), tiny_resnet());
    let networks: [ImageNetwork; 2] = [small.into(), resnet.into()];
    for network in networks {
        for pass in [|| Pass::training(3), Pass::gradients] {
            let run = || {
                let logits = network.forward(&images(4, 2, 40), &pass()).unwrap();
                let loss = cross_entropy(&logits, &[0, 2, 1, 0], 0.0).unwrap();
                (logits, Gradients::of(&network.store().all(), &loss).unwrap())
            };
            let ((logits, own), (composed_logits, composed)) = (run(), without_kernels(run));
            assert_close("logits", &logits, &composed_logits, 1e-4);
            for parameter in own.parameters() {
                let [gradient, other] = [&own, &composed].map(|all| all.get(parameter.name()).unwrap().unwrap());
                let size = |t: &Tensor| t.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap().sqrt();
                let off = size(&(gradient - &other).unwrap()) / size(&other);
                assert!(off < 1e-3, "{} of {}: {off}", parameter.name(), network.architecture());
            }
        }
    }
}

#[test]
fn running_statistics_move_in_training_alone_and_not_where_the_layer_is_frozen() {
    let network = small();
    let store = network.store();
    assert_eq!((store.buffers().len(), store.count()), (4 * 3, 2 * 36 + 4 * 36 + 4 * 54 + 6 * 54 + 2 * 20 + 18 + 3));
    let fresh = statistics(store);
    for pass in [Pass::evaluation(), Pass::gradients()] {
        network.forward(&images(4, 2, 8), &pass).unwrap();
    }
    assert_eq!(statistics(store), fresh);

    network.forward(&images(4, 2, 8), &Pass::training(1)).unwrap();
    let moved = statistics(store);
    assert!(fresh.iter().zip(&moved).all(|(a, b)| a != b));
    assert_eq!(store.buffers()[1].name(), "blocks.0.bn1.running_mean");
    assert_eq!(store.buffers()[0].tensor().to_scalar::<i64>().unwrap(), 1);

    store.set_trainable(|name| name.starts_with("blocks.1.") || name.starts_with("fc."));
    network.forward(&images(4, 2, 8), &Pass::training(2)).unwrap();
    let now = statistics(store);
    for (buffer, (before, after)) in store.buffers().iter().zip(moved.iter().zip(&now)) {
        assert_eq!(before != after, buffer.name().starts_with("blocks.1."), "{}", buffer.name());
    }
    // All frozen: the same in training as in evaluation.
    store.set_trainable(|name| name.starts_with("fc."));
    let features = |pass: Pass| network.features(&images(4, 2, 8), &pass).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(features(Pass::training(3)), features(Pass::evaluation()));
    assert_eq!(statistics(store), now);
}

#[test]
fn statistics_are_pytorch_s_running_means() {
    let mut builder = StoreBuilder::random(0);
    let norm = super::BatchNorm2d::new(&mut builder, "bn", 1).unwrap();
    let (store, _) = builder.finish().unwrap();
    let x = Tensor::new(&[1f32, 2.0, 3.0, 6.0], &candle_core::Device::Cpu).unwrap().reshape((2, 1, 1, 2)).unwrap();
    norm.forward(&x, &Pass::training(0)).unwrap();
    let [count, mean, variance]: [Vec<f64>; 3] = statistics(&store).try_into().unwrap();
    // The batch: mean 3, unbiased variance 14/3; a tenth of the way from 0 and 1.
    assert!(
        (mean[0] - 0.3).abs() < 1e-6
            && (variance[0] - (0.9 + 0.1 * 14.0 / 3.0)).abs() < 1e-6
            && (count[0] - 1.0).abs() < 1e-9
    );
    // One number for a channel has no variance: the running statistics serve.
    let one = x.narrow(0, 0, 1).unwrap().narrow(3, 0, 1).unwrap();
    let y = norm.forward(&one, &Pass::training(0)).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!((f64::from(y[0]) - (1.0 - mean[0]) / (variance[0] + 1e-5).sqrt()).abs() < 1e-5);
    assert_eq!(statistics(&store), [count, mean, variance]);
}

/// A classifier whose running statistics are not those of a fresh one.
fn moved(model: &ImageClassifier, side: usize) {
    for step in 0..3 {
        model.logits(&images(6, model.network().channels(), side), &Pass::training(step)).unwrap();
    }
}

fn logits(model: &ImageClassifier, side: usize) -> Vec<Vec<f32>> {
    let images = images(3, model.network().channels(), side);
    model.logits(&images, &Pass::evaluation()).unwrap().to_vec2().unwrap()
}

fn grey_resnet() -> ImageClassifier {
    let network = ResNet::new(ResNetConfig { channels: 1, ..ResNetConfig::resnet18(3) }, 9).unwrap();
    let normalization = Normalization { mean: vec![0.25], std: vec![0.5] };
    ImageClassifier::with_network(network, labels(&["a", "b", "c"]), normalization).unwrap()
}

fn small_classifier() -> ImageClassifier {
    let normalization = Normalization { mean: vec![0.25, 0.5], std: vec![0.5, 0.125] };
    ImageClassifier::with_network(small(), labels(&["a", "b", "c"]), normalization).unwrap()
}

#[test]
fn a_saved_classifier_comes_back_with_bit_equal_logits_and_statistics() {
    for model in [grey_resnet(), small_classifier()] {
        let folder = tempfile::tempdir().unwrap();
        moved(&model, 16);
        let card = ModelCard::new().data("900 drawings").metric("accuracy", 0.875);
        model.save_with_card(&folder, &card).unwrap();
        let back = ImageClassifier::load(&folder).unwrap();
        assert_eq!(logits(&back, 16), logits(&model, 16));
        assert_eq!(statistics(back.store()), statistics(model.store()));
        assert_eq!((back.labels(), back.normalization()), (model.labels(), model.normalization()));
        assert_eq!(back.input_size(), model.input_size());
        assert!(back.load_report().new.is_empty() && back.load_report().unused.is_empty());
        let page = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
        for part in [
            "900 drawings",
            "| accuracy | 0.8750 |",
            "`a`, `b`, `c`",
            "Trained from fresh weights",
            "image-classification",
        ] {
            assert!(page.contains(part), "{page}");
        }
        // Trained further and saved again: the page names the hash of what it came from.
        back.save(&folder).unwrap();
        let page = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
        let sha256 = back.origin.weights_sha256.clone().unwrap();
        assert!(page.contains(&sha256) && !page.contains("base_model"), "{page}");
        assert_eq!(logits(&ImageClassifier::load(&folder).unwrap(), 16), logits(&model, 16));
    }
    let odd = ImageClassifier::with_network(
        tiny_resnet(),
        labels(&["a", "b", "c"]),
        small_classifier().normalization().clone(),
    );
    let message = odd.unwrap().save(tempfile::tempdir().unwrap()).unwrap_err().to_string();
    assert!(message.contains("no name in timm"), "{message}");
}

#[test]
fn other_labels_get_a_fresh_head_on_the_same_body() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_classifier();
    moved(&model, 16);
    model.save(&folder).unwrap();
    let other = ImageClassifier::from_pretrained(Pretrained::folder(&folder), labels(&["x", "y"])).unwrap();
    assert_eq!(other.load_report().new, ["fc.weight", "fc.bias"]);
    assert_eq!(other.load_report().unused, ["fc.bias", "fc.weight"]);
    let features = |model: &ImageClassifier| {
        model.network().features(&images(3, 2, 16), &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap()
    };
    assert_eq!(features(&other), features(&model));
    assert_eq!(other.logits(&images(3, 2, 16), &Pass::evaluation()).unwrap().dims(), [3, 2]);
    assert!(other.summary().to_string().contains("small_cnn from"), "{}", other.summary());
}

#[test]
fn the_summary_goes_from_the_stem_to_the_head() {
    let model = ImageClassifier::resnet18(labels(&["a", "b"]), 1).unwrap();
    let rows = model.summary();
    let rows: Vec<_> = rows.rows().iter().map(|row| (row.name.as_str(), row.parameters)).collect();
    assert_eq!(
        rows,
        [
            ("stem", 9_536),
            ("layer 1", 147_968),
            ("layer 2", 525_568),
            ("layer 3", 2_099_712),
            ("layer 4", 8_393_728),
            ("head", 1_026)
        ]
    );
    assert_eq!(model.layers().len(), 6);
}

/// The message of loading a folder whose `config.json` was changed.
fn message(folder: &std::path::Path, change: impl Fn(&mut Value)) -> String {
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut json: Value = serde_json::from_str(&text).unwrap();
    change(&mut json);
    std::fs::write(&path, json.to_string()).unwrap();
    let message = ImageClassifier::load(folder).unwrap_err().to_string();
    std::fs::write(&path, text).unwrap();
    message
}

#[test]
fn a_folder_that_does_not_fit_says_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    small_classifier().save(folder).unwrap();
    assert!(message(folder, |c| c["architecture"] = json!("resnet50")).contains("\"resnet50\", and only resnet18"));
    assert!(message(folder, |c| c["architecture"] = json!("resnet18")).contains("the weights file lacks"));
    assert!(message(folder, |c| c["architecture"] = Value::Null).contains("no image model in timm's layout"));
    assert!(message(folder, |c| c["network"]["widths"] = json!([4, 7])).contains("shapes differ"));
    assert!(message(folder, |c| c["network"]["widths"] = json!([4, 1_000_000_000])).contains("sizes from 1 to"));
    assert!(message(folder, |c| c["num_classes"] = json!(0)).contains("num_classes is 0"));
    assert!(message(folder, |c| c["label_names"] = json!(["a"])).contains("does not name the 3 outputs"));
    assert!(message(folder, |c| c["pretrained_cfg"]["mean"] = json!([0.5])).contains("give 2 numbers"));
    assert!(message(folder, |c| c["pretrained_cfg"]["std"] = json!([0.5, 0.0])).contains("give positive numbers"));
    assert!(message(folder, |c| c["pretrained_cfg"]["input_size"] = json!([2, 0, 8])).contains("input_size[1] is 0"));

    let load = |source: Pretrained| ImageClassifier::from_finetuned(source).unwrap_err().to_string();
    assert!(load(Pretrained::embedded().pooling(crate::model::Pooling::Cls)).contains("models of texts"));
    assert!(load(Pretrained::folder(folder).max_length(7)).contains("models of texts"));
    assert!(load(Pretrained::folder(folder.join("none"))).contains("no such folder"));
    let encoder = crate::model::fixture::tiny_folder();
    assert!(load(Pretrained::folder(encoder.path())).contains("no architecture"));
    std::fs::remove_file(folder.join("model.safetensors")).unwrap();
    assert!(load(Pretrained::folder(folder)).contains("model.safetensors: no such file"));
    std::fs::remove_file(folder.join("config.json")).unwrap();
    assert!(load(Pretrained::folder(folder)).contains("{\"architecture\": \"resnet18\"}"));
}

#[test]
fn a_residual_network_of_timm_is_read_with_the_least_that_a_folder_says() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let model = ImageClassifier::resnet18(labels(&["a", "b"]), 3).unwrap();
    model.store().save(folder.join("model.safetensors"), candle_core::DType::F32).unwrap();
    let config = |json: Value| std::fs::write(folder.join("config.json"), json.to_string()).unwrap();
    // torchvision's weights with no more than the name.
    config(json!({"architecture": "resnet18"}));
    let read = ImageClassifier::from_pretrained(Pretrained::folder(folder), labels(&["x", "y", "z"])).unwrap();
    assert_eq!((read.normalization(), read.input_size()), (&Normalization::imagenet(), (224, 224)));
    assert!(ImageClassifier::load(folder).unwrap_err().to_string().contains("label_names"));
    // timm's form, and its older one.
    config(json!({
        "architecture": "resnet18", "num_classes": 2, "label_names": {"0": "a", "1": "b"}, "global_pool": "avg",
        "pretrained_cfg": {"input_size": [3, 64, 48], "mean": [0.1, 0.2, 0.3], "std": [1.0, 2.0, 3.0]}
    }));
    let read = ImageClassifier::load(folder).unwrap();
    assert_eq!((read.input_size(), read.labels()), ((64, 48), &labels(&["a", "b"])[..]));
    assert_eq!(logits(&read, 32), logits(&model, 32));
    config(json!({
        "architecture": "resnet18", "num_classes": 2, "label_names": ["a", "b"], "input_size": [3, 64, 48],
        "mean": [0.1, 0.2, 0.3], "std": [1.0, 2.0, 3.0]
    }));
    assert_eq!(ImageClassifier::load(folder).unwrap().normalization(), read.normalization());
    // Variants are other networks.
    for (key, value) in [("model_args", json!({"stem_type": "deep"})), ("global_pool", json!("max"))] {
        let mut json = json!({"architecture": "resnet18", "num_classes": 2, "label_names": ["a", "b"]});
        json[key] = value;
        config(json);
        assert!(ImageClassifier::load(folder).unwrap_err().to_string().contains(" built here"));
    }
    let grey = json!({"architecture": "resnet18", "num_classes": 2, "label_names": ["a", "b"],
        "model_args": {"in_chans": 1}, "pretrained_cfg": {"mean": [0.5], "std": [0.5]}});
    config(grey);
    assert!(
        ImageClassifier::load(folder)
            .unwrap_err()
            .to_string()
            .contains("conv1.weight is [64, 3, 7, 7], not [64, 1, 7, 7]")
    );
}

#[test]
fn a_file_without_counters_is_read_and_one_without_statistics_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let network = small();
    network.forward(&images(4, 2, 8), &Pass::training(1)).unwrap();
    network.store().save(&path, candle_core::DType::F32).unwrap();
    let without = |part: &str| {
        let mut weights = Weights::from_file(&path).unwrap();
        for name in weights.names().into_iter().filter(|name| name.ends_with(part)) {
            weights.take(&name);
        }
        SmallCnn::build(network.config().clone(), StoreBuilder::strict(weights, 0), "weights")
    };
    let read = without("num_batches_tracked").unwrap();
    assert_eq!(read.load_report().new.len(), 4);
    let run =
        |network: &SmallCnn| network.forward(&images(4, 2, 8), &Pass::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(run(&read), run(&network));
    let message = without("bn2.running_var").unwrap_err().to_string();
    assert!(message.contains("lacks 2 that the model needs: blocks.0.bn2.running_var"), "{message}");
}

#[test]
fn images_and_sizes_that_do_not_fit_are_refused() {
    let network = small();
    let error =
        |channels, side| network.forward(&images(2, channels, side), &Pass::evaluation()).unwrap_err().to_string();
    assert!(error(1, 8).contains("[2, 1, 8, 8]") && error(1, 8).contains("(images, 2, height, width)"));
    assert!(error(2, 3).contains("2 blocks need 4 pixels"));
    assert!(tiny_resnet().forward(&images(2, 3, 8), &Pass::evaluation()).is_err());
    // A residual network takes any size, even one pixel.
    assert_eq!(tiny_resnet().forward(&images(2, 2, 1), &Pass::training(1)).unwrap().dims(), [2, 3]);
    for config in [
        SmallCnnConfig { widths: vec![], ..SmallCnnConfig::new(1, 2) },
        SmallCnnConfig { widths: vec![4, 0], ..SmallCnnConfig::new(1, 2) },
        SmallCnnConfig { dropout: 1.0, ..SmallCnnConfig::new(1, 2) },
        SmallCnnConfig::new(0, 2),
    ] {
        assert!(SmallCnn::new(config, 0).is_err());
    }
    assert!(ResNet::new(ResNetConfig { blocks: [2, 0, 2, 2], ..ResNetConfig::resnet18(2) }, 0).is_err());

    let names = || labels(&["a", "b"]);
    let message = ImageClassifier::resnet18(labels(&["a"]), 0).unwrap_err().to_string();
    assert!(message.contains("at least two"), "{message}");
    let network = || SmallCnn::new(SmallCnnConfig::new(1, 2), 0).unwrap();
    let grey = Normalization { mean: vec![0.0], std: vec![1.0] };
    let with = |labels, normalization| ImageClassifier::with_network(network(), labels, normalization);
    assert!(with(labels(&["a", "b", "c"]), grey).unwrap_err().to_string().contains("2 outputs, there are 3 labels"));
    assert!(with(names(), Normalization::imagenet()).unwrap_err().to_string().contains("has 3 channels"));

    let shape = |channels, side| ImageShape { channels, height: side, width: side };
    let data = |count: usize, shape: ImageShape, names: Vec<String>| {
        let pixels = vec![7; count * shape.numel()];
        ImageDataset::new("made", pixels, shape, vec![0; count], names).unwrap()
    };
    let small = |data: &ImageDataset| ImageClassifier::small(data, 1).unwrap_err().to_string();
    assert!(small(&data(0, shape(1, 28), names())).contains("has no images"));
    assert!(small(&data(3, shape(1, 28), labels(&["a"]))).contains("at least two"));
    assert!(small(&data(3, shape(1, 7), names())).contains("need 8 pixels"));
    let model = ImageClassifier::resnet18(names(), 1).unwrap();
    let message = model.predict(&data(3, shape(1, 28), names())).unwrap_err().to_string();
    assert!(message.contains("to_colour()"), "{message}");
    assert!(model.predict_pixels(&[0; 10], shape(3, 2)).unwrap_err().to_string().contains("12 bytes for each image"));
    assert!(model.predict(&data(0, shape(3, 28), names())).unwrap().is_empty());
}

#[test]
fn files_data_sets_and_pixels_are_predicted_alike() {
    let dir = tempfile::tempdir().unwrap();
    let shape = ImageShape { channels: 3, height: 12, width: 12 };
    let pixels: Vec<u8> = (0..shape.numel()).map(|n| (n * 37 % 251) as u8).collect();
    let planar = pixels.clone();
    let interleaved: Vec<u8> = (0..144).flat_map(|p| (0..3).map(move |c| c * 144 + p)).map(|p| planar[p]).collect();
    let path = dir.path().join("image.png");
    image::RgbImage::from_raw(12, 12, interleaved).unwrap().save(&path).unwrap();
    let mut model = ImageClassifier::resnet18(labels(&["a", "b"]), 1).unwrap();
    model.set_input_size(shape);
    let from_file = model.predict_files(std::slice::from_ref(&path)).unwrap();
    let from_pixels = model.predict_pixels(&pixels, shape).unwrap();
    assert_eq!(from_file.items()[0].probabilities, from_pixels.items()[0].probabilities);
    assert_eq!(
        (from_file.items()[0].text.as_str(), from_pixels.items()[0].text.as_str()),
        (path.to_str().unwrap(), "0")
    );
    assert!((from_file.items()[0].probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    let missing = model.predict_files(&[dir.path().join("none.png")]).unwrap_err().to_string();
    assert!(missing.contains("none.png"), "{missing}");
}
