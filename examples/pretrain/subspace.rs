//! Fewer dimensions with as little loss as possible.

use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tunebook::Result;

/// An orthonormal basis `(width, dimensions)` of the directions in which `rows` `(n, width)` extend most, by orthogonal
/// iteration on their second moment (Golub and Van Loan, section 7.3). Vectors are not centred: angles are to survive.
pub(crate) fn principal(rows: &Tensor, dimensions: usize, seed: u64) -> Result<Tensor> {
    const ROUNDS: usize = 60;
    let width = rows.dim(1)?;
    let moment = (rows.t()?.contiguous()?.matmul(rows)? / rows.dim(0)? as f64)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start: Vec<f32> = (0..width * dimensions).map(|_| rng.random_range(-1.0..1.0)).collect();
    let mut basis = Tensor::from_vec(start, (width, dimensions), &Device::Cpu)?;
    for _ in 0..ROUNDS {
        basis = orthonormal(&moment.matmul(&basis)?)?;
    }
    let kept = basis.t()?.contiguous()?.matmul(&moment.matmul(&basis)?)?;
    let trace = |square: &Tensor| -> Result<f64> {
        let rows = square.to_vec2::<f32>()?;
        Ok(rows.iter().enumerate().map(|(at, row)| f64::from(row[at])).sum())
    };
    println!(
        "  {dimensions} of {width} dimensions keep {:.1} % of the energy",
        100.0 * trace(&kept)? / trace(&moment)?
    );
    Ok(basis)
}

/// Gram-Schmidt on the columns, twice for accuracy.
fn orthonormal(columns: &Tensor) -> Result<Tensor> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in columns.t()?.to_vec2::<f32>()? {
        let mut vector: Vec<f64> = column.into_iter().map(f64::from).collect();
        for _ in 0..2 {
            for earlier in &basis {
                let along: f64 = vector.iter().zip(earlier).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(earlier).for_each(|(a, b)| *a -= along * b);
            }
        }
        let norm = vector.iter().map(|a| a * a).sum::<f64>().sqrt().max(1e-12);
        for a in &mut vector {
            *a /= norm;
        }
        basis.push(vector);
    }
    let (dimensions, width) = (basis.len(), basis[0].len());
    let flat: Vec<f32> = basis.into_iter().flatten().map(|a| a as f32).collect();
    Ok(Tensor::from_vec(flat, (dimensions, width), &Device::Cpu)?.t()?.contiguous()?)
}
