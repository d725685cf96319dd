//! Parameter names: the Hub's files have several, the crate has one.
//!
//! The one is that of `BertModel`: `embeddings.*`, `encoder.layer.N.*`, `pooler.dense.*`, and `classifier.*` for a head.
//! Freezing by depth, adapters and summaries work on these, whatever family the file belongs to.

use super::ModelType;

/// Parts of a DistilBERT layer beside those of a BERT layer.
const DISTILBERT_PARTS: [(&str, &str); 8] = [
    ("attention.q_lin.", "attention.self.query."),
    ("attention.k_lin.", "attention.self.key."),
    ("attention.v_lin.", "attention.self.value."),
    ("attention.out_lin.", "attention.output.dense."),
    ("sa_layer_norm.", "attention.output.LayerNorm."),
    ("ffn.lin1.", "intermediate.dense."),
    ("ffn.lin2.", "output.dense."),
    ("output_layer_norm.", "output.LayerNorm."),
];

/// How the files of one family write names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameStyle(pub(super) ModelType);

impl NameStyle {
    /// The style of a file with these names.
    pub(super) fn of<'a>(mut names: impl Iterator<Item = &'a str>) -> Self {
        let distilbert =
            names.any(|name| name.strip_prefix("distilbert.").unwrap_or(name).starts_with("transformer.layer."));
        Self(if distilbert { ModelType::DistilBert } else { ModelType::Bert })
    }

    /// The crate's name for a name of the file. Names that belong to no part of an encoder stay.
    pub(super) fn to_ours(self, name: &str) -> String {
        let prefix = self.0.name();
        let name = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name);
        match self.0 {
            ModelType::Bert => {
                // `gamma` and `beta` are what the first conversions from TensorFlow wrote.
                let renamed = |old, new| name.strip_suffix(old).map(|stem| format!("{stem}{new}"));
                renamed("LayerNorm.gamma", "LayerNorm.weight")
                    .or_else(|| renamed("LayerNorm.beta", "LayerNorm.bias"))
                    .unwrap_or_else(|| name.to_owned())
            }
            ModelType::DistilBert => {
                if let Some(rest) = name.strip_prefix("pre_classifier.") {
                    return format!("pooler.dense.{rest}");
                }
                let Some((layer, part)) = layer_and_part(name, "transformer.layer.") else { return name.to_owned() };
                let (theirs, ours) =
                    DISTILBERT_PARTS.iter().find(|(theirs, _)| part.starts_with(theirs)).unwrap_or(&("", ""));
                format!("encoder.layer.{layer}.{ours}{}", &part[theirs.len()..])
            }
        }
    }

    /// The name in the file of a model with a head, where the encoder's stand below `bert.` or `distilbert.`.
    pub(super) fn to_theirs(self, name: &str) -> String {
        let own = self.to_bare(name);
        // DistilBERT's classifiers have the dense layer beside the encoder.
        if is_of_encoder(name) && !own.starts_with("pre_classifier.") {
            format!("{}.{own}", self.0.name())
        } else {
            own
        }
    }

    /// The name in the file of an encoder alone, such as transformers' `BertModel` and `DistilBertModel`.
    pub(super) fn to_bare(self, name: &str) -> String {
        match self.0 {
            ModelType::Bert => name.to_owned(),
            ModelType::DistilBert => {
                if let Some(rest) = name.strip_prefix("pooler.dense.") {
                    return format!("pre_classifier.{rest}");
                }
                match layer_and_part(name, "encoder.layer.") {
                    None => name.to_owned(),
                    Some((layer, part)) => {
                        let (theirs, ours) =
                            DISTILBERT_PARTS.iter().find(|(_, ours)| part.starts_with(ours)).unwrap_or(&("", ""));
                        format!("transformer.layer.{layer}.{theirs}{}", &part[ours.len()..])
                    }
                }
            }
        }
    }

    /// The same for a layer rather than one of its parameters.
    pub(super) fn bare_layer(self, layer: &str) -> String {
        let weight = self.to_bare(&format!("{layer}.weight"));
        weight.strip_suffix(".weight").unwrap_or(&weight).to_owned()
    }
}

/// Whether the parameter is one of the encoder, its pooler included, and not of a head.
pub(super) fn is_of_encoder(name: &str) -> bool {
    ["embeddings.", "encoder.", "pooler."].iter().any(|part| name.starts_with(part))
}

/// `3` and `output.dense.bias` of `encoder.layer.3.output.dense.bias`.
fn layer_and_part<'a>(name: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    name.strip_prefix(prefix)?.split_once('.')
}

#[cfg(test)]
mod tests {
    use super::NameStyle;
    use crate::model::ModelType;

    #[test]
    fn there_and_back_for_both_families() {
        let pairs = [
            ("encoder.layer.3.attention.self.query.weight", "transformer.layer.3.attention.q_lin.weight"),
            ("encoder.layer.0.attention.output.dense.bias", "transformer.layer.0.attention.out_lin.bias"),
            ("encoder.layer.0.attention.output.LayerNorm.bias", "transformer.layer.0.sa_layer_norm.bias"),
            ("encoder.layer.11.output.LayerNorm.weight", "transformer.layer.11.output_layer_norm.weight"),
            ("encoder.layer.1.intermediate.dense.weight", "transformer.layer.1.ffn.lin1.weight"),
            ("embeddings.LayerNorm.weight", "embeddings.LayerNorm.weight"),
        ];
        let (bert, distil) = (NameStyle(ModelType::Bert), NameStyle(ModelType::DistilBert));
        for (ours, theirs) in pairs {
            assert_eq!(distil.to_theirs(ours), format!("distilbert.{theirs}"));
            assert_eq!(distil.to_ours(&format!("distilbert.{theirs}")), ours);
            assert_eq!(distil.to_ours(theirs), ours);
            assert_eq!(distil.to_bare(ours), theirs);
            assert_eq!(bert.to_theirs(ours), format!("bert.{ours}"));
            assert_eq!(bert.to_bare(ours), ours);
            assert_eq!(bert.to_ours(&format!("bert.{ours}")), ours);
            assert_eq!(bert.to_ours(ours), ours);
        }
        assert_eq!(distil.bare_layer("encoder.layer.2.output.dense"), "transformer.layer.2.ffn.lin2");
        for style in [bert, distil] {
            assert_eq!(style.to_theirs("classifier.bias"), "classifier.bias");
            assert_eq!(style.to_ours(&style.to_theirs("pooler.dense.bias")), "pooler.dense.bias");
        }
        assert_eq!(distil.to_theirs("pooler.dense.bias"), "pre_classifier.bias");
    }

    #[test]
    fn a_file_shows_its_style() {
        let of = |names: &[&str]| NameStyle::of(names.iter().copied()).0;
        assert_eq!(of(&["bert.embeddings.LayerNorm.beta", "cls.x"]), ModelType::Bert);
        assert_eq!(of(&["distilbert.transformer.layer.0.ffn.lin1.bias"]), ModelType::DistilBert);
        assert_eq!(of(&["embeddings.x", "transformer.layer.0.ffn.lin1.bias"]), ModelType::DistilBert);
    }
}
