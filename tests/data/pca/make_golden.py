"""Makes scikit-learn.json, the values that src/metrics/pca.rs is compared with:
`python make_golden.py > scikit-learn.json`.

Needs scikit-learn (made with scikit-learn 1.9.1, numpy 2.4.6). Cases with more vectors than numbers, fewer, and with
directions of no variance; vectors are single precision, as a model gives them.
"""

import json
import sys

import numpy as np
from sklearn.decomposition import PCA

rng = np.random.default_rng(11)


def case(name, vectors, components):
    vectors = np.round(vectors, 3).astype(np.float32)
    pca = PCA(n_components=components, svd_solver="full")
    places = pca.fit_transform(vectors.astype(np.float64))
    return {
        "name": name,
        "vectors": [[round(float(x), 3) for x in row] for row in vectors],
        "mean": pca.mean_.tolist(),
        "components": pca.components_.tolist(),
        "explained_variance": pca.explained_variance_.tolist(),
        "explained_variance_ratio": pca.explained_variance_ratio_.tolist(),
        "places": places.tolist(),
    }


spread = rng.normal(size=(40, 12)) * 0.7 ** np.arange(12) @ np.linalg.qr(rng.normal(size=(12, 12)))[0] + 3
clusters = rng.normal(size=(3, 24))[rng.integers(0, 3, 16)] + 0.3 * rng.normal(size=(16, 24))
flat = rng.normal(size=(20, 2)) @ rng.normal(size=(2, 8))
json.dump(
    {
        "cases": [
            case("more vectors than numbers", spread, 4),
            case("all components", spread[:, :5], 5),
            case("more numbers than vectors", clusters, 3),
            case("all but a plane", flat, 2),
        ]
    },
    sys.stdout,
)
