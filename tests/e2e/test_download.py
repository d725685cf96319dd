"""Downloads that go wrong: what has arrived is kept, checked and gone on with, and nothing half looks whole."""

import json
import os
import shutil

import pytest

from support import machine, paths
from support.hub import Fault, Hub
from support.program import assert_clear_error, assert_good, environment, run

MODEL = "someone/encoder"
WEIGHTS = "model.safetensors"
IMAGES = "pneumoniamnist"


@pytest.fixture
def hub():
    """The embedded encoder's files, as a model of the Hub."""
    with Hub(paths.ROOT / "models" / "tunebook-encoder", MODEL) as running:
        yield running


@pytest.fixture
def env(hub, tmp_path):
    return environment(HF_ENDPOINT=hub.address, HF_HOME=tmp_path / "hf", TUNEBOOK_DATA=tmp_path / "data")


def blobs(tmp_path, model=MODEL):
    folder = tmp_path / "hf" / "hub" / f"models--{model.replace('/', '--')}" / "blobs"
    return sorted(folder.iterdir()) if folder.exists() else []


def incomplete(tmp_path):
    return [path for path in blobs(tmp_path) if path.suffix == ".incomplete"]


def assert_not_usable(env, tmp_path):
    """What is there does not pass for the model, without the server either."""
    offline = run("model", "info", MODEL, env={**env, "HF_HUB_OFFLINE": "1"})
    assert_clear_error(offline, MODEL, "not in the cache", f"tunebook model get {MODEL}")


def starts(hub, name=WEIGHTS):
    """Where the answers that held the file's content began."""
    return [start for file, start in hub.ranges if file == name]


def test_a_broken_connection_is_taken_up_again(hub, env, tmp_path):
    hub.faults[WEIGHTS] = [Fault("close", 1_000_000), Fault("close", 2_000_000)]
    got = assert_good(run("model", "get", MODEL, env=env))
    assert starts(hub) == [0, 1_000_000, 3_000_000]
    assert not incomplete(tmp_path)
    folder = assert_good(run("model", "info", paths.ROOT / "models" / "tunebook-encoder", "--json"))
    assert json.loads(folder.out)["weights_sha256"] in got.out


def test_a_broken_download_goes_on_in_the_next_run(hub, env, tmp_path):
    hub.faults[WEIGHTS] = [Fault("close", 4_000_000)] + 3 * [Fault("close", 0)]
    failed = run("model", "get", MODEL, env=env)
    assert_clear_error(failed, MODEL, "4000000 of", "run it again: it goes on where it stopped")
    assert [path.stat().st_size for path in incomplete(tmp_path)] == [4_000_000]
    assert_not_usable(env, tmp_path)
    listed = assert_good(run("model", "list", env=env))
    assert "4.0 MB of a download that broke off" in listed.out
    (entry,) = json.loads(assert_good(run("model", "list", "--json", env=env)).out)["cached"]
    assert (entry["id"], entry["incomplete_bytes"]) == (MODEL, 4_000_000)

    hub.faults.clear()
    hub.ranges.clear()
    assert_good(run("model", "get", MODEL, env=env))
    assert starts(hub) == [4_000_000] and not incomplete(tmp_path)
    assert_good(run("model", "info", MODEL, env={**env, "HF_HUB_OFFLINE": "1"}))


def test_bytes_of_an_earlier_try_that_are_wrong_are_fetched_anew(hub, env, tmp_path):
    hub.faults[WEIGHTS] = [Fault("close", 4_000_000)] + 3 * [Fault("close", 0)]
    assert run("model", "get", MODEL, env=env).code == 2
    (partial,) = incomplete(tmp_path)
    partial.write_bytes(bytes(4_000_000))
    hub.faults.clear()
    hub.ranges.clear()
    assert_good(run("model", "get", MODEL, env=env))
    assert starts(hub) == [4_000_000, 0]


@pytest.mark.parametrize(
    ("name", "faults", "words"),
    [
        (WEIGHTS, [Fault("alter", 3_000_000)], ["SHA-256", "run it again"]),
        ("tokenizer.json", [Fault("alter", 1000)], ["git hash", "run it again"]),
        (WEIGHTS, 5 * [Fault("short", 10)], ["less than it announced", "it goes on"]),
        (WEIGHTS, 5 * [Fault("page")], ["it goes on"]),
        (WEIGHTS, [Fault("refuse", 403)], ["403"]),
        (WEIGHTS, 3 * [Fault("refuse", 503)], ["503", "try again later"]),
        ("config.json", [Fault("page")], ["config.json"]),
    ],
    ids=["altered", "a small file altered", "too short", "a page in its place", "refused", "busy", "a small page in its place"],
)
def test_what_arrives_wrong_is_not_kept(name, faults, words, hub, env, tmp_path):
    hub.faults[name] = faults
    assert_clear_error(run("model", "get", MODEL, env=env), MODEL, name, *words)
    # No content has the name of the right one.
    wanted = hub.etag(hub.folder / name).strip('"')
    assert wanted not in [path.name for path in blobs(tmp_path)]
    assert_not_usable(env, tmp_path)
    hub.faults.clear()
    assert_good(run("model", "get", MODEL, env=env))


def test_a_cached_file_that_was_altered_is_fetched_again(hub, env, tmp_path):
    assert_good(run("model", "get", MODEL, env=env))
    blob = next(path for path in blobs(tmp_path) if path.stat().st_size > 1_000_000)
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    assert_clear_error(run("model", "get", MODEL, "--offline", env=env), MODEL, "SHA-256", f"tunebook model get {MODEL}")
    assert_good(run("model", "get", MODEL, env=env))
    assert starts(hub) == [0, 0]
    assert_good(run("model", "get", MODEL, "--offline", env=env))


def test_a_gated_model(hub, env):
    hub.gated = True
    assert_clear_error(run("model", "get", MODEL, env=env), MODEL, "GatedRepo", "HF_TOKEN")


def test_a_private_model_is_asked_for_with_the_token_of_the_file(hub, env, tmp_path):
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text("secret\n")
    assert_good(run("model", "get", MODEL, env=env))
    assert set(hub.tokens) == {"Bearer secret"}


@pytest.mark.parametrize("missing", [WEIGHTS, "tokenizer.json"])
def test_a_model_that_lacks_a_file(missing, env, tmp_path):
    folder = shutil.copytree(paths.ROOT / "models" / "tunebook-encoder", tmp_path / "model")
    (folder / missing).unlink()
    with Hub(folder, MODEL) as hub:
        finished = run("model", "get", MODEL, env={**env, "HF_ENDPOINT": hub.address})
        assert_clear_error(finished, MODEL, missing, "must have")
        assert not starts(hub), "the weights were fetched in vain"


def test_a_model_of_another_kind_costs_no_download(env, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama", "vocab_size": 10}')
    (folder / WEIGHTS).write_bytes(bytes(1000))
    with Hub(folder, MODEL) as hub:
        finished = run("model", "get", MODEL, env={**env, "HF_ENDPOINT": hub.address})
        assert_clear_error(finished, "llama", "bert and distilbert")
        assert not starts(hub)


def test_a_cache_that_cannot_be_written(env, tmp_path):
    (tmp_path / "hf").mkdir(mode=0o555)
    if os.access(tmp_path / "hf", os.W_OK):
        pytest.skip("this user may write everywhere")
    assert_clear_error(run("model", "get", MODEL, env=env), MODEL, "ermission denied", "HF_HOME")


def test_a_full_disk(hub, env, tmp_path):
    call = machine.on_small_disk(tmp_path / "hf", [paths.PROGRAM, "model", "get", MODEL], megabytes=2)
    if call is None:
        pytest.skip("this user may not mount a small disk")
    assert_clear_error(run(*call[1:], program=call[0], env=env), MODEL, "bytes free", "free ", "HF_HOME")
    assert not starts(hub), "it was known before that there is no room"


def test_a_listed_revision_with_other_weights(env):
    """A server that gives other content the name of a commit that is known."""
    name, commit = "BAAI/bge-small-en-v1.5", "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a"
    with Hub(paths.ROOT / "models" / "tunebook-encoder", name, commit=commit) as hub:
        finished = run("model", "get", name, env={**env, "HF_ENDPOINT": hub.address})
    assert_clear_error(finished, name, commit, WEIGHTS, "HF_ENDPOINT")
    with Hub(paths.ROOT / "models" / "tunebook-encoder", name) as hub:
        moved_on = assert_good(run("model", "get", name, env={**env, "HF_ENDPOINT": hub.address}))
    assert f"--revision {commit}" in moved_on.out


# --- Data sets.


def test_tables_that_break_off(env, tmp_path):
    name = "someone/sentences"
    data = tmp_path / "files" / "data"
    data.mkdir(parents=True)
    for part, file in (("train", "hub"), ("test", "hub-unlabelled")):
        shutil.copy(paths.ROOT / "tests" / "data" / "parquet" / f"{file}.parquet", data / f"{part}.parquet")
    out = tmp_path / "rows.jsonl"
    call = ("data", "get", name, "--text-column", "sentence", "--out", out)
    with Hub(tmp_path / "files", name) as hub:
        env = {**env, "HF_ENDPOINT": hub.address}
        hub.faults["train.parquet"] = [Fault("close", 100)] + 3 * [Fault("close", 0)]
        assert_clear_error(run(*call, env=env), name, "100 of", "it goes on")
        assert_clear_error(run(*call, "--offline", env=env), name, "not in the cache")
        assert not out.exists()
        assert_good(run(*call, env=env))
        assert starts(hub, "train.parquet")[-1] == 100
    assert len(out.read_text(encoding="utf-8").splitlines()) == 5
    out.unlink()
    assert_good(run(*call, "--offline", env=env))
    (entry,) = json.loads(assert_good(run("data", "list", "--json", env=env)).out)["cached"]
    assert entry["id"] == name and entry["revisions"][0]["names"] == ["main"]


def test_images_that_are_not_those_published(env, tmp_path, shared):
    folder = tmp_path / "files"
    folder.mkdir()
    shutil.copy(shared / "data" / "images" / "pneumoniamnist-part.npz", folder / "part.npz")
    kept = tmp_path / "data" / "pneumoniamnist.npz"
    with Hub(folder, "none/none") as hub:
        call = ("data", "get", IMAGES, "--url", f"{hub.address}/files/part.npz")
        assert_clear_error(run(*call, env=env), IMAGES, "MD5 28209eda62fecd6e6a2d98b1501bb15f", "run it again")
        assert list(kept.parent.iterdir()) == []
        hub.faults["part.npz"] = [Fault("close", 1000)] + 3 * [Fault("close", 0)]
        assert_clear_error(run(*call, env=env), IMAGES, "after 1000 of", "it goes on")
        assert [path.name for path in kept.parent.iterdir()] == ["pneumoniamnist.npz.incomplete"]
        missing = run("data", "get", IMAGES, "--url", f"{hub.address}/files/none.npz", env=env)
        assert_clear_error(missing, IMAGES, "404", "check the address")
    assert_clear_error(run(*call, env=env), IMAGES, "no connection", "check the network")
    assert_clear_error(run("data", "get", IMAGES, "--offline", env=env), IMAGES, f"tunebook data get {IMAGES}")
    assert_clear_error(run("data", "get", IMAGES, "--url", "part.npz", env=env), "part.npz", "give an address")
    # A file that somebody put there.
    shutil.copy(folder / "part.npz", kept)
    for command in ("get", "info"):
        offline = run("data", command, IMAGES, env={**env, "HF_HUB_OFFLINE": "1"})
        assert_clear_error(offline, kept, "MD5", f"tunebook data get {IMAGES}")


def test_what_is_known_of_public_data_before_it_is_fetched(env):
    about = assert_good(run("data", "info", IMAGES, env=env)).out
    for words in ("zenodo.org", "CC BY 4.0", "Scientific Data", "not fetched yet: tunebook data get", "normal, pneumonia"):
        assert words in about, about
    known = json.loads(assert_good(run("data", "info", "stanfordnlp/sst2", "--json", env=env)).out)
    assert len(known["revision"]) == 40 and all(len(file["sha256"]) == 64 for file in known["files"])
    assert "not in the cache" in assert_good(run("model", "info", "BAAI/bge-small-en-v1.5", env=env)).out


def test_lists_are_whole(env):
    for kind, inside in (("model", "embedded"), ("data", "support-tickets-raw")):
        listed = json.loads(assert_good(run(kind, "list", "--json", env=env)).out)
        assert inside in [entry["name"] for entry in listed["embedded"]] and listed["cached"] == []
        shown = assert_good(run(kind, "list", env=env)).out
        for entry in listed["embedded"]:
            assert entry["name"] in shown and entry["licence"]
        for entry in listed["hub"]:
            assert entry["id"] in shown and entry["revision"][:12] in shown and entry["licence"] in shown
        assert "nothing yet" in shown


def test_a_file_of_an_export_and_its_options(env, tmp_path):
    out = tmp_path / "raw.csv"
    assert_good(run("data", "get", "support-tickets-raw", "--out", out, env=env))
    assert out.read_text(encoding="utf-8").startswith("id,created,channel,priority,queue,text\n")
    again = run("data", "get", "support-tickets-raw", "--out", out, env=env)
    assert_clear_error(again, out, "already there", "--out")
    split = run("data", "get", "support-tickets-raw", "--split", "train", "--out", tmp_path / "other.csv", env=env)
    assert_clear_error(split, "support-tickets-raw", "--split")
    assert_clear_error(run("data", "get", "support-tickets", "--url", "http://127.0.0.1:9", env=env), "--url")
