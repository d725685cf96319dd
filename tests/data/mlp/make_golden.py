"""Makes pytorch.json, what src/model/mlp.rs is compared with: `python make_golden.py > pytorch.json`.

Needs PyTorch (made with 2.15, CPU). Three networks with random weights: logits of six rows, and the gradients of their
mean cross-entropy. The last row is all zeros and the first network has no first bias: its units lie exactly at ReLU's
corner, where the gradient is 0 in PyTorch.
"""

import json
import sys

import torch
from torch import nn

torch.manual_seed(7)
cases = []
for name, hidden, activation, layer_norm in [
    ("relu", [7, 4], "relu", False),
    ("gelu with layer norm", [6, 5], "gelu", True),
    ("linear", [], "relu", False),
]:
    layers, names, width = [], {}, 5
    for n, units in enumerate(hidden):
        names[len(layers)] = f"hidden.{n}.dense"
        layers.append(nn.Linear(width, units))
        if layer_norm:
            names[len(layers)] = f"hidden.{n}.LayerNorm"
            layers.append(nn.LayerNorm(units))
        layers.append(nn.ReLU() if activation == "relu" else nn.GELU())
        width = units
    names[len(layers)] = "output"
    layers.append(nn.Linear(width, 3))
    model = nn.Sequential(*layers)
    parameters = {}
    for key, parameter in model.named_parameters():
        place, kind = key.split(".")
        parameters[f"{names[int(place)]}.{kind}"] = parameter
        with torch.no_grad():
            parameter.copy_(torch.randn_like(parameter) * 0.6)
    if name == "relu":
        with torch.no_grad():
            parameters["hidden.0.dense.bias"].zero_()
    rows = torch.randn(6, 5)
    rows[5] = 0
    labels = torch.randint(0, 3, (6,))
    logits = model(rows)
    nn.functional.cross_entropy(logits, labels).backward()
    cases.append(
        {
            "name": name,
            "config": {
                "inputs": 5,
                "hidden": hidden,
                "outputs": 3,
                "activation": activation,
                "layer_norm": layer_norm,
                "dropout": 0.0,
            },
            "weights": {key: value.detach().flatten().tolist() for key, value in parameters.items()},
            "rows": rows.tolist(),
            "labels": labels.tolist(),
            "logits": logits.tolist(),
            "gradients": {key: value.grad.flatten().tolist() for key, value in parameters.items()},
        }
    )
json.dump(cases, sys.stdout)
sys.stdout.write("\n")
