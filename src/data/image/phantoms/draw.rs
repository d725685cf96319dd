//! Random numbers and soft shapes that are the same bits everywhere.
//!
//! Only `+ - * /` and the square root stand here and in all that draws with it: IEEE 754 defines them to the last bit. The
//! sine, the exponential and the logarithm differ between systems, and one pixel that differs is another data set.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The numbers that one image is drawn from.
#[derive(Clone, Debug)]
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// For image `index` of the set of this seed: no image depends on how many others there are.
    pub(super) fn of_image(seed: u64, index: usize) -> Self {
        Self::stream(seed, 2 * index as u64)
    }

    /// For what is added to that image, which leaves all else as it is.
    pub(super) fn of_addition(seed: u64, index: usize) -> Self {
        Self::stream(seed, 2 * index as u64 + 1)
    }

    fn stream(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Uniform from `low` to below `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A whole number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        (self.0.random::<f64>() * count as f64) as usize
    }

    /// -1 or 1.
    pub(super) fn side(&mut self) -> f64 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// Nearly a standard normal number: the sum of twelve uniform ones, less 6 (Irwin and Hall). Never beyond 6.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.0.random::<f64>()).sum::<f64>() - 6.0
    }
}

/// 0 below -1, 1 above 1, and a smooth step between.
pub(super) fn step(x: f64) -> f64 {
    let t = (0.5 * x + 0.5).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// 1 at 0 and falling to both sides: a bell without the exponential.
pub(super) fn bell(x: f64) -> f64 {
    let fallen = 1.0 + x * x;
    1.0 / (fallen * fallen)
}

/// Moved, turned and scaled: from places of the image to places of what is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pose {
    x: f64,
    y: f64,
    cosine: f64,
    sine: f64,
    scale: f64,
}

impl Pose {
    /// Turned by the angle whose half has this tangent: 0.0437 for 5 degrees, 0.2217 for 25, 1 for 90.
    pub(super) fn new(x: f64, y: f64, half_tangent: f64, scale: f64) -> Self {
        let square = half_tangent * half_tangent;
        Self { x, y, cosine: (1.0 - square) / (1.0 + square), sine: 2.0 * half_tangent / (1.0 + square), scale }
    }

    pub(super) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = ((x - self.x) / self.scale, (y - self.y) / self.scale);
        (self.cosine * x + self.sine * y, self.cosine * y - self.sine * x)
    }
}

/// An ellipse, turned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ellipse {
    pose: Pose,
    width: f64,
    height: f64,
}

impl Ellipse {
    /// Around `(x, y)`, half as wide and high as it is, turned by the angle whose half has this tangent.
    pub(super) fn new((x, y): (f64, f64), (width, height): (f64, f64), half_tangent: f64) -> Self {
        Self { pose: Pose::new(x, y, half_tangent, 1.0), width, height }
    }

    /// 0 in the middle, 1 on the edge.
    pub(super) fn radius(&self, x: f64, y: f64) -> f64 {
        let (x, y) = self.pose.place(x, y);
        let (x, y) = (x / self.width, y / self.height);
        (x * x + y * y).sqrt()
    }

    /// 1 inside and 0 outside, with an edge of this softness.
    pub(super) fn inside(&self, x: f64, y: f64, softness: f64) -> f64 {
        step((1.0 - self.radius(x, y)) * self.width.min(self.height) / softness)
    }
}

/// Smooth noise between -1 and 1: random values on a grid, and smooth steps between them.
#[derive(Clone, Debug)]
pub(super) struct Clouds {
    cells: usize,
    values: Vec<f64>,
}

impl Clouds {
    /// So many cells along each side of the image.
    pub(super) fn new(cells: usize, draw: &mut Draw) -> Self {
        let values = (0..(cells + 1) * (cells + 1)).map(|_| draw.between(-1.0, 1.0)).collect();
        Self { cells, values }
    }

    /// The value at a place from -1 to 1 in each direction; places beyond have the value of the edge.
    pub(super) fn at(&self, x: f64, y: f64) -> f64 {
        let cell = |place: f64| {
            let place = ((place * 0.5 + 0.5) * self.cells as f64).clamp(0.0, self.cells as f64);
            let first = (place as usize).min(self.cells - 1);
            (first, step(2.0 * (place - first as f64) - 1.0))
        };
        let ((column, right), (row, down)) = (cell(x), cell(y));
        let value = |row: usize, column: usize| self.values[row * (self.cells + 1) + column];
        let above = value(row, column) * (1.0 - right) + value(row, column + 1) * right;
        let below = value(row + 1, column) * (1.0 - right) + value(row + 1, column + 1) * right;
        above * (1.0 - down) + below * down
    }
}

/// How the picture was taken.
#[derive(Clone, Debug)]
pub(super) struct Camera {
    /// How much brighter; 1 leaves as it is.
    gain: f64,
    /// Below 0 the middle greys become darker, above 0 brighter; from -1 to 1.
    curve: f64,
    /// The darkest that there is.
    fog: f64,
    /// Light that falls off to one side.
    slope: (f64, f64),
    /// Standard deviation of a pixel's noise.
    noise: f64,
}

impl Camera {
    pub(super) fn draw(draw: &mut Draw, noise: f64) -> Self {
        Self {
            gain: draw.between(0.75, 1.15),
            curve: draw.between(-0.35, 0.35),
            fog: draw.between(0.0, 0.12),
            slope: (draw.between(-0.08, 0.08), draw.between(-0.08, 0.08)),
            noise: draw.between(0.4, 1.6) * noise,
        }
    }

    /// The pixels of a square image, of brightness 0 to 1 at places from -1 to 1. Each is the mean of nine points.
    pub(super) fn take(&self, side: usize, draw: &mut Draw, brightness: impl Fn(f64, f64) -> f64) -> Vec<u8> {
        const POINTS: usize = 3;
        let place = |at: usize, point: usize| (2 * (POINTS * at + point) + 1) as f64 / (POINTS * side) as f64 - 1.0;
        let mut pixels = Vec::with_capacity(side * side);
        for row in 0..side {
            for column in 0..side {
                let mut light = 0.0;
                for point in 0..POINTS * POINTS {
                    let (x, y) = (place(column, point % POINTS), place(row, point / POINTS));
                    let falling = 1.0 + self.slope.0 * x + self.slope.1 * y;
                    light += self.develop(brightness(x, y) * falling) / (POINTS * POINTS) as f64;
                }
                let seen = light + self.noise * draw.normal();
                pixels.push((seen * 255.0 + 0.5).clamp(0.0, 255.0) as u8);
            }
        }
        pixels
    }

    /// A tone curve in place of the power that film has: the same ends, another middle.
    fn develop(&self, light: f64) -> f64 {
        let light = (light * self.gain).clamp(0.0, 1.0);
        let bent = light * (1.0 + self.curve) / (1.0 + self.curve * (2.0 * light - 1.0));
        self.fog + (1.0 - self.fog) * bent
    }
}
