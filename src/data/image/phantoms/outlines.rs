//! The practice task: an outline as of an organ, and in it what is to be told apart.

use super::draw::{Camera, Clouds, Draw, Ellipse, Pose, bell, step};

/// What is drawn; the views of nothing in particular.
pub(super) const OUTLINES: [&str; 6] = ["lobes", "oval", "beans", "ring", "bars", "pear"];
/// What is in it.
pub(super) const FILLINGS: [&str; 6] = ["plain", "haze", "spots", "disc", "stripes", "grain"];

/// Noise of a pixel, of which a camera has 0.4 to 1.6 times as much.
const NOISE: f64 = 0.035;

/// One image of the class `outline * FILLINGS.len() + filling`.
pub(super) fn image(side: usize, label: usize, mut draw: Draw) -> Vec<u8> {
    let scene = Scene::draw(label / FILLINGS.len(), label % FILLINGS.len(), &mut draw);
    let camera = Camera::draw(&mut draw, NOISE);
    camera.take(side, &mut draw, |x, y| scene.brightness(x, y))
}

#[derive(Clone, Debug)]
struct Scene {
    pose: Pose,
    softness: f64,
    /// The body that the outline lies in.
    body: Ellipse,
    shape: Shape,
    filling: Filling,
    /// Brightness around the body, of the body, and inside the outline.
    levels: [f64; 3],
    rim: f64,
    background: Clouds,
    /// Faint stripes and clouds in every class: they alone mean nothing.
    faint: (Stripes, f64),
    mottle: (Clouds, f64),
}

impl Scene {
    fn draw(outline: usize, filling: usize, draw: &mut Draw) -> Self {
        let shape = Shape::draw(outline, draw);
        let body = draw.between(0.4, 0.75);
        // Mostly dark inside, as air is; sometimes bright.
        let depth = draw.between(0.18, 0.42);
        let inside = if draw.chance(0.75) { (body - depth).max(0.05) } else { (body + depth).min(0.95) };
        let contrast = body - inside;
        let filling = Filling::draw(filling, &shape, contrast, draw);
        Self {
            pose: Pose::new(
                draw.between(-0.15, 0.15),
                draw.between(-0.15, 0.15),
                draw.between(-0.2, 0.2),
                draw.between(0.8, 1.15),
            ),
            softness: draw.between(0.03, 0.09),
            body: Ellipse::new((0.0, 0.0), (draw.between(0.8, 1.2), draw.between(0.85, 1.3)), 0.0),
            shape,
            filling,
            levels: [draw.between(0.02, 0.3), body, inside],
            rim: draw.between(0.0, 0.25) * draw.side(),
            background: Clouds::new(4, draw),
            faint: (Stripes::draw(draw), draw.between(0.0, 0.1)),
            mottle: (Clouds::new(11, draw), draw.between(0.0, 0.06)),
        }
    }

    fn brightness(&self, x: f64, y: f64) -> f64 {
        let (x, y) = self.pose.place(x, y);
        let [around, body, inside] = self.levels;
        let in_body = self.body.inside(x, y, 2.0 * self.softness);
        let depth = self.shape.depth(x, y);
        let within = step(depth / self.softness);
        let filled = inside + self.filling.light(x, y);
        let rim = self.rim * bell(depth / 0.07);
        let tissue = body + 0.08 * self.background.at(x, y);
        let drawn = tissue + (filled - tissue) * within + rim + self.faint.0.at(x, y) * self.faint.1;
        let seen = around + (drawn - around) * in_body.max(within) + self.mottle.0.at(x, y) * self.mottle.1;
        seen.clamp(0.0, 1.0)
    }
}

/// An outline: parts that are joined, less parts that are cut out.
#[derive(Clone, Debug)]
struct Shape {
    parts: Vec<Ellipse>,
    cuts: Vec<Ellipse>,
}

impl Shape {
    fn draw(outline: usize, draw: &mut Draw) -> Self {
        let ellipse = |x: f64, y: f64, width: f64, height: f64, turn: f64| Ellipse::new((x, y), (width, height), turn);
        let (x, y) = (draw.between(0.33, 0.43), draw.between(-0.06, 0.06));
        let (narrow, long) = (draw.between(0.22, 0.31), draw.between(0.48, 0.68));
        let lean = draw.between(-0.1, 0.1);
        match outline {
            0 => Self {
                parts: vec![
                    ellipse(-x, y, narrow, long, lean),
                    ellipse(x, -y, draw.between(0.22, 0.31), long * draw.between(0.85, 1.1), -lean),
                ],
                cuts: Vec::new(),
            },
            1 => Self { parts: vec![ellipse(0.0, y, draw.between(0.5, 0.65), long + 0.08, lean)], cuts: Vec::new() },
            2 => {
                let (width, height) = (draw.between(0.45, 0.6), draw.between(0.24, 0.31));
                let bean = |at: f64| {
                    (ellipse(0.0, at, width, height, lean), ellipse(0.0, at * 0.2, width * 0.4, height * 0.8, 0.0))
                };
                let (above, below) = (bean(-0.42), bean(0.42));
                Self { parts: vec![above.0, below.0], cuts: vec![above.1, below.1] }
            }
            3 => {
                let (width, height) = (draw.between(0.58, 0.7), draw.between(0.58, 0.7));
                let hole = draw.between(0.3, 0.45);
                Self {
                    parts: vec![ellipse(0.0, y, width, height, lean)],
                    cuts: vec![ellipse(lean * 0.5, y, width * hole, height * hole, 0.0)],
                }
            }
            4 => {
                let thick = draw.between(0.17, 0.24);
                let bars = [-1.0, 0.0, 1.0].map(|at| ellipse(0.52 * at, 0.1 * at * lean, thick, long + 0.12, lean));
                Self { parts: bars.to_vec(), cuts: Vec::new() }
            }
            _ => Self {
                parts: vec![
                    ellipse(0.0, 0.3, draw.between(0.45, 0.58), draw.between(0.36, 0.46), 0.0),
                    ellipse(lean, -0.25, draw.between(0.24, 0.33), draw.between(0.4, 0.5), lean),
                ],
                cuts: Vec::new(),
            },
        }
    }

    /// How far inside a place lies, about; below 0 outside.
    fn depth(&self, x: f64, y: f64) -> f64 {
        const USUAL: f64 = 0.35;
        let joined = self.parts.iter().map(|part| USUAL * (1.0 - part.radius(x, y))).fold(f64::MIN, f64::max);
        self.cuts.iter().map(|cut| USUAL * (cut.radius(x, y) - 1.0)).fold(joined, f64::min)
    }

    /// A place inside, not too near to the edge.
    fn place(&self, draw: &mut Draw) -> (f64, f64) {
        for _ in 0..40 {
            let (x, y) = (draw.between(-0.8, 0.8), draw.between(-0.8, 0.8));
            if self.depth(x, y) > 0.06 {
                return (x, y);
            }
        }
        (0.0, 0.0)
    }
}

#[derive(Clone, Debug)]
enum Filling {
    Plain,
    /// Patches that fade: place and size, and how bright.
    Patches(Vec<(Ellipse, f64)>, Clouds),
    /// One with an edge.
    Disc(Ellipse, f64),
    Striped(Stripes, f64),
    Grain([Clouds; 2], f64),
}

impl Filling {
    fn draw(filling: usize, shape: &Shape, contrast: f64, draw: &mut Draw) -> Self {
        let patch = |low: f64, high: f64, draw: &mut Draw| {
            let size = draw.between(low, high);
            let size = (size, size * draw.between(0.7, 1.4));
            (Ellipse::new(shape.place(draw), size, draw.between(-0.5, 0.5)), contrast * draw.between(0.35, 0.9))
        };
        match filling {
            0 => Self::Plain,
            1 => Self::Patches(vec![patch(0.2, 0.36, draw)], Clouds::new(12, draw)),
            2 => {
                let count = 3 + draw.below(4);
                Self::Patches((0..count).map(|_| patch(0.07, 0.13, draw)).collect(), Clouds::new(12, draw))
            }
            3 => {
                let (disc, light) = patch(0.07, 0.15, draw);
                Self::Disc(disc, light)
            }
            4 => Self::Striped(Stripes::draw(draw), contrast * draw.between(0.35, 0.8)),
            _ => Self::Grain([Clouds::new(9, draw), Clouds::new(17, draw)], contrast * draw.between(0.25, 0.55)),
        }
    }

    /// What it adds to the brightness inside the outline.
    fn light(&self, x: f64, y: f64) -> f64 {
        match self {
            Self::Plain => 0.0,
            Self::Patches(patches, clouds) => {
                let strongest = patches.iter().map(|(patch, light)| {
                    let radius = patch.radius(x, y);
                    light * bell(0.6 * radius * radius)
                });
                let sum: f64 = strongest.fold(0.0, |most, one| if one.abs() > most.abs() { one } else { most });
                sum * (1.0 + 0.4 * clouds.at(x, y))
            }
            Self::Disc(disc, light) => light * step((1.0 - disc.radius(x, y)) / 0.3),
            Self::Striped(stripes, light) => light * stripes.at(x, y),
            Self::Grain(clouds, light) => light * (clouds[0].at(x, y) + clouds[1].at(x, y)),
        }
    }
}

/// Bent bright lines at equal distances.
#[derive(Clone, Copy, Debug)]
struct Stripes {
    pose: Pose,
    distance: f64,
    thickness: f64,
    bend: f64,
}

impl Stripes {
    fn draw(draw: &mut Draw) -> Self {
        Self {
            pose: Pose::new(0.0, draw.between(-0.2, 0.2), draw.between(-0.3, 0.3), 1.0),
            distance: draw.between(0.16, 0.3),
            thickness: draw.between(0.25, 0.4),
            bend: draw.between(-0.5, 0.5),
        }
    }

    fn at(&self, x: f64, y: f64) -> f64 {
        let (x, y) = self.pose.place(x, y);
        let place = (y - self.bend * x * x) / self.distance;
        bell((place - (place + 0.5).floor()) / self.thickness)
    }
}
