//! Normalisation, residual sum and rectifier as one operation, forwards and backwards.

#![allow(clippy::inline_always)] // a call in a loop would keep it scalar

use rayon::prelude::*;

use crate::ops::layer_norm::sum;
use crate::ops::many::Operation;
use crate::ops::scratch::Buffer;
use crate::ops::slices::rows_per_task;
use crate::ops::vectorized;

/// `relu((x - mean) * scale * weight + bias + residual)`; the last two steps where they are asked for. The inputs are `x`,
/// `weight`, `bias` and, if there is one, `residual`.
pub(super) struct BatchNorm {
    /// Numbers of one channel in one image.
    pub(super) plane: usize,
    pub(super) mean: Vec<f32>,
    /// Reciprocal standard deviation.
    pub(super) scale: Vec<f32>,
    /// Whether the statistics are those of the batch, so that gradients flow through them.
    pub(super) follows_batch: bool,
    pub(super) relu: bool,
}

/// What happens to each number of a channel: `(x - mean) * scale + bias`.
#[derive(Clone, Copy)]
struct Affine {
    mean: f32,
    scale: f32,
    bias: f32,
}

impl Affine {
    #[inline(always)]
    fn of(self, x: f32) -> f32 {
        (x - self.mean) * self.scale + self.bias
    }

    /// Calls `each` with every number's result, residual included, and its place in `to`.
    #[inline(always)]
    fn each(self, x: &[f32], residual: Option<&[f32]>, to: &mut [f32], each: impl Fn(&mut f32, f32)) {
        match residual {
            None => to.iter_mut().zip(x).for_each(|(to, x)| each(to, self.of(*x))),
            Some(residual) => {
                let values = x.iter().zip(residual);
                to.iter_mut().zip(values).for_each(|(to, (x, residual))| each(to, self.of(*x) + residual));
            }
        }
    }
}

/// Written so that what is not a number stays visible instead of becoming 0.
#[inline(always)]
fn rectified(v: f32) -> f32 {
    if v <= 0.0 { 0.0 } else { v }
}

impl BatchNorm {
    /// What happens to the numbers of this plane.
    #[inline(always)]
    fn affine(&self, plane: usize, weight: &[f32], bias: &[f32]) -> Affine {
        let c = plane % self.mean.len();
        Affine { mean: self.mean[c], scale: self.scale[c] * weight[c], bias: bias[c] }
    }

    /// Calls `each` with the number of every plane and the plane, in parallel; results in the order of planes. `each` is
    /// to be `#[inline(always)]`.
    fn planes<T: Send>(&self, to: &mut [f32], each: impl Fn(usize, &mut [f32]) -> T + Sync) -> Vec<T> {
        let task = rows_per_task(self.plane);
        let tasks = to.par_chunks_mut(task * self.plane).enumerate();
        let results: Vec<Vec<T>> = tasks
            .map(|(n, to)| {
                let mut results = Vec::with_capacity(task);
                vectorized!({
                    for (i, to) in to.chunks_exact_mut(self.plane).enumerate() {
                        results.push(each(n * task + i, to));
                    }
                });
                results
            })
            .collect();
        results.into_iter().flatten().collect()
    }

    /// Sums over each channel of the gradient, and of the gradient times the normalised input, from those of planes.
    fn by_channel(&self, planes: &[(f32, f32)]) -> (Vec<f32>, Vec<f32>) {
        let channels = self.mean.len();
        let one = |channel: usize| {
            let planes = planes.iter().skip(channel).step_by(channels);
            let (total, product) = planes.fold((0f64, 0f64), |s, p| (s.0 + f64::from(p.0), s.1 + f64::from(p.1)));
            (total as f32, (product * f64::from(self.scale[channel])) as f32)
        };
        (0..channels).map(one).unzip()
    }
}

/// The part of `numbers` that belongs to a plane.
#[inline(always)]
fn part(numbers: &[f32], plane: usize, length: usize) -> &[f32] {
    &numbers[plane * length..][..length]
}

impl Operation for BatchNorm {
    type Saved = ();

    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn forward(&self, inputs: &[&[f32]], keep: bool) -> (Vec<f32>, Option<()>) {
        let (x, weight, bias) = (inputs[0], inputs[1], inputs[2]);
        let mut y = vec![0f32; x.len()];
        self.planes(
            &mut y,
            #[inline(always)]
            |n, y| {
                let x = part(x, n, self.plane);
                let residual = inputs.get(3).map(|residual| part(residual, n, self.plane));
                let affine = self.affine(n, weight, bias);
                if self.relu {
                    affine.each(x, residual, y, |y, v| *y = rectified(v));
                } else {
                    affine.each(x, residual, y, |y, v| *y = v);
                }
            },
        );
        (y, keep.then_some(()))
    }

    fn backward(&self, inputs: &[&[f32]], (): (), grad: &[f32], wanted: &[bool]) -> Vec<Option<Buffer>> {
        let (x, weight, bias) = (inputs[0], inputs[1], inputs[2]);
        // Before the rectifier: the residual's gradient, which the input's is computed from.
        let mut through = Buffer::copy_of(grad);
        let sums = self.planes(
            &mut through,
            #[inline(always)]
            |n, g| {
                let x = part(x, n, self.plane);
                if self.relu {
                    let residual = inputs.get(3).map(|residual| part(residual, n, self.plane));
                    let affine = self.affine(n, weight, bias);
                    affine.each(x, residual, g, |g, v| *g = if v <= 0.0 { 0.0 } else { *g });
                }
                (sum(g, |v| v), centred_dot(x, g, self.mean[n % self.mean.len()]))
            },
        );
        let (db, dw) = self.by_channel(&sums);
        let vector = |place: usize, values: &[f32]| wanted[place].then(|| Buffer::copy_of(values));
        let mut gradients = vec![None, vector(1, &dw), vector(2, &db)];
        if let Some(wanted) = wanted.get(3) {
            gradients.push(wanted.then(|| through.clone()));
        }
        if wanted[0] {
            let count = (x.len() / self.mean.len()) as f32;
            self.planes(
                &mut through,
                #[inline(always)]
                |n, g| {
                    let c = n % self.mean.len();
                    let scale = weight[c] * self.scale[c];
                    if self.follows_batch {
                        // dx = w / deviation * (g - mean(g) - normal * mean(g normal))
                        let (mean, mean_grad, slope) = (self.mean[c], db[c] / count, self.scale[c] * dw[c] / count);
                        let values = g.iter_mut().zip(part(x, n, self.plane));
                        values.for_each(|(g, x)| *g = scale * (*g - mean_grad - (x - mean) * slope));
                    } else {
                        for g in g {
                            *g *= scale;
                        }
                    }
                },
            );
            gradients[0] = Some(through);
        }
        gradients
    }
}

/// The sum of `(x - mean) * g`, in eight lanes, so that the loop can run as vector code.
#[inline(always)]
fn centred_dot(x: &[f32], g: &[f32], mean: f32) -> f32 {
    let mut lanes = [0f32; 8];
    let ((xs, x_rest), (gs, g_rest)) = (x.as_chunks::<8>(), g.as_chunks::<8>());
    for (x, g) in xs.iter().zip(gs) {
        for i in 0..8 {
            lanes[i] += (x[i] - mean) * g[i];
        }
    }
    lanes.iter().sum::<f32>() + x_rest.iter().zip(g_rest).map(|(x, g)| (x - mean) * g).sum::<f32>()
}
