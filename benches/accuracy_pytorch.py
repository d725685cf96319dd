"""PyTorch's side of the accuracy bench: the same requests as `benches/accuracy.rs`, answered with transformers.

The method `logistic-regression` is scikit-learn's on the vectors of the frozen encoder, run to its optimum: what a linear
probe can reach at all.
"""

import json
import sys
import time

import torch
import transformers
from pytorch import Classifier, optimizer_groups
from sklearn.linear_model import LogisticRegression

TEST_BATCH = 32


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


class Bench:
    def __init__(self, folder, train, test):
        self.folder = folder
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.train, self.test = read(train), read(test)
        self.names = list(dict.fromkeys(row["label"] for row in self.train))

    def batch(self, rows, max_length):
        texts = [row["text"] for row in rows]
        padded = self.tokenizer(texts, truncation=True, max_length=max_length, padding=True, return_tensors="pt")
        return padded["input_ids"], padded["attention_mask"]

    def labels(self, rows):
        return torch.tensor([self.names.index(row["label"]) for row in rows])

    @torch.no_grad()
    def vectors(self, model, rows, max_length):
        """Pooled vectors without dropout, in the order of the rows."""
        model.eval()
        order = sorted(range(len(rows)), key=lambda n: len(rows[n]["text"]))
        vectors = [None] * len(rows)
        for start in range(0, len(order), TEST_BATCH):
            part = order[start : start + TEST_BATCH]
            for n, vector in zip(part, model.pooled(*self.batch([rows[n] for n in part], max_length))):
                vectors[n] = vector
        return torch.stack(vectors)

    def run(self, request):
        torch.manual_seed(request["seed"])
        start = time.perf_counter()
        model = Classifier(self.folder)
        # The first values that BERT's own heads have.
        torch.nn.init.normal_(model.classifier.weight, std=model.encoder.config.initializer_range)
        torch.nn.init.zeros_(model.classifier.bias)
        length = request["max_length"]
        frozen = request["method"] != "full"
        features = self.vectors(model, self.train, length) if frozen else None
        labels = self.labels(self.train)
        if request["method"] == "logistic-regression":
            fitted = LogisticRegression(max_iter=5000).fit(features.numpy(), labels.numpy())
            seconds = time.perf_counter() - start
            guesses = torch.tensor(fitted.predict(self.vectors(model, self.test, length).numpy()))
        else:
            model.encoder.requires_grad_(not frozen)
            model.train()
            self.fit(model, features, labels, request)
            seconds = time.perf_counter() - start
            vectors = self.vectors(model, self.test, length)
            with torch.no_grad():
                guesses = model.classifier(vectors).argmax(1)
        accuracy = (guesses == self.labels(self.test)).double().mean().item()
        return {"accuracy": accuracy, "seconds": seconds}

    def fit(self, model, features, labels, request):
        size, count = request["batch_size"], len(self.train)
        total = request["epochs"] * -(-count // size)
        warmup = -int(-request["warmup_ratio"] * total // 1)
        optimizer = torch.optim.AdamW(optimizer_groups(model, request["weight_decay"]), lr=request["learning_rate"])
        step = 0
        for _ in range(request["epochs"]):
            order = torch.randperm(count).tolist()
            for start in range(0, count, size):
                rows = order[start : start + size]
                factor = (step + 1) / warmup if step < warmup else 1 - (step - warmup) / max(1, total - warmup)
                for group in optimizer.param_groups:
                    group["lr"] = request["learning_rate"] * factor
                if features is None:
                    logits = model(*self.batch([self.train[n] for n in rows], request["max_length"]))
                else:
                    logits = model.classifier(model.dropout(features[rows]))
                loss = torch.nn.functional.cross_entropy(logits, labels[rows])
                optimizer.zero_grad()
                loss.backward()
                parameters = [p for group in optimizer.param_groups for p in group["params"]]
                torch.nn.utils.clip_grad_norm_(parameters, request["max_grad_norm"])
                optimizer.step()
                step += 1


def main():
    folder, train, test, threads = sys.argv[1:5]
    torch.set_num_threads(int(threads))
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    bench = Bench(folder, train, test)
    for line in sys.stdin:
        print(json.dumps(bench.run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
