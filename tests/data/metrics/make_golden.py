"""Makes scikit-learn.json, the values that src/metrics is compared with: `python make_golden.py > scikit-learn.json`.

Needs scikit-learn, scipy and statsmodels (made with scikit-learn 1.9.1, scipy 1.17.1, statsmodels 0.15.0, numpy 2.4.6).
Random and degenerate cases; not-a-number is written as null.
"""

import json
import math
import sys
import warnings

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    classification_report,
    cohen_kappa_score,
    confusion_matrix,
    hamming_loss,
    log_loss,
    matthews_corrcoef,
    mean_absolute_error,
    precision_recall_curve,
    precision_recall_fscore_support,
    r2_score,
    roc_auc_score,
    roc_curve,
    root_mean_squared_error,
    top_k_accuracy_score,
)
from statsmodels.stats.contingency_tables import mcnemar

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
    case["balanced_accuracy"] = balanced_accuracy_score(truth, guess)
    kappas = [cohen_kappa_score(truth, guess, labels=labels, weights=w) for w in (None, "linear", "quadratic")]
    case["kappa"] = [number(kappa) for kappa in kappas]
    case["mcc"] = matthews_corrcoef(truth, guess)
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


def numbers(values):
    return [number(value) for value in values]


def rows(size, classes):
    """Probabilities in steps of 1/64: exact in single precision, with many ties."""
    parts = np.stack([rng.multinomial(64, p) for p in rng.dirichlet(np.full(classes, 0.5), size)])
    return parts / 64


binary = [
    ("two items", [0, 1], [0.25, 0.75]),
    ("upside down", [1, 0], [0.25, 0.75]),
    ("all tied", [0, 1, 1, 0, 1], [0.5] * 5),
    ("no positive item", [0, 0, 0], [0.1, 0.5, 0.25]),
    ("no negative item", [1, 1, 1], [0.1, 0.5, 0.25]),
    ("a single item", [1], [0.5]),
    ("both zeros", [0, 1, 1], [-0.0, 0.0, 1.0]),
]
for index in range(5):
    size = int(rng.integers(5, 80))
    scores = rng.normal(size=size).round(1 if index % 2 else 6)
    binary.append((f"random {index}", (rng.random(size) < 1 / (1 + np.exp(-scores))).astype(int).tolist(), scores.tolist()))
curves = []
for name, truth, scores in binary:
    case = {"name": name, "true": truth, "scores": scores}
    fpr, tpr, thresholds = roc_curve(truth, scores)
    case["roc"] = [numbers(fpr), numbers(tpr), thresholds[1:].tolist()]
    case["roc_auc"] = number(roc_auc_score(truth, scores)) if len(set(truth)) > 1 else None
    case["pr"] = [numbers(part) for part in precision_recall_curve(truth, scores)]
    case["average_precision"] = number(average_precision_score(truth, scores))
    curves.append(case)

tables = [
    ("certain and right", 3, [0, 1, 2], np.eye(3)),
    ("certain and wrong", 3, [1, 2, 0], np.eye(3)),
    ("no idea", 4, [0, 1, 2, 3, 3], np.full((5, 4), 0.25)),
    ("two classes, ruled out", 2, [0, 1, 1], np.array([[0.0, 1.0], [0.0, 1.0], [0.5, 0.5]])),
    ("one class only", 3, [1, 1], rows(2, 3)),
    ("a class that never occurs", 4, [0, 1, 1, 0, 3], rows(5, 4)),
    ("edges of bins", 2, [0, 1, 0, 1, 1], np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0], [0.25, 0.75], [0.0, 1.0]])),
]
for index, classes in enumerate([2, 2, 3, 5, 8]):
    size = int(rng.integers(20, 60))
    table = rows(size, classes)
    tables.append((f"random {index}", classes, [int(rng.choice(classes, p=0.7 * p + 0.3 / classes)) for p in table], table))
probability = []
for name, classes, truth, table in tables:
    labels = list(range(classes))
    case = {"name": name, "classes": classes, "true": truth, "probabilities": table.tolist()}
    score = table[:, 1] if classes == 2 else table
    case["log_loss"] = log_loss(truth, table, labels=labels)
    case["brier"] = brier_score_loss(truth, score, labels=labels)
    case["top_k"] = [top_k_accuracy_score(truth, table, k=k, labels=labels) for k in range(1, classes + 1)] if classes > 2 else []
    one = [(np.array(truth) == label, table[:, label]) for label in labels]
    areas = [roc_auc_score(*pair) if 0 < pair[0].sum() < len(truth) else math.nan for pair in one]
    if not any(map(math.isnan, areas)) and classes > 2:
        areas = [roc_auc_score(truth, table, multi_class="ovr", average=average) for average in ("macro", "weighted")]
    else:
        areas = [np.mean(areas), np.average(areas, weights=[pair[0].sum() for pair in one])]
    case["roc_auc"] = numbers(areas)
    guess = table.argmax(axis=1)
    confidence, right = table.max(axis=1), guess == np.array(truth)
    case["calibration"] = []
    for bins in (1, 4, 10, 15):
        accuracy, mean = calibration_curve(right, confidence, n_bins=bins)
        place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
        counts = np.bincount(place, minlength=bins)
        counts = counts[counts > 0]
        gap = np.abs(accuracy - mean)
        case["calibration"].append([bins, float(counts @ gap / len(truth)), float(gap.max()), accuracy.tolist(), mean.tolist()])
    probability.append(case)

pairs = [([3.5], [2.0]), ([2.0, 2.0], [2.0, 2.0]), ([2.0, 2.0], [2.0, 3.0]), ([1.0, 2.0, 4.0], [1.0, 2.0, 4.0])]
for size in (2, 5, 30):
    target = rng.normal(3, 20, size).round(6)
    pairs.append((target.tolist(), (target + rng.normal(0, 9, size)).round(6).tolist()))
regression = []
for target, guess in pairs:
    scores = [mean_absolute_error(target, guess), root_mean_squared_error(target, guess), r2_score(target, guess)]
    regression.append({"true": target, "predicted": guess, "scores": numbers(scores)})

tests = []
for b, c in [(0, 1), (1, 0), (1, 1), (5, 0), (3, 8), (10, 10), (12, 30), (60, 25), (400, 520), (900, 100)]:
    exact, approximate = mcnemar([[7, b], [c, 9]], exact=True), mcnemar([[7, b], [c, 9]], exact=False, correction=True)
    tests.append([b, c, float(exact.pvalue), float(approximate.statistic), float(approximate.pvalue)])

percentiles = []
for size in (1, 2, 7, 50):
    values = rng.normal(size=size).round(6)
    percentiles.append([values.tolist(), [[q, float(np.percentile(values, 100 * q))] for q in (0, 0.025, 0.5, 0.95, 1)]])

multi_label = []
for size, labels, kind in [(1, 2, 0), (1, 2, 1), (4, 3, 0), (4, 3, 1), (25, 4, None), (40, 6, None), (30, 2, None)]:
    truth = (rng.random((size, labels)) < rng.random(labels)).astype(int) if kind is None else np.full((size, labels), kind)
    guess = np.where(rng.random((size, labels)) < 0.7, truth, 1 - truth)
    averages = [precision_recall_fscore_support(truth, guess, average=a, zero_division=0) for a in ("micro", "macro", "weighted")]
    p, r, f, _ = precision_recall_fscore_support(truth, guess, average=None, zero_division=0, labels=range(labels))
    case = {"true": truth.tolist(), "predicted": guess.tolist(), "averages": [numbers(row[:3]) for row in averages]}
    case["classes"] = [numbers(row) for row in zip(p, r, f)]
    multi_label.append(case | {"subset": accuracy_score(truth, guess), "hamming": hamming_loss(truth, guess)})

golden = {
    "scikit-learn": sklearn.__version__,
    "cases": out,
    "curves": curves,
    "probability": probability,
    "regression": regression,
    "mcnemar": tests,
    "percentiles": percentiles,
    "multi_label": multi_label,
}
json.dump(golden, sys.stdout, ensure_ascii=False, indent=None, separators=(",", ":"))
print()
