"""The tools of these tests, each tried on something that is broken on purpose."""

import urllib.error
import urllib.request

import pytest

from support import browser as browsers
from support import links, notebooks, quotes
from support.hub import Hub

BROKEN = "<h1>Wide</h1><div style='width:3000px;height:20px'>x</div><script>console.error('told you so')</script>"


def test_the_link_checker_finds_what_is_broken(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(
        '<a id="here"></a><a href="#here">fine</a><a href="sub/page.html#there">fine</a><a href="sub/">no index</a>\n'
        '<a href="missing.html">x</a><a href="#gone">x</a><img src="no.png"><a href="https://elsewhere.example/x">out</a>'
        '<a href="../../etc/passwd">out of the book</a>'
    )
    (tmp_path / "sub" / "page.html").write_text('<p id="there"><a href="../index.html#here">fine</a>')
    (tmp_path / "sub" / "404.html").write_text('<base href="/"><a href="index.html#here">fine</a>')
    broken, seen = links.broken_links(tmp_path)
    assert seen == 10
    assert [line.split("> ")[1].split(" ")[0] for line in broken] == [
        "sub/", "missing.html", "#gone", "no.png", "../../etc/passwd"]


def test_quotes_outside_their_tolerance_or_unrecorded_are_found():
    lesson = 'About {{quote acc "93 %" value=0.93 tol=0.03}} in\n{{quote time "9 s" value=9 tol=3}}.'
    assert quotes.problems(lesson, {"acc": 0.95, "time": 8}) == []
    assert "measured 0.5" in quotes.problems(lesson, {"acc": 0.5, "time": 8})[0]
    assert "no cell recorded it" in quotes.problems(lesson, {"acc": 0.93})[0]
    with pytest.raises(ValueError, match="line 1"):
        quotes.quotes('{{quote acc "93 %" value=0.93}}')


def test_not_a_number_is_outside_every_tolerance():
    assert quotes.problems('{{quote acc "9" value=9 tol=1}}', {"acc": float("nan")})


def test_an_error_output_or_a_cell_that_was_not_run_is_found():
    def notebook(count, outputs):
        return {"cells": [{"cell_type": "code", "id": "c", "source": "x", "execution_count": count,
                           "metadata": {}, "outputs": outputs}]}

    notebooks.assert_executed_without_errors(notebook(1, []))
    error = {"output_type": "error", "ename": "Panic", "evalue": "boom", "traceback": []}
    for broken in (notebook(1, [error]), notebook(None, [])):
        with pytest.raises(AssertionError):
            notebooks.assert_executed_without_errors(broken)


def test_overflow_and_console_errors_are_found(browser):
    with browsers.Watched(browser, width=390) as watched:
        watched.page.set_content(BROKEN)
        pixels, elements = browsers.sideways_overflow(watched.page)
        assert pixels > 2000 and elements
        assert watched.problems == ["console: told you so"]
        watched.page.set_content("<p>narrow</p>")
        assert browsers.sideways_overflow(watched.page) == (0, [])


def test_a_request_to_another_host_is_found(browser):
    with browsers.Watched(browser, origin="http://127.0.0.1:1") as watched:
        watched.page.set_content('<img src="http://127.0.0.2:9/x.png">')
        watched.page.wait_for_timeout(200)
        assert any("asks another host" in problem for problem in watched.problems)


def test_the_hub_refuses_what_it_does_not_have(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with Hub(tmp_path, "owner/name") as hub:
        def status(path, **headers):
            try:
                request = urllib.request.Request(hub.address + path, headers=headers)
                with urllib.request.urlopen(request) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.headers["X-Error-Code"]

        assert status("/owner/name/resolve/main/config.json") == (200, b"{}")
        assert status("/owner/name/resolve/main/config.json", Range="bytes=1-1") == (206, b"}")
        assert status("/owner/name/resolve/main/other.json") == (404, "EntryNotFound")
        assert status("/owner/name/resolve/old/config.json") == (404, "RevisionNotFound")
        assert status("/owner/other/resolve/main/config.json") == (401, "RepoNotFound")
        assert status("/owner/name/resolve/main/../../etc/passwd")[0] == 404
        assert hub.downloads("config.json") == 2
