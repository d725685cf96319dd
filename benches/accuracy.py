#!/usr/bin/env python3
"""Tunebook's accuracy beside PyTorch's and scikit-learn's: the same recipe on the same rows, several seeds.

    python3 benches/accuracy.py MODEL_FOLDER TRAIN.jsonl TEST.jsonl [--python PYTHON] [--seeds 3] [--threads 2]

MODEL_FOLDER holds a BERT or MiniLM model in the Hub's layout; the files have a `text` and a `label` in each line. PYTHON
has the packages of `benches/requirements.txt`; without it, a virtual environment of its own is made in
`target/bench-venv`. Prints one JSON line for each run, then the table: accuracy on the test file, mean and standard
deviation over the seeds.

The same on both sides: rows, truncation, mean pooling, dropout, the first values' distribution, AdamW without decay of
biases and norms, batch size, learning rate, warmup and linear fall, clipping, epochs. Different: the random numbers
behind head, shuffling and dropout.
"""

import argparse
import json
import os
import statistics
import sys

from run import HERE, Worker, built, own_python, processor

RECIPE = {"epochs": 3, "batch_size": 16, "max_length": 64, "warmup_ratio": 0.1, "weight_decay": 0.01, "max_grad_norm": 1.0}
# Method, learning rate, sides. Logistic regression has no seed: one run.
ROWS = [
    ("feature-extraction", 1e-2, ("tunebook", "pytorch")),
    ("logistic-regression", 0.0, ("pytorch",)),
    ("full", 1e-4, ("tunebook", "pytorch")),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--python")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    paths = [os.path.abspath(path) for path in (args.model, args.train, args.test)]
    for path in paths:
        if not os.path.exists(path):
            parser.error(f"{path} does not exist")
    python = args.python or own_python()
    workers = {
        "tunebook": Worker([built("accuracy"), *paths], args.threads),
        "pytorch": Worker([python, str(HERE / "accuracy_pytorch.py"), *paths, str(args.threads)], args.threads),
    }
    print(f"{processor()}, {args.threads} threads each; {RECIPE}", file=sys.stderr)
    found = {}
    for method, rate, sides in ROWS:
        for seed in range(1, (args.seeds if rate else 1) + 1):
            for side in sides:
                answer = workers[side].send({"method": method, "learning_rate": rate, "seed": seed, **RECIPE})
                print(json.dumps({"method": method, "side": side, "seed": seed, **answer}), flush=True)
                found.setdefault((method, side), []).append(answer)
    for worker in workers.values():
        worker.close()

    def said(method, side):
        runs = [run["accuracy"] for run in found.get((method, side), [])]
        if not runs:
            return ""
        spread = f" ± {100 * statistics.stdev(runs):.1f}" if len(runs) > 1 else ""
        return f"{100 * statistics.mean(runs):.1f} %{spread}"

    print("\n| method | learning rate | Tunebook | PyTorch | scikit-learn | difference in points |")
    print("| --- | --- | --- | --- | --- | --- |")
    for method, rate, sides in ROWS:
        if "tunebook" not in sides:
            continue
        ours, theirs = ([run["accuracy"] for run in found[method, side]] for side in sides)
        optimum = said("logistic-regression", "pytorch") if method == "feature-extraction" else ""
        difference = 100 * (statistics.mean(ours) - statistics.mean(theirs))
        print(f"| {method} | {rate:g} | {said(method, 'tunebook')} | {said(method, 'pytorch')} | {optimum} | {difference:+.1f} |")


if __name__ == "__main__":
    main()
