//! Principal components: what vectors of hundreds of numbers look like from where they differ most.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::sums::dot;
use crate::{Error, Result};

/// More directions than are asked for are followed along: the last one wanted settles sooner.
const FOLLOWED_ALONG: usize = 10;

/// Rounds at most. Only directions of all but equal variance take so many, and then any of them is as good.
const ROUNDS: usize = 300;

/// How far a direction may still turn in a round, as a sine.
const SETTLED: f64 = 1e-12;

/// Principal component analysis: the directions in which vectors vary most, and how much of their variance lies in each.
///
/// scikit-learn's `PCA`, to which it is equal with the sign of its `svd_flip`: the largest entry of a component is
/// positive. The directions come from the covariance matrix by subspace iteration with Rayleigh-Ritz steps, from a
/// seeded start (Golub and Van Loan, "Matrix computations", 8.2.4): the same vectors give the same bits.
///
/// ```
/// use tunebook::metrics::Pca;
///
/// let vectors = [vec![0.0, 0.0], vec![1.0, 2.0], vec![2.0, 4.0], vec![3.0, 6.0]];
/// let pca = Pca::fit(&vectors, 1)?;
/// assert!((pca.explained_variance_ratio()[0] - 1.0).abs() < 1e-12, "all on one line");
/// let places = pca.transform(&vectors)?;
/// assert!((places[3][0] - places[0][0] - 45f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    components: Vec<Vec<f64>>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
}

impl Pca {
    /// The first `components` principal components of `vectors`, which all have the same length.
    ///
    /// # Errors
    /// For vectors of different lengths, numbers that are not finite, vectors that are all equal, 0 components, or more
    /// than the vectors have numbers or than there are vectors less one.
    pub fn fit(vectors: &[Vec<f32>], components: usize) -> Result<Self> {
        let width = vectors.first().map_or(0, Vec::len);
        check(vectors, width)?;
        let most = width.min(vectors.len().saturating_sub(1));
        if !(1..=most).contains(&components) {
            return Err(Error::input(
                "Pca::fit",
                format!("{components} components of {} vectors of {width} numbers", vectors.len()),
                match most {
                    0 => "give two vectors at least".to_owned(),
                    most => format!("ask for 1 to {most} components"),
                },
            ));
        }
        if vectors.iter().all(|vector| *vector == vectors[0]) {
            return Err(Error::input(
                "Pca::fit",
                "all vectors are equal, so they differ nowhere",
                "give other vectors",
            ));
        }
        let (mean, covariance) = covariance(vectors, width);
        let total: f64 = (0..width).map(|at| covariance[at][at]).sum();
        let (explained_variance, components) = leading_directions(&covariance, components);
        let explained_variance_ratio = explained_variance.iter().map(|variance| variance / total).collect();
        Ok(Self { mean, components, explained_variance, explained_variance_ratio })
    }

    /// Where vectors lie along the components: one row for each vector, one number for each component.
    ///
    /// # Errors
    /// For vectors of another length than those it was fitted on, or numbers that are not finite.
    pub fn transform(&self, vectors: &[Vec<f32>]) -> Result<Vec<Vec<f64>>> {
        check(vectors, self.mean.len())?;
        let place = |vector: &Vec<f32>| {
            let centred: Vec<f64> = vector.iter().zip(&self.mean).map(|(x, mean)| f64::from(*x) - mean).collect();
            self.components.iter().map(|component| dot(component, &centred)).collect()
        };
        Ok(vectors.par_iter().map(place).collect())
    }

    /// The mean of each number over the vectors.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The directions, of length 1 and at right angles, the one of most variance first.
    pub fn components(&self) -> &[Vec<f64>] {
        &self.components
    }

    /// The variance along each component, with a divisor of the number of vectors less one.
    pub fn explained_variance(&self) -> &[f64] {
        &self.explained_variance
    }

    /// The same as shares of the whole variance, 0 to 1.
    pub fn explained_variance_ratio(&self) -> &[f64] {
        &self.explained_variance_ratio
    }
}

fn check(vectors: &[Vec<f32>], width: usize) -> Result<()> {
    for (row, vector) in vectors.iter().enumerate() {
        if vector.len() != width {
            let problem = format!("has {} numbers, not {width}", vector.len());
            return Err(Error::input(format!("vector {row}"), problem, "give vectors of one length, from one model"));
        }
        if let Some(at) = vector.iter().position(|x| !x.is_finite()) {
            let problem = format!("its number {at} is {}", vector[at]);
            return Err(Error::input(format!("vector {row}"), problem, "leave the vector out"));
        }
    }
    Ok(())
}

/// The mean, and the covariance matrix with a divisor of the count less one.
fn covariance(vectors: &[Vec<f32>], width: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let count = vectors.len() as f64;
    let (mean, columns): (Vec<f64>, Vec<Vec<f64>>) = (0..width)
        .into_par_iter()
        .map(|at| {
            let mean = vectors.iter().map(|vector| f64::from(vector[at])).sum::<f64>() / count;
            (mean, vectors.iter().map(|vector| f64::from(vector[at]) - mean).collect())
        })
        .unzip();
    let lower: Vec<Vec<f64>> = (0..width)
        .into_par_iter()
        .map(|row| (0..=row).map(|column| dot(&columns[row], &columns[column]) / (count - 1.0)).collect())
        .collect();
    let whole = (0..width).map(|row| (0..width).map(|at| lower[row.max(at)][row.min(at)]).collect()).collect();
    (mean, whole)
}

/// The largest eigenvalues of a symmetric matrix and their eigenvectors.
fn leading_directions(matrix: &[Vec<f64>], wanted: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let width = matrix.len();
    let followed = (wanted + FOLLOWED_ALONG).min(width);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut directions: Vec<Vec<f64>> =
        (0..followed).map(|_| (0..width).map(|_| rng.random_range(-1.0..1.0)).collect()).collect();
    make_orthonormal(&mut directions);
    let mut values = Vec::new();
    for _ in 0..ROUNDS {
        let images: Vec<Vec<f64>> =
            directions.par_iter().map(|direction| matrix.iter().map(|row| dot(row, direction)).collect()).collect();
        // Rayleigh-Ritz: the eigenvectors of the matrix as seen within the directions.
        let mut seen: Vec<Vec<f64>> =
            directions.iter().map(|a| images.iter().map(|image| dot(a, image)).collect()).collect();
        let mut turned = vec![vec![0.0; followed]; followed];
        (0..followed).for_each(|at| turned[at][at] = 1.0);
        diagonalise(&mut seen, &mut turned);
        let mut order: Vec<usize> = (0..followed).collect();
        order.sort_by(|&a, &b| seen[b][b].total_cmp(&seen[a][a]));
        values = order.iter().take(wanted).map(|&at| seen[at][at].max(0.0)).collect();
        let mix = |vectors: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let one = |&at: &usize| {
                let mut sum = vec![0.0; width];
                for (vector, weight) in vectors.iter().zip(&turned[at]) {
                    sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += weight * x);
                }
                sum
            };
            order.iter().map(one).collect()
        };
        let (ritz, images) = (mix(&directions), mix(&images));
        let largest = values.first().copied().unwrap_or(0.0);
        let settled = ritz.iter().zip(&images).zip(&values).all(|((vector, image), value)| {
            let rest: f64 = image.iter().zip(vector).map(|(image, x)| (image - value * x).powi(2)).sum();
            rest.sqrt() <= SETTLED * largest
        });
        if settled || followed == width {
            directions = ritz;
            break;
        }
        directions = images;
        make_orthonormal(&mut directions);
    }
    directions.truncate(wanted);
    for direction in &mut directions {
        let largest = direction.iter().fold(0.0_f64, |most, &x| if x.abs() > most.abs() { x } else { most });
        if largest < 0.0 {
            for x in direction {
                *x = -*x;
            }
        }
    }
    (values, directions)
}

/// Makes vectors stand at right angles, each of length 1; those that depend on earlier ones become arbitrary others
/// (modified Gram-Schmidt, twice, which is enough).
fn make_orthonormal(vectors: &mut [Vec<f64>]) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for at in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(at);
        let vector = &mut rest[0];
        let mut tries = 0;
        loop {
            let start = dot(vector, vector).sqrt();
            for _ in 0..2 {
                for other in before.iter() {
                    let share = dot(other, vector);
                    vector.iter_mut().zip(other).for_each(|(x, other)| *x -= share * other);
                }
            }
            let length = dot(vector, vector).sqrt();
            if length > 1e-12 * start && length > 0.0 || tries > 8 {
                for x in vector.iter_mut() {
                    *x /= length.max(f64::MIN_POSITIVE);
                }
                break;
            }
            vector.fill_with(|| rng.random_range(-1.0..1.0));
            tries += 1;
        }
    }
}

/// Jacobi's method for a symmetric matrix: rotates pairs of rows and columns until only the diagonal, the eigenvalues,
/// is left, and the rows of `turned` along with them (Golub and Van Loan, 8.5).
fn diagonalise(matrix: &mut [Vec<f64>], turned: &mut [Vec<f64>]) {
    let size = matrix.len();
    for _ in 0..60 {
        let off: f64 = (0..size).flat_map(|p| (0..p).map(move |q| (p, q))).map(|(p, q)| matrix[p][q].powi(2)).sum();
        let on: f64 = (0..size).map(|p| matrix[p][p].powi(2)).sum();
        if off <= 1e-32 * on {
            return;
        }
        for p in 0..size {
            for q in p + 1..size {
                let entry = matrix[p][q];
                if entry == 0.0 {
                    continue;
                }
                let ratio = (matrix[q][q] - matrix[p][p]) / (2.0 * entry);
                let tangent = ratio.signum() / (ratio.abs() + ratio.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = tangent * cosine;
                for row in matrix.iter_mut() {
                    (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
                }
                rotate(matrix, p, q, (cosine, sine));
                rotate(turned, p, q, (cosine, sine));
            }
        }
    }
}

/// Rotates two rows, `p` before `q`.
fn rotate(rows: &mut [Vec<f64>], p: usize, q: usize, (cosine, sine): (f64, f64)) {
    let (before, after) = rows.split_at_mut(q);
    for (x, y) in before[p].iter_mut().zip(&mut after[0]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with directions of very different variance, hidden by a rotation of neighbouring numbers.
    fn vectors(count: usize, width: usize) -> Vec<Vec<f32>> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let row = |_| {
            let mut row: Vec<f32> =
                (0..width).map(|at| rng.random_range(-1.0_f32..1.0) * 0.7_f32.powi(at as i32)).collect();
            for at in 1..width {
                (row[at - 1], row[at]) = (0.8 * row[at - 1] - 0.6 * row[at], 0.6 * row[at - 1] + 0.8 * row[at]);
            }
            row
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn following_a_few_directions_finds_what_all_of_them_find() {
        let vectors = vectors(300, 40);
        let few = Pca::fit(&vectors, 3).unwrap();
        let all = Pca::fit(&vectors, 40).unwrap();
        assert!((all.explained_variance_ratio().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for at in 0..3 {
            assert!((few.explained_variance()[at] / all.explained_variance()[at] - 1.0).abs() < 1e-12);
            assert!((dot(&few.components()[at], &all.components()[at]) - 1.0).abs() < 1e-12);
        }
        assert_eq!(few, Pca::fit(&vectors, 3).unwrap());
        // What the components explain is the variance of the places along them.
        let places = few.transform(&vectors).unwrap();
        for at in 0..3 {
            let variance = places.iter().map(|place| place[at].powi(2)).sum::<f64>() / 299.0;
            assert!((variance / few.explained_variance()[at] - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn vectors_in_a_plane_have_two_components() {
        let flat: Vec<Vec<f32>> = (0..50)
            .map(|row| {
                let (a, b) = ((row % 7) as f32, (row % 5) as f32);
                (0..30).map(|at| if at % 2 == 0 { a } else { b }).collect()
            })
            .collect();
        let pca = Pca::fit(&flat, 4).unwrap();
        assert!(pca.explained_variance_ratio()[1] > 0.2 && pca.explained_variance_ratio()[2] < 1e-12);
        for (at, a) in pca.components().iter().enumerate() {
            for (other, b) in pca.components().iter().enumerate() {
                assert!((dot(a, b) - f64::from(u8::from(at == other))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn what_has_no_components_is_refused() {
        let error = |vectors: &[Vec<f32>], components| Pca::fit(vectors, components).unwrap_err().to_string();
        let two = [vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 7.0]];
        assert!(error(&two, 2).contains("ask for 1 to 1 components"));
        assert!(error(&two, 0).contains("ask for 1 to 1 components"));
        assert!(error(&two[..1], 1).contains("two vectors at least"));
        assert!(error(&[], 1).contains("two vectors at least"));
        assert!(error(&[vec![1.0], vec![1.0, 2.0]], 1).contains("vector 1: has 2 numbers, not 1"));
        assert!(error(&[vec![1.0], vec![f32::NAN]], 1).contains("vector 1: its number 0 is NaN"));
        assert!(error(&vec![vec![0.1]; 3], 1).contains("all vectors are equal"));
        let pca = Pca::fit(&two, 1).unwrap();
        assert!(pca.transform(&[vec![1.0]]).unwrap_err().to_string().contains("has 1 numbers, not 3"));
    }
}
