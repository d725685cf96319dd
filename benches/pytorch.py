"""PyTorch's side of the training bench: the same requests as `benches/training.rs`, answered with transformers and peft."""

import json
import sys
import time

import torch
import torchvision
import transformers

LEARNING_RATE = 2e-5
WEIGHT_DECAY = 0.01


class Classifier(torch.nn.Module):
    """The encoder, the mean over the tokens, dropout and a linear head: what Tunebook's TextClassifier is."""

    def __init__(self, folder):
        super().__init__()
        self.encoder = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False)
        config = self.encoder.config
        self.dropout = torch.nn.Dropout(config.hidden_dropout_prob)
        self.classifier = torch.nn.Linear(config.hidden_size, 2)

    def pooled(self, ids, mask):
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weights).sum(1) / weights.sum(1)

    def forward(self, ids, mask):
        return self.classifier(self.dropout(self.pooled(ids, mask)))


def optimizer_groups(model, weight_decay):
    """What trains, without decay for biases and norms."""
    decayed, plain = [], []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (plain if parameter.dim() == 1 else decayed).append(parameter)
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]


def image_network(row):
    """ResNet-18 for two classes; with the head alone, the frozen body in evaluation mode."""
    model = torchvision.models.resnet18(num_classes=2)
    if row == "resnet18-head":
        model.requires_grad_(False)
        model.fc.requires_grad_(True)
    return model


class Subject:
    def __init__(self, folder, row):
        self.trains = row != "inference"
        self.model = image_network(row) if row.startswith("resnet18") else Classifier(folder)
        self.is_epoch = row == "feature-extraction"
        if self.is_epoch:
            self.model.encoder.requires_grad_(False)
        elif row == "last-2-layers":
            self.model.encoder.requires_grad_(False)
            for layer in self.model.encoder.encoder.layer[-2:]:
                layer.requires_grad_(True)
        elif row == "lora":
            import peft

            config = peft.LoraConfig(r=8, lora_alpha=16, lora_dropout=0.1, target_modules=["query", "value"])
            self.model.encoder = peft.get_peft_model(self.model.encoder, config)
        self.model.train(self.trains and row != "resnet18-head")
        if self.is_epoch:
            self.model.encoder.eval()
        groups = optimizer_groups(self.model, WEIGHT_DECAY)
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE)

    def epoch(self, inputs, labels):
        """Every text once, in batches of 16; nothing below the head tracks gradients."""
        loss = 0.0
        for *part, labels in zip(*(tensor.split(16) for tensor in (*inputs, labels))):
            loss = self.step(part, labels)
        return loss

    def step(self, inputs, labels):
        with torch.set_grad_enabled(self.trains):
            loss = torch.nn.functional.cross_entropy(self.model(*inputs), labels)
        if self.trains:
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
        return loss.item()


def batch(request):
    """Token ids with their mask, or images by the formula that `training.rs` has too."""
    if "shape" in request:
        count = torch.Size(request["shape"]).numel()
        return [((torch.arange(count) * 37 % 101) / 50.0 - 1.0).reshape(request["shape"])]
    ids = torch.tensor(request["ids"])
    return [ids, torch.ones_like(ids)]


def peak_bytes():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except OSError:
        return 0


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    subjects = {}
    for line in sys.stdin:
        request = json.loads(line)
        row = request["row"]
        if row not in subjects:
            subjects[row] = Subject(folder, row)
        inputs = batch(request)
        labels = torch.tensor(request["labels"])
        loss, seconds = 0.0, []
        for _ in range(request["steps"]):
            start = time.perf_counter()
            subject = subjects[row]
            loss = (subject.epoch if subject.is_epoch else subject.step)(inputs, labels)
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": seconds, "loss": loss, "peak_bytes": peak_bytes()}), flush=True)


if __name__ == "__main__":
    main()
