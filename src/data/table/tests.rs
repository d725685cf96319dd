//! Tables in memory and from files: types, targets, splits, and what broken files say.

use super::{ColumnValues, TableColumn, TableSchema, TableTarget, TabularDataset};

fn words(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
}

fn table() -> TabularDataset {
    let cpu = TableColumn::numeric("cpu", vec![Some(0.5), None, Some(2.0), Some(1.0)]);
    let region = TableColumn::categorical("region", words(&["eu", "us", "", "eu"]));
    let tier = TableColumn::categorical("tier", words(&["small", "large", "small", "large"]));
    let cost = TableColumn::numeric("cost", vec![Some(1.0), Some(4.0), Some(2.0), Some(3.0)]);
    TabularDataset::new("loads", vec![cpu, region, tier, cost]).unwrap()
}

fn file(name: &str, content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn read(name: &str, content: &str, schema: &TableSchema) -> Result<TabularDataset, String> {
    let (_folder, path) = file(name, content);
    TabularDataset::read_with(&path, schema).map_err(|error| error.to_string())
}

fn reason(data: &TabularDataset, column: &str) -> String {
    data.column(column).unwrap().reason().to_owned()
}

#[test]
fn a_target_leaves_the_columns_and_follows_a_selection() {
    let data = table().label_column("tier").unwrap();
    assert_eq!(data.label_names(), ["large", "small"]);
    assert_eq!((data.labels(), data.label_counts()), (&[1, 0, 1, 0][..], vec![2, 2]));
    let names: Vec<&str> = data.columns().iter().map(TableColumn::name).collect();
    assert_eq!(names, ["cpu", "region", "cost"]);
    let part = data.select(&[3, 0]);
    assert_eq!((part.labels(), part.columns()[0].cell(1)), (&[0, 1][..], "0.5".to_owned()));
    assert!(data.targets().is_empty());

    let data = table().target_column("cost").unwrap();
    assert_eq!((data.targets(), data.labels().len()), (&[1.0, 4.0, 2.0, 3.0][..], 0));
    assert!(matches!(data.target(), Some(TableTarget::Numbers { column, .. }) if column == "cost"));
}

#[test]
fn targets_that_cannot_be_are_named() {
    let error = |outcome: crate::Result<TabularDataset>| outcome.unwrap_err().to_string();
    assert!(error(table().label_column("tear")).contains("the columns are: cpu, region, tier, cost"));
    let message = error(table().target_column("cpu"));
    assert!(message.contains("loads, row 1, column \"cpu\": has no target") && message.contains("drop_missing"));
    assert!(error(table().target_column("tier")).contains("holds categories"));
    let message = error(table().known_label_column("tier", &["large".to_owned()]));
    assert!(message.contains("row 0, column \"tier\": the label \"small\" is not one of"), "{message}");
    assert!(error(table().label_column("tier").unwrap().target_column("cost")).contains("\"tier\" already"));
    let kept = table().drop_missing("cpu").unwrap();
    assert_eq!((kept.len(), kept.target_column("cpu").unwrap().targets()), (3, &[0.5, 2.0, 1.0][..]));
    assert!(
        error(table().label_column("tier").unwrap().random_split(0, 0.6, 0.5).map(|parts| parts.train))
            .contains("nothing to train")
    );
    assert!(error(table().stratified_split(0, 0.2, 0.2).map(|parts| parts.train)).contains("use random_split"));
    let numbers = table().target_column("cost").unwrap();
    assert!(error(numbers.few_shot(1, 0)).contains("holds numbers, not labels"));
    let message = error(table().part_column("tier"));
    assert!(message.contains("loads, row 0, column \"tier\": \"small\" is no part"), "{message}");
}

#[test]
fn columns_that_cannot_be_are_named() {
    let error = |columns| TabularDataset::new("t", columns).unwrap_err().to_string();
    let one = |name| TableColumn::numeric(name, vec![Some(1.0)]);
    assert!(error(vec![]).contains("no column"));
    assert!(error(vec![one("a"), one("a")]).contains("stands twice"));
    assert!(error(vec![one("a"), TableColumn::categorical("b", words(&["x", "y"]))]).contains("2 cells"));
    let message = error(vec![TableColumn::numeric("a", vec![Some(1.0), Some(f64::INFINITY)])]);
    assert!(message.contains("t, row 1, column \"a\": inf is not a finite number"), "{message}");
    assert!(error(vec![TableColumn::numeric("a", vec![Some(f64::NAN)])]).contains("None"));
}

#[test]
fn splits_and_folds_hold_every_row_once() {
    let values: Vec<Option<f64>> = (0..100).map(|row| Some(f64::from(row))).collect();
    let classes = (0..100).map(|row| Some(if row % 4 == 0 { "rare" } else { "often" }.to_owned())).collect();
    let columns = vec![TableColumn::numeric("n", values), TableColumn::categorical("class", classes)];
    let data = TabularDataset::new("made", columns).unwrap().label_column("class").unwrap();
    let numbers = |part: &TabularDataset| -> Vec<usize> {
        let column = part.column("n").unwrap();
        (0..part.len()).map(|row| column.cell(row).parse().unwrap()).collect()
    };
    let all: Vec<usize> = (0..100).collect();
    for parts in [data.stratified_split(7, 0.2, 0.2).unwrap(), data.random_split(7, 0.2, 0.2).unwrap()] {
        assert_eq!([parts.train.len(), parts.validation.len(), parts.test.len()], [60, 20, 20]);
        let mut seen = [numbers(&parts.train), numbers(&parts.validation), numbers(&parts.test)].concat();
        seen.sort_unstable();
        assert_eq!(seen, all);
    }
    assert_eq!(data.stratified_split(7, 0.2, 0.2).unwrap().test.label_counts(), [15, 5]);
    assert_eq!(data.random_split(1, 0.2, 0.2).unwrap(), data.random_split(1, 0.2, 0.2).unwrap());
    assert_ne!(data.random_split(1, 0.2, 0.2).unwrap(), data.random_split(2, 0.2, 0.2).unwrap());
    let folds = data.stratified_k_fold(5, 3).unwrap();
    assert!(folds.iter().all(|fold| fold.validation.label_counts() == [15, 5]));
}

#[test]
fn types_are_found_and_explained() {
    let row = |n: usize| format!("u{n},{},00{n},{},eu\n", n % 3, if n == 4 { "n/k" } else { "1.5" });
    let rows = (1..=30).map(row).collect::<Vec<_>>().concat();
    let data =
        read("a.csv", &format!("\u{feff}id,zone,code,cpu,region\n{rows}x,,NA,?,\n"), &TableSchema::new()).unwrap();
    let numeric: Vec<bool> = data.columns().iter().map(TableColumn::is_numeric).collect();
    assert_eq!(numeric, [false, true, false, false, false]);
    assert!(reason(&data, "id").contains("line 2 has \"u1\"; every value is different"), "{}", reason(&data, "id"));
    assert!(reason(&data, "zone").contains("3 different whole ones"), "{}", reason(&data, "zone"));
    assert!(reason(&data, "code").contains("\"001\", a code that begins with 0"));
    assert!(
        reason(&data, "cpu").contains("line 5 has \"n/k\"; 29 of 30 values are numbers"),
        "{}",
        reason(&data, "cpu")
    );
    assert_eq!(data.columns().iter().map(TableColumn::missing).collect::<Vec<_>>(), [0, 1, 1, 1, 1]);
    let text = data.to_string();
    assert!(text.contains("31 rows, 5 columns, no target") && text.contains("0 to 2, median 1"), "{text}");
    let html = data.display();
    assert!(html.get("text/html").unwrap().contains("<th scope=\"row\""));

    let schema = TableSchema::new().categorical("zone").ignore("id").missing_values(&["NA", "?", "", "n/k"]);
    let data = read("a.csv", &format!("id,zone,code,cpu,region\n{rows}"), &schema).unwrap();
    assert_eq!(data.columns().len(), 4);
    assert_eq!(reason(&data, "zone"), "declared categorical");
    assert!(data.column("cpu").unwrap().is_numeric() && reason(&data, "cpu") == "all 29 values are numbers");
}

#[test]
fn tab_separated_values_and_json_lines_give_the_same_table() {
    let tsv = read("a.tsv", "cpu\tregion\tok\n1.5\teu\ttrue\n\tus\tfalse\n", &TableSchema::new()).unwrap();
    let lines = "{\"cpu\":1.5,\"region\":\"eu\",\"ok\":true}\n\n{\"region\":\"us\",\"ok\":false,\"cpu\":null}\n";
    let json = read("a.jsonl", lines, &TableSchema::new()).unwrap();
    for name in ["cpu", "region", "ok"] {
        assert_eq!(tsv.column(name).unwrap().values(), json.column(name).unwrap().values(), "{name}");
    }
    let late = read("a.jsonl", "{\"a\":1}\n{\"b\":\"x\"}\n", &TableSchema::new()).unwrap();
    assert_eq!(late.column("a").unwrap().values(), &ColumnValues::Numeric(vec![Some(1.0), None]));
    assert_eq!(late.column("b").unwrap().values(), &ColumnValues::Categorical(words(&["", "x"])));
}

#[test]
fn broken_files_name_line_and_column() {
    let error = |name: &str, content: &str| read(name, content, &TableSchema::new()).unwrap_err();
    assert!(error("a.csv", "a,b\n1,2\n3\n").contains("line 3"));
    assert!(error("a.csv", "a,b\n").contains("no rows"));
    assert!(error("a.csv", "a,a\n1,2\n").contains("column \"a\": stands twice"));
    let message = error("a.csv", "a,b\n1,2\ninf,3\n");
    assert!(message.contains("line 3, column \"a\": \"inf\" is not a finite number"), "{message}");
    assert!(error("a.xlsx", "").contains("the ending does not name a format"));
    #[cfg(not(feature = "parquet"))]
    assert!(error("a.parquet", "").contains("built without the feature parquet"));
    #[cfg(feature = "parquet")]
    assert!(error("a.parquet", "").contains("not a readable Parquet file"));
    assert!(error("a.jsonl", "{\"a\":1}\n{\"a\":[2]}\n").contains("line 2, column \"a\": is a list"));
    assert!(error("a.jsonl", "{\"a\":1}\nno\n").contains("line 2"));
    let numeric = |schema: &TableSchema| read("a.csv", "a,b\n1,2\nx,3\n", schema).unwrap_err();
    let message = numeric(&TableSchema::new().numeric("a"));
    assert!(message.contains("line 3, column \"a\": \"x\" is not a number"), "{message}");
    assert!(numeric(&TableSchema::new().ignore("c")).contains("the columns are: a, b"));
    let (_folder, path) = file("a.csv", "a,tier\n1,s\n2,\n3,l\n");
    let message = TabularDataset::read(&path).unwrap().label_column("tier").unwrap_err().to_string();
    assert!(message.contains("line 3, column \"tier\": has no label; 1 rows have none"), "{message}");
    // After a selection the line is still that of the file.
    let late = TabularDataset::read(&path).unwrap().select(&[2, 1]);
    assert!(late.label_column("tier").unwrap_err().to_string().contains("line 3"));
}
