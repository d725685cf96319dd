//! A chest as a radiograph might show it: what is where, and how bright.

use super::draw::{Camera, Clouds, Draw, Ellipse, Pose, bell, step};
use super::opacity::Opacity;

/// Soft tissue, of which lungs are darker and bones brighter.
const TISSUE: f64 = 0.60;
/// How much darker air is.
const AIR: f64 = 0.40;
/// Noise of a pixel, of which a camera has 0.4 to 1.6 times as much.
const NOISE: f64 = 0.035;

/// Everything of one person and one exposure, in places of the body: the spine at 0, -1 to 1 over the whole image.
#[derive(Clone, Debug)]
struct Chest {
    pose: Pose,
    softness: f64,
    torso: f64,
    lungs: [Lung; 2],
    heart: Ellipse,
    heart_density: f64,
    spine: f64,
    vertebrae: f64,
    ribs: Ribs,
    clavicle: (f64, f64),
    /// Soft tissue before the lower lungs, on both sides alike.
    breasts: Option<([Ellipse; 2], f64)>,
    stomach: Option<Ellipse>,
    /// A wire or a tube: place, slope, brightness.
    wire: Option<(f64, f64, f64)>,
    /// A letter of lead in the corner.
    marker: Option<Ellipse>,
    markings: f64,
    vessels: [Clouds; 2],
    opacities: Vec<Opacity>,
}

/// One lung; the numbers of the right one are mirrored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lung {
    side: f64,
    middle: f64,
    width: f64,
    top: f64,
    base: f64,
    dome: f64,
}

impl Lung {
    /// How much of it is at a place, 0 to 1.
    fn inside(&self, x: f64, y: f64, softness: f64) -> f64 {
        let depth = ((y - self.top) / (self.base - self.top)).clamp(0.0, 1.0);
        let width = self.width * (depth * (2.0 - depth)).sqrt();
        let middle = self.side * (self.middle - 0.08 * (1.0 - depth));
        let across = (x - middle) / self.width;
        let base = self.base + self.dome * (across * across - 0.4);
        step((width - (x - middle).abs()) / softness) * step((base - y) / softness)
    }

    /// A place of the lung: 0 to 1 from its top to its base, -1 to 1 from the spine outwards.
    pub(super) fn place(&self, down: f64, out: f64) -> (f64, f64) {
        (self.side * (self.middle + 0.75 * self.width * out), self.top + (self.base - self.top) * down)
    }
}

#[derive(Clone, Copy, Debug)]
struct Ribs {
    first: f64,
    distance: f64,
    fall: f64,
    bend: f64,
    thickness: f64,
    density: f64,
}

impl Ribs {
    /// The shade of the back ribs at a place; they fall away from the spine.
    fn shade(&self, x: f64, y: f64) -> f64 {
        let out = x.abs();
        let place = (y - self.first - self.fall * out - self.bend * out * out) / self.distance;
        let nearest = (place + 0.5).floor().clamp(0.0, 8.0);
        let away = (place - nearest) * self.distance / self.thickness;
        self.density * bell(away) * step((out - 0.08) / 0.05)
    }
}

/// One image: the same chest and the same exposure, whether it has opacities of this visibility or none.
pub(super) fn image(side: usize, visibility: Option<f64>, seed: u64, index: usize) -> Vec<u8> {
    let mut draw = Draw::of_image(seed, index);
    let mut chest = Chest::draw(&mut draw);
    if let Some(visibility) = visibility {
        chest.opacities = Opacity::draw(&chest.lungs, visibility, &mut Draw::of_addition(seed, index));
    }
    let camera = Camera::draw(&mut draw, NOISE);
    camera.take(side, &mut draw, |x, y| chest.brightness(x, y))
}

impl Chest {
    fn draw(draw: &mut Draw) -> Self {
        let breath = draw.between(-0.14, 0.1);
        let middle = draw.between(0.37, 0.43);
        let width = draw.between(0.27, 0.34);
        let (top, dome) = (draw.between(-0.86, -0.68), draw.between(0.08, 0.22));
        let lung = |side: f64, base: f64| Lung { side, middle, width, top, base, dome };
        // The liver lifts the right side, which an image has on the left.
        let lungs =
            [lung(-1.0, 0.48 + breath - draw.between(0.0, 0.1)), lung(1.0, 0.50 + breath + draw.between(-0.03, 0.05))];
        let size = draw.between(0.24, 0.36);
        let heart = (draw.between(0.05, 0.17), 0.30 + breath + draw.between(-0.05, 0.05));
        let breasts = draw.chance(0.35).then(|| {
            let (x, y, w) = (draw.between(0.38, 0.5), draw.between(0.2, 0.42), draw.between(0.22, 0.34));
            let of = |side: f64| Ellipse::new((side * x, y), (w, 0.8 * w), 0.0);
            ([of(-1.0), of(1.0)], draw.between(0.04, 0.14))
        });
        Self {
            pose: Pose::new(
                draw.between(-0.1, 0.1),
                draw.between(-0.1, 0.1),
                0.05 * draw.normal().clamp(-2.0, 2.0),
                draw.between(0.88, 1.18),
            ),
            softness: draw.between(0.03, 0.09),
            torso: draw.between(0.82, 0.98),
            heart: Ellipse::new(heart, (size, size * draw.between(0.9, 1.15)), draw.between(0.0, 0.3)),
            heart_density: draw.between(0.75, 1.0),
            spine: draw.between(0.07, 0.11),
            vertebrae: draw.between(0.09, 0.13),
            ribs: Ribs {
                first: top + draw.between(-0.05, 0.1),
                distance: draw.between(0.15, 0.21),
                fall: draw.between(-0.1, 0.2),
                bend: draw.between(0.1, 0.45),
                thickness: draw.between(0.035, 0.06),
                density: draw.between(0.04, 0.16),
            },
            clavicle: (top + draw.between(0.06, 0.2), draw.between(-0.35, -0.1)),
            breasts,
            stomach: draw.chance(0.35).then(|| {
                Ellipse::new((draw.between(0.25, 0.45), 0.72 + breath), (draw.between(0.08, 0.16), 0.08), 0.0)
            }),
            wire: draw.chance(0.15).then(|| (draw.between(-0.4, 0.4), draw.between(-0.6, 0.6), draw.between(0.1, 0.3))),
            marker: draw.chance(0.2).then(|| {
                Ellipse::new((draw.side() * draw.between(0.78, 0.9), draw.between(-0.92, -0.8)), (0.05, 0.07), 0.0)
            }),
            markings: draw.between(0.03, 0.11),
            vessels: [Clouds::new(9, draw), Clouds::new(17, draw)],
            opacities: Vec::new(),
            lungs,
        }
    }

    /// How bright the image is at a place from -1 to 1, before the exposure.
    fn brightness(&self, x: f64, y: f64) -> f64 {
        let (fixed, (x, y)) = ((x, y), self.pose.place(x, y));
        let soft = self.softness;
        // Arms and shoulders leave the upper corners darker.
        let width = self.torso * (1.0 - 0.25 * step((-0.55 - y) / 0.3));
        let torso = step((width - x.abs()) / (2.0 * soft));
        let lung = self.lungs.iter().map(|lung| lung.inside(x, y, soft)).fold(0.0, f64::max);
        let heart = self.heart_density * self.heart.inside(x, y, soft);
        // Great vessels above the heart.
        let middle = 0.8 * step((0.13 + 0.05 * y - x.abs()) / soft);
        let filled = 1.0 - (1.0 - heart) * (1.0 - middle);
        let air = lung * (1.0 - filled);

        let near = bell(((x.abs() - 0.22) * (x.abs() - 0.22) + (y - 0.02) * (y - 0.02)).sqrt() / 0.35);
        let vessels = self.markings * (0.35 + near) * (self.vessels[0].at(x, y) + 0.7 * self.vessels[1].at(x, y));
        let opacity =
            self.opacities.iter().map(|opacity| opacity.density(x, y)).fold(0.0, |all, one| all + one - all * one);
        let air = (air * (1.0 - opacity)).max(0.0);

        let spine = 0.13 * step((self.spine - x.abs()) / soft) * (1.0 + 0.3 * self.vertebra(y));
        let ribs = self.ribs.shade(x, y) * (0.4 + 0.6 * lung);
        let clavicle = 0.1
            * bell((y - self.clavicle.0 - self.clavicle.1 * (x.abs() - 0.3)) / 0.045)
            * step((x.abs() - 0.08) / 0.05)
            * step((0.75 - x.abs()) / 0.1);
        let below = 0.1 * step((y - self.lungs[0].base) / 0.15);
        let breasts = self
            .breasts
            .as_ref()
            .map_or(0.0, |(both, density)| both.iter().map(|one| density * one.inside(x, y, 0.12)).fold(0.0, f64::max));
        let stomach = self.stomach.map_or(0.0, |bubble| 0.25 * bubble.inside(x, y, soft));
        let wire = self.wire.map_or(0.0, |(at, slope, density)| density * bell((x - at - slope * y) / 0.025));
        let marker = self.marker.map_or(0.0, |letter| 0.35 * letter.inside(fixed.0, fixed.1, 0.04));

        let body = TISSUE - AIR * air + vessels * air + spine + ribs + clavicle + below + breasts - stomach;
        torso * body.max(0.04) + 0.03 + wire + marker
    }

    /// -1 between two vertebrae, 1 in the middle of one.
    fn vertebra(&self, y: f64) -> f64 {
        let place = (y + 2.0) / self.vertebrae;
        let away = 2.0 * (place - place.floor()) - 1.0;
        1.0 - 2.0 * away * away
    }
}
