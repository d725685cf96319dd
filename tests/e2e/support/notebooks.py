"""Reading executed notebooks."""

import json


def load(path):
    """A notebook file as a dictionary."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def code_cells(notebook):
    """The code cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def source(cell):
    """A cell's text; nbformat allows a string or a list of lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def outputs(notebook):
    """All outputs of all code cells."""
    return [output for cell in code_cells(notebook) for output in cell["outputs"]]


def errors(notebook):
    """The error outputs, with the id of their cell."""
    return [
        (cell.get("id"), output.get("ename"), output.get("evalue"))
        for cell in code_cells(notebook)
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


def assert_executed_without_errors(notebook):
    """Every code cell with code was executed, and none shows an error."""
    assert errors(notebook) == []
    not_run = [cell.get("id") for cell in code_cells(notebook) if source(cell).strip() and not cell["execution_count"]]
    assert not_run == [], f"cells that were not executed: {not_run}"


def with_mime(notebook, mime):
    """The contents of this MIME type in all outputs."""
    found = []
    for output in outputs(notebook):
        content = output.get("data", {}).get(mime)
        if content is not None:
            found.append(content if isinstance(content, str) else "".join(content))
    return found


def values(notebook):
    """The numbers that cells recorded for the lesson's text; a later cell wins."""
    found = {}
    for cell in code_cells(notebook):
        found.update(cell["metadata"].get("tunebook", {}).get("values", {}))
    return found
