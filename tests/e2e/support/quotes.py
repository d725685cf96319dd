"""Numbers quoted in a lesson's text, compared with a fresh execution.

Run as a program: quotes.py LESSON.md EXECUTED.ipynb; exit code 1 when a number has left its tolerance.
It reads the files itself, so a fault in the course's own comparison does not hide here.
"""

import re
import sys
from pathlib import Path

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


def main():
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from support import notebooks

    lesson, executed = map(Path, sys.argv[1:3])
    markdown = lesson.read_text(encoding="utf-8")
    notebook = notebooks.load(executed)
    notebooks.assert_executed_without_errors(notebook)
    values = notebooks.values(notebook)
    wrong = problems(markdown, values)
    for problem in wrong:
        print(f"{lesson}: {problem}")
    print(f"{lesson}: {len(quotes(markdown))} quoted numbers, {len(wrong)} outside their tolerance; recorded: {values}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
