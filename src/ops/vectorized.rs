//! Loops compiled for the widest vectors that the processor has.

#![allow(clippy::inline_always)] // what this module is about

use pulp::{Arch, NullaryFnOnce};

/// Runs loops over numbers as code for the processor at hand, with AVX-512 where there is AVX-512. The value is the block's.
///
/// A plain `Arch::dispatch(|| ...)` does not do that: the compiler keeps a larger closure as a function of its own, for
/// any processor. Functions that are called inside must be `#[inline(always)]` for the same reason.
macro_rules! vectorized {
    ($body:expr) => {
        $crate::ops::vectorized::run(
            #[inline(always)]
            || $body,
        )
    };
}
pub(crate) use vectorized;

/// What [`vectorized!`] calls.
#[inline(always)]
pub(crate) fn run<R>(f: impl FnMut() -> R) -> R {
    Arch::new().dispatch(Loops(f))
}

struct Loops<F>(F);

impl<R, F: FnMut() -> R> NullaryFnOnce for Loops<F> {
    type Output = R;

    #[inline(always)]
    fn call(mut self) -> R {
        // Not through `FnOnce`: its call is a function between, which is not inlined.
        (self.0)()
    }
}
