//! Looking up rows of a table, with a gradient that touches only the rows that were read.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::gradient::{Gradient, RowGradient, is_collected, leave};
use super::slices::{floats, stored_floats};

/// Rows of `table` at `ids`: `table` is `(entries, width)`, `ids` any shape of `u32`, the result `(..., width)`.
///
/// Differentiable in `table`. An id outside the table is an error.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let table = Tensor::new(&[[1.0f32, 2.0], [3.0, 4.0]], &Device::Cpu)?;
/// let ids = Tensor::new(&[1u32, 1, 0], &Device::Cpu)?;
/// let rows = tunebook::ops::embedding(&table, &ids)?;
/// assert_eq!(rows.to_vec2::<f32>()?, [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]);
/// # Ok::<(), tunebook::Error>(())
/// ```
pub fn embedding(table: &Tensor, ids: &Tensor) -> crate::Result<Tensor> {
    let (entries, width) = table.dims2()?;
    let mut shape = ids.dims().to_vec();
    shape.push(width);
    let ids = ids.to_dtype(DType::U32)?.flatten_all()?;
    if !super::has_kernel(table) {
        return Ok(table.index_select(&ids, 0)?.reshape(shape)?);
    }
    let ids = ids.to_vec1::<u32>()?;
    if let Some(&id) = ids.iter().find(|&&id| id as usize >= entries) {
        return Err(
            candle_core::Error::Msg(format!("embedding: id {id} is outside a table of {entries} entries")).into()
        );
    }
    Ok(table.contiguous()?.apply_op1(Embedding { ids })?.reshape(shape)?)
}

struct Embedding {
    ids: Vec<u32>,
}

impl CustomOp1 for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let table = floats(self.name(), storage, layout)?;
        let (_, width) = layout.shape().dims2()?;
        let mut rows = vec![0f32; self.ids.len() * width];
        rows.par_chunks_mut(width).with_min_len(32).zip(&self.ids).for_each(|(row, &id)| {
            row.copy_from_slice(&table[id as usize * width..][..width]);
        });
        Ok((CpuStorage::F32(rows), Shape::from((self.ids.len(), width))))
    }

    fn bwd(&self, table: &Tensor, _res: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let (storage, layout) = grad.storage_and_layout();
        let g = stored_floats(self.name(), &storage, layout)?;
        let (entries, width) = table.dims2()?;
        if is_collected(table) {
            leave(table.id(), table.shape(), Gradient::Rows(RowGradient::sum(&self.ids, g, width)))?;
            return Ok(None);
        }
        // Zeroed memory of this size comes from the system untouched; only rows that were read are written, and in
        // the order of the ids, so that a rerun adds in the same order.
        let mut sums = vec![0f32; entries * width];
        for (&id, g) in self.ids.iter().zip(g.chunks_exact(width)) {
            let row = &mut sums[id as usize * width..][..width];
            row.iter_mut().zip(g).for_each(|(sum, v)| *sum += v);
        }
        Ok(Some(Tensor::from_vec(sums, table.shape(), table.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::embedding;
    use crate::ops::gradient::{Gradient, collect};
    use crate::ops::verify::{assert_close, assert_gradients, assert_same_gradients, random_var};
    use candle_core::{Device, Tensor};

    #[test]
    fn gradient_matches_finite_differences_and_the_composed_form() {
        let table = random_var(&[6, 5], 1.0, 1);
        let ids = Tensor::new(&[[2u32, 0, 2], [5, 2, 1]], &Device::Cpu).unwrap();
        assert_gradients("embedding", &[&table], || embedding(&table, &ids));
        let composed = || Ok(table.index_select(&ids.flatten_all()?, 0)?.reshape((2, 3, 5))?);
        assert_same_gradients("embedding", &[&table], || embedding(&table, &ids), composed, 1e-6);
    }

    #[test]
    fn collected_rows_are_the_gradient() {
        let table = random_var(&[6, 5], 1.0, 1);
        let look_up = |ids: &[u32]| embedding(&table, &Tensor::new(ids, &Device::Cpu).unwrap()).unwrap();
        // The table is read twice, as one that a head shares.
        let loss = (look_up(&[2, 0, 2, 5]).sqr().unwrap().sum_all().unwrap()
            + look_up(&[3, 2]).sqr().unwrap().sum_all().unwrap())
        .unwrap();
        let plain = loss.backward().unwrap();
        let (stored, collected) = collect(|| loss.backward().unwrap());
        assert!(stored.get(&table).is_none());
        let Gradient::Rows(rows) = &collected[&table.id()] else { panic!("not by rows") };
        assert_eq!(rows.rows, [0, 2, 3, 5]);
        let whole = collected[&table.id()].to_tensor(table.shape()).unwrap();
        assert_close("rows", &whole, plain.get(&table).unwrap(), 1e-6);
    }

    #[test]
    fn an_id_outside_the_table_is_an_error() {
        let ids = Tensor::new(&[6u32], &Device::Cpu).unwrap();
        let message = embedding(&random_var(&[6, 5], 1.0, 1), &ids).unwrap_err().to_string();
        assert!(message.contains("id 6 is outside a table of 6 entries"), "{message}");
    }
}
