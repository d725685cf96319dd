"""Training on a person's own images, and predicting on others, through the command."""

import json
import random
import signal
import struct
import subprocess
import time
import zipfile
import zlib

import pytest

from support import paths
from support.program import Finished, assert_clear_error, assert_good, environment, run

SIDE = 16
CLASSES = ("left", "right", "top")


def picture(label, seed, side=SIDE):
    """Grey rows with a bright half on the side that the label says, and noise."""
    noise = random.Random(seed)
    bright = {"left": lambda x, y: x < side // 2, "right": lambda x, y: x >= side // 2, "top": lambda x, y: y < side // 2}[label]
    return [bytes(noise.randrange(60) + (150 if bright(x, y) else 0) for x in range(side)) for y in range(side)]


def write_png(file, rows, colour=False):
    """An 8-bit PNG file of grey rows, in colour if wanted."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    lines = [bytes(value for grey in row for value in (grey, grey, grey)) if colour else row for row in rows]
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2 if colour else 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    return file


def write_folder(folder, count, classes=CLASSES, seed=0, **how):
    """`folder/<class>/<n>.png`, so many of each class."""
    for place, label in enumerate(classes):
        for n in range(count):
            write_png(folder / label / f"{n:02}.png", picture(label, 1000 * seed + 100 * place + n), **how)
    return folder


def array(values, shape):
    """A numpy file of bytes."""
    header = str({"descr": "|u1", "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(values)


def write_npz(file, counts, side=SIDE):
    """MedMNIST's layout: so many images in each part, classes in turn."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, count in counts.items():
            labels = [n % len(CLASSES) for n in range(count)]
            pixels = b"".join(b"".join(picture(CLASSES[label], zlib.crc32(f"{part} {n}".encode()), side)) for n, label in enumerate(labels))
            archive.writestr(f"{part}_images.npy", array(pixels, (count, side, side)))
            archive.writestr(f"{part}_labels.npy", array(labels, (count, 1)))
    return file


def finetune(*arguments):
    """The JSON object of a good run on images."""
    return json.loads(assert_good(run("finetune", "--data-kind", "image", *arguments, "--json")).out)


def predict(model, *files):
    """The JSON objects that a saved model says about images."""
    return [json.loads(line) for line in assert_good(run("predict", "--model", model, *files, "--json")).out.splitlines()]


def test_folders_of_classes(tmp_path):
    train = write_folder(tmp_path / "train", 24)
    test = write_folder(tmp_path / "test", 6, seed=7)
    out, curves = tmp_path / "model", tmp_path / "curves.svg"
    result = finetune("--train", train, "--test", test, "--epochs", "8", "--monitor", "val_macro_f1", "--out", out, "--curves", curves)
    assert result["task"] == "classification" and result["model"] == "small" and result["measured_on"] == "test set"
    assert result["accuracy"] > 0.9 and result["texts_cut"] is None and set(result["labels"]) == set(CLASSES)
    assert "validation macro f1" in curves.read_text(encoding="utf-8")
    page = (out / "README.md").read_text(encoding="utf-8")
    assert "`train`: 57 rows" in page and "accuracy" in page and str(tmp_path) not in page

    # The same answers for a folder, for files, in another size and in colour.
    predictions = predict(out, test)
    assert [p["image"] for p in predictions] == [str(file) for file in sorted(test.glob("*/*.png"))]
    right = sum(p["label"] == p["image"].split("/")[-2] for p in predictions)
    assert right / len(predictions) == pytest.approx(result["accuracy"])
    assert all(set(p["probabilities"]) == set(CLASSES) and abs(sum(p["probabilities"].values()) - 1) < 1e-4 for p in predictions)
    assert predict(out, test / "top" / "03.png", test / "left") == [predictions[15], *predictions[:6]]
    large = write_png(tmp_path / "large.png", picture("right", 5, side=3 * SIDE), colour=True)
    assert predict(out, large)[0]["label"] == "right"
    shown = assert_good(run("predict", "--model", out, large)).out
    assert "%" in shown and "right" in shown and "large.png" in shown

    # Its layers serve another run, with colour images too few for any network.
    few = write_folder(tmp_path / "few", 6, seed=3)
    for method in ("feature-extraction", "partial", "bitfit"):
        again = finetune("--model", out, "--train", few, "--method", method, "--layers", "1", "--epochs", "6", "--batch-size", "4")
        assert again["accuracy"] > 0.6 and again["trainable_parameters"] < result["trainable_parameters"], method
    assert_clear_error(run("finetune", "--data-kind", "image", "--model", out, "--train", few, "--method", "lora"), "--method lora")


def test_an_npz_file_brings_its_parts_and_takes_names(tmp_path):
    file = write_npz(tmp_path / "sides.npz", {"train": 60, "val": 15, "test": 18})
    out = tmp_path / "model"
    result = finetune("--train", file, "--label-names", ",".join(CLASSES), "--epochs", "8", "--out", out)
    assert result["accuracy"] > 0.9 and result["measured_on"] == "test set"
    assert sum(scores["support"] for scores in result["labels"].values()) == 18 and set(result["labels"]) == set(CLASSES)
    predictions = predict(out, file)
    assert len(predictions) == 93 and predictions[75]["image"] == f"{file}, test 0"
    right = sum(p["label"] == CLASSES[n % 3] for n, p in enumerate(predictions[75:]))
    assert right / 18 == pytest.approx(result["accuracy"])
    # Without names the classes are numbers; without parts a fifth is held out; a file of its own is measured on.
    alone = write_npz(tmp_path / "alone.npz", {"train": 45})
    result = finetune("--train", alone, "--epochs", "1")
    assert result["measured_on"] == "held-out fifth of the training images" and set(result["labels"]) == {"0", "1", "2"}
    assert finetune("--train", alone, "--validation", file, "--test", file, "--epochs", "1")["measured_on"] == "test set"
    other = write_npz(tmp_path / "other.npz", {"train": 6}, side=20)
    assert_clear_error(run("predict", "--model", out, other), other, "1x20x20", "1x16x16")
    assert_clear_error(run("finetune", "--data-kind", "image", "--train", alone, "--test", other), other, "1x20x20", "scale")


def test_a_fresh_resnet_and_a_saved_one_take_grey_and_colour(tmp_path):
    colour = write_folder(tmp_path / "colour", 8, colour=True)
    out = tmp_path / "resnet"
    result = finetune("--train", colour, "--model", "resnet18", "--image-size", "32", "--epochs", "1", "--out", out)
    assert result["trainable_parameters"] > 11_000_000 and result["model"] == "resnet18"
    grey = write_folder(tmp_path / "grey", 8)
    again = finetune("--train", grey, "--model", out, "--image-size", "32x24", "--method", "feature-extraction", "--epochs", "2")
    assert again["trainable_parameters"] == 3 * 512 + 3
    small = finetune("--train", colour, "--grey", "--epochs", "1", "--out", tmp_path / "small")
    assert small["trainable_parameters"] < result["trainable_parameters"]
    assert json.loads((tmp_path / "small" / "config.json").read_text())["pretrained_cfg"]["input_size"] == [1, SIDE, SIDE]


def test_input_that_cannot_be_trained_on(tmp_path):
    good = write_folder(tmp_path / "good", 4)

    def refused(*call, train=good):
        return run("finetune", "--data-kind", "image", "--train", train, *call)

    assert_clear_error(refused(train=tmp_path / "nowhere"), tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert_clear_error(refused(train=empty), empty, "holds no folders", "named after the class")
    (empty / "cats").mkdir()
    assert_clear_error(refused(train=empty), empty / "cats", "holds no images", "PNG or JPEG")
    one = write_folder(tmp_path / "one", 4, classes=("left",))
    assert_clear_error(refused(train=one), one, 'the label "left"', "two labels")
    other = write_folder(tmp_path / "other", 4)
    odd = write_png(other / "right" / "02.png", picture("right", 1, side=20))
    assert_clear_error(refused(train=other), odd, "20 x 20", "--image-size 64")
    assert finetune("--train", other, "--image-size", "16", "--epochs", "1")["history"]
    odd.write_text("not an image", encoding="utf-8")
    assert_clear_error(refused(train=other), odd, "no whole PNG or JPEG")
    odd.unlink()
    (other / "right" / "a.webp").write_bytes(b"RIFF")
    assert_clear_error(refused(train=other), "a.webp", "convert it to PNG or JPEG")
    strange = write_folder(tmp_path / "strange", 2, classes=("left", "right"))
    (strange / "right").rename(strange / "up")
    assert_clear_error(refused("--test", strange), strange / "up", "left, right, top")
    larger = tmp_path / "larger"
    write_png(larger / "left" / "a.png", picture("left", 1, side=20))
    assert_clear_error(refused("--test", larger), larger, "1x20x20", "1x16x16", "--image-size")
    table = tmp_path / "table.csv"
    table.write_text("text,label\nx,a\n", encoding="utf-8")
    assert_clear_error(refused(train=table), table, "folder")
    assert_clear_error(refused("--task", "regression"), "--task", "one label each")
    assert_clear_error(refused("--text-column", "text"), "--text-column", "--data-kind text")
    assert_clear_error(refused("--label-column", "label"), "--label-column", "texts and tables")
    assert_clear_error(refused("--label-names", "a,b"), "--label-names", ".npz")
    assert_clear_error(run("finetune", "--train", table, "--image-size", "64"), "--image-size", "--data-kind image")
    assert "64" in run("finetune", "--data-kind", "image", "--train", good, "--image-size", "0").err
    npz = write_npz(tmp_path / "cut.npz", {"train": 9})
    assert_clear_error(refused("--grey", train=npz), "--grey", "folders of images")
    assert_clear_error(refused("--label-names", "a,b", train=npz), npz, "2 label names", "--label-names")
    npz.write_bytes(npz.read_bytes()[:-30])
    assert_clear_error(refused(train=npz), npz, "NPZ")

    out = tmp_path / "model"
    finetune("--train", good, "--epochs", "1", "--out", out)
    assert_clear_error(run("predict", "--model", out, table), table, "no whole PNG or JPEG")
    bare = tmp_path / "bare"
    bare.mkdir()
    assert_clear_error(run("predict", "--model", out, bare), bare, "holds no images")
    assert_clear_error(run("predict", "--model", out, tmp_path / "nowhere.png"), "nowhere.png")


def test_ctrl_c_and_resume(tmp_path):
    train = write_folder(tmp_path / "train", 24)
    kept, out = tmp_path / "run", tmp_path / "model"
    call = ["finetune", "--data-kind", "image", "--train", train, "--epochs", "60", "--checkpoints", kept, "--json"]
    started = subprocess.Popen(
        [str(paths.PROGRAM), *map(str, call), "--out", str(out)], env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not list(kept.glob("step-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    started.send_signal(signal.SIGINT)
    said, errors = started.communicate(timeout=60)
    result = json.loads(assert_good(Finished(started.args, started.returncode, said, errors, 0)).out)
    assert result["stop_reason"] == "requested" and 1 <= len(result["history"]) < 60 and "--resume" in errors
    assert predict(out, train / "top" / "00.png")
    # It goes on, and ends as a run that was never stopped.
    assert_clear_error(run(*call, "--out", out), out, "already there")
    resumed = json.loads(assert_good(run(*call, "--resume", "--out", out)).out)
    assert predict(out, train / "top" / "00.png")[0]["label"] == "top"
    # A finished model is not replaced, and no other one.
    assert_clear_error(run(*call, "--resume", "--out", out), out, "already there")
    whole = json.loads(assert_good(run(*[part for part in call if part not in ("--checkpoints", kept)])).out)
    strip = [[{k: v for k, v in epoch.items() if k != "seconds"} for epoch in of["history"]] for of in (resumed, whole)]
    assert strip[0] == strip[1] and resumed["loss"] == whole["loss"]
    assert_clear_error(run(*call, "--resume", "--grey", "--image-size", "20"), kept, "training data")
    longer = [70 if part == "60" else part for part in call]
    assert_clear_error(run(*longer, "--resume"), kept, "epochs of the configuration was 60, and is 70 now")
