"""LoRA adapters between peft and Tunebook, both ways, on the tiny BERT beside this file.

    python tests/parity/adapter.py record      # makes tiny-bert-lora/ anew, which a Rust test reads
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
BASE = HERE / "tiny-bert"
ADAPTER = HERE / "tiny-bert-lora"
IDS = [[2, 7, 9, 11, 3], [2, 5, 3]]
TOLERANCE = 1e-5


def pooled(model):
    """Mean over the tokens of each text."""
    with torch.no_grad():
        states = [model(torch.tensor([ids])).last_hidden_state for ids in IDS]
    return torch.stack([state[0].mean(0) for state in states])


def record():
    torch.manual_seed(0)
    config = LoraConfig(r=2, lora_alpha=6, target_modules=["query", "attention.output.dense"], use_rslora=True)
    model = get_peft_model(AutoModel.from_pretrained(BASE), config).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(ADAPTER)
    (ADAPTER / "README.md").unlink(missing_ok=True)
    # peft writes where the base model lay on the machine that made it.
    path = ADAPTER / "adapter_config.json"
    written = json.loads(path.read_text()) | {"base_model_name_or_path": "tiny-bert"}
    path.write_text(json.dumps(written, indent=2) + "\n")
    said = {"ids": IDS, "pooled": pooled(model).tolist(), "without": pooled(AutoModel.from_pretrained(BASE).eval()).tolist()}
    (ADAPTER / "said.json").write_text(json.dumps(said) + "\n")


def check(folder):
    said = json.loads((folder / "said.json").read_text())
    model = PeftModel.from_pretrained(AutoModel.from_pretrained(BASE), folder).eval()
    difference = (pooled(model) - torch.tensor(said["pooled"])).abs().max().item()
    change = (pooled(AutoModel.from_pretrained(BASE).eval()) - pooled(model)).abs().max().item()
    print(f"peft reads our adapter: vectors within {difference:.1e}; the adapter changes them by {change:.1e}")
    sys.exit(0 if difference < TOLERANCE < change else 1)


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        record()
    elif sys.argv[1:2] == ["check"] and len(sys.argv) == 3:
        check(Path(sys.argv[2]))
    else:
        sys.exit(__doc__)
