"""Records what torchvision's ResNet-18 computes, for `src/model/image/parity_tests.rs` to compare with.

    python tests/parity/record_resnet.py

Writes `recorded_resnet.json` beside it. Weights, running statistics and images follow from a formula that the test knows
too, so that the file holds answers only: logits in evaluation and in training mode, first gradients (their norm, and some
numbers of each), losses and gradient norms of twenty steps of AdamW, running statistics and logits after them. 32-bit, on
the CPU; made with torch 2.15 and torchvision 0.29. Batches go round the images in order; gradients are clipped to the norm
1; biases and batch normalisation do not decay.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchvision.models import resnet18

CLASSES, IMAGES, SIDE, BATCH, STEPS, LEARNING_RATE = 5, 16, 48, 8, 20, 2e-6
# Numbers of each tensor that are written down.
SAMPLES = 12
# The tensor number of the images, beyond those of all parameters and buffers.
PIXELS = 1000


def uniform(tensor, count):
    """Numbers from 0 to below 1, the same wherever they are computed: splitmix64 of the tensor's number and the place."""
    with np.errstate(over="ignore"):
        h = (np.uint64(tensor) << np.uint64(32)) + np.arange(count, dtype=np.uint64)
        h = h + np.uint64(0x9E3779B97F4A7C15)
        h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        h = h ^ (h >> np.uint64(31))
    return (h >> np.uint64(40)).astype(np.float64) / 2.0**24


def start(number, name, shape):
    u = uniform(number, math.prod(shape))
    if name.endswith("running_mean") or len(shape) == 1 and name.endswith("bias"):
        u = (u - 0.5) * 0.2
    elif len(shape) == 1:  # weights and running variances of batch normalisation
        u = 0.75 + 0.5 * u
    else:
        # He, fan-out, for convolutions; the head alike.
        u = (2.0 * u - 1.0) * math.sqrt(6.0 / (shape[0] * math.prod(shape[2:]) if len(shape) == 4 else shape[1]))
    return torch.from_numpy(u.astype(np.float32)).reshape(shape)


def some(tensor):
    flat = tensor.detach().flatten()
    step = max(1, flat.numel() // SAMPLES)
    return [value.item() for value in flat[::step][:SAMPLES]]


def main():
    model = resnet18(num_classes=CLASSES)
    state = model.state_dict()
    for number, name in enumerate(sorted(state)):
        if not name.endswith("num_batches_tracked"):
            state[name].copy_(start(number, name, tuple(state[name].shape)))
    pixels = uniform(PIXELS, IMAGES * 3 * SIDE * SIDE) * 2.0 - 1.0
    images = torch.from_numpy(pixels.astype(np.float32)).reshape(IMAGES, 3, SIDE, SIDE)
    labels = torch.arange(IMAGES) * 3 % CLASSES
    batches = [[(step * BATCH + place) % IMAGES for place in range(BATCH)] for step in range(STEPS)]

    def logits():
        with torch.no_grad():
            return model.eval()(images[batches[0]]).tolist()

    said = {"labels": labels.tolist(), "learning_rate": LEARNING_RATE, "evaluation_logits": logits()}
    model.train()
    named = dict(model.named_parameters())
    plain = [value for name, value in named.items() if name.endswith(".bias") or value.dim() == 1]
    decayed = [value for value in named.values() if all(value is not other for other in plain)]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=LEARNING_RATE
    )
    said["losses"], said["gradient_norms"] = [], []
    for step, batch in enumerate(batches):
        outputs = model(images[batch])
        loss = nn.functional.cross_entropy(outputs, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            said["training_logits"] = outputs.tolist()
            said["gradients"] = {
                name: {"norm": value.grad.norm().item(), "values": some(value.grad)} for name, value in named.items()
            }
        said["gradient_norms"].append(float(nn.utils.clip_grad_norm_(list(named.values()), 1.0)))
        optimizer.step()
        said["losses"].append(loss.item())
    said["buffers"] = {name: some(value.double()) for name, value in model.named_buffers()}
    said["trained_logits"] = logits()
    path = Path(__file__).resolve().parent / "recorded_resnet.json"
    path.write_text(json.dumps(said) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
