//! What a service is, and how much is asked of it.

use rand::Rng;

use super::calendar::Hour;
use crate::random::normal;

/// What a service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Web,
    Api,
    Database,
    Queue,
    Batch,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
            Self::Database => "database",
            Self::Queue => "queue",
            Self::Batch => "batch",
        }
    }

    /// Requests a second, and milliseconds at the median, of a typical one.
    fn typical(self) -> (f64, f64) {
        match self {
            Self::Web => (180.0, 85.0),
            Self::Api => (420.0, 32.0),
            Self::Database => (900.0, 4.0),
            Self::Queue => (260.0, 14.0),
            Self::Batch => (35.0, 900.0),
        }
    }
}

const SERVICES: [(&str, Kind); 14] = [
    ("shop-web", Kind::Web),
    ("checkout", Kind::Api),
    ("orders-db", Kind::Database),
    ("mail-queue", Kind::Queue),
    ("search", Kind::Api),
    ("reports", Kind::Batch),
    ("login", Kind::Api),
    ("image-resize", Kind::Queue),
    ("sessions-db", Kind::Database),
    ("help-pages", Kind::Web),
    ("billing-run", Kind::Batch),
    ("stock", Kind::Api),
    ("events-queue", Kind::Queue),
    ("partner-api", Kind::Api),
];

/// Regions and their hours ahead of UTC.
const REGIONS: [(&str, usize); 3] = [("eu-west", 1), ("us-east", 19), ("ap-south", 5)];
/// The services of this region move to other machines on the way.
pub(super) const MOVING_REGION: &str = "eu-west";

/// What stays the same about a service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) region: &'static str,
    offset: usize,
    /// Requests a second that the busiest usual hour asks for.
    peak: f64,
    /// Requests a second that it can serve.
    pub(super) capacity: f64,
    /// Milliseconds at the median, without load.
    pub(super) latency: f64,
    /// Share of requests that fail on a good day.
    pub(super) errors: f64,
    /// Share of the memory in use after a start.
    pub(super) memory: f64,
    /// Share of the demand that a day adds.
    growth: f64,
    /// How deep the nights are: the share of the peak that they leave.
    night: f64,
}

impl Service {
    pub(super) fn draw(index: usize, rng: &mut impl Rng) -> Self {
        let (name, kind) = SERVICES[index % SERVICES.len()];
        let name = match index / SERVICES.len() {
            0 => name.to_owned(),
            round => format!("{name}-{}", round + 1),
        };
        let (region, offset) = REGIONS[rng.random_range(0..REGIONS.len())];
        let (requests, latency) = kind.typical();
        let peak = requests * (0.5 * normal(rng)).exp();
        Self {
            name,
            kind,
            region,
            offset,
            peak,
            // Some teams pay for twice of what they need, some for hardly more.
            capacity: peak * rng.random_range(1.15..2.1),
            latency: latency * (0.35 * normal(rng)).exp(),
            errors: 8e-4 * (0.7 * normal(rng)).exp(),
            memory: rng.random_range(0.28..0.58),
            growth: rng.random_range(-2e-4..1.4e-3),
            night: rng.random_range(0.12..0.45),
        }
    }

    /// Requests a second that this hour asks for, before noise and campaigns.
    pub(super) fn demand(&self, hour: &Hour) -> f64 {
        let local = (hour.of_day() + self.offset) % 24;
        let growth = 1.0 + self.growth * hour.index as f64 / 24.0;
        let share = if self.kind == Kind::Batch {
            if (1..5).contains(&local) { 1.0 } else { 0.5 * self.night }
        } else {
            // Highest at three in the afternoon, lowest at three in the night.
            let wave = 0.5 - 0.5 * (std::f64::consts::TAU * (local as f64 - 3.0) / 24.0).cos();
            let weekend = if hour.is_workday(self.offset) { 1.0 } else { 0.72 };
            (self.night + (1.0 - self.night) * wave) * weekend
        };
        self.peak * share * growth
    }
}
