//! Sheets of tables with damage made for them, and of one without.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::data::{DriftVerdict, Part, TableColumn};

const ROWS: usize = 400;

fn numbers(name: &str, value: impl Fn(usize) -> f64) -> TableColumn {
    TableColumn::numeric(name, (0..ROWS).map(|row| Some(value(row))).collect())
}

fn words(name: &str, value: impl Fn(usize) -> String) -> TableColumn {
    TableColumn::categorical(name, (0..ROWS).map(|row| Some(value(row))).collect())
}

fn noise(seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..ROWS).map(|_| rng.random::<f64>()).collect()
}

/// Columns without fault: the load decides the tier, and noise blurs it.
fn sound() -> Vec<TableColumn> {
    let (load, blur, memory) = (noise(1), noise(2), noise(3));
    let tier = move |row: usize| if load[row] + 0.6 * blur[row] > 0.8 { "large" } else { "small" }.to_owned();
    let load = noise(1);
    vec![
        numbers("load", move |row| load[row]),
        numbers("memory", move |row| 2.0 + memory[row]),
        words("zone", |row| format!("zone {}", row * 7 % 3)),
        words("tier", tier),
    ]
}

fn sheet(columns: Vec<TableColumn>) -> TableDataSheet {
    TableDataSheet::of(&TabularDataset::new("made", columns).unwrap().label_column("tier").unwrap()).unwrap()
}

fn problems(sheet: &TableDataSheet) -> Vec<String> {
    sheet.problems().into_iter().map(|problem| problem.problem).collect()
}

#[test]
fn a_sound_table_has_no_problem_and_its_columns_are_told() {
    let sheet = sheet(sound());
    assert!(problems(&sheet).is_empty(), "{sheet}");
    let load = sheet.column("load").unwrap();
    assert!(load.alone.unwrap() > 0.3 && load.alone.unwrap() < 0.8, "{load:?}");
    assert!(["memory", "zone"].iter().all(|name| sheet.column(name).unwrap().alone.unwrap() < 0.1), "{sheet}");
    let ColumnSpread::Numbers(spread) = &load.spread else { panic!("load is numeric") };
    assert!(spread.smallest >= 0.0 && spread.largest <= 1.0 && (spread.median - 0.5).abs() < 0.1);
    let ColumnSpread::Categories(zones) = &sheet.column("zone").unwrap().spread else { panic!("zone is not") };
    assert_eq!(zones.iter().map(|(_, count)| count).sum::<usize>(), ROWS);
    let text = sheet.to_string();
    assert!(text.contains("tells alone") && text.contains("no problems found"), "{text}");
    let html = sheet.display();
    let html = html.get("text/html").unwrap();
    assert!(
        html.contains("No problems found") && html.contains("overflow-x:auto") && html.contains("zone 0"),
        "{html}"
    );
}

#[test]
fn each_kind_of_damage_is_a_problem_of_its_own() {
    let tier_of = |row: usize| sound()[3].cell(row);
    let tiers: Vec<String> = (0..ROWS).map(tier_of).collect();
    let large: Vec<f64> = tiers.iter().map(|tier| f64::from(u8::from(tier == "large"))).collect();
    let (memory, late) = (noise(4), noise(5));
    let hole =
        |name: &str| TableColumn::numeric(name, (0..ROWS).map(|row| (row % 5 > 0).then_some(memory[row])).collect());
    let mut missing_when_large = vec![None; ROWS];
    (0..ROWS).filter(|&row| large[row] < 0.5).for_each(|row| missing_when_large[row] = Some(memory[row]));
    let cases = [
        (numbers("price", |row| 10.0 * large[row] + late[row]), "\"price\" alone saves 100 % of the mistakes"),
        (words("code", |row| tiers[row][..1].to_owned()), "\"code\" alone saves 100 %"),
        (TableColumn::numeric("late", missing_when_large), "\"late\" alone saves"),
        (words("country", |_| "CH".to_owned()), "one value in (nearly) all rows: country"),
        (words("ticket", |row| format!("T-{row}")), "a value of its own in nearly each row: ticket"),
        (numbers("row", |row| (row + 7) as f64), "a value of its own in nearly each row: row"),
        (TableColumn::numeric("void", vec![None; ROWS]), "without any value: void"),
        (hole("disk"), "missing cells: disk (20.0 %)"),
        (numbers("requests", |row| if row == 9 { 1e6 } else { memory[row] }), "far from the rest: requests (1)"),
    ];
    for (column, words) in cases {
        let mut columns = sound();
        columns.push(column);
        let sheet = sheet(columns);
        let found = problems(&sheet);
        assert!(found.iter().any(|problem| problem.contains(words)), "{words}: {sheet}");
        // Nothing else is blamed, but for holes that give the target away.
        assert!(found.len() == 1 || words.contains("late"), "{found:?}");
        assert!(sheet.display().get("text/html").unwrap().contains(&crate::notebook::escape_html(words)), "{words}");
    }
}

#[test]
fn repeated_rows_and_rows_that_contradict_each_other_are_told_apart() {
    let data = TabularDataset::new("made", sound()).unwrap();
    let rows: Vec<usize> = (0..ROWS).chain([3, 3, 5]).collect();
    let mut columns = data.select(&rows).columns().to_vec();
    let mut tiers: Vec<Option<String>> = (0..rows.len()).map(|row| Some(columns[3].cell(row))).collect();
    tiers[ROWS + 2] = Some(if tiers[5].as_deref() == Some("large") { "small" } else { "large" }.to_owned());
    columns[3] = TableColumn::categorical("tier", tiers);
    let sheet = sheet(columns);
    let found = problems(&sheet);
    assert!(
        found[0].contains("2 of 403 (0.5 %) rows repeat an earlier one cell by cell (row 400, row 401)"),
        "{found:?}"
    );
    assert!(found[1].contains("2 of 403 (0.5 %) rows are equal to a row with another target (row 5, row 402)"));
    assert_eq!(sheet.duplicates().len(), 2);
}

#[test]
fn numbers_as_targets_have_a_spread_and_what_explains_them_is_named() {
    let (load, blur) = (noise(1), noise(2));
    let cost: Vec<f64> = (0..ROWS).map(|row| 100.0 * load[row] + 60.0 * blur[row]).collect();
    let mut columns = sound();
    columns.push(numbers("cents", |row| 100.0 * cost[row]));
    columns.push(numbers("cost", |row| if row < 8 { 1e5 } else { cost[row] }));
    let data = TabularDataset::new("bills", columns).unwrap().target_column("cost").unwrap();
    let sheet = TableDataSheet::of(&data).unwrap();
    assert!(sheet.balance().counts().is_empty() && sheet.target_spread().unwrap().outliers == 8);
    assert!(problems(&sheet).iter().any(|problem| problem.contains("8 of 400 (2 %) targets lie far")), "{sheet}");
    let data = data.select(&(8..ROWS).collect::<Vec<_>>());
    let sheet = TableDataSheet::of(&data).unwrap();
    assert!(problems(&sheet)[0].contains("\"cents\" alone explains 100 % of the variance of \"cost\""), "{sheet}");
    assert!((0.3..0.9).contains(&sheet.column("load").unwrap().alone.unwrap()), "{sheet}");
    assert!(sheet.display().get("text/html").unwrap().contains("quartiles"));
}

#[test]
fn the_sheet_of_a_split_knows_leakage_and_drift() {
    let data = TabularDataset::new("made", sound()).unwrap().label_column("tier").unwrap();
    let parts = data.stratified_split(1, 0.2, 0.2).unwrap();
    let sheet = TableDataSheet::of_splits(&parts).unwrap();
    assert!(sheet.leakage().unwrap().is_clean());
    assert_eq!(sheet.drift().unwrap().verdict(), DriftVerdict::Stable, "{sheet}");
    assert_eq!(sheet.drift().unwrap().features().len(), 4);
    let leaky =
        TabularSplits { test: data.select(&[0, 1, 2]), train: data.select(&(1..200).collect::<Vec<_>>()), ..parts };
    let leakage = leaky.leakage().unwrap();
    let found: Vec<_> = leakage.rows().iter().filter(|row| row.part == Part::Test && row.id != "row 0").collect();
    assert!(found.len() == 2 && found.iter().all(|row| row.exact && row.same_label && row.similarity > 0.99));
    assert!(
        problems(&TableDataSheet::of_splits(&leaky).unwrap()).iter().any(|problem| problem.contains("test rows stand"))
    );
    // Sorted by load, the test rows are all busy.
    let load: Vec<f64> = noise(1);
    let parts = data.time_split(&load, 0.0, 0.3).unwrap();
    let sheet = TableDataSheet::of_splits(&parts).unwrap();
    assert!(problems(&sheet).iter().any(|problem| problem.contains("not like this one: load (major")), "{sheet}");
    assert!(sheet.display().get("text/html").unwrap().contains("Drift from"));
    let other = data.without_columns(&["zone"]).unwrap();
    assert!(data.drift(&other, &DriftConfig::default()).unwrap_err().to_string().contains("zone"));
    assert!(TableDataSheet::of(&data.select(&[])).unwrap_err().to_string().contains("no rows"));
}
