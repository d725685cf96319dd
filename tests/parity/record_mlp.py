"""Records twenty steps of AdamW on a small multilayer perceptron, for `src/model/mlp_tests.rs` to compare with.

    python tests/parity/record_mlp.py

Writes `recorded_mlp.json` beside it: start weights, rows and targets, and the losses and gradient norms of a regression
(mean squared error) and of a classification with class weights and label smoothing. 32-bit, on the CPU, dropout off; made
with torch 2.15. Batches go round the rows in order; gradients are clipped to the norm 1.
"""

import json
from pathlib import Path

import torch
from torch import nn

ROWS, BATCH, STEPS, INPUTS, HIDDEN, LEARNING_RATE = 10, 4, 20, 6, 8, 1e-2
WEIGHTS, SMOOTHING = [0.5, 2.0, 1.25], 0.1


def record(kind, outputs):
    dense, norm, output = nn.Linear(INPUTS, HIDDEN), nn.LayerNorm(HIDDEN), nn.Linear(HIDDEN, outputs)
    model = nn.Sequential(dense, norm, nn.GELU(), output)
    named = {
        f"{name}.{key}": value
        for name, part in [("hidden.0.dense", dense), ("hidden.0.LayerNorm", norm), ("output", output)]
        for key, value in part.named_parameters()
    }
    with torch.no_grad():
        for parameter in named.values():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
    rows = torch.randn(ROWS, INPUTS)
    if kind == "regression":
        targets = torch.randn(ROWS)
        loss_of = lambda said, wanted: nn.functional.mse_loss(said.squeeze(-1), wanted)
    else:
        targets = torch.randint(0, outputs, (ROWS,))
        loss_of = nn.CrossEntropyLoss(weight=torch.tensor(WEIGHTS), label_smoothing=SMOOTHING)
    said = {
        "outputs": outputs,
        "start": {name: value.detach().flatten().tolist() for name, value in named.items()},
        "rows": rows.tolist(),
        "targets": targets.tolist(),
        "class_weights": [] if kind == "regression" else WEIGHTS,
        "label_smoothing": 0.0 if kind == "regression" else SMOOTHING,
        "learning_rate": LEARNING_RATE,
        "losses": [],
        "gradient_norms": [],
    }
    plain = [value for name, value in named.items() if name.endswith(".bias") or "LayerNorm" in name]
    decayed = [value for value in named.values() if all(value is not other for other in plain)]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=LEARNING_RATE)
    for step in range(STEPS):
        batch = [(step * BATCH + place) % ROWS for place in range(BATCH)]
        loss = loss_of(model(rows[batch]), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        said["gradient_norms"].append(float(nn.utils.clip_grad_norm_(list(named.values()), 1.0)))
        optimizer.step()
        said["losses"].append(loss.item())
    return said


def main():
    torch.manual_seed(11)
    everything = {"regression": record("regression", 1), "weighted classes": record("classes", 3)}
    path = Path(__file__).resolve().parent / "recorded_mlp.json"
    path.write_text(json.dumps(everything) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
