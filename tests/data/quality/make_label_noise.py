"""Makes label_noise.json, the fits that src/data/label_noise is compared with: `python make_label_noise.py > label_noise.json`.

Needs numpy and scipy (made with numpy 2.4.6, scipy 1.17.1). Labels drawn from predictions, some of them changed; the
temperature and the rate of wrong labels by maximum likelihood, the rate's interval from its profile likelihood.
"""

import json
import sys

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import chi2

rng = np.random.default_rng(23)


def fit(name, rows, classes, sure, wrong):
    logits = rng.normal(size=(rows, classes)) * 2
    labels = np.array([rng.choice(classes, p=p) for p in softmax(logits, axis=1)])
    change = rng.random(rows) < wrong
    labels[change] = (labels[change] + rng.integers(1, classes, change.sum())) % classes
    probabilities = softmax(logits * sure, axis=1).round(6)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    probabilities = probabilities.astype(np.float32)
    logs = np.log(np.maximum(probabilities.astype(float), 1e-12))
    others = len(set(labels.tolist())) - 1

    def chances(sharpness, rate):
        right = np.exp(log_softmax(logs * np.exp(sharpness), axis=1))[np.arange(rows), labels]
        return right, (1 - rate) * right + rate * (1 - right) / others

    def value(sharpness, rate):
        return np.log(chances(sharpness, rate)[1]).sum()

    def profile(rate):
        looks = np.linspace(-3, 3, 61)
        best = looks[np.argmax([value(look, rate) for look in looks])]
        found = minimize_scalar(lambda s: -value(s, rate), bounds=(best - 0.1, best + 0.1), method="bounded", options={"xatol": 1e-9})
        return -found.fun

    most = others / (others + 1)
    starts = [(s, r) for s in (-1.0, 0.0, 1.0) for r in (0.0, 0.02, 0.2)]
    tries = [minimize(lambda v: -value(*v), start, bounds=[(-3, 3), (0, most)], method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9}) for start in starts]
    found = min(tries, key=lambda one: one.fun)
    found = minimize(lambda v: -value(v[0], min(max(v[1], 0), most)), found.x, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000})
    sharpness, rate = found.x[0], min(max(found.x[1], 0), most)
    top = value(sharpness, rate)
    gap = lambda r: profile(r) - top + chi2.ppf(0.95, 1) / 2
    lower = 0.0 if gap(0.0) >= 0 else brentq(gap, 0.0, rate)
    upper = most if gap(most) >= 0 else brentq(gap, rate, most)
    right, all_ = chances(sharpness, rate)
    return {
        "name": name,
        "probabilities": [[float(x) for x in row] for row in probabilities],
        "labels": labels.tolist(),
        "temperature": float(np.exp(-sharpness)),
        "rate": float(rate),
        "interval": [float(lower), float(upper)],
        "log_likelihood": float(top),
        "chances": (1 - (1 - rate) * right / all_).tolist(),
    }


cases = [
    fit("two classes, no errors", 150, 2, 1.0, 0.0),
    fit("two classes, too sure", 150, 2, 2.5, 0.15),
    fit("three classes", 120, 3, 1.0, 0.1),
    fit("five classes, not sure enough", 120, 5, 0.4, 0.1),
    fit("many errors", 150, 4, 1.5, 0.4),
]
json.dump({"cases": cases}, sys.stdout, separators=(",", ":"))
print()
