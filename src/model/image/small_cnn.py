"""Tunebook's small network for images, in PyTorch: the same names, the same logits.

    from small_cnn import load
    model = load("FOLDER")  # config.json and model.safetensors; in evaluation mode

It takes images (batch, channels, height, width) scaled to 0..1 and normalised with `mean` and `std` under `pretrained_cfg` of
`config.json`, and gives logits (batch, labels).
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(x)))


class SmallCnn(nn.Module):
    def __init__(self, channels, classes, widths, dropout):
        super().__init__()
        self.blocks = nn.ModuleList(Block(*pair) for pair in zip([channels, *widths], widths))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x):
        for n, block in enumerate(self.blocks):
            x = block(functional.max_pool2d(x, 2) if n else x)
        return self.fc(self.dropout(x.mean((2, 3))))


def load(folder):
    config = json.loads((Path(folder) / "config.json").read_text())
    model = SmallCnn(**config["network"])
    model.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    return model.eval()
