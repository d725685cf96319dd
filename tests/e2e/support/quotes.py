"""Numbers quoted in a lesson's text, compared with a fresh execution.

It reads the lesson itself, so a fault in the course's own comparison does not hide here.
"""

import re

QUOTE = re.compile(
    r"\{\{quote\s+(?P<name>[\w.-]+)\s+\"(?P<text>[^\"]*)\"\s+value=(?P<value>[-+.\deE]+)\s+tol=(?P<tolerance>[-+.\deE]+)\s*\}\}"
)


def quotes(markdown):
    """Every quote as (line, name, value, tolerance). A quote that cannot be read is an error."""
    found = []
    for number, line in enumerate(markdown.splitlines(), 1):
        matches = list(QUOTE.finditer(line))
        if line.count("{{quote") != len(matches):
            raise ValueError(f"line {number}: a quote cannot be read: {line.strip()}")
        found += [(number, m["name"], float(m["value"]), float(m["tolerance"])) for m in matches]
    return found


def problems(markdown, values):
    """What is wrong, one text for each quote that the values do not support."""
    wrong = []
    for line, name, value, tolerance in quotes(markdown):
        if name not in values:
            wrong.append(f"line {line}: {name} is quoted, but no cell recorded it")
        elif not abs(values[name] - value) <= tolerance + 1e-9:
            wrong.append(f"line {line}: {name} is quoted as {value} (tolerance {tolerance}), measured {values[name]}")
    return wrong
