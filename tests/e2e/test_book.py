"""The book as a reader sees it: whole, offline, on a phone, in the dark, by keyboard."""

import re

import pytest

from support import browser as browsers
from support import links, paths
from support.program import assert_good, run

LOOKS = {
    "light": {"width": 1280, "color_scheme": "light"},
    "dark": {"width": 1280, "color_scheme": "dark"},
    "phone": {"width": 390, "height": 844, "color_scheme": "light"},
    "phone-dark": {"width": 390, "height": 844, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book that is built now, from what the checkout holds."""
    out = tmp_path_factory.mktemp("book") / "site"
    assert_good(run("book", "--out", out))
    return out


@pytest.fixture(scope="module")
def address(book, serve):
    return serve(book)


def chapters(book):
    """The pages that a reader opens, relative to the book."""
    return sorted(path.relative_to(book).as_posix() for path in book.rglob("*.html")
                  if path.name not in ("404.html", "print.html", "toc.html"))


def chapter_of(book, word):
    return next(page for page in chapters(book) if word in page)


def test_every_internal_link_leads_somewhere(book, figures):
    broken, seen = links.broken_links(book)
    figures(f"book: {len(chapters(book))} pages, {seen} links")
    assert seen > 20
    assert broken == []


def test_setup_made_the_same_book(book):
    assert chapters(paths.HOME / "book") == chapters(book)


def test_building_twice_gives_the_same_pages(book, tmp_path):
    again = tmp_path / "again"
    assert_good(run("book", "--out", again))
    assert chapters(again) == chapters(book)
    for page in chapters(book):
        assert (again / page).read_bytes() == (book / page).read_bytes(), page


@pytest.mark.parametrize("look", LOOKS)
def test_pages_fit_and_have_no_errors(look, book, address, browser):
    for page in chapters(book):
        with browsers.Watched(browser, origin=address, **LOOKS[look]) as watched:
            watched.page.goto(f"{address}/{page}", wait_until="networkidle")
            browsers.read_through(watched.page)
            shot = f"book-{look}-{re.sub(r'[^a-z0-9]+', '-', page.removesuffix('.html'))}.png"
            watched.page.screenshot(path=paths.SHOTS / shot, full_page=True)
            pixels, elements = browsers.sideways_overflow(watched.page)
            assert pixels <= 0, f"{page} scrolls {pixels} px sideways because of {elements}"
            assert watched.problems == [], page


def luminance(page, selector, what):
    """How bright the colour of an element is, 0 to 1."""
    colour = page.evaluate("([s, w]) => getComputedStyle(document.querySelector(s))[w]", [selector, what])
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_light_and_dark_are_what_the_reader_asked_for(book, address, browser):
    bright = {}
    for look in ("light", "dark"):
        with browsers.Watched(browser, **LOOKS[look]) as watched:
            watched.page.goto(f"{address}/{chapter_of(book, 'strategies')}", wait_until="networkidle")
            back, text = (luminance(watched.page, "html", "backgroundColor"), luminance(watched.page, "main p", "color"))
            assert abs(back - text) > 0.4, f"{look}: text {text:.2f} on {back:.2f}"
            bright[look] = back
    assert bright["light"] > 0.8 and bright["dark"] < 0.3, bright


def test_the_chapter_shows_what_the_cells_showed(book, address, browser):
    with browsers.Watched(browser, origin=address) as watched:
        watched.page.goto(f"{address}/{chapter_of(book, 'strategies')}", wait_until="networkidle")
        browsers.read_through(watched.page)
        drawn = watched.page.evaluate("""() => [...document.querySelectorAll('main svg, main img')]
            .map(e => e.getBoundingClientRect()).filter(r => r.width > 150 && r.height > 80).length""")
        committed = list((paths.ROOT / "lessons" / "03-strategies" / "outputs").glob("*.json"))
        charts = sum("image/svg+xml" in path.read_text(encoding="utf-8") for path in committed)
        assert charts >= 2 and drawn >= charts, f"{drawn} charts are drawn, {charts} cells have one"
        assert watched.page.locator("main table").count() >= 1
        text = watched.page.inner_text("main")
        assert "{{" not in text and "\x1e" not in text and "EVCXR" not in text
        unfinished = re.findall(r"@[A-Z_]+@|\?\? %|\bTODO\b|\bFIXME\b", text)
        assert unfinished == [], "the text is not finished"


def test_the_chapter_works_from_a_file(book, browser):
    with browsers.Watched(browser) as watched:
        watched.page.goto((book / chapter_of(book, "strategies")).as_uri(), wait_until="load")
        assert watched.page.locator("h1").first.is_visible()
        assert watched.page.locator("form.tb-question").count() >= 6
        assert watched.problems == []


def tab_to(page, locator, limit=400):
    """Presses Tab until the element has the focus: a reader without a mouse gets there no other way."""
    for _ in range(limit):
        if locator.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the element cannot be reached with the Tab key")


def test_a_choice_question_by_keyboard(book, address, browser):
    with browsers.Watched(browser, origin=address) as watched:
        page = watched.page
        page.goto(f"{address}/{chapter_of(book, 'strategies')}", wait_until="networkidle")
        form = page.locator('form.tb-question[data-kind="one"]').first
        options, feedback = form.locator("input"), form.locator(".tb-feedback")
        right = options.evaluate_all("all => all.findIndex(e => e.hasAttribute('data-right'))")
        assert right >= 0 and feedback.inner_text().strip() == ""
        # From just before the form, so that Tab comes from outside.
        form.evaluate("f => { const a = document.createElement('a'); a.href = '#x'; a.id = 'before'; f.before(a); a.focus(); }")
        tab_to(page, options.first)
        page.keyboard.press("Space")
        wrong = 0 if right else 1
        for _ in range(wrong):
            page.keyboard.press("ArrowDown")
        assert options.nth(wrong).is_checked()
        page.keyboard.press("Enter")
        assert "Not right" in feedback.inner_text()
        assert form.locator(".tb-why:visible").count() >= 1, "a wrong choice is not explained"
        # The feedback is announced to those who do not see it.
        assert feedback.get_attribute("aria-live") == "polite"
        form.scroll_into_view_if_needed()
        page.screenshot(path=paths.SHOTS / "book-quiz-wrong.png")

        tab_to(page, form.locator("button.tb-again"))
        page.keyboard.press("Enter")
        assert feedback.inner_text().strip() == ""
        options.first.evaluate("e => e.focus()")
        page.keyboard.press("Space")
        for _ in range(right):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert feedback.inner_text().startswith("Right")
        assert form.locator(".tb-explanation").is_visible()
        assert page.url.endswith(".html"), "an arrow key turned the page"
        page.screenshot(path=paths.SHOTS / "book-quiz-right.png")

        # The answer is still there after a reload.
        page.reload(wait_until="networkidle")
        assert options.nth(right).is_checked()
        assert watched.problems == []


def test_every_question_can_be_answered_and_an_empty_answer_is_told(book, address, browser):
    with browsers.Watched(browser, origin=address) as watched:
        page = watched.page
        page.goto(f"{address}/{chapter_of(book, 'strategies')}", wait_until="networkidle")
        forms = page.locator("form.tb-question")
        kinds = set()
        for index in range(forms.count()):
            form = forms.nth(index)
            kind = form.get_attribute("data-kind")
            kinds.add(kind)
            form.locator("button[type=submit]").click()
            assert form.locator(".tb-feedback").inner_text().strip(), f"{kind}: no word about an empty answer"
            assert not form.locator(".tb-explanation").is_visible(), f"{kind}: the answer is given away"
            if kind in ("one", "many"):
                for option in form.locator("input[data-right]").all():
                    option.check()
            elif kind == "number":
                field = form.locator("input")
                field.fill(field.get_attribute("data-value"))
            else:
                form.locator("textarea").fill("Small steps keep what was learned.")
            form.locator("button[type=submit]").click()
            said = form.locator(".tb-feedback").inner_text()
            assert said.startswith("Compare" if kind == "short" else "Right"), f"{kind}: {said}"
            assert form.locator(".tb-explanation").is_visible()
        assert {"one", "number", "short"} <= kinds
        assert watched.problems == []
