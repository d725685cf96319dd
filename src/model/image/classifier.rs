//! Images to labels: a network, the labels, and what the network wants of pixels.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};

use super::source::ImageFiles;
use super::{ImageNetwork, ResNet, ResNetConfig, SmallCnn, SmallCnnConfig, layout, pixels};
use crate::data::{FolderImages, ImageDataset, ImageShape, Normalization};
use crate::model::classifier::check_labels;
use crate::model::{
    LearningRates, LoadReport, ModelCard, ModelSummary, ParameterStore, Pass, Prediction, Predictions, Pretrained,
};
use crate::{Error, Result};

/// Images in one forward pass of prediction.
const PREDICT_BATCH: usize = 32;

/// A classifier of images: pixels normalised, a convolutional network, a linear head.
///
/// | from | with |
/// | --- | --- |
/// | the small network inside the library, for grey images | [`ImageClassifier::from_pretrained`] with [`Pretrained::embedded`] |
/// | a pretrained model of timm or torchvision | [`ImageClassifier::from_pretrained`], a fresh head for your labels |
/// | one that has your labels already | [`ImageClassifier::from_finetuned`], [`ImageClassifier::load`] |
/// | nothing, small images | [`ImageClassifier::small`] |
/// | nothing, larger images | [`ImageClassifier::resnet18`] |
///
/// All methods of fine-tuning but LoRA reach it, layer by layer from the stem to the head; frozen layers keep the running
/// statistics of their batch normalisation. Images of a training set with an
/// [augmentation](ImageDataset::augmented) are changed anew at each step, by the run's seed.
///
/// ```
/// use tunebook::prelude::*;
///
/// // Bright squares on the left or on the right.
/// let image = |n: usize| (0..64).map(move |p| if (p % 8 < 4) == (n % 2 == 0) { 200 } else { (n * 7 % 40) as u8 });
/// let shape = ImageShape { channels: 1, height: 8, width: 8 };
/// let pixels = (0..60).flat_map(image).collect();
/// let labels = (0..60).map(|n| n % 2).collect();
/// let data = ImageDataset::new("squares", pixels, shape, labels, vec!["left".into(), "right".into()])?;
/// let data = data.stratified_split(42, 0.2, 0.2)?;
///
/// let model = ImageClassifier::small(&data.train, 42)?;
/// let config = TrainingConfig { epochs: 10, ..Default::default() };
/// let report = Trainer::new(model).config(config).observer(Quiet).fit(&data.train, &data.validation)?;
/// assert!(report.model().evaluate(&data.test)?.accuracy > 0.9);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageClassifier {
    network: ImageNetwork,
    labels: Vec<String>,
    normalization: Normalization,
    /// Height and width of the images that it was trained on.
    input_size: (usize, usize),
    learning_rates: LearningRates,
    pub(in crate::model) origin: Origin,
}

/// Where the weights come from.
#[derive(Clone, Debug)]
pub(in crate::model) struct Origin {
    /// What the source is called, for messages.
    pub(in crate::model) name: String,
    /// Of the weights file; none for a network with fresh weights.
    pub(in crate::model) weights_sha256: Option<String>,
    /// The whole `config.json` of the source.
    pub(in crate::model) config_json: serde_json::Value,
}

impl ImageClassifier {
    /// A pretrained network with a fresh head for these labels: the embedded one for grey images of about 28 to 64 pixels,
    /// or a folder or a model of the Hub in timm's layout, such as `timm/resnet18.a1_in1k`. The head starts from seed 42;
    /// see [`ImageClassifier::from_pretrained_seeded`].
    ///
    /// ```
    /// use tunebook::data::ChestPhantoms;
    /// use tunebook::model::{ImageClassifier, Pretrained};
    /// let data = ChestPhantoms { images: 10, ..ChestPhantoms::default() }.generate()?;
    /// let model = ImageClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
    /// println!("{}", model.summary());
    /// assert_eq!(model.predict(&data)?.len(), 10);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// For fewer than two labels or one that stands twice; when a file is missing or broken, the architecture is another
    /// than `resnet18`, `resnet34` or the crate's own `small_cnn`, or weights and configuration do not belong together.
    pub fn from_pretrained(source: Pretrained, labels: Vec<String>) -> Result<Self> {
        Self::from_pretrained_seeded(source, labels, 42)
    }

    /// The same with the head's seed given.
    pub fn from_pretrained_seeded(source: Pretrained, labels: Vec<String>, seed: u64) -> Result<Self> {
        check_labels(&labels)?;
        let files = source.image_files()?;
        let network = files.network_with_fresh_head(labels.len(), seed)?;
        Self::from_files(&files, network, labels)
    }

    /// A classifier with the head and the labels that its source brings along, to predict with or to train further.
    ///
    /// # Errors
    /// Those of [`ImageClassifier::from_pretrained`], and when the source does not name the labels (`label_names`).
    pub fn from_finetuned(source: Pretrained) -> Result<Self> {
        let files = source.image_files()?;
        let labels = files.labels()?;
        check_labels(&labels)?;
        Self::from_files(&files, files.network()?, labels)
    }

    /// A classifier that [`ImageClassifier::save`] wrote, ready to predict.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::from_finetuned(Pretrained::folder(folder))
    }

    /// The same on a device of [`device()`](crate::model::device()).
    pub fn load_on(folder: impl AsRef<Path>, device: &Device) -> Result<Self> {
        Self::from_finetuned(Pretrained::folder(folder).device(device))
    }

    /// ResNet-18 for colour images with fresh weights from `seed`, and ImageNet's normalisation.
    ///
    /// ```
    /// use tunebook::model::ImageClassifier;
    /// let model = ImageClassifier::resnet18(vec!["cat".into(), "dog".into()], 42)?;
    /// assert_eq!(model.network().architecture(), "resnet18");
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// For fewer than two labels, or one that stands twice.
    pub fn resnet18(labels: Vec<String>, seed: u64) -> Result<Self> {
        check_labels(&labels)?;
        let network = ResNet::new(ResNetConfig::resnet18(labels.len()), seed)?;
        Self::with_network(network, labels, Normalization::imagenet())
    }

    /// [`SmallCnn`] with fresh weights from `seed`, for the labels and the channels of the training images, whose
    /// normalisation it takes: for images of about 28 to 64 pixels.
    ///
    /// # Errors
    /// When the images are none, have fewer than two labels, or are too small.
    pub fn small(train: &ImageDataset, seed: u64) -> Result<Self> {
        if train.is_empty() {
            return Err(Error::input(train.name(), "has no images", "give the images that the model will learn from"));
        }
        let labels = train.label_names();
        check_labels(&labels)?;
        let network = SmallCnn::new(SmallCnnConfig::new(train.shape().channels, labels.len()), seed)?;
        network.check_shape(train.shape())?;
        let mut model = Self::with_network(network, labels, train.normalization())?;
        model.set_input_size(train.shape());
        Ok(model)
    }

    /// Any network with fresh weights: other sizes, grey images, another device. Give the normalisation of the training
    /// images, [`ImageDataset::normalization`].
    ///
    /// ```
    /// use tunebook::data::Normalization;
    /// use tunebook::model::{ImageClassifier, ResNet, ResNetConfig};
    /// let network = ResNet::new(ResNetConfig { channels: 1, ..ResNetConfig::resnet18(2) }, 42)?;
    /// let grey = Normalization { mean: vec![0.5], std: vec![0.25] };
    /// let model = ImageClassifier::with_network(network, vec!["a".into(), "b".into()], grey)?;
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When labels, channels and the network's sizes do not agree.
    pub fn with_network(
        network: impl Into<ImageNetwork>,
        labels: Vec<String>,
        normalization: Normalization,
    ) -> Result<Self> {
        let network = network.into();
        check_labels(&labels)?;
        if network.classes() != labels.len() {
            let problem = format!("has {} outputs, there are {} labels", network.classes(), labels.len());
            return Err(Error::input("the network", problem, "make it with one output for each label"));
        }
        let Normalization { mean, std } = &normalization;
        if mean.len() != network.channels() || std.len() != network.channels() {
            let problem = format!("has {} channels, the network {}", mean.len(), network.channels());
            return Err(Error::input("normalization", problem, "give that of images with the network's channels"));
        }
        let side = network.usual_side();
        Ok(Self {
            labels,
            normalization,
            input_size: (side, side),
            learning_rates: network.learning_rates(true),
            origin: Origin {
                name: network.architecture().to_owned(),
                weights_sha256: None,
                config_json: serde_json::Value::Null,
            },
            network,
        })
    }

    fn from_files(files: &ImageFiles, network: ImageNetwork, labels: Vec<String>) -> Result<Self> {
        let side = network.usual_side();
        Ok(Self {
            labels,
            normalization: files.normalization(network.channels())?,
            input_size: files.input_size()?.unwrap_or((side, side)),
            learning_rates: files.learning_rates(&network)?,
            origin: Origin {
                name: files.name.clone(),
                weights_sha256: Some(files.weights.sha256().to_owned()),
                config_json: files.config_json.clone(),
            },
            network,
        })
    }

    /// Scores before the softmax of normalised images `(batch, channels, height, width)`: `(batch, labels)`.
    pub fn logits(&self, images: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.network.forward(images, pass)
    }

    /// The most probable label of each image, with all probabilities. The labels of the data set play no part; its ids
    /// name the answers.
    ///
    /// # Errors
    /// When the network cannot take images of this shape.
    pub fn predict(&self, images: &ImageDataset) -> Result<Predictions> {
        self.network.check_shape(images.shape())?;
        let mut items = Vec::with_capacity(images.len());
        let rows: Vec<usize> = (0..images.len()).collect();
        for rows in rows.chunks(PREDICT_BATCH) {
            let logits = self.logits(&self.batch(images, rows, None)?, &Pass::evaluation())?;
            let probabilities = candle_nn::ops::softmax(&logits, 1)?.to_vec2::<f32>()?;
            items.extend(
                rows.iter().zip(probabilities).map(|(&row, probabilities)| {
                    Prediction::new(images.ids()[row].clone(), probabilities, &self.labels)
                }),
            );
        }
        Ok(Predictions::new(items, self.labels.clone()))
    }

    /// The same for raw pixels of one or more images, `(images, channels, height, width)`, 0 black to 255 white.
    ///
    /// ```
    /// use tunebook::model::ImageClassifier;
    /// use tunebook::prelude::ImageShape;
    /// let model = ImageClassifier::resnet18(vec!["cat".into(), "dog".into()], 42)?;
    /// let shape = ImageShape { channels: 3, height: 32, width: 32 };
    /// let predictions = model.predict_pixels(&vec![127; 2 * 3 * 32 * 32], shape)?;
    /// assert_eq!(predictions.len(), 2);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the bytes are no whole number of images, or the network cannot take images of this shape.
    pub fn predict_pixels(&self, pixels: &[u8], shape: ImageShape) -> Result<Predictions> {
        // No label is known, and none is looked at.
        let labels = vec![0; pixels.len() / shape.numel().max(1)];
        self.predict(&ImageDataset::new("images", pixels.to_vec(), shape, labels, self.labels.clone())?)
    }

    /// The same for PNG and JPEG files, scaled to the size of the images that the model was trained on.
    ///
    /// # Errors
    /// When a file is unreadable, broken or of another format; the message names it.
    pub fn predict_files(&self, paths: &[PathBuf]) -> Result<Predictions> {
        let images = FolderImages { size: Some(self.input_size), channels: Some(self.network.channels()) };
        self.predict(&images.read_files(paths, &self.labels)?)
    }

    /// Some images as the network reads them; with a seed, changed by the data set's augmentation.
    pub(crate) fn batch(&self, images: &ImageDataset, rows: &[usize], seed: Option<u64>) -> Result<Tensor> {
        pixels::batch(images, rows, &self.normalization, seed, self.device())
    }

    /// The network.
    pub fn network(&self) -> &ImageNetwork {
        &self.network
    }

    /// What is done to pixels before the network sees them.
    pub fn normalization(&self) -> &Normalization {
        &self.normalization
    }

    /// Height and width of the images that the model was trained on. It takes others too.
    pub fn input_size(&self) -> (usize, usize) {
        self.input_size
    }

    pub(crate) fn set_input_size(&mut self, shape: ImageShape) {
        self.input_size = (shape.height, shape.width);
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.store().device()
    }

    /// All parameters and buffers.
    pub fn store(&self) -> &ParameterStore {
        self.network.store()
    }

    /// The labels, in the order of the logits.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What was loaded, what starts fresh, and what the file had beyond them.
    pub fn load_report(&self) -> &LoadReport {
        self.network.load_report()
    }

    /// SHA-256 of the weights file that the network came from, in hexadecimal; none for fresh weights.
    ///
    /// ```
    /// use tunebook::model::{ImageClassifier, Pretrained};
    /// let model = ImageClassifier::from_finetuned(Pretrained::embedded())?;
    /// assert_eq!(model.weights_sha256().map(str::len), Some(64));
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn weights_sha256(&self) -> Option<&str> {
        self.origin.weights_sha256.as_deref()
    }

    /// What the weights come from, for messages.
    pub(crate) fn source(&self) -> &str {
        &self.origin.name
    }

    /// The learning rates that the source recommends.
    pub(crate) fn recommended_rates(&self) -> LearningRates {
        self.learning_rates
    }

    /// Layers from the stem to the head with their sizes, and which of them train.
    pub fn summary(&self) -> ModelSummary {
        let name = match self.origin.weights_sha256 {
            Some(_) => format!("{} from {}", self.network.architecture(), self.origin.name),
            None => format!("{} with fresh weights", self.network.architecture()),
        };
        let title = format!("ImageClassifier, {name}, {} labels", self.labels.len());
        let head = self.network.groups() - 1;
        ModelSummary::of_groups(self.store(), title, |parameter| {
            let group = self.network.group_of(parameter);
            let name = match group {
                0 => "stem".to_owned(),
                group if group == head => "head".to_owned(),
                group => format!("layer {group}"),
            };
            (group, name)
        })
    }

    /// Writes the model in timm's layout: `model.safetensors` with torchvision's names, `config.json` with labels and
    /// normalisation, and a `README.md`. [`ImageClassifier::load`] gives bit-equal logits.
    ///
    /// In Python, `timm.create_model("local-dir:FOLDER", pretrained=True)` reads a ResNet, and so does
    /// `torchvision.models.resnet18(num_classes=N)` with the weights file; for [`SmallCnn`] the file `small_cnn.py` lies in
    /// the folder. Each file appears whole or not at all; `config.json`, without which nothing loads, comes last.
    ///
    /// # Errors
    /// When a file cannot be written, and for a ResNet of sizes that timm has no name for.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with_card(folder, &ModelCard::new())
    }

    /// The same with data and metrics on the model's page.
    ///
    /// ```
    /// use tunebook::model::{ImageClassifier, ModelCard};
    /// let model = ImageClassifier::resnet18(vec!["cat".into(), "dog".into()], 42)?;
    /// let folder = std::env::temp_dir().join(format!("tunebook-images-doc-{}", std::process::id()));
    /// model.save_with_card(&folder, &ModelCard::new().data("600 photographs").metric("accuracy", 0.97))?;
    /// assert_eq!(ImageClassifier::load(&folder)?.labels(), ["cat", "dog"]);
    /// # std::fs::remove_dir_all(folder).unwrap();
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    pub fn save_with_card(&self, folder: impl AsRef<Path>, card: &ModelCard) -> Result<()> {
        layout::write(folder.as_ref(), self, card)
    }
}
