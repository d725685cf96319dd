"""A small link checker for a folder of static pages."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ATTRIBUTES = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src", "iframe": "src", "use": "href"}


class Page(HTMLParser):
    """The links of a page and the places that links can name."""

    def __init__(self, text):
        super().__init__()
        self.links = []
        self.anchors = set()
        self.base = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.update(filter(None, (attrs.get("id"), attrs.get("name"))))
        if tag == "base":
            self.base = attrs.get("href") or ""
        target = attrs.get(ATTRIBUTES.get(tag, ""))
        if target is not None:
            self.links.append((tag, target, self.getpos()[0]))

    handle_startendtag = handle_starttag


def broken_links(folder):
    """Every link inside the folder that leads nowhere, as `page:line: link (why)`, and the number of links seen."""
    folder = Path(folder).resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    broken, seen = [], 0
    for path, page in pages.items():
        for tag, link, line in page.links:
            why = problem(folder, pages, path, page, link)
            seen += 1
            if why:
                broken.append(f"{path.relative_to(folder)}:{line}: <{tag}> {link} ({why})")
    return broken, seen


def problem(folder, pages, path, page, link):
    """Why a link leads nowhere; None when it is fine or leaves the folder."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    if not link:
        return "it is empty"
    target = path
    if parts.path:
        if parts.path.startswith("/"):
            return "an absolute path works only at the root of a server"
        # mdBook's page for addresses that do not exist is shown anywhere, so its base is the site's root.
        base = folder / page.base.lstrip("/") if page.base.startswith("/") else path.parent / page.base
        target = (base / unquote(parts.path)).resolve()
        if not target.is_relative_to(folder):
            return "it leaves the book"
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            return "no such file"
    fragment = unquote(parts.fragment)
    if fragment and target in pages and fragment not in pages[target].anchors:
        return "no such place in the page"
    return None
