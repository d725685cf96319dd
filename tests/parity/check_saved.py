"""Loads classifiers that Tunebook saved with transformers and compares token ids and logits.

    TUNEBOOK_MINILM=FOLDER TUNEBOOK_PARITY_OUT=OUT cargo test --release -p tunebook --lib saved_classifiers
    python tests/parity/check_saved.py OUT
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

TOLERANCE = 1e-4


def main():
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/said.json"))
    if not folders:
        sys.exit(f"{sys.argv[1]}: no saved model; the head of this file says how to make them")
    good = True
    for folder in folders:
        said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        remote = {} if folder.name.endswith("Pooler") else {"trust_remote_code": True}
        model, report = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True, **remote)
        model.eval()
        same_ids = [tokenizer(text, truncation=True)["input_ids"] for text in said["texts"]] == said["ids"]
        # One padded batch: our logits were computed text by text.
        batch = tokenizer(said["texts"], truncation=True, padding=True, return_tensors="pt")
        with torch.no_grad():
            difference = (model(**batch).logits - torch.tensor(said["logits"])).abs().max().item()
        whole = not report["missing_keys"] and not report["unexpected_keys"]
        labels = [model.config.id2label[i] for i in range(model.config.num_labels)] == ["storage", "access", "other"]
        fine = same_ids and whole and labels and difference < TOLERANCE
        good &= fine
        print(f"{folder.name}: {type(model).__name__}, ids {'equal' if same_ids else 'DIFFER'}, logits within "
              f"{difference:.1e}{'' if whole else ', KEYS DIFFER'}{'' if labels else ', LABELS DIFFER'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
