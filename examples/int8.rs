//! Makes the int8 version of an encoder, and what a program that only reads floats makes of it.
//!
//! ```text
//! cargo run --release --example int8 -- MODEL_DIR INT8_DIR FLOAT_DIR
//! cargo run --release --example encoder_quality -- --beside FLOAT_DIR --teacher MINILM_DIR --sst SST2_DIR
//! ```
//!
//! Each row of a weight matrix becomes whole numbers from -127 to 127 and one F16 scale (symmetric, per output channel;
//! Krishnamoorthi 2018, section 2.3); vectors stay F16. `INT8_DIR` gets a `model.safetensors` about half as large as F16,
//! where `NAME` is I8 and `NAME.scale` belongs to it. `FLOAT_DIR` gets the same numbers as F16 again, in the Hub's layout:
//! what the loss of accuracy is measured with.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use half::f16;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use tunebook::{Error, Result};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.as_slice() {
        [model, int8, float] => convert(Path::new(model), Path::new(int8), Path::new(float)),
        _ => Err(Error::input("int8", "needs three folders", "call it with MODEL_DIR INT8_DIR FLOAT_DIR")),
    };
    if let Err(problem) = outcome {
        eprintln!("error: {problem}");
        std::process::exit(2);
    }
}

/// Name, type, shape and bytes of each tensor.
type Stored = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn convert(model: &Path, int8: &Path, float: &Path) -> Result<()> {
    let weights = model.join("model.safetensors");
    let mut stored = Stored::new();
    let mut floats = HashMap::new();
    for (name, tensor) in candle_core::safetensors::load(&weights, &Device::Cpu)? {
        let tensor = tensor.to_dtype(DType::F32)?;
        if let &[_, width] = tensor.dims() {
            let (numbers, scales) = quantize(&tensor.to_vec2()?);
            let back: Vec<f32> = numbers
                .chunks(width)
                .zip(&scales)
                .flat_map(|(row, scale)| row.iter().map(|&number| f32::from(number) * scale.to_f32()))
                .collect();
            floats.insert(name.clone(), Tensor::from_vec(back, tensor.dims(), &Device::Cpu)?.to_dtype(DType::F16)?);
            stored.insert(format!("{name}.scale"), halves(&scales));
            let bytes = numbers.iter().map(|number| number.to_ne_bytes()[0]).collect();
            stored.insert(name, (Dtype::I8, tensor.dims().to_vec(), bytes));
        } else {
            let values: Vec<f16> = tensor.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f16::from_f32).collect();
            stored.insert(name.clone(), (Dtype::F16, tensor.dims().to_vec(), halves(&values).2));
            floats.insert(name, tensor.to_dtype(DType::F16)?);
        }
    }
    for folder in [int8, float] {
        fs::create_dir_all(folder).map_err(|problem| Error::io(folder, problem))?;
        for file in ["config.json", "tokenizer.json"] {
            fs::copy(model.join(file), folder.join(file)).map_err(|problem| Error::io(model.join(file), problem))?;
        }
    }
    let broken = |problem| Error::input(weights.display(), problem, "use the weights of an encoder");
    let views: Vec<(&str, TensorView<'_>)> = stored
        .iter()
        .map(|(name, (dtype, shape, bytes))| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes)?)))
        .collect::<std::result::Result<_, safetensors::SafeTensorError>>()
        .map_err(broken)?;
    let bytes = safetensors::serialize(views, None).map_err(broken)?;
    println!("{}: {} bytes", int8.display(), bytes.len());
    let path = int8.join("model.safetensors");
    fs::write(&path, bytes).map_err(|problem| Error::io(&path, problem))?;
    candle_core::safetensors::save(&floats, float.join("model.safetensors"))?;
    Ok(())
}

/// Rows as whole numbers, and the scale of each row.
fn quantize(rows: &[Vec<f32>]) -> (Vec<i8>, Vec<f16>) {
    let mut numbers = Vec::new();
    let mut scales = Vec::new();
    for row in rows {
        let largest = row.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        // Not below the smallest normal half, so that a row of zeros has a scale too; and rounded before it divides.
        let scale = f16::from_f32((largest / 127.0).max(6.2e-5));
        numbers.extend(row.iter().map(|x| (x / scale.to_f32()).round().clamp(-127.0, 127.0) as i8));
        scales.push(scale);
    }
    (numbers, scales)
}

fn halves(values: &[f16]) -> (Dtype, Vec<usize>, Vec<u8>) {
    (Dtype::F16, vec![values.len()], values.iter().flat_map(|value| value.to_le_bytes()).collect())
}
