//! From load and trouble to what monitoring shows of an hour.

use rand::Rng;

use super::calendar::Hour;
use super::events::Events;
use super::incident::{Effect, Incident};
use super::service::{MOVING_REGION, Service};
use crate::random::normal;

/// What is on the dashboards for one hour of one service; `None` where monitoring has a gap.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) requests: f64,
    pub(super) errors: f64,
    pub(super) median: Option<f64>,
    pub(super) slowest: Option<f64>,
    pub(super) cpu: Option<f64>,
    pub(super) memory: Option<f64>,
    pub(super) queue: f64,
    pub(super) restarts: f64,
    pub(super) since_deployment: Option<usize>,
    /// The cause of the incident that fills at least half of the hour.
    pub(super) cause: Option<&'static str>,
}

/// A service with its plans and its troubles, and what one hour hands to the next.
#[derive(Clone, Debug)]
pub(super) struct Monitor {
    service: Service,
    incidents: Vec<Incident>,
    events: Events,
    moved_at: usize,
    /// The logarithm of the demand's noise.
    noise: f64,
    /// Requests that wait.
    waiting: f64,
    /// Hours for which CPU and memory will go on being missing.
    gap: usize,
}

/// How much of the noise an hour keeps from the one before.
const PERSISTENCE: f64 = 0.8;
/// How long, in seconds, requests wait before their senders give up: what bounds a queue.
const PATIENCE: f64 = 600.0;

impl Monitor {
    pub(super) fn new(service: Service, incidents: Vec<Incident>, events: Events, moved_at: usize) -> Self {
        Self { service, incidents, events, moved_at, noise: 0.0, waiting: 0.0, gap: 0 }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// The next hour. Hours must be asked for in their order.
    pub(super) fn watch(&mut self, hour: &Hour, rng: &mut impl Rng) -> Seen {
        let service = &self.service;
        let cause = self.cause(hour);
        let effect = self.effect(hour);
        let faster = hour.index >= self.moved_at && service.region == MOVING_REGION;
        let (power, swiftness) = if faster { (1.6, 0.7) } else { (1.0, 1.0) };

        self.noise = PERSISTENCE * self.noise + 0.07 * normal(rng);
        let demand = service.demand(hour) * self.events.demand(hour) * self.noise.exp();
        let capacity = service.capacity * power * effect.capacity;
        let waiting = (self.waiting / 3600.0).min(capacity);
        let load = (demand + waiting) / capacity;
        let served = (demand + waiting).min(capacity);
        self.waiting = (self.waiting + 3600.0 * (demand - served)).clamp(0.0, PATIENCE * service.capacity);

        let backup = if self.events.is_backup(hour) { 1.7 } else { 1.0 };
        let since_deployment = self.events.since_deployment(hour);
        let deployed = since_deployment == Some(0);

        // A queue's waiting time grows as 1 / (1 - load); averages over an hour stay finite.
        let queueing = 1.0 + 0.35 * load.min(1.0).powi(3) / (1.06 - load.min(1.0));
        let median = service.latency * swiftness * queueing * effect.latency * backup * (0.09 * normal(rng)).exp();
        let slowest = median * (1.0 + (1.6 + (0.45 * normal(rng)).exp()) * effect.tail);
        let blip = if deployed { 0.008 * rng.random::<f64>() } else { 0.0 };
        let dropped = 0.5 * (1.0 - served / (demand + waiting)).max(0.0);
        let errors = (service.errors * (0.5 * normal(rng)).exp() + effect.errors + blip + dropped).min(1.0);
        let busy = 0.04 + 0.86 * load.min(1.0) * effect.work * if backup > 1.0 { 1.25 } else { 1.0 };
        let cpu = (busy + 0.03 * normal(rng)).clamp(0.01, 1.0);
        let grown = 0.12 * (since_deployment.unwrap_or(200) as f64 / 200.0).min(1.0);
        let memory = service.memory + 0.1 * load.min(1.0) + grown + effect.memory + 0.015 * normal(rng);
        let usual = demand * median / 1000.0;
        let expected = effect.restarts + 0.015 + if deployed { 1.5 } else { 0.0 };

        let gap = self.monitoring_fails(effect.severity, rng);
        let heavy = effect.severity > 0.6;
        let lost = heavy && rng.random_bool(0.12);
        Seen {
            requests: served,
            errors: 100.0 * errors,
            median: (!lost).then_some(median),
            slowest: (!lost).then_some(slowest),
            cpu: (!gap).then_some(cpu),
            memory: (!gap).then_some(memory.clamp(0.02, 1.0)),
            queue: (usual + self.waiting) * (0.2 * normal(rng)).exp(),
            restarts: f64::from(poisson(expected, rng)),
            since_deployment,
            cause,
        }
    }

    /// Of the incident that fills at least half of the hour. A leak has an effect before its incident begins.
    fn cause(&self, hour: &Hour) -> Option<&'static str> {
        let incident = self.incidents.iter().find(|incident| incident.share(hour.index) >= 0.5)?;
        Some(incident.cause.name())
    }

    /// Incidents do not overlap, leads of leaks included: at most one has an effect.
    fn effect(&self, hour: &Hour) -> Effect {
        let mut effects = self.incidents.iter().map(|incident| incident.effect(hour.index));
        effects.find(|effect| *effect != Effect::NONE).unwrap_or(Effect::NONE)
    }

    /// Whether CPU and memory of this hour are missing.
    fn monitoring_fails(&mut self, severity: f64, rng: &mut impl Rng) -> bool {
        if self.gap == 0 && rng.random_bool(0.004 + 0.1 * severity) {
            self.gap = rng.random_range(1..5);
        }
        let fails = self.gap > 0;
        self.gap = self.gap.saturating_sub(1);
        fails
    }
}

/// A Poisson number with this mean (Knuth 1969; the means here are small).
fn poisson(mean: f64, rng: &mut impl Rng) -> u32 {
    let limit = (-mean).exp();
    let mut product = rng.random::<f64>();
    let mut count = 0;
    while product > limit {
        product *= rng.random::<f64>();
        count += 1;
    }
    count
}
