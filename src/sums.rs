//! Sums that the compiler can compute several at once, always in the same order: the same bits on every run.

/// Running sums: as many as the widest vector registers in common use hold.
const LANES: usize = 8;

/// The sum of the products of two lists, up to the end of the shorter one, in double precision.
pub(crate) fn dot<T: Copy + Into<f64>>(a: &[f64], b: &[T]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (chunks_a, chunks_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = chunks_a.remainder().iter().zip(chunks_b.remainder()).map(|(x, &y)| x * y.into()).sum();
    for (a, b) in chunks_a.zip(chunks_b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane].into();
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::dot;

    #[test]
    #[expect(clippy::float_cmp, reason = "sums of small whole numbers are exact")]
    fn every_product_is_in_the_sum_once() {
        for length in [0, 1, 7, 8, 9, 16, 37] {
            let a: Vec<f64> = (0..length).map(f64::from).collect();
            let b: Vec<f32> = (0..length).map(|x| 3.0 - x as f32).collect();
            let expected: f64 = a.iter().zip(&b).map(|(x, y)| x * f64::from(*y)).sum();
            assert_eq!(dot(&a, &b), expected, "{length}");
            assert_eq!(dot(&a, &a), a.iter().map(|x| x * x).sum::<f64>(), "{length}");
        }
    }
}
