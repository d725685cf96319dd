"""Makes golden.json, the values that the checks of src/data are compared with: `python make_golden.py > golden.json`.

Needs numpy, scipy and scikit-learn (made with numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1).
Logistic regression, two-sample tests, population stability; random and degenerate cases.
"""

import json
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
rng = np.random.default_rng(11)


def probe(name, rows, width, classes, c, missing=None):
    """Rows of single precision around one centre for each class; overlapping, so that the penalty decides."""
    labels = rng.integers(0, classes, rows)
    if missing is not None:
        labels = np.where(labels == missing, 0, labels)
    centres = rng.normal(size=(classes, width))
    x = (centres[labels] * 0.5 + rng.normal(size=(rows, width))).round(3).astype(np.float32)
    new = rng.normal(size=(5, width)).round(3).astype(np.float32)
    # In double precision: scikit-learn would train on single precision otherwise.
    model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000, solver="newton-cg").fit(x.astype(float), labels)
    return {
        "name": name, "classes": classes, "c": c, "vectors": x.astype(float).round(3).tolist(), "labels": labels.tolist(),
        "coefficients": model.coef_.tolist(), "intercepts": model.intercept_.tolist(),
        "new": new.astype(float).round(3).tolist(), "probabilities": model.predict_proba(new.astype(float)).tolist(),
    }


probes = [
    probe("two classes", 60, 4, 2, 1.0),
    probe("three classes", 80, 5, 3, 1.0),
    probe("weak penalty", 90, 3, 4, 100.0),
    probe("strong penalty", 40, 17, 3, 0.01),
    probe("a class that never occurs", 50, 4, 4, 1.0, missing=2),
]


def ks(name, a, b):
    result = stats.ks_2samp(a, b, method="auto")
    return {"name": name, "a": np.asarray(a).tolist(), "b": np.asarray(b).tolist(),
            "statistic": result.statistic, "p_value": result.pvalue}


ks_cases = [
    ks("one value each, equal", [1.0], [1.0]),
    ks("one value each, other", [1.0], [2.0]),
    ks("apart", [1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]),
    ks("the same", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
    ks("constant against spread", [5.0] * 8, [4.0, 5.0, 5.0, 6.0, 7.0]),
    ks("many ties", rng.integers(0, 4, 60).astype(float), rng.integers(0, 5, 45).astype(float)),
]
for number in range(6):
    m, n = int(rng.integers(2, 150)), int(rng.integers(2, 150))
    shift = float(rng.choice([0.0, 0.3, 1.0]))
    ks_cases.append(ks(f"random {number}", rng.normal(size=m).round(4), (rng.normal(size=n) + shift).round(4)))
ks_cases.append(ks("equal sizes", rng.normal(size=200).round(4), (rng.normal(size=200) + 0.2).round(4)))

# Sizes for which the p-value is asymptotic: the values follow a rule instead of standing here.
large = []
for m, n, scale, shift in [(20_000, 15_000, 1.0, 0.004), (12_000, 12_000, 1.0, 0.012), (30_000, 11_000, 1.01, 0.01),
                           (20_000, 15_000, 1.0, 0.03), (40_000, 30_000, 1.0, 0.0)]:
    a = np.arange(m) / m
    b = (np.arange(n) + 0.5) / n * scale + shift
    result = stats.ks_2samp(a, b, method="asymp")
    large.append({"m": m, "n": n, "scale": scale, "shift": shift, "statistic": result.statistic, "p_value": result.pvalue})

chi = []
for table in [[[10, 20], [20, 10]], [[5, 5, 5], [5, 5, 5]], [[1, 2, 3, 4], [40, 3, 2, 1]], [[100, 1], [100, 0]],
              [rng.integers(1, 60, 12).tolist(), rng.integers(1, 60, 12).tolist()],
              [[1000, 2000, 3000], [1100, 2000, 2900]], [[300, 20], [20, 300]]]:
    result = stats.chi2_contingency(table, correction=False)
    chi.append({"table": table, "statistic": result.statistic, "dof": int(result.dof), "p_value": result.pvalue})


def psi_shares(reference, current):
    """Population stability of counts, half an observation added to each count."""
    reference, current = np.asarray(reference, float), np.asarray(current, float)
    p = (reference + 0.5) / (reference.sum() + 0.5 * len(reference))
    q = (current + 0.5) / (current.sum() + 0.5 * len(current))
    return float(((q - p) * np.log(q / p)).sum())


psi = []
for number in range(3):
    a, b = rng.normal(size=97).round(3), (rng.normal(size=61) * 1.3 + 0.2 * number).round(3)
    edges = np.unique(np.quantile(a, np.linspace(0, 1, 11)[1:-1]))
    counts = [np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1) for values in (a, b)]
    psi.append({"a": a.tolist(), "b": b.tolist(), "psi": psi_shares(*counts)})

binomial = [{"hits": h, "count": n, "p_value": stats.binomtest(h, n, 0.5, alternative="greater").pvalue}
            for h, n in [(0, 1), (1, 1), (5, 10), (9, 10), (60, 100), (1100, 2000), (1900, 2000), (900, 2000)]]

json.dump({"probes": probes, "ks": ks_cases, "ks_large": large, "chi_squared": chi, "psi": psi, "binomial": binomial},
          sys.stdout, separators=(",", ":"))
