#!/usr/bin/env python3
"""Tunebook beside PyTorch: training steps and inference on the same token ids, the two sides taking turns.

    python3 benches/run.py MODEL_FOLDER [--python PYTHON] [--rounds 5] [--steps 3] [--threads 2] [--rows full,lora]
        [--memory-steps 500]

MODEL_FOLDER holds a BERT or MiniLM model in the Hub's layout. PYTHON has the packages of `benches/requirements.txt`;
without it, a virtual environment of its own is made in `target/bench-venv`. Prints one JSON line for each row, then the
table: medians over all steps, and peak memory of processes that do only that one thing. A step of the row
`feature-extraction` is an epoch: Tunebook has the frozen encoder's vectors from the first epoch, which is not counted;
PyTorch has no such cache. After the table, Tunebook's memory over many steps of full fine-tuning on batches of changing
length.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
# Row, texts, tokens.
ROWS = [
    ("full", 16, 64),
    ("full", 32, 32),
    ("full", 16, 128),
    ("last-2-layers", 16, 64),
    ("lora", 16, 64),
    ("inference", 16, 64),
    ("feature-extraction", 1000, 64),
]
# Row, images, pixels on each side; ResNet-18 with random weights on colour images.
IMAGE_ROWS = [
    ("resnet18-head", 16, 64),
    ("resnet18-full", 16, 64),
]


class Worker:
    """One side: a process that answers requests."""

    def __init__(self, command, threads):
        env = dict(os.environ)
        for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            env[name] = str(threads)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, row, count, size, steps):
        work = images(count, size) if (row, count, size) in IMAGE_ROWS else batch(count, size)
        return self.send({"row": row, "steps": steps, **work})

    def send(self, request):
        """The answer to one request."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            asked = {key: value for key, value in request.items() if key not in ("ids", "labels")}
            sys.exit(f"{self.process.args[0]} ended at {asked}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def batch(texts, tokens):
    """Random words of BERT's vocabulary between [CLS] and [SEP]; the same for the same shape."""
    rng = random.Random(texts * 1000 + tokens)
    ids = [[101, *(rng.randrange(1000, 30000) for _ in range(tokens - 2)), 102] for _ in range(texts)]
    return {"ids": ids, "labels": [n % 2 for n in range(texts)]}


def images(count, side):
    """Both sides make the same pixels themselves."""
    return {"shape": [count, 3, side, side], "labels": [n % 2 for n in range(count)]}


def built(bench="training"):
    """Builds Tunebook's side; the path of its program."""
    command = ["cargo", "bench", "-p", "tunebook", "--bench", bench, "--no-run", "--message-format", "json"]
    output = subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True).stdout
    programs = [json.loads(line).get("executable") for line in output.splitlines()]
    return [program for program in programs if program][-1]


def own_python():
    folder = HERE.parent / "target" / "bench-venv"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
    return str(python)


def processor():
    try:
        lines = open("/proc/cpuinfo").read().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def memory_over_steps(command, threads, steps):
    """Resident memory of full fine-tuning after each tenth of the steps, and the peak: it must not grow."""
    rng = random.Random(0)
    worker = Worker(command, threads)
    found = {}
    peak = 0
    for step in range(1, steps + 1):
        answer = worker.ask("full", 16, rng.randrange(8, 65, 8), 1)
        peak = answer["peak_bytes"]
        if step * 10 % steps < 10:
            found[step] = answer["resident_bytes"]
    worker.close()
    print(json.dumps({"row": "memory", "steps": steps, "resident_bytes": found, "peak_bytes": peak}), flush=True)
    print(f"\nMemory over {steps} steps of full fine-tuning, 16 texts of 8 to 64 tokens, peak {peak / 2**20:.0f} MiB:")
    print(", ".join(f"step {step}: {size / 2**20:.0f} MiB" for step, size in found.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--python")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", help="only these, with commas between")
    parser.add_argument("--memory-steps", type=int, default=500, help="0 leaves this part out")
    args = parser.parse_args()
    rows = [row for row in ROWS + IMAGE_ROWS if not args.rows or row[0] in args.rows.split(",")]
    if not (pathlib.Path(args.model) / "config.json").is_file():
        parser.error(f"{args.model} has no config.json: give a model's folder in the Hub's layout")
    python = args.python or own_python()
    commands = {
        "tunebook": [built(), os.path.abspath(args.model)],
        "pytorch": [python, str(HERE / "pytorch.py"), os.path.abspath(args.model), str(args.threads)],
    }
    names = ("torch", "torchvision", "transformers", "peft")
    code = f"import importlib.metadata as m; print(', '.join(n + ' ' + m.version(n) for n in {names}))"
    versions = subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    print(f"{processor()}, {os.cpu_count()} cores, {args.threads} threads each; {versions}", file=sys.stderr)
    if hasattr(os, "getloadavg") and (load := os.getloadavg()[0]) > 0.5:
        # PyTorch's threads wait for each other by spinning: a third program costs it more than it costs Tunebook.
        print(f"warning: the load is {load:.1f}; figures of a busy machine are unfair to PyTorch", file=sys.stderr)

    table = []
    for row, texts, tokens in rows:
        # A step of an epoch is long enough to stand alone.
        steps = 1 if row == "feature-extraction" else args.steps
        workers = {side: Worker(command, args.threads) for side, command in commands.items()}
        seconds = {side: [] for side in workers}
        peaks = {}
        for worker in workers.values():
            worker.ask(row, texts, tokens, min(2, steps))  # warm-up
        for _ in range(args.rounds):
            for side, worker in workers.items():
                answer = worker.ask(row, texts, tokens, steps)
                seconds[side] += answer["seconds"]
                peaks[side] = answer["peak_bytes"]
        for worker in workers.values():
            worker.close()
        result = {"row": row, "texts": texts, "tokens": tokens, "threads": args.threads}
        for side in workers:
            result[side] = {"samples_per_second": texts / statistics.median(seconds[side]), "peak_bytes": peaks[side]}
        result["ratio"] = result["tunebook"]["samples_per_second"] / result["pytorch"]["samples_per_second"]
        print(json.dumps(result), flush=True)
        table.append(result)

    print("\n| work | rows x tokens or pixels | Tunebook, samples/s | PyTorch, samples/s | ratio | peak memory, Tunebook / PyTorch |")
    print("| --- | --- | --- | --- | --- | --- |")
    for r in table:
        ours, theirs = r["tunebook"], r["pytorch"]
        print(
            f"| {r['row']} | {r['texts']}x{r['tokens']} | {ours['samples_per_second']:.1f} | "
            f"{theirs['samples_per_second']:.1f} | {r['ratio']:.2f} | "
            f"{ours['peak_bytes'] / 2**20:.0f} / {theirs['peak_bytes'] / 2**20:.0f} MiB |"
        )
    if args.memory_steps:
        memory_over_steps(commands["tunebook"], args.threads, args.memory_steps)


if __name__ == "__main__":
    main()
