//! What the student is trained to: the teacher's vectors in as many dimensions as the student has.

use candle_core::{D, Device, Tensor};
use tunebook::Result;
use tunebook::metrics::spearman_correlation;

use crate::options::Options;
use crate::subspace::principal;
use crate::teacher::Targets;

/// How much the agreement of similarities weighs beside the distance to the target: both parts are then of one size in
/// the middle of training.
const SIMILARITY: f64 = 10.0;

/// Targets for every passage.
pub(crate) struct Goals {
    /// Of length one, `(passages, student's width)`.
    targets: Tensor,
    /// The teacher's sentence vectors, of length one: `(passages, teacher's width)`.
    sentences: Tensor,
}

impl Goals {
    /// The teacher's sentence vector and, weighted, its middle layer's deviation from the mean text, side by side, in the
    /// dimensions in which they extend most. With a weight of one half angles between texts stay nearly those of the
    /// sentence vectors, and opinions, which the last layer tells less well, stay readable.
    pub(crate) fn new(options: &Options, teacher: &Targets) -> Result<Self> {
        let sentences = teacher.last.clone();
        let middle = teacher.middle.broadcast_sub(&teacher.middle.mean_keepdim(0)?)?;
        let both = Tensor::cat(&[&sentences, &(unit(&middle)? * options.middle)?], 1)?;
        println!("targets: sentence vectors and middle states");
        let basis = principal(&both, options.hidden, options.seed + 1)?;
        Ok(Self { targets: unit(&both.matmul(&basis)?)?, sentences })
    }

    /// Distance in direction to the target, and disagreement with the teacher on the similarities within the batch. Without
    /// dropout: the targets are exact, and there is far more text than the student can memorise.
    pub(crate) fn loss(&self, vectors: &Tensor, rows: &[usize]) -> Result<Tensor> {
        let vectors = unit(vectors)?;
        let (target, sentences) = self.of(rows)?;
        let direction = (1.0 - (&vectors * target)?.sum(D::Minus1)?)?.mean_all()?;
        let similarities = vectors.matmul(&vectors.t()?)?;
        let wanted = sentences.matmul(&sentences.t()?)?;
        Ok((direction + ((similarities - wanted)?.sqr()?.mean_all()? * SIMILARITY)?)?)
    }

    /// The mean cosine to the targets, and Spearman's correlation of neighbouring rows' similarities with the teacher's.
    pub(crate) fn agreement(&self, vectors: &Tensor, rows: &[usize]) -> Result<(f64, f64)> {
        let vectors = unit(vectors)?;
        let (target, sentences) = self.of(rows)?;
        let cosine = (&vectors * target)?.sum(D::Minus1)?.mean_all()?.to_scalar::<f32>()?;
        let neighbours = |rows: &Tensor| -> Result<Vec<f64>> {
            let count = rows.dim(0)? - 1;
            let products = (rows.narrow(0, 0, count)? * rows.narrow(0, 1, count)?)?.sum(D::Minus1)?;
            Ok(products.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
        };
        Ok((f64::from(cosine), spearman_correlation(&neighbours(&vectors)?, &neighbours(&sentences)?)?))
    }

    /// Targets and the teacher's sentence vectors of these rows.
    pub(crate) fn of(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        let rows: Vec<u32> = rows.iter().map(|&row| row as u32).collect();
        let rows = Tensor::new(rows, &Device::Cpu)?;
        Ok((self.targets.index_select(&rows, 0)?, self.sentences.index_select(&rows, 0)?))
    }
}

/// Rows of length one.
fn unit(rows: &Tensor) -> Result<Tensor> {
    Ok(rows.broadcast_div(&(rows.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?)?)
}
