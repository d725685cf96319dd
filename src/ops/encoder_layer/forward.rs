//! The forward pass of a layer.

use super::attention::{self, Projections};
use super::linear::Narrow;
use super::{Layer, Parameters};
use crate::ops::dropout::{Dropout, Mask};
use crate::ops::gelu;
use crate::ops::scratch::Buffer;

/// What the backward pass needs.
pub(super) struct Saved {
    /// Query, key, value.
    pub(super) projections: [Buffer; 3],
    /// Of all texts and heads; a dropped one has a minus sign.
    pub(super) probabilities: Buffer,
    pub(super) context: Buffer,
    /// The normalised sums without weight and bias, and what each row was multiplied by.
    pub(super) normals: [(Buffer, Buffer); 2],
    /// Output of the first normalisation.
    pub(super) attended: Buffer,
    /// The derivative of GELU, and its output.
    pub(super) slopes: Buffer,
    pub(super) activated: Buffer,
    /// What LoRA keeps of each linear layer that has it.
    pub(super) narrow: [Option<Narrow>; 6],
    /// Of dropout after attention and after feed-forward.
    pub(super) masks: [Option<Mask>; 2],
}

impl Saved {
    /// Query, key and value.
    pub(super) fn projections(&self) -> Projections<'_> {
        let [query, key, value] = &self.projections;
        Projections { query, key, value }
    }
}

/// The layer's output, and with `keep` what the backward pass needs.
pub(super) fn run(layer: &Layer, parameters: &Parameters<'_>, keep: bool) -> (Vec<f32>, Option<Saved>) {
    let Parameters { x, mask, linears, norms } = parameters;
    let sizes = layer.sizes;
    let (rows, width) = (sizes.rows(), sizes.width);
    let states = || Buffer::take(rows * width);
    let mut narrow = [const { None }; 6];

    let mut projections = [states(), states(), states()];
    for (n, y) in projections.iter_mut().enumerate() {
        narrow[n] = linears[n].forward(x, y);
    }
    let mut context = states();
    let mut probabilities = keep.then(|| Buffer::take(sizes.texts * sizes.probabilities()));
    let [query, key, value] = &projections;
    let heads = Projections { query, key, value };
    attention::forward(heads, mask, sizes, layer.attention_dropout, &mut context, probabilities.as_mut());

    let mut first = (states(), Buffer::take(rows));
    narrow[3] = linears[3].forward(&context, &mut first.0);
    let first_mask = drop_out(layer.hidden_dropouts[0], &mut first.0);
    let mut attended = states();
    norms[0].forward(&mut first.0, x, &mut first.1, &mut attended);

    let mut inner = Buffer::take(rows * sizes.inner);
    narrow[4] = linears[4].forward(&attended, &mut inner);
    let mut activated = Buffer::take(rows * sizes.inner);
    if keep {
        gelu::values_and_derivatives(&mut activated, &mut inner);
    } else {
        gelu::values(&mut activated, &inner);
    }

    let mut second = (states(), Buffer::take(rows));
    narrow[5] = linears[5].forward(&activated, &mut second.0);
    let second_mask = drop_out(layer.hidden_dropouts[1], &mut second.0);
    let mut output = vec![0f32; rows * width];
    norms[1].forward(&mut second.0, &attended, &mut second.1, &mut output);

    let saved = probabilities.map(|probabilities| Saved {
        projections,
        probabilities,
        context,
        normals: [first, second],
        attended,
        slopes: inner,
        activated,
        narrow,
        masks: [first_mask, second_mask],
    });
    (output, saved)
}

fn drop_out(dropout: Option<Dropout>, x: &mut [f32]) -> Option<Mask> {
    let mask = dropout?.mask(x.len());
    mask.apply(x);
    Some(mask)
}
