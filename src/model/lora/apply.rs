//! LoRA on a whole model.

use candle_core::Tensor;

use super::{LoraAdapter, LoraConfig};
use crate::model::names::NameStyle;
use crate::model::{TextClassifier, TextEncoder, TextNetwork};
use crate::{Error, Result};

impl TextClassifier {
    /// Adds LoRA's matrices beside the linear layers that `config` names. They change nothing until they have learned.
    ///
    /// ```
    /// use tunebook::model::{LoraConfig, Pretrained, TextClassifier};
    /// let labels = vec!["billing".to_owned(), "storage".to_owned()];
    /// let mut model = TextClassifier::from_pretrained(Pretrained::embedded(), labels)?;
    /// model.add_lora(&LoraConfig { rank: 4, ..LoraConfig::default() }, 42)?;
    /// assert_eq!(model.lora_adapters().len(), 2 * model.encoder().bert().config().num_hidden_layers);
    /// # Ok::<(), tunebook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the numbers are out of range, when no layer has such a name, and when the model has LoRA already.
    pub fn add_lora(&mut self, config: &LoraConfig, seed: u64) -> Result<()> {
        self.network.add_lora(config, seed)
    }

    /// The settings of the LoRA that the model has.
    pub fn lora_config(&self) -> Option<&LoraConfig> {
        self.network.lora.as_ref()
    }

    /// LoRA's matrices, each with the name of its layer.
    pub fn lora_adapters(&self) -> Vec<(&str, &LoraAdapter)> {
        self.encoder().lora_adapters()
    }

    /// Adds each product of matrices to its layer's weight: prediction costs no more than without LoRA, and gives the
    /// same to about 1e-5.
    pub fn merge_lora(&self) -> Result<()> {
        self.network.each_adapter(LoraAdapter::merge)
    }

    /// Takes them out again.
    pub fn unmerge_lora(&self) -> Result<()> {
        self.network.each_adapter(LoraAdapter::unmerge)
    }
}

impl TextNetwork {
    /// See [`TextClassifier::add_lora`].
    pub(crate) fn add_lora(&mut self, config: &LoraConfig, seed: u64) -> Result<()> {
        config.check()?;
        if self.lora.is_some() {
            return Err(Error::input(
                "add_lora",
                "the model has LoRA already",
                "make a new model, or merge_lora and save it and start from there",
            ));
        }
        let style = NameStyle(self.encoder.bert.config().model_type);
        let targets =
            |config: &LoraConfig, layer: &str| config.targets(layer) || config.targets(&style.bare_layer(layer));
        let linears = self.encoder.bert.linears_mut();
        let unknown = config.target_modules.iter().find(|target| {
            let one = LoraConfig { target_modules: vec![(*target).clone()], ..config.clone() };
            !linears.iter().any(|linear| targets(&one, linear.name()))
        });
        if let Some(target) = unknown {
            let mut words: Vec<String> = linears.iter().map(|l| part_of_layer(&style.bare_layer(l.name()))).collect();
            words.sort();
            words.dedup();
            return Err(Error::input(
                "LoraConfig::target_modules",
                format!("no linear layer is called {target:?}"),
                format!("the layers are: {}; or all-linear", words.join(", ")),
            ));
        }
        let mut added = Vec::new();
        for linear in linears.into_iter().filter(|linear| targets(config, linear.name())) {
            let weight = linear.weight().var();
            let adapter = LoraAdapter::new(linear.name(), weight.dims2()?, config, seed, weight.device())?;
            added.extend(adapter.parameters().map(Clone::clone));
            linear.set_adapter(adapter);
        }
        for parameter in added {
            self.store.insert(parameter);
        }
        self.encoder.set_store(self.store.clone());
        self.lora = Some(config.clone());
        Ok(())
    }

    fn each_adapter(&self, act: impl Fn(&LoraAdapter, &crate::model::Parameter) -> Result<()>) -> Result<()> {
        for linear in self.encoder.bert.linears() {
            if let Some(adapter) = linear.adapter() {
                act(adapter, linear.weight())?;
            }
        }
        Ok(())
    }
}

impl TextEncoder {
    /// LoRA's matrices, each with the name of its layer.
    pub(super) fn lora_adapters(&self) -> Vec<(&str, &LoraAdapter)> {
        let linears = self.bert.linears().into_iter();
        linears.filter_map(|linear| Some((linear.name(), linear.adapter()?))).collect()
    }

    /// Every parameter as it is saved, a head's included: LoRA is in the weights, and its matrices are left out.
    pub(in crate::model) fn merged_tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let adapters: std::collections::HashMap<String, &LoraAdapter> =
            self.lora_adapters().into_iter().map(|(layer, adapter)| (format!("{layer}.weight"), adapter)).collect();
        let own = self.store().all().into_iter().filter(|p| !p.name().contains(".lora_"));
        own.map(|p| {
            let values = p.var().as_detached_tensor();
            let values = match adapters.get(p.name()) {
                Some(adapter) if !adapter.is_merged() => (values + adapter.delta()?)?,
                _ => values,
            };
            Ok((p.name().to_owned(), values))
        })
        .collect()
    }
}

/// `attention.self.query` of `encoder.layer.3.attention.self.query`, in either family's names.
pub(super) fn part_of_layer(layer: &str) -> String {
    layer.split('.').skip(3).collect::<Vec<_>>().join(".")
}
