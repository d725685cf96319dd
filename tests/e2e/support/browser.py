"""Pages in headless Chromium, and what can be wrong with one."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium():
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page whose errors, failed requests and requests to other hosts are written down."""

    def __init__(self, browser, width=1280, height=900, color_scheme="light", origin=None):
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=color_scheme)
        self.page = self.context.new_page()
        self.problems = []
        self.page.on("console", lambda m: m.type == "error" and self.problems.append(f"console: {m.text}"))
        self.page.on("pageerror", lambda e: self.problems.append(f"exception: {e}"))
        self.page.on("requestfailed", lambda r: self.problems.append(f"request failed: {r.url} {r.failure}"))
        self.page.on("response", lambda r: r.status >= 400 and self.problems.append(f"{r.status}: {r.url}"))
        if origin:
            self.page.on("request", lambda r: self._outside(r.url, origin))

    def _outside(self, url, origin):
        if not url.startswith((origin, "data:", "blob:", "about:")):
            self.problems.append(f"asks another host: {url}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def read_through(page):
    """Scrolls to the end and back, as a reader does: images may wait with loading until they are near."""
    page.evaluate("""async () => {
      for (let y = 0; y < document.scrollingElement.scrollHeight; y += innerHeight / 2) {
        scrollTo(0, y);
        await new Promise(done => setTimeout(done, 30));
      }
      await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
      scrollTo(0, 0);
    }""")


# Elements that stand out on the right although nothing above them scrolls: what makes a page scroll sideways.
STANDING_OUT = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(p).overflowX)) return true; } return false; };
  return [...document.querySelectorAll('body *')]
    .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > width + 1 && !scrolls(e))
    .map(e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + (e.className?.baseVal ?? '.' + e.className))
    .slice(0, 5);
}"""


def sideways_overflow(page):
    """How many pixels the page scrolls sideways, and which elements make it so."""
    pixels = page.evaluate("() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    return pixels, page.evaluate(STANDING_OUT) if pixels > 0 else []


def visible_charts(page):
    """The sizes of the charts (SVG, inline or as an image) inside notebook outputs that are really drawn."""
    return page.evaluate("""() => [...document.querySelectorAll('.jp-OutputArea svg, .jp-OutputArea img')]
        .map(e => { const r = e.getBoundingClientRect();
                    return [r.width, r.height, e.tagName === 'IMG' ? e.complete && e.naturalWidth > 0 : true]; })
        .filter(([w, h, ok]) => ok && w > 100 && h > 60).map(([w, h]) => [w, h])""")


def cut_off_charts(page):
    """The widths of the charts that are wider than their output, and of the outputs."""
    return page.evaluate("""() => [...document.querySelectorAll('.jp-OutputArea-output img, .jp-OutputArea-output svg')]
        .map(e => [e.getBoundingClientRect().width, e.closest('.jp-OutputArea-output').clientWidth])
        .filter(([chart, output]) => output > 0 && chart > output + 1)""")
