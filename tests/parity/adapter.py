"""LoRA adapters between peft and Tunebook, both ways, on the tiny BERT and DistilBERT beside this file.

    python tests/parity/adapter.py record      # makes tiny-*-lora/ anew, which a Rust test reads
    TUNEBOOK_PARITY_OUT=OUT cargo test --release -p tunebook --lib an_adapter_of_peft
    python tests/parity/adapter.py check OUT   # peft reads what that test wrote
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModel

HERE = Path(__file__).parent
TARGETS = {"tiny-bert": ["query", "attention.output.dense"], "tiny-distilbert": ["v_lin", "ffn.lin2"]}
IDS = [[2, 7, 9, 11, 3], [2, 5, 3]]
TOLERANCE = 1e-5


def pooled(model):
    """Mean over the tokens of each text."""
    with torch.no_grad():
        states = [model(torch.tensor([ids])).last_hidden_state for ids in IDS]
    return torch.stack([state[0].mean(0) for state in states])


def base_model(base):
    return AutoModel.from_pretrained(HERE / base).eval()


def record(base):
    torch.manual_seed(0)
    config = LoraConfig(r=2, lora_alpha=6, target_modules=TARGETS[base], use_rslora=True)
    model = get_peft_model(base_model(base), config).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    folder = HERE / f"{base}-lora"
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    # peft writes where the base model lay on the machine that made it, and the targets in the order of a set.
    path = folder / "adapter_config.json"
    written = json.loads(path.read_text()) | {"base_model_name_or_path": base, "target_modules": TARGETS[base]}
    path.write_text(json.dumps(written, indent=2) + "\n")
    said = {"ids": IDS, "pooled": pooled(model).tolist(), "without": pooled(base_model(base)).tolist()}
    (folder / "said.json").write_text(json.dumps(said) + "\n")


def check(folder):
    said = json.loads((folder / "said.json").read_text())
    plain = base_model(said["base"])
    before = pooled(plain)
    model = PeftModel.from_pretrained(plain, folder).eval()
    matrices = sum("lora_" in name for name, _ in model.named_parameters())
    difference = (pooled(model) - torch.tensor(said["pooled"])).abs().max().item()
    change = (before - pooled(model)).abs().max().item()
    print(f"{folder.name}: peft reads our {matrices} matrices, vectors within {difference:.1e}; they change by {change:.1e}")
    return difference < TOLERANCE < change


def check_all(out):
    folders = sorted(path.parent for path in out.glob("*/adapter_config.json"))
    if not folders:
        sys.exit(f"{out}: no adapter; the head of this file says how to make them")
    sys.exit(0 if all([check(folder) for folder in folders]) else 1)


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        for base in TARGETS:
            record(base)
    elif sys.argv[1:2] == ["check"] and len(sys.argv) == 3:
        check_all(Path(sys.argv[2]))
    else:
        sys.exit(__doc__)
