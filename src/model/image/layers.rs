//! The layers that image networks are made of: convolution and batch normalisation.

use candle_core::Tensor;

use crate::model::{Buffer, Init, Parameter, Pass, StoreBuilder};
use crate::{Result, ops};

/// Added to the variance, as in PyTorch.
const EPS: f64 = 1e-5;

/// How far each batch moves the running statistics, as in PyTorch.
const MOMENTUM: f64 = 0.1;

/// A convolution without a bias, as it stands before batch normalisation.
///
/// ```
/// use tunebook::candle::{DType, Device, Tensor};
/// use tunebook::model::{Conv2d, Pass, StoreBuilder};
/// let mut builder = StoreBuilder::random(42);
/// let conv = Conv2d::new(&mut builder, "conv1", (3, 8), 3, 2, 1)?;
/// let images = Tensor::zeros((1, 3, 16, 16), DType::F32, &Device::Cpu)?;
/// assert_eq!(conv.forward(&images, &Pass::evaluation())?.dims(), [1, 8, 8, 8]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Conv2d {
    weight: Parameter,
    stride: usize,
    padding: usize,
}

impl Conv2d {
    /// Takes `{name}.weight` `(outputs, inputs, kernel, kernel)` from the builder. A fresh weight is normal with deviation
    /// `sqrt(2 / (outputs * kernel * kernel))` (He et al. 2015, fan-out), as torchvision starts its networks.
    pub fn new(
        builder: &mut StoreBuilder,
        name: &str,
        (inputs, outputs): (usize, usize),
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Self> {
        let std = (2.0 / (outputs * kernel * kernel) as f64).sqrt();
        let shape = [outputs, inputs, kernel, kernel];
        let weight = builder.parameter(&format!("{name}.weight"), &shape, Init::Normal(std))?;
        Ok(Self { weight, stride, padding })
    }

    /// `(batch, inputs, height, width)` to `(batch, outputs, ..)`; see [`ops::conv2d()`].
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        ops::conv2d(x, &self.weight.tensor(pass), self.stride, self.padding)
    }
}

/// Batch normalisation of images (Ioffe and Szegedy 2015), with PyTorch's names and constants.
///
/// In a training pass it normalises with the statistics of the batch and moves its running statistics a tenth of the way
/// towards them; otherwise it normalises with the running ones. A *frozen* layer, one whose weight does not train, always
/// does the latter, and its statistics stay: what is frozen computes the same in every pass. So does a batch that has one
/// number for a channel (one image of one pixel): its variance says nothing.
///
/// ```
/// use tunebook::candle::{Device, Tensor};
/// use tunebook::model::{BatchNorm2d, Pass, StoreBuilder};
/// let norm = BatchNorm2d::new(&mut StoreBuilder::random(42), "bn1", 2)?;
/// let images = Tensor::randn(5f32, 1.0, (4, 2, 3, 3), &Device::Cpu)?;
/// let mean = |y: Tensor| -> tunebook::Result<f32> { Ok(y.mean_all()?.to_scalar()?) };
/// assert!(mean(norm.forward(&images, &Pass::training(1))?)?.abs() < 1e-5); // the statistics of the batch
/// assert!(mean(norm.forward(&images, &Pass::evaluation())?)? > 3.0); // the running ones have only begun to follow
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    weight: Parameter,
    bias: Parameter,
    running_mean: Buffer,
    running_var: Buffer,
    num_batches_tracked: Buffer,
}

impl BatchNorm2d {
    /// Takes `{name}.weight`, `.bias`, `.running_mean`, `.running_var` (each `(channels)`) and `.num_batches_tracked` from
    /// the builder.
    pub fn new(builder: &mut StoreBuilder, name: &str, channels: usize) -> Result<Self> {
        Ok(Self {
            weight: builder.parameter_without_decay(&format!("{name}.weight"), &[channels], Init::Ones)?,
            bias: builder.parameter_without_decay(&format!("{name}.bias"), &[channels], Init::Zeros)?,
            running_mean: builder.buffer(&format!("{name}.running_mean"), &[channels], Init::Zeros)?,
            running_var: builder.buffer(&format!("{name}.running_var"), &[channels], Init::Ones)?,
            num_batches_tracked: builder.counter(&format!("{name}.num_batches_tracked"))?,
        })
    }

    /// `(batch, channels, height, width)` to the same shape.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        let (weight, bias) = (self.weight.tensor(pass), self.bias.tensor(pass));
        if self.takes_the_batch(x, pass)? {
            let (y, statistics) = ops::batch_norm_train(x, &weight, &bias, EPS)?;
            self.follow(&statistics)?;
            return Ok(y);
        }
        ops::batch_norm(x, &self.running_mean.tensor(), &self.running_var.tensor(), &weight, &bias, EPS)
    }

    /// `relu(forward(x) + residual)`, or without a residual `relu(forward(x))`, in one operation.
    pub fn forward_relu(&self, x: &Tensor, residual: Option<&Tensor>, pass: &Pass) -> Result<Tensor> {
        let (weight, bias) = (self.weight.tensor(pass), self.bias.tensor(pass));
        if self.takes_the_batch(x, pass)? {
            let (y, statistics) = ops::batch_norm_relu_train(x, residual, &weight, &bias, EPS)?;
            self.follow(&statistics)?;
            return Ok(y);
        }
        let (mean, variance) = (self.running_mean.tensor(), self.running_var.tensor());
        ops::batch_norm_relu(x, residual, &mean, &variance, &weight, &bias, EPS)
    }

    /// Whether a pass over `x` normalises with the statistics of the batch.
    fn takes_the_batch(&self, x: &Tensor, pass: &Pass) -> Result<bool> {
        let (batch, _, height, width) = x.dims4()?;
        Ok(pass.is_training() && self.weight.is_trainable() && batch * height * width > 1)
    }

    /// Moves the running statistics towards those of a batch.
    fn follow(&self, batch: &ops::BatchStatistics) -> Result<()> {
        for (running, now) in [(&self.running_mean, &batch.mean), (&self.running_var, &batch.variance)] {
            running.set(&((running.tensor() * (1.0 - MOMENTUM))? + (now * MOMENTUM)?)?)?;
        }
        let count = self.num_batches_tracked.tensor();
        self.num_batches_tracked.set(&(&count + count.ones_like()?)?)
    }
}
