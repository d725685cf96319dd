"""Makes scikit-learn.json, the values that the bag of words is compared with: `python make_golden.py > scikit-learn.json`.

Needs scikit-learn (made with scikit-learn 1.9.1). Texts with all that can go wrong in a tokenizer; each case fits on the
training texts, and transforms these and new ones. Rows are lists of [column, value].
"""

import json
import sys

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

train = [
    "The disk of db-7 is full. FULL! Full...",
    "Don't tell me it isn't: it's the disk, the disk, the disk.",
    "My invoice #2026_11 says 1,234.56 € instead of 99.",
    "invoice invoice wrong",
    "É́tat: DÉJÀ VU, naïve café — Straße, ΣΊΣΥΦΟΣ, İstanbul",
    "日本語のテキスト and 日本 again",
    "a b c d e",
    "",
    "snake_case __init__ x_1 10.0.0.1 fe80::1",
    "the login does not work, not at all, not today",
    "the invoice is not wrong at all",
    "line one\nline two\tline\u00a0three\u200bfour",
]
labels = [0, 0, 1, 1, 2, 2, 2, 0, 0, 2, 1, 0]
new = [
    "The invoice is full of disks, the disk is not",
    "nothing known here",
    "",
    "not at all at all at all",
    "DÉJÀ straße i̇stanbul 日本",
]
settings = {
    "words": {},
    "words and pairs": {"ngram_range": (1, 2)},
    "two to three words": {"ngram_range": (2, 3)},
    "sublinear": {"sublinear_tf": True, "ngram_range": (1, 2)},
    "in two texts at least, in a third at most": {"min_df": 2, "max_df": 1 / 3},
    # No tie at the border, where scikit-learn's choice is arbitrary: checked below.
    "the six most frequent": {"max_features": 6},
    "counts": {},
}


def rows(matrix):
    matrix = matrix.tocsr()
    matrix.sort_indices()
    return [
        [[int(c), float(v)] for c, v in zip(matrix.indices[a:b], matrix.data[a:b])]
        for a, b in zip(matrix.indptr, matrix.indptr[1:])
    ]


cases = []
for name, options in settings.items():
    vectorizer = (CountVectorizer if name == "counts" else TfidfVectorizer)(**options)
    matrix = vectorizer.fit_transform(train)
    if "max_features" in options:
        limit = options["max_features"]
        counts = sorted(CountVectorizer().fit_transform(train).sum(axis=0).A1.tolist(), reverse=True)
        assert counts[limit - 1] > counts[limit], counts
    model = LogisticRegression(C=10.0, tol=1e-12, max_iter=100_000, solver="newton-cg").fit(matrix.astype(float), labels)
    options = {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}
    cases.append({
        "name": name, "options": options, "terms": vectorizer.get_feature_names_out().tolist(), "train": rows(matrix),
        "new": rows(vectorizer.transform(new)),
        "coefficients": model.coef_.tolist(),
        "probabilities": model.predict_proba(vectorizer.transform(new).astype(float)).tolist(),
    })

json.dump({"train": train, "labels": labels, "new": new, "cases": cases}, sys.stdout, ensure_ascii=False)
print()
