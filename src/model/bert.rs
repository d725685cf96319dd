//! The BERT encoder, differentiable from end to end.

use candle_core::{DType, Device, Tensor};

use super::{BertConfig, Embedding, LayerNorm, Linear, Pass, StoreBuilder, TokenBatch};
use crate::{Error, Result, ops};

/// Token, position and segment embeddings, then transformer layers (Devlin et al., 2018).
///
/// DistilBERT (Sanh et al., 2019) is the same network without segments. Parameter names are those of the Hub's
/// `BertModel` for both: `embeddings.*`, `encoder.layer.N.*`.
///
/// ```
/// use tunebook::model::{BertConfig, BertEncoder, Pass, StoreBuilder, TokenBatch};
/// let config = BertConfig { vocab_size: 50, hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2,
///     intermediate_size: 32, max_position_embeddings: 24, ..BertConfig::default() };
/// let mut builder = StoreBuilder::random(42);
/// let encoder = BertEncoder::new(&config, &mut builder)?;
/// let (store, _) = builder.finish()?;
/// let batch = TokenBatch::new(&[&[2, 7, 9, 3], &[2, 3]], 0)?;
/// let hidden = encoder.forward(&batch, &Pass::evaluation())?;
/// assert_eq!(hidden.dims(), [2, 4, 16]);          // (batch, tokens, hidden)
/// assert_eq!(store.trainable().len(), 5 + 2 * 16);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BertEncoder {
    config: BertConfig,
    word: Embedding,
    position: Embedding,
    /// DistilBERT has none.
    segment: Option<Embedding>,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

impl BertEncoder {
    /// Asks the builder for all parameters of this configuration.
    pub fn new(config: &BertConfig, builder: &mut StoreBuilder) -> Result<Self> {
        config.check("encoder configuration")?;
        let (width, std) = (config.hidden_size, config.initializer_range);
        let mut table = |name: &str, entries| {
            Embedding::new(builder, &format!("embeddings.{name}_embeddings"), entries, width, std)
        };
        let word = table("word", config.vocab_size)?;
        let position = table("position", config.max_position_embeddings)?;
        let segment = match config.type_vocab_size {
            0 => None,
            entries => Some(table("token_type", entries)?),
        };
        let norm = LayerNorm::new(builder, "embeddings.LayerNorm", width, config.layer_norm_eps)?;
        let layers =
            (0..config.num_hidden_layers).map(|n| Layer::new(config, builder, n)).collect::<Result<Vec<_>>>()?;
        Ok(Self { config: config.clone(), word, position, segment, norm, layers })
    }

    /// The sizes.
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.word.device()
    }

    /// Every linear layer of every transformer layer.
    pub(super) fn linears(&self) -> Vec<&Linear> {
        self.layers.iter().flat_map(Layer::linears).collect()
    }

    /// The same, to change them.
    pub(super) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        self.layers.iter_mut().flat_map(Layer::linears_mut).collect()
    }

    /// The word table, for a language-model head that shares it.
    pub fn word_embeddings(&self) -> &Embedding {
        &self.word
    }

    /// Hidden states of the last layer: `(batch, tokens, hidden)`. States at padding are computed but mean nothing.
    pub fn forward(&self, batch: &TokenBatch, pass: &Pass) -> Result<Tensor> {
        let batch = &batch.to_device(self.device())?;
        let mut hidden = self.embed(batch, pass)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, batch.mask(), pass)?;
        }
        Ok(hidden)
    }

    /// Hidden states after the embeddings and after each layer: one tensor more than there are layers.
    pub fn forward_all(&self, batch: &TokenBatch, pass: &Pass) -> Result<Vec<Tensor>> {
        let batch = &batch.to_device(self.device())?;
        let mut states = vec![self.embed(batch, pass)?];
        for layer in &self.layers {
            let next = layer.forward(&states[states.len() - 1], batch.mask(), pass)?;
            states.push(next);
        }
        Ok(states)
    }

    fn embed(&self, batch: &TokenBatch, pass: &Pass) -> Result<Tensor> {
        let tokens = batch.tokens();
        if tokens > self.config.max_position_embeddings {
            return Err(Error::input(
                "encoder",
                format!("a text of {tokens} tokens, but positions end at {}", self.config.max_position_embeddings),
                "truncate at a smaller max_length",
            ));
        }
        let positions = Tensor::arange(0u32, tokens as u32, self.device())?;
        // Position and segment vectors are the same for every text of the batch.
        let mut place = self.position.forward(&positions, pass)?;
        if let Some(segment) = &self.segment {
            let first = Tensor::zeros(1, DType::U32, self.device())?;
            place = place.broadcast_add(&segment.forward(&first, pass)?)?;
        }
        let sum = self.word.forward(batch.ids(), pass)?.broadcast_add(&place)?;
        pass.dropout(&self.norm.forward(&sum, pass)?, self.config.hidden_dropout_prob)
    }
}

/// One transformer layer: attention and feed-forward, each followed by a residual sum and a normalisation.
#[derive(Clone, Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention_out: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    out: Linear,
    norm: LayerNorm,
    heads: usize,
    hidden_dropout: f64,
    attention_dropout: f64,
}

impl Layer {
    fn new(config: &BertConfig, builder: &mut StoreBuilder, n: usize) -> Result<Self> {
        let (width, inner, std, eps) =
            (config.hidden_size, config.intermediate_size, config.initializer_range, config.layer_norm_eps);
        let name = |part: &str| format!("encoder.layer.{n}.{part}");
        Ok(Self {
            query: Linear::new(builder, &name("attention.self.query"), width, width, std)?,
            key: Linear::new(builder, &name("attention.self.key"), width, width, std)?,
            value: Linear::new(builder, &name("attention.self.value"), width, width, std)?,
            attention_out: Linear::new(builder, &name("attention.output.dense"), width, width, std)?,
            attention_norm: LayerNorm::new(builder, &name("attention.output.LayerNorm"), width, eps)?,
            intermediate: Linear::new(builder, &name("intermediate.dense"), width, inner, std)?,
            out: Linear::new(builder, &name("output.dense"), inner, width, std)?,
            norm: LayerNorm::new(builder, &name("output.LayerNorm"), width, eps)?,
            heads: config.num_attention_heads,
            hidden_dropout: config.hidden_dropout_prob,
            attention_dropout: config.attention_probs_dropout_prob,
        })
    }

    fn forward(&self, x: &Tensor, mask: &Tensor, pass: &Pass) -> Result<Tensor> {
        if ops::has_kernel(x) && ops::has_kernel(mask) {
            self.fused(x, mask, pass)
        } else {
            self.composed(x, mask, pass)
        }
    }

    /// The layer as one operation. Masks of dropout are drawn in the order of the composed form.
    fn fused(&self, x: &Tensor, mask: &Tensor, pass: &Pass) -> Result<Tensor> {
        let [query, key, value] = [&self.query, &self.key, &self.value].map(|linear| linear.tensors(pass));
        let attention_dropout = pass.draw_dropout(self.attention_dropout);
        let attention_out = self.attention_out.tensors(pass);
        let after_attention = pass.draw_dropout(self.hidden_dropout);
        let [intermediate, out] = [&self.intermediate, &self.out].map(|linear| linear.tensors(pass));
        let hidden_dropouts = [after_attention, pass.draw_dropout(self.hidden_dropout)];
        let layer = ops::EncoderLayer {
            linears: [query, key, value, attention_out, intermediate, out],
            norms: [self.attention_norm.tensors(pass), self.norm.tensors(pass)],
            heads: self.heads,
            attention_dropout,
            hidden_dropouts,
        };
        layer.apply(x, mask)
    }

    /// The same from single operations, for other devices and number types.
    fn composed(&self, x: &Tensor, mask: &Tensor, pass: &Pass) -> Result<Tensor> {
        let context = self.attend(x, mask, pass)?;
        let attended = pass.dropout(&self.attention_out.forward(&context, pass)?, self.hidden_dropout)?;
        let x = self.attention_norm.forward(&(attended + x)?, pass)?;
        let inner = ops::gelu(&self.intermediate.forward(&x, pass)?)?;
        let fed = pass.dropout(&self.out.forward(&inner, pass)?, self.hidden_dropout)?;
        self.norm.forward(&(fed + x)?, pass)
    }

    /// Every linear layer, in the order of the computation.
    fn linears(&self) -> [&Linear; 6] {
        [&self.query, &self.key, &self.value, &self.attention_out, &self.intermediate, &self.out]
    }

    fn linears_mut(&mut self) -> [&mut Linear; 6] {
        let Self { query, key, value, attention_out, intermediate, out, .. } = self;
        [query, key, value, attention_out, intermediate, out]
    }

    fn attend(&self, x: &Tensor, mask: &Tensor, pass: &Pass) -> Result<Tensor> {
        let (batch, tokens, width) = x.dims3()?;
        let head_size = width / self.heads;
        // (batch, tokens, width) -> (batch, heads, tokens, head)
        let split = |t: Tensor| -> Result<Tensor> {
            Ok(t.reshape((batch, tokens, self.heads, head_size))?.transpose(1, 2)?.contiguous()?)
        };
        let query = split(self.query.forward(x, pass)?)?;
        let key = split(self.key.forward(x, pass)?)?;
        let value = split(self.value.forward(x, pass)?)?;
        let scores = query.matmul(&key.t()?)?;
        let probabilities = ops::masked_softmax(&scores, mask, 1.0 / (head_size as f64).sqrt())?;
        let probabilities = pass.dropout(&probabilities, self.attention_dropout)?;
        Ok(probabilities.matmul(&value)?.transpose(1, 2)?.reshape((batch, tokens, width))?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor, Var};

    use super::{BertConfig, Layer};
    use crate::model::{LoraAdapter, LoraConfig, Parameter, Pass, StoreBuilder};
    use crate::ops::verify::{assert_gradients_within, assert_same_gradients, random_var};

    /// A layer whose every parameter is random, with LoRA on two of its matrices.
    fn layer() -> (Layer, Vec<Parameter>) {
        let config = BertConfig {
            hidden_size: 12,
            num_attention_heads: 3,
            intermediate_size: 20,
            hidden_dropout_prob: 0.2,
            attention_probs_dropout_prob: 0.3,
            ..BertConfig::default()
        };
        let mut builder = StoreBuilder::random(3);
        let mut layer = Layer::new(&config, &mut builder, 0).unwrap();
        let mut parameters = builder.finish().unwrap().0.all();
        let lora = LoraConfig { rank: 4, dropout: 0.25, ..LoraConfig::default() };
        for linear in [&mut layer.value, &mut layer.out] {
            let sizes = linear.weight().var().dims2().unwrap();
            let adapter = LoraAdapter::new(linear.name(), sizes, &lora, 5, &Device::Cpu).unwrap();
            parameters.extend(adapter.parameters().map(Clone::clone));
            linear.set_adapter(adapter);
        }
        for (n, parameter) in parameters.iter().enumerate() {
            let shape = parameter.var().dims();
            parameter.var().set(&random_var(shape, if shape.len() == 1 { 1.5 } else { 0.8 }, n as u64)).unwrap();
        }
        (layer, parameters)
    }

    fn inputs() -> (Var, Tensor) {
        let mask = [[1f32, 1., 1., 1., 1.], [1., 1., 1., 0., 0.]];
        (random_var(&[2, 5, 12], 1.0, 77), Tensor::new(&mask, &Device::Cpu).unwrap())
    }

    #[test]
    fn one_operation_gives_what_the_single_ones_give() {
        let (layer, parameters) = layer();
        let (x, mask) = inputs();
        let mut vars: Vec<&Var> = parameters.iter().map(Parameter::var).collect();
        vars.push(&x);
        for pass in [|| Pass::training(8), Pass::gradients] {
            let fused = || layer.fused(&x, &mask, &pass());
            assert_same_gradients("layer", &vars, fused, || layer.composed(&x, &mask, &pass()), 2e-5);
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let (layer, parameters) = layer();
        let (x, mask) = inputs();
        let mut vars: Vec<&Var> = parameters.iter().map(Parameter::var).collect();
        vars.push(&x);
        assert_gradients_within("layer", &vars, || layer.fused(&x, &mask, &Pass::training(8)), 8, 1e-2, 2e-2);
    }

    #[test]
    fn what_is_frozen_gets_no_gradient_and_a_prediction_is_the_same() {
        let (layer, parameters) = layer();
        let (x, mask) = inputs();
        for parameter in &parameters {
            parameter.set_trainable(parameter.name().contains("lora_"));
        }
        let y = layer.fused(&x.as_detached_tensor(), &mask, &Pass::gradients()).unwrap();
        let gradients = y.sum_all().unwrap().backward().unwrap();
        for parameter in &parameters {
            assert_eq!(gradients.get(parameter.var()).is_some(), parameter.is_trainable(), "{}", parameter.name());
        }
        let predicted = layer.fused(&x.as_detached_tensor(), &mask, &Pass::evaluation()).unwrap();
        assert!(!predicted.track_op());
        let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(&predicted), values(&y));
    }
}
