"""Makes scikit-learn.json, the values that src/metrics is compared with: `python make_golden.py > scikit-learn.json`.

Needs scikit-learn (made with 1.9). Random and degenerate cases; not-a-number is written as null.
"""

import json
import math
import sys
import warnings

import numpy as np
import sklearn
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, precision_recall_fscore_support

warnings.filterwarnings("ignore")
rng = np.random.default_rng(7)
NAMES = ["access", "billing", "compute", "databases", "a rather long class name", "ü"]

cases = [
    ("perfect", 3, [0, 1, 2, 2], [0, 1, 2, 2]),
    ("all wrong", 2, [0, 0, 1], [1, 1, 0]),
    ("one class only", 1, [0, 0, 0], [0, 0, 0]),
    ("a class that never occurs", 3, [0, 0, 1, 1], [0, 1, 1, 0]),
    ("a class never predicted", 3, [0, 1, 2, 2], [0, 1, 1, 0]),
    ("a class predicted but absent", 3, [0, 1, 1, 0], [0, 2, 2, 2]),
    ("always the same prediction", 4, [0, 1, 2, 3, 3], [1, 1, 1, 1, 1]),
    ("a single item, right", 2, [1], [1]),
    ("a single item, wrong", 2, [1], [0]),
]
for number in range(6):
    classes = int(rng.integers(2, 7))
    size = int(rng.integers(5, 120))
    truth = rng.choice(classes, size=size, p=rng.dirichlet(np.ones(classes)))
    guess = np.where(rng.random(size) < 0.6, truth, rng.integers(0, classes, size))
    cases.append((f"random {number}", classes, truth.tolist(), guess.tolist()))


def number(value):
    return None if math.isnan(value) else float(value)


out = []
for name, classes, truth, guess in cases:
    labels, names = list(range(classes)), NAMES[:classes]
    case = {"name": name, "label_names": names, "true": truth, "predicted": guess}
    case["confusion"] = confusion_matrix(truth, guess, labels=labels).tolist()
    case["accuracy"] = accuracy_score(truth, guess)
    for key, zero in (("zero", 0), ("one", 1), ("nan", np.nan)):
        scores = {}
        p, r, f, s = precision_recall_fscore_support(truth, guess, labels=labels, zero_division=zero)
        scores["classes"] = [[number(a), number(b), number(c), int(d)] for a, b, c, d in zip(p, r, f, s)]
        for average in ("micro", "macro", "weighted"):
            p, r, f, _ = precision_recall_fscore_support(truth, guess, labels=labels, zero_division=zero, average=average)
            scores[average] = [number(p), number(r), number(f)]
        scores["report"] = classification_report(truth, guess, labels=labels, target_names=names, zero_division=zero)
        case[key] = scores
    out.append(case)

json.dump({"scikit-learn": sklearn.__version__, "cases": out}, sys.stdout, ensure_ascii=False, indent=None, separators=(",", ":"))
print()
