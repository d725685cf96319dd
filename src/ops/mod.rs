//! Differentiable kernels that the models run on.
//!
//! Several of candle's fused operations (`layer_norm`, `softmax_last_dim`) have no backward pass and silently cut the
//! graph: no gradient reaches what lies below them, and nothing fails. Each operation here has an analytic backward
//! pass. On a CPU with 32-bit floats it runs a kernel of our own, parallel with rayon; elsewhere it is composed from
//! candle's differentiable operations. Each is tested against finite differences and against the composed form.
//!
//! Reading order: [`gelu()`] is the simplest; [`linear()`] shows how work for frozen operands is skipped; `slices`
//! is how a kernel reaches the numbers; `exponential` is the arithmetic that GELU and softmax share. `encoder_layer` puts a
//! whole transformer layer into one operation, on `many` (any number of inputs), `gemm` (products into memory that is
//! there) and `scratch` (memory that is used again). `gradient` takes the gradients of parameters past candle's store.

mod batch_norm;
mod conv2d;
mod dropout;
mod embedding;
mod encoder_layer;
mod exponential;
mod gelu;
mod gemm;
mod gradient;
mod layer_norm;
mod linear;
mod many;
mod max_pool2d;
mod relu;
mod scratch;
mod slices;
mod softmax;
pub(crate) mod vectorized;
#[cfg(test)]
pub(crate) mod verify;

pub use batch_norm::{BatchStatistics, batch_norm, batch_norm_relu, batch_norm_relu_train, batch_norm_train};
pub use conv2d::conv2d;
pub use dropout::dropout;
pub use embedding::embedding;
pub use gelu::gelu;
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use max_pool2d::max_pool2d;
pub use relu::relu;
pub use softmax::masked_softmax;

pub(crate) use dropout::Dropout;
pub(crate) use encoder_layer::{AdapterTensors, EncoderLayer, LinearTensors, NormTensors};
pub(crate) use gradient::{Gradient, RowGradient, collect};
pub(crate) use scratch::end_step;
#[cfg(test)]
pub(crate) use scratch::idle_memory;
pub(crate) use slices::GRAIN;
pub(crate) use vectorized::vectorized;

use candle_core::{DType, Tensor};

/// Whether our own kernels can take this tensor; otherwise the composed form runs.
pub(crate) fn has_kernel(x: &Tensor) -> bool {
    #[cfg(test)]
    if verify::are_kernels_off() {
        return false;
    }
    x.device().is_cpu() && x.dtype() == DType::F32
}

/// Runs `f` on a thread of rayon's pool: from there a parallel loop begins without waking anybody. For work that has many.
pub(crate) fn in_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    // The switch of the tests holds for one thread.
    #[cfg(test)]
    if verify::are_kernels_off() {
        return f();
    }
    rayon::scope(|_| f())
}
