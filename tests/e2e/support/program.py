"""Runs the `tunebook` program as a person would, and looks at how it ended."""

import os
import subprocess
import time
from dataclasses import dataclass

from . import paths

# What would change how the program behaves, and is not part of a test.
REMOVED = ("LD_LIBRARY_PATH", "HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN", "RUST_BACKTRACE")


@dataclass
class Finished:
    """A run of the program that has ended."""

    call: list
    code: int
    out: str
    err: str
    seconds: float

    def __str__(self):
        return f"{' '.join(self.call)}\nexit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def environment(**changes):
    """This process's environment with TUNEBOOK_HOME; a change to None takes a variable out."""
    env = {name: value for name, value in os.environ.items() if name not in REMOVED}
    env["TUNEBOOK_HOME"] = str(paths.HOME)
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = str(value)
    return env


def run(*arguments, cwd=None, env=None, timeout=300, stdin=None, program=None):
    """Runs `tunebook ARGUMENTS` to its end; a run over `timeout` seconds is a failure of the test."""
    call = [str(program or paths.PROGRAM), *map(str, arguments)]
    started = time.monotonic()
    done = subprocess.run(
        call,
        cwd=cwd or paths.ROOT,
        env=env or environment(),
        timeout=timeout,
        capture_output=True,
        text=True,
        input=stdin if stdin is not None else "",
        check=False,
    )
    return Finished(call, done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def assert_good(finished):
    """Exit code 0 and no trace of a panic."""
    assert finished.code == 0, str(finished)
    assert "panicked" not in finished.err, str(finished)
    return finished


def assert_clear_error(finished, *words):
    """Exit code 2 and one line on stderr that holds all `words`: the place, and what mends it."""
    assert finished.code == 2, f"expected exit code 2\n{finished}"
    everything = finished.out + finished.err
    assert "panicked" not in everything and "stack backtrace" not in everything, str(finished)
    errors = [line for line in finished.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1, f"expected one line that begins with `error:`\n{finished}"
    assert finished.err.rstrip().endswith(errors[0]), f"the error is not the last line\n{finished}"
    for word in words:
        assert str(word) in errors[0], f"the error does not say {str(word)!r}\n{finished}"
    return finished
