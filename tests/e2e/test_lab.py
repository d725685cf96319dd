"""`tunebook lab`: JupyterLab in a real browser, and the book beside it."""

import re
import time

import pytest
import requests

from support import browser as browsers
from support import notebooks, paths
from support.lab import Lab, answers
from support.program import assert_clear_error, environment, run

# Long enough for two slow cores with a browser beside the training.
RUN_ALL_SECONDS = 600


@pytest.fixture(scope="module")
def lab(course):
    with Lab(course) as running:
        yield running


def executed(course, name):
    """The learner's notebook as JupyterLab saved it."""
    return notebooks.load(course / "work" / "notebooks" / name)


def kernels(lab):
    root, token = lab.root
    return requests.get(f"{root}/api/kernels", params={"token": token}, timeout=10).json()


def test_it_says_where_it_is(lab, figures):
    figures(f"lab, everything prepared: both addresses answer {lab.ready:.1f} s after the start")
    assert re.search(r"/lab/tree/notebooks/03-strategies\.ipynb\?token=[0-9a-f]{32,}", lab.url)
    assert answers(lab.book) == 200
    root, _ = lab.root
    assert requests.get(f"{root}/api/contents", timeout=10).status_code == 403, "JupyterLab lets strangers in"


def test_a_second_lab_is_told_where_the_first_is(lab, course):
    finished = run("lab", "--no-browser", cwd=course, env=environment(TUNEBOOK_COURSE=course), timeout=60)
    assert_clear_error(finished, lab.url, lab.book)
    assert answers(lab.url) == 200


def test_run_all_cells(lab, course, browser, figures):
    name = "03-strategies.ipynb"
    # A laptop's window with the file browser open: narrower than the charts are drawn.
    with browsers.Watched(browser, width=1180, height=900) as watched:
        page = watched.page
        page.goto(lab.url)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        page.get_by_text("Tunebook (Rust) | Idle").wait_for(timeout=120_000)
        page.wait_for_selector(".jp-Spinner", state="hidden", timeout=60_000)
        page.screenshot(path=paths.SHOTS / "lab-opened.png")

        started = time.monotonic()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        first_chart = wait_for_a_chart(page)
        page.screenshot(path=paths.SHOTS / "lab-training.png")
        wait_until_all_ran(lab, page)
        figures(f"JupyterLab, Run All: first chart after {first_chart:.1f} s, all cells after {time.monotonic() - started:.1f} s")

        page.keyboard.press("Control+s")
        notebook = wait_for_saved(course, name)
        notebooks.assert_executed_without_errors(notebook)
        assert notebooks.with_mime(notebook, "image/svg+xml")
        assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count() == 0

        charts = browsers.visible_charts(page)
        assert charts, "no chart is drawn"
        assert browsers.cut_off_charts(page) == []
        screenshots_down_the_notebook(page)
        # JupyterLab's own messages about missing optional files are not ours; what our outputs do is.
        assert not [problem for problem in watched.problems if problem.startswith("exception")]


def wait_for_a_chart(page):
    """Seconds until the first chart is drawn."""
    started = time.monotonic()
    while time.monotonic() - started < RUN_ALL_SECONDS:
        if browsers.visible_charts(page):
            return time.monotonic() - started
        page.wait_for_timeout(100)
    raise AssertionError("no chart was drawn")


def wait_until_all_ran(lab, page):
    """Until the kernel has been idle for two seconds: between two cells it is idle for a moment only."""
    deadline, quiet = time.monotonic() + RUN_ALL_SECONDS, 0
    while quiet < 8:
        states = [kernel["execution_state"] for kernel in kernels(lab)]
        waiting = page.get_by_text("[*]:", exact=True).count()
        quiet = quiet + 1 if states == ["idle"] and not waiting else 0
        if time.monotonic() > deadline:
            page.screenshot(path=paths.SHOTS / "lab-still-busy.png")
            raise AssertionError(f"not all cells ran: kernels {states}, {waiting} cells wait")
        page.wait_for_timeout(250)


def wait_for_saved(course, name):
    """The notebook once JupyterLab has written all its outputs: every two minutes it also saves by itself, half-way."""
    for _ in range(100):
        notebook = executed(course, name)
        cells = notebooks.code_cells(notebook)
        if all(cell["execution_count"] for cell in cells if notebooks.source(cell).strip()):
            return notebook
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not save the notebook with every cell executed")


def screenshots_down_the_notebook(page):
    """One picture for each chart, to be looked at."""
    charts = page.locator(".jp-OutputArea svg, .jp-OutputArea img")
    taken = 0
    for index in range(charts.count()):
        box = charts.nth(index).bounding_box()
        if box and box["width"] > 100 and box["height"] > 60 and taken < 8:
            charts.nth(index).scroll_into_view_if_needed()
            page.wait_for_timeout(150)
            taken += 1
            page.screenshot(path=paths.SHOTS / f"lab-chart-{taken}.png")


def test_it_ends_with_all_that_it_started(lab):
    url, book = lab.url, lab.book
    assert lab.stop() == 0
    assert answers(url) is None and answers(book) is None
    left = [path for path in (paths.HOME / "sessions").iterdir() if path.is_dir()]
    assert left == [], "a kernel's session was left behind"


def test_again(course, figures):
    with Lab(course) as again:
        figures(f"lab, second start: both addresses answer {again.ready:.1f} s after the start")
        assert again.stop() == 0


def test_the_books_own_server(course):
    # The book alone: `tunebook book --serve`.
    import signal
    import subprocess

    from support.lab import ADDRESS, free_port

    port = free_port()
    served = subprocess.Popen([str(paths.PROGRAM), "book", "--serve", "--port", str(port)], cwd=course,
                              env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}/"
        for _ in range(200):
            if answers(address) == 200:
                break
            time.sleep(0.1)
        assert answers(address) == 200
        served.send_signal(signal.SIGINT)
        said, _ = served.communicate(timeout=20)
        assert any(str(port) in found for found in ADDRESS.findall(said)), said
    finally:
        served.kill()
