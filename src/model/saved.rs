//! A folder with a model, whatever kind it is of.

use std::path::Path;

use candle_core::Device;
use serde_json::Value;

use super::{
    ImageClassifier, MultiLabelClassifier, Pretrained, TabularClassifier, TabularRegressor, TextClassifier,
    TextRegressor, tabular,
};
use crate::{Error, Result};

/// A model that one of the `save` methods wrote, or one of transformers or timm with a head, by what its `config.json` says it is
/// for.
///
/// ```
/// use tunebook::model::{Pretrained, SavedModel, TextClassifier};
/// let labels = vec!["billing".to_owned(), "storage".to_owned()];
/// let folder = std::env::temp_dir().join(format!("tunebook-saved-{}", std::process::id()));
/// TextClassifier::from_pretrained(Pretrained::embedded(), labels)?.save(&folder)?;
/// match SavedModel::load(&folder)? {
///     SavedModel::TextClassifier(model) => println!("{}", model.predict(&["My disk is full"])?),
///     other => println!("a {}", other.kind()),
/// }
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum SavedModel {
    /// Texts to one of several labels.
    TextClassifier(TextClassifier),
    /// Texts to any number of labels.
    MultiLabelClassifier(MultiLabelClassifier),
    /// Texts to a number.
    TextRegressor(TextRegressor),
    /// Rows of a table to one of several labels.
    TabularClassifier(TabularClassifier),
    /// Rows of a table to a number.
    TabularRegressor(TabularRegressor),
    /// Images to one of several labels.
    ImageClassifier(ImageClassifier),
}

impl SavedModel {
    /// Loads the model in this folder.
    ///
    /// # Errors
    /// When there is no model, and those of the kind of model that it is.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::load_on(folder, &Device::Cpu)
    }

    /// The same on a device of [`super::device()`].
    pub fn load_on(folder: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let folder = folder.as_ref();
        let path = folder.join("config.json");
        let mend = "give a folder that holds a saved model";
        if !folder.is_dir() {
            return Err(Error::input(folder.display(), "there is no such folder", mend));
        }
        let text = std::fs::read_to_string(&path).map_err(|e| Error::input(path.display(), e, mend))?;
        let config: Value = serde_json::from_str(&text).map_err(|e| Error::input(path.display(), e, mend))?;
        let source = || Pretrained::folder(folder).device(device);
        let said = |key: &str| config[key].as_str().unwrap_or_default();
        // timm's key; transformers has a list of `architectures`.
        if !said("architecture").is_empty() {
            return Ok(Self::ImageClassifier(ImageClassifier::from_finetuned(source())?));
        }
        Ok(match (said("model_type"), said("problem_type")) {
            (tabular::CLASSIFIER, _) => Self::TabularClassifier(TabularClassifier::load_on(folder, device)?),
            (tabular::REGRESSOR, _) => Self::TabularRegressor(TabularRegressor::load_on(folder, device)?),
            (_, "regression") => Self::TextRegressor(TextRegressor::from_finetuned(source())?),
            (_, "multi_label_classification") => {
                Self::MultiLabelClassifier(MultiLabelClassifier::from_finetuned(source())?)
            }
            _ => Self::TextClassifier(TextClassifier::from_finetuned(source())?),
        })
    }

    /// What it is, for a reader: `text classifier`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TextClassifier(_) => "text classifier",
            Self::MultiLabelClassifier(_) => "multi-label text classifier",
            Self::TextRegressor(_) => "text regressor",
            Self::TabularClassifier(_) => "table classifier",
            Self::TabularRegressor(_) => "table regressor",
            Self::ImageClassifier(_) => "image classifier",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SavedModel;
    use crate::data::{ImageShape, Normalization, Preprocessor, TableColumn, TabularDataset};
    use crate::model::fixture::{tiny, tiny_folder};
    use crate::model::{
        ImageClassifier, MultiLabelClassifier, SmallCnn, SmallCnnConfig, TabularClassifier, TabularRegressor,
        TextClassifier, TextRegressor,
    };

    #[test]
    fn each_kind_of_model_is_known_by_its_folder() {
        let dir = tiny_folder();
        let labels = || vec!["a".to_owned(), "b".to_owned()];
        let numbers = |scale: f64| (0..20).map(|n| Some(f64::from(n) * scale)).collect();
        let columns = vec![TableColumn::numeric("x", numbers(1.0)), TableColumn::numeric("y", numbers(2.0))];
        let rows = TabularDataset::new("rows", columns).unwrap().target_column("y").unwrap();
        let preprocessor = Preprocessor::new().fit(&rows).unwrap();
        let out = tempfile::tempdir().unwrap();
        let at = |name: &str| out.path().join(name);
        TextClassifier::from_pretrained(tiny(&dir), labels()).unwrap().save(at("text classifier")).unwrap();
        let several = MultiLabelClassifier::from_pretrained(tiny(&dir), labels()).unwrap();
        several.save(at("multi-label text classifier")).unwrap();
        TextRegressor::from_pretrained(tiny(&dir)).unwrap().save(at("text regressor")).unwrap();
        let table = TabularClassifier::new(&preprocessor, labels(), &[4], 1).unwrap();
        table.save(at("table classifier")).unwrap();
        TabularRegressor::new(&preprocessor, &rows, &[4], 1).unwrap().save(at("table regressor")).unwrap();
        let network = SmallCnn::new(SmallCnnConfig::new(1, 2), 0).unwrap();
        let grey = Normalization { mean: vec![0.0], std: vec![1.0] };
        let images = ImageClassifier::with_network(network, labels(), grey).unwrap();
        images.save(at("image classifier")).unwrap();
        for entry in std::fs::read_dir(out.path()).unwrap() {
            let path = entry.unwrap().path();
            let kind = SavedModel::load(&path).unwrap().kind();
            assert_eq!(path.file_name().unwrap(), kind);
            assert!(path.join("README.md").is_file(), "{kind}");
        }
        let shape = ImageShape { channels: 1, height: 8, width: 8 };
        let SavedModel::ImageClassifier(again) = SavedModel::load(at("image classifier")).unwrap() else { panic!() };
        let pixels: Vec<u8> = (0..64).collect();
        assert_eq!(again.predict_pixels(&pixels, shape).unwrap(), images.predict_pixels(&pixels, shape).unwrap());
        // A network that was trained elsewhere on classes without names cannot say what it sees.
        let config = at("image classifier").join("config.json");
        let text = std::fs::read_to_string(&config).unwrap().replace("label_names", "names");
        std::fs::write(&config, text).unwrap();
        let message = SavedModel::load(at("image classifier")).unwrap_err().to_string();
        assert!(message.contains("label_names does not name the 2 outputs"), "{message}");
        let message = SavedModel::load(at("nothing")).unwrap_err().to_string();
        assert!(
            message.contains("nothing: there is no such folder; give a folder that holds a saved model"),
            "{message}"
        );
        std::fs::create_dir(at("empty")).unwrap();
        assert!(SavedModel::load(at("empty")).unwrap_err().to_string().contains("empty/config.json"));
        std::fs::write(at("text regressor").join("config.json"), "{").unwrap();
        assert!(SavedModel::load(at("text regressor")).unwrap_err().to_string().contains("config.json"));
    }
}
