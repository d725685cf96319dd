"""Wrong calls, broken files, machines that lack something: one clear error, exit code 2, nothing half-written."""

import json
import re
import shutil
import socket

import pytest

from support import machine, paths
from support.program import Finished, assert_clear_error, assert_good, environment, run

NOWHERE = "http://127.0.0.1:9"


# --- Names that do not exist.


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["quiz", "cooking"], ["cooking", "strategies"]),
        (["quiz", "strategies", "--question", "why-not"], ["why-not", "why-lower-learning-rate"]),
        (["check", "cooking"], ["cooking", "simple-fine-tuning"]),
        (["hint", "cooking"], ["cooking", "simple-fine-tuning"]),
        (["reset", "cooking"], ["cooking", "simple-fine-tuning"]),
        (["solution", "cooking"], ["cooking", "simple-fine-tuning"]),
        (["model", "info", "no-such-model"], ["no-such-model", "config.json"]),
        (["data", "info", "no-such-data"], ["no-such-data", "support-tickets"]),
        (["data", "get", "no-such-data", "--out", "OUT"], ["no-such-data", "support-tickets"]),
        (["run", "notebooks/99-nowhere.ipynb", "--output", "OUT"], ["notebooks/99-nowhere.ipynb"]),
        (["finetune", "--model", "no-such-model", "--train", "TICKETS", "--out", "OUT"], ["no-such-model", "config.json"]),
        (["finetune", "--train", "nowhere.csv", "--out", "OUT"], ["nowhere.csv"]),
        (["finetune", "--train", "TICKETS", "--device", "cuda", "--out", "OUT"], ["cuda", "--features cuda"]),
        (["embed", "--device", "gpu", "TICKETS"], ["gpu", "metal"]),
        (["finetune", "--train", "TICKETS", "--epochs", "0", "--out", "OUT"], ["--epochs: is 0"]),
        (["predict", "--model", "no-such-model", "TICKETS"], ["no-such-model"]),
        (["embed", "--model", "no-such-model", "TICKETS"], ["no-such-model"]),
        (["score", "no-such-quiz.toml", "TICKETS"], ["no-such-quiz.toml"]),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_unknown_names(call, words, tmp_path):
    out = tmp_path / "out"
    tickets = paths.ROOT / "data" / "support-tickets" / "tickets.jsonl"
    work = ["--dir", tmp_path / "work"] if call[0] in ("quiz", "check", "hint", "reset", "solution") else []
    filled = [{"OUT": out, "TICKETS": tickets}.get(word, word) for word in call]
    assert_clear_error(run(*filled, *work), *words)
    assert not out.exists()


# --- Broken files.


@pytest.mark.parametrize(
    "text",
    ['{"cells": [', "", '{"cells": 1, "nbformat": 4}', '{"worksheets": [], "nbformat": 3, "nbformat_minor": 0}', "[1, 2]",
     '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}'],
    ids=["cut off", "empty", "cells are a number", "nbformat 3", "a list", "cell without source"],
)
def test_a_broken_notebook(text, tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text(text, encoding="utf-8")
    assert_clear_error(run("run", broken, "--output", tmp_path / "out.ipynb"), broken)
    assert not (tmp_path / "out.ipynb").exists()
    assert broken.read_text(encoding="utf-8") == text


def test_a_csv_without_the_label_column(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("text,queue\nThe disk is full,storage\nWhy was I charged,billing\n", encoding="utf-8")
    finished = run("finetune", "--train", file, "--out", tmp_path / "model")
    assert_clear_error(finished, file, "label", "queue", "--label-column")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", "", []),
        ("header.csv", "text,label\n", []),
        ("one.csv", "text,label\na,x\nb,x\nc,x\n", ["two labels"]),
        ("unclosed.csv", 'text,label\n"a,x\n', []),
        ("short.csv", "text,label\na,x\nb\n", ["3"]),
        ("bad.jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label"\n', ["2"]),
        ("latin.csv", b"text,label\ncaf\xe9,x\nb,y\n", ["UTF-8"]),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and "\n" not in value else "",
)
def test_a_broken_table(name, content, words, tmp_path):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_clear_error(run("finetune", "--train", file, "--out", tmp_path / "model"), file, *words)
    assert not (tmp_path / "model").exists()


TABLE = ("--data-kind", "table", "--label-column", "tier")
SEVERAL = ("--task", "multi-label")
NUMBER = ("--task", "regression")


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("column.csv", "Text,queue\na,x\nb,y\n", (), ["column \"text\"", "did you mean \"Text\"?", "--text-column"]),
        ("list.jsonl", '{"text": "a", "label": ["x"]}\n', (), ["line 1", "column \"label\"", "several labels"]),
        ("number.tsv", "text\tlabel\na\t1\nb\tgood\n", NUMBER, ["line 3, column \"label\"", "\"good\" is not a number"]),
        ("comma.tsv", "text\tlabel\na\t1\nb\t3,5\n", NUMBER, ["line 3", "write it with a point: 3.5"]),
        ("gap.csv", "text,label\na,1\nb,\n", NUMBER, ["line 3, column \"label\"", "empty", "drop the row"]),
        ("two.csv", "text,label\na,x;y\nb,y|z\n", SEVERAL, ["line 2", "line 3", "`;`", "`|`"]),
        ("none.csv", "text,label\na,\nb,;\n", SEVERAL, ["column \"label\"", "no row has a label"]),
        ("prices.csv", "text,label\n" + "".join(f"t{n},{n}.5\n" for n in range(40)), (), ["40 different numbers", "--task regression"]),
        ("joined.csv", "text,label\n" + "a,x;y\nb,x\nc,y\nd,y;z\ne,z;x\nf,z\n" * 5, (), ["several labels", "--task multi-label"]),
        ("target.csv", "a,tiers\n1,s\n2,l\n", TABLE, ["column \"tier\"", "did you mean \"tiers\"?", "--label-column"]),
        ("tier.csv", "a,tier\n1,s\n2,\n3,l\n", TABLE, ["line 3, column \"tier\"", "no label"]),
        ("numeric.csv", "a,tier\n1,s\nx,l\n", (*TABLE, "--numeric-columns", "a"), ["line 3, column \"a\"", "\"x\" is not a number"]),
        ("ignored.csv", "a,tier\n1,s\n2,l\n", (*TABLE, "--ignore-columns", "b"), ["column \"b\"", "a, tier"]),
        ("tiers.csv", "a,tier\n1,s\n2,s\n", TABLE, ["two labels"]),
        ("cost.csv", "a,tier\n1,10\n2,low\n", (*TABLE, *NUMBER), ["line 3, column \"tier\"", "\"low\" is not a number"]),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and "\n" not in value else "",
)
def test_rows_that_do_not_fit_the_task(name, content, options, words, tmp_path):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    assert_clear_error(run("finetune", "--train", file, *options, "--out", tmp_path / "model"), file, *words)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--learning-rate", "-1"), ["--learning-rate: is -1"]),
        (("--learning-rate", "0"), ["--learning-rate: is 0", "3e-4"]),
        (("--batch-size", "0"), ["--batch-size: is 0"]),
        (("--warmup", "2"), ["--warmup: is 2"]),
        (("--max-length", "100000"), ["--max-length: "]),
        (("--max-length", "1"), ["--max-length: "]),
        (("--method", "partial", "--layers", "99"), ["--layers: is 99", "--method feature-extraction"]),
        (("--method", "lora", "--rank", "0"), ["--rank: is 0"]),
        (("--method", "lora", "--lora-targets", "quary"), ["--lora-targets: ", "query"]),
        (("--patience", "0"), ["--patience: is 0"]),
        (("--label-separator", ";"), ["--label-separator: is for --task multi-label"]),
        (("--hidden", "8"), ["--hidden: is for --data-kind table"]),
        (("--data-kind", "table", "--max-length", "8"), ["--max-length: is for --data-kind text"]),
        (("--data-kind", "table", "--task", "multi-label"), ["--task multi-label: is for texts"]),
        (("--data-kind", "table", "--ignore-columns", "id", "--method", "lora"), ["--method lora: ", "another --method"]),
        (("--data-kind", "table", "--hidden", "0"), ["--hidden: ", "at least 1"]),
        (("--task", "regression", "--label-column", "label"), ["is not a number"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_settings_out_of_range_are_named_by_their_option(options, words, tmp_path):
    file = tmp_path / "rows.csv"
    rows = (f"the disk of {n} is full,{n},{'storage' if n % 2 else 'billing'}\n" for n in range(40))
    file.write_text("text,id,label\n" + "".join(rows), encoding="utf-8")
    finished = run("finetune", "--train", file, *options, "--out", tmp_path / "model")
    assert_clear_error(finished, *words)
    error = finished.err.splitlines()[-1]
    assert "::" not in error and "None" not in error, error
    assert not (tmp_path / "model").exists()


def test_rows_that_a_saved_model_cannot_read(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("size,zone,label\n" + "".join(f"{n},{'eu' if n % 3 else 'us'},{'s' if n < 20 else 'l'}\n" for n in range(40)))
    table, texts = tmp_path / "table", tmp_path / "texts"
    assert_good(run("finetune", "--data-kind", "table", "--train", file, "--epochs", "1", "--out", table))
    assert_good(run("finetune", "--train", file, "--text-column", "zone", "--method", "feature-extraction", "--epochs", "1",
                    "--out", texts))
    new = tmp_path / "new.csv"
    new.write_text("sise,zone\n1,eu\n")
    assert_clear_error(run("predict", "--model", table, new), new, "column \"size\"", "did you mean \"sise\"?")
    assert_clear_error(run("predict", "--model", texts, new), new, "column \"text\"", "--text-column")
    new.write_text("size,zone\n1,eu\nmany,us\n")
    assert_clear_error(run("predict", "--model", table, new), "line 3, column \"size\"", "\"many\" is not a number")
    assert_clear_error(run("predict", "--model", tmp_path, new), "config.json")
    # A text model is no start for a table, and the other way round.
    assert_clear_error(run("finetune", "--data-kind", "table", "--train", file, "--model", texts), "config.json", "model_type")
    assert_clear_error(run("finetune", "--train", file, "--text-column", "zone", "--model", table), table)


def corrupt_half(data):
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    "corrupt",
    [corrupt_half, lambda data: b"\xff" * 8 + data[8:], lambda data: b"", lambda data: b"version https://git-lfs.example/spec/v1\n",
     lambda data: data[:8] + b"{" * 100 + data[108:]],
    ids=["cut off", "wrong length", "empty", "a pointer of git-lfs", "broken header"],
)
def test_corrupt_weights(corrupt, tmp_path):
    folder = shutil.copytree(paths.ROOT / "models" / "tunebook-encoder", tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(corrupt(weights.read_bytes()))
    for call in (["model", "info", folder],
                 ["finetune", "--model", folder, "--train", paths.ROOT / "data/support-tickets/tickets.jsonl",
                  "--out", tmp_path / "out"]):
        assert_clear_error(run(*call), weights)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_exists_is_not_written_over(tmp_path):
    out = tmp_path / "model"
    out.mkdir()
    (out / "precious").write_text("mine")
    tickets = paths.ROOT / "data" / "support-tickets" / "tickets.jsonl"
    assert_clear_error(run("finetune", "--train", tickets, "--out", out), out)
    assert [path.name for path in out.iterdir()] == ["precious"]


def test_a_folder_that_is_no_course(tmp_path):
    fresh = environment(TUNEBOOK_HOME=tmp_path / "home")
    assert_clear_error(run("progress", cwd=tmp_path, env=fresh), "course")
    assert_clear_error(run("progress", env=environment(TUNEBOOK_COURSE=tmp_path)), tmp_path, "lessons")


# --- The machine.


def doctor(env):
    """What the doctor finds, by id, and how it ended."""
    finished = run("doctor", "--json", env=env, timeout=120)
    report = json.loads(finished.out)
    return finished, {check["id"]: check for check in report["checks"]}


def test_the_doctor_is_content_with_a_machine_that_is_set_up():
    finished, checks = doctor(environment())
    assert finished.code == 0 and checks and all(check["ok"] for check in checks.values()), str(finished)


def assert_found_before_it_hurts(env, check, words):
    """The doctor names it with its mend, and setup refuses before it has made anything."""
    finished, checks = doctor(env)
    assert finished.code == 2, str(finished)
    assert not checks[check]["ok"] and checks[check]["mend"], str(finished)
    setup = run("setup", env=env, timeout=120)
    assert_clear_error(setup, *words)
    return setup


def assert_nothing_half_made(home):
    """No seed, no environment of Python, no program that would be taken for finished ones."""
    left = sorted(path.name for path in home.iterdir()) if home.exists() else []
    assert not {"seed", "venv", "bin", "seed.partial"} & set(left), left


def fresh(tmp_path, **changes):
    """An environment with an empty home; the person's Jupyter folder is the test's own."""
    return environment(TUNEBOOK_HOME=tmp_path / "home", JUPYTER_DATA_DIR=tmp_path / "jupyter", **changes)


def test_no_python(tmp_path):
    env = fresh(tmp_path, PATH=machine.without_python(tmp_path / "bin"))
    assert_found_before_it_hurts(env, "python", ["python3", "install"])
    assert_nothing_half_made(tmp_path / "home")


def test_a_python_without_venv(tmp_path):
    env = fresh(tmp_path, PATH=machine.python_without_venv(tmp_path / "bin"))
    assert_found_before_it_hurts(env, "python", ["venv", "install"])
    assert_nothing_half_made(tmp_path / "home")


def test_no_sources_of_the_standard_library(tmp_path):
    env = fresh(tmp_path, PATH=machine.without_rust_src(tmp_path / "rust"))
    assert_found_before_it_hurts(env, "rust-src", ["rustup component add rust-src"])
    assert_nothing_half_made(tmp_path / "home")


def test_no_network(tmp_path):
    env = fresh(tmp_path, PIP_FIND_LINKS=None, PIP_NO_INDEX=None, PIP_RETRIES="0", PIP_TIMEOUT="3",
                **{name: NOWHERE for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")},
                NO_PROXY=None, no_proxy=None)
    finished, checks = doctor(env)
    assert finished.code == 2 and not checks["network"]["ok"], str(finished)
    assert "network" in checks["network"]["mend"], str(finished)


def test_a_full_disk(tmp_path):
    home = tmp_path / "home"
    call = machine.on_small_disk(home, [paths.PROGRAM, "setup"], megabytes=40)
    if call is None:
        pytest.skip("this user may not mount a small disk")
    finished = run(*call[1:], program=call[0], env=fresh(tmp_path), timeout=120)
    assert_clear_error(finished, home, "free")
    call = machine.on_small_disk(home, [paths.PROGRAM, "doctor", "--json"], megabytes=40)
    examined = run(*call[1:], program=call[0], env=fresh(tmp_path), timeout=120)
    disk = next(check for check in json.loads(examined.out)["checks"] if check["id"] == "disk")
    assert examined.code == 2 and not disk["ok"] and "free" in disk["mend"], str(examined)


def home_with_another_seed(tmp_path, change):
    """A home whose seed says something else about its compiler; only its record is there."""
    record = (paths.HOME / "seed" / "seed.json").read_text(encoding="utf-8")
    changed = change(record)
    assert changed != record
    seed = tmp_path / "home" / "seed"
    seed.mkdir(parents=True)
    (seed / "seed.json").write_text(changed, encoding="utf-8")
    return environment(TUNEBOOK_HOME=tmp_path / "home", JUPYTER_DATA_DIR=tmp_path / "jupyter")


def test_a_compiler_that_is_not_the_seeds(tmp_path):
    def older(record):
        version = json.loads(record)["toolchain"]["version"].splitlines()[0].split()[1]
        return record.replace(f"rustc {version}", "rustc 1.80.0")

    env = home_with_another_seed(tmp_path, older)
    finished, checks = doctor(env)
    assert finished.code == 2 and not checks["rustc"]["ok"], str(finished)
    assert "1.80.0" in checks["rustc"]["found"] and "tunebook setup" in checks["rustc"]["mend"], str(finished)
    # A check does not wait for minutes of building: it says what to do.
    checked = run("check", "simple-fine-tuning", "--dir", tmp_path / "work", env=env)
    assert_clear_error(checked, "1.80.0", "tunebook setup")


def test_a_home_that_was_never_set_up(tmp_path):
    env = environment(TUNEBOOK_HOME=tmp_path / "home")
    assert_clear_error(run("check", "simple-fine-tuning", "--dir", tmp_path / "work", env=env), "tunebook setup")


def test_a_home_that_is_somebody_elses_folder(tmp_path):
    (tmp_path / "photos").mkdir()
    env = environment(TUNEBOOK_HOME=tmp_path, JUPYTER_DATA_DIR=tmp_path / "jupyter")
    for call in (["setup"], ["setup", "--remove"]):
        assert_clear_error(run(*call, env=env), tmp_path, "TUNEBOOK_HOME")
    assert (tmp_path / "photos").exists()


@pytest.mark.parametrize("option", ["--port", "--book-port"])
def test_a_port_in_use(option, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        finished = run("lab", "--no-browser", option, port, "--dir", tmp_path / "work", timeout=60)
        assert_clear_error(finished, port, "in use", option)


# --- A program that reads our output must be able to stop.


def test_a_closed_pipe_is_no_error():
    finished = run("-c", f'"{paths.PROGRAM}" data info support-tickets | head -n 1', program="sh")
    assert "panicked" not in finished.err and finished.err == "", str(finished)


def test_every_command_has_help_with_an_example():
    listed = assert_good(run("--help")).out
    commands = re.findall(r"^  ([a-z]+) ", listed.split("Commands:")[1].split("Options:")[0], re.MULTILINE)
    assert {"lab", "setup", "run", "build", "book", "check", "quiz", "finetune", "doctor"} <= set(commands)
    for command in commands:
        if command != "help":
            assert "Example" in assert_good(run(command, "--help")).out, command


def test_the_helper_tells_errors_from_panics():
    """The helper that all of the above rely on must not accept anything less."""
    good = Finished(["t"], 2, "", "error: x.csv: no column `label`; give --label-column\n", 0.1)
    assert_clear_error(good, "x.csv", "--label-column")
    for bad in (
        Finished(["t"], 1, "", good.err, 0.1),
        Finished(["t"], 2, "", "thread 'main' panicked at x\nerror: y\n", 0.1),
        Finished(["t"], 2, "", good.err + good.err, 0.1),
        Finished(["t"], 2, good.err, "", 0.1),
    ):
        with pytest.raises(AssertionError):
            assert_clear_error(bad, "x.csv")
    with pytest.raises(AssertionError):
        assert_clear_error(good, "y.csv")
