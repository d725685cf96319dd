"""Records what PyTorch and transformers compute, for `src/model/parity_tests.rs` to compare with.

    python tests/parity/record.py --minilm FOLDER

FOLDER holds all-MiniLM-L6-v2 in the Hub's layout. The script makes two tiny random models of transformers
(`tiny-bert`, `tiny-distilbert`, beside it) and writes `recorded.json`: token ids, hidden states, logits, gradients of a
first step, and the losses of twenty steps of AdamW; the last two also for LoRA with peft, and for cross-entropy with class
weights and label smoothing. `requirements.txt` says what it needs.

Everything is 32-bit on the CPU with dropout off. The first values of head and LoRA, and which entries of a tensor are
recorded, follow formulas that the test knows too.
"""

import argparse
import json
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedTokenizerFast,
)

HERE = Path(__file__).resolve().parent

# Short and long, so that every batch has padding; labels that the texts decide.
TEXTS = [
    ("The disk of my server is full.", 0),
    ("I cannot log in, my password is wrong.", 1),
    ("No space left on device, please help me to free some of it before the backup starts.", 0),
    ("Reset my password!", 1),
    ("Disk full again", 0),
    ("The login page says that my account is locked after three wrong passwords.", 1),
    ("My storage is over its limit: which files may I delete?", 0),
    ("Where do I change my password?", 1),
    ("disk", 0),
    ("Password, please.", 1),
    ("Café disk — full, naïve me!", 0),
    ("My account is locked; I forgot the password and the login name as well.", 1),
]

WORDS = """[PAD] [UNK] [CLS] [SEP] [MASK] the disk of my server is full . i cannot log in , password wrong no space left on
device please help me to free some it before backup start ##s reset ! again login page say that account lock ##ed after three
storage over limit : which file may delete ? where do change cafe naive — ; forgot and name as well""".split()

STEPS, BATCH, SAMPLES = 20, 4, 24


def make_tokenizer():
    tokenizer = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=24)


def make_tiny_models():
    labels = {"id2label": {0: "storage", 1: "access"}, "label2id": {"storage": 0, "access": 1}}
    sizes = {"vocab_size": len(WORDS), "max_position_embeddings": 24, "initializer_range": 0.25}
    bert = BertConfig(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, **sizes, **labels)
    distil = DistilBertConfig(dim=24, n_layers=2, n_heads=3, hidden_dim=40, **sizes, **labels)
    for name, kind, config in [
        ("tiny-bert", BertForSequenceClassification, bert), ("tiny-distilbert", DistilBertForSequenceClassification, distil)
    ]:
        torch.manual_seed(20)
        model = kind(config)
        with torch.no_grad():  # fresh biases and norms are 0 and 1: errors in them would not show
            for parameter in model.parameters():
                if parameter.dim() == 1:
                    parameter.add_(torch.randn_like(parameter) * 0.1)
        model.save_pretrained(HERE / name)
        tokenizer = make_tokenizer()
        tokenizer.save_pretrained(HERE / name)


def sampled(tensor):
    """Up to SAMPLES entries, evenly spread from the first on."""
    flat = tensor.detach().flatten()
    return [float(value) for value in flat[:: max(1, flat.numel() // SAMPLES)][:SAMPLES]]


def head_start(shape):
    """(i * 37 mod 101 - 50) / 1000 at flat place i."""
    count = torch.Size(shape).numel()
    return torch.tensor([((i * 37) % 101 - 50) / 1000 for i in range(count)], dtype=torch.float64).float().reshape(shape)


def mean_pool(hidden, mask):
    mask = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1)


class Task:
    """Token ids of the texts, and an encoder with a head on the mean over the tokens."""

    def __init__(self, folder, max_length):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.encoder = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.max_length = max_length
        self.head = torch.nn.Linear(self.encoder.config.hidden_size, 2)
        with torch.no_grad():
            self.head.weight.copy_(head_start(self.head.weight.shape))
            self.head.bias.copy_(head_start(self.head.bias.shape))
        self.labels = torch.tensor([label for _, label in TEXTS])

    def batch(self, rows):
        padded = self.tokenizer([TEXTS[row][0] for row in rows], truncation=True, max_length=self.max_length,
                                padding=True, return_tensors="pt")
        return {key: value for key, value in padded.items() if key != "token_type_ids"}

    def parameters(self):
        """The head's and the encoder's that train, by name."""
        named = [(name, p) for name, p in self.encoder.named_parameters() if "pooler" not in name and p.requires_grad]
        return named + [("classifier." + name, parameter) for name, parameter in self.head.named_parameters()]

    def train(self, learning_rate, **loss_options):
        """First gradients, and loss and gradient norm of each step of AdamW."""
        named = self.parameters()
        plain = [p for name, p in named if name.endswith(".bias") or "LayerNorm" in name or "layer_norm" in name]
        decayed = [p for _, p in named if all(p is not other for other in plain)]
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=learning_rate)
        said = {"losses": [], "gradient_norms": []}
        for step in range(STEPS):
            rows = [(step * BATCH + n) % len(TEXTS) for n in range(BATCH)]
            inputs = self.batch(rows)
            pooled = mean_pool(self.encoder(**inputs).last_hidden_state, inputs["attention_mask"])
            loss = torch.nn.functional.cross_entropy(self.head(pooled), self.labels[rows], **loss_options)
            optimizer.zero_grad()
            loss.backward()
            if step == 0:
                said["gradients"] = {
                    name: {"norm": float(p.grad.double().norm()), "samples": sampled(p.grad)} for name, p in named
                    # The softmax ignores what all scores of a row share: these gradients are zero but for rounding.
                    if not name.endswith(("key.bias", "k_lin.bias"))
                }
            norm = torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
            optimizer.step()
            said["losses"].append(loss.item())
            said["gradient_norms"].append(norm.item())
        return said


def record(folder, learning_rate, max_length):
    task = Task(folder, max_length)
    texts = [text for text, _ in TEXTS]
    said = {"texts": texts, "labels": task.labels.tolist(), "max_length": max_length, "learning_rate": learning_rate}
    said["ids"] = [task.tokenizer(text, truncation=True, max_length=max_length)["input_ids"] for text in texts]
    with torch.no_grad():
        said["hidden"] = []
        for row in range(len(texts)):
            hidden = task.encoder(**task.batch([row])).last_hidden_state[0]
            said["hidden"].append({"norm": float(hidden.double().norm()), "samples": sampled(hidden)})
    return said | task.train(learning_rate)


def record_weighted(folder, learning_rate, max_length):
    """The same steps with class weights and label smoothing."""
    weights, smoothing = [0.5, 2.0], 0.1
    task = Task(folder, max_length)
    said = task.train(learning_rate, weight=torch.tensor(weights), label_smoothing=smoothing)
    return {"class_weights": weights, "label_smoothing": smoothing} | said


def record_lora(folder, learning_rate, max_length, targets):
    """The same steps with matrices of peft beside frozen weights."""
    rank, alpha = 4, 6
    task = Task(folder, max_length)
    task.encoder = get_peft_model(task.encoder, LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets)).eval()
    with torch.no_grad():
        for name, parameter in task.encoder.named_parameters():
            if "lora_" in name:  # both matrices: where one is zero the other has no gradient
                parameter.copy_(head_start(parameter.shape))
    said = task.train(learning_rate)
    # As peft names them in its files.
    said["gradients"] = {name.replace(".default.", "."): value for name, value in said["gradients"].items()}
    return {"rank": rank, "alpha": alpha, "target_modules": targets, "learning_rate": learning_rate} | said


def everything_of(folder, learning_rate, max_length, lora_rate, targets):
    said = record(folder, learning_rate, max_length)
    said["lora"] = record_lora(folder, lora_rate, max_length, targets)
    return said


def with_own_head(said, folder):
    """Logits of the classification head that transformers gives the family."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        said["own_logits"] = model(**{
            key: value for key, value in tokenizer(said["texts"], truncation=True, padding=True, return_tensors="pt").items()
            if key != "token_type_ids"}).logits.tolist()
    return said


def of_tiny(folder, targets):
    said = with_own_head(everything_of(folder, 1e-3, 24, 1e-2, targets), folder)
    return said | {"weighted": record_weighted(folder, 1e-3, 24)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minilm", required=True, help="folder of all-MiniLM-L6-v2 in the Hub's layout")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(2)
    make_tiny_models()
    everything = {
        "made_with": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
        "tiny-bert": of_tiny(HERE / "tiny-bert", ["query", "value", "output.dense"]),
        "tiny-distilbert": of_tiny(HERE / "tiny-distilbert", ["q_lin", "v_lin", "lin2"]),
        "minilm": everything_of(arguments.minilm, 1e-5, 64, 1e-3, ["query", "value"]),
    }

    def rounded(value):
        if isinstance(value, float):
            return float(f"{value:.9g}")
        if isinstance(value, dict):
            return {key: rounded(item) for key, item in value.items()}
        return [rounded(item) for item in value] if isinstance(value, list) else value

    (HERE / "recorded.json").write_text(json.dumps(rounded(everything), ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
