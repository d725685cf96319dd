//! Unfolding images to columns of patches, and folding columns back.
//!
//! Both go through a padded copy of the image whose rows are sorted by phase: with stride 2 first every even number of a
//! row, then every odd one. What a row of outputs reads with one place of the kernel then lies together, whatever the
//! stride, and no border is a special case.

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::ops::gemm::{Matrix, Threads};
use crate::ops::scratch::Buffer;
use crate::ops::slices::rows_per_task;

/// Memory for the columns of one group of images, used for each group in turn.
pub(super) struct Columns<'a> {
    geometry: &'a Geometry,
    threads: Threads,
    /// The padded images, `(images, channels, padded height, stride, phase)`.
    padded: Buffer,
    /// `(patch, images x positions)`.
    unfolded: Buffer,
}

impl<'a> Columns<'a> {
    pub(super) fn new(geometry: &'a Geometry, threads: Threads) -> Self {
        let group = geometry.group();
        Self {
            geometry,
            threads,
            padded: Buffer::take(group * geometry.channels * padded_plane(geometry)),
            unfolded: Buffer::take(geometry.patch() * group * geometry.positions()),
        }
    }

    /// The patches of these images as a matrix `(patch, images x positions)`.
    pub(super) fn unfold<'b>(&'b mut self, images: &'b [f32]) -> Matrix<'b> {
        let g = self.geometry;
        let count = images.len() / g.image();
        if g.is_pointwise() && count == 1 {
            return Matrix::new(images, g.channels, g.positions());
        }
        let plane = padded_plane(g);
        let padded = &mut self.padded[..count * g.channels * plane];
        let planes = (padded, plane, images, g.height * g.width);
        each_pair(self.threads, planes, |padded, image| pad(g, image, padded));

        let (row, channel_rows) = (count * g.positions(), g.kernel.0 * g.kernel.1);
        let padded = &self.padded[..count * g.channels * plane];
        let columns = &mut self.unfolded[..g.patch() * row];
        let one = |channel: usize, rows: &mut [f32]| {
            for (image, padded) in padded.chunks_exact(g.channels * plane).enumerate() {
                let plane = &padded[channel * plane..][..plane];
                for (place, row) in rows.chunks_exact_mut(row).enumerate() {
                    let out = &mut row[image * g.positions()..][..g.positions()];
                    read_place(g, (place / g.kernel.1, place % g.kernel.1), plane, out);
                }
            }
        };
        let length = channel_rows * row;
        match self.threads {
            Threads::One => columns.chunks_exact_mut(length).enumerate().for_each(|(n, rows)| one(n, rows)),
            Threads::All => columns
                .par_chunks_exact_mut(length)
                .with_min_len(rows_per_task(length))
                .enumerate()
                .for_each(|(n, rows)| one(n, rows)),
        }
        Matrix::new(&self.unfolded, g.patch(), row)
    }

    /// Memory for columns that [`Columns::fold`] reads: as many as `count` images have.
    pub(super) fn memory(&mut self, count: usize) -> &mut [f32] {
        &mut self.unfolded[..self.geometry.patch() * count * self.geometry.positions()]
    }

    /// The reverse of unfolding: writes to each number of the images the sum of the columns' numbers that came from it.
    pub(super) fn fold(&mut self, images: &mut [f32]) {
        let g = self.geometry;
        let count = images.len() / g.image();
        let (row, channel_rows) = (count * g.positions(), g.kernel.0 * g.kernel.1);
        let columns = &self.unfolded[..g.patch() * row];
        let plane = padded_plane(g);
        let padded = &mut self.padded[..count * g.channels * plane];
        let one = |n: usize, plane: &mut [f32]| {
            let (image, channel) = (n / g.channels, n % g.channels);
            plane.fill(0.0);
            let rows = columns[channel * channel_rows * row..].chunks_exact(row).take(channel_rows);
            for (place, row) in rows.enumerate() {
                let values = &row[image * g.positions()..][..g.positions()];
                add_place(g, (place / g.kernel.1, place % g.kernel.1), values, plane);
            }
        };
        match self.threads {
            Threads::One => padded.chunks_exact_mut(plane).enumerate().for_each(|(n, plane)| one(n, plane)),
            Threads::All => padded
                .par_chunks_exact_mut(plane)
                .with_min_len(rows_per_task(plane))
                .enumerate()
                .for_each(|(n, plane)| one(n, plane)),
        }
        let planes = (images, g.height * g.width, &self.padded[..], plane);
        each_pair(self.threads, planes, |image, padded| crop(g, padded, image));
    }
}

/// Calls `each` with every chunk of one slice and the chunk of the other in the same place.
fn each_pair(
    threads: Threads,
    (to, to_len, from, from_len): (&mut [f32], usize, &[f32], usize),
    each: impl Fn(&mut [f32], &[f32]) + Sync,
) {
    match threads {
        Threads::One => {
            to.chunks_exact_mut(to_len).zip(from.chunks_exact(from_len)).for_each(|(to, from)| each(to, from));
        }
        Threads::All => to
            .par_chunks_exact_mut(to_len)
            .zip(from.par_chunks_exact(from_len))
            .with_min_len(rows_per_task(to_len))
            .for_each(|(to, from)| each(to, from)),
    }
}

/// Numbers of a padded row that have the same phase.
fn phase(g: &Geometry) -> usize {
    (g.width + 2 * g.padding).div_ceil(g.stride)
}

fn padded_plane(g: &Geometry) -> usize {
    (g.height + 2 * g.padding) * g.stride * phase(g)
}

/// One plane of an image with its padding, rows sorted by phase.
fn pad(g: &Geometry, image: &[f32], padded: &mut [f32]) {
    let (phase, row) = (phase(g), g.stride * phase(g));
    padded.fill(0.0);
    for (padded, image) in padded[g.padding * row..].chunks_exact_mut(row).zip(image.chunks_exact(g.width)) {
        if g.stride == 1 {
            padded[g.padding..][..g.width].copy_from_slice(image);
        } else {
            let mut places = phases(g, phase);
            for v in image {
                padded[places()] = *v;
            }
        }
    }
}

/// The reverse: a plane without its padding.
fn crop(g: &Geometry, padded: &[f32], image: &mut [f32]) {
    let (phase, row) = (phase(g), g.stride * phase(g));
    for (padded, image) in padded[g.padding * row..].chunks_exact(row).zip(image.chunks_exact_mut(g.width)) {
        if g.stride == 1 {
            image.copy_from_slice(&padded[g.padding..][..g.width]);
        } else {
            let mut places = phases(g, phase);
            for v in image {
                *v = padded[places()];
            }
        }
    }
}

/// Where the numbers of an image's row lie in the padded row, one after the other.
fn phases(g: &Geometry, phase: usize) -> impl FnMut() -> usize {
    let (stride, mut which, mut start) = (g.stride, g.padding % g.stride, g.padding / g.stride);
    move || {
        let place = which * phase + start;
        which += 1;
        if which == stride {
            (which, start) = (0, start + 1);
        }
        place
    }
}

/// Where in a padded plane the first row of outputs reads with this place of the kernel, and how far on the next reads.
fn reads(g: &Geometry, (ky, kx): (usize, usize)) -> (usize, usize) {
    let row = g.stride * phase(g);
    (ky * row + kx % g.stride * phase(g) + kx / g.stride, g.stride * row)
}

/// What every output reads from a padded plane with one place of the kernel.
fn read_place(g: &Geometry, place: (usize, usize), plane: &[f32], out: &mut [f32]) {
    let (start, step) = reads(g, place);
    match g.out.1 {
        2 => read_rows::<2>(&plane[start..], step, out),
        4 => read_rows::<4>(&plane[start..], step, out),
        8 => read_rows::<8>(&plane[start..], step, out),
        16 => read_rows::<16>(&plane[start..], step, out),
        width => {
            for (from, out) in plane[start..].chunks(step).zip(out.chunks_exact_mut(width)) {
                out.copy_from_slice(&from[..width]);
            }
        }
    }
}

/// Rows of a width known to the compiler: each copy is an instruction or two.
fn read_rows<const WIDTH: usize>(plane: &[f32], step: usize, out: &mut [f32]) {
    for (from, out) in plane.chunks(step).zip(out.as_chunks_mut::<WIDTH>().0) {
        if let Some(from) = from.first_chunk() {
            *out = *from;
        }
    }
}

/// The reverse of [`read_place`]: adds each number to the place that it came from.
fn add_place(g: &Geometry, place: (usize, usize), values: &[f32], plane: &mut [f32]) {
    let (start, step) = reads(g, place);
    match g.out.1 {
        2 => add_rows::<2>(values, &mut plane[start..], step),
        4 => add_rows::<4>(values, &mut plane[start..], step),
        8 => add_rows::<8>(values, &mut plane[start..], step),
        16 => add_rows::<16>(values, &mut plane[start..], step),
        width => {
            for (to, values) in plane[start..].chunks_mut(step).zip(values.chunks_exact(width)) {
                to.iter_mut().zip(values).for_each(|(to, v)| *to += v);
            }
        }
    }
}

fn add_rows<const WIDTH: usize>(values: &[f32], plane: &mut [f32], step: usize) {
    for (to, values) in plane.chunks_mut(step).zip(values.as_chunks::<WIDTH>().0) {
        if let Some(to) = to.first_chunk_mut::<WIDTH>() {
            to.iter_mut().zip(values).for_each(|(to, v)| *to += v);
        }
    }
}
