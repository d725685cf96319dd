"""Fine-tuning a real pretrained model on a person's own file, through the command."""

import csv
import json

from support import paths
from support.program import assert_clear_error, assert_good, run


def test_sst2_with_minilm(shared, minilm, figures, tmp_path):
    text = shared / "data" / "text"
    out = tmp_path / "model"
    finished = assert_good(run(
        "finetune", "--model", minilm, "--train", text / "sst2-train-1000.jsonl",
        "--test", text / "sst2-validation.jsonl", "--method", "feature-extraction", "--epochs", "10",
        "--out", out, "--json", timeout=900))
    result = json.loads(finished.out)
    figures(f"SST-2, 1,000 rows, MiniLM as feature extractor: accuracy {result['accuracy']:.3f}, {result['seconds']:.1f} s, "
            f"{result['samples_per_second']:.0f} samples/s, {result['peak_memory_bytes'] / 1e6:.0f} MB")
    assert 0.7 < result["accuracy"] <= 1.0
    assert 0.7 < result["macro_f1"] <= 1.0
    assert "test" in result["measured_on"]
    assert result["loss"] > 0 and result["trainable_parameters"] > 0 and result["history"]

    # The saved model predicts the same: in input order, probabilities that add up to one.
    rows = [json.loads(line) for line in (text / "sst2-validation.jsonl").read_text(encoding="utf-8").splitlines()]
    predicted = assert_good(run("predict", "--model", out, text / "sst2-validation.jsonl", "--json", timeout=300))
    predictions = [json.loads(line) for line in predicted.out.splitlines()]
    assert [p["text"] for p in predictions] == [row["text"] for row in rows]
    assert all(abs(sum(p["probabilities"].values()) - 1) < 1e-4 for p in predictions)
    right = sum(p["label"] == row["label"] for p, row in zip(predictions, rows))
    assert abs(right / len(rows) - result["accuracy"]) < 0.005


def test_the_embedded_model_learns_a_persons_own_csv(tmp_path, figures):
    tickets = tmp_path / "tickets.jsonl"
    assert_good(run("data", "get", "support-tickets", "--out", tickets))
    rows = [json.loads(line) for line in tickets.read_text(encoding="utf-8").splitlines()]
    own = tmp_path / "own.csv"
    with open(own, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["queue", "message"])
        writer.writerows([row["label"], row["text"]] for row in rows)
    finished = assert_good(run(
        "finetune", "--train", own, "--text-column", "message", "--label-column", "queue",
        "--method", "full", "--epochs", "8", "--seed", "1", "--json", timeout=600))
    result = json.loads(finished.out)
    figures(f"512 tickets from a CSV, embedded encoder, full: accuracy {result['accuracy']:.3f} on the "
            f"{result['measured_on']}, {result['seconds']:.1f} s")
    # Eight classes: a guess gets 0.125.
    assert result["accuracy"] > 0.5


def test_parquet_is_read_by_finetune_predict_and_embed(tmp_path):
    files = paths.ROOT / "tests" / "data" / "parquet"
    out = tmp_path / "model"
    finished = assert_good(run(
        "finetune", "--train", files / "table.parquet", "--text-column", "message", "--label-column", "queue",
        "--method", "feature-extraction", "--epochs", "5", "--out", out, "--json"))
    # The name of the queue stands in each text.
    assert json.loads(finished.out)["accuracy"] > 0.9
    texts = (files / "hub.parquet", "--text-column", "sentence")
    for call in (("predict", "--model", out, "--json"), ("embed",)):
        lines = assert_good(run(*call, *texts)).out.splitlines()
        assert [json.loads(line)["text"] for line in lines][1:3] == ["The baker bread sold the.", "Die Bäume blühen."]
    cut = tmp_path / "cut.parquet"
    cut.write_bytes((files / "table.parquet").read_bytes()[:-20])
    assert_clear_error(run("finetune", "--train", cut), cut, "Parquet")


def test_same_seed_same_result(tmp_path):
    tickets = tmp_path / "tickets.jsonl"
    assert_good(run("data", "get", "support-tickets", "--out", tickets))

    def once(seed):
        finished = assert_good(run("finetune", "--train", tickets, "--method", "feature-extraction", "--epochs", "3",
                                   "--seed", seed, "--threads", "2", "--json"))
        result = json.loads(finished.out)
        return [(e["train_loss"], e["val_loss"], e["val_accuracy"]) for e in result["history"]], result["accuracy"]

    assert once(7) == once(7)
    assert once(7) != once(8)
