//! What looks like trouble and is none, and the deployments.

use rand::Rng;

use super::calendar::Hour;
use super::incident::{Cause, Incident};
use super::service::{Kind, Service};

/// Hours of a service in which something was planned.
#[derive(Clone, Debug)]
pub(super) struct Events {
    /// First hour, hours, and times the usual demand.
    campaigns: Vec<(usize, usize, f64)>,
    /// In order; those of bad deployments are among them.
    deployments: Vec<usize>,
    /// The hour of the day of a database's backup.
    backup: Option<usize>,
}

impl Events {
    pub(super) fn schedule(service: &Service, incidents: &[Incident], hours: usize, rng: &mut impl Rng) -> Self {
        let every = |days: f64, rng: &mut _| {
            let mut at = Vec::new();
            let mut now = 0.0;
            loop {
                now -= (1.0 - Rng::random::<f64>(rng)).ln() * 24.0 * days;
                if now >= hours as f64 {
                    return at;
                }
                at.push(now as usize);
            }
        };
        let campaigns = every(16.0, rng)
            .into_iter()
            .map(|start| (start, rng.random_range(3..14), rng.random_range(1.25..1.9)))
            .collect();
        let mut deployments = every(6.0, rng);
        let bad = incidents.iter().filter(|incident| incident.cause == Cause::BadDeployment);
        deployments.extend(bad.map(|incident| incident.start as usize));
        deployments.sort_unstable();
        let backup = (service.kind == Kind::Database).then(|| rng.random_range(0..5));
        Self { campaigns, deployments, backup }
    }

    /// Times the usual demand.
    pub(super) fn demand(&self, hour: &Hour) -> f64 {
        let running = |&&(start, length, _): &&(usize, usize, f64)| (start..start + length).contains(&hour.index);
        self.campaigns.iter().find(running).map_or(1.0, |&(.., times)| times)
    }

    pub(super) fn is_backup(&self, hour: &Hour) -> bool {
        self.backup == Some(hour.of_day())
    }

    /// Whole hours since the last deployment; `None` before the first.
    pub(super) fn since_deployment(&self, hour: &Hour) -> Option<usize> {
        let before = self.deployments.partition_point(|&at| at <= hour.index);
        Some(hour.index - self.deployments[before.checked_sub(1)?])
    }
}
