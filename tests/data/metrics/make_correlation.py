"""Makes scipy.json, the values that src/metrics/correlation.rs is compared with: `python make_correlation.py > scipy.json`.

Needs scipy (made with scipy 1.17.1, numpy 2.4.6). Random and degenerate cases; not-a-number is written as null.
"""

import json
import math
import sys
import warnings

import numpy as np
import scipy
from scipy.stats import pearsonr, spearmanr

warnings.filterwarnings("ignore")
rng = np.random.default_rng(11)

cases = [
    ("two items, rising", [1, 2], [5, 9]),
    ("two items, falling", [1, 2], [9, 5]),
    ("two equal targets", [3, 3], [1, 2]),
    ("all targets equal", [0.1, 0.1, 0.1], [1, 2, 3]),
    ("all predictions equal", [1, 2, 3], [0.3, 0.3, 0.3]),
    ("both constant", [1, 1, 1], [2, 2, 2]),
    ("a line", [1, 2, 3, 4], [-2, -4, -6, -8]),
    ("a rising curve", [1, 2, 3, 4, 5], [1, 10, 100, 1000, 10000]),
    ("ties on one side", [1, 2, 2, 3, 3, 3], [6, 5, 4, 3, 2, 1]),
    ("ties on both sides", [1, 1, 2, 2, 3, 3], [1, 2, 2, 1, 3, 3]),
    ("grades", [0, 1, 2, 2, 4, 5, 5, 5], [0, 0, 2, 3, 4, 4, 5, 5]),
    ("no relation", [1, 2, 1, 2], [1, 1, 2, 2]),
    ("two zeros", [-0.0, 0.0, 1.0], [1.0, 2.0, 3.0]),
    ("very large", [1e200, 2e200, 4e200], [1, 3, 2]),
    ("very small", [1e-200, 2e-200, 4e-200], [3, 1, 2]),
    ("far from zero", [1e6 + 1, 1e6 + 2, 1e6 + 4, 1e6 + 7], [2, 1, 4, 9]),
    ("one outlier", [1, 2, 3, 4, 1000], [4, 3, 2, 1, 900]),
]
for index, size in enumerate([3, 5, 10, 40, 100, 100, 250]):
    target = rng.normal(3, 20, size)
    guess = target * rng.uniform(-2, 2) + rng.normal(0, 30, size)
    if index % 2:
        # Few different values: many ties.
        target, guess = (target / 10).round(), (guess / 10).round()
    cases.append((f"random {index}", target.round(6).tolist(), guess.round(6).tolist()))


def number(value):
    return None if math.isnan(value) else float(value)


correlation = []
for name, target, guess in cases:
    target, guess = [float(x) for x in target], [float(x) for x in guess]
    values = {"pearson": number(pearsonr(target, guess)[0]), "spearman": number(spearmanr(target, guess)[0])}
    correlation.append({"name": name, "true": target, "predicted": guess} | values)
# scipy refuses a single pair; the coefficient is not defined then.
correlation.append({"name": "a single item", "true": [1.0], "predicted": [2.0], "pearson": None, "spearman": None})
json.dump({"scipy": scipy.__version__, "correlation": correlation}, sys.stdout, separators=(",", ":"))
print()
