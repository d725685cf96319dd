//! Linear regression with many outputs.

use candle_core::Tensor;
use tunebook::Result;

/// The matrix `(inputs, outputs)` that takes `rows` `(n, inputs)` nearest to `wanted` `(n, outputs)`: ridge regression, its
/// normal equations solved by conjugate gradients for all outputs side by side (Golub and Van Loan, section 11.3). The
/// penalty is `ridge` of the rows' mean second moment.
pub(crate) fn least_squares(rows: &Tensor, wanted: &Tensor, ridge: f64) -> Result<Tensor> {
    const ROUNDS: usize = 200;
    let count = rows.dim(0)?;
    let transposed = (rows.t()?.contiguous()? / count as f64)?;
    let moment = transposed.matmul(rows)?;
    let penalty = ridge * f64::from(rows.sqr()?.mean_all()?.to_scalar::<f32>()?);
    let mut solution = Tensor::zeros_like(&transposed.matmul(wanted)?)?;
    let mut residual = transposed.matmul(wanted)?;
    let mut direction = residual.clone();
    let mut length = residual.sqr()?.sum_keepdim(0)?;
    for _ in 0..ROUNDS {
        let turned = (moment.matmul(&direction)? + (&direction * penalty)?)?;
        let step = (&length / ((&direction * &turned)?.sum_keepdim(0)? + 1e-20)?)?;
        solution = (solution + direction.broadcast_mul(&step)?)?;
        residual = (residual - turned.broadcast_mul(&step)?)?;
        let next = residual.sqr()?.sum_keepdim(0)?;
        direction = (&residual + direction.broadcast_mul(&(&next / (length + 1e-20)?)?)?)?;
        length = next;
    }
    Ok(solution)
}
