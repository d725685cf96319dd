"""The kernel over jupyter_client, started as the kernelspec says and through `cargo run`."""

import statistics
import time

import pytest

from support import notebooks, paths
from support.kernel import SPECS, Kernel

# Prints, then waits until the test has seen it: `second` proves that the first line arrived while the cell ran.
HANDSHAKE = """{
    println!("first");
    let mut waited = 0;
    while !std::path::Path::new("FILE").exists() && waited < 1200 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        waited += 1;
    }
    println!("{}", if waited < 1200 { "second" } else { "nobody saw the first line" });
}"""

TRAINING = """let endless = Trainer::new(TextClassifier::from_pretrained(Pretrained::embedded(), data.label_names())?)
    .method(Method::FeatureExtraction)
    .config(TrainingConfig { epochs: 1_000_000, ..Default::default() })
    .fit(&data.train, &data.validation)?;"""


@pytest.fixture(scope="module", params=["kernelspec", "cargo run"])
def kernel(request, tmp_path_factory):
    if request.param == "kernelspec":
        fresh = Kernel.from_spec()
    else:
        fresh = Kernel.from_cargo_run(tmp_path_factory.mktemp("specs"))
    with fresh as running:
        yield running


def test_kernel_info(kernel, figures):
    assert kernel.info["language_info"]["name"] == "rust"
    assert kernel.info["language_info"]["file_extension"] == ".rs"
    figures(f"kernel ({kernel.manager.kernel_name}) answers kernel_info {kernel.seconds():.2f} s after its start")


def test_the_teaching_crate_is_there(kernel, figures):
    done = kernel.execute("use tunebook::prelude::*;\nlet data = TextDataset::embedded(\"support-tickets\")?.fixed_split()?;\n"
                          "println!(\"{} tickets to train on\", data.train.len());")
    assert done.status == "ok", done.reply
    assert "320 tickets to train on" in done.stdout
    figures(f"first cell with the crate ({kernel.manager.kernel_name}) done {kernel.seconds():.2f} s after the kernel's start")


def test_the_value_of_a_cell_is_its_result(kernel):
    done = kernel.execute("6 * 7")
    assert done.status == "ok" and done.shown("text/plain") == ["42"]


def test_variables_stay_from_cell_to_cell(kernel):
    assert kernel.execute("let mut notes = vec![\"one\".to_string()];").status == "ok"
    assert kernel.execute("notes.push(\"two\".to_string());").status == "ok"
    assert "one+two" in kernel.execute("println!(\"{}\", notes.join(\"+\"));").stdout


def test_values_of_the_crate_are_shown_as_html_and_text(kernel):
    names = 'vec!["a".to_string(), "b".to_string()]'
    done = kernel.execute(f"ConfusionMatrix::new(&[0, 1, 1], &[0, 1, 0], &{names})?")
    assert done.status == "ok", done.reply
    assert any("<table" in html for html in done.shown("text/html")) or done.shown("image/svg+xml")
    assert done.shown("text/plain")


def test_svg_of_a_cell_is_shown_as_svg(kernel):
    svg = '<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"9\\" height=\\"9\\"/>'
    done = kernel.execute(f'println!("EVCXR_BEGIN_CONTENT image/svg+xml\\n{svg}\\nEVCXR_END_CONTENT");')
    assert done.status == "ok", done.reply
    assert [s.strip() for s in done.shown("image/svg+xml")] == [svg.replace('\\"', '"')]
    assert "EVCXR" not in done.stdout


def test_stdout_arrives_while_the_cell_runs(kernel, tmp_path):
    seen = tmp_path / "seen"

    def answer(message):
        if message["msg_type"] == "stream" and "first" in message["content"]["text"]:
            seen.write_text("yes")

    done = kernel.execute(HANDSHAKE.replace("FILE", str(seen)), on_message=answer)
    assert done.stdout.splitlines() == ["first", "second"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('panic!("no such queue")', "no such queue"),
        ('let port: u16 = "many".parse()?;', "invalid digit"),
        ("let broken: u16 = \"text\";", "mismatched types"),
        ("TextDataset::embedded(\"no-such-data\")?;", "support-tickets"),
    ],
    ids=["panic", "question mark", "does not compile", "error of the crate"],
)
def test_an_error_ends_the_queue(kernel, code, told):
    requests = [kernel.send('println!("before");'), kernel.send(code), kernel.send('println!("must not run");')]
    before, failing, after = [kernel.wait_for(request) for request in requests]
    assert before.status == "ok"
    assert failing.status == "error"
    assert told in failing.reply["evalue"] + "".join(failing.reply["traceback"]), failing.reply
    assert [e["ename"] for e in failing.of("error")] == [failing.reply["ename"]]
    assert after.status in ("aborted", "error") and "must not run" not in after.stdout
    # And the kernel goes on with what it had.
    again = kernel.execute('println!("{} tickets", data.train.len());')
    assert again.status == "ok" and "320 tickets" in again.stdout, again.reply


def test_an_interrupted_training_run_keeps_the_variables(kernel):
    updates = []

    def stop_after_a_while(message):
        if message["msg_type"] in ("display_data", "update_display_data"):
            updates.append(message)
            if len(updates) == 6:
                kernel.interrupt()

    # A million epochs end only if the interrupt does, and it is sent only if charts come while training runs.
    done = kernel.execute(TRAINING, timeout=180, on_message=stop_after_a_while)
    assert any(m["msg_type"] == "update_display_data" for m in updates)
    assert "KeyboardInterrupt" not in str(done.reply)
    kept = kernel.execute('println!("{} tickets", data.train.len());')
    assert kept.status == "ok" and "320 tickets" in kept.stdout, kept.reply
    report = kernel.execute('println!("{} epochs", endless.history().epochs().len());')
    assert report.status == "ok", f"the report of the interrupted run is lost: {done.reply} {report.reply}"
    assert 0 < int(report.stdout.split()[0]) < 1_000_000


def test_an_endless_loop_is_ended(kernel):
    def stop(message):
        if message["msg_type"] == "stream" and "round and round" in message["content"]["text"]:
            kernel.interrupt()

    done = kernel.execute('println!("round and round"); loop { std::thread::sleep(std::time::Duration::from_millis(10)); }',
                          timeout=90, on_message=stop)
    assert done.status == "error"
    assert kernel.execute("1 + 1").shown("text/plain") == ["2"]


def test_later_cells(kernel, figures):
    times = []
    for number in range(12):
        started = time.monotonic()
        assert kernel.execute(f'println!("{{}}", {number} + {number});').status == "ok"
        times.append(time.monotonic() - started)
    figures(f"later cells ({kernel.manager.kernel_name}): median {statistics.median(times):.2f} s, "
            f"slowest {max(times):.2f} s")


def test_a_session_is_small_and_goes_with_its_kernel(figures):
    sessions = paths.HOME / "sessions"

    def folders():
        return {path for path in sessions.iterdir() if path.is_dir()} if sessions.is_dir() else set()

    before = folders()
    with Kernel.from_spec() as kernel:
        assert kernel.execute("use tunebook::prelude::*;\nlet x = 1;").status == "ok"
        own = folders() - before
        assert len(own) == 1
        # A file with several links is the seed's own.
        size = sum(f.lstat().st_size for path in own for f in path.rglob("*") if f.is_file() and f.lstat().st_nlink == 1)
        figures(f"a session's own files: {size / 1e6:.0f} MB")
        assert size <= 50e6
    assert folders() <= before, "the session's folder is still there"


def test_two_kernels_do_not_disturb_each_other():
    with Kernel.from_spec() as one, Kernel.from_spec() as two:
        requests = [(kernel, kernel.send(f"let mine = {number};"), number) for kernel, number in ((one, 1), (two, 2))]
        for kernel, request, _ in requests:
            assert kernel.wait_for(request).status == "ok"
        for kernel, _, number in requests:
            assert kernel.execute("mine").shown("text/plain") == [str(number)]


def test_the_kernelspec_is_whole():
    spec = notebooks.load(SPECS / "tunebook" / "kernel.json")
    assert spec["display_name"] == "Tunebook (Rust)" and spec["language"] == "rust"
    assert spec["argv"][0] == str(paths.HOME / "bin" / "tunebook")
    assert "{connection_file}" in spec["argv"]
