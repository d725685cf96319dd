//! L-BFGS: the minimum of a smooth function of many numbers, from values and gradients alone.
//!
//! Liu and Nocedal (1989, "On the limited memory BFGS method for large scale optimization"), with a line search that
//! brackets a step by bisection until both weak Wolfe conditions hold (Lewis and Overton 2013).

use std::collections::VecDeque;

/// Pairs of steps and gradient changes that stand for the curvature.
const MEMORY: usize = 10;

/// A smooth function to be minimized.
pub(super) trait Objective {
    /// The value at `point`, and the gradient there.
    fn value_and_gradient(&self, point: &[f64]) -> (f64, Vec<f64>);
}

/// Where the search ended.
pub(super) struct Minimum {
    pub(super) point: Vec<f64>,
    pub(super) iterations: usize,
    /// Whether no derivative is larger than the tolerance.
    pub(super) converged: bool,
}

/// One step and what it did to the gradient.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// step · change, above 0 by the line search.
    curvature: f64,
}

/// Goes downhill from `point` until no derivative is larger than `tolerance`, or for `max_iterations` steps.
pub(super) fn minimize(
    objective: &impl Objective,
    mut point: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
) -> Minimum {
    let (mut value, mut gradient) = objective.value_and_gradient(&point);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let flat = |gradient: &[f64]| gradient.iter().all(|slope| slope.abs() <= tolerance);
    let mut iterations = 0;
    while iterations < max_iterations && !flat(&gradient) {
        let mut direction = downhill(&gradient, &pairs);
        let mut slope = product(&direction, &gradient);
        if slope >= 0.0 {
            // Rounding has used the curvature up: start again from the gradient.
            pairs.clear();
            direction = downhill(&gradient, &pairs);
            slope = product(&direction, &gradient);
        }
        // Without a curvature the length of a step is a guess; with it, 1 is right nearly always.
        let first = if pairs.is_empty() { (1.0 / product(&gradient, &gradient).sqrt()).min(1.0) } else { 1.0 };
        let Some(next) = line_search(objective, &point, value, &direction, slope, first) else { break };
        let step: Vec<f64> = next.point.iter().zip(&point).map(|(new, old)| new - old).collect();
        let change: Vec<f64> = next.gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        let curvature = product(&step, &change);
        if curvature > 0.0 {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair { step, change, curvature });
        }
        Place { point, value, gradient } = next;
        iterations += 1;
    }
    let converged = flat(&gradient);
    Minimum { point, iterations, converged }
}

/// The gradient times the negative inverse curvature that the pairs describe (the two-loop recursion).
fn downhill(gradient: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let share = product(&pair.step, &direction) / pair.curvature;
        add(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    if let Some(last) = pairs.back() {
        let scale = last.curvature / product(&last.change, &last.change);
        for slope in &mut direction {
            *slope *= scale;
        }
    }
    for (pair, share) in pairs.iter().zip(shares.into_iter().rev()) {
        let back = product(&pair.change, &direction) / pair.curvature;
        add(&mut direction, share - back, &pair.step);
    }
    direction
}

/// A point with its value and gradient.
struct Place {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// A place along `direction` that is lower by a fair part of what the slope promised, and flatter; none when numbers are
/// too coarse to find one.
fn line_search(
    objective: &impl Objective,
    start: &[f64],
    value: f64,
    direction: &[f64],
    slope: f64,
    first: f64,
) -> Option<Place> {
    const LOWER: f64 = 1e-4;
    const FLATTER: f64 = 0.9;
    let (mut least, mut most, mut length) = (0.0, f64::INFINITY, first);
    // Near the minimum, differences of values are mostly rounding.
    let rounding = 4.0 * f64::EPSILON * value.abs();
    for _ in 0..60 {
        let mut point = start.to_vec();
        add(&mut point, length, direction);
        let (new_value, gradient) = objective.value_and_gradient(&point);
        if !new_value.is_finite() || new_value > value + LOWER * length * slope + rounding {
            most = length;
        } else if product(&gradient, direction) < FLATTER * slope {
            least = length;
        } else {
            return Some(Place { point, value: new_value, gradient });
        }
        length = if most.is_finite() { f64::midpoint(least, most) } else { 2.0 * length };
    }
    None
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, numbers: &[f64]) {
    for (to, number) in to.iter_mut().zip(numbers) {
        *to += factor * number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley: curved, narrow, with its minimum at (1, 1).
    struct Valley;

    impl Objective for Valley {
        fn value_and_gradient(&self, point: &[f64]) -> (f64, Vec<f64>) {
            let (x, y) = (point[0], point[1]);
            let (near, along) = (1.0 - x, y - x * x);
            (near * near + 100.0 * along * along, vec![-2.0 * near - 400.0 * x * along, 200.0 * along])
        }
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_lowest_place() {
        let found = minimize(&Valley, vec![-1.2, 1.0], 1e-9, 200);
        assert!(found.converged && found.iterations < 60, "{} steps", found.iterations);
        assert!((found.point[0] - 1.0).abs() < 1e-8 && (found.point[1] - 1.0).abs() < 1e-8, "{:?}", found.point);
        let short = minimize(&Valley, vec![-1.2, 1.0], 1e-9, 3);
        assert!(!short.converged && short.iterations == 3);
    }
}
