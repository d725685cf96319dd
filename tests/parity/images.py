"""Image models between timm, torchvision and Tunebook, both ways.

    python tests/parity/images.py make OUT     # a ResNet-18 of timm and one of torchvision, with their logits
    TUNEBOOK_PARITY_OUT=OUT cargo test --release -p tunebook --lib folders_of_timm
    python tests/parity/images.py check OUT    # timm, torchvision and small_cnn.py read what that test wrote

Images follow from the same formula as in `record_resnet.py`. Logits must agree within 1e-4.
"""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision
from record_resnet import PIXELS, uniform
from safetensors.torch import load_file, save_file
from timm.models import save_for_hf

TOLERANCE = 1e-4
SIDE = 40


def images(channels):
    pixels = uniform(PIXELS, 2 * channels * SIDE * SIDE) * 2.0 - 1.0
    return torch.from_numpy(pixels.astype(np.float32)).reshape(2, channels, SIDE, SIDE)


def logits(model, channels):
    with torch.no_grad():
        return model.eval()(images(channels))


def make(out):
    torch.manual_seed(3)
    for name, channels, classes in [("timm-colour", 3, 4), ("timm-grey", 1, 2)]:
        model = timm.create_model("resnet18", num_classes=classes, in_chans=channels)
        normalization = {"mean": [0.5] * channels, "std": [0.25] * channels}
        labels = [f"label {n}" for n in range(classes)]
        model.train()(images(channels).repeat(4, 1, 1, 1))  # running statistics of its own
        folder = out / name
        save_for_hf(
            model, folder, safe_serialization=True,
            model_config={"label_names": labels, "pretrained_cfg": normalization},
        )
        (folder / "said.json").write_text(json.dumps({"logits": logits(model, channels).tolist()}))
    model = torchvision.models.resnet18(num_classes=3)
    folder = out / "torchvision"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text('{"architecture": "resnet18", "label_names": ["a", "b", "c"]}')
    (folder / "said.json").write_text(json.dumps({"logits": logits(model, 3).tolist()}))


def small_cnn(folder):
    """What the folder itself brings along."""
    spec = importlib.util.spec_from_file_location("small_cnn", folder / "small_cnn.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(folder)


def check(folder):
    said = torch.tensor(json.loads((folder / "said.json").read_text())["logits"])
    config = json.loads((folder / "config.json").read_text())
    channels, classes = config["pretrained_cfg"]["input_size"][0], config["num_classes"]
    if config["architecture"] == "small_cnn":
        models = {"small_cnn.py": small_cnn(folder)}
    else:
        models = {"timm": timm.create_model(f"local-dir:{folder}", pretrained=True)}
        assert list(models["timm"].pretrained_cfg["label_names"]) == config["label_names"]
        if channels == 3:
            models["torchvision"] = getattr(torchvision.models, config["architecture"])(num_classes=classes)
            models["torchvision"].load_state_dict(load_file(folder / "model.safetensors"))
    fine = True
    for name, model in models.items():
        difference = (logits(model, channels) - said).abs().max().item()
        print(f"{folder.name}: {name}, logits within {difference:.1e}")
        fine &= difference < TOLERANCE
    return fine


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    place = Path(sys.argv[2])
    if sys.argv[1] == "make":
        make(place)
    else:
        folders = sorted(path.parent for path in place.glob("saved-*/config.json"))
        if not folders:
            sys.exit(f"{place}: no saved model; the head of this file says how to make them")
        sys.exit(0 if all([check(folder) for folder in folders]) else 1)
