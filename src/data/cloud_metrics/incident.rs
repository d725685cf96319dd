//! What goes wrong, when, and what it does.

use rand::Rng;

use super::service::{Kind, Service};
use crate::random::normal;

/// Why an incident came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    LostNode,
    SlowDependency,
    MemoryLeak,
    BadDeployment,
    StuckConsumers,
}

impl Cause {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LostNode => "lost-node",
            Self::SlowDependency => "slow-dependency",
            Self::MemoryLeak => "memory-leak",
            Self::BadDeployment => "bad-deployment",
            Self::StuckConsumers => "stuck-consumers",
        }
    }

    fn draw(kind: Kind, rng: &mut impl Rng) -> Self {
        use Cause::{BadDeployment, LostNode, MemoryLeak, SlowDependency, StuckConsumers};
        let possible: &[Cause] = match kind {
            Kind::Web | Kind::Api => {
                &[LostNode, SlowDependency, SlowDependency, MemoryLeak, BadDeployment, BadDeployment]
            }
            Kind::Database => &[LostNode, SlowDependency, MemoryLeak],
            Kind::Queue | Kind::Batch => &[LostNode, SlowDependency, BadDeployment, StuckConsumers, StuckConsumers],
        };
        possible[rng.random_range(0..possible.len())]
    }
}

/// One incident of a service.
#[derive(Clone, Debug)]
pub(super) struct Incident {
    pub(super) cause: Cause,
    /// Hours since the first one; a fraction is a moment within an hour.
    pub(super) start: f64,
    pub(super) end: f64,
    /// 0.15 (hardly to be seen) to 1.
    pub(super) severity: f64,
    /// Hours before the start in which a leak grows.
    lead: f64,
}

/// What the incidents of a moment do to a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effect {
    /// Share of the capacity that is left.
    pub(super) capacity: f64,
    /// Times the usual latency.
    pub(super) latency: f64,
    /// Times the usual distance of the slowest from the median.
    pub(super) tail: f64,
    /// Share of requests that fail in addition.
    pub(super) errors: f64,
    /// Share of the memory in use in addition.
    pub(super) memory: f64,
    /// Times the usual work for each request: below one, machines wait.
    pub(super) work: f64,
    /// Restarts to be expected in the hour.
    pub(super) restarts: f64,
    /// Of the heaviest incident that is under way; 0 without one.
    pub(super) severity: f64,
}

impl Effect {
    pub(super) const NONE: Self = Self {
        capacity: 1.0,
        latency: 1.0,
        tail: 1.0,
        errors: 0.0,
        memory: 0.0,
        work: 1.0,
        restarts: 0.0,
        severity: 0.0,
    };
}

impl Incident {
    /// A Poisson process over all hours. Incidents of one service do not overlap: the later one is left out.
    pub(super) fn schedule(service: &Service, hours: usize, per_month: f64, rng: &mut impl Rng) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut now = 0.0;
        if per_month == 0.0 {
            return all;
        }
        loop {
            now -= (1.0 - rng.random::<f64>()).ln() * 720.0 / per_month;
            if now >= hours as f64 {
                return all;
            }
            let incident = Self::draw(service, now, rng);
            if all.last().is_none_or(|last| last.end + 2.0 < incident.start - incident.lead) {
                all.push(incident);
            }
        }
    }

    fn draw(service: &Service, start: f64, rng: &mut impl Rng) -> Self {
        let cause = Cause::draw(service.kind, rng);
        let length = (5.0 * (0.6 * normal(rng)).exp()).clamp(1.0, 36.0);
        let severity = 0.15 + 0.85 * rng.random::<f64>();
        let lead = if cause == Cause::MemoryLeak { rng.random_range(10.0..40.0) } else { 0.0 };
        // A deployment is made at a full hour of the table; its time is known.
        let start = if cause == Cause::BadDeployment { start.floor() } else { start };
        Self { cause, start, end: start + length, severity, lead }
    }

    /// The share of an hour that lies in the incident.
    pub(super) fn share(&self, hour: usize) -> f64 {
        let hour = hour as f64;
        (self.end.min(hour + 1.0) - self.start.max(hour)).clamp(0.0, 1.0)
    }

    /// What it does to the averages of this hour.
    pub(super) fn effect(&self, hour: usize) -> Effect {
        let share = self.share(hour);
        let strength = self.severity * share;
        let mut effect = Effect { severity: strength, ..Effect::NONE };
        match self.cause {
            Cause::LostNode => {
                effect.capacity = 1.0 - 0.6 * strength;
                effect.restarts = 1.2 * strength;
            }
            Cause::SlowDependency => {
                effect.latency = 1.0 + 2.2 * strength * strength;
                effect.tail = 1.0 + 1.1 * strength;
                effect.errors = 0.012 * strength * strength;
                effect.work = 1.0 - 0.25 * strength;
            }
            Cause::MemoryLeak => {
                effect.memory = 0.5 * self.severity * self.leaked(hour);
                effect.latency = 1.0 + 0.8 * strength;
                effect.tail = 1.0 + 1.6 * strength;
                effect.restarts = 2.5 * strength;
                effect.errors = 0.004 * strength;
            }
            Cause::BadDeployment => {
                effect.errors = 0.05 * strength * strength;
                effect.latency = 1.0 + 0.4 * strength;
            }
            Cause::StuckConsumers => {
                effect.capacity = 1.0 - 0.85 * strength;
                effect.work = 1.0 - 0.6 * strength;
            }
        }
        effect
    }

    /// How far a leak has come: from 0 at its beginning to 1 at the incident's end, when somebody restarts the service.
    fn leaked(&self, hour: usize) -> f64 {
        let now = hour as f64 + 0.5;
        if now > self.end {
            return 0.0;
        }
        ((now - (self.start - self.lead)) / (self.end - self.start + self.lead)).clamp(0.0, 1.0)
    }
}
