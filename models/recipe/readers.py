"""Readers of the corpus's sources: each yields texts (paragraphs or sentences) of one package, in a fixed order."""

import glob
import gzip
import html
import html.parser
import json
import os
import re
import struct
import zlib


class Paragraphs(html.parser.HTMLParser):
    """Collects the text of paragraphs, list items and definitions; leaves out code blocks, menus and headings."""

    WANTED = {"p", "li", "dd", "td"}
    SKIPPED = {"pre", "script", "style", "nav", "table", "h1", "h2", "h3", "h4", "footer"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.current, self.skip, self.collect = [], [], 0, 0

    def handle_starttag(self, tag, attrs):
        if tag in self.SKIPPED:
            self.skip += 1
        elif tag in self.WANTED:
            self.flush()
            self.collect += 1

    def handle_endtag(self, tag):
        if tag in self.SKIPPED:
            self.skip = max(0, self.skip - 1)
        elif tag in self.WANTED:
            self.flush()
            self.collect = max(0, self.collect - 1)

    def handle_data(self, data):
        if self.collect and not self.skip:
            self.current.append(data)

    def flush(self):
        text = " ".join("".join(self.current).split())
        if text:
            self.found.append(text)
        self.current = []


def files(*pattern):
    """The files a pattern finds, sorted; FileNotFoundError when there are none, so that a missing package is said."""
    found = sorted(glob.glob(os.path.join(*pattern), recursive=True))
    if not found:
        raise FileNotFoundError(os.path.join(*pattern))
    return found


def paragraphs_of_html(*pattern, limit=None):
    for name in files(*pattern)[:limit]:
        parser = Paragraphs()
        with open(name, encoding="utf-8", errors="replace") as page:
            parser.feed(page.read())
        yield from parser.found


def wordnet_lines(folder, parts):
    """`(words, gloss)` of each set of synonyms."""
    for part in parts:
        for name in files(folder, "data." + part):
            with open(name, encoding="latin-1") as lines:
                for line in lines:
                    if not line.startswith("  ") and "|" in line:
                        head, gloss = line.split("|", 1)
                        words = re.findall(r" ([A-Za-z_'-]{3,})(?:\([a-z]+\))? [0-9a-f] ", head)
                        yield [word.replace("_", " ") for word in words], gloss.strip()


def wordnet_examples(folder):
    """The example sentences: `he made his payment`."""
    for _, gloss in wordnet_lines(folder, ("noun", "verb", "adj", "adv")):
        yield from re.findall(r'"([^"]{12,})"', gloss)


def wordnet_glosses(folder, parts):
    """`gorgeous: dazzlingly beautiful`: up to two words of a set, with its definition."""
    for words, gloss in wordnet_lines(folder, parts):
        yield ", ".join(words[:2]) + ": " + re.sub(r'[;\s]*".*', "", gloss)


def botocore(folder):
    """The documentation strings of a cloud provider's public service models."""

    def strings(node):
        if isinstance(node, dict):
            if isinstance(node.get("documentation"), str):
                yield node["documentation"]
            for child in node.values():
                yield from strings(child)
        elif isinstance(node, list):
            for child in node:
                yield from strings(child)

    for name in files(folder, "**", "service-2.json*"):
        opened = gzip.open if name.endswith(".gz") else open
        with opened(name, "rt", encoding="utf-8") as model:
            for text in strings(json.load(model)):
                yield " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def lines_of(name):
    with open(name, encoding="utf-8") as lines:
        for line in lines:
            yield line.strip()


def blocks(lines):
    """Paragraphs: lines that no empty line parts, joined."""
    held = []
    for line in lines:
        if line.strip():
            held.append(line.strip())
        elif held:
            yield " ".join(held).replace("_", "")
            held = []
    if held:
        yield " ".join(held).replace("_", "")


def plain_text(*pattern):
    for name in files(*pattern):
        with open(name, encoding="utf-8", errors="replace") as lines:
            yield from blocks(lines)


def dictionary(name):
    """The entries of a dictionary for dictd, without references, pronunciations and the verses in between."""
    with gzip.open(files(name)[0], "rt", encoding="utf-8", errors="replace") as lines:
        for text in blocks(lines):
            yield re.sub(r"[{}]|\[[^\]]*\]|/[^/ ]+/", "", text).replace("‘", "'").replace("’", "'")


def r_strings(folder):
    """The paragraphs in the data of an R package: its lazy-load file holds streams of R's serialization, of which only
    the strings (type 9) are read."""
    with open(files(folder, "Rdata.rdb")[0], "rb") as file:
        data = file.read()
    at = 0
    while at + 4 < len(data):
        stream = zlib.decompressobj()
        whole = stream.decompress(data[at + 4 :])
        at = len(data) - len(stream.unused_data)
        lines, place = [], 0
        for found in re.finditer(rb"\x00[\x00\x04\x08]\x00\x09(....)", whole, re.DOTALL):
            length = struct.unpack(">i", found.group(1))[0]
            if found.start() >= place and 0 <= length < 10_000:
                place = found.end() + length
                lines.append(whole[found.end() : place].decode("utf-8", "replace"))
        yield from blocks(lines)


def conversations(*pattern):
    """The utterances of conversations in YAML lists."""
    for name in files(*pattern):
        for line in lines_of(name):
            found = re.match(r"(?:- )*- (.*[a-z].*)", line)
            if found:
                yield found.group(1).strip("\"' ")
