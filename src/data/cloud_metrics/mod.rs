//! A table of hourly metrics of cloud services, with their incidents as labels, made from a seed.
//!
//! Read this file first ([`CloudMetrics`]: what is made, and the process in words), then `service.rs` (what a service is
//! and how much is asked of it), `incident.rs` (what goes wrong, when, and what it does), `events.rs` (what only looks like
//! it), `hour.rs` (from load and trouble to what monitoring would show) and `calendar.rs`.

mod calendar;
mod columns;
mod events;
mod hour;
mod incident;
mod service;
#[cfg(test)]
mod tests;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use self::calendar::Hour;
use self::columns::Rows;
use self::events::Events;
use self::hour::Monitor;
use self::incident::Incident;
use self::service::Service;
use crate::data::TabularDataset;
use crate::{Error, Result};

/// Hourly metrics of made-up services, with the hours of incidents marked: a task with few positives, missing values,
/// neighbours in time that resemble each other, and a world that changes on the way.
///
/// **The data is synthetic.** Nobody ran these services. The process, for each service:
///
/// 1. *Demand* follows the hour of the day in the service's region, the weekday, a slow growth, and noise that is
///    correlated from hour to hour (AR(1)). Batch services work at night.
/// 2. *Load* is demand over capacity. Latency rises with load as a queue's does, errors appear beyond the capacity, what
///    cannot be served waits.
/// 3. *Incidents* come at random moments ([`CloudMetrics::incidents_per_month`], a Poisson process): a lost node, a slow
///    dependency, a memory leak, a bad deployment, stuck consumers. Each has a severity and lasts for hours (log-normal,
///    median 5). The mild ones hardly show. An hour is labelled `yes` when at least half of it lies in an incident.
/// 4. *What looks like trouble and is none*: campaigns that double the demand, nightly backups of databases, healthy
///    deployments with a blip of errors and restarts.
/// 5. *Monitoring* has gaps: CPU and memory are missing for some hours at a time, and in heavy incidents more often.
/// 6. *After 70 % of the time* the services of one region move to faster machines: the same load shows as less CPU and
///    lower latency than the training rows have taught.
///
/// Columns: `time`, `weekday`, `service`, `kind`, `region`, `hour` (of the day, in UTC like the time),
/// `requests_per_second` (served), `error_percent`, `latency_p50_ms`, `latency_p99_ms`, `cpu` and `memory` (shares of 1),
/// `queue_depth`, `restarts`, `hours_since_deploy` (missing before the first one), then `cause` (of the incident, `none`
/// outside: an answer, never a feature) and `incident` (`yes` or `no`). Rows are in the order of time.
///
/// ```
/// use tunebook::data::CloudMetrics;
///
/// let table = CloudMetrics { services: 3, days: 30, ..CloudMetrics::default() }.generate()?;
/// assert_eq!(table.len(), 3 * 30 * 24);
/// let times: Vec<usize> = (0..table.len()).collect();
/// let data = table.without_columns(&["time", "cause"])?.label_column("incident")?.time_split(&times, 0.2, 0.2)?;
/// assert_eq!(data.train.label_names(), ["no", "yes"]);
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CloudMetrics {
    /// How many services, 1 to 99. The first 14 have different names; further ones are copies with a number.
    pub services: usize,
    /// How many days of 24 hours, 7 to 3,650, from Monday, 2 March 2026.
    pub days: usize,
    /// Incidents of a service in 30 days, on average; 0 to 30.
    pub incidents_per_month: f64,
    /// The same seed gives the same table.
    pub seed: u64,
}

impl Default for CloudMetrics {
    /// 12 services over 120 days, 34,560 rows, 3.6 incidents a service and month.
    fn default() -> Self {
        Self { services: 12, days: 120, incidents_per_month: 3.6, seed: 42 }
    }
}

impl CloudMetrics {
    /// The table, without a target; see [`TabularDataset::label_column`].
    ///
    /// # Errors
    /// When a setting is out of its range.
    pub fn generate(&self) -> Result<TabularDataset> {
        self.check()?;
        let hours = self.days * 24;
        let moved_at = hours * 7 / 10;
        let mut services = (0..self.services)
            .map(|index| {
                // A generator of its own: more services, or fewer, leave the others as they are.
                let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
                rng.set_stream(index as u64);
                let service = Service::draw(index, &mut rng);
                let incidents = Incident::schedule(&service, hours, self.incidents_per_month, &mut rng);
                let events = Events::schedule(&service, &incidents, hours, &mut rng);
                let monitor = Monitor::new(service, incidents, events, moved_at);
                (monitor, rng)
            })
            .collect::<Vec<_>>();
        let mut rows = Rows::default();
        for index in 0..hours {
            let hour = Hour::new(index);
            for (monitor, rng) in &mut services {
                let seen = monitor.watch(&hour, rng);
                rows.push(&hour, monitor.service(), &seen);
            }
        }
        TabularDataset::new("cloud-metrics", rows.into_columns())
    }

    fn check(&self) -> Result<()> {
        let refuse = |field: &str, value: String, range: &str| {
            Err(Error::input(
                format!("CloudMetrics, {field}"),
                format!("{value} is out of range"),
                format!("give {range}"),
            ))
        };
        if !(1..=99).contains(&self.services) {
            return refuse("services", self.services.to_string(), "1 to 99");
        }
        if !(7..=3650).contains(&self.days) {
            return refuse("days", self.days.to_string(), "7 to 3650");
        }
        if !(0.0..=30.0).contains(&self.incidents_per_month) {
            return refuse("incidents_per_month", self.incidents_per_month.to_string(), "0 to 30");
        }
        Ok(())
    }
}
