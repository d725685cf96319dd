use super::CloudMetrics;
use crate::data::{ColumnValues, TabularDataset};

fn numbers(table: &TabularDataset, name: &str) -> Vec<Option<f64>> {
    match table.column(name).unwrap().values() {
        ColumnValues::Numeric(values) => values.clone(),
        ColumnValues::Categorical(_) => panic!("{name} holds categories"),
    }
}

fn words(table: &TabularDataset, name: &str) -> Vec<String> {
    (0..table.len()).map(|row| table.column(name).unwrap().cell(row)).collect()
}

/// A column over its service's own median outside incidents: what is high for a database is low for a batch.
fn relative(table: &TabularDataset, name: &str) -> Vec<Option<f64>> {
    let (values, services, causes) = (numbers(table, name), words(table, "service"), words(table, "cause"));
    let usual = |service: &str| {
        let mut calm: Vec<f64> = (0..values.len())
            .filter(|&row| services[row] == service && causes[row] == "none")
            .filter_map(|row| values[row])
            .collect();
        calm.sort_by(f64::total_cmp);
        calm[calm.len() / 2]
    };
    let mut names = services.clone();
    names.sort();
    names.dedup();
    let usual: std::collections::BTreeMap<_, _> = names.iter().map(|name| (name.clone(), usual(name))).collect();
    values.iter().zip(&services).map(|(value, service)| value.map(|value| value / usual[service])).collect()
}

/// The mean of the cells that are there, of the rows that are wanted.
fn mean(values: &[Option<f64>], wanted: impl Fn(usize) -> bool) -> f64 {
    let kept: Vec<f64> =
        values.iter().enumerate().filter(|(row, _)| wanted(*row)).filter_map(|(_, value)| *value).collect();
    assert!(kept.len() > 20, "only {} rows", kept.len());
    kept.iter().sum::<f64>() / kept.len() as f64
}

/// The best F1 that any threshold on a column can reach.
fn best_f1(values: &[Option<f64>], positive: &[bool]) -> f64 {
    let mut rows: Vec<(f64, bool)> =
        values.iter().zip(positive).filter_map(|(value, &is)| Some(((*value)?, is))).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = positive.iter().filter(|&&is| is).count() as f64;
    let mut found = 0.0;
    rows.iter().enumerate().fold(0.0, |best, (at, (_, is))| {
        found += f64::from(u8::from(*is));
        f64::max(best, 2.0 * found / ((at + 1) as f64 + all))
    })
}

#[test]
fn the_same_seed_gives_the_same_table_and_another_service_changes_no_other() {
    let small = CloudMetrics { services: 3, days: 20, ..CloudMetrics::default() };
    let table = small.generate().unwrap();
    assert_eq!(table, small.generate().unwrap());
    assert_ne!(table, CloudMetrics { seed: 7, ..small.clone() }.generate().unwrap());
    let larger = CloudMetrics { services: 4, ..small }.generate().unwrap();
    let first_three: Vec<usize> = (0..larger.len()).filter(|row| row % 4 < 3).collect();
    assert_eq!(larger.select(&first_three).columns(), table.columns());
}

#[test]
fn between_two_and_five_of_a_hundred_hours_are_incidents() {
    for seed in [42, 1, 2] {
        let table = CloudMetrics { seed, ..CloudMetrics::default() }.generate().unwrap();
        assert_eq!((table.len(), table.columns().len()), (34_560, 17));
        let share = words(&table, "incident").iter().filter(|answer| *answer == "yes").count() as f64 / 34_560.0;
        assert!((0.02..0.05).contains(&share), "seed {seed}: {share}");
    }
}

#[test]
fn each_cause_shows_where_it_should() {
    let table = CloudMetrics { services: 28, ..CloudMetrics::default() }.generate().unwrap();
    let causes = words(&table, "cause");
    let signs = [
        ("lost-node", "cpu", 1.3),
        ("slow-dependency", "latency_p99_ms", 2.0),
        ("memory-leak", "memory", 1.3),
        ("bad-deployment", "error_percent", 5.0),
        ("stuck-consumers", "queue_depth", 50.0),
    ];
    for (cause, column, times) in signs {
        let values = relative(&table, column);
        let calm = mean(&values, |row| causes[row] == "none");
        let trouble = mean(&values, |row| causes[row] == cause);
        assert!(trouble > times * calm, "{cause}: {column} is {trouble:.2}, outside incidents {calm:.2}");
    }
}

#[test]
fn no_threshold_on_one_column_is_good_enough() {
    let table = CloudMetrics::default().generate().unwrap();
    let positive: Vec<bool> = words(&table, "incident").iter().map(|answer| answer == "yes").collect();
    for name in [
        "requests_per_second",
        "error_percent",
        "latency_p50_ms",
        "latency_p99_ms",
        "cpu",
        "memory",
        "queue_depth",
        "restarts",
    ] {
        let raw = best_f1(&numbers(&table, name), &positive);
        let relative = best_f1(&relative_or_raw(&table, name), &positive);
        println!("{name}: {raw:.3}, over the service's median {relative:.3}");
        assert!(raw < 0.55 && relative < 0.65, "{name}: {raw:.3} {relative:.3}");
    }
}

/// Restarts have a median of 0.
fn relative_or_raw(table: &TabularDataset, name: &str) -> Vec<Option<f64>> {
    if name == "restarts" { numbers(table, name) } else { relative(table, name) }
}

#[test]
fn calm_hours_look_like_trouble_too() {
    let table = CloudMetrics::default().generate().unwrap();
    let causes = words(&table, "cause");
    let (cpu, kinds, since) = (numbers(&table, "cpu"), words(&table, "kind"), numbers(&table, "hours_since_deploy"));
    let calm = |row: usize| causes[row] == "none";
    assert!((0..table.len()).filter(|&row| calm(row) && cpu[row].is_some_and(|cpu| cpu > 0.85)).count() > 100);
    let restarts = numbers(&table, "restarts");
    let after = mean(&restarts, |row| calm(row) && since[row] == Some(0.0));
    assert!(after > 5.0 * mean(&restarts, |row| calm(row) && since[row] != Some(0.0)), "{after}");
    // A backup makes one hour of a database's day slower than all others.
    let (latency, hours) = (relative(&table, "latency_p50_ms"), numbers(&table, "hour"));
    let slow = (0..5)
        .map(|hour| mean(&latency, |row| calm(row) && kinds[row] == "database" && hours[row] == Some(f64::from(hour))));
    assert!(slow.fold(0.0, f64::max) > 1.2);
}

#[test]
fn what_is_missing_says_something() {
    let table = CloudMetrics::default().generate().unwrap();
    let causes = words(&table, "cause");
    let missing = |name: &str, calm: bool| {
        let values = numbers(&table, name);
        let rows: Vec<usize> = (0..table.len()).filter(|&row| (causes[row] == "none") == calm).collect();
        rows.iter().filter(|&&row| values[row].is_none()).count() as f64 / rows.len() as f64
    };
    assert!((0.002..0.03).contains(&missing("cpu", true)), "{}", missing("cpu", true));
    assert!(missing("cpu", false) > 4.0 * missing("cpu", true), "{}", missing("cpu", false));
    assert!(missing("latency_p99_ms", false) > 0.01 && missing("latency_p99_ms", true) < 0.001);
}

#[test]
fn a_region_is_faster_after_its_move() {
    let table = CloudMetrics::default().generate().unwrap();
    let (regions, causes, cpu) = (words(&table, "region"), words(&table, "cause"), relative(&table, "cpu"));
    let moved = table.len() * 7 / 10;
    let change = |there: bool| {
        let wanted = |row: usize| causes[row] == "none" && (regions[row] == super::service::MOVING_REGION) == there;
        mean(&cpu, |row| wanted(row) && row >= moved) / mean(&cpu, |row| wanted(row) && row < moved)
    };
    assert!(change(true) < 0.85, "{}", change(true));
    assert!((0.9..1.15).contains(&change(false)), "{}", change(false));
}

#[test]
fn settings_out_of_range_are_refused() {
    let refused = |settings: CloudMetrics| settings.generate().unwrap_err().to_string();
    let default = CloudMetrics::default();
    assert!(refused(CloudMetrics { services: 0, ..default.clone() }).contains("give 1 to 99"));
    assert!(refused(CloudMetrics { days: 3, ..default.clone() }).contains("give 7 to 3650"));
    assert!(refused(CloudMetrics { incidents_per_month: f64::NAN, ..default.clone() }).contains("incidents_per_month"));
    let none = CloudMetrics { incidents_per_month: 0.0, services: 2, days: 7, ..default }.generate().unwrap();
    assert!(words(&none, "incident").iter().all(|answer| answer == "no"));
}
