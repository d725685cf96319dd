"""Loads what Tunebook saved in Python: classifiers with transformers, encoders with sentence-transformers.

    TUNEBOOK_MINILM=FOLDER TUNEBOOK_PARITY_OUT=OUT cargo test --release -p tunebook --lib saved_
    python tests/parity/check_saved.py OUT

Token ids must be equal, logits (and losses, where there are targets) within 1e-4, vectors within 1e-5.
"""

import json
import sys
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

LOGITS, VECTORS = 1e-4, 1e-5


def check_encoder(folder, said):
    model = SentenceTransformer(str(folder), device="cpu")
    limit = model.max_seq_length
    ids = [model.tokenizer(text, truncation=True, max_length=limit)["input_ids"] for text in said["texts"]]
    vectors = torch.tensor(model.encode(said["texts"]))
    difference = (vectors - torch.tensor(said["vectors"])).abs().max().item()
    # transformers alone reads the folder too; only a pooler that no pooling needs may be missing.
    _, report = AutoModel.from_pretrained(folder, output_loading_info=True)
    whole = all(key.startswith("pooler.") for key in report["missing_keys"])
    whole &= all(key.startswith("pre_classifier.") for key in report["unexpected_keys"])
    fine = ids == said["ids"] and whole and difference < VECTORS
    modules = " + ".join(type(module).__name__ for module in model)
    print(f"{folder.name}: {modules}, ids {'equal' if ids == said['ids'] else 'DIFFER'}, vectors within "
          f"{difference:.1e}{'' if whole else ', KEYS DIFFER'}")
    return fine


def check_classifier(folder, said):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    remote = {} if folder.name.endswith("Pooler") else {"trust_remote_code": True}
    model, report = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True, **remote)
    model.eval()
    same_ids = [tokenizer(text, truncation=True)["input_ids"] for text in said["texts"]] == said["ids"]
    # One padded batch: our logits were computed text by text.
    batch = tokenizer(said["texts"], truncation=True, padding=True, return_tensors="pt")
    if "targets" in said:
        batch["labels"] = torch.tensor(said["targets"])
    with torch.no_grad():
        answer = model(**batch)
    difference = (answer.logits - torch.tensor(said["logits"])).abs().max().item()
    if "targets" in said:  # transformers takes the loss that problem_type names
        difference = max(difference, abs(answer.loss.item() - said["loss"]))
    whole = not report["missing_keys"] and not report["unexpected_keys"]
    names = ["LABEL_0"] if model.config.problem_type == "regression" else ["storage", "access", "other"]
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)] == names
    print(f"{folder.name}: {type(model).__name__}, {model.config.problem_type}, ids {'equal' if same_ids else 'DIFFER'}, logits within "
          f"{difference:.1e}{'' if whole else ', KEYS DIFFER'}{'' if labels else ', LABELS DIFFER'}")
    return same_ids and whole and labels and difference < LOGITS


def main():
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/config.json"))
    if not folders:
        sys.exit(f"{sys.argv[1]}: no saved model; the head of this file says how to make them")
    good = True
    for folder in folders:
        said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
        good &= (check_encoder if "vectors" in said else check_classifier)(folder, said)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
