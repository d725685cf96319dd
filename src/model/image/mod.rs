//! Networks for images and the classifier on them.
//!
//! Reading order: [`layers`] (convolution and batch normalisation with its running statistics), [`ResNet`] (torchvision's and
//! timm's ResNet-18), [`SmallCnn`] (for small images, from scratch), [`ImageNetwork`] (either of them), [`pixels`] (from bytes
//! to what a network reads), [`ImageClassifier`] (images to labels), [`source`] and [`layout`] (its folder, as timm has it).

mod classifier;
#[cfg(test)]
mod embedded_tests;
mod features;
mod layers;
mod layout;
mod network;
#[cfg(test)]
mod parity_tests;
mod pixels;
mod resnet;
mod small_cnn;
mod source;
#[cfg(test)]
mod tests;

pub use classifier::ImageClassifier;
pub use layers::{BatchNorm2d, Conv2d};
pub use network::ImageNetwork;
pub use resnet::{ResNet, ResNetConfig};
pub use small_cnn::{SmallCnn, SmallCnnConfig};
pub(in crate::model) use source::ImageFiles;

use candle_core::Tensor;

use crate::data::ImageShape;
use crate::{Error, Result};

/// Channels, height and width of a batch of images that a network for so many channels takes.
fn check_batch(images: &Tensor, channels: usize) -> Result<(usize, usize, usize)> {
    match *images.dims() {
        [_, found, height, width] if found == channels => Ok((found, height, width)),
        _ => Err(Error::input(
            "images",
            format!("the shape is {:?}, the network takes (images, {channels}, height, width)", images.dims()),
            "give a batch of images with the channels that the network was made for",
        )),
    }
}

fn check_channels(shape: ImageShape, channels: usize) -> Result<()> {
    if shape.channels == channels {
        return Ok(());
    }
    Err(Error::input(
        "images",
        format!("are {shape} (channels x height x width), and the network takes {channels} channels"),
        match channels {
            3 => "read them in colour: FolderImages { channels: Some(3), .. }, or ImageDataset::to_colour()",
            1 => "read them in grey: FolderImages { channels: Some(1), .. }; or make the network for their channels",
            _ => "make the network for the channels that the images have",
        },
    ))
}
