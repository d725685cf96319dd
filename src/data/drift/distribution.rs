//! Tails of the distributions that the two-sample tests need.

use std::f64::consts::PI;

/// The chance that a chi-squared variable with `degrees` degrees of freedom is at least `value`.
pub(super) fn chi_squared_tail(value: f64, degrees: usize) -> f64 {
    upper_gamma(degrees as f64 / 2.0, value / 2.0)
}

/// The regularized upper incomplete gamma function Q(a, x): the series of its complement where that converges fast, else
/// the continued fraction (Abramowitz and Stegun 6.5.29 and 6.5.31).
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut next) = (1.0 / a, 1.0 / a, a);
        while term > 1e-17 * sum {
            next += 1.0;
            term *= x / next;
            sum += term;
        }
        return (1.0 - scale * sum).max(0.0);
    }
    // Lentz's method, from the first level on.
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut fraction = d;
    for level in 1..10_000 {
        let level = f64::from(level);
        let factor = -level * (level - a);
        b += 2.0;
        d = 1.0 / (factor * d + b);
        c = b + factor / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    scale * fraction
}

/// The logarithm of the gamma function for x above 0: Stirling's series, from 15 on, below that by the recurrence.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 15.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    // Bernoulli's numbers over 2k (2k - 1).
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    let series = series.iter().rev().fold(0.0, |sum, factor| sum * inverse + factor) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - product.ln()
}

/// The chance that the empirical distributions of two samples of one continuous distribution, of `m` and `n` values, are
/// somewhere at least `distance` / (m n) apart. Exact.
///
/// Sorted together, the samples make a path from (0, 0) to (m, n), and each path is as likely as any other. The chance
/// that a path to (x, y) has left the band around the diagonal comes from those to (x - 1, y) and (x, y - 1): all terms are
/// positive, so that small chances are exact too (Schröer and Trenkler 1995).
pub(super) fn kolmogorov_exact(m: usize, n: usize, distance: u64) -> f64 {
    if distance == 0 {
        return 1.0;
    }
    let (wide, tall, distance) = (m as i64, n as i64, distance as i64);
    // outside[y]: the chance for a path to (x, y); beyond the band it is 1.
    let mut outside = vec![1.0; n + 1];
    let mut lowest = 0;
    for x in 0..=wide {
        let from = ((tall * x - distance).div_euclid(wide) + 1).max(0);
        let to = ((tall * x + distance - 1).div_euclid(wide)).min(tall);
        for y in lowest..from.min(tall + 1) {
            outside[y as usize] = 1.0;
        }
        lowest = from;
        for y in from..=to {
            outside[y as usize] = if x == 0 {
                0.0
            } else {
                let below = if y == 0 { 0.0 } else { y as f64 * outside[y as usize - 1] };
                (x as f64 * outside[y as usize] + below) / (x + y) as f64
            };
        }
    }
    outside[n]
}

/// The chance that the empirical distribution of `n` values is somewhere at least `distance` from theirs, for large `n`:
/// the expansion of Pelz and Good (1976, "Approximating the lower tail-areas of the Kolmogorov-Smirnov one-sample
/// statistic"), and Miller's (1956) for chances below a millionth.
pub(super) fn kolmogorov_asymptotic(n: f64, distance: f64) -> f64 {
    let z = n.sqrt() * distance;
    if z < 0.05 {
        return 1.0;
    }
    let tail = 2.0 * (-(6.0 * n * distance + 1.0).powi(2) / (18.0 * n)).exp();
    if tail < 1e-6 {
        return tail;
    }
    let [z2, z4, z6, z8] = [2, 4, 6, 8].map(|power| z.powi(power));
    let mut sums = [0.0; 6];
    for k in 1..=40 {
        let odd = (f64::from(2 * k - 1) * PI / 2.0).powi(2);
        let weight = (-odd / (2.0 * z2)).exp();
        sums[0] += weight;
        sums[1] += weight * (odd - z2);
        sums[2] += weight * (6.0 * z6 + 2.0 * z4 + odd * (2.0 * z4 - 5.0 * z2) + odd * odd * (1.0 - 2.0 * z2));
        sums[3] += weight
            * (-30.0 * z6 - 90.0 * z8
                + odd * (135.0 * z4 - 96.0 * z6)
                + odd * odd * (212.0 * z4 - 60.0 * z2)
                + odd.powi(3) * (5.0 - 30.0 * z2));
        let even = (f64::from(k) * PI).powi(2);
        let weight = (-even / (2.0 * z2)).exp();
        sums[4] += weight * even;
        sums[5] += weight * even * (3.0 * z2 - even);
    }
    let terms = [
        sums[0] / z,
        sums[1] / (6.0 * z4),
        sums[2] / (72.0 * z.powi(7)) - sums[4] / (36.0 * z.powi(3)),
        sums[3] / (6480.0 * z.powi(10)) + sums[5] / (216.0 * z6),
    ];
    let below: f64 = terms.iter().zip(0..).map(|(term, order)| term / n.sqrt().powi(order)).sum();
    (1.0 - (2.0 * PI).sqrt() * below).clamp(0.0, 1.0)
}
