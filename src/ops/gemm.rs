//! Matrix products into memory that is there already.
//!
//! candle's product makes a new tensor each time. Inside a large operation results go to memory that is used again in
//! every step, or are added to what is there; the crate `gemm`, on which candle's product rests, can do that.

use gemm::Parallelism;

/// A matrix to read: numbers with the distances from row to row and from column to column.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Row after row without gaps.
    pub(super) fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// Rows that begin `stride` numbers after each other.
    pub(super) fn strided(data: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(fits(data.len(), rows, columns, stride), "{rows} x {columns} at {stride} in {}", data.len());
        Self { data, rows, columns, row_stride: stride, column_stride: 1 }
    }

    /// Transposed; nothing moves.
    pub(super) fn t(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// Whether `rows` rows of `columns` numbers, `stride` apart, lie within `len` numbers and do not overlap.
fn fits(len: usize, rows: usize, columns: usize, stride: usize) -> bool {
    rows == 0 || columns == 0 || (stride >= columns && (rows - 1) * stride + columns <= len)
}

/// What happens to the numbers that are there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// They are replaced; what they were does not matter.
    Replace,
    /// The product is added to them.
    Add,
}

/// Who computes.
#[derive(Clone, Copy)]
pub(super) enum Threads {
    /// The calling thread alone, for products inside a task.
    One,
    /// All threads of the pool.
    All,
}

/// `scale * a b` into `into`, whose rows begin `stride` numbers after each other.
pub(super) fn product(
    into: &mut [f32],
    stride: usize,
    target: Target,
    (a, b): (Matrix<'_>, Matrix<'_>),
    scale: f32,
    threads: Threads,
) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert!(k == b.rows && fits(into.len(), m, n, stride), "product of {m} x {k} and {} x {n}", b.rows);
    if m == 0 || n == 0 {
        return;
    }
    let parallelism = match threads {
        Threads::One => Parallelism::None,
        Threads::All => Parallelism::Rayon(rayon::current_num_threads()),
    };
    let add = target == Target::Add;
    // SAFETY: `gemm` reads `a` and `b` and writes `into` at row * row stride + column * column stride, for rows and
    // columns below the sizes it is given. `fits` held for all three slices when those sizes and strides were set
    // (transposing exchanges both), so every such place is inside its slice; the exclusive borrow keeps `into` apart
    // from the other two. With `add` false `into` is not read.
    #[allow(unsafe_code)]
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            into.as_mut_ptr(),
            1,
            stride as isize,
            add,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            if add { 1.0 } else { 0.0 },
            scale,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Matrix, Target, Threads, product};

    #[test]
    fn products_of_strided_and_transposed_matrices() {
        // [[1, 2], [3, 4]] in rows of three numbers, times the transpose of [[5, 6], [7, 8], [9, 10]].
        let a = [1.0, 2.0, 99.0, 3.0, 4.0];
        let b = [5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
        let both = || (Matrix::strided(&a, 2, 2, 3), Matrix::new(&b, 3, 2).t());
        for threads in [Threads::One, Threads::All] {
            let mut into = [f32::NAN, f32::NAN, f32::NAN, -1.0, f32::NAN, f32::NAN, f32::NAN];
            product(&mut into, 4, Target::Replace, both(), 1.0, threads);
            assert_eq!(into.map(f32::to_bits), [17.0, 23.0, 29.0, -1.0, 39.0, 53.0, 67.0].map(f32::to_bits));
            product(&mut into, 4, Target::Add, both(), -2.0, threads);
            assert_eq!(into.map(f32::to_bits), [-17.0, -23.0, -29.0, -1.0, -39.0, -53.0, -67.0].map(f32::to_bits));
        }
    }

    #[test]
    fn an_empty_sum_is_zero() {
        let mut into = [3.0; 4];
        product(&mut into, 2, Target::Replace, (Matrix::new(&[], 2, 0), Matrix::new(&[], 0, 2)), 1.0, Threads::One);
        assert!(into.iter().all(|v| *v == 0.0));
    }

    #[test]
    #[should_panic(expected = "3 x 2 at 2 in 5")]
    fn a_matrix_beyond_its_numbers_is_refused() {
        let _ = Matrix::new(&[0.0; 5], 3, 2);
    }
}
