"""Fine-tuning a real pretrained model on a person's own file, through the command."""

import csv
import json
import os
import pty
import signal
import subprocess
import time

import pytest

from support import paths
from support.program import Finished, assert_clear_error, assert_good, environment, run

PARQUET = paths.ROOT / "tests" / "data" / "parquet"


TOPICS = ["access", "billing", "question", "security", "storage"]
QUEUES = ["access", "billing", "security", "storage"]


def tickets(queues=None):
    """The rows of the embedded data set, all or those of some queues."""
    file = paths.ROOT / "data" / "support-tickets" / "tickets.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if queues is None or row["label"] in queues]


def write_csv(file, header, rows, delimiter=","):
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return file


def write_lines(file, rows):
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def finetune(*arguments, **options):
    """The JSON object of a good run."""
    return json.loads(assert_good(run("finetune", *arguments, "--json", **options)).out)


def predict(model, file):
    """The JSON objects that a saved model says about a file."""
    return [json.loads(line) for line in assert_good(run("predict", "--model", model, file, "--json")).out.splitlines()]


def several_labels(text, queue):
    """The queue of a ticket, and whether it asks something."""
    return [queue, "question"] if "?" in text else [queue]


def loads(rows=240):
    """A table with numbers, categories and gaps: the tier is the area's size, the cost bends with it."""
    for n in range(rows):
        width, depth, zone = n % 12 + 1, n * 7 % 11 + 1, "eu" if n % 3 else "us"
        yield {
            "id": f"row {n}", "width": None if n % 17 == 5 else width, "depth": depth, "zone": None if n % 19 == 3 else zone,
            "tier": "large" if width * depth > 36 else "small", "cost": 5000 + 10 * width * depth + (200 if zone == "us" else 0),
        }


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
    files = PARQUET
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


@pytest.mark.parametrize("form", ["semicolons", "bars", "lists", "columns", "columns of truth values"])
def test_texts_with_several_labels(form, tmp_path, figures):
    rows = [(row["text"], several_labels(row["text"], row["label"])) for row in tickets(QUEUES)]
    if form == "lists":
        file = write_lines(tmp_path / "tickets.jsonl", ({"text": text, "topics": labels} for text, labels in rows))
    elif form.startswith("columns"):
        given = [[int(name in labels) for name in TOPICS] for _, labels in rows]
        if form == "columns":
            file = write_csv(tmp_path / "tickets.csv", ["text", *TOPICS], ([text, *ones] for (text, _), ones in zip(rows, given)))
        else:
            file = write_lines(tmp_path / "tickets.jsonl", ({"text": text} | {name: bool(one) for name, one in zip(TOPICS, ones)}
                                                            for (text, _), ones in zip(rows, given)))
    else:
        separator = {"semicolons": "; ", "bars": "|"}[form]
        file = write_csv(tmp_path / "tickets.csv", ["text", "topics"], ((text, separator.join(labels)) for text, labels in rows))
    out = tmp_path / "model"
    columns = ("--label-columns", ",".join(TOPICS)) if form.startswith("columns") else ("--task", "multi-label", "--label-column", "topics")
    result = finetune("--train", file, *columns, "--method", "feature-extraction",
                      "--epochs", "10", "--tune-thresholds", "--out", out)
    figures(f"{len(rows)} tickets with several labels ({form}), embedded encoder: micro F1 {result['micro_f1']:.3f}, {result['seconds']:.1f} s")
    assert result["task"] == "multi-label" and result["micro_f1"] > 0.6 and result["loss"] > 0
    assert {"macro_f1", "subset_accuracy", "hamming_loss"} <= set(result) and "accuracy" not in result
    assert result["labels"]["question"]["support"] > 0 and 0 <= result["labels"]["question"]["threshold"] <= 1
    predictions = predict(out, file)
    assert [p["text"] for p in predictions] == [text for text, _ in rows]
    assert all(set(p["labels"]) <= set(p["probabilities"]) for p in predictions)
    hits = sum(len(set(p["labels"]) & set(labels)) for p, (_, labels) in zip(predictions, rows))
    assert hits / sum(len(labels) for _, labels in rows) > 0.6
    page = (out / "README.md").read_text(encoding="utf-8")
    assert "micro_f1" in page and file.name in page and str(tmp_path) not in page


def test_columns_of_labels_that_hold_something_else(tmp_path):
    header = ["text", "urgent", "billing"]
    file = write_csv(tmp_path / "tickets.csv", header, [["a", 1, 0], ["b", 3, 1]])
    call = ("finetune", "--train", file, "--label-columns")
    assert_clear_error(run(*call, "urgent,billing"), f'{file}, line 3, column "urgent"', '"3", neither 0 nor 1')
    assert_clear_error(run(*call, "urgnt"), 'no column "urgnt"', "--label-columns", "urgent")
    assert_clear_error(run(*call, "text,billing"), "--label-columns", "column of the texts")
    assert_clear_error(run(*call, "billing", "--task", "classification"), "--label-columns", "--task multi-label")
    assert_clear_error(run(*call, "billing", "--label-separator", ";"), "--label-separator", "--label-columns")


def test_a_spreadsheet_s_semicolons_are_read(tmp_path):
    rows = [[row["text"].replace(";", ","), row["label"]] for row in tickets(QUEUES)]
    file = write_csv(tmp_path / "tickets.csv", ["text", "label"], rows, delimiter=";")
    assert finetune("--train", file, "--method", "feature-extraction", "--epochs", "2")["accuracy"] > 0.3


def test_texts_with_a_number(tmp_path, figures):
    rows = [(row["text"], 20_000 + 500 * QUEUES.index(row["label"])) for row in tickets(QUEUES)]
    file = write_csv(tmp_path / "tickets.tsv", ["text", "label"], rows, delimiter="\t")
    out = tmp_path / "model"
    result = finetune("--train", file, "--task", "regression", "--method", "feature-extraction", "--epochs", "10", "--out", out)
    figures(f"{len(rows)} tickets with a number, embedded encoder: R2 {result['r2']:.3f}, {result['seconds']:.1f} s")
    # Far from 0, where a head starts: what is learned is standardised, what is said is in the file's unit.
    assert result["task"] == "regression" and result["r2"] > 0.25 and result["mean_absolute_error"] < 450
    assert abs(result["loss"] - (1 - result["r2"])) < 0.2 and all(e["val_accuracy"] is None for e in result["history"])
    values = [p["value"] for p in predict(out, file)]
    errors = [abs(value - number) for value, (_, number) in zip(values, rows)]
    assert sum(errors) / len(errors) < 450
    texts = tmp_path / "new.txt"
    texts.write_text("The disk is full.\n", encoding="utf-8")
    assert 15_000 < float(assert_good(run("predict", "--model", out, texts)).out.split()[0]) < 30_000


@pytest.mark.parametrize(("task", "target"), [("classification", "tier"), ("regression", "cost")])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_table(task, target, ending, tmp_path):
    other = {"tier": "cost", "cost": "tier"}[target]
    rows = [{name: cell for name, cell in row.items() if name != other} for row in loads()]
    parts = {"train": rows[:180], "test": rows[180:], "new": [{k: v for k, v in row.items() if k != target} for row in rows[180:]]}
    file = {name: tmp_path / f"{name}.{ending}" for name in parts}
    for name, part in parts.items():
        if ending == "csv":
            write_csv(file[name], part[0], (["" if cell is None else cell for cell in row.values()] for row in part))
        else:
            write_lines(file[name], part)
    table = ("--data-kind", "table", "--task", task, "--target-column", target, "--train", file["train"], "--ignore-columns", "id")
    out = tmp_path / "model"
    curves = tmp_path / "curves.svg"
    result = finetune(*table, "--test", file["test"], "--epochs", "40", "--hidden", "32,16", "--out", out, "--curves", curves)
    good = {"classification": result.get("accuracy", 0) > 0.85, "regression": result.get("r2", 0) > 0.85}[task]
    assert good and result["measured_on"] == "test set" and result["texts_cut"] is None and result["model"] is None, result
    assert curves.read_text(encoding="utf-8").startswith("<svg")
    assert f"`{file['train'].name}`" in (out / "README.md").read_text(encoding="utf-8")
    predictions = predict(out, file["new"])
    assert [p["row"]["depth"] for p in predictions] == [row["depth"] for row in rows[180:]]
    if task == "classification":
        right = sum(p["label"] == row[target] for p, row in zip(predictions, rows[180:]))
        assert right / 60 == pytest.approx(result["accuracy"])
        assert all(abs(sum(p["probabilities"].values()) - 1) < 1e-4 for p in predictions)
    else:
        error = sum(abs(p["value"] - row[target]) for p, row in zip(predictions, rows[180:])) / 60
        assert error == pytest.approx(result["mean_absolute_error"], rel=1e-3)
    # Its hidden layers serve another run; a report for people says what each column was taken for.
    again = assert_good(run("finetune", *table, "--model", out, "--method", "feature-extraction", "--epochs", "2"))
    assert "feature extraction of" in again.out and "width" in again.out and "held-out fifth" in again.out


def test_a_table_in_parquet(tmp_path):
    out = tmp_path / "model"
    result = finetune("--data-kind", "table", "--label-column", "tier", "--train", PARQUET / "loads.parquet",
                      "--ignore-columns", "id,tags,day,at", "--epochs", "60", "--out", out)
    assert result["task"] == "classification" and result["accuracy"] >= 0.5
    # The columns that the model does not know, lists among them, are passed over.
    predictions = predict(out, PARQUET / "loads.parquet")
    assert [p["row"]["requests"] for p in predictions] == list(range(0, 120, 10))
    assert predictions[2]["row"]["region"] is None and predictions[0]["row"]["peak"] == "true"


CALLS = {
    "classification": ("--train", paths.ROOT / "data" / "support-tickets" / "tickets.jsonl", "--method", "lora"),
    "multi-label": ("--train", PARQUET / "targets.parquet", "--task", "multi-label", "--label-column", "labels"),
    "regression": ("--train", PARQUET / "targets.parquet", "--task", "regression", "--label-column", "score"),
    "table, classes": ("--train", PARQUET / "loads.parquet", "--data-kind", "table", "--label-column", "tier", "--ignore-columns", "id,tags"),
    "table, numbers": ("--train", PARQUET / "loads.parquet", "--data-kind", "table", "--task", "regression", "--label-column", "requests",
                       "--ignore-columns", "id,tags"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_task_resumes_and_takes_a_device(call, tmp_path):
    call = (*call, "--epochs", "2", "--checkpoints", tmp_path / "run")
    whole = finetune(*call, "--device", "cpu")
    assert whole["device"] == "cpu" and whole["best_epoch"] in (1, 2)
    # The run is finished: there is nothing left to train, and the outcome is the same.
    again = finetune(*call, "--device", "cpu", "--resume")
    for name in ("history", "best_epoch", "loss"):
        assert again[name] == whole[name], name
    if not os.path.exists("/dev/nvidia0"):
        assert_clear_error(run("finetune", *call, "--device", "cuda"), "device cuda")


@pytest.mark.parametrize(("call", "metric"), [("classification", "val_macro_f1"), ("multi-label", "val_micro_f1"),
                                              ("table, classes", "val_balanced_accuracy"), ("table, numbers", "val_mae")])
def test_the_metric_of_monitor_decides_which_epoch_is_kept(call, metric, tmp_path):
    curves = tmp_path / "curves.svg"
    call = (*CALLS[call], "--epochs", "3", "--curves", curves)
    result = finetune(*call, "--monitor", metric, "--early-stopping", "6")
    values = [epoch["val_metrics"][metric] for epoch in result["history"]]
    best = (min if metric == "val_mae" else max)(values)
    assert result["monitor"] == metric and result["best_epoch"] == 1 + values.index(best)
    name = metric.removeprefix("val_")
    if name in result:
        assert result[name] == pytest.approx(best, abs=1e-6)
    assert f"validation {name.replace('_', ' ')}" in curves.read_text(encoding="utf-8")
    report = assert_good(run("finetune", *call, "--monitor", metric))
    assert metric.replace("_", " ") in report.out and f"(best {metric})" in report.out
    unfit = "val_accuracy" if metric == "val_mae" else "val_r2"
    assert_clear_error(run("finetune", *call, "--monitor", unfit), "--monitor", unfit, metric)


def test_ctrl_c_keeps_the_best_epoch(tmp_path):
    out, kept = tmp_path / "model", tmp_path / "run"
    started = subprocess.Popen(
        [str(paths.PROGRAM), "finetune", "--train", str(CALLS["classification"][1]), "--method", "full", "--epochs", "500",
         "--checkpoints", str(kept), "--out", str(out), "--json"],
        env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not list(kept.glob("step-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    said, errors = started.communicate(timeout=60)
    result = json.loads(assert_good(Finished(started.args, started.returncode, said, errors, 0)).out)
    assert result["stop_reason"] == "requested" and 1 <= len(result["history"]) < 500
    best = min(result["history"], key=lambda epoch: epoch["val_loss"])
    assert result["best_epoch"] == best["epoch"] and result["loss"] == pytest.approx(best["val_loss"], rel=1e-5)
    assert "--resume" in errors and f"that of epoch {best['epoch']}" in errors
    assert predict(out, CALLS["classification"][1])


def test_progress_is_shown_on_a_terminal_while_texts_are_encoded(tmp_path):
    texts = write_lines(tmp_path / "many.jsonl", ({"text": f"{row['text']} {n}", "label": row["label"]}
                                                  for n in range(3) for row in tickets()))
    ours, theirs = pty.openpty()
    started = subprocess.Popen(
        [str(paths.PROGRAM), "finetune", "--train", str(texts), "--method", "feature-extraction", "--epochs", "1", "--json"],
        env=environment(TERM="xterm"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, text=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # on Linux the end of a terminal is an error
        pass
    os.close(ours)
    assert json.loads(started.communicate(timeout=60)[0])["history"]
    assert started.returncode == 0
    steps = {line.split(b"/1536")[0].split()[-1] for line in shown.split(b"encoding texts")[1:] if b"/1536" in line}
    assert len(steps) >= 3, shown.decode(errors="replace")
    assert b"training" in shown


def test_texts_that_are_cut_are_counted_before_the_training(tmp_path):
    rows = [{"text": row["text"] if n % 8 else f"{row['text']} " * 40, "label": row["label"]} for n, row in enumerate(tickets())]
    file = write_lines(tmp_path / "long.jsonl", rows)
    call = ("finetune", "--train", file, "--validation", CALLS["classification"][1], "--method", "feature-extraction", "--epochs", "1")
    finished = assert_good(run(*call, "--json"))
    cut = json.loads(finished.out)["texts_cut"]
    # Every eighth is made forty times as long; a few are long by themselves.
    assert 64 <= cut["count"] < 80 and cut["texts"] == 512 and cut["longest"] > 2 * cut["max_length"]
    assert cut["share"] == cut["count"] / 512
    told = f"{cut['count']} of 512 texts (13 %) are cut at {cut['max_length']} tokens"
    assert told in finished.err and "--max-length" in finished.err
    report = assert_good(run(*call))
    assert told in report.out
    short = json.loads(assert_good(run(*call, "--max-length", "16", "--json")).out)["texts_cut"]
    assert short["max_length"] == 16 and short["count"] >= 64 and short["longest"] == cut["longest"]
