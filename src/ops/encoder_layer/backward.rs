//! The backward pass of a layer: the forward pass read from its end.

use super::attention;
use super::forward::Saved;
use super::residual::Norm;
use super::{Layer, Parameters};
use crate::ops::dropout::Mask;
use crate::ops::gemm::Target;
use crate::ops::scratch::Buffer;
use crate::ops::slices::multiply;

/// Gradients of the operation's inputs that are `wanted`, from the output's.
pub(super) fn run(
    layer: &Layer,
    parameters: &Parameters<'_>,
    saved: &Saved,
    grad: &[f32],
    wanted: &[bool],
) -> Vec<Option<Buffer>> {
    let Parameters { x, linears, norms, .. } = parameters;
    let sizes = layer.sizes;
    let rows = sizes.rows();
    let states = || Buffer::take(rows * sizes.width);
    let mut gradients: Vec<Option<Buffer>> = wanted.iter().map(|_| None).collect();
    let narrow = |n: usize| saved.narrow[n].as_ref();

    // Feed-forward. `d_attended` begins as the gradient that goes past it, through the residual sum.
    let mut d_attended = states();
    through_norm(&norms[1], &saved.normals[1], grad, &mut d_attended, wanted, &mut gradients);
    let d_out = dropped(saved.masks[1].as_ref(), &d_attended);
    let mut d_inner = Buffer::take(rows * sizes.inner);
    let into = Some((&mut *d_inner, Target::Replace));
    linears[5].backward(&saved.activated, narrow(5), &d_out, into, wanted, &mut gradients);
    drop(d_out);
    multiply(&mut d_inner, &saved.slopes);
    let into = Some((&mut *d_attended, Target::Add));
    linears[4].backward(&saved.attended, narrow(4), &d_inner, into, wanted, &mut gradients);
    drop(d_inner);

    // Attention. The input's gradient begins in the same way.
    let mut dx = states();
    through_norm(&norms[0], &saved.normals[0], &d_attended, &mut dx, wanted, &mut gradients);
    let d_out = dropped(saved.masks[0].as_ref(), &dx);
    let mut d_context = d_attended;
    let into = Some((&mut *d_context, Target::Replace));
    linears[3].backward(&saved.context, narrow(3), &d_out, into, wanted, &mut gradients);
    let mut projections = [d_out, states(), states()];
    let into = projections.each_mut().map(|buffer| &mut **buffer);
    attention::backward(saved.projections(), &saved.probabilities, sizes, layer.attention_dropout, &d_context, into);
    for (n, dy) in projections.iter().enumerate() {
        let into = wanted[0].then_some((&mut *dx, Target::Add));
        linears[n].backward(x, narrow(n), dy, into, wanted, &mut gradients);
    }
    gradients[0] = wanted[0].then_some(dx);
    gradients
}

/// The gradient of a normalisation's input into `ds`, those of its parameters into `gradients`.
fn through_norm(
    norm: &Norm<'_>,
    (normal, scales): &(Buffer, Buffer),
    dy: &[f32],
    ds: &mut [f32],
    wanted: &[bool],
    gradients: &mut [Option<Buffer>],
) {
    let (dw, db) = norm.backward(normal, scales, dy, ds);
    for (place, values) in [(norm.place, dw), (norm.place + 1, db)] {
        gradients[place] = wanted[place].then(|| Buffer::copy_of(&values));
    }
}

/// A copy through the mask that the forward pass drew.
fn dropped(mask: Option<&Mask>, grad: &[f32]) -> Buffer {
    mask.map_or_else(|| Buffer::copy_of(grad), |mask| mask.applied(grad))
}
