"""The notebook that must fail, and that everything here which runs notebooks says so."""

import json

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from support import notebooks, paths
from support.program import assert_good, run


def test_run_fails_and_names_the_cell(tmp_path):
    executed = tmp_path / "canary.ipynb"
    finished = run("run", paths.CANARY, "--output", executed)
    assert finished.code == 1, str(finished)
    error = next(line for line in finished.err.splitlines() if line.startswith("error:"))
    assert "canary.ipynb" in error and "cell 3 " in error and "the canary has stopped singing" in error, str(finished)
    # The executed notebook shows the error where it happened, and nothing after it ran.
    notebook = notebooks.load(executed)
    assert [cell for cell, *_ in notebooks.errors(notebook)] == ["third"]
    first, second, _, fourth = notebooks.code_cells(notebook)
    assert first["execution_count"] and second["execution_count"] and not fourth["execution_count"]
    assert "tweet" in "".join(second["outputs"][0]["text"])
    with pytest.raises(AssertionError, match="singing"):
        notebooks.assert_executed_without_errors(notebook)


def test_without_its_third_cell_the_canary_passes(tmp_path):
    notebook = notebooks.load(paths.CANARY)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "third"]
    tame = tmp_path / "tame.ipynb"
    tame.write_text(json.dumps(notebook), encoding="utf-8")
    executed = tmp_path / "executed.ipynb"
    assert_good(run("run", tame, "--output", executed))
    notebooks.assert_executed_without_errors(notebooks.load(executed))


def test_nbclient_reports_the_canary(monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_PATH", str(paths.HOME / "share" / "jupyter"))
    notebook = nbformat.read(paths.CANARY, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="tunebook", resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError, match="stopped singing"):
        client.execute()
    assert [cell for cell, *_ in notebooks.errors(notebook)] == ["third"]
