"""Time and memory of training steps whose batches change their length, as they do in a real run.

    cargo bench --no-run && python3 benches/changing_lengths.py MODEL_FOLDER [STEPS]

Starts the bench's worker (target/release/deps/training-*), sends it full fine-tuning steps of 16 texts whose length is drawn
anew for each step (16 to 128 tokens, seeded), and prints the seconds of a step and the memory of the process.
"""

import json
import pathlib
import random
import statistics
import subprocess
import sys


def worker() -> pathlib.Path:
    """The newest build of the bench."""
    folder = pathlib.Path(__file__).parent.parent / "target/release/deps"
    builds = [path for path in folder.glob("training-*") if path.suffix == ""]
    if not builds:
        sys.exit("no worker: run `cargo bench --no-run` first")
    return max(builds, key=lambda path: path.stat().st_mtime)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    process = subprocess.Popen([worker(), sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    draw = random.Random(42)
    seconds, answer = [], {}
    for _ in range(steps):
        length = draw.randrange(16, 129, 8)
        ids = [[101] + [draw.randrange(1000, 30000) for _ in range(length - 2)] + [102] for _ in range(16)]
        request = {"row": "full", "ids": ids, "labels": [n % 2 for n in range(16)], "steps": 1}
        print(json.dumps(request), file=process.stdin, flush=True)
        answer = json.loads(process.stdout.readline())
        seconds += answer["seconds"]
    process.stdin.close()
    process.wait()
    # The first steps are those in which every length is new.
    later = seconds[steps // 4 :]
    print(f"{steps} steps, {sum(later) / len(later):.4f} s a step (median {statistics.median(later):.4f})")
    print(f"memory: {answer['peak_bytes'] / 1e6:.0f} MB at the peak, {answer['resident_bytes'] / 1e6:.0f} MB at the end")


if __name__ == "__main__":
    main()
