//! The forward and the backward pass as matrix products.

use rayon::prelude::*;

use super::columns::Columns;
use super::geometry::Geometry;
use crate::ops::gemm::{Matrix, Target, product};
use crate::ops::scratch::Buffer;
use crate::ops::slices::add;

/// `weight (outputs, patch) x patches (patch, positions)` for each image.
pub(super) fn forward(g: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
    let (group, (share, threads)) = (g.group(), g.share());
    let mut y = vec![0f32; g.batch * g.out_image()];
    y.par_chunks_mut(share * g.out_image()).zip(x.par_chunks(share * g.image())).for_each(|(y, x)| {
        let weight = Matrix::new(weight, g.outputs, g.patch());
        let mut columns = Columns::new(g, threads);
        let mut rows = (group > 1).then(|| Buffer::take(group * g.out_image()));
        for (y, x) in y.chunks_mut(group * g.out_image()).zip(x.chunks(group * g.image())) {
            let patches = columns.unfold(x);
            let count = y.len() / g.outputs;
            match &mut rows {
                None => product(y, count, Target::Replace, (weight, patches), 1.0, threads),
                Some(rows) => {
                    let rows = &mut rows[..y.len()];
                    product(rows, count, Target::Replace, (weight, patches), 1.0, threads);
                    by_image(g, rows, y);
                }
            }
        }
    });
    y
}

/// Gradients of images and weight, each where it is wanted.
pub(super) fn backward(
    g: &Geometry,
    x: &[f32],
    weight: &[f32],
    grad: &[f32],
    (wants_x, wants_weight): (bool, bool),
) -> [Option<Buffer>; 2] {
    let (group, (share, threads)) = (g.group(), g.share());
    let mut dx = wants_x.then(|| Buffer::take(x.len()));
    // A task without a share of `dx` gets an empty one.
    let mut shares: Vec<&mut [f32]> = dx.iter_mut().flat_map(|dx| dx.chunks_mut(share * g.image())).collect();
    shares.resize_with(g.batch.div_ceil(share), Default::default);
    let tasks = shares.into_par_iter().zip(x.par_chunks(share * g.image()));
    let partial: Vec<Option<Buffer>> = tasks
        .zip(grad.par_chunks(share * g.out_image()))
        .map(|((dx, x), grad)| {
            let weight = Matrix::new(weight, g.outputs, g.patch());
            let mut columns = Columns::new(g, threads);
            let mut rows = (group > 1).then(|| Buffer::take(group * g.out_image()));
            let mut dw = wants_weight.then(|| Buffer::take(g.outputs * g.patch()));
            let mut dx = dx.chunks_mut(group * g.image());
            let images = x.chunks(group * g.image()).zip(grad.chunks(group * g.out_image()));
            for (n, (x, grad)) in images.enumerate() {
                let count = grad.len() / g.outputs;
                let grad = match &mut rows {
                    None => grad,
                    Some(rows) => {
                        by_output(g, grad, &mut rows[..grad.len()]);
                        &rows[..grad.len()]
                    }
                };
                let grad = Matrix::new(grad, g.outputs, count);
                if let Some(dw) = &mut dw {
                    let target = if n == 0 { Target::Replace } else { Target::Add };
                    product(dw, g.patch(), target, (grad, columns.unfold(x).t()), 1.0, threads);
                }
                let Some(dx) = dx.next() else { continue };
                if g.is_pointwise() && dx.len() == g.image() {
                    product(dx, count, Target::Replace, (weight.t(), grad), 1.0, threads);
                } else {
                    let into = columns.memory(dx.len() / g.image());
                    product(into, count, Target::Replace, (weight.t(), grad), 1.0, threads);
                    columns.fold(dx);
                }
            }
            dw
        })
        .collect();
    let dw = wants_weight.then(|| {
        // In the order of the images, whichever task was first; of no images it is zero.
        let mut parts = partial.into_iter().flatten();
        let mut sum = parts.next().unwrap_or_else(|| Buffer::copy_of(&vec![0.0; weight.len()]));
        parts.for_each(|part| add(&mut sum, &part));
        sum
    });
    [dx, dw]
}

/// `(outputs, images x positions)` to `(images, outputs, positions)`.
fn by_image(g: &Geometry, rows: &[f32], images: &mut [f32]) {
    let (positions, count) = (g.positions(), rows.len() / g.outputs);
    for (n, image) in images.chunks_exact_mut(g.out_image()).enumerate() {
        for (out, row) in image.chunks_exact_mut(positions).zip(rows.chunks_exact(count)) {
            out.copy_from_slice(&row[n * positions..][..positions]);
        }
    }
}

/// The reverse.
fn by_output(g: &Geometry, images: &[f32], rows: &mut [f32]) {
    let (positions, count) = (g.positions(), rows.len() / g.outputs);
    for (n, image) in images.chunks_exact(g.out_image()).enumerate() {
        for (values, row) in image.chunks_exact(positions).zip(rows.chunks_exact_mut(count)) {
            row[n * positions..][..positions].copy_from_slice(values);
        }
    }
}
