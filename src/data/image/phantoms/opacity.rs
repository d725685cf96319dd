//! What makes a lung less dark: where, how large and how dense.

use super::chest::Lung;
use super::draw::{Clouds, Draw, Ellipse, bell, step};

/// One place where the air is replaced, 0 nowhere to 1 wholly.
#[derive(Clone, Debug)]
pub(super) struct Opacity {
    shape: Ellipse,
    density: f64,
    /// Fades from the middle outwards; otherwise it has an edge.
    fades: bool,
    /// How uneven it is.
    rough: f64,
    clouds: Clouds,
}

impl Opacity {
    /// The opacities of one image: one dense part of a lung, several small ones, a haze over one base, or one small round
    /// lesion.
    pub(super) fn draw(lungs: &[Lung; 2], visibility: f64, draw: &mut Draw) -> Vec<Self> {
        let lung = lungs[draw.below(2)];
        let turned = |draw: &mut Draw| draw.between(-0.4, 0.4);
        match draw.below(10) {
            // A lobe or a part of one.
            0..=2 => {
                let place = lung.place(draw.between(0.25, 0.85), draw.between(-0.5, 0.5));
                let size = (draw.between(0.13, 0.26), draw.between(0.12, 0.26));
                let density = draw.between(0.3, 0.75) * visibility;
                vec![Self::new(place, size, turned(draw), density, false, 0.5, draw)]
            }
            // Patches in one lung or in both.
            3..=5 => {
                let both = draw.chance(0.5);
                let count = 3 + draw.below(4);
                (0..count)
                    .map(|_| {
                        let lung = if both { lungs[draw.below(2)] } else { lung };
                        let place = lung.place(draw.between(0.2, 0.95), draw.between(-0.8, 0.8));
                        let size = draw.between(0.06, 0.13);
                        let density = draw.between(0.25, 0.65) * visibility;
                        Self::new(place, (size, size * draw.between(0.7, 1.4)), turned(draw), density, true, 0.4, draw)
                    })
                    .collect()
            }
            // A haze that blurs the base.
            6..=7 => {
                let place = lung.place(draw.between(0.75, 1.0), draw.between(-0.4, 0.4));
                let size = (draw.between(0.28, 0.4), draw.between(0.2, 0.36));
                let density = draw.between(0.3, 0.7) * visibility;
                vec![Self::new(place, size, turned(draw), density, true, 0.3, draw)]
            }
            // A small lesion.
            _ => {
                let place = lung.place(draw.between(0.25, 0.8), draw.between(-0.6, 0.7));
                let size = draw.between(0.06, 0.11);
                let density = draw.between(0.45, 0.9) * visibility;
                vec![Self::new(place, (size, size), 0.0, density, false, 0.1, draw)]
            }
        }
    }

    fn new(
        place: (f64, f64),
        size: (f64, f64),
        half_tangent: f64,
        density: f64,
        fades: bool,
        rough: f64,
        draw: &mut Draw,
    ) -> Self {
        Self { shape: Ellipse::new(place, size, half_tangent), density, fades, rough, clouds: Clouds::new(12, draw) }
    }

    pub(super) fn density(&self, x: f64, y: f64) -> f64 {
        let radius = self.shape.radius(x, y);
        let shape = if self.fades { bell(0.6 * radius * radius) } else { step((1.0 - radius) / 0.35) };
        (self.density * shape * (1.0 + self.rough * self.clouds.at(x, y))).clamp(0.0, 1.0)
    }
}
