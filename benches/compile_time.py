#!/usr/bin/env python3
"""How long a person waits for the crate: a fresh program that depends on it, built with nothing there yet.

    python3 benches/compile_time.py [--jobs N] [--features hub,parquet]

Makes a project in a temporary folder, fetches what it needs, then times `cargo build --release` and, after a change to the
program, a second one. Versions are those of this repository's lock file. Prints one JSON line.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = """use tunebook::prelude::*;

fn main() -> tunebook::Result<()> {
    let data = TextDataset::embedded("support-tickets")?.fixed_split()?;
    let model = TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?;
    let report = Trainer::new(model).fit(&data.train, &data.validation)?;
    println!("{}", report.model().evaluate(&data.test)?.classification_report());
    Ok(())
}
"""


def cargo(folder, *arguments):
    # A build that is shared with another project, or flags of this shell, would not be a fresh person's.
    env = {k: v for k, v in os.environ.items() if k not in ("CARGO_TARGET_DIR", "RUSTFLAGS", "RUSTC_WRAPPER")}
    done = subprocess.run(["cargo", *arguments], cwd=folder, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def timed_build(folder, jobs):
    """Seconds, and what was compiled, the program included."""
    start = time.perf_counter()
    lines = cargo(folder, "build", "--release", "--message-format", "json", *jobs).splitlines()
    seconds = time.perf_counter() - start
    messages = [json.loads(line) for line in lines]
    return seconds, {m["package_id"] for m in messages if m["reason"] == "compiler-artifact" and not m["fresh"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--features", default="", help="with commas between; without it, the default ones")
    args = parser.parse_args()
    jobs = ["--jobs", str(args.jobs)] if args.jobs else []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        features = [name for name in args.features.split(",") if name]
        (folder / "Cargo.toml").write_text(
            '[package]\nname = "fresh"\nversion = "0.1.0"\nedition = "2024"\n\n[dependencies]\n'
            f"tunebook = {{ path = {json.dumps(str(ROOT))}, features = {json.dumps(features)} }}\n"
        )
        (folder / "src").mkdir()
        (folder / "src" / "main.rs").write_text(PROGRAM)
        shutil.copy(ROOT / "Cargo.lock", folder)
        cargo(folder, "fetch")
        seconds, crates = timed_build(folder, jobs)
        (folder / "src" / "main.rs").write_text(PROGRAM + "\n// changed\n")
        again, _ = timed_build(folder, jobs)
        size = (folder / "target" / "release" / "fresh").stat().st_size
    version = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    found = {"cores": os.cpu_count(), "rustc": version, "features": features, "seconds": round(seconds, 1)}
    print(json.dumps({**found, "crates": len(crates) - 1, "seconds_after_a_change": round(again, 1), "program_bytes": size}))


if __name__ == "__main__":
    main()
