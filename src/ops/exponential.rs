//! The exponential in plain arithmetic, so that the compiler turns loops over it into vector code.

/// e^x for x <= 0, to about two units in the last place; 0 below -87.
///
/// Splits x into n ln 2 + r with |r| <= ln 2 / 2, a polynomial for e^r (coefficients of Cephes' `expf`), and 2^n
/// written into the exponent bits. Positive x is out of its range: softmax and GELU only need the falling side.
#[inline(always)]
#[allow(clippy::inline_always)] // a call in the loop would keep it scalar
pub(super) fn exp_falling(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer in two additions.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.max(-87.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (clamped - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let e_r = (p * r * r + r) + 1.0;
    // The low bits of `shifted` hold n; 2^n has the exponent field n + 127.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    if x < -87.0 { 0.0 } else { e_r * power }
}

#[cfg(test)]
mod tests {
    use super::exp_falling;

    #[test]
    fn agrees_with_the_standard_library() {
        for step in 0..=86_000 {
            let x = -(step as f32) / 1000.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp_falling(x)) - exact).abs() / exact;
            assert!(error < 3e-7, "exp({x}) off by {error:e}");
        }
        assert_eq!(exp_falling(0.0).to_bits(), 1.0f32.to_bits());
        assert_eq!(exp_falling(-1000.0).to_bits(), 0);
        assert_eq!(exp_falling(f32::NEG_INFINITY).to_bits(), 0);
    }
}
