//! Scaled dot-product attention with a mask and dropout, text by text and head by head.
//!
//! Heads are read and written where they lie in the rows of query, key and value: nothing is copied to bring the rows of
//! one head together.

use rayon::prelude::*;

use super::Sizes;
use crate::ops::dropout::Dropout;
use crate::ops::gemm::{Matrix, Target, Threads, product};
use crate::ops::scratch::Buffer;
use crate::ops::softmax::softmax_row;
use crate::ops::vectorized;

/// Query, key and value of all texts, each `(rows, width)`.
#[derive(Clone, Copy)]
pub(super) struct Projections<'a> {
    pub(super) query: &'a [f32],
    pub(super) key: &'a [f32],
    pub(super) value: &'a [f32],
}

/// One head's columns of a text's rows.
fn head(rows: &[f32], sizes: Sizes, n: usize) -> Matrix<'_> {
    Matrix::strided(&rows[n * sizes.head()..], sizes.tokens, sizes.head(), sizes.width)
}

/// Writes `context`, `(rows, width)`. With `kept`, the probabilities of all heads go there for the backward pass; a
/// dropped one has a minus sign.
pub(super) fn forward(
    projections: Projections<'_>,
    mask: &[f32],
    sizes: Sizes,
    dropout: Option<Dropout>,
    context: &mut [f32],
    kept: Option<&mut Buffer>,
) {
    let text = sizes.tokens * sizes.width;
    let one = |n: usize, context: &mut [f32], kept: Option<&mut [f32]>| {
        let part = |rows| text_of(rows, n, text);
        let projections =
            Projections { query: part(projections.query), key: part(projections.key), value: part(projections.value) };
        forward_text(n, projections, text_of(mask, n, sizes.tokens), sizes, dropout, context, kept);
    };
    match kept {
        Some(kept) => context
            .par_chunks_mut(text)
            .zip(kept.par_chunks_mut(sizes.probabilities()))
            .enumerate()
            .for_each(|(n, (context, kept))| one(n, context, Some(kept))),
        None => context.par_chunks_mut(text).enumerate().for_each(|(n, context)| one(n, context, None)),
    }
}

fn text_of(rows: &[f32], n: usize, len: usize) -> &[f32] {
    &rows[n * len..(n + 1) * len]
}

fn forward_text(
    text: usize,
    projections: Projections<'_>,
    mask: &[f32],
    sizes: Sizes,
    dropout: Option<Dropout>,
    context: &mut [f32],
    mut kept: Option<&mut [f32]>,
) {
    let tokens = sizes.tokens;
    let scale = 1.0 / (sizes.head() as f32).sqrt();
    let mut scratch = Buffer::take(tokens * tokens);
    let mut dropped = dropout.map(|_| Buffer::take(tokens * tokens));
    for n in 0..sizes.heads {
        let area = n * tokens * tokens..(n + 1) * tokens * tokens;
        let probabilities = match &mut kept {
            Some(kept) => &mut kept[area.clone()],
            None => &mut *scratch,
        };
        let (query, key) = (head(projections.query, sizes, n), head(projections.key, sizes, n));
        product(probabilities, tokens, Target::Replace, (query, key.t()), 1.0, Threads::One);
        vectorized!({
            for row in probabilities.chunks_exact_mut(tokens) {
                softmax_row(row, mask, scale);
            }
        });
        if let (Some(dropout), Some(dropped)) = (dropout, &mut dropped) {
            let (threshold, stays) = (dropout.threshold(), dropout.scale());
            vectorized!({
                dropout.for_each_stretch(
                    area.len(),
                    text * sizes.probabilities() + area.start,
                    #[inline(always)]
                    |stretch, words| {
                        let copies = &mut dropped[stretch.clone()];
                        for ((p, copy), word) in probabilities[stretch].iter_mut().zip(copies).zip(words) {
                            let drops = u32::from_le_bytes(*word) < threshold;
                            *copy = if drops { 0.0 } else { *p * stays };
                            *p = if drops { -*p } else { *p };
                        }
                    },
                );
            });
        }
        let used = Matrix::new(dropped.as_deref().unwrap_or(probabilities), tokens, tokens);
        let columns = &mut context[n * sizes.head()..];
        product(columns, sizes.width, Target::Replace, (used, head(projections.value, sizes, n)), 1.0, Threads::One);
    }
}

/// Writes the gradients of query, key and value, from the context's.
pub(super) fn backward(
    projections: Projections<'_>,
    kept: &[f32],
    sizes: Sizes,
    dropout: Option<Dropout>,
    d_context: &[f32],
    [dq, dk, dv]: [&mut [f32]; 3],
) {
    let text = sizes.tokens * sizes.width;
    dq.par_chunks_mut(text).zip(dk.par_chunks_mut(text)).zip(dv.par_chunks_mut(text)).enumerate().for_each(
        |(n, ((dq, dk), dv))| {
            let part = |rows| text_of(rows, n, text);
            let projections = Projections {
                query: part(projections.query),
                key: part(projections.key),
                value: part(projections.value),
            };
            let kept = text_of(kept, n, sizes.probabilities());
            backward_text(projections, kept, sizes, dropout, part(d_context), [dq, dk, dv]);
        },
    );
}

fn backward_text(
    projections: Projections<'_>,
    kept: &[f32],
    sizes: Sizes,
    dropout: Option<Dropout>,
    d_context: &[f32],
    [dq, dk, dv]: [&mut [f32]; 3],
) {
    let (tokens, width) = (sizes.tokens, sizes.width);
    let scale = 1.0 / (sizes.head() as f32).sqrt();
    let stays = dropout.map_or(1.0, Dropout::scale);
    let mut scores = Buffer::take(tokens * tokens);
    let mut used = Buffer::take(tokens * tokens);
    for n in 0..sizes.heads {
        let kept = &kept[n * tokens * tokens..(n + 1) * tokens * tokens];
        let d_context = head(d_context, sizes, n);
        let columns = n * sizes.head();
        // First the gradient of the probabilities that were used, then, row by row, that of the scores.
        let both = (d_context, head(projections.value, sizes, n).t());
        product(&mut scores, tokens, Target::Replace, both, 1.0, Threads::One);
        vectorized!({
            let rows = scores.chunks_exact_mut(tokens).zip(used.chunks_exact_mut(tokens));
            for ((scores, used), kept) in rows.zip(kept.chunks_exact(tokens)) {
                let mut total = [0f32; 16];
                for (used, &kept) in used.iter_mut().zip(kept) {
                    *used = if kept.is_sign_negative() { 0.0 } else { kept * stays };
                }
                let (used_blocks, used_rest) = used.as_chunks::<16>();
                let (grad_blocks, grad_rest) = scores.as_chunks::<16>();
                for (used, grad) in used_blocks.iter().zip(grad_blocks) {
                    for ((total, u), g) in total.iter_mut().zip(used).zip(grad) {
                        *total += u * g;
                    }
                }
                let rest: f32 = used_rest.iter().zip(grad_rest).map(|(u, g)| u * g).sum();
                let product = total.iter().sum::<f32>() + rest;
                // ds = scale * (used dP - p * sum(used dP)): `used` is p with its dropout already.
                for ((score, &used), &kept) in scores.iter_mut().zip(&*used).zip(kept) {
                    *score = scale * (used * *score - kept.abs() * product);
                }
            }
        });
        let probabilities = Matrix::new(&used, tokens, tokens);
        product(&mut dv[columns..], width, Target::Replace, (probabilities.t(), d_context), 1.0, Threads::One);
        let d_scores = Matrix::new(&scores, tokens, tokens);
        let key = head(projections.key, sizes, n);
        product(&mut dq[columns..], width, Target::Replace, (d_scores, key), 1.0, Threads::One);
        let query = head(projections.query, sizes, n);
        product(&mut dk[columns..], width, Target::Replace, (d_scores.t(), query), 1.0, Threads::One);
    }
}
