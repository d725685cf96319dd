"""Every notebook of the course, executed without Jupyter and with nbclient, and its quoted numbers."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from support import notebooks, paths, quotes
from support.program import assert_good, run

NOTEBOOKS = sorted(paths.ROOT.glob("notebooks/*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nbclient_executes_it_and_the_quoted_numbers_hold(path, course, monkeypatch, figures):
    monkeypatch.setenv("JUPYTER_PATH", str(paths.HOME / "share" / "jupyter"))
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=600, kernel_name="tunebook", resources={"metadata": {"path": str(course / "notebooks")}})
    client.execute()
    notebooks.assert_executed_without_errors(notebook)
    nbformat.validate(notebook)
    # Every chart is whole: a stray line of the protocol in an output would be seen here.
    for svg in notebooks.with_mime(notebook, "image/svg+xml"):
        assert svg.lstrip().startswith("<") and svg.rstrip().endswith("</svg>")
    text = "".join("".join(o["text"]) for o in notebooks.outputs(notebook) if o["output_type"] == "stream")
    assert not re.search(r"\x1e|tunebook:\{|EVCXR_", text), "lines of a protocol are shown"
    figures(f"{path.stem} under nbclient: {seconds(notebook):.1f} s in its cells")


@pytest.fixture(scope="module")
def executed(tmp_path_factory, course, figures):
    """A notebook of the course as `tunebook run` executes it, once for all tests here."""
    done = {}

    def execute(path):
        if path not in done:
            output = tmp_path_factory.mktemp("executed") / path.name
            finished = assert_good(run("run", path, "--output", output, cwd=course, timeout=900))
            figures(f"tunebook run {path.name}: {finished.seconds:.1f} s")
            done[path] = notebooks.load(output)
        return done[path]

    return execute


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_run_executes_it_and_the_quoted_numbers_hold(path, executed):
    notebook = executed(path)
    notebooks.assert_executed_without_errors(notebook)
    nbformat.validate(nbformat.from_dict(notebook))
    markdown = (paths.ROOT / "lessons" / path.stem / "lesson.md").read_text(encoding="utf-8")
    assert quotes.quotes(markdown), "the lesson quotes no measured number"
    assert quotes.problems(markdown, notebooks.values(notebook)) == []


def test_the_strategies_notebook_shows_charts_and_a_table(executed):
    notebook = executed(next(p for p in NOTEBOOKS if p.stem.endswith("strategies")))
    assert notebooks.with_mime(notebook, "image/svg+xml"), "no chart"
    assert any("<table" in html for html in notebooks.with_mime(notebook, "text/html")), "no table"


def seconds(notebook):
    """From the first cell's start to the last cell's end, as nbclient noted them."""
    from datetime import datetime

    times = [cell["metadata"]["execution"] for cell in notebooks.code_cells(notebook) if "execution" in cell["metadata"]]
    def read(text):
        return datetime.fromisoformat(text.replace("Z", "+00:00"))

    begun = [read(t["iopub.execute_input"]) for t in times if "iopub.execute_input" in t]
    ended = [read(t["shell.execute_reply"]) for t in times if "shell.execute_reply" in t]
    return (max(ended) - min(begun)).total_seconds() if begun and ended else float("nan")
