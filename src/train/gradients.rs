//! Gradients by parameter: what a backward pass leaves, ready to be added up, measured and applied.

use std::ops::Range;

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor};
use rayon::prelude::*;

use crate::Result;
use crate::model::Parameter;
use crate::ops::{GRAIN, Gradient, RowGradient, collect, vectorized};

/// Sums that run beside each other, so that a processor adds many numbers at once.
const LANES: usize = 16;

/// The gradient of each trainable parameter of a list; parameters that the loss does not reach have none.
///
/// ```
/// use tunebook::model::{Init, StoreBuilder};
/// use tunebook::train::Gradients;
/// let mut builder = StoreBuilder::random(0);
/// let w = builder.parameter("w", &[2], Init::Ones)?;
/// let loss = (w.var().as_tensor() * 3.0)?.sum_all()?;
/// let gradients = Gradients::of(&[w], &loss)?;
/// assert!((gradients.norm()? - 18f64.sqrt()).abs() < 1e-6);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    entries: Vec<(Parameter, Option<Gradient>)>,
}

impl Gradients {
    /// Runs the backward pass of `loss` and keeps the gradients of the parameters that are trainable.
    ///
    /// Of a table of vectors, only rows that were read are kept: the others have a gradient of zero.
    pub fn of(parameters: &[Parameter], loss: &Tensor) -> Result<Self> {
        let (store, mut collected) = collect(|| loss.backward());
        let mut gradients = Self::take(parameters, store?);
        for (parameter, gradient) in &mut gradients.entries {
            let Some(part) = collected.remove(&parameter.var().id()) else { continue };
            *gradient = Some(match gradient.take() {
                Some(rest) => part.add(rest, parameter.var().shape())?,
                None => part,
            });
        }
        Ok(gradients)
    }

    /// The same from gradients that are already there. What belongs to no parameter is dropped at once.
    pub fn take(parameters: &[Parameter], mut store: GradStore) -> Self {
        let trainable = parameters.iter().filter(|p| p.is_trainable());
        Self { entries: trainable.map(|p| (p.clone(), store.remove(p.var()).map(Gradient::Stored))).collect() }
    }

    /// Adds gradients of the same parameters: another part of the same batch.
    ///
    /// # Errors
    /// When the two are of different parameters.
    pub fn add(&mut self, other: Self) -> Result<()> {
        let same = self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(|((a, _), (b, _))| a.name() == b.name());
        if !same {
            return Err(crate::Error::input("Gradients::add", "the parameters differ", "add gradients of one model"));
        }
        for ((parameter, sum), (_, part)) in self.entries.iter_mut().zip(other.entries) {
            *sum = match (sum.take(), part) {
                (Some(sum), Some(part)) => Some(sum.add(part, parameter.var().shape())?),
                (sum, part) => sum.or(part),
            };
        }
        Ok(())
    }

    /// The trainable parameters, those that the backward pass did not reach included.
    pub fn parameters(&self) -> Vec<&Parameter> {
        self.entries.iter().map(|(parameter, _)| parameter).collect()
    }

    /// The gradient of the parameter of this name, in the parameter's shape; `None` where the backward pass did not reach it,
    /// and for a name that is not among the trainable parameters.
    pub fn get(&self, name: &str) -> Result<Option<Tensor>> {
        let entry = self.entries.iter().find(|(p, _)| p.name() == name);
        Ok(entry.and_then(|(p, g)| Some(g.as_ref()?.to_tensor(p.var().shape()))).transpose()?)
    }

    /// Each trainable parameter with its gradient.
    pub(super) fn entries(&self) -> &[(Parameter, Option<Gradient>)] {
        &self.entries
    }

    /// The norm of each gradient, by parameter name.
    pub fn norms(&self) -> Result<Vec<(String, Option<f64>)>> {
        let norm = |p: &Parameter, g: &Gradient| Ok::<_, crate::Error>(sum_of_squares(g, p.count())?.sqrt());
        let entries = self.entries.iter();
        entries.map(|(p, g)| Ok((p.name().to_owned(), g.as_ref().map(|g| norm(p, g)).transpose()?))).collect()
    }

    /// Square root of the sum of squares of all gradients together.
    pub fn norm(&self) -> Result<f64> {
        let mut sum = 0.0;
        for (parameter, gradient) in &self.entries {
            if let Some(gradient) = gradient {
                sum += sum_of_squares(gradient, parameter.count())?;
            }
        }
        Ok(sum.sqrt())
    }
}

/// Sum of squares of a gradient of `count` numbers; tasks return their parts, which are added in order: the same on a rerun.
fn sum_of_squares(gradient: &Gradient, count: usize) -> Result<f64> {
    if let Gradient::Rows(rows) = gradient {
        return Ok(in_parts(count, |part| squares_of_rows(rows, part)));
    }
    if gradient.has_kernel() {
        return Ok(gradient.with_floats(|values| in_parts(count, |part| squares(&values[part])))?);
    }
    let Gradient::Stored(tensor) = gradient else { return Ok(0.0) };
    // Metal has no double precision.
    if tensor.device().is_metal() {
        return Ok(f64::from(tensor.to_dtype(DType::F32)?.sqr()?.sum_all()?.to_scalar::<f32>()?));
    }
    Ok(tensor.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()?)
}

/// The sum of what `f` says about each part of `count` numbers.
fn in_parts(count: usize, f: impl Fn(Range<usize>) -> f64 + Sync) -> f64 {
    let part = |n: usize| n * GRAIN..count.min((n + 1) * GRAIN);
    let parts: Vec<f64> = (0..count.div_ceil(GRAIN)).into_par_iter().map(|n| f(part(n))).collect();
    parts.iter().sum()
}

fn squares(values: &[f32]) -> f64 {
    vectorized!({
        let mut lanes = [0f32; LANES];
        let (blocks, rest) = values.as_chunks::<LANES>();
        for block in blocks {
            for (lane, v) in lanes.iter_mut().zip(block) {
                *lane += v * v;
            }
        }
        lanes.iter().map(|v| f64::from(*v)).sum::<f64>() + rest.iter().map(|v| f64::from(v * v)).sum::<f64>()
    })
}

/// What [`squares`] would say of this part of the whole table, to the last bit: the zeros of rows that are not there change no
/// sum.
fn squares_of_rows(gradient: &RowGradient, part: Range<usize>) -> f64 {
    let width = gradient.width;
    let mut lanes = [0f32; LANES];
    let blocks_end = part.start + part.len() / LANES * LANES;
    let mut rest = 0f64;
    for place in gradient.within(part.start / width..part.end.div_ceil(width)) {
        let start = gradient.rows[place] * width;
        let (from, to) = (start.max(part.start), (start + width).min(part.end));
        for (n, v) in (from..to).zip(&gradient.row(place)[from - start..]) {
            if n < blocks_end {
                lanes[(n - part.start) % LANES] += v * v;
            } else {
                rest += f64::from(v * v);
            }
        }
    }
    lanes.iter().map(|v| f64::from(*v)).sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::Gradients;
    use crate::model::{Init, Parameter, StoreBuilder};
    use crate::ops::embedding;

    fn parameters() -> Vec<Parameter> {
        let mut builder = StoreBuilder::random(0);
        let mut make = |name| builder.parameter(name, &[40_000], Init::Normal(1.0)).unwrap();
        vec![make("a"), make("b"), make("unused")]
    }

    #[test]
    fn parts_add_up_to_the_gradient_of_the_sum() {
        let parameters = parameters();
        let loss = |k: f64| {
            let a = (parameters[0].var().sqr().unwrap() * k).unwrap();
            (a * parameters[1].var().as_tensor()).unwrap().sum_all().unwrap()
        };
        let mut parts = Gradients::of(&parameters, &loss(1.0)).unwrap();
        parts.add(Gradients::of(&parameters, &loss(2.0)).unwrap()).unwrap();
        let whole = Gradients::of(&parameters, &loss(3.0)).unwrap();
        assert!((parts.norm().unwrap() / whole.norm().unwrap() - 1.0).abs() < 1e-6);
        let exact: f64 =
            whole.get("a").unwrap().unwrap().to_vec1::<f32>().unwrap().iter().map(|v| f64::from(*v).powi(2)).sum();
        assert!((whole.norms().unwrap()[0].1.unwrap() / exact.sqrt() - 1.0).abs() < 1e-6);
        assert!(whole.get("unused").unwrap().is_none() && whole.norms().unwrap()[2].1.is_none());
        assert!(parts.add(Gradients::of(&parameters[..1], &loss(1.0)).unwrap()).is_err());
    }
    /// Widths that fit the parts and lanes of the sum, and that do not.
    #[test]
    fn rows_of_a_table_give_what_the_whole_table_gives_bit_by_bit() {
        for (entries, width) in [(3000, 16), (997, 37), (1, 5), (40, 1000)] {
            let mut builder = StoreBuilder::random(1);
            let table = builder.parameter("table", &[entries, width], Init::Normal(1.0)).unwrap();
            let loss = |ids: &[usize]| {
                let ids: Vec<u32> = ids.iter().map(|&id| (id % entries) as u32).collect();
                let rows = embedding(table.var(), &Tensor::new(ids, &Device::Cpu).unwrap()).unwrap();
                rows.sqr().unwrap().sum_all().unwrap()
            };
            let ids: Vec<usize> = (0..200).map(|n| n * n * 7919).collect();
            let parameters = [table.clone()];
            let rows = Gradients::of(&parameters, &loss(&ids)).unwrap();
            let whole = Gradients::take(&parameters, loss(&ids).backward().unwrap());
            assert_eq!(rows.norm().unwrap().to_bits(), whole.norm().unwrap().to_bits());
            let values = |gradients: &Gradients| gradients.get("table").unwrap().unwrap().to_vec2::<f32>().unwrap();
            assert_eq!(values(&rows), values(&whole));
            // Two parts of a batch, by rows and mixed.
            let other = loss(&[1, 2, 40_000]);
            let mut sum = rows.clone();
            sum.add(Gradients::of(&parameters, &other).unwrap()).unwrap();
            let mut mixed = whole;
            mixed.add(Gradients::of(&parameters, &other).unwrap()).unwrap();
            assert_eq!(values(&sum), values(&mixed));
        }
    }
}
