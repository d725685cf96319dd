"""What the end-to-end tests share: the program, a course of their own, data for measuring, a browser, figures."""

import functools
import http.server
import os
import shutil
import subprocess
import threading

import pytest

# Assertions of the helpers say what they compared, as those of the tests do.
pytest.register_assert_rewrite("support")

from support import browser as browsers
from support import paths


def wanted(path, what):
    """A file that a test cannot do without: its absence skips by hand and fails in .ci/run."""
    if not path.exists():
        problem = f"{what} is not there: {path}"
        pytest.fail(problem) if paths.STRICT else pytest.skip(problem)
    return path


@pytest.fixture(scope="session", autouse=True)
def built():
    """Nothing here works without the program and its home."""
    for path, mend in ((paths.PROGRAM, "cargo build --release"), (paths.HOME / "seed", "tunebook setup")):
        if not path.exists():
            pytest.exit(f"{path}: not there; run `{mend}` first", returncode=2)
    paths.SHOTS.mkdir(parents=True, exist_ok=True)
    os.environ["TUNEBOOK_HOME"] = str(paths.HOME)
    os.environ.setdefault("JUPYTER_DATA_DIR", str(paths.OUT / "jupyter"))


@pytest.fixture(scope="session")
def figures():
    """Writes down a measured figure: printed at the end of .ci/run, never asserted."""
    def write(text):
        print(text)
        with open(paths.FIGURES, "a", encoding="utf-8") as file:
            file.write(f"{text}\n")
    return write


def copy_course(to):
    """A copy of what the repository holds, so that tests write nothing into the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=paths.ROOT, check=True, capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (paths.ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths.ROOT / name, to / name)
    return to


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A course folder that belongs to the tests."""
    return copy_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def minilm():
    """Real MiniLM weights in the Hub's layout."""
    wanted(paths.MINILM / "model.safetensors", "MiniLM")
    return paths.MINILM


@pytest.fixture(scope="session")
def shared():
    """The data for measuring."""
    return wanted(paths.SHARED, "the data for measuring")


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium. Not for the session: while it runs, an event loop runs, which Jupyter's client cannot share."""
    with browsers.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def serve():
    """Serves folders as static files; returns the address."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
