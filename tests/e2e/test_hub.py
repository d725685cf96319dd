"""Pretrained models from a server that speaks the Hub's paths, and from the cache without it."""

import json
import re
import shutil

import pytest

from support import paths
from support.hub import Hub
from support.program import assert_clear_error, assert_good, environment, run

MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@pytest.fixture
def hub(minilm):
    with Hub(minilm, MODEL) as running:
        yield running


def with_hub(hub, tmp_path, **changes):
    """An environment whose Hub is the given server and whose cache is the test's own."""
    return environment(HF_ENDPOINT=hub.address if hub else "http://127.0.0.1:9", HF_HOME=tmp_path / "hf", **changes)


def sha256(finished):
    """The hash of the weights that `model get` and `model info` print."""
    return re.search(r"\b[0-9a-f]{64}\b", finished.out)[0]


def test_get_then_info_then_offline(hub, minilm, tmp_path):
    got = assert_good(run("model", "get", MODEL, env=with_hub(hub, tmp_path)))
    assert hub.downloads("model.safetensors") == 1
    # What arrived is what the server has.
    of_folder = assert_good(run("model", "info", minilm))
    assert sha256(got) == sha256(of_folder)

    # Again: asked about, not fetched again.
    info = assert_good(run("model", "info", MODEL, env=with_hub(hub, tmp_path)))
    assert hub.downloads("model.safetensors") == 1
    assert sha256(info) == sha256(of_folder)
    # All tensors of the file but the pooler's (384 x 384 + 384) and the position ids, which no encoder trains.
    assert re.search(r"^hidden size +384$", info.out, re.M) and re.search(r"^parameters +22565376$", info.out, re.M), info.out

    # Without any server, when told to stay off the network.
    asked = len(hub.requests)
    offline = assert_good(run("model", "info", MODEL, env=with_hub(None, tmp_path, HF_HUB_OFFLINE="1")))
    assert sha256(offline) == sha256(of_folder)
    assert len(hub.requests) == asked


def test_a_commit_is_a_revision(hub, tmp_path):
    assert_good(run("model", "get", MODEL, "--revision", hub.commit, env=with_hub(hub, tmp_path)))
    assert any(f"/resolve/{hub.commit}/" in path for _, path, _ in hub.requests)


def test_offline_without_a_cache_says_how_to_get_it(tmp_path):
    env = with_hub(None, tmp_path, HF_HUB_OFFLINE="1")
    for call in (("model", "get", MODEL), ("model", "get", MODEL, "--offline"), ("model", "info", "someone/else")):
        assert_clear_error(run(*call, env=env), call[2], "cache", f"tunebook model get {call[2]}")


def test_a_server_that_does_not_answer(tmp_path):
    finished = run("model", "get", MODEL, env=with_hub(None, tmp_path))
    assert_clear_error(finished, MODEL, "network")


def test_an_unknown_model(hub, tmp_path):
    finished = run("model", "get", "nobody/no-such-model", env=with_hub(hub, tmp_path))
    assert_clear_error(finished, "nobody/no-such-model", "check the name")


def test_an_unknown_revision(hub, tmp_path):
    finished = run("model", "get", MODEL, "--revision", "v99", env=with_hub(hub, tmp_path))
    assert_clear_error(finished, MODEL, "v99")
    assert "revision" in finished.err.split(";")[-1], f"the mend does not say to check the revision\n{finished}"


def test_a_model_without_safetensors(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(paths.ROOT / "models" / "tunebook-encoder" / "config.json", folder)
    shutil.copy(paths.ROOT / "models" / "tunebook-encoder" / "tokenizer.json", folder)
    (folder / "pytorch_model.bin").write_bytes(b"x")
    with Hub(folder, "owner/old") as hub:
        finished = run("model", "get", "owner/old", env=with_hub(hub, tmp_path))
    assert_clear_error(finished, "owner/old", "model.safetensors")


def test_a_data_set_is_fetched_once_and_written_by_split(tmp_path):
    name = "someone/sentences"
    (tmp_path / "files" / "data").mkdir(parents=True)
    for split, file in (("train", "hub"), ("validation", "hub"), ("test", "hub-unlabelled")):
        shutil.copy(paths.ROOT / "tests" / "data" / "parquet" / f"{file}.parquet",
                    tmp_path / "files" / "data" / f"{split}-00000-of-00001.parquet")
    call = ("data", "get", name, "--text-column", "sentence", "--split", "train", "--out")
    with Hub(tmp_path / "files", name) as hub:
        out = tmp_path / "train.jsonl"
        assert_good(run(*call, out, env=with_hub(hub, tmp_path)))
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert [row["label"] for row in rows] == ["acceptable", "unacceptable"] + 3 * ["acceptable"]
        assert all(row["split"] == "train" for row in rows)
        # The default columns are not there.
        assert_clear_error(run("data", "info", name, env=with_hub(hub, tmp_path)), name.split("/")[1], "sentence, label")
        # The training part has the same content, which the cache keeps once.
        assert hub.downloads("validation-00000-of-00001.parquet") == 1
        unknown = run("data", "get", "nobody/nothing", "--out", tmp_path / "no.jsonl", env=with_hub(hub, tmp_path))
        assert_clear_error(unknown, "nobody/nothing", "check the name")
    offline = with_hub(None, tmp_path, HF_HUB_OFFLINE="1")
    info = assert_good(run("data", "info", name, "--text-column", "sentence", env=offline))
    assert "5 train, 5 validation, 0 test" in info.out
    missing = run("data", "get", "someone/else", "--out", tmp_path / "no.jsonl", env=offline)
    assert_clear_error(missing, "someone/else", "tunebook data get someone/else")
    assert not (tmp_path / "no.jsonl").exists()
