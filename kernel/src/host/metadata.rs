//! Keeps the analyser's world small: a filter for `cargo metadata`.
//!
//! The analyser parses every crate that Cargo names, a few hundred for the teaching crate, and
//! that takes longer than anything else when a notebook is opened. Types that a learner meets
//! come from a handful of them. So when the analyser asks Cargo (through the session's own
//! `cargo` script), the seed's other crates are left out. What a learner adds with `:dep` stays,
//! with all it needs.
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

/// The variable that names the crates whose dependencies are cut down to the crates it names.
pub(crate) const ANALYSED: &str = "TUNEBOOK_ANALYSED";

/// Runs the Cargo command that the arguments are and prints what is left of its answer.
pub(crate) fn main() -> i32 {
    let mut arguments = std::env::args_os().skip(3);
    let Some(cargo) = arguments.next() else { return 2 };
    let Ok(output) = Command::new(cargo).args(arguments).stderr(Stdio::inherit()).output() else { return 1 };
    let names = std::env::var(ANALYSED).unwrap_or_default();
    let kept: BTreeSet<_> = names.split(',').filter(|name| !name.is_empty()).collect();
    let answer = if kept.is_empty() { output.stdout } else { pruned(output.stdout, &kept) };
    let written = std::io::Write::write_all(&mut std::io::stdout(), &answer);
    if written.is_ok() { output.status.code().unwrap_or(1) } else { 1 }
}

/// Cargo's answer, pruned; as it is when it cannot be read.
pub(crate) fn pruned(json: Vec<u8>, kept: &BTreeSet<&str>) -> Vec<u8> {
    match serde_json::from_slice::<Value>(&json) {
        Ok(mut metadata) => {
            prune(&mut metadata, kept);
            metadata.to_string().into_bytes()
        }
        Err(_) => json,
    }
}

/// Leaves the workspace's members, or only the kept ones when there are any, and what they reach;
/// from a kept crate only kept ones are reached.
fn prune(metadata: &mut Value, kept: &BTreeSet<&str>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let names: BTreeMap<_, _> =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let is_kept = |id: &str| names.get(id).is_some_and(|name| kept.contains(name.as_str()));
    let edges: BTreeMap<_, Vec<_>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text(&node["id"]), list(&node["dependencies"]).iter().map(text).collect()))
        .collect();
    let keeper = |id: &String| names.get(id).is_some_and(|name| name == crate::seed::layout::KEEPER);
    let mut members: Vec<_> = list(&metadata["workspace_members"]).iter().map(text).filter(|id| !keeper(id)).collect();
    if members.iter().any(|id| is_kept(id)) {
        members.retain(|id| is_kept(id));
    }
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut open = members.clone();
    while let Some(id) = open.pop() {
        let all = edges.get(&id).into_iter().flatten();
        let followed: Vec<_> = all.filter(|next| !is_kept(&id) || is_kept(next)).cloned().collect();
        if reached.insert(id) {
            open.extend(followed);
        }
    }
    retain(&mut metadata["packages"], |package| reached.contains(&text(&package["id"])));
    retain(&mut metadata["resolve"]["nodes"], |node| reached.contains(&text(&node["id"])));
    for node in metadata["resolve"]["nodes"].as_array_mut().into_iter().flatten() {
        retain(&mut node["dependencies"], |id| reached.contains(&text(id)));
        retain(&mut node["deps"], |dependency| reached.contains(&text(&dependency["pkg"])));
    }
    metadata["workspace_members"] = members.clone().into();
    metadata["workspace_default_members"] = members.into();
}

fn retain(list: &mut Value, keep: impl Fn(&Value) -> bool) {
    if let Some(list) = list.as_array_mut() {
        list.retain(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_seeds_other_crates_go_and_a_learners_crate_stays_whole() {
        let package = |id: &str| json!({ "id": id, "name": id });
        let node = |id: &str, to: &[&str]| {
            let deps: Vec<_> = to.iter().map(|id| json!({ "pkg": id })).collect();
            json!({ "id": id, "dependencies": to, "deps": deps })
        };
        let packages = ["ctx", "keeper", "facade", "candle", "gemm", "mine", "rand"].map(package);
        let mut metadata = json!({
            "packages": packages,
            "workspace_members": ["ctx", "keeper"],
            "resolve": { "nodes": [
                node("ctx", &["facade", "mine"]), node("keeper", &["facade"]), node("facade", &["candle", "gemm"]),
                node("candle", &["gemm", "rand"]), node("gemm", &[]), node("mine", &["rand"]), node("rand", &[]),
            ] }
        });
        prune(&mut metadata, &BTreeSet::from(["facade", "candle"]));
        let names: Vec<_> =
            metadata["packages"].as_array().unwrap().iter().map(|package| package["name"].clone()).collect();
        assert_eq!(names, ["ctx", "facade", "candle", "mine", "rand"]);
        assert_eq!(metadata["resolve"]["nodes"][1], node("facade", &["candle"]));
        assert_eq!(metadata["workspace_members"], json!(["ctx"]));
    }
}
