"""Makes scikit-learn.json, what src/data/table/prepare is compared with: `python make_golden.py > scikit-learn.json`.

Needs scikit-learn and scipy (made with scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6). Columns of random and degenerate
values with missing ones; every imputer with every scaler and encoder, fitted on the training rows and applied to fresh ones
with values and categories that training did not have. Missing is written as null.
"""

import json
import sys

import numpy as np
import sklearn
from scipy.stats import median_abs_deviation
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

rng = np.random.default_rng(20)


def holed(values, share):
    return np.where(rng.random(len(values)) < share, np.nan, values)


columns = {
    "normal": (holed(rng.normal(12.5, 3.75, 60), 0.15), np.append(rng.normal(12.5, 8, 9), np.nan)),
    "long tail": (holed(rng.lognormal(3, 1.5, 80), 0.2), np.append(rng.lognormal(3, 2, 9), [np.nan, -1e6, 1e9])),
    "small whole numbers": (holed(rng.integers(0, 5, 50).astype(float), 0.3), np.array([0.0, 9.0, np.nan])),
    "constant": (np.array([0.1] * 7 + [np.nan]), np.array([0.1, 3.1, np.nan])),
    "far from zero": (holed(1e4 + rng.normal(0, 0.01, 40), 0.1), np.array([1e4, np.nan])),
    "a single row": (np.array([-4.25]), np.array([-4.25, 0.0, np.nan])),
    "nothing missing": (rng.normal(0, 1, 30), np.array([0.5, np.nan])),
    "mostly equal": (np.array([2.0] * 20 + [1.0, 3.0, 50.0, np.nan]), np.array([2.0, 60.0, np.nan])),
}
scalers = {"none": None, "standard": StandardScaler(), "min_max": MinMaxScaler(), "robust": RobustScaler()}


def number(value):
    return None if np.isnan(value) else float(value)


def rows(matrix):
    return [[float(value) for value in row] for row in matrix]


def fences(values, rule):
    values = values[~np.isnan(values)]
    if rule == "iqr":
        first, third = np.quantile(values, [0.25, 0.75])
        return first - 1.5 * (third - first), third + 1.5 * (third - first)
    if rule == "z_score":
        return values.mean() - 2 * values.std(), values.mean() + 2 * values.std()
    middle, scale = np.median(values), median_abs_deviation(values, scale="normal")
    if scale == 0:
        scale = np.abs(values - middle).mean() / np.sqrt(2 / np.pi)
    return middle - 3.5 * scale, middle + 3.5 * scale


numeric = []
for name, (train, fresh) in columns.items():
    cases = []
    for strategy in ["mean", "median", "most_frequent", "constant"]:
        for scaler, step in scalers.items():
            for rule in [None, "iqr", "z_score", "robust_z"] if (strategy, scaler) in [
                ("mean", "standard"), ("median", "robust")
            ] else [None]:
                own, other = train, fresh
                if rule:
                    lower, upper = fences(train, rule)
                    own, other = np.clip(train, lower, upper), np.clip(fresh, lower, upper)
                pipeline = make_pipeline(
                    SimpleImputer(strategy=strategy, fill_value=-7.5 if strategy == "constant" else None),
                    *([sklearn.base.clone(step)] if step else []),
                )
                pipeline.fit(own[:, None])
                cases.append({
                    "imputer": strategy,
                    "scaler": scaler,
                    "outliers": rule,
                    "train": [float(value) for value in pipeline.transform(own[:, None])[:, 0]],
                    "fresh": [float(value) for value in pipeline.transform(other[:, None])[:, 0]],
                })
    numeric.append({
        "name": name,
        "train": [number(value) for value in train],
        "fresh": [number(value) for value in fresh],
        "cases": cases,
    })

words = np.array(["eu-west", "eu-east", "us", "asia pacific", "Ü", "z"], dtype=object)
drawn = words[rng.choice(6, 40, p=[0.4, 0.25, 0.15, 0.1, 0.05, 0.05])]
drawn[rng.random(40) < 0.2] = None
lists = {
    "random": (drawn, np.array(["us", "mars", None, "Ü", "EU-WEST"], dtype=object)),
    "ties": (np.array(["b", "a", "b", "a", None, "c"], dtype=object), np.array(["c", None, "d"], dtype=object)),
    "one category": (np.array(["x", "x"], dtype=object), np.array(["x", "y", None], dtype=object)),
}
categorical = []
for name, (train, fresh) in lists.items():
    for strategy in ["most_frequent", "constant"]:
        for encoder, step in [
            ("one_hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
            ("ordinal", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        ]:
            imputer = SimpleImputer(
                missing_values=None, strategy=strategy, fill_value="missing" if strategy == "constant" else None,
                add_indicator=False)
            pipeline = make_pipeline(imputer, step)
            pipeline.fit(train[:, None])
            categorical.append({
                "name": f"{name}, {strategy}, {encoder}",
                "imputer": strategy,
                "encoder": encoder,
                "train": train.tolist(),
                "fresh": fresh.tolist(),
                "categories": step.categories_[0].tolist(),
                "train_features": rows(pipeline.transform(train[:, None])),
                "fresh_features": rows(pipeline.transform(fresh[:, None])),
            })

json.dump({"numeric": numeric, "categorical": categorical}, sys.stdout, ensure_ascii=False, separators=(",", ":"))
sys.stdout.write("\n")
