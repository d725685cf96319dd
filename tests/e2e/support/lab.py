"""`tunebook lab` as a process: started, its addresses read, ended by Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

from . import paths, program

ADDRESS = re.compile(r"https?://\S+")


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    """The status that an address answers with; None when nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class Lab:
    """A running lab. `url` opens the notebook (with its token), `book` the book; `ready` is seconds until both answered."""

    def __init__(self, course, port=None, env=None):
        self.course = course
        self.port = port or free_port()
        self.env = env or program.environment(TUNEBOOK_COURSE=course)
        self.lines = []
        self.url = self.book = self.ready = None
        self.process = None

    def __enter__(self):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [str(paths.PROGRAM), "lab", "--no-browser", "--port", str(self.port)],
            cwd=self.course, env=self.env, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        deadline = started + 120
        while time.monotonic() < deadline:
            self._find_addresses()
            if self.url and self.book and answers(self.url) == 200 and answers(self.book) == 200:
                self.ready = time.monotonic() - started
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        said = "".join(self.lines)
        code = self.process.poll()
        self.stop(expect_end=False)
        raise AssertionError(f"the lab did not become ready (exit code {code}); it said:\n{said}")

    def __exit__(self, *_):
        self.stop(expect_end=False)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def _find_addresses(self):
        addresses = ADDRESS.findall("".join(self.lines))
        with_token = [a for a in addresses if "token=" in a]
        others = [a for a in addresses if "token=" not in a]
        self.url = with_token[0] if with_token else None
        self.book = others[0] if others else None

    @property
    def root(self):
        """The server's own address, and the token."""
        return self.url.split("/lab")[0], re.search(r"token=([^&\s]+)", self.url)[1]

    def stop(self, expect_end=True):
        """Ctrl-C, as in a terminal: the whole group gets it. Returns the exit code."""
        if self.process.poll() is None:
            self._signal(signal.SIGINT)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self.process.wait()
                if expect_end:
                    raise AssertionError("the lab did not end within 30 s of Ctrl-C")
        return self.process.returncode

    def _signal(self, number):
        os.killpg(self.process.pid, number)
